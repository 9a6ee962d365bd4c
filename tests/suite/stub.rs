//! A server that answers as a test wishes, for what the sandbox has no switch for.
//!
//! It hands out one token and asks the test about every upload, before anything is answered. The rule: one request,
//! one answer, one connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crate::world::World;

/// The token that the stub hands out.
pub(crate) const TOKEN: &str = "stub-token-6f1d2c9ab8";
/// What the log-in must carry; the stub takes any.
pub(crate) const PASSWORD: &str = "stub-password-41c7e0d5";
pub(crate) const CLIENT_SECRET: &str = "stub-client-secret-93ab51";

/// An upload as it came.
pub(crate) struct Upload {
    /// Name of the uploaded file, which names run and chunk.
    pub(crate) file_name: String,
    /// Its bytes.
    pub(crate) file: Vec<u8>,
}

/// What to answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A running stub; it stops when this is dropped.
pub(crate) struct Stub {
    address: SocketAddr,
    uploads: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    pub(crate) fn start(answer: impl Fn(&Upload) -> Answer + Send + Sync + 'static) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (uploads, stopped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, asked) = (Arc::clone(&uploads), Arc::clone(&stopped));
        let answer = Arc::new(answer);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if asked.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, answer, counted) = (stream.unwrap(), Arc::clone(&answer), Arc::clone(&counted));
                std::thread::spawn(move || serve(stream, &*answer, &counted));
            }
        });
        Stub { address, uploads, stopped, thread: Some(thread) }
    }

    /// Uploads so far.
    pub(crate) fn uploads(&self) -> u64 {
        self.uploads.load(Ordering::SeqCst)
    }

    /// The program, set up to talk to the stub.
    pub(crate) fn client(&self, world: &World, arguments: &[&str]) -> Command {
        let mut command = world.arload(arguments);
        command
            .env("ARLOAD_BASE_URL", format!("http://{}", self.address))
            .env("ARLOAD_COMPANY_ID", "CEK0STUB01")
            .env("ARLOAD_CLIENT_ID", "stub-client")
            .env("ARLOAD_CLIENT_SECRET", CLIENT_SECRET)
            .env("ARLOAD_USERNAME", "stub@sandbox.example")
            .env("ARLOAD_PASSWORD", PASSWORD)
            .env("ARLOAD_RATE", "1000/s")
            .env("ARLOAD_CANARY", "0");
        command
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(mut stream: TcpStream, answer: &(dyn Fn(&Upload) -> Answer + Send + Sync), uploads: &AtomicU64) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() || first.is_empty() {
        return;
    }
    let reply = if first.contains("/oauth/token") {
        Answer { status: 200, body: format!(r#"{{"accessToken":"{TOKEN}","expiresIn":3600}}"#) }
    } else if first.contains("/search ") || first.contains("/search?") {
        // It keeps no records that could be looked up.
        Answer { status: 404, body: r#"{"response_code":404,"response_message":"no search"}"#.to_owned() }
    } else {
        uploads.fetch_add(1, Ordering::SeqCst);
        answer(&upload(&body))
    };
    // A client that was killed does not read its answer.
    let _ = write!(
        stream,
        "HTTP/1.1 {} Stub\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        reply.status,
        reply.body.len(),
        reply.body
    );
}

/// The only part of a multipart body.
fn upload(body: &[u8]) -> Upload {
    let find = |from: usize, wanted: &[u8]| {
        from + body[from..].windows(wanted.len()).position(|bytes| bytes == wanted).expect("a well-formed form")
    };
    let start = find(0, b"\r\n\r\n");
    let head = String::from_utf8_lossy(&body[..start]).into_owned();
    let boundary = head.lines().next().unwrap().to_owned();
    let end = find(start + 4, format!("\r\n{boundary}").as_bytes());
    let file_name = head.split("filename=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    Upload { file_name, file: body[start + 4..end].to_vec() }
}
