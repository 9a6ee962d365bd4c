//! Flags over environment over file over defaults: one [`Settings`] with nothing left to guess.
//!
//! Limits of every number stand here, beside its key. What a command needs is said by its [`Purpose`]: secrets are
//! fetched only where something will be sent. The rule: all that is missing is named at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::account::{SANDBOX_COMPANY, is_loopback, normalise_base_url};
use super::error::ConfigError;
use super::file::ProfileFile;
use super::given::{FlagValues, Given, Source};
use super::secret::{self, Located};
use super::shown::{self, Shown};
use super::sources::{Pair, Sources, pairs_of, understand};
use super::{
    Company, Credentials, Gate, MappingSettings, Mode, Output, Places, Reading, Sending, Settings, Target, hosts, keys,
    values,
};
use crate::finding::{Code, Severity, quote};
use crate::operation::Operation;

// Limit: the contract names no largest reply; a bulk reply of 10,000 rows stays far below this.
const MAX_REPLY_BYTES: usize = 16 << 20;
// Limit: below the five minutes that some pages of the API give a token.
const TOKEN_LIFETIME: Duration = Duration::from_secs(240);
/// How long a real server is given to show what it took.
const SETTLE: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(86_400);

/// What the settings are for, which decides what must be there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Purpose {
    /// Nothing is sent and no secret is fetched: `runs list`, `config show`.
    Local,
    /// Sheets go into an operation; a dry run needs no account, a plan no secrets.
    Sheets(&'static Operation),
    /// Something else talks to the API: `runs send`.
    Account,
}

/// Everything that settings are made of, handed in by the binary.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    /// What the command line said.
    pub flags: &'a FlagValues,
    /// The environment's variables.
    pub environment: &'a BTreeMap<String, String>,
    /// The profile of the settings file, where there is one.
    pub file: Option<&'a ProfileFile>,
    /// Folder of the ledger unless one is named.
    pub default_state: &'a Path,
    /// What the settings are for.
    pub purpose: Purpose,
}

/// Settings with what a person may want to know about them.
#[derive(Debug)]
pub struct Settled {
    /// The settings.
    pub settings: Settings,
    /// Every setting with its value and source, in the order of the table, without secrets.
    pub shown: Vec<Shown>,
    /// What is odd but harmless, a sentence each.
    pub warnings: Vec<String>,
}

impl Layers<'_> {
    /// Puts the layers over one another and checks every value.
    pub fn settle(&self) -> Result<Settled, ConfigError> {
        let sources = Sources { flags: self.flags, environment: self.environment, file: self.file };
        let mut warnings = sources.unknown_variables();
        let mode = mode(&sources)?;
        let base_url = self.base_url(&sources)?;
        let target = target(&sources, base_url.as_ref())?;
        let company = company(&sources, &target)?;
        if target != Target::Sandbox {
            hosts::check_named_profile(&sources)?;
        }
        let mut settings = Settings {
            profile: self.profile(),
            environment: sources.read("environment", values::text)?,
            timezone: sources.settle("timezone", values::timezone)?,
            reading: reading(&sources)?,
            mapping: mapping(&sources)?,
            gate: gate(&sources)?,
            sending: sending(&sources, &target)?,
            places: self.places(&sources)?,
            output: output(&sources)?,
            severity: severity(&sources)?,
            threads: threads(&sources)?,
            credentials: None,
            target,
            company,
            mode,
        };
        let secrets = (secret::locate(&sources, "client-secret")?, secret::locate(&sources, "password")?);
        if self.talks(&settings) {
            settings.credentials = self.credentials(&sources, base_url, &secrets, &settings, &mut warnings)?;
        }
        self.warn_about_readable_secrets(&secrets, &mut warnings);
        let shown = shown::all(&sources, &settings, [secrets.0.as_ref(), secrets.1.as_ref()]);
        Ok(Settled { settings, shown, warnings })
    }

    fn profile(&self) -> String {
        let named = self.file.map(|file| file.name.as_str()).or(self.flags.profile.as_deref());
        named.unwrap_or(super::file::DEFAULT_PROFILE).to_owned()
    }

    fn base_url(&self, sources: &Sources<'_>) -> Result<Option<(String, Source)>, ConfigError> {
        let Some((_, source)) = sources.find("base-url") else { return Ok(None) };
        let base_url = sources.read("base-url", normalise_base_url)?;
        Ok(base_url.map(|base_url| (base_url, source)))
    }

    /// Whether a request to a real account may leave, now or when a plan is sent.
    fn talks(&self, settings: &Settings) -> bool {
        self.purpose != Purpose::Local && settings.target != Target::Sandbox && !settings.mode.dry_run
    }

    fn credentials(
        &self,
        sources: &Sources<'_>,
        base_url: Option<(String, Source)>,
        secrets: &(Option<Located>, Option<Located>),
        settings: &Settings,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Credentials>, ConfigError> {
        let (client_id, username) = (sources.read("client-id", values::text)?, sources.read("username", values::text)?);
        let needs_parent = match self.purpose {
            Purpose::Sheets(operation) => operation.route.account_parameter == "parentCompanyId",
            Purpose::Local | Purpose::Account => false,
        };
        let for_account = [
            ("base-url", base_url.is_none()),
            ("company-id", settings.company.company_id.is_empty()),
            ("parent-company-id", needs_parent && settings.company.parent_company_id.is_empty()),
        ];
        let for_login = [
            ("client-id", client_id.is_none()),
            ("client-secret", secrets.0.is_none()),
            ("username", username.is_none()),
            ("password", secrets.1.is_none()),
        ];
        let absent = |needs: &[(&'static str, bool)]| -> Vec<&'static str> {
            needs.iter().filter(|(_, missing)| *missing).map(|(key, _)| *key).collect()
        };
        let (mut missing, login) = (absent(&for_account), absent(&for_login));
        // A plan is written without a log-in; whoever sends it needs one.
        if !settings.mode.plan_only {
            missing.extend(&login);
        }
        if !missing.is_empty() {
            return Err(self.missing(missing));
        }
        let (Some(base_url), Some(client_id), Some(username), (Some(client_secret), Some(password))) =
            (base_url, client_id, username, secrets)
        else {
            return Ok(None);
        };
        hosts::check_secrets(sources, &base_url, &[client_secret, password])?;
        let client_secret = client_secret.fetch(warnings)?;
        Ok(Some(Credentials { client_id, client_secret, username, password: password.fetch(warnings)? }))
    }

    fn missing(&self, keys: Vec<&'static str>) -> ConfigError {
        let variables = keys.iter().filter_map(|key| keys::find(key)).map(keys::Key::variable);
        let variables: Vec<String> = variables.collect();
        let (file, others) = match self.file {
            Some(file) => {
                let others = file.profiles.iter().filter(|name| **name != file.name).map(String::as_str);
                (file.path.display().to_string(), others.collect::<Vec<_>>().join(", "))
            }
            None => ("arload.toml (\"arload config init\" writes one)".to_owned(), String::new()),
        };
        let others = if others.is_empty() { others } else { format!("; other profiles there: {others}") };
        let hint = format!(
            "set {}, or write the keys below [profiles.{}] in {file}{others}; to try without an account: --dry-run or \
             --sandbox",
            variables.join(", "),
            self.profile()
        );
        ConfigError::Missing { keys, hint }
    }

    fn places(&self, sources: &Sources<'_>) -> Result<Places, ConfigError> {
        Ok(Places {
            results: sources.path("results")?,
            state: sources.path("state")?.unwrap_or_else(|| self.default_state.to_path_buf()),
            results_bom: sources.switch("results-bom")?,
            results_delimiter: sources.settle("results-delimiter", values::delimiter)?,
        })
    }

    /// A secret in a file that everybody reads is none.
    fn warn_about_readable_secrets(&self, secrets: &(Option<Located>, Option<Located>), warnings: &mut Vec<String>) {
        let in_file = [&secrets.0, &secrets.1].into_iter().flatten().any(Located::is_written_in_file);
        if let Some(file) = self.file.filter(|file| in_file && file.readable_by_others) {
            let path = file.path.display();
            warnings.push(format!("{path}: others can read the secrets in this file; run: chmod go-r {path}"));
        }
    }
}

/// A whole number within limits, in the type of its setting.
fn number<T: TryFrom<u64>>(least: u64, most: u64) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        let number = values::count(text, least, most)?;
        T::try_from(number).map_err(|_| format!("{text} is too large"))
    }
}

fn target(sources: &Sources<'_>, base_url: Option<&(String, Source)>) -> Result<Target, ConfigError> {
    Ok(match base_url {
        _ if sources.switch("sandbox")? => Target::Sandbox,
        Some((base_url, _)) => Target::Server(base_url.clone()),
        None => Target::Nowhere,
    })
}

fn company(sources: &Sources<'_>, target: &Target) -> Result<Company, ConfigError> {
    let configured = sources.read("company-id", values::company_id)?;
    let company_id =
        if *target == Target::Sandbox { SANDBOX_COMPANY.to_owned() } else { configured.unwrap_or_default() };
    let mut sellers = BTreeMap::new();
    for Pair { left, right, source } in sources.pairs("sellers", Vec::new())? {
        let gstin = understand("sellers", &left, source.clone(), values::gstin)?;
        sellers.insert(gstin, understand("sellers", &right, source, values::company_id)?);
    }
    // With several sellers the company's own id would often be the wrong one.
    let own = (sellers.len() <= 1 && !company_id.is_empty()).then(|| company_id.clone());
    let seller_id = sources.read("seller-id", values::company_id)?.or_else(|| own.clone());
    let parent = sources.read("parent-company-id", values::company_id)?.or(own);
    Ok(Company { company_id, seller_id, parent_company_id: parent.unwrap_or_default(), sellers })
}

fn reading(sources: &Sources<'_>) -> Result<Reading, ConfigError> {
    Ok(Reading {
        sheets: sources.texts("sheet"),
        // Limit: a worksheet has this many rows.
        header_row: sources.read("header-row", number(1, 1_048_576))?,
        delimiter: sources.read("delimiter", values::delimiter)?,
        encoding: sources.read("encoding", values::encoding)?,
        date_order: sources.read("date-order", values::date_order)?,
    })
}

fn mapping(sources: &Sources<'_>) -> Result<MappingSettings, ConfigError> {
    let saved = |table: &'static str| saved_pairs(sources, table);
    let pairs = |table: &'static str| -> Result<Vec<(String, String)>, ConfigError> {
        let joined = sources.pairs(table, saved(table)?)?;
        Ok(joined.into_iter().map(|pair| (pair.left, pair.right)).collect())
    };
    let only_amount = match sources.read("only-amount", values::only_amount)? {
        Some(only_amount) => Some(only_amount),
        None => saved_text(sources, "only-amount", values::only_amount)?,
    };
    Ok(MappingSettings {
        map: pairs("map")?,
        set: pairs("set")?,
        allow_guarded: sources.switch("allow-guarded")?,
        allow_unnumbered: sources.switch("allow-unnumbered")?,
        only_amount,
        customers: sources.path("customers")?,
    })
}

/// An entry of the saved mapping in use.
fn saved(sources: &Sources<'_>, key: &str) -> Result<Option<(Given, Source)>, ConfigError> {
    let Some((Given::Text(name), source)) = sources.find("mapping") else { return Ok(None) };
    let file = sources.file;
    let Some(mapping) = file.and_then(|file| file.mappings.get(name.trim())) else {
        let there: Vec<&str> = file.into_iter().flat_map(|file| file.mappings.keys().map(String::as_str)).collect();
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        let what = format!("no saved mapping {}; expected a table [mappings.NAME], found: {there}", quote(&name));
        return Err(ConfigError::Value { source_name: source, key: "mapping", what });
    };
    let entry = mapping.get(key).zip(file);
    Ok(entry.map(|(entry, file)| (entry.given.clone(), file.source(entry.line))))
}

fn saved_pairs(sources: &Sources<'_>, key: &'static str) -> Result<Vec<Pair>, ConfigError> {
    match saved(sources, key)? {
        Some((given, source)) => pairs_of(key, given, &source),
        None => Ok(Vec::new()),
    }
}

fn saved_text<T>(
    sources: &Sources<'_>,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    match saved(sources, key)? {
        Some((Given::Text(text), source)) => understand(key, &text, source, parse).map(Some),
        _ => Ok(None),
    }
}

fn gate(sources: &Sources<'_>) -> Result<Gate, ConfigError> {
    Ok(Gate {
        strict: sources.switch("strict")?,
        max_invalid: sources.settle("max-invalid", values::share)?,
        expect_rows: sources.read("expect-rows", number(0, 1_000_000_000))?,
        expect_total: sources.read("expect-total", values::amount)?,
        period: sources.read("period", values::month)?,
        accept_total_mismatch: sources.switch("accept-total-mismatch")?,
    })
}

/// Limits of the numbers are prudence: wide enough for every use seen, narrow enough to catch a slip of the finger.
fn sending(sources: &Sources<'_>, target: &Target) -> Result<Sending, ConfigError> {
    let between = |least, most| move |text: &str| values::duration(text, least, most);
    let near = match target {
        Target::Sandbox => true,
        Target::Server(base_url) => is_loopback(base_url),
        Target::Nowhere => false,
    };
    let settle = sources.read("settle", between(Duration::ZERO, 7 * DAY))?;
    Ok(Sending {
        rate: sources.settle("rate", values::rate)?,
        burst: sources.settle("burst", number(1, 1000))?,
        concurrency: sources.settle("concurrency", number(1, 256))?,
        per_day: sources.read("per-day", number(1, 1_000_000_000))?,
        max_chunk_rows: sources.settle("max-chunk-rows", number(1, 10_000))?,
        max_chunk_bytes: sources.settle("max-chunk-bytes", |text| values::size(text, 256, 64 << 20))?,
        canary: sources.settle("canary", number(0, 10_000))?,
        attempts: sources.settle("attempts", number(1, 100))?,
        timeout: sources.settle("timeout", between(Duration::from_millis(1), Duration::from_secs(3600)))?,
        refusal_budget: sources.settle("refusal-budget", number(0, 100_000))?,
        settle: settle.unwrap_or(if near { Duration::ZERO } else { SETTLE }),
        allow_assumed: sources.switch("allow-assumed")?,
        max_reply_bytes: MAX_REPLY_BYTES,
        token_lifetime: TOKEN_LIFETIME,
    })
}

fn mode(sources: &Sources<'_>) -> Result<Mode, ConfigError> {
    Ok(Mode {
        dry_run: sources.switch("dry-run")?,
        plan_only: sources.switch("plan")?,
        new_run: sources.switch("new-run")?,
        retry_rejected: sources.switch("retry-rejected")?,
        first_use: sources.switch("first-use")?,
        wait: sources.switch("wait")?,
        yes: sources.switch("yes")?,
        resume_within: sources.settle("resume-within", |text| values::duration(text, Duration::ZERO, 3650 * DAY))?,
    })
}

fn output(sources: &Sources<'_>) -> Result<Output, ConfigError> {
    Ok(Output {
        json: sources.switch("json")?,
        quiet: sources.switch("quiet")?,
        progress: sources.settle("progress", values::progress)?,
    })
}

fn severity(sources: &Sources<'_>) -> Result<BTreeMap<Code, Severity>, ConfigError> {
    let mut severities = BTreeMap::new();
    for Pair { left, right, source } in sources.pairs("severity", Vec::new())? {
        let code = understand("severity", &left, source.clone(), values::code)?;
        severities.insert(code, understand("severity", &right, source, values::severity)?);
    }
    Ok(severities)
}

fn threads(sources: &Sources<'_>) -> Result<usize, ConfigError> {
    let threads = sources.read("threads", number(1, 256))?;
    Ok(threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |count| count.get().min(256))))
}
