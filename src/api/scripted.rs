//! A scripted HTTP server for tests: answers, stays silent or hangs up, as each test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with one request.
pub(super) enum Act {
    /// Writes these bytes and closes.
    Write(String),
    /// Waits, then writes.
    WriteAfter(Duration, String),
    /// Writes the head, then the body a byte at a time with a pause between.
    Drip(Duration, String, String),
    /// Closes without a word.
    HangUp,
}

/// A request as it came: the head, then the body.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: String,
}

pub(super) struct Scripted {
    pub(super) base_url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Scripted {
    /// Serves until the process ends; the script sees the number of the request, from 0.
    pub(super) fn start(script: impl Fn(usize, &Request) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                std::thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    act(stream, script(number, &request));
                });
            }
        });
        Self { base_url, requests }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// A whole answer with its length.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> Act {
    let length = body.len();
    Act::Write(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"))
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { head, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Errors do not matter: a client may have gone away, which is what some tests are about.
fn act(mut stream: TcpStream, act: Act) {
    match act {
        Act::Write(bytes) => drop(stream.write_all(bytes.as_bytes())),
        Act::WriteAfter(time, bytes) => {
            std::thread::sleep(time);
            drop(stream.write_all(bytes.as_bytes()));
        }
        Act::Drip(time, head, body) => {
            drop(stream.write_all(head.as_bytes()));
            for byte in body.as_bytes() {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                std::thread::sleep(time);
            }
        }
        Act::HangUp => {}
    }
    drop(stream.shutdown(Shutdown::Both));
}
