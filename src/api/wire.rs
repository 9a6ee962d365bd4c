//! One request out, one answer in: the HTTP client, its limits, and the headers that matter.
//!
//! Owns timeouts, proxies, TLS and the reading of bodies up to a limit. Leaves what is asked and what an answer
//! means to its callers. The one rule: a request is sent once, nothing is followed or repeated, and only a failure
//! to connect is reported as [`Exchange::NotSent`].

use std::error::Error;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Url, redirect, retry};

use super::{Exchange, RateLeft, Response, envelope};
use crate::clock::Clock;
use crate::operation::Method;

/// Limit: a host that does not shake hands in this time will not take an upload either.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Limit: below the shortest idle timeout of common servers (5 s), because a request written to a connection that
/// is just being closed has an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Limit: what is read of a body at a time.
const READ_BYTES: usize = 16 * 1024;

/// A value of `X-RateLimit-Reset` from here on is a point in time, not a number of seconds to wait.
const EPOCH_SECONDS_FROM: f64 = 1e9;

/// The HTTP client and the limits of every exchange.
pub(super) struct Wire {
    client: Client,
    timeout: Duration,
    max_reply_bytes: usize,
    clock: Arc<dyn Clock>,
}

impl Wire {
    /// A client for one server; connections are kept for as many senders as there are.
    pub(super) fn new(
        base_url: &Url,
        timeout: Duration,
        concurrency: usize,
        max_reply_bytes: usize,
        clock: Arc<dyn Clock>,
    ) -> reqwest::Result<Self> {
        // Another part of the process may have installed a provider first; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("arload/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .timeout(timeout)
            // A connection that hangs must end before the whole time is up, or it looks like a missing reply.
            .connect_timeout(CONNECT_TIMEOUT.min(timeout / 2))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(concurrency.max(1))
            .referer(false);
        if is_loopback(base_url) {
            builder = builder.no_proxy();
        }
        if base_url.scheme() == "http" {
            // Plain HTTP needs no roots, and a host without any must still be able to use the sandbox.
            builder = builder.tls_certs_only(std::iter::empty::<reqwest::Certificate>());
        }
        Ok(Self { client: builder.build()?, timeout, max_reply_bytes, clock })
    }

    /// A POST to fill in and hand to [`Wire::send`].
    pub(super) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url).timeout(self.timeout)
    }

    /// A request to fill in and hand to [`Wire::send`].
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        self.client.request(method, url).timeout(self.timeout)
    }

    /// Sends a request, once, and reads what comes back.
    pub(super) fn send(&self, request: RequestBuilder) -> Exchange {
        let mut answer = match request.send() {
            Ok(answer) => answer,
            Err(error) => return failed(error, self.timeout),
        };
        let server_time = http_date(answer.headers().get(DATE).and_then(|value| value.to_str().ok()));
        let now = server_time.map_or_else(|| self.clock.now().as_second(), seconds_since_1970);
        let mut response = Response {
            status: answer.status().as_u16(),
            retry_after: retry_after(text(answer.headers(), RETRY_AFTER.as_str()), now),
            rate_left: rate_left(answer.headers(), now),
            request_id: text(answer.headers(), "x-request-id").map(envelope::plain_words),
            server_time: server_time.map(seconds_since_1970),
            ..Response::default()
        };
        response.complete = read_body(&mut answer, self.max_reply_bytes, &mut response.body);
        if response.request_id.is_none() && response.complete {
            response.request_id = envelope::request_id(&response.body);
        }
        Exchange::Answered(response)
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Wire").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Whether a URL points to this host itself.
pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn failed(error: reqwest::Error, timeout: Duration) -> Exchange {
    let before_the_body = error.is_connect() || error.is_builder();
    let out_of_time = error.is_timeout();
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    let words = envelope::plain_words(&words);
    if before_the_body {
        Exchange::NotSent(words)
    } else if out_of_time {
        Exchange::NoReply(format!("no reply within {} s", timeout.as_secs_f64()))
    } else {
        Exchange::NoReply(words)
    }
}

/// Reads up to the limit; true if the body ended by itself before it.
fn read_body(answer: &mut impl Read, limit: usize, body: &mut Vec<u8>) -> bool {
    let mut buffer = [0; READ_BYTES];
    loop {
        match answer.read(&mut buffer) {
            Ok(0) => return true,
            Ok(count) => {
                let room = limit - body.len();
                body.extend_from_slice(&buffer[..count.min(room)]);
                if count > room {
                    return false;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|value| !value.is_empty())
}

fn http_date(value: Option<&str>) -> Option<SystemTime> {
    httpdate::parse_http_date(value?.trim()).ok()
}

fn seconds_since_1970(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(_) => 0,
    }
}

/// `Retry-After` as time from now: seconds or a date; the past is no wait, nonsense is no header.
fn retry_after(value: Option<&str>, now: i64) -> Option<Duration> {
    let value = value?;
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        if value.starts_with('-') {
            return Some(Duration::ZERO);
        }
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    if let Some(seconds) = value.parse::<f64>().ok().filter(|seconds| seconds.is_finite()) {
        return Some(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
    }
    let wait = seconds_since_1970(http_date(Some(value))?).saturating_sub(now);
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
}

/// `RateLimit-*` before `X-RateLimit-*`; nothing unless the number of requests left is readable.
fn rate_left(headers: &HeaderMap, now: i64) -> Option<RateLeft> {
    ["ratelimit", "x-ratelimit"].into_iter().find_map(|family| {
        let remaining = text(headers, &format!("{family}-remaining"))?;
        let remaining = if remaining.starts_with('-') { 0 } else { remaining.parse().ok()? };
        let reset = text(headers, &format!("{family}-reset")).and_then(|value| reset(value, now));
        Some(RateLeft { remaining, reset })
    })
}

/// Servers write the reset as seconds to wait, as seconds since 1970, or as milliseconds since 1970.
fn reset(value: &str, now: i64) -> Option<Duration> {
    let number = value.parse::<f64>().ok().filter(|number| number.is_finite())?;
    let seconds = if number >= EPOCH_SECONDS_FROM * 1000.0 {
        number / 1000.0 - now as f64
    } else if number >= EPOCH_SECONDS_FROM {
        number - now as f64
    } else {
        number
    };
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_329_000;

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let date = |offset: i64| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs((NOON + offset) as u64);
            httpdate::fmt_http_date(time)
        };
        for (value, expected) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("-5", Some(0)),
            ("2.0", Some(2)),
            ("99999999999999999999999999", Some(u64::MAX)),
            ("86400", Some(86_400)),
            (date(90).as_str(), Some(90)),
            (date(-90).as_str(), Some(0)),
            ("-", None),
            ("soon", None),
            ("5 minutes", None),
            ("NaN", None),
            ("Mon, 99 Foo 2026 00:00:00 GMT", None),
        ] {
            assert_eq!(retry_after(Some(value), NOON), expected.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(None, NOON), None);
    }

    #[test]
    fn rate_headers_are_read_in_both_families() {
        let read = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            rate_left(&headers, NOON).map(|left| (left.remaining, left.reset.map(|reset| reset.as_secs())))
        };
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("ratelimit-remaining", "3")]), Some((3, None)));
        assert_eq!(read(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "12")]), Some((0, Some(12))));
        assert_eq!(read(&[("x-ratelimit-remaining", "-1"), ("x-ratelimit-reset", "1795329030")]), Some((0, Some(30))));
        assert_eq!(read(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1795329002000")]), Some((1, Some(2))));
        assert_eq!(read(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1795328000")]), Some((1, Some(0))));
        assert_eq!(read(&[("x-ratelimit-remaining", "many"), ("x-ratelimit-reset", "1")]), None);
    }

    #[test]
    fn only_this_host_is_loopback() {
        for (url, expected) in [
            ("http://127.0.0.1:8087", true),
            ("http://localhost", true),
            ("http://[::1]:80", true),
            ("http://127.0.0.1.example.com", false),
            ("https://api.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
