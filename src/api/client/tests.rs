//! The client against a scripted server: what leaves, and what each way of answering is reported as.

use std::net::TcpListener;
use std::time::Instant;

use super::super::scripted::{Act, Scripted, answer};
use super::super::{RateLeft, Response};
use super::*;
use crate::clock::TestClock;
use crate::operation::Operation;

/// Long enough for a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// For tests in which it must run out.
const SHORT: Duration = Duration::from_millis(300);

fn settings(base_url: &str, timeout: Duration) -> HttpSettings {
    HttpSettings {
        base_url: base_url.to_owned(),
        credentials: Credentials {
            client_id: "cid".into(),
            client_secret: "cs".into(),
            username: "u".into(),
            password: "p".into(),
        },
        timeout,
        concurrency: 2,
        max_reply_bytes: 1000,
        token_lifetime: Duration::from_mins(1),
        guard: None,
        routes: crate::operation::routes::Routes::default(),
        uploads: crate::upload::Uploads::default(),
    }
}

fn upload_to(base_url: &str, timeout: Duration) -> Exchange {
    let api = HttpApi::new(settings(base_url, timeout), Arc::new(TestClock::default())).unwrap();
    let token = Token { secret: "token-1".to_owned().into(), generation: 1 };
    let upload = Call {
        operation: Operation::by_name("invoices create").unwrap(),
        account_id: "CEK0000001",
        file_name: "chunk-1.csv",
        payload: b"invoiceNumber\r\nA-1\r\n",
    };
    api.call(&token, &upload)
}

fn upload(act: impl Fn() -> Act + Send + Sync + 'static) -> (Exchange, usize) {
    let server = Scripted::start(move |_, _| act());
    let exchange = upload_to(&server.base_url, TIMEOUT);
    (exchange, server.requests().len())
}

fn answered(exchange: Exchange) -> Response {
    match exchange {
        Exchange::Answered(response) => response,
        other => panic!("an answer was expected: {other:?}"),
    }
}

#[test]
fn a_file_travels_as_one_part_named_file() {
    let server = Scripted::start(|_, _| answer(200, "", "{}"));
    // A path in the base URL stays in front of the route.
    answered(upload_to(&format!("{}/gate/", server.base_url), TIMEOUT));
    let request = server.requests().remove(0);
    let first = request.head.lines().next().unwrap();
    assert_eq!(first, "POST /gate/api/v0/invoice/bulk/create?sellerId=CEK0000001 HTTP/1.1");
    assert!(request.head.contains("authorization: Bearer token-1\r\n"), "{}", request.head);
    assert!(request.head.contains("content-type: multipart/form-data; boundary="), "{}", request.head);
    let head =
        "Content-Disposition: form-data; name=\"file\"; filename=\"chunk-1.csv\"\r\nContent-Type: text/csv\r\n\r\n";
    assert!(request.body.contains(&format!("{head}invoiceNumber\r\nA-1\r\n\r\n--")), "{}", request.body);
    assert_eq!(request.body.matches("form-data; name=").count(), 1);
}

#[test]
fn what_the_headers_say_is_kept() {
    let headers = "date: Sun, 22 Nov 2026 06:30:00 GMT\r\nretry-after: Sun, 22 Nov 2026 06:30:45 GMT\r\n\
                   x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 9\r\nx-request-id: r-7\r\n";
    let (exchange, _) = upload(move || answer(429, headers, "slow down"));
    let response = answered(exchange);
    assert_eq!((response.status, response.complete), (429, true));
    assert_eq!(response.retry_after, Some(Duration::from_secs(45)));
    assert_eq!(response.rate_left, Some(RateLeft { remaining: 0, reset: Some(Duration::from_secs(9)) }));
    assert_eq!(response.request_id.as_deref(), Some("r-7"));
    assert_eq!(response.server_time, Some(1_795_329_000));

    let (exchange, _) = upload(|| answer(422, "", r#"{"errorResponse":{"requestId":"e-1"}}"#));
    assert_eq!(answered(exchange).request_id.as_deref(), Some("e-1"));
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let (exchange, requests) = upload(move || answer(status, "location: /elsewhere\r\n", ""));
        assert_eq!((answered(exchange).status, requests), (status, 1));
    }
}

#[test]
fn a_lost_reply_is_no_reply_and_is_not_repeated() {
    for act in [|| Act::HangUp, || Act::Write("HTTP/1.1 200 O".into()), || Act::Write("nonsense\r\n\r\n".into())] {
        let (exchange, requests) = upload(act);
        assert!(matches!(exchange, Exchange::NoReply(_)), "{exchange:?}");
        assert_eq!(requests, 1);
    }
}

#[test]
fn a_reply_that_comes_too_late_is_no_reply() {
    let late = || Act::WriteAfter(SHORT * 4, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into());
    let server = Scripted::start(move |_, _| late());
    assert_eq!(upload_to(&server.base_url, SHORT), Exchange::NoReply("no reply within 0.3 s".into()));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_server_that_is_not_there_got_nothing() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let exchange = upload_to(&format!("http://127.0.0.1:{port}"), TIMEOUT);
    assert!(matches!(exchange, Exchange::NotSent(_)), "{exchange:?}");
}

#[test]
fn a_server_that_fails_the_handshake_got_nothing() {
    // It speaks no TLS, and may wait for more of what it takes for a request until the time to connect is up.
    let base_url = Scripted::start(|_, _| Act::HangUp).base_url.replace("http:", "https:");
    let exchange = upload_to(&base_url, SHORT);
    assert!(matches!(exchange, Exchange::NotSent(_)), "{exchange:?}");
}

#[test]
fn a_body_that_is_cut_or_too_large_is_not_complete() {
    let long = "x".repeat(5000);
    let cases: [(String, usize, bool); 5] = [
        ("content-length: 10\r\n\r\n1234567890".into(), 10, true),
        ("content-length: 10\r\n\r\n1234".into(), 4, false),
        (format!("content-length: 1000\r\n\r\n{}", &long[..1000]), 1000, true),
        (format!("content-length: 5000\r\n\r\n{long}"), 1000, false),
        ("transfer-encoding: chunked\r\n\r\n4\r\n1234\r\n8\r\n12".into(), 6, false),
    ];
    for (rest, bytes, complete) in cases {
        let text = format!("HTTP/1.1 200 OK\r\n{rest}");
        let (exchange, _) = upload(move || Act::Write(text.clone()));
        let response = answered(exchange);
        assert_eq!((response.status, response.body.len(), response.complete), (200, bytes, complete), "{rest}");
    }
}

#[test]
fn a_body_that_trickles_ends_with_the_timeout() {
    let started = Instant::now();
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n";
    let server = Scripted::start(move |_, _| Act::Drip(SHORT / 30, head.into(), "x".repeat(900)));
    let response = answered(upload_to(&server.base_url, SHORT));
    assert!(!response.complete);
    assert!(started.elapsed() < SHORT * 15, "{:?}", started.elapsed());
}

#[test]
fn base_urls_that_would_show_secrets_are_refused() {
    for (base_url, fine) in [
        ("https://api.example.com", true),
        ("https://api.example.com/gate", true),
        ("http://127.0.0.1:8087", true),
        ("http://localhost:8087", true),
        ("http://api.example.com", false),
        ("ftp://api.example.com", false),
        ("api.example.com", false),
        ("https://user:secret@api.example.com", false),
        ("https://api.example.com?x=1", false),
        ("", false),
    ] {
        let result = parse_base_url(base_url);
        assert_eq!(result.is_ok(), fine, "{base_url}");
        assert!(result.map_err(|error| error.to_string()).err().is_none_or(|words| !words.contains("secret@")));
    }
}
