//! The processes that decode workbooks, seen from the side that asks.
//!
//! Owns starting, asking, watching, killing and using them again. Leaves what is said to [`super::protocol`]. The one
//! rule: whatever a process does, the file it was asked for ends as rows or as a [`SheetError`], within the patience.

use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use super::limits::Allowance;
use super::protocol::{self, Answer, Job, MAX_REQUEST_BYTES, Request, VERSION};
use super::spent::{Cost, Spent};
use super::{Place, Program};
use crate::sheet::budget;
use crate::sheet::error::SheetError;

/// Limit: processes that wait for the next file; a run reads one sheet at a time.
const MAX_IDLE: usize = 2;
/// Limit: answers read ahead; each is a batch of rows.
const AHEAD: usize = 2;
/// Limit: what a dying process says that is listened to.
const MAX_LAST_WORDS: u64 = 4096;

/// How long a process may be silent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Until it says that it is there.
    pub(super) start: Duration,
    /// Between two answers, beyond the computing it is allowed: a busy machine and a slow disk.
    pub(super) answer: Duration,
    /// Between the end of what it says and its own end.
    pub(super) end: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { start: Duration::from_secs(30), answer: Duration::from_mins(1), end: Duration::from_secs(2) }
    }
}

/// Processes of one program.
pub(super) struct Pool {
    program: Program,
    patience: Patience,
    idle: Mutex<Vec<Worker>>,
    spent: Mutex<Spent>,
}

impl Pool {
    pub(super) fn new(program: Program, patience: Patience) -> Self {
        Self { program, patience, idle: Mutex::default(), spent: Mutex::default() }
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// Hands a request to a process that waits, or to a new one; `file` names the file in messages.
    pub(super) fn ask(pool: &Arc<Self>, job: Job, place: Place<'_>, file: &str) -> Result<Answers, SheetError> {
        let size = place.size();
        let allowance = Allowance::of(size);
        let others = pool.spent().on_others(place.given, job.sheet());
        let all = allowance.seconds_of_all();
        let left = all.saturating_mul(1000).saturating_sub(others.millis);
        if others.weight >= allowance.weight {
            return Err(SheetError::too_much(file, size));
        }
        if left == 0 {
            let how = format!(
                "took too long; it may compute {all} s for all sheets of a file of this size, and --sheet chooses some of them"
            );
            return Err(SheetError::ReaderEnded { file: file.to_owned(), how });
        }
        let mut answers = Answers {
            pool: Arc::clone(pool),
            worker: pool.idle().pop(),
            request: Request { job, size, seconds: left.div_ceil(1000) },
            allowance,
            given: place.given.to_owned(),
            file: file.to_owned(),
            before: others,
            taken: Cost::default(),
        };
        let sent = answers.worker.as_mut().is_some_and(|worker| worker.send(&answers.request).is_ok());
        if !sent {
            answers.begin_anew()?;
        }
        Ok(answers)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spent(&self) -> std::sync::MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_back(&self, mut worker: Worker) {
        worker.used = true;
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push(worker);
        }
    }
}

/// The answers to one request. Dropped before its end, it ends the process, too.
pub(in crate::sheet) struct Answers {
    pool: Arc<Pool>,
    worker: Option<Worker>,
    request: Request,
    allowance: Allowance,
    /// The file as it was given.
    given: PathBuf,
    file: String,
    /// What other sheets of the file had.
    before: Cost,
    /// The answers that were handed out.
    taken: Cost,
}

impl Answers {
    /// The next answer; none at the good end of them.
    pub(in crate::sheet) fn next(&mut self) -> Result<Option<Answer>, SheetError> {
        loop {
            let Some(worker) = &mut self.worker else { return Ok(None) };
            let patience = self.pool.patience.answer + Duration::from_secs(self.allowance.seconds);
            match worker.receive(patience, self.pool.patience.end) {
                Ok((Answer::Done { lasts, millis }, _)) => {
                    self.release(lasts, millis);
                    return Ok(None);
                }
                Ok((Answer::Failed { failure, lasts, millis }, _)) => {
                    self.release(lasts, millis);
                    return Err(failure.into_error(self.file.clone()));
                }
                Ok((answer, bytes)) => {
                    self.taken.rows += bytes as u64;
                    if self.before.rows.saturating_add(self.taken.rows) > self.allowance.rows {
                        return Err(self.ended(Ending::Flood));
                    }
                    if let Answer::Rows(batch) = &answer {
                        self.taken.weight += batch.rows.iter().map(budget::weight).sum::<u64>();
                    }
                    if self.before.weight.saturating_add(self.taken.weight) > self.allowance.weight {
                        self.ended(Ending::Flood);
                        return Err(SheetError::too_much(&self.file, self.request.size));
                    }
                    return Ok(Some(answer));
                }
                // It may have died of earlier files, or before it was asked at all.
                Err(Ending::Memory | Ending::Killed) if worker.used && self.taken.rows == 0 => self.begin_anew()?,
                Err(ending) => return Err(self.ended(ending)),
            }
        }
    }

    /// Refuses an answer that does not belong to the request.
    pub(in crate::sheet) fn nonsense(&mut self) -> SheetError {
        self.ended(Ending::Nonsense)
    }

    fn ended(&mut self, ending: Ending) -> SheetError {
        self.worker = None;
        // How long it computed is not known; what may end many times must not be cheap.
        self.note(self.allowance.seconds.saturating_mul(1000));
        SheetError::ReaderEnded { file: self.file.clone(), how: ending.words(self.allowance) }
    }

    /// Notes what the request has cost.
    fn note(&self, millis: u64) {
        let cost = Cost { millis, ..self.taken };
        self.pool.spent().note(&self.given, self.request.job.sheet(), cost);
    }

    fn release(&mut self, lasts: bool, millis: u64) {
        self.note(millis);
        if let Some(worker) = self.worker.take().filter(|_| lasts) {
            self.pool.put_back(worker);
        }
    }

    /// Asks a new process.
    fn begin_anew(&mut self) -> Result<(), SheetError> {
        self.worker = None;
        let started = Worker::start(&self.pool.program, self.pool.patience);
        let mut worker =
            started.map_err(|error| SheetError::NoReader { file: self.file.clone(), reason: error.to_string() })?;
        match worker.send(&self.request) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(self.ended(Ending::Nonsense)),
            // A process that is gone is met when its answer is waited for.
            _ => {}
        }
        self.worker = Some(worker);
        Ok(())
    }
}

/// How a process came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Memory,
    Time,
    Silence,
    Flood,
    Stack,
    Crash,
    Killed,
    Nonsense,
}

impl Ending {
    fn words(self, allowance: Allowance) -> String {
        match self {
            Self::Memory => {
                format!("ran out of memory; it may use {} MiB for a file of this size", allowance.memory >> 20)
            }
            Self::Time => format!("took too long; it may compute {} s for a file of this size", allowance.seconds),
            Self::Silence => "gave no answer for too long".to_owned(),
            Self::Flood => format!("gave up: the file unpacks to more than {} MiB of rows", allowance.rows >> 20),
            Self::Stack => "gave up: the file is nested too deeply".to_owned(),
            Self::Crash => "crashed".to_owned(),
            Self::Killed => "was ended by another program, or by the system for lack of memory".to_owned(),
            Self::Nonsense => "gave an answer that makes no sense".to_owned(),
        }
    }

    #[cfg(unix)]
    fn of(status: Option<ExitStatus>, last_words: &str) -> Self {
        use std::os::unix::process::ExitStatusExt as _;

        use rustix::process::Signal;

        let signal = |signal: Signal| signal.as_raw();
        match status.and_then(|status| status.signal()) {
            Some(number) if number == signal(Signal::XCPU) => Self::Time,
            Some(number) if [Signal::KILL, Signal::INT, Signal::TERM, Signal::HUP].map(signal).contains(&number) => {
                Self::Killed
            }
            _ => Self::said(last_words),
        }
    }

    #[cfg(not(unix))]
    fn of(_: Option<ExitStatus>, last_words: &str) -> Self {
        Self::said(last_words)
    }

    /// What a process says that aborts.
    fn said(last_words: &str) -> Self {
        if last_words.contains("memory allocation of") {
            Self::Memory
        } else if last_words.contains("overflowed its stack") {
            Self::Stack
        } else {
            Self::Crash
        }
    }
}

/// One process.
struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<io::Result<(Answer, usize)>>,
    last_words: Receiver<String>,
    /// Whether it has read a file before.
    used: bool,
}

impl Worker {
    /// Starts one and waits until it is there.
    fn start(program: &Program, patience: Patience) -> io::Result<Self> {
        let mut command = Command::new(&program.path);
        // What it does not need it does not get: secrets stand in the environment, and the sheet on standard input.
        command.args(&program.args).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // An interrupt from the keyboard is for the process that asks; this one ends with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (Some(requests), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let (sender, answers) = bounded(AHEAD);
        let (teller, last_words) = bounded(1);
        let mut worker = Self { child, requests, answers, last_words, used: false };
        // Both end with the process, or once the worker is dropped, which ends the process.
        thread::Builder::new().name("workbook-answers".to_owned()).spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(answer) = protocol::read_answer(&mut output).transpose() {
                let is_last = answer.is_err();
                if sender.send(answer).is_err() || is_last {
                    return;
                }
            }
        })?;
        thread::Builder::new().name("workbook-talk".to_owned()).spawn(move || {
            let mut words = Vec::new();
            let mut errors = errors;
            errors.by_ref().take(MAX_LAST_WORDS).read_to_end(&mut words).ok();
            // Whatever else it says is not kept, but must not make it wait either.
            teller.send(String::from_utf8_lossy(&words).into_owned()).ok();
            io::copy(&mut errors, &mut io::sink()).ok();
        })?;
        match worker.receive(patience.start, patience.end) {
            Ok((Answer::Ready(version), _)) if version == VERSION => Ok(worker),
            Ok(_) => Err(io::Error::other("the program is of another version")),
            Err(ending) => Err(io::Error::other(format!("the program ended at once ({ending:?})"))),
        }
    }

    fn send(&mut self, request: &Request) -> io::Result<()> {
        let mut bytes = Vec::new();
        protocol::write(&mut bytes, request)?;
        if bytes.len() > MAX_REQUEST_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        io::Write::write_all(&mut self.requests, &bytes)
    }

    /// The next answer, or how the process ended.
    fn receive(&mut self, patience: Duration, end: Duration) -> Result<(Answer, usize), Ending> {
        match self.answers.recv_timeout(patience) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Ending::Nonsense),
            Err(RecvTimeoutError::Timeout) => Err(Ending::Silence),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.status(end);
                let last_words = self.last_words.recv_timeout(end).unwrap_or_default();
                Err(Ending::of(status, &last_words))
            }
        }
    }

    /// Waits for the end of a process that says no more.
    fn status(&mut self, end: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + end;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Nothing can be done about a process that cannot be ended; it sees the end of its input.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sheet::container::Content;
    use crate::sheet::excel::{Batch, Listed, Work};
    use crate::sheet::row::RawRow;

    const SHORT: Duration = Duration::from_millis(200);

    /// A file that is not there, and so has no bytes.
    fn place() -> Place<'static> {
        Place { given: Path::new("a.xls"), readable: Path::new("a.xls") }
    }

    fn ask(path: &str, args: &[&str], patience: Patience) -> Result<Vec<Answer>, SheetError> {
        let program = Program { path: PathBuf::from(path), args: args.iter().map(Into::into).collect() };
        read(&Arc::new(Pool::new(program, patience)))
    }

    fn read(pool: &Arc<Pool>) -> Result<Vec<Answer>, SheetError> {
        let job = Job::List { path: PathBuf::from("a.xls"), content: Content::Xls };
        let mut answers = Pool::ask(pool, job, place(), "a.xls")?;
        let mut found = Vec::new();
        while let Some(answer) = answers.next()? {
            found.push(answer);
        }
        Ok(found)
    }

    fn framed(answers: &[Answer]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for answer in answers {
            protocol::write(&mut bytes, answer).unwrap();
        }
        bytes
    }

    /// What `printf` makes the frames of these answers of.
    fn printed(answers: &[Answer]) -> String {
        let octal: Vec<String> = framed(answers).iter().map(|byte| format!("\\{byte:03o}")).collect();
        format!("printf '{}'", octal.concat())
    }

    fn ready() -> String {
        printed(&[Answer::Ready(VERSION.to_owned())])
    }

    /// Runs a shell script that has said that it is there, and gives back how the file was refused.
    fn refused(script: &str) -> String {
        let patience = Patience { answer: SHORT, ..Patience::default() };
        let error = ask("/bin/sh", &["-c", &format!("{}; {script}", ready())], patience).unwrap_err();
        assert!(error.hint().is_some());
        error.to_string()
    }

    #[test]
    fn a_program_that_is_none_that_ends_at_once_or_never_says_a_word_is_refused() {
        let patience = Patience { start: SHORT, answer: SHORT, end: SHORT };
        for (path, args, words) in [
            ("/nowhere/arload", &[][..], "could not be started: No such file"),
            ("/bin/sh", &["-c", "exit 1"], "the program ended at once (Crash)"),
            ("/bin/sleep", &["1000"], "the program ended at once (Silence)"),
            ("/bin/sh", &["-c", "yes"], "the program ended at once (Nonsense)"),
            ("/bin/sh", &["-c", &printed(&[Answer::Ready("other".to_owned())])], "of another version"),
        ] {
            let error = ask(path, args, patience).unwrap_err().to_string();
            assert!(error.starts_with("a.xls: the program that reads workbooks could not be started: "), "{error}");
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn every_end_of_a_process_is_a_refusal_that_says_which() {
        let frame = framed(&[Answer::Sheets(vec![Listed { name: "x".repeat(1 << 20), visible: true }])]);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, frame).unwrap();
        let flood = format!("while cat {}; do :; done", file.path().display());
        for (script, words) in [
            ("head -c 1 >/dev/null; exit 0", "crashed"),
            ("kill -SEGV $$", "crashed"),
            ("kill -XCPU $$", "took too long; it may compute 2 s for a file of this size"),
            ("kill -KILL $$", "was ended by another program, or by the system for lack of memory"),
            (
                "echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$",
                "ran out of memory; it may use 144 MiB for a file of this size",
            ),
            (
                "echo 'thread main has overflowed its stack' >&2; kill -ABRT $$",
                "gave up: the file is nested too deeply",
            ),
            (&flood, "gave up: the file unpacks to more than 128 MiB of rows"),
            ("echo hello", "gave an answer that makes no sense"),
            ("exec 2>&-; yes >&1", "gave an answer that makes no sense"),
            ("sleep 1000", "gave no answer for too long"),
        ] {
            assert_eq!(refused(script), format!("a.xls: the workbook reader {words}"), "{script}");
        }
    }

    #[test]
    fn a_process_is_used_again_and_replaced_when_it_died_meanwhile() {
        let list = || Answer::Sheets(Vec::new());
        let folder = tempfile::tempdir().unwrap();
        let starts = folder.path().join("starts");
        let answer = printed(&[list(), Answer::Done { lasts: true, millis: 0 }]);
        // Answers twice, dies over the third; the next process takes that.
        let script =
            format!("echo x >> {}; {}; {answer}; {answer}; sleep 0.1; kill -KILL $$", starts.display(), ready());
        let program = Program { path: PathBuf::from("/bin/sh"), args: ["-c", &script].map(Into::into).to_vec() };
        let pool = Arc::new(Pool::new(program, Patience::default()));
        for starts_so_far in [1, 1, 2] {
            assert!(matches!(read(&pool).unwrap()[..], [Answer::Sheets(_)]));
            assert_eq!(std::fs::read_to_string(&starts).unwrap().lines().count(), starts_so_far);
        }
    }

    #[test]
    fn a_process_whose_reader_is_dropped_midway_ends() {
        let script = format!("{}; {}; exec sleep 1000", ready(), printed(&[Answer::Sheets(Vec::new())]));
        let program = Program { path: PathBuf::from("/bin/sh"), args: ["-c", &script].map(Into::into).to_vec() };
        let pool = Arc::new(Pool::new(program, Patience::default()));
        let job = Job::List { path: PathBuf::from("a.xls"), content: Content::Xls };
        let mut answers = Pool::ask(&pool, job, place(), "a.xls").unwrap();
        assert!(matches!(answers.next(), Ok(Some(Answer::Sheets(_)))));
        let id = rustix::process::Pid::from_child(&answers.worker.as_ref().unwrap().child);
        drop(answers);
        assert!(rustix::process::test_kill_process(id).is_err());
        assert!(pool.idle().is_empty());
    }

    #[test]
    fn the_sheets_of_a_file_share_what_it_may_compute() {
        let answer = printed(&[Answer::Done { lasts: true, millis: 1000 }]);
        let script = format!("{}; while :; do {answer}; sleep 0.05; done", ready());
        let program = Program { path: PathBuf::from("/bin/sh"), args: ["-c", &script].map(Into::into).to_vec() };
        let pool = Arc::new(Pool::new(program, Patience::default()));
        let read = |sheet: &str| {
            let (path, label, sheet) = (PathBuf::from("a.xls"), String::new(), sheet.to_owned());
            let job = Job::Read(Work { path, label, sheet, content: Content::Xls });
            Pool::ask(&pool, job, place(), "a.xls")?.next().map(|answer| assert!(answer.is_none()))
        };
        for sheet in ["A", "A", "A", "B", "A", "C"] {
            read(sheet).unwrap();
        }
        let error = read("D").unwrap_err().to_string();
        let words = "took too long; it may compute 3 s for all sheets of a file of this size, and --sheet chooses some";
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn the_sheets_of_a_file_share_what_it_may_hold() {
        let mut row = RawRow::default();
        row.widen(16_000);
        let rows = vec![row; 100];
        let answers = [Answer::Rows(Batch { rows, notes: Vec::new() }), Answer::Done { lasts: true, millis: 0 }];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, framed(&answers)).unwrap();
        let script = format!("{}; while :; do cat {}; sleep 0.05; done", ready(), file.path().display());
        let program = Program { path: PathBuf::from("/bin/sh"), args: ["-c", &script].map(Into::into).to_vec() };
        let pool = Arc::new(Pool::new(program, Patience::default()));
        let read = |sheet: &str| {
            let (path, label, sheet) = (PathBuf::from("a.xls"), String::new(), sheet.to_owned());
            let job = Job::Read(Work { path, label, sheet, content: Content::Xls });
            let mut answers = Pool::ask(&pool, job, place(), "a.xls")?;
            while answers.next()?.is_some() {}
            Ok::<(), SheetError>(())
        };
        for sheet in ["A", "A", "A", "B"] {
            read(sheet).unwrap();
        }
        for sheet in ["C", "D"] {
            let error = read(sheet).unwrap_err();
            let words = "a.xls: unpacks to more than 4200000 cells, a row counted as 16 of them; no real sheet of its size does";
            assert_eq!(error.to_string(), words);
            assert!(error.hint().is_some());
        }
    }
}
