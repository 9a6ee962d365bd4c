//! Who is written to: the base URL in its one normal form, and the account that pace, quota and lock belong to.
//!
//! The rule: two spellings of one server give the same text, and nothing but https leaves this machine.

use std::fmt;

use reqwest::Url;

use super::{Settings, Target};
use crate::finding::quote;

/// Company id of the built-in stand-in, which is an account of its own.
pub const SANDBOX_COMPANY: &str = "CEK0SANDBX";

/// What stands for the base URL of the built-in stand-in, whose port changes with each start.
const SANDBOX_URL: &str = "sandbox:";

/// An account: where and for which company. Pace, quota, lock and the duplicate guard are kept by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountKey {
    /// The normalised base URL, or a fixed text for the built-in stand-in.
    pub base_url: String,
    /// CEK id of the company.
    pub company_id: String,
}

impl AccountKey {
    /// The account that settings speak of; none for a dry run without one.
    pub fn of(settings: &Settings) -> Option<AccountKey> {
        let base_url = match &settings.target {
            Target::Sandbox => SANDBOX_URL.to_owned(),
            Target::Server(base_url) => base_url.clone(),
            Target::Nowhere => return None,
        };
        let company_id = settings.company.company_id.clone();
        (!company_id.is_empty()).then_some(AccountKey { base_url, company_id })
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.base_url, self.company_id)
    }
}

/// Brings a base URL into its normal form, or says what is wrong with it.
///
/// Scheme and host in lower case, no default port, no slash at the end. Plain http only to a loopback address. The
/// message leaves the value out where it holds a user name or password.
pub fn normalise_base_url(text: &str) -> Result<String, String> {
    const EXPECTED: &str = "expected a form like https://api.example.com";
    let text = text.trim();
    let url = Url::parse(text).map_err(|_| {
        // What failed to parse may still hold a password before an @.
        let value = if text.contains('@') { "the value".to_owned() } else { quote(text) };
        format!("{value} is not a URL; {EXPECTED}")
    })?;
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return Err(format!("the URL holds a user name or an @; {EXPECTED}, with the log-in in keys of its own"));
    }
    let bad = |what: &str| Err(format!("{} {what}; {EXPECTED}", quote(text)));
    if !matches!(url.scheme(), "https" | "http") {
        return bad("is not an https URL");
    }
    if text.contains('\\') || text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return bad("holds a backslash or a blank");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return bad("holds a query or a fragment");
    }
    let Some(host) = url.host_str().map(|host| host.trim_end_matches('.')).filter(|host| !host.is_empty()) else {
        return bad("names no host");
    };
    if url.port() == Some(0) {
        return bad("names port 0");
    }
    if url.scheme() == "http" && !is_loopback_host(host) {
        return Err(format!("{} is plain http to another machine; expected https", quote(text)));
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/')))
}

/// Whether a normalised base URL leads to this machine.
pub fn is_loopback(base_url: &str) -> bool {
    Url::parse(base_url).ok().and_then(|url| url.host_str().map(is_loopback_host)).unwrap_or(false)
}

/// Scheme, host and port of a normalised base URL: the part that decides who reads what is sent there.
pub fn host(base_url: &str) -> &str {
    let after_scheme = base_url.find("://").map_or(0, |at| at + 3);
    let end = base_url[after_scheme..].find('/').map_or(base_url.len(), |at| after_scheme + at);
    &base_url[..end]
}

fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_server_become_one_text() {
        for (text, normal) in [
            ("https://api.enkash.in", "https://api.enkash.in"),
            ("HTTPS://API.Enkash.IN:443/", "https://api.enkash.in"),
            (" https://api.enkash.in./ ", "https://api.enkash.in"),
            ("https://api.enkash.in:8443/ar//", "https://api.enkash.in:8443/ar"),
            ("http://127.0.0.1:8087", "http://127.0.0.1:8087"),
            ("http://127.8.0.1:80", "http://127.8.0.1"),
            ("http://LOCALHOST:8087/", "http://localhost:8087"),
            ("http://[::1]:8087/", "http://[::1]:8087"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(normalise_base_url(text).as_deref(), Ok(normal), "{text}");
        }
    }

    #[test]
    fn urls_that_would_leak_or_mislead_are_refused() {
        for (text, part) in [
            ("", "is not a URL"),
            ("api.enkash.in", "is not a URL"),
            ("http://api.enkash.in", "plain http"),
            ("http://127.0.0.1.evil.example", "plain http"),
            ("http://localhost.evil.example", "plain http"),
            ("http://10.0.0.1", "plain http"),
            ("ftp://api.enkash.in", "not an https URL"),
            ("file:///etc/passwd", "not an https URL"),
            ("https://api.enkash.in/?a=b", "query"),
            ("https://api.enkash.in/#a", "fragment"),
            ("https://api.enkash.in\\evil", "backslash"),
            ("https://api.enkash.in:0", "port 0"),
            ("https://", "is not a URL"),
        ] {
            let message = normalise_base_url(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn a_password_inside_a_url_is_not_repeated() {
        for text in ["https://user:hunter2@api.enkash.in", "https://user:hunter2@:x", "https://hunter2@api.enkash.in"] {
            let message = normalise_base_url(text).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn the_host_part_ends_before_the_path() {
        assert_eq!(host("https://api.enkash.in:8443/ar"), "https://api.enkash.in:8443");
        assert_eq!(host("https://api.enkash.in"), "https://api.enkash.in");
        assert!(is_loopback("http://[::1]:8087") && is_loopback("http://localhost") && !is_loopback("https://a.b"));
    }
}
