//! Log-ins and tokens against a scripted server.

use super::super::Api;
use super::super::client::{HttpApi, HttpSettings};
use super::super::scripted::{Act, Scripted, answer};
use super::*;
use crate::clock::TestClock;

fn api(base_url: &str, clock: Arc<TestClock>, guard: Option<LoginGuard>) -> HttpApi {
    let settings = HttpSettings {
        base_url: base_url.to_owned(),
        credentials: Credentials {
            client_id: "cid".into(),
            client_secret: "client-secret-1".into(),
            username: "a@example.com".into(),
            password: "pass word-1".into(),
        },
        timeout: Duration::from_secs(5),
        concurrency: 4,
        max_reply_bytes: 4096,
        token_lifetime: Duration::from_secs(100),
        guard,
        routes: crate::operation::routes::Routes::default(),
        uploads: crate::upload::Uploads::default(),
    };
    HttpApi::new(settings, clock).unwrap()
}

fn numbered(number: usize) -> Act {
    answer(200, "", &format!("{{\"access_token\":\"t{number}\",\"expires_in\":400}}"))
}

#[test]
fn eight_threads_log_in_once() {
    let server = Scripted::start(|number, _| {
        let Act::Write(bytes) = numbered(number) else { unreachable!() };
        Act::WriteAfter(Duration::from_millis(50), bytes)
    });
    let api = api(&server.base_url, Arc::default(), None);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(api.token().unwrap().secret.expose_secret(), "t0"));
        }
    });
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_request_is_the_documented_one() {
    let server = Scripted::start(|number, _| numbered(number));
    api(&server.base_url, Arc::default(), None).token().unwrap();
    let request = server.requests().remove(0);
    let head = request.head.to_ascii_lowercase();
    assert!(head.starts_with("post /oauth/token http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"), "{head}");
    assert!(head.contains(&format!("user-agent: arload/{}\r\n", env!("CARGO_PKG_VERSION"))), "{head}");
    assert!(request.head.contains("Basic Y2lkOmNsaWVudC1zZWNyZXQtMQ=="), "{head}");
    assert_eq!(request.body, "username=a%40example.com&password=pass+word-1&grant_type=password&clientId=cid");
}

#[test]
fn both_spellings_and_lifetimes_are_read() {
    // When the token is renewed: a quarter of its life, at most 30 s, ahead of expiry; 100 s where none is named.
    for (body, renewed_after) in [
        (r#"{"access_token":"t","token_type":"bearer","expires_in":400,"scope":"x"}"#, 370),
        (r#"{"accessToken":"t","tokenType":"Bearer","expiresIn":"40","refreshToken":"r"}"#, 30),
        (r#"{"accessToken":"t","expiresIn":86399}"#, 86_369),
        (r#"{"access_token":"t","expires_in":4}"#, 3),
        (r#"{"access_token":"t"}"#, 75),
        (r#"{"access_token":"t","expires_in":null}"#, 75),
        (r#"{"access_token":"t","expires_in":0}"#, 75),
        (r#"{"access_token":"t","expires_in":"soon"}"#, 75),
    ] {
        let server = Scripted::start(move |_, _| answer(200, "", body));
        let clock = Arc::new(TestClock::default());
        let api = api(&server.base_url, Arc::clone(&clock), None);
        assert_eq!(api.token().unwrap().secret.expose_secret(), "t");
        clock.advance(Duration::from_millis(renewed_after * 1000 - 1));
        api.token().unwrap();
        assert_eq!(server.requests().len(), 1, "{body}");
        clock.advance(Duration::from_millis(1));
        api.token().unwrap();
        assert_eq!(server.requests().len(), 2, "{body}");
    }
}

#[test]
fn a_refused_log_in_is_never_tried_again() {
    let refusals = [
        (400, r#"{"error":"invalid_grant","error_description":"bad pass word-1"}"#),
        (401, "<html>no</html>"),
        (403, ""),
        (422, "{}"),
        (423, "locked"),
        (200, r#"{"response_code":401,"response_message":"FAILURE"}"#),
        (200, r#"{"error":"invalid_grant"}"#),
        (200, r#"{"errorResponse":{"errorType":"UNAUTHORIZED"}}"#),
    ];
    for (status, body) in refusals {
        let folder = tempfile::tempdir().unwrap();
        let guard = LoginGuard::new(folder.path());
        let server = Scripted::start(move |_, _| answer(status, "", body));
        let first = api(&server.base_url, Arc::default(), Some(guard.clone()));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert!(matches!(first.token(), Err(TokenError::Refused(_))), "{status} {body}"));
            }
        });
        let error = first.token().unwrap_err().to_string();
        assert!(!error.contains("pass word-1"), "{error}");
        // The next start does not try either.
        let second = api(&server.base_url, Arc::default(), Some(guard.clone()));
        assert!(matches!(second.token(), Err(TokenError::RefusedEarlier(_))), "{status} {body}");
        assert_eq!(server.requests().len(), 1, "{status} {body}");
        // A person asks for another try.
        let host = crate::api::client::login_host(&server.base_url).unwrap();
        guard.forget(&host, "a@example.com").unwrap();
        assert!(matches!(api(&server.base_url, Arc::default(), Some(guard)).token(), Err(TokenError::Refused(_))));
    }
}

#[test]
fn a_quoted_secret_is_struck_out_even_at_the_cut() {
    let body = format!("{}pass word-1", "x".repeat(490));
    let server = Scripted::start(move |_, _| answer(401, "", &body));
    let error = api(&server.base_url, Arc::default(), None).token().unwrap_err().to_string();
    assert!(!error.contains("pass") && error.contains("xxx"), "{error}");
}

#[test]
fn what_is_no_refusal_can_be_tried_again() {
    for (status, headers, body, wait) in [
        (429, "retry-after: 7\r\n", "", Some(7)),
        (500, "", "", None),
        (503, "retry-after: 2\r\n", "", Some(2)),
        (404, "", "<html>", None),
        (302, "location: https://example.com/\r\n", "", None),
        (200, "", "<html>", None),
        (200, "", "{}", None),
        (200, "", r#"{"response_code":500}"#, None),
        (200, "", r#"{"access_token":"a b"}"#, None),
    ] {
        let server = Scripted::start(move |number, _| match number {
            0 => answer(status, headers, body),
            _ => numbered(number),
        });
        let api = api(&server.base_url, Arc::default(), None);
        match api.token() {
            Err(TokenError::Unavailable { retry_after, .. }) => {
                assert_eq!(retry_after, wait.map(Duration::from_secs), "{status}");
            }
            other => panic!("{status} {body}: {other:?}"),
        }
        assert_eq!(api.token().unwrap().secret.expose_secret(), "t1", "{status} {body}");
    }
}

#[test]
fn a_401_discards_only_the_token_it_speaks_of() {
    let server = Scripted::start(|number, _| numbered(number));
    let api = api(&server.base_url, Arc::default(), None);
    let first = api.token().unwrap();
    api.discard(&first);
    let second = api.token().unwrap();
    api.discard(&first);
    assert_eq!(api.token().unwrap().generation, second.generation);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_live_token_outlasts_a_failed_renewal() {
    let server = Scripted::start(|number, _| if number == 1 { Act::HangUp } else { numbered(number) });
    let clock = Arc::new(TestClock::default());
    let api = api(&server.base_url, Arc::clone(&clock), None);
    api.token().unwrap();
    clock.advance(Duration::from_secs(380));
    assert_eq!(api.token().unwrap().secret.expose_secret(), "t0");
    assert_eq!(api.token().unwrap().secret.expose_secret(), "t0");
    assert_eq!(server.requests().len(), 2);
    clock.advance(RENEW_AGAIN);
    assert_eq!(api.token().unwrap().secret.expose_secret(), "t2");
}

#[test]
fn a_good_log_in_lifts_what_was_remembered_of_older_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let guard = LoginGuard::new(folder.path());
    let server = Scripted::start(|number, _| numbered(number));
    let host = crate::api::client::login_host(&server.base_url).unwrap();
    let older = Credentials {
        client_id: "cid".into(),
        client_secret: "older".into(),
        username: "a@example.com".into(),
        password: "older".into(),
    };
    guard.remember(&host, &older, jiff::Timestamp::UNIX_EPOCH, "no").unwrap();
    api(&server.base_url, Arc::default(), Some(guard.clone())).token().unwrap();
    assert_eq!(guard.refused_before(&host, &older).unwrap(), None);
}

#[test]
fn nothing_shows_a_secret() {
    let server = Scripted::start(|_, _| answer(200, "", r#"{"access_token":"token-1"}"#));
    let api = api(&server.base_url, Arc::default(), None);
    let token = api.token().unwrap();
    let shown = format!("{api:?} {token:?}");
    for secret in ["client-secret-1", "pass word-1", "token-1"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
