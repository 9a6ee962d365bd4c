//! A private PostgreSQL server that a test may kill and start again, and a look into its tables.
//!
//! Tests that do not end it may share one, each in a schema of its own. The rule: it listens to this host on a port of
//! its own, lies in a temporary folder, and ends with the last test that uses it.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls, Row};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Limit: far longer than a server takes to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Users that a server may run as, where the tests run as one that it refuses.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The server that tests share.
static SHARED: Mutex<Weak<Database>> = Mutex::new(Weak::new());
/// The folder that servers begin with.
static TEMPLATE: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());

/// A running server with a database `arload`, whose owner is the role `arload`.
pub(crate) struct Database {
    folder: TempDir,
    /// Kept for the servers that are started meanwhile.
    _template: Arc<TempDir>,
    programs: PathBuf,
    user: Option<&'static str>,
    port: u16,
    server: Mutex<Option<Child>>,
}

impl Database {
    /// One that is shared with other tests, for those that end no server and make nothing outside a schema of their own;
    /// none where PostgreSQL is not installed, which is said.
    pub(crate) fn shared() -> Option<Arc<Database>> {
        if !Self::is_installed() {
            return None;
        }
        one_of(&SHARED, Self::start)
    }

    /// Starts one that does not wait for the disk; none where PostgreSQL is not installed, which is said.
    pub(crate) fn start() -> Option<Database> {
        Self::with("fsync = off\n")
    }

    /// Whether there is a PostgreSQL to start; says so where there is none.
    pub(crate) fn is_installed() -> bool {
        let there = programs().is_some();
        if !there {
            assert!(std::env::var_os("ARLOAD_NEEDS_POSTGRES").is_none(), "PostgreSQL's programs are not installed");
            eprintln!("skipped: PostgreSQL's programs (initdb, postgres) are not installed");
        }
        there
    }

    /// Starts one with these lines among its settings.
    pub(crate) fn with(settings: &str) -> Option<Database> {
        let programs = if Self::is_installed() { programs()? } else { return None };
        let user = unprivileged_user();
        let template = one_of(&TEMPLATE, || Some(template(&programs, user)))?;
        let (folder, data) = (folder_of(user), template.path().join("data"));
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let database = Database { folder, _template: template, programs, user, port, server: Mutex::default() };
        done(database.unprivileged(Path::new("cp")).arg("-R").arg(data).arg(database.data()));
        let own = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 200\n"
        );
        std::fs::write(database.data().join("postgresql.auto.conf"), own + settings).unwrap();
        database.again();
        Some(database)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder that what runs as an unprivileged user may read.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A program that refuses to run as root, run as another user where the tests run as root.
    pub(crate) fn unprivileged(&self, program: &Path) -> Command {
        unprivileged(self.user, program, self.folder.path())
    }

    fn program(&self, name: &str) -> Command {
        let mut command = self.unprivileged(&self.programs.join(name));
        command.arg("-D").arg(self.data());
        command
    }

    /// Starts the server that was stopped or killed, and waits for it.
    pub(crate) fn again(&self) {
        let log = self.folder.path().join("log");
        let said = std::fs::OpenOptions::new().append(true).create(true).open(&log).unwrap();
        let mut server = self.program("postgres").stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap();
        let start = Instant::now();
        while Client::connect(&self.words("postgres"), NoTls).is_err() {
            let over = server.try_wait().unwrap().is_some() || start.elapsed() > PATIENCE;
            assert!(!over, "the server does not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(20));
        }
        *self.server.lock().unwrap() = Some(server);
    }

    /// Kills it with all its processes at once.
    pub(crate) fn kill(&self) {
        self.end(Signal::KILL);
    }

    /// Stops it as `-m immediate` does: whoever is connected is cut off, and what is under way is dropped.
    pub(crate) fn stop(&self) {
        self.end(Signal::QUIT);
    }

    fn end(&self, signal: Signal) {
        let Some(mut server) = self.server.lock().unwrap().take() else { return };
        let master = Pid::from_child(&server);
        let parts = if signal == Signal::KILL { children(master) } else { Vec::new() };
        for pid in std::iter::once(master).chain(parts.iter().copied()) {
            // One that has ended meanwhile is not harmed.
            let _ = kill_process(pid, signal);
        }
        server.wait().unwrap();
        // A server is not started while parts of the one before are alive.
        let start = Instant::now();
        while parts.iter().any(|pid| Path::new(&format!("/proc/{}", pid.as_raw_nonzero())).exists()) {
            assert!(start.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn words(&self, database: &str) -> String {
        format!("host=127.0.0.1 port={} user=arload dbname={database} connect_timeout=5", self.port)
    }

    /// A connection of the test's own.
    pub(crate) fn connect(&self, database: &str) -> Client {
        Client::connect(&self.words(database), NoTls).unwrap()
    }

    /// The place of an installation, as it is given to the program.
    pub(crate) fn place(&self, schema: &str) -> Place {
        self.place_at(self.port, schema)
    }

    /// The same through a stand-in that listens to another port of this host.
    pub(crate) fn place_at(&self, port: u16, schema: &str) -> Place {
        Place {
            url: format!("postgres://arload@127.0.0.1:{port}/arload?schema={schema}&lease=2"),
            words: format!("{} options='-c search_path={schema}'", self.words("arload")),
            kept: Arc::default(),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A ledger in a database.
#[derive(Clone)]
pub(crate) struct Place {
    /// What `--ledger` is given.
    pub(crate) url: String,
    words: String,
    kept: Arc<Mutex<Option<Client>>>,
}

impl Place {
    /// A connection of the test's own, which sees the tables without the name of their schema.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(&self.words, NoTls).unwrap()
    }

    /// The text that a query gives.
    pub(crate) fn text(&self, query: &str) -> String {
        self.one(query).get(0)
    }

    /// The number that a query gives.
    pub(crate) fn count(&self, query: &str) -> u64 {
        let count: i64 = self.one(query).get(0);
        count.try_into().unwrap()
    }

    fn one(&self, query: &str) -> Row {
        let mut kept = self.kept.lock().unwrap();
        // A connection of before a restart is of no use.
        let mut client = kept.take().filter(|client| !client.is_closed()).unwrap_or_else(|| self.connect());
        let row = client.query_one(query, &[]).or_else(|_| {
            client = self.connect();
            client.query_one(query, &[])
        });
        *kept = Some(client);
        row.unwrap()
    }
}

/// What others use at this time, or else a new one.
fn one_of<T>(used: &Mutex<Weak<T>>, new: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
    // A test that failed meanwhile has left nothing behind in there.
    let mut used = used.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(one) = used.upgrade() {
        return Some(one);
    }
    let one = Arc::new(new()?);
    *used = Arc::downgrade(&one);
    Some(one)
}

/// A folder as a server finds it at its first start, with the database in it: to make one takes ten times as long as to
/// copy it.
fn template(programs: &Path, user: Option<&str>) -> TempDir {
    let folder = folder_of(user);
    let program = |name: &str| {
        let mut command = unprivileged(user, &programs.join(name), folder.path());
        command.arg("-D").arg(folder.path().join("data"));
        command
    };
    // Limit: the log's files, of which one is copied, are as small as they can be.
    let small = ["--no-sync", "--wal-segsize=1"];
    done(program("initdb").args(["-U", "arload", "-A", "trust", "-E", "UTF8", "--no-locale"]).args(small));
    let words = folder.path().join("words");
    std::fs::write(&words, "CREATE DATABASE arload\n").unwrap();
    let mut alone = unprivileged(user, &programs.join("postgres"), folder.path());
    alone.arg("--single").arg("-D").arg(folder.path().join("data")).args(["-c", "fsync=off", "postgres"]);
    done(alone.stdin(std::fs::File::open(&words).unwrap()));
    folder
}

/// A new folder that this user may work in.
fn folder_of(user: Option<&str>) -> TempDir {
    let folder = tempfile::Builder::new().prefix("arload-database").tempdir().unwrap();
    if let Some(user) = user {
        done(Command::new("chown").arg(user).arg(folder.path()));
    }
    folder
}

/// A user to run a server as, where the tests run as one that it refuses.
fn unprivileged_user() -> Option<&'static str> {
    let root = rustix::process::getuid().is_root();
    UNPRIVILEGED.into_iter().find(|user| root && run("id", &["-u", user]))
}

fn unprivileged(user: Option<&str>, program: &Path, folder: &Path) -> Command {
    let mut command = match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args([&format!("--reuid={user}"), "--regid=nogroup", "--clear-groups"]).arg(program);
            command
        }
    };
    command.current_dir(folder).stdin(Stdio::null());
    command
}

#[track_caller]
fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The folder of PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&paths).collect();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(debian.map(|version| version.path().join("bin")));
    // What lies on the path may be a link into a folder that has them all.
    let real = folders.into_iter().filter_map(|folder| folder.join("initdb").canonicalize().ok());
    real.filter_map(|initdb| initdb.parent().map(Path::to_owned)).find(|folder| folder.join("postgres").is_file())
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Processes whose parent is this one.
fn children(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero().to_string();
    let of = |entry: std::fs::DirEntry| -> Option<Pid> {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // What stands behind the name, which may hold anything: state, parent.
        let its = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.to_owned();
        let pid = entry.file_name().to_str()?.parse().ok()?;
        (its == parent).then_some(pid).and_then(Pid::from_raw)
    };
    std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(of).collect()
}
