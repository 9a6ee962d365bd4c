//! A relay between the program and the sandbox that writes down what both say.
//!
//! It changes nothing, and hands one request on at a time. The rule: what is written down is what went over the wire.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A request and its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Headers of the request by their name in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) status: u16,
    /// Media type of the answer, without its parameters.
    pub(crate) reply_type: String,
    pub(crate) reply: Vec<u8>,
}

impl Exchange {
    /// A header of the request; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Sends the request to a server and writes its answer down.
    pub(crate) fn send(&mut self, server: SocketAddr) {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let mut head = format!("{} {}{query} HTTP/1.1\r\n", self.method, self.path);
        let own = ["host", "connection", "content-length"];
        for (name, value) in self.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "host: {server}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", self.body.len()).unwrap();
        let mut stream = TcpStream::connect(server).unwrap();
        stream.write_all(&[head.as_bytes(), &self.body].concat()).unwrap();
        let mut reader = BufReader::new(stream);
        let first = line(&mut reader);
        self.status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let headers = headers(&mut reader);
        let kind = headers.get("content-type").cloned().unwrap_or_default();
        kind.split(';').next().unwrap_or_default().clone_into(&mut self.reply_type);
        self.reply = vec![0; headers["content-length"].parse().unwrap()];
        reader.read_exact(&mut self.reply).unwrap();
    }
}

/// A running relay; it stops when this is dropped.
pub(crate) struct Recorder {
    address: SocketAddr,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    pub(crate) fn start(server: SocketAddr) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (exchanges, stopped) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, asked) = (Arc::clone(&exchanges), Arc::clone(&stopped));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if asked.load(Ordering::SeqCst) {
                    return;
                }
                if let Some(exchange) = relay(stream.unwrap(), server) {
                    kept.lock().unwrap().push(exchange);
                }
            }
        });
        Recorder { address, exchanges, stopped, thread: Some(thread) }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What went over the wire so far.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap().clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}

/// One request and its answer; none where the client hung up without a word.
fn relay(mut stream: TcpStream, server: SocketAddr) -> Option<Exchange> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let first = line(&mut reader);
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers = headers(&mut reader);
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut exchange = Exchange { method, path, query, headers, body, ..Exchange::default() };
    exchange.send(server);
    let head = format!(
        "HTTP/1.1 {} Relayed\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        exchange.status,
        exchange.reply_type,
        exchange.reply.len()
    );
    // A client that has gone does not read its answer.
    let _ = stream.write_all(&[head.as_bytes(), &exchange.reply].concat());
    Some(exchange)
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap_or_default();
    line.trim_end().to_owned()
}

fn headers(reader: &mut impl BufRead) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    loop {
        let line = line(reader);
        let Some((name, value)) = line.split_once(':') else { return headers };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
}
