//! Remembers refused log-ins across runs, so that no account is locked by trying them again.
//!
//! Owns two small files in the user's state folder, outside any ledger: the refusals, and the key of their hashes.
//! Leaves asking to [`super::auth`]. The one rule: no secret is written, only 32 bits of a keyed hash, which tell
//! whether credentials changed and nothing else. The files are private to the user and replaced whole.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::config::Credentials;
use crate::ledger::postgres::logins::{Logins, RefusedLogin, Try};

/// Name of the file that holds the refusals.
const REFUSALS: &str = "login-guard.json";

/// Name of the file that holds the key of the hashes.
const KEY: &str = "login-guard.key";

/// Limit: a few hundred bytes an account; a larger file is not ours.
const LARGEST_FILE: u64 = 1024 * 1024;

/// The memory of refused log-ins.
#[derive(Debug, Clone)]
pub struct LoginGuard {
    dir: PathBuf,
    /// The memory that other hosts have a part in.
    shared: Option<Logins>,
}

/// A refusal that stands until the credentials change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When the server refused, as RFC 3339 writes it.
    pub at: String,
    /// What it said.
    pub message: String,
    hash: String,
}

/// Refusals by host and port, then by user name.
type Refusals = BTreeMap<String, BTreeMap<String, Refusal>>;

impl LoginGuard {
    /// A guard with its files in a folder, which is made when there is something to remember.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), shared: None }
    }

    /// The same with a memory that other hosts have a part in.
    #[must_use]
    pub fn with_shared(mut self, shared: Option<Logins>) -> Self {
        self.shared = shared;
        self
    }

    /// Waits until no other host tries to log this user in; the next one may once the answer is dropped.
    pub fn begin(&self, host: &str, username: &str) -> io::Result<Option<Try>> {
        self.shared.as_ref().map(|shared| shared.begin(host, username)).transpose().map_err(io::Error::other)
    }

    /// The refusal of exactly these credentials at this host (`name:port`), if one is remembered.
    pub fn refused_before(&self, host: &str, credentials: &Credentials) -> io::Result<Option<Refusal>> {
        if let Some(shared) = &self.shared {
            let refused = shared.refused(host, &credentials.username).map_err(io::Error::other)?;
            if let Some(refused) = refused.filter(|refused| refused.mark == mark(host, credentials)) {
                return Ok(Some(Refusal { at: refused.at, message: refused.message, hash: refused.mark }));
            }
        }
        let Some(refusal) = self.read()?.get(host).and_then(|users| users.get(&credentials.username)).cloned() else {
            return Ok(None);
        };
        let Some(key) = read_key(&self.dir.join(KEY))? else { return Ok(None) };
        Ok(Some(refusal).filter(|refusal| refusal.hash == hash(&key, credentials)))
    }

    /// Remembers that the server refused these credentials.
    pub fn remember(&self, host: &str, credentials: &Credentials, at: Timestamp, message: &str) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let key = self.key()?;
        let mut refusals = self.read()?;
        let refusal = Refusal { at: minute(at), message: message.to_owned(), hash: hash(&key, credentials) };
        refusals.entry(host.to_owned()).or_default().insert(credentials.username.clone(), refusal);
        self.write(&refusals)?;
        let refused = RefusedLogin { at: minute(at), message: message.to_owned(), mark: mark(host, credentials) };
        let shared = self.shared.as_ref();
        shared
            .map_or(Ok(()), |shared| shared.remember(host, &credentials.username, Some(&refused)))
            .map_err(io::Error::other)
    }

    /// Forgets what is remembered of a user at a host, after a log-in went well or a person asked for another try.
    pub fn forget(&self, host: &str, username: &str) -> io::Result<()> {
        if let Some(shared) = &self.shared
            && shared.refused(host, username).map_err(io::Error::other)?.is_some()
        {
            shared.remember(host, username, None).map_err(io::Error::other)?;
        }
        let mut refusals = self.read()?;
        let Some(users) = refusals.get_mut(host) else { return Ok(()) };
        if users.remove(username).is_none() {
            return Ok(());
        }
        refusals.retain(|_, users| !users.is_empty());
        self.write(&refusals)
    }

    fn read(&self) -> io::Result<Refusals> {
        let path = self.dir.join(REFUSALS);
        let Some(bytes) = read_small(&path)? else { return Ok(Refusals::new()) };
        serde_json::from_slice(&bytes).map_err(|error| {
            let words = format!("{}: not a file of this program ({error}); remove it", path.display());
            io::Error::new(ErrorKind::InvalidData, words)
        })
    }

    fn write(&self, refusals: &Refusals) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        serde_json::to_writer_pretty(&mut file, refusals)?;
        file.as_file().sync_all()?;
        file.persist(self.dir.join(REFUSALS))?;
        Ok(())
    }

    /// The key of the hashes, made at first use.
    fn key(&self) -> io::Result<[u8; 32]> {
        let path = self.dir.join(KEY);
        if let Some(key) = read_key(&path)? {
            return Ok(key);
        }
        let mut key = [0; 32];
        // The TLS library brings the host's random source along.
        rustls::crypto::ring::default_provider()
            .secure_random
            .fill(&mut key)
            .map_err(|_| io::Error::other("the host gives no random bytes"))?;
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(&key)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(key)
    }
}

/// A key of the wrong length is no key: a new one is made, and what it hashed counts as changed.
fn read_key(path: &Path) -> io::Result<Option<[u8; 32]>> {
    Ok(read_small(path)?.and_then(|bytes| bytes.try_into().ok()))
}

fn read_small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// 32 bits: enough to see a change, too few to test guesses of a password against.
fn hash(key: &[u8; 32], credentials: &Credentials) -> String {
    let mut hasher = blake3::Hasher::new_keyed(key);
    let parts = [
        credentials.client_id.as_str(),
        credentials.client_secret.expose_secret(),
        &credentials.username,
        credentials.password.expose_secret(),
    ];
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..8].to_owned()
}

/// 16 bits for a memory that others read, too: no key is kept from them, so it must not tell guesses of a password apart.
fn mark(host: &str, credentials: &Credentials) -> String {
    let mut key = blake3::Hasher::new_derive_key("arload shared login mark 1");
    key.update(host.as_bytes()).update(&[0]).update(credentials.username.as_bytes());
    hash(key.finalize().as_bytes(), credentials)[..4].to_owned()
}

/// A time as messages show it.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(username: &str, password: &str) -> Credentials {
        Credentials {
            client_id: "id".into(),
            client_secret: "client-secret-1".into(),
            username: username.into(),
            password: password.into(),
        }
    }

    #[test]
    fn a_refusal_stands_until_the_credentials_change() {
        let folder = tempfile::tempdir().unwrap();
        let at = Timestamp::from_second(1_795_329_000).unwrap();
        let guard = LoginGuard::new(folder.path().join("state"));
        let bad = credentials("a@example.com", "wrong-1");
        assert_eq!(guard.refused_before("h:443", &bad).unwrap(), None);
        guard.remember("h:443", &bad, at, "bad password").unwrap();

        let next_start = LoginGuard::new(folder.path().join("state"));
        let refusal = next_start.refused_before("h:443", &bad).unwrap().unwrap();
        assert_eq!((refusal.at, refusal.message.as_str()), (minute(at), "bad password"));
        for (host, other) in [
            ("h:443", credentials("a@example.com", "right")),
            ("h:443", credentials("b@example.com", "wrong-1")),
            ("h:444", credentials("a@example.com", "wrong-1")),
        ] {
            assert_eq!(next_start.refused_before(host, &other).unwrap(), None);
        }

        next_start.forget("h:443", "a@example.com").unwrap();
        next_start.forget("h:443", "a@example.com").unwrap();
        assert_eq!(guard.refused_before("h:443", &bad).unwrap(), None);
    }

    #[test]
    fn the_files_are_private_and_hold_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let guard = LoginGuard::new(folder.path());
        guard.remember("h:443", &credentials("a@example.com", "wrong-1"), Timestamp::UNIX_EPOCH, "no").unwrap();
        let text = std::fs::read_to_string(folder.path().join(REFUSALS)).unwrap();
        assert!(!text.contains("wrong-1") && !text.contains("client-secret-1"), "{text}");
        assert_eq!(std::fs::read(folder.path().join(KEY)).unwrap().len(), 32);
        #[cfg(unix)]
        for name in [REFUSALS, KEY] {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_broken_file_is_named_and_not_taken_for_empty() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(REFUSALS), "{").unwrap();
        let error = LoginGuard::new(folder.path()).refused_before("h:443", &credentials("a", "b")).unwrap_err();
        assert!(error.to_string().contains(REFUSALS), "{error}");
    }
}
