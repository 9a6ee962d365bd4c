//! A command line of the user's, run by the system's shell: bounded in time and in what is read of it.
//!
//! What it starts is stopped with it: its whole group of processes here, its tree on Windows. The rule: nobody waits
//! without a limit, neither for the process nor for a pipe that a process it left behind holds open.

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::clock::{Clock as _, SystemClock};
use crate::finding::quote;

const POLL: Duration = Duration::from_millis(10);
/// Limit: what is waited for a pipe when the command itself has ended.
const REST: Duration = Duration::from_secs(1);

/// A command line to be run.
#[derive(Debug, Clone, Copy)]
pub struct CommandLine<'a> {
    /// What the shell is given.
    pub line: &'a str,
    /// What the command gets on its standard input.
    pub input: Option<&'a [u8]>,
    /// Variables that it does not get.
    pub without: &'a [String],
    /// How long it may take.
    pub limit: Duration,
    /// Bytes of its output that are read.
    pub most: u64,
}

/// What a command that ended well has printed.
#[derive(Debug)]
pub struct Printed(pub Vec<u8>);

impl CommandLine<'_> {
    /// Runs the command to its end.
    ///
    /// What it printed is no part of a failure, since it may be half a secret; the last line of what it complained about
    /// is.
    pub fn run(&self) -> Result<Printed, String> {
        let mut command = shell(self.line);
        let input = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in self.without {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(|error| format!("start the command: {error}"))?;
        if let (Some(bytes), Some(mut pipe)) = (self.input, child.stdin.take()) {
            let bytes = bytes.to_vec();
            // A command that does not read would hold up whoever writes; one that ends early need not read.
            std::thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        let output = listen(child.stdout.take(), self.most);
        let complaint = listen(child.stderr.take(), self.most);
        let status = wait(&mut child, self.limit)?;
        if !status.success() {
            let complaint = complaint.recv_timeout(REST).unwrap_or_default();
            let complaint = String::from_utf8_lossy(&complaint);
            let said = complaint.lines().map(str::trim).rfind(|line| !line.is_empty());
            let said = said.map(|last| format!("; it said {}", quote(last))).unwrap_or_default();
            return Err(format!("the command ended with {status}{said}"));
        }
        output.recv_timeout(REST).map(Printed).map_err(|_| "the command left its output open".to_owned())
    }
}

/// A shell with a group of processes of its own, so that all of it can be stopped.
#[cfg(unix)]
fn shell(line: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).process_group(0);
    command
}

#[cfg(not(unix))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").arg(line);
    command
}

/// Stops a command with all that it has started.
#[cfg(unix)]
fn stop(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended just now; then there is nothing to stop.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(not(unix))]
fn stop(child: &mut Child) {
    let mut tree = Command::new("taskkill");
    tree.args(["/T", "/F", "/PID", &child.id().to_string()]);
    // It may have ended just now; then there is nothing to stop.
    let _ = tree.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads a pipe to its end, or as far as is wanted, beside the caller.
fn listen(pipe: Option<impl Read + Send + 'static>, most: u64) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut pipe) = pipe {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if pipe.by_ref().take(most).read_to_end(&mut bytes).is_ok() {
                // Nobody listens any more after the time limit.
                let _ = sender.send(bytes);
            }
            // A command that prints more is not held up.
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        });
    }
    receiver
}

fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus, String> {
    // Naps added up would come to more than the limit on a busy machine.
    let clock = SystemClock::default();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if clock.elapsed() < limit => clock.sleep(POLL),
            Ok(None) => {
                stop(child);
                return Err(format!("the command took longer than {} s", limit.as_secs()));
            }
            Err(error) => return Err(format!("wait for the command: {error}")),
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn run(line: &str, input: Option<&[u8]>, limit: Duration) -> Result<String, String> {
        let command = CommandLine { line, input, without: &["HOME".to_owned()], limit, most: 1 << 16 };
        command.run().map(|Printed(bytes)| String::from_utf8(bytes).unwrap())
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_command_gets_its_input_and_lacks_what_is_withheld() {
        assert_eq!(run("cat; echo \"${HOME-none}\"", Some(b"{}\n"), LONG).unwrap(), "{}\nnone\n");
        // Nobody reads; more than a pipe holds is written.
        assert_eq!(run("echo done", Some(&vec![b'x'; 1 << 20]), LONG).unwrap(), "done\n");
        assert_eq!(run("head -c 200000 /dev/zero", None, LONG).unwrap().len(), 1 << 16);
    }

    #[test]
    fn a_failure_says_what_the_command_complained_about() {
        let message = run("echo printed; echo 'no route' >&2; exit 3", None, LONG).unwrap_err();
        assert!(message.contains("no route") && message.contains('3') && !message.contains("printed"), "{message}");
        assert!(run("no-such-command-here", None, LONG).is_err());
    }

    #[test]
    fn a_command_that_hangs_is_stopped_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let alive = folder.path().join("alive");
        let line = format!("(sleep 1; touch '{}') & sleep 30", alive.display());
        let begin = Instant::now();
        assert!(run(&line, None, Duration::from_millis(100)).unwrap_err().contains("took longer"));
        // A process that was not stopped with its parent writes after a second.
        while begin.elapsed() < Duration::from_millis(1500) {
            std::thread::sleep(POLL);
        }
        assert!(!alive.exists());
    }

    #[test]
    fn output_that_somebody_else_holds_open_is_not_waited_for() {
        let begin = Instant::now();
        let message = run("sleep 20 & true", None, LONG).unwrap_err();
        assert!(message.contains("left its output open") && begin.elapsed() < Duration::from_secs(10), "{message}");
    }
}
