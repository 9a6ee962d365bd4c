//! `arload bench-job`: one measurement in a process of its own; hidden, because no person needs it.
//!
//! A job comes as JSON on standard input, figures or a reason go as JSON to standard output. The rules: a process that
//! ends without figures is an error of its stage, and none outlives the bench that started it.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use arload::bench::measure::{BenchError, Job, Measured, measure};
use arload::config::keys::KEYS;
use arload::exit::ExitCode;
use arload::stop::Stop;

use crate::commands::{decode_workbook, sheets};

/// The command's name.
const NAME: &str = "bench-job";
/// How often a process is asked whether it has ended; its own clock takes the time.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Does the job that standard input holds.
pub(crate) fn serve() -> anyhow::Result<ExitCode> {
    if io::stdin().is_terminal() {
        anyhow::bail!("{NAME}: is for arload itself; \"arload bench\" measures");
    }
    let mut jobs = serde_json::Deserializer::from_reader(io::stdin()).into_iter();
    let job: Job = jobs.next().transpose()?.context("there is no job on standard input")?;
    std::thread::Builder::new().name("parent".to_owned()).spawn(end_with_parent)?;
    sheets::size_pool(job.threads);
    let done = measure(&job, decode_workbook::decoder()).map_err(|error| error.to_string());
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &done)?;
    out.flush()?;
    Ok(ExitCode::Success)
}

/// Ends this process once standard input ends, which it does with the process that holds its other end, however that one
/// came to its end: a measurement that nobody waits for takes the machine from those that follow.
fn end_with_parent() {
    let mut rest = [0; 64];
    loop {
        match io::stdin().read(&mut rest) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => std::process::exit(ExitCode::Interrupted.code().into()),
        }
    }
}

/// Does a job in a process of its own; whoever asks to stop ends it.
pub(super) fn start(job: &Job, stop: &Stop) -> Result<Measured, BenchError> {
    let failed = |error: io::Error| BenchError::System("a process to measure in".to_owned(), error);
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.arg(NAME).stdin(Stdio::piped()).stdout(Stdio::piped());
    for key in KEYS {
        // Nothing of the user's account is any business of a measurement.
        command.env_remove(key.variable());
    }
    let mut process = command.spawn().map_err(failed)?;
    let mut input = process.stdin.take().expect("it was asked for");
    let mut output = process.stdout.take().expect("it was asked for");
    let text = serde_json::to_vec(job).expect("a job has string keys only");
    let (figures, status) = std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut text = Vec::new();
            output.read_to_end(&mut text).map(|_| text)
        });
        // A process that is gone already says so by its status.
        let _ = input.write_all(&text).and_then(|()| input.flush());
        let status = loop {
            match process.try_wait() {
                Ok(None) if stop.wait(LOOK_EVERY) => {
                    let _ = process.kill();
                    break process.wait();
                }
                Ok(None) => {}
                Ok(Some(status)) => break Ok(status),
                Err(error) => break Err(error),
            }
        };
        // Held open until now: its end would have ended the process.
        drop(input);
        (reader.join().expect("reading bytes does not panic"), status)
    });
    if stop.asked() {
        return Err(BenchError::Interrupted);
    }
    let status = status.map_err(failed)?;
    let answer = serde_json::from_slice::<Result<Measured, String>>(&figures.map_err(failed)?);
    answer
        .unwrap_or_else(|_| Err(format!("the process that measured ended without figures: {status}")))
        .map_err(|reason| BenchError::NotDone(format!("{:?}: {reason}", job.work).to_lowercase()))
}
