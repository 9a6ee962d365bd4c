//! `arload decode-workbook`: decodes workbooks for the arload that started it; hidden, because no person needs it.
//!
//! The rule: it speaks to a program, never to a terminal, and ends without a word when nobody listens.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use arload::exit::ExitCode;
use arload::sheet::decoder::{self, Decoder, Program};

/// The command's name.
const NAME: &str = "decode-workbook";

/// Serves until the program that asks has ended.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let (input, output) = (io::stdin(), io::stdout());
    if input.is_terminal() || output.is_terminal() {
        anyhow::bail!("{NAME}: is for arload itself; \"arload inspect FILE\" shows what a workbook holds");
    }
    // A panic of a parser is contained, and told as an error of its file.
    std::panic::set_hook(Box::new(|_| {}));
    // A broken pipe is the end of the one that asks.
    let served = decoder::serve(input.lock(), output.lock());
    Ok(if served.is_ok() { ExitCode::Success } else { ExitCode::Usage })
}

/// This program as a decoder for the library; none where the system does not say where it is.
pub(crate) fn decoder() -> Option<Decoder> {
    // Stays right when the file is replaced while this process runs.
    let running = Path::new("/proc/self/exe");
    let path = if running.exists() { PathBuf::from(running) } else { std::env::current_exe().ok()? };
    Some(Decoder::new(Program { path, args: vec![OsString::from(NAME)] }))
}
