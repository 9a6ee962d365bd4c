//! `arload template RESOURCE VERB`: an empty sheet for an operation.
//!
//! Leaves what stands in it to [`arload::template`]. The rule: a file that exists is never replaced unasked, and none is
//! left half written.

use std::io::Write;

use anyhow::Context as _;
use arload::exit::ExitCode;
use arload::finding::quote;
use arload::nearest::did_you_mean;
use arload::operation::{self, Operation};
use arload::platform::Beside;
use arload::template;

use crate::args::TemplateArgs;

/// Makes the template; `out` takes it where no file is named.
pub(crate) fn run(arguments: &TemplateArgs, out: &mut dyn Write, talk: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let TemplateArgs { resource, verb, output, force } = arguments;
    let Some(operation) = Operation::find(resource, verb) else {
        let verbs = operation::ALL.iter().filter(|operation| operation.resource == resource);
        let verbs: Vec<&str> = verbs.map(|operation| operation.verb).collect();
        writeln!(
            talk,
            "arload: template: {resource} has no {} on sheets{}; expected one of {}",
            quote(verb),
            did_you_mean(verb, verbs.iter().copied()),
            verbs.join(", ")
        )?;
        return Ok(ExitCode::Usage);
    };
    let Some(path) = output else {
        out.write_all(&template::csv(operation))?;
        out.flush()?;
        return Ok(ExitCode::Success);
    };
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let bytes = match extension.to_ascii_lowercase().as_str() {
        "xlsx" => template::workbook(operation)?,
        "csv" => template::csv(operation),
        _ => {
            writeln!(talk, "arload: --output {}: ends neither in .xlsx nor in .csv", path.display())?;
            return Ok(ExitCode::Usage);
        }
    };
    if path.symlink_metadata().is_ok() && !force {
        writeln!(talk, "arload: {}: already exists, nothing written", path.display())?;
        writeln!(talk, "hint: pass --force to replace it, or name another file")?;
        return Ok(ExitCode::Usage);
    }
    let put = Beside::create(path, *force).and_then(|mut file| {
        file.file().write_all(&bytes)?;
        file.finish()
    });
    put.with_context(|| format!("write {}", path.display()))?;
    writeln!(
        talk,
        "wrote {}: fill it below the example, then run: arload {} {} --dry-run",
        path.display(),
        operation.name(),
        path.display()
    )?;
    Ok(ExitCode::Success)
}
