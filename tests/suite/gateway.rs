//! A server that writes whatever bytes a test wishes, for answers that no decent server gives.
//!
//! It hands out one token and leaves every other request to the test. The rule: one request, one connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::world::World;

/// A running gateway; its thread ends with the test's process or when this is dropped.
pub(crate) struct Gateway {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Gateway {
    /// Answers requests by their path; what the client does not wait for may fail to be written.
    pub(crate) fn start(
        answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, stopped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, asked, answer) = (Arc::clone(&requests), Arc::clone(&stopped), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if asked.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, answer, counted) = (stream.unwrap(), Arc::clone(&answer), Arc::clone(&counted));
                std::thread::spawn(move || serve(stream, &*answer, &counted));
            }
        });
        Gateway { address, requests, stopped }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests so far that were not log-ins.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// The program, set up to talk to the gateway.
    pub(crate) fn client(&self, world: &World, arguments: &[&str]) -> Command {
        let mut command = world.arload(arguments);
        command
            .env("ARLOAD_BASE_URL", format!("http://{}", self.address))
            .env("ARLOAD_COMPANY_ID", "CEK0GATE01")
            .env("ARLOAD_CLIENT_ID", "gateway-client")
            .env("ARLOAD_CLIENT_SECRET", "gateway-secret-5b1f")
            .env("ARLOAD_USERNAME", "gateway@sandbox.example")
            .env("ARLOAD_PASSWORD", "gateway-password-77c0")
            .env("ARLOAD_RATE", "1000/s")
            .env("ARLOAD_CANARY", "0")
            .env("ARLOAD_FIRST_USE", "true")
            .env("ARLOAD_SETTLE", "0s");
        command
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync),
    requests: &AtomicU64,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length) = (String::new(), 0);
    if reader.read_line(&mut first).is_err() {
        return;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    let Some(path) = first.split(' ').nth(1).filter(|_| reader.read_exact(&mut body).is_ok()) else { return };
    if path == "/oauth/token" {
        let token = r#"{"accessToken":"gateway-token","expiresIn":3600}"#;
        let _ = whole(&mut stream, "200 OK", "", token);
        return;
    }
    requests.fetch_add(1, Ordering::SeqCst);
    // A client that has had enough hangs up.
    let _ = answer(path, &mut stream);
}

/// Writes a whole answer; further headers end in a line break each.
pub(crate) fn whole(stream: &mut TcpStream, status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = "Connection: close\r\nContent-Type: application/json\r\n";
    write!(stream, "HTTP/1.1 {status}\r\n{head}{headers}Content-Length: {length}\r\n\r\n{body}")
}
