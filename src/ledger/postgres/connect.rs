//! Connections to the database: made when needed, kept for the next question, given up when they break.
//!
//! Statements are unnamed and typed, names of tables are written out with their schema, and nothing is set for a session:
//! a pooler that hands out another connection for every transaction may stand between. The one rule: a step that may have
//! been done before its connection broke is told so when it is asked for again.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use postgres::error::SqlState;
use postgres::tls::NoTls;
use postgres::{Client, Transaction};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::place::{Place, Security};
use crate::ledger::LedgerError;

/// How long a database that does not answer is asked again: a server that is restarted is back by then.
const PATIENCE: Duration = Duration::from_secs(10);
/// First and longest wait between two tries.
const WAITS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// What the TLS library and the client say; both tell of it in words only.
const UNPROVEN: &str = "invalid peer certificate";
const NO_PASSWORD: &str = "password missing";

pub(super) type Done<T> = Result<T, postgres::Error>;

/// Connections to one database.
pub(super) struct Connections {
    place: Place,
    tls: Option<MakeRustlsConnect>,
    idle: Mutex<Vec<Client>>,
    /// The one whose open transaction everything is asked in: a plan that is being written, or a view that stands still.
    kept: Mutex<Option<Client>>,
    /// Whether the last one who asked waited in vain: nobody else waits then, so that a process ends soon.
    away: AtomicBool,
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connections").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Connections {
    pub(super) fn new(place: Place) -> Result<Self, LedgerError> {
        let tls = match &place.security {
            Security::Local => None,
            Security::VerifyFull(root) => Some(secured(root.as_deref())?),
        };
        Ok(Self { place, tls, idle: Mutex::default(), kept: Mutex::default(), away: AtomicBool::new(false) })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// A statement with the names of its tables written out: `@run` is the table `run` of this installation.
    pub(super) fn sql(&self, statement: &str) -> String {
        statement.replace('@', &format!("{}.", self.place.schema))
    }

    /// A new connection.
    pub(super) fn connect(&self) -> Done<Client> {
        match &self.tls {
            None => self.place.config.connect(NoTls),
            Some(tls) => self.place.config.connect(tls.clone()),
        }
    }

    /// Asks a question that changes nothing by being asked twice.
    pub(super) fn ask<T>(&self, mut question: impl FnMut(&mut Client) -> Done<T>) -> Result<T, LedgerError> {
        self.again(|client, _| question(client))
    }

    /// Does several statements as one durable step; told whether it may have been done already.
    pub(super) fn durably<T>(
        &self,
        mut step: impl FnMut(&mut Transaction<'_>, bool) -> Done<T>,
    ) -> Result<T, LedgerError> {
        self.again(|client, again| {
            let mut transaction = client.transaction()?;
            let answer = step(&mut transaction, again)?;
            transaction.commit()?;
            Ok(answer)
        })
    }

    /// Does something on a connection, and once more on a new one where the first one broke; told whether it may have been
    /// done already. Inside a transaction that is kept open there is no second time.
    pub(super) fn again<T>(&self, mut step: impl FnMut(&mut Client, bool) -> Done<T>) -> Result<T, LedgerError> {
        if let Some(kept) = lock(&self.kept).as_mut() {
            return step(kept, false).map_err(|error| self.refused(&error));
        }
        let patience = if self.away.load(Ordering::SeqCst) { Duration::ZERO } else { PATIENCE };
        let until = Instant::now() + patience;
        let mut waits = ExponentialBuilder::default()
            .with_min_delay(WAITS.0)
            .with_max_delay(WAITS.1)
            .with_jitter()
            .without_max_times()
            .build();
        let mut again = false;
        loop {
            let taken = lock(&self.idle).pop();
            let done = match taken.map_or_else(|| self.connect(), Ok) {
                Err(error) => Err((error, None)),
                Ok(mut client) => match step(&mut client, again) {
                    Ok(answer) => {
                        self.away.store(false, Ordering::SeqCst);
                        lock(&self.idle).push(client);
                        return Ok(answer);
                    }
                    Err(error) => Err((error, Some(client))),
                },
            };
            let (error, client) = match done {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let reached = client.is_some();
            let broken = is_broken(&error);
            if let Some(client) = client.filter(|client| !broken && !client.is_closed()) {
                lock(&self.idle).push(client);
            } else if reached {
                // What broke this one broke the others that lie here.
                lock(&self.idle).clear();
            }
            if !(broken || is_contended(&error)) || Instant::now() >= until {
                self.away.store(broken, Ordering::SeqCst);
                return Err(self.refused(&error));
            }
            again |= reached && broken;
            std::thread::sleep(waits.next().unwrap_or(WAITS.1));
        }
    }

    /// Keeps a connection with an open transaction; everything is asked in it until [`Connections::let_go`].
    pub(super) fn keep(&self, begin: &str) -> Result<(), LedgerError> {
        let client = self.again(|client, _| client.batch_execute("SELECT 1")).and_then(|()| {
            let mut client = lock(&self.idle).pop().map_or_else(|| self.connect(), Ok).map_err(|e| self.refused(&e))?;
            client.batch_execute(begin).map_err(|error| self.refused(&error))?;
            Ok(client)
        })?;
        *lock(&self.kept) = Some(client);
        Ok(())
    }

    /// Ends the transaction that is kept open with a word of SQL; nothing where none is.
    pub(super) fn let_go(&self, end: &str) -> Result<(), LedgerError> {
        let Some(mut client) = lock(&self.kept).take() else { return Ok(()) };
        client.batch_execute(end).map_err(|error| self.refused(&error))?;
        lock(&self.idle).push(client);
        Ok(())
    }

    /// What an error of the database means.
    pub(super) fn refused(&self, error: &postgres::Error) -> LedgerError {
        let place = self.place.shown().to_owned();
        let said = words(error);
        if said.contains(UNPROVEN) {
            return LedgerError::Place(format!(
                "{place}: the server is not proven to be the one that is meant: {said}; name it as its certificate does, and \
                 roots of your own by sslrootcert"
            ));
        }
        if said.contains(NO_PASSWORD) {
            return LedgerError::Place(format!(
                "{place}: the database asks for a password; give it by ARLOAD_LEDGER_PASSWORD, ARLOAD_LEDGER_PASSWORD_FILE or \
                 ledger-password-command"
            ));
        }
        if is_broken(error) {
            return LedgerError::Away { place, words: said };
        }
        LedgerError::Database { place, words: said }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether the connection is gone, or the server does not take any now: the same may be asked again on another.
pub(super) fn is_broken(error: &postgres::Error) -> bool {
    // Class 57 without 57014, which is a statement that somebody cancelled; class 08; too many connections.
    if let Some(code) = error.code() {
        let away = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
        return away.contains(code) || *code == SqlState::TOO_MANY_CONNECTIONS || code.code().starts_with("08");
    }
    if words(error).contains(UNPROVEN) {
        return false;
    }
    let cause = std::error::Error::source(error);
    error.is_closed() || cause.is_some_and(<dyn std::error::Error>::is::<std::io::Error>) || timed_out(error)
}

/// The crate tells of it in words only.
fn timed_out(error: &postgres::Error) -> bool {
    error.to_string().contains("timeout waiting for server")
}

/// Whether others were in the way, and the same works when they are through.
fn is_contended(error: &postgres::Error) -> bool {
    error
        .code()
        .is_some_and(|code| [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code))
}

/// What the database said, or what went wrong on the way to it.
fn words(error: &postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let more = deeper.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = deeper.source();
    }
    words
}

fn secured(root: Option<&std::path::Path>) -> Result<MakeRustlsConnect, LedgerError> {
    let refused = |words: String| LedgerError::Place(format!("ledger: sslrootcert: {words}"));
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?;
    let config = match root {
        None => builder.with_platform_verifier().map_err(|error| refused(error.to_string()))?.with_no_client_auth(),
        Some(path) => {
            let mut roots = rustls::RootCertStore::empty();
            let certificates = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| refused(format!("{}: {error}", path.display())))?;
            for certificate in certificates {
                roots.add(certificate).map_err(|error| refused(format!("{}: {error}", path.display())))?;
            }
            if roots.is_empty() {
                return Err(refused(format!("{}: no certificate in it", path.display())));
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}
