//! A home, inputs and a sandbox for one test, and a look at what the program left behind.
//!
//! The rule: the program sees no environment but the one given here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use arload::sandbox::{self, Sandbox, SandboxSettings};
use rust_decimal::Decimal;
use serde_json::Value;
use tempfile::TempDir;

use crate::shared::database::Place;

/// Limit: far longer than anything a test waits for takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A line of a result file, by heading.
pub(crate) type Line = BTreeMap<String, String>;

/// An empty folder to work in, with a home of its own.
pub(crate) struct World {
    folder: TempDir,
    /// The ledger in a database that it shares with others; none has one of its own.
    place: Option<Place>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new() -> World {
        let folder = folder();
        fs::create_dir(folder.path().join("home")).unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        World { folder, place: None }
    }

    /// A world whose ledger is in a database.
    pub(crate) fn sharing(place: Place) -> World {
        World { place: Some(place), ..World::new() }
    }

    /// The ledger that it shares with others.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// A world with copies of these samples.
    pub(crate) fn with_samples(names: &[&str]) -> World {
        let world = World::new();
        for name in names {
            world.copy_sample(name, name);
        }
        world
    }

    pub(crate) fn copy_sample(&self, name: &str, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(sample(name), to).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The program, with a clean environment and nothing on standard input.
    pub(crate) fn arload(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_arload"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        if let Some(place) = &self.place {
            command.env("ARLOAD_LEDGER", &place.url);
        }
        command
    }

    /// Runs the program with the built-in sandbox.
    pub(crate) fn alone(&self, arguments: &[&str]) -> Ended {
        ended(self.arload(arguments).args(["--sandbox", "--rate", "1000/s"]))
    }

    /// The program with the environment that a sandbox of the test asks for.
    pub(crate) fn client(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let settings = sandbox.settings();
        let mut command = self.arload(arguments);
        command
            .env("ARLOAD_BASE_URL", sandbox.base_url())
            .env("ARLOAD_COMPANY_ID", settings.company_id)
            .env("ARLOAD_CLIENT_ID", settings.credentials.client_id)
            .env("ARLOAD_CLIENT_SECRET", settings.credentials.client_secret)
            .env("ARLOAD_USERNAME", settings.credentials.username)
            .env("ARLOAD_PASSWORD", settings.credentials.password)
            .env("ARLOAD_RATE", "1000/s")
            // What a killed process had under way may be worked on until its time is over; nobody here waits a minute.
            .env("ARLOAD_TIMEOUT", "15s")
            .env("ARLOAD_SETTLE", "0s")
            // The canary has tests of its own; the others count requests.
            .env("ARLOAD_CANARY", "0");
        command
    }

    /// Runs the program against a sandbox of the test.
    pub(crate) fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> Ended {
        ended(&mut self.client(sandbox, arguments))
    }

    /// The lines of a result file.
    pub(crate) fn lines(&self, name: &str) -> Vec<Line> {
        let bytes = self.read(name);
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").expect("a result file begins with a byte order mark");
        table(bytes)
    }

    pub(crate) fn summary(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// The folder of ledgers and locks.
    pub(crate) fn state(&self) -> PathBuf {
        self.path("home/.local/state/arload")
    }

    /// The ledger, opened to read while the program may be writing.
    pub(crate) fn ledger(&self) -> rusqlite::Connection {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        rusqlite::Connection::open_with_flags(self.state().join("ledger.db"), flags).unwrap()
    }

    /// The number that a query over the ledger gives.
    pub(crate) fn count(&self, query: &str) -> u64 {
        if let Some(place) = &self.place {
            return place.count(query);
        }
        let count: i64 = self.ledger().query_row(query, [], |row| row.get(0)).unwrap();
        count.try_into().unwrap()
    }

    /// Every file below the folder.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        collect(self.folder.path(), &mut files);
        files.sort();
        files
    }

    /// Names of results in the folder.
    pub(crate) fn results(&self) -> Vec<String> {
        let names = self.files().into_iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
        let parts = [".results.", ".summary.", ".report.", ".tmp"];
        names.filter(|name| parts.iter().any(|part| name.contains(part))).collect()
    }

    /// A text with what differs from run to run replaced.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let folder = self.folder.path().to_string_lossy().into_owned();
        let text = text.replace(&folder, "[DIR]");
        let mut shown = String::new();
        for line in text.lines() {
            let mut line = match line.find("http://127.0.0.1:") {
                Some(at) => {
                    let port = at + "http://127.0.0.1:".len();
                    let rest = line[port..].trim_start_matches(|digit: char| digit.is_ascii_digit());
                    format!("{}[PORT]{rest}", &line[..port])
                }
                None => line.to_owned(),
            };
            if line.starts_with("history: ") {
                "history: [HEAD]".clone_into(&mut line);
            }
            writeln!(shown, "{line}").unwrap();
        }
        shown
    }
}

/// An empty folder: in memory where that has room and nobody asked for another place. No test takes the power away, so a
/// disk would only be waited for.
fn folder() -> TempDir {
    // Limit: far more than all worlds of a moment hold.
    const ROOM: u64 = 1 << 30;
    let memory = Path::new("/dev/shm");
    let has_room = || rustix::fs::statvfs(memory).is_ok_and(|facts| facts.f_bavail * facts.f_frsize >= ROOM);
    let in_memory = std::env::var_os("TMPDIR").is_none() && has_room();
    let folder = if in_memory { tempfile::tempdir_in(memory).ok() } else { None };
    folder.unwrap_or_else(|| tempfile::tempdir().unwrap())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

impl Ended {
    /// What went wrong, in the program's words: problems and hints, without the talk around them.
    pub(crate) fn problems(&self, world: &World) -> String {
        let text = world.redacted(&self.err);
        let lines = text.split_inclusive('\n');
        lines.filter(|line| line.starts_with("arload: ") || line.starts_with("hint: ")).collect()
    }

    /// Asserts the exit code, and that nobody panicked.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

/// Runs a command to its end.
pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts a command whose output nobody reads while it runs.
pub(crate) fn begun(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a command that was begun has said at its end.
pub(crate) fn end_of(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Tries all cases at the same time, for tests whose program mostly waits before it tries again.
pub(crate) fn in_each<C: Send>(cases: impl IntoIterator<Item = C>, test: impl Fn(C) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            let test = &test;
            scope.spawn(move || test(case));
        }
    });
}

/// Waits for something to happen.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

/// A sandbox on a free port, with settings changed from the default.
pub(crate) fn sandbox(change: impl FnOnce(&mut SandboxSettings)) -> Sandbox {
    let mut settings = SandboxSettings::default();
    change(&mut settings);
    sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), settings).unwrap()
}

/// A number of the sandbox's state, such as `uploads` or `logins/failed`.
#[track_caller]
pub(crate) fn state(sandbox: &Sandbox, name: &str) -> u64 {
    sandbox.state().pointer(&format!("/{name}")).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {name}"))
}

/// The records that a sandbox stores.
pub(crate) fn records(sandbox: &Sandbox, resource: &str) -> Vec<Value> {
    let page = page(sandbox, &format!("/sandbox/records?resource={resource}&limit=100000"));
    page["records"].as_array().unwrap().clone()
}

/// What a sandbox answers at a path of its own.
pub(crate) fn page(sandbox: &Sandbox, path: &str) -> Value {
    let mut stream = TcpStream::connect(sandbox.address()).unwrap();
    let host = sandbox.address();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let body = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    serde_json::from_slice(&reply[body..]).unwrap()
}

/// The invoice numbers that a sandbox stores.
pub(crate) fn stored_numbers(sandbox: &Sandbox) -> Vec<String> {
    let mut numbers: Vec<String> = records(sandbox, "invoices")
        .iter()
        .map(|invoice| invoice["invoiceNumber"].as_str().unwrap().to_owned())
        .collect();
    numbers.sort();
    numbers
}

/// The lines of a CSV by heading.
pub(crate) fn table(bytes: &[u8]) -> Vec<Line> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    reader.deserialize().map(Result::unwrap).collect()
}

/// The lines of a sample CSV, without its byte order mark.
pub(crate) fn sample_lines(name: &str) -> Vec<csv::StringRecord> {
    let bytes = fs::read(sample(name)).unwrap();
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    csv::ReaderBuilder::new().flexible(true).from_reader(bytes).records().map(Result::unwrap).collect()
}

/// A clean sheet of invoices; each has a net amount of its own.
pub(crate) fn invoices(rows: usize) -> String {
    let mut sheet = "Invoice Number,Customer Id,Invoice Date,Due Date,Taxable Value,IGST,Invoice Total\n".to_owned();
    for row in 1..=rows {
        let base = 1_000 + row as u64;
        let rupees = |paise: u64| format!("{}.{:02}", paise / 100, paise % 100);
        writeln!(
            sheet,
            "T/26-27/{row:05},KC0123456789AB{:02},{:02}/07/2026,25/08/2026,{},{},{}",
            row % 90 + 10,
            row % 28 + 1,
            rupees(base * 100),
            rupees(base * 18),
            rupees(base * 118)
        )
        .unwrap();
    }
    sheet
}

/// How many lines have each status.
pub(crate) fn statuses(lines: &[Line]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line["status"].as_str()).or_default() += 1;
    }
    counts
}

/// Rows and rupees of a summary, and that its outcomes add up to them.
#[track_caller]
pub(crate) fn added_up(summary: &Value) -> (u64, Decimal) {
    let totals = &summary["totals"];
    for figure in ["taxable", "cgst", "sgst", "igst", "total"] {
        let sum: Decimal = totals["by-status"].as_object().unwrap().values().map(|sum| decimal(&sum[figure])).sum();
        assert_eq!(sum, decimal(&totals["read"][figure]), "{figure}: {totals}");
    }
    let rows: u64 = totals["by-status"].as_object().unwrap().values().map(|sum| sum["rows"].as_u64().unwrap()).sum();
    assert_eq!(Some(rows), totals["read"]["rows"].as_u64());
    (rows, decimal(&totals["read"]["total"]))
}

/// An amount as a summary or the sandbox's state writes it.
pub(crate) fn decimal(value: &Value) -> Decimal {
    match value {
        Value::String(text) => text.parse().unwrap(),
        other => other.to_string().parse().unwrap(),
    }
}

/// An amount as a finance sheet writes it; blank is nothing.
pub(crate) fn rupees(cell: &str) -> Decimal {
    let digits: String = cell.chars().filter(|character| character.is_ascii_digit() || *character == '.').collect();
    if digits.is_empty() { Decimal::ZERO } else { digits.parse().unwrap() }
}
