//! Ctrl-C and SIGTERM: the first asks to stop, the second stops at once.

use std::io::Write as _;
use std::sync::Arc;

use arload::exit::ExitCode;
use arload::stop::{Stop, StopReason};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What the first signal does to a run.
pub(crate) const FINISHING: &str = "stopping: what is under way is finished; once more stops at once";

/// Listens for signals for as long as the process lives.
///
/// `first` is what the first signal is answered with.
pub(crate) fn listen(stop: &Arc<Stop>, first: &'static str) -> std::io::Result<()> {
    let stop = Arc::clone(stop);
    listen_to(move || stop.ask(StopReason::Interrupted), first)
}

/// The same for more than one wish to stop.
pub(crate) fn listen_to(ask: impl Fn() + Send + 'static, first: &'static str) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for (count, _) in signals.forever().enumerate() {
            let mut talk = std::io::stderr().lock();
            if count == 0 {
                ask();
                let _ = writeln!(talk, "arload: {first}");
            } else {
                let _ = writeln!(talk, "arload: stopped at once; the ledger knows what was sent");
                std::process::exit(i32::from(ExitCode::Interrupted.code()));
            }
        }
    })?;
    Ok(())
}
