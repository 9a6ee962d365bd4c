//! A stand-in between arload and its database, which fails at the statement that it is told.
//!
//! Knows of the protocol what is needed to see where a statement ends and where its answer does. A statement is counted
//! when all of it has come, over all connections. The rule: nothing is changed that goes through, and what is cut is
//! cut at a known place: before the server has seen it, or after it was done and before anybody was told.

use std::collections::BTreeSet;
use std::io::{self, Read, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Limit: a statement that carries a block of rows has a few megabytes.
const LARGEST: usize = 256 << 20;
/// Words of a statement that are kept to name it by.
const NAMED: usize = 160;
/// Requests of a connection that ask for encryption, by TLS and by Kerberos, and are declined here.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

/// What goes wrong at a statement, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Its connection ends before the server has seen it.
    Before(u64),
    /// The server has done it, and the connection ends before the answer is through.
    After(u64),
}

impl Cut {
    fn at(self) -> u64 {
        match self {
            Cut::Before(at) | Cut::After(at) => at,
        }
    }
}

/// A running stand-in; its connections end when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What all connections know.
struct Shared {
    upstream: SocketAddr,
    /// Connections to the server for each one of a client: one, or several that take turns by the transaction.
    pool: usize,
    state: Mutex<State>,
    changed: Condvar,
    ended: AtomicBool,
}

#[derive(Default)]
struct State {
    statements: Vec<String>,
    cut: Option<Cut>,
    reached: bool,
    victim: Victim,
    held: bool,
    refusing: bool,
    connections: u64,
    named: BTreeSet<String>,
    open: Vec<TcpStream>,
}

/// Who is killed at the cut.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Victim {
    #[default]
    Nobody,
    /// A process that is not known yet; the cut waits for it.
    Expected,
    Process(Pid),
}

impl Proxy {
    /// Starts one in front of a server.
    pub(crate) fn start(upstream: SocketAddr) -> Proxy {
        Self::with(upstream, 1)
    }

    /// Starts one that hands out another connection to the server for every transaction, as a pooler does.
    pub(crate) fn pooling(upstream: SocketAddr) -> Proxy {
        Self::with(upstream, 3)
    }

    fn with(upstream: SocketAddr, pool: usize) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream,
            pool,
            state: Mutex::default(),
            changed: Condvar::new(),
            ended: AtomicBool::new(false),
        });
        let taken = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if taken.ended.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&taken);
                std::thread::spawn(move || {
                    // A connection that breaks is what this is for.
                    let _ = serve(&shared, &client);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Proxy { address, shared }
    }

    /// The port it listens to on this host.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts once; statements are counted from here on.
    pub(crate) fn cut(&self, cut: Cut) {
        let mut state = self.shared.state();
        state.statements.clear();
        state.reached = false;
        state.cut = Some(cut);
    }

    /// Kills a process at the cut, which [`Proxy::victim`] names once it is started.
    pub(crate) fn kill_at(&self, cut: Cut) {
        self.cut(cut);
        self.shared.state().victim = Victim::Expected;
    }

    /// Names the process that is killed at the cut.
    pub(crate) fn victim(&self, id: u32) {
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw).expect("the system numbers processes so");
        self.shared.state().victim = Victim::Process(pid);
        self.shared.changed.notify_all();
    }

    /// Whether the statement to be cut at was reached.
    pub(crate) fn reached(&self) -> bool {
        self.shared.state().reached
    }

    /// Statements since the cut was set, by their first words.
    pub(crate) fn statements(&self) -> Vec<String> {
        self.shared.state().statements.clone()
    }

    /// Connections that came so far.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.state().connections
    }

    /// Names of statements that were prepared for a session; a pooler loses them.
    pub(crate) fn named(&self) -> BTreeSet<String> {
        self.shared.state().named.clone()
    }

    /// Holds everything up, in both directions, or lets it go on.
    pub(crate) fn hold(&self, held: bool) {
        self.shared.state().held = held;
        self.shared.changed.notify_all();
    }

    /// Ends every connection and takes no new ones, or takes them again.
    pub(crate) fn refuse(&self, refusing: bool) {
        let mut state = self.shared.state();
        state.refusing = refusing;
        if refusing {
            close(&mut state);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        let mut state = self.shared.state();
        state.held = false;
        state.victim = Victim::Nobody;
        close(&mut state);
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the one who listens.
        let _ = TcpStream::connect(self.address);
    }
}

fn close(state: &mut State) {
    for stream in state.open.drain(..) {
        // Some have ended by themselves.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Waits while everything is held up.
    fn pass(&self) {
        let state = self.state();
        drop(self.changed.wait_while(state, |state| state.held).unwrap());
    }

    /// Counts a statement; what is to happen at it, if anything.
    fn count(&self, words: String) -> Option<Cut> {
        let mut state = self.state();
        state.statements.push(words);
        let number = state.statements.len() as u64;
        let cut = state.cut.filter(|cut| cut.at() == number && !state.reached)?;
        state.reached = true;
        Some(cut)
    }

    /// Kills whom it was told to.
    fn kill(&self) {
        let state = self.state();
        let (state, _) = self
            .changed
            .wait_timeout_while(state, Duration::from_secs(10), |state| state.victim == Victim::Expected)
            .unwrap();
        if let Victim::Process(pid) = state.victim {
            // One that has ended meanwhile is not harmed: its parent has not waited for it yet.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// A message, with its kind.
fn message(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if !(4..=LARGEST).contains(&length) {
        return Err(io::Error::other("not a message"));
    }
    let mut message = head.to_vec();
    message.resize(length + 1, 0);
    stream.read_exact(&mut message[5..])?;
    Ok((head[0], message))
}

/// The first message of a connection, which has no kind.
fn opening(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    loop {
        let mut head = [0; 8];
        client.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let code = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        if ENCRYPTION.contains(&code) {
            client.write_all(b"N")?;
            continue;
        }
        if !(8..=LARGEST).contains(&length) {
            return Err(io::Error::other("not an opening"));
        }
        let mut message = head.to_vec();
        message.resize(length, 0);
        client.read_exact(&mut message[8..])?;
        return Ok(message);
    }
}

/// One connection of a client with those that it has to the server.
struct Line<'a> {
    shared: &'a Shared,
    client: &'a TcpStream,
    servers: Vec<TcpStream>,
    turn: Mutex<Turn>,
    answered: Condvar,
}

/// Where a connection stands.
#[derive(Default)]
struct Turn {
    /// The connection to the server that the transaction is in.
    current: usize,
    /// Whether a transaction is open.
    inside: bool,
    /// Statements that went to the server, and answers that came from it.
    sent: u64,
    answers: u64,
    /// The answer that does not get through.
    last: Option<u64>,
}

fn serve(shared: &Shared, client: &TcpStream) -> io::Result<()> {
    {
        let mut state = shared.state();
        state.connections += 1;
        if state.refusing {
            return Ok(());
        }
        state.open.push(client.try_clone()?);
    }
    client.set_nodelay(true)?;
    let first = opening(&mut client.try_clone()?)?;
    shared.pass();
    let mut servers = Vec::new();
    for _ in 0..shared.pool {
        let mut server = TcpStream::connect(shared.upstream)?;
        server.set_nodelay(true)?;
        server.write_all(&first)?;
        shared.state().open.push(server.try_clone()?);
        servers.push(server);
    }
    let line = Line { shared, client, servers, turn: Mutex::default(), answered: Condvar::new() };
    std::thread::scope(|scope| {
        for index in 0..line.servers.len() {
            let line = &line;
            scope.spawn(move || {
                let _ = line.answers(index);
                line.end();
            });
        }
        let _ = line.statements();
        line.end();
    });
    Ok(())
}

impl Line<'_> {
    fn end(&self) {
        for stream in self.servers.iter().chain([self.client]) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Whoever waits for an answer is not to wait for ever.
        self.turn.lock().unwrap().answers = u64::MAX;
        self.answered.notify_all();
    }

    /// Takes statements from the client to the server.
    fn statements(&self) -> io::Result<()> {
        let mut client = self.client.try_clone()?;
        let (mut batch, mut words) = (Vec::new(), String::new());
        loop {
            let (kind, bytes) = message(&mut client)?;
            match kind {
                b'P' => {
                    let mut parts = bytes[5..].split(|byte| *byte == 0);
                    let name = parts.next().map(lossy).unwrap_or_default();
                    words = parts.next().map(lossy).unwrap_or_default();
                    if !name.is_empty() {
                        self.shared.state().named.insert(name);
                    }
                }
                b'Q' => words = lossy(&bytes[5..bytes.len() - 1]),
                _ => {}
            }
            batch.extend(bytes);
            match kind {
                b'S' | b'Q' => self.statement(&std::mem::take(&mut batch), &std::mem::take(&mut words))?,
                // An end, a password, data of a copy, and what asks for an answer in the middle.
                b'X' | b'p' | b'd' | b'c' | b'f' | b'H' => {
                    self.shared.pass();
                    let current = self.turn.lock().unwrap().current;
                    (&self.servers[current]).write_all(&std::mem::take(&mut batch))?;
                }
                _ => {}
            }
        }
    }

    fn statement(&self, batch: &[u8], words: &str) -> io::Result<()> {
        self.shared.pass();
        let cut =
            self.shared.count(words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(NAMED).collect());
        if let Some(Cut::Before(_)) = cut {
            self.shared.kill();
            return Err(io::Error::other("cut"));
        }
        let current = {
            let turn = self.turn.lock().unwrap();
            // Where connections take turns, what was said before must be answered first.
            let waits = |turn: &mut Turn| self.servers.len() > 1 && turn.answers < turn.sent + 1;
            let mut turn = self.answered.wait_while(turn, waits).unwrap();
            if !turn.inside && turn.sent > 0 {
                turn.current = (turn.current + 1) % self.servers.len();
            }
            turn.sent += 1;
            if cut.is_some() {
                turn.last = Some(turn.sent);
            }
            turn.current
        };
        (&self.servers[current]).write_all(batch)
    }

    /// Takes answers from the server to the client.
    fn answers(&self, index: usize) -> io::Result<()> {
        let mut server = io::BufReader::new(self.servers[index].try_clone()?);
        let mut client = self.client;
        let mut begun = false;
        loop {
            let (kind, bytes) = message(&mut server)?;
            self.shared.pass();
            // The client sees one of the connections being opened.
            let heard = begun || index == 0;
            // The first answer is to the opening, so that the number of those before this one is its statement's.
            let cut = heard && {
                let turn = self.turn.lock().unwrap();
                turn.last.is_some_and(|last| turn.answers >= last)
            };
            if heard && !cut {
                client.write_all(&bytes)?;
            }
            if kind != b'Z' {
                continue;
            }
            if cut {
                self.shared.kill();
                return Ok(());
            }
            if heard {
                let mut turn = self.turn.lock().unwrap();
                turn.answers = turn.answers.saturating_add(1);
                turn.inside = bytes.last().is_some_and(|state| *state != b'I');
                drop(turn);
                self.answered.notify_all();
            }
            begun = true;
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use postgres::{Client, NoTls};

    use super::{Cut, Proxy};
    use crate::shared::database::Database;

    fn client(proxy: &Proxy) -> Client {
        let words = format!("host=127.0.0.1 port={} user=arload dbname=arload", proxy.port());
        Client::connect(&words, NoTls).unwrap()
    }

    #[test]
    fn the_stand_in_cuts_before_and_after_the_statement_that_it_is_told() {
        let Some(database) = Database::shared() else { return };
        let mut direct = database.connect("arload");
        direct.batch_execute("CREATE TABLE done (number INT)").unwrap();
        let proxy = Proxy::start(database.address());
        for (cut, expected) in [(Cut::Before(2), vec![1]), (Cut::After(2), vec![1, 2]), (Cut::After(9), vec![1, 2, 3])]
        {
            direct.batch_execute("TRUNCATE done").unwrap();
            let mut client = client(&proxy);
            proxy.cut(cut);
            let mut ask = |number: i32| {
                client.execute_typed("INSERT INTO done VALUES ($1)", &[(&number, postgres::types::Type::INT4)])
            };
            let answers: Vec<bool> = [1, 2, 3].into_iter().map(|number| ask(number).is_ok()).collect();
            let done: Vec<i32> = direct
                .query("SELECT number FROM done ORDER BY number", &[])
                .unwrap()
                .iter()
                .map(|row| row.get(0))
                .collect();
            assert_eq!(done, expected, "{cut:?}");
            assert_eq!(answers, [true, !proxy.reached(), !proxy.reached()], "{cut:?}");
            assert!(proxy.statements()[1].starts_with("INSERT INTO done"), "{:?}", proxy.statements());
        }
    }

    #[test]
    fn the_stand_in_of_a_pooler_hands_out_another_connection_for_every_transaction() {
        let Some(database) = Database::shared() else { return };
        let proxy = Proxy::pooling(database.address());
        let mut client = client(&proxy);
        let pid = "SELECT pg_backend_pid()";
        let mut alone = || client.query_typed_one(pid, &[]).unwrap().get::<_, i32>(0);
        assert_ne!(alone(), alone());
        let mut transaction = client.transaction().unwrap();
        let mut within = || transaction.query_typed_one(pid, &[]).unwrap().get::<_, i32>(0);
        assert_eq!(within(), within());
        drop(transaction);
        assert!(client.query("SELECT 1", &[]).is_err(), "a prepared statement is of one connection");
        assert_eq!(proxy.named().len(), 1);
    }
}
