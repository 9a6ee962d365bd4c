//! `arload sandbox`: serves the stand-in until interrupted.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arload::exit::ExitCode;
use arload::sandbox::{self, SandboxSettings};
use arload::stop::Stop;
use serde::de::DeserializeOwned;

use crate::args::SandboxArgs;
use crate::interrupt;

/// Serves until somebody stops it.
pub(crate) fn run(arguments: &SandboxArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut settings: SandboxSettings = read("--settings", arguments.settings.as_deref())?.unwrap_or_default();
    if let Some(faults) = read("--faults", arguments.faults.as_deref())? {
        settings.faults = faults;
    }
    settings.rate = arguments.limit.or(settings.rate);
    let demo = settings.credentials.clone();
    let company = settings.company_id.clone();
    let sandbox =
        sandbox::start(arguments.listen, settings).with_context(|| format!("--listen {}", arguments.listen))?;
    writeln!(out, "sandbox: {}", sandbox.base_url())?;
    writeln!(out, "to use it:")?;
    for (name, value) in [
        ("ARLOAD_BASE_URL", sandbox.base_url().as_str()),
        ("ARLOAD_COMPANY_ID", &company),
        ("ARLOAD_CLIENT_ID", &demo.client_id),
        ("ARLOAD_CLIENT_SECRET", &demo.client_secret),
        ("ARLOAD_USERNAME", &demo.username),
        ("ARLOAD_PASSWORD", &demo.password),
    ] {
        writeln!(out, "  export {name}={value}")?;
    }
    writeln!(out, "what it stored: {}/sandbox/state", sandbox.base_url())?;
    out.flush()?;
    let stop = Arc::new(Stop::default());
    interrupt::listen(&stop, "the sandbox stops")?;
    while !stop.wait(Duration::from_hours(1)) {}
    sandbox.stop();
    Ok(ExitCode::Success)
}

/// The settings of a TOML file, if one is named.
fn read<T: DeserializeOwned>(flag: &str, path: Option<&Path>) -> anyhow::Result<Option<T>> {
    let Some(path) = path else { return Ok(None) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{flag}: {}", path.display()))?;
    let settings = toml::from_str(&text);
    settings.map(Some).map_err(|error| anyhow::anyhow!("{flag}: {}: {}", path.display(), error.message()))
}
