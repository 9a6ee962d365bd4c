//! Builds what a command on runs needs: the ledger, the sandbox, the API's client, the wish to stop.
//!
//! The rule: parts are made here and handed to [`arload::pipeline::Pipeline`]; nothing is decided about rows.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use arload::api::client::{HttpApi, HttpSettings, login_host};
use arload::api::guard::LoginGuard;
use arload::clock::{Clock, SystemClock};
use arload::config::account::AccountKey;
use arload::config::{Credentials, Places, Settings, Target};
use arload::error::RunError;
use arload::event::Observer;
use arload::ledger::postgres::logins::Logins;
use arload::ledger::{Ledger, PostgresLedger};
use arload::pipeline::{Pipeline, lock};
use arload::platform::{self, ProcessLock};
use arload::sandbox::{self, Sandbox, SandboxSettings};
use arload::stop::Stop;
use jiff::Timestamp;

use crate::store::Store;

/// Everything that lives as long as the command.
pub(crate) struct Session {
    pub(crate) settings: Settings,
    account: String,
    host: String,
    ledger: Store,
    /// The ledger with earlier runs, where the other is a scratch one.
    earlier: Option<Store>,
    api: Option<HttpApi>,
    clock: Arc<dyn Clock>,
    _sandbox: Option<Sandbox>,
    /// Given back last: whatever writes has ended before.
    _locks: Vec<ProcessLock>,
}

/// What the command does with the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Only looks at it.
    Read,
    /// Plans or sends.
    Write,
}

/// One sender per account: in the ledger's folder, and in the user's own whatever the ledger, because another ledger
/// does not know what this one is sending. A ledger that hosts share has workers instead.
fn lock_account(settings: &Settings, account: &str, stop: &Stop) -> Result<Vec<ProcessLock>, RunError> {
    let Places { state, user_state, ledger, .. } = &settings.places;
    if ledger.is_some() {
        return Ok(Vec::new());
    }
    let mut locks = vec![lock::take(state, account, settings.mode.wait, stop)?];
    // Each ledger of the sandbox has a stand-in of its own.
    if user_state != state && settings.target != Target::Sandbox {
        match lock::take(user_state, account, settings.mode.wait, stop) {
            Ok(lock) => locks.push(lock),
            // A user without a home still has the ledger's lock.
            Err(RunError::Lock { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(locks)
}

impl Session {
    /// Opens what the command needs; nothing is sent.
    pub(crate) fn open(mut settings: Settings, purpose: Use, stop: &Stop) -> anyhow::Result<Session> {
        let key = AccountKey::of(&settings);
        let account = key.as_ref().map_or_else(String::new, AccountKey::to_string);
        let writes = purpose == Use::Write && !settings.mode.dry_run;
        if writes {
            settings.mode.user = platform::user_name();
        }
        let locks = if writes { lock_account(&settings, &account, stop)? } else { Vec::new() };
        let (ledger, earlier) = match (settings.mode.dry_run, purpose) {
            (true, _) => (Store::scratch()?, Store::open_to_read(&settings)?),
            (false, Use::Read) => (Store::open_to_read(&settings)?.map_or_else(Store::scratch, Ok)?, None),
            (false, Use::Write) => (Store::open_to_write(&settings)?, None),
        };
        let clock = earlier.as_ref().unwrap_or(&ledger).clock()?;
        if let Some(shared) = ledger.ledger().shared().filter(|_| writes) {
            shared.enlist(doing(&settings))?;
        }
        // A plan asks the API only if the ledger does not know the account, and does without where nothing can.
        let asks = !settings.mode.plan_only || settings.target == Target::Sandbox || settings.credentials.is_some();
        let sends = writes && asks;
        let sandbox = if sends && settings.target == Target::Sandbox { Some(start_sandbox(&settings)?) } else { None };
        let logins = ledger.ledger().shared().map(PostgresLedger::logins);
        let api = if sends { Some(connect(&settings, sandbox.as_ref(), &clock, logins)?) } else { None };
        let host = match (&settings.target, &key) {
            (Target::Sandbox, _) => "sandbox".to_owned(),
            (_, Some(key)) => key.base_url.clone(),
            (_, None) => "no account".to_owned(),
        };
        Ok(Session { settings, account, host, ledger, earlier, api, clock, _sandbox: sandbox, _locks: locks })
    }

    /// The pipeline over what was opened.
    pub(crate) fn pipeline<'a>(&'a self, stop: &'a Stop, observer: &'a dyn Observer) -> Pipeline<'a> {
        let earlier: Option<&dyn Ledger> = match (&self.earlier, self.settings.mode.dry_run) {
            (Some(earlier), _) => Some(earlier.ledger()),
            (None, true) => None,
            (None, false) => Some(self.ledger.ledger()),
        };
        Pipeline {
            settings: &self.settings,
            account: &self.account,
            host: &self.host,
            ledger: self.ledger.ledger(),
            earlier,
            api: self.api.as_ref().map(|api| api as _),
            clock: Arc::clone(&self.clock),
            stop,
            observer,
        }
    }

    /// The host as people read it.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Host and company, as a question names them.
    pub(crate) fn place(&self) -> String {
        format!("{}, company {}", self.host, self.settings.company.company_id)
    }

    /// The ledger, for commands that list and show.
    pub(crate) fn ledger(&self) -> &dyn Ledger {
        self.ledger.ledger()
    }

    /// The time by the ledger's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// What a worker is said to do.
fn doing(settings: &Settings) -> &'static str {
    match (settings.mode.seed, settings.mode.plan_only) {
        (true, _) => "seeds",
        (_, true) => "plans",
        _ => "sends",
    }
}

/// The way to the API without a ledger, for commands that send no rows; the sandbox lives as long as it is held.
pub(crate) fn api_alone(settings: &Settings) -> anyhow::Result<(HttpApi, Option<Sandbox>)> {
    let sandbox = match settings.target {
        Target::Sandbox => {
            let wanted = SandboxSettings { routes: settings.routes.clone(), ..SandboxSettings::default() };
            Some(sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), wanted).context("start the sandbox")?)
        }
        _ => None,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    Ok((connect(settings, sandbox.as_ref(), &clock, None)?, sandbox))
}

fn start_sandbox(settings: &Settings) -> anyhow::Result<Sandbox> {
    let wanted = SandboxSettings {
        store: Some(settings.places.state.join("sandbox-records.jsonl")),
        routes: settings.routes.clone(),
        uploads: settings.sending.uploads.clone(),
        ..SandboxSettings::default()
    };
    sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), wanted).context("start the sandbox on a loopback port")
}

fn connect(
    settings: &Settings,
    sandbox: Option<&Sandbox>,
    clock: &Arc<dyn Clock>,
    logins: Option<Logins>,
) -> anyhow::Result<HttpApi> {
    let (base_url, credentials, guard) = match (&settings.target, sandbox) {
        (_, Some(sandbox)) => (sandbox.base_url(), demo_credentials(), None),
        (Target::Server(base_url), None) => {
            let credentials = settings.credentials.clone().ok_or_else(|| RunError::Input {
                message: "settings: no credentials".to_owned(),
                hint: "see \"arload config init\"".to_owned(),
            })?;
            (base_url.clone(), credentials, Some(LoginGuard::new(guard_folder(settings)).with_shared(logins)))
        }
        _ => {
            return Err(RunError::Input {
                message: "settings: no base-url".to_owned(),
                hint: "set base-url in the profile, pass --base-url, or try --sandbox".to_owned(),
            }
            .into());
        }
    };
    // A base URL that cannot be logged in to is refused before anything is read.
    login_host(&base_url)?;
    let sending = &settings.sending;
    Ok(HttpApi::new(
        HttpSettings {
            base_url,
            credentials,
            timeout: sending.timeout,
            concurrency: sending.concurrency,
            max_reply_bytes: sending.max_reply_bytes,
            token_lifetime: sending.token_lifetime,
            guard,
            routes: settings.routes.clone(),
            uploads: settings.sending.uploads.clone(),
        },
        Arc::clone(clock),
    )?)
}

/// Refused log-ins are remembered outside any one ledger, because accounts lock whatever ledger is used.
fn guard_folder(settings: &Settings) -> PathBuf {
    settings.places.user_state.join("log-in")
}

fn demo_credentials() -> Credentials {
    let demo = SandboxSettings::demo_credentials();
    Credentials {
        client_id: demo.client_id,
        client_secret: demo.client_secret.into(),
        username: demo.username,
        password: demo.password.into(),
    }
}
