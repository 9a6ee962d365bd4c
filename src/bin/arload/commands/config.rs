//! `arload config`: `show` here, `init` in a file of its own.
//!
//! Leaves the settings to [`arload::config`]. The rule: `show` never tells a secret.

use std::io::Write;

use arload::config::Settings;
use arload::config::layers::{Purpose, Settled};
use arload::exit::ExitCode;
use arload::operation::routes::{Endpoint, Standing};

use super::config_init;
use crate::args::{ConfigCommand, ConfigShowArgs};
use crate::flags::Flags as _;
use crate::surroundings::Surroundings;

/// Runs a `config` command; `out` takes data, `talk` what is said about it.
pub(crate) fn run(
    command: &ConfigCommand,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Init(arguments) => config_init::run(arguments, surroundings, out, talk),
        ConfigCommand::Show(arguments) => show(arguments, surroundings, out, talk),
    }
}

fn show(
    arguments: &ConfigShowArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let Settled { settings, shown, warnings } = surroundings.settle(&arguments.values(), Purpose::Shown)?;
    for warning in warnings {
        writeln!(talk, "arload: {warning}")?;
    }
    if arguments.routes {
        show_routes(&settings, out)?;
        return Ok(ExitCode::Success);
    }
    if settings.output.json {
        let lines = shown.iter().map(|one| {
            serde_json::json!({ "key": one.key, "value": one.value, "source": one.source, "profile": settings.profile })
        });
        for line in lines {
            writeln!(out, "{line}")?;
        }
        return Ok(ExitCode::Success);
    }
    writeln!(out, "profile {}", settings.profile)?;
    let width = shown.iter().map(|one| one.key.len()).max().unwrap_or(0);
    for one in shown {
        match one.value {
            Some(secret) if secret.starts_with("(set, ") => writeln!(out, "{:width$} = {secret}", one.key)?,
            Some(value) => writeln!(out, "{:width$} = {value}  ({})", one.key, one.source)?,
            None => writeln!(out, "{:width$}   ({})", one.key, one.source)?,
        }
    }
    Ok(ExitCode::Success)
}

/// One line for each endpoint; where an own route stands, the one it replaces is named behind it.
fn show_routes(settings: &Settings, out: &mut dyn Write) -> std::io::Result<()> {
    let endpoints: Vec<Endpoint> = Endpoint::all().collect();
    let path = |endpoint: &Endpoint| settings.routes.way(*endpoint).1.len();
    let name_width = endpoints.iter().map(|endpoint| endpoint.name().len()).max().unwrap_or(0);
    let path_width = endpoints.iter().map(path).max().unwrap_or(0);
    for endpoint in endpoints {
        let ((method, path), standing) = (settings.routes.way(endpoint), settings.routes.standing(endpoint));
        let (default_method, default_path) = endpoint.default_way();
        let (name, replaced) = (endpoint.name(), format!("{default_method} {default_path}"));
        let replaced = (standing == Standing::Own).then_some(replaced);
        if settings.output.json {
            let line = serde_json::json!({
                "operation": name, "method": method.as_str(), "path": path, "standing": standing.to_string(),
                "replaces": replaced, "profile": settings.profile,
            });
            writeln!(out, "{line}")?;
        } else {
            let replaced = replaced.map(|way| format!(" (instead of {way})")).unwrap_or_default();
            let method = method.as_str();
            writeln!(out, "{name:name_width$}  {method:6}  {path:path_width$}  {standing}{replaced}")?;
        }
    }
    Ok(())
}
