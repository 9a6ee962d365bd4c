//! `arload runs list --watch`: what goes on in a ledger, looked at again and again.
//!
//! Leaves the list of runs to [`super::listing`]. The rule: it only reads, and one look is one whole page or one line.

use std::io::Write;
use std::time::Duration;

use arload::exit::ExitCode;
use arload::finding::printable;
use arload::ledger::postgres::WorkerRecord;
use arload::ledger::postgres::pace::PaceRecord;
use arload::ledger::{ChunkHead, ChunkState, RunId, RunState};
use arload::stop::Stop;
use arload::wording::grouped;
use serde_json::json;

use crate::session::Session;

/// Time between two looks.
pub(super) const EVERY: Duration = Duration::from_secs(2);

/// Looks until somebody asks to stop; `clears` says whether the page before is wiped.
pub(super) fn watch(session: &Session, stop: &Stop, clears: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let terminal = console::Term::stdout();
    loop {
        if clears {
            terminal.clear_screen()?;
        }
        look(session, out)?;
        out.flush()?;
        if stop.wait(EVERY) {
            return Ok(ExitCode::Success);
        }
    }
}

fn look(session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
    let ledger = session.ledger();
    let mut runs: Vec<(RunId, [usize; 4])> = Vec::new();
    for run in ledger.runs()?.iter().rev().filter(|run| run.state == RunState::Open) {
        runs.push((run.id, counts(&ledger.chunks(run.id)?)));
    }
    let (workers, paces) = match ledger.shared() {
        Some(shared) => (shared.workers()?, shared.paces()?),
        None => (Vec::new(), Vec::new()),
    };
    if session.settings.output.json {
        let runs: Vec<_> = runs.iter().map(|(run, counts)| run_of(*run, counts)).collect();
        let workers: Vec<_> = workers.iter().map(worker_of).collect();
        let paces: Vec<_> = paces.iter().map(pace_of).collect();
        let at = session.now().to_string();
        writeln!(out, "{}", json!({ "at": at, "runs": runs, "workers": workers, "paces": paces }))?;
        return Ok(());
    }
    let now = session.now().to_zoned(session.settings.timezone.clone());
    writeln!(out, "{}", now.strftime("%Y-%m-%d %H:%M:%S"))?;
    writeln!(out, "{:>5}  {:>9}  {:>9}  {:>9}  {:>9}", "run", "planned", "sending", "unclear", "settled")?;
    for (run, counts) in &runs {
        let [planned, sending, unclear, settled] = counts.map(|count| grouped(count as u64));
        writeln!(out, "{:>5}  {planned:>9}  {sending:>9}  {unclear:>9}  {settled:>9}", run.0)?;
    }
    if runs.is_empty() {
        writeln!(out, "no run is open")?;
    }
    for worker in &workers {
        let state = if worker.left.is_negative() {
            "dead".to_owned()
        } else {
            format!("alive for {} s more", worker.left.as_secs())
        };
        let leads =
            if worker.leads.is_empty() { String::new() } else { format!("; leads {}", worker.leads.join(", ")) };
        let (id, doing) = (printable(&worker.id), printable(&worker.doing));
        writeln!(out, "worker {id} {doing}: {state}, {} chunks{leads}", worker.chunks)?;
    }
    for pace in &paces {
        let cut = pace.cut_to.map_or_else(String::new, |rate| format!(", cut to {rate:.1}/s at the last 429"));
        let paused =
            if pace.paused.is_zero() { String::new() } else { format!(", paused for {} s", pace.paused.as_secs()) };
        let (account, used) = (printable(&pace.account), grouped(pace.used));
        writeln!(out, "{account}: {used} requests on {}{cut}{paused}", pace.day)?;
    }
    Ok(())
}

/// Chunks planned, on their way, without a clear answer, and done with.
fn counts(chunks: &[ChunkHead]) -> [usize; 4] {
    let of = |states: &[ChunkState]| chunks.iter().filter(|chunk| states.contains(&chunk.state)).count();
    [
        of(&[ChunkState::Planned]),
        of(&[ChunkState::Sending]),
        of(&[ChunkState::Unknown, ChunkState::Rejected]),
        of(&[ChunkState::Settled, ChunkState::Split]),
    ]
}

fn run_of(run: RunId, [planned, sending, unclear, settled]: &[usize; 4]) -> serde_json::Value {
    json!({ "run": run.0, "planned": planned, "sending": sending, "unclear": unclear, "settled": settled })
}

fn worker_of(worker: &WorkerRecord) -> serde_json::Value {
    json!({
        "worker": worker.id, "host": worker.host, "doing": worker.doing, "since": worker.started_at.to_string(),
        "lease-left-seconds": worker.left.as_secs_f64(), "chunks": worker.chunks, "leads": worker.leads,
    })
}

fn pace_of(pace: &PaceRecord) -> serde_json::Value {
    json!({
        "account": pace.account, "day": pace.day, "requests": pace.used, "cut-to": pace.cut_to,
        "paused-seconds": pace.paused.as_secs_f64(),
    })
}
