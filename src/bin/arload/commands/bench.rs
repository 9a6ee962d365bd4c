//! `arload bench`: generates sheets, measures stages, and shows the figures.
//!
//! Each measurement is a process of its own, so that memory and computing are its own. The rule: without `--base-url`
//! nothing leaves this machine; with it nothing is created unasked.

mod account;
mod job;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use arload::bench::generate::generate;
use arload::bench::report::{self, Figures};
use arload::bench::session::{Progress, Session};
use arload::bench::stages::{LIMIT, STAGES, Stage};
use arload::bench::{Recipe, SheetForm, SheetOf, plot};
use arload::error::RunError;
use arload::exit::ExitCode;
use arload::finding::quote;
use arload::stop::Stop;
use arload::wording::{count, grouped};

pub(crate) use self::job::serve;
use crate::args::{BenchArgs, BenchCommand, Form, GenerateArgs, Kind};
use crate::interrupt;
use crate::surroundings::Surroundings;

/// Rows where nobody says how many.
const ROWS: u64 = 100_000;
/// Requests a second where nobody says how many.
const RATE: f64 = 50.0;

/// Measures, or writes a sheet.
pub(crate) fn run(arguments: &BenchArgs, surroundings: &Surroundings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if let Some(BenchCommand::Generate(arguments)) = &arguments.command {
        return write_sheet(arguments);
    }
    if let Some(path) = &arguments.plot {
        refuse_unwritable(path)?;
    }
    if arguments.base_url.is_some() {
        return account::run(arguments, surroundings, out);
    }
    let stages = chosen(arguments)?;
    let mut folder = tempfile::Builder::new();
    folder.prefix("arload-bench-");
    let folder = match &arguments.folder {
        Some(below) => folder.tempdir_in(below).with_context(|| format!("--folder {}", below.display()))?,
        None => folder.tempdir().context("the system's temporary folder; name another with --folder")?,
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let session = Session {
        stages,
        rows: arguments.rows.unwrap_or(ROWS),
        seed: arguments.seed,
        repeat: arguments.repeat as usize,
        threads: arguments.threads.map_or(processors, |threads| threads as usize),
        senders: arguments.concurrency as usize,
        chunk_rows: arguments.max_chunk_rows.map(|rows| rows as usize),
        rate: arguments.rate.unwrap_or(RATE),
        seconds: arguments.seconds,
        latency_ms: arguments.latency,
        folder: folder.path().to_owned(),
    };
    let stop = Arc::new(Stop::default());
    interrupt::listen(&stop, "stopping: the figures so far are dropped")?;
    let measured = session.run(&mut |job| job::start(job, &stop), &mut tell);
    if stop.asked() {
        return Ok(ExitCode::Interrupted);
    }
    let rounds = measured?;
    if let Some(path) = &arguments.plot {
        let limited = rounds.iter().find(|(stage, _)| stage.name == LIMIT);
        let median = limited.and_then(|(_, measured)| report::median_round(measured));
        draw(path, median.map_or(&[], |median| &median.requests), Some(session.rate))?;
    }
    show(&report::figures(&session, &rounds, processors), arguments.json, out)?;
    Ok(ExitCode::Success)
}

/// The stages that were asked for; a picture needs the one that it shows.
fn chosen(arguments: &BenchArgs) -> Result<Vec<&'static Stage>, RunError> {
    let mut names = arguments.stages.clone();
    if arguments.plot.is_some() && !names.is_empty() {
        names.push(LIMIT.to_owned());
    }
    Stage::chosen(&names).map_err(|unknown| RunError::Input {
        message: format!("--stages: there is no stage {}", quote(&unknown)),
        hint: format!("stages are {}", STAGES.iter().map(|stage| stage.name).collect::<Vec<_>>().join(", ")),
    })
}

fn show(figures: &Figures, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(figures).expect("figures have string keys only"))
    } else {
        out.write_all(figures.table().as_bytes())
    }
}

/// Says on standard error how far things are.
fn tell(progress: &Progress) {
    let line = match progress {
        Progress::Sheet { sample, generated } => format!(
            "{}: {} of {:.1} MB written",
            sample.name(),
            count(generated.rows, "row"),
            generated.bytes as f64 / 1e6
        ),
        Progress::Preparing { stage } => format!("{stage}: making its ledger ready"),
        Progress::Measured { stage, round, seconds } => format!("{stage}, round {round}: {seconds:.3} s"),
    };
    // Nothing more can be done where standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn draw(path: &Path, requests: &[arload::bench::pace::Request], limit: Option<f64>) -> anyhow::Result<()> {
    let picture = plot::svg(requests, limit).map_err(|error| anyhow::anyhow!("--plot: {error}"))?;
    std::fs::write(path, picture).with_context(|| format!("--plot {}", path.display()))
}

/// Finds out before an hour of measuring that the picture has no place.
fn refuse_unwritable(path: &Path) -> anyhow::Result<()> {
    let file = std::fs::File::options().create(true).append(true).open(path);
    file.map(drop).with_context(|| format!("--plot {}", path.display()))
}

fn write_sheet(arguments: &GenerateArgs) -> anyhow::Result<ExitCode> {
    let form = match arguments.format {
        Some(Form::Csv) => SheetForm::Csv,
        Some(Form::CsvGz) => SheetForm::CsvGz,
        Some(Form::Xlsx) => SheetForm::Xlsx,
        None => form_of(&arguments.output)?,
    };
    let recipe = Recipe {
        kind: match arguments.kind {
            Kind::Invoices => SheetOf::Invoices,
            Kind::Customers => SheetOf::Customers,
        },
        rows: arguments.rows,
        seed: arguments.seed,
        bad: arguments.bad,
        customers: arguments.customer.clone(),
    };
    let written = generate(&recipe, form, &arguments.output)
        .with_context(|| format!("--output {}", arguments.output.display()))?;
    let line =
        format!("{}: {}, {} bytes", arguments.output.display(), count(written.rows, "row"), grouped(written.bytes));
    let _ = writeln!(io::stderr().lock(), "{}", arload::finding::printable(&line));
    Ok(ExitCode::Success)
}

/// What a file is to be, by the end of its name.
fn form_of(path: &Path) -> Result<SheetForm, RunError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let forms = [SheetForm::CsvGz, SheetForm::Csv, SheetForm::Xlsx];
    let form = forms.into_iter().find(|form| name.ends_with(&format!(".{}", form.extension())));
    form.ok_or_else(|| RunError::Input {
        message: format!("--output: {} does not end in .csv, .csv.gz or .xlsx", quote(&path.display().to_string())),
        hint: "name the kind of file with --format".to_owned(),
    })
}
