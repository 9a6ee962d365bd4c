//! Where the database is: the parts of `postgres://USER@HOST:PORT/DATABASE?sslmode=…`, checked before anything connects.
//!
//! The rule: a password never stands in it, and a connection that leaves this host is encrypted and its server proven.

use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::Config;
use postgres::config::SslMode;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use crate::ledger::LedgerError;
use crate::platform;

/// Schema of an installation that names none.
const SCHEMA: &str = "arload";
/// Port of a server that names none.
const PORT: u16 = 5432;
/// Time for a connection to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// Time after which a peer that acknowledges nothing counts as gone.
const GONE: Duration = Duration::from_secs(10);
/// How long a worker's claims hold after its last sign of life, unless the place says otherwise.
const LEASE: Duration = Duration::from_secs(30);
/// Limits of that.
const LEASES: std::ops::RangeInclusive<u64> = 2..=600;
/// Parameters there are.
const PARAMETERS: [&str; 6] = ["host", "user", "sslmode", "sslrootcert", "schema", "lease"];

/// Where a ledger's database is.
#[derive(Clone)]
pub struct Place {
    pub(super) config: Config,
    pub(super) security: Security,
    /// Schema that holds the tables, in lower case.
    pub(super) schema: String,
    /// How long claims hold after a worker's last sign of life.
    pub(super) lease: Duration,
    shown: String,
}

/// How the connection is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Security {
    /// It does not leave this host.
    Local,
    /// TLS, the server's certificate proven by the system's roots or by those of a file.
    VerifyFull(Option<PathBuf>),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Place").field(&self.shown).finish()
    }
}

impl Place {
    /// Whether a text names a database rather than a folder.
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Reads a place; what is wrong with it is told without a password that stands in it.
    pub fn parse(text: &str) -> Result<Place, LedgerError> {
        let refused = |words: &str| LedgerError::Place(format!("ledger: {words}"));
        let url = Url::parse(text).map_err(|error| refused(&format!("not a URL: {error}")))?;
        if !Self::is_one(text) {
            return Err(refused("a database is named by postgres://"));
        }
        if url.password().is_some() {
            return Err(refused(
                "a password in the URL is seen by everybody on this host; give it by ARLOAD_LEDGER_PASSWORD, \
                 ARLOAD_LEDGER_PASSWORD_FILE or ledger-password-command",
            ));
        }
        let parameters = parameters(&url).map_err(|words| refused(&words))?;
        let of = |name: &str| parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let database = decoded(url.path().trim_start_matches('/')).filter(|name| !name.is_empty());
        let database = database.ok_or_else(|| refused("no database is named; write postgres://USER@HOST/DATABASE"))?;
        let user = decoded(url.username()).filter(|name| !name.is_empty());
        let user = match (of("user"), user) {
            (Some(_), Some(_)) => return Err(refused("the user is named twice")),
            (Some(user), None) => user.to_owned(),
            (None, user) => user.unwrap_or_else(platform::user_name),
        };
        let host = match (of("host"), url.host_str().filter(|host| !host.is_empty())) {
            (Some(_), Some(_)) => return Err(refused("the host is named twice")),
            (Some(host), None) | (None, Some(host)) => decoded(host).unwrap_or_default(),
            (None, None) => "localhost".to_owned(),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port().unwrap_or(PORT);
        let security = security(&host, of("sslmode"), of("sslrootcert")).map_err(|words| refused(&words))?;
        let schema = of("schema").unwrap_or(SCHEMA).to_owned();
        if !is_name(&schema) {
            return Err(refused("schema: lower-case letters, digits and _ only, a letter first, 63 at most"));
        }
        let lease = lease(of("lease")).map_err(|words| refused(&words))?;
        let mut config = Config::new();
        config.user(&user).dbname(&database).port(port).application_name("arload").connect_timeout(CONNECT);
        config.keepalives_idle(GONE / 2).keepalives_interval(GONE / 5).keepalives_retries(3).tcp_user_timeout(GONE);
        if host.starts_with('/') {
            config.host_path(&host)
        } else {
            config.host(&host)
        };
        config.ssl_mode(if security == Security::Local { SslMode::Disable } else { SslMode::Require });
        let at = if host.contains(':') { format!("[{host}]") } else { host };
        let name = if schema == SCHEMA { String::new() } else { format!(" (schema {schema})") };
        let shown = format!("postgres://{user}@{at}:{port}/{database}{name}");
        Ok(Place { config, security, schema, lease, shown })
    }

    /// The same with the password of its role.
    #[must_use]
    pub fn with_password(mut self, password: &SecretString) -> Place {
        self.config.password(password.expose_secret());
        self
    }

    /// As people read it, without a password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Schema that holds the tables.
    pub fn schema(&self) -> &str {
        &self.schema
    }
}

fn parameters(url: &Url) -> Result<Vec<(String, String)>, String> {
    let given: Vec<(String, String)> = url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect();
    for (position, (name, _)) in given.iter().enumerate() {
        if !PARAMETERS.contains(&name.as_str()) {
            let near = crate::nearest::did_you_mean(name, PARAMETERS.into_iter());
            let known = PARAMETERS.join(", ");
            return Err(format!("{} is no parameter of it{near}; there are {known}", crate::finding::quote(name)));
        }
        if given[..position].iter().any(|(earlier, _)| earlier == name) {
            return Err(format!("{name} is given twice"));
        }
    }
    Ok(given)
}

/// A connection that leaves this host is encrypted, and its server proven: nothing between that and none at all.
fn security(host: &str, mode: Option<&str>, root: Option<&str>) -> Result<Security, String> {
    let near = host.starts_with('/') || is_loopback(host);
    match mode {
        Some("disable") if !near => Err(format!("sslmode=disable is for this host only, and {host} is another")),
        Some("disable") | None if near && root.is_none() => Ok(Security::Local),
        Some("disable") => Err("sslrootcert needs sslmode=verify-full".to_owned()),
        Some("verify-full") if host.starts_with('/') => Err("a socket of this host has no TLS".to_owned()),
        Some("verify-full") | None => {
            let root = root.map(PathBuf::from);
            match &root {
                Some(path) if !Path::new(path).is_file() => {
                    Err(format!("sslrootcert: there is no file {}", path.display()))
                }
                _ => Ok(Security::VerifyFull(root)),
            }
        }
        Some(other) => Err(format!(
            "sslmode={other} does not prove the server; use verify-full, or disable on this host",
            other = crate::finding::quote(other)
        )),
    }
}

fn lease(text: Option<&str>) -> Result<Duration, String> {
    let Some(text) = text else { return Ok(LEASE) };
    let seconds = text.trim_end_matches('s').parse::<u64>().ok().filter(|seconds| LEASES.contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("lease: {} to {} seconds, such as lease=30s", LEASES.start(), LEASES.end()))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let rest = text.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_');
    starts && rest && text.len() <= 63 && !text.starts_with("pg_")
}

fn decoded(text: &str) -> Option<String> {
    // What stands before the `=` of a form is decoded like the rest of a URL, but for the plus.
    let text = text.replace('+', "%2B");
    let url = Url::parse(&format!("x:?{text}")).ok()?;
    url.query_pairs().next().map(|(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_with_its_defaults_and_told_without_a_password() {
        let place = |text: &str| Place::parse(text).unwrap();
        assert_eq!(place("postgres://a@localhost/db").shown(), "postgres://a@localhost:5432/db");
        assert_eq!(place("postgres:///db?host=/run/pg&schema=two").schema(), "two");
        assert_eq!(place("postgres://a@db.example:6432/x").security, Security::VerifyFull(None));
        assert_eq!(place("postgres://a@[::1]/x").security, Security::Local);
        assert_eq!(place("postgres://a@127.0.0.1/x?lease=5s").lease, Duration::from_secs(5));
        let place = place("postgres://a%40b@localhost/db").with_password(&"hunter2".to_owned().into());
        assert_eq!(place.config.get_user(), Some("a@b"));
        assert!(!format!("{place:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_unsafe_or_unknown_is_refused_with_a_way_out() {
        for (text, words) in [
            ("postgres://a:hunter2@localhost/db", "ARLOAD_LEDGER_PASSWORD"),
            ("postgres://a@db.example/db?sslmode=disable", "for this host only"),
            ("postgres://a@db.example/db?sslmode=require", "does not prove the server"),
            ("postgres://a@db.example/db?sslmode=prefer", "does not prove the server"),
            ("postgres://a@localhost/", "no database"),
            ("postgres://a@localhost/db?sslmod=disable", "did you mean"),
            ("postgres://a@localhost/db?lease=1", "2 to 600"),
            ("postgres://a@localhost/db?schema=A;B", "lower-case"),
            ("postgres://a@localhost/db?schema=a&schema=b", "twice"),
            ("postgres://a@db.example/db?sslrootcert=/none.pem", "no file"),
            ("postgres://a@localhost/db?sslrootcert=/none.pem&sslmode=disable", "needs sslmode=verify-full"),
        ] {
            let refused = Place::parse(text).unwrap_err().to_string();
            assert!(refused.contains(words) && !refused.contains("hunter2"), "{text}: {refused}");
        }
    }
}
