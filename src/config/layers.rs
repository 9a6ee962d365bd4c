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
use super::given::{FlagValues, Source};
use super::saved::Saved;
use super::secret::{self, Located};
use super::shown::{self, Shown};
use super::sources::{Pair, Sources, understand};
use super::{
    Company, Credentials, Gate, MappingSettings, Mode, Output, Places, Reading, Reporting, Sending, Settings, Target,
    hosts, keys, shared, values, way,
};
use crate::api::reply::ReplyNames;
use crate::finding::{Code, Severity};
use crate::operation::Operation;
use crate::operation::routes::Routes;
use crate::upload::Uploads;

// Limit: the contract names no largest reply; a bulk reply of 10,000 rows stays far below this.
const MAX_REPLY_BYTES: usize = 16 << 20;
// Limit: below the five minutes that some pages of the API give a token.
const TOKEN_LIFETIME: Duration = Duration::from_mins(4);
/// How long a real server is given to show what it took.
const SETTLE: Duration = Duration::from_mins(5);
/// How long a server of this host is given to end a request that this side gave up on.
const NEAR_SETTLE_AFTER_GIVING_UP: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_hours(24);

/// What the settings are for, which decides what must be there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Purpose {
    /// Nothing is opened and no secret is fetched: `config show`, `inspect`.
    Shown,
    /// Nothing is sent, and of the secrets only that of a shared ledger is fetched: `runs list`.
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
        let base_url = base_url(&sources)?;
        let target = target(&sources, base_url.as_ref())?;
        let company = company(&sources, &target)?;
        if target != Target::Sandbox {
            hosts::check_named_profile(&sources)?;
        }
        let saved = Saved::find(&sources)?;
        let mut settings = Settings {
            profile: self.profile(),
            // The stand-in is nobody's environment, whatever the profile calls its own.
            environment: sources.read("environment", values::text)?.filter(|_| target != Target::Sandbox),
            timezone: sources.settle("timezone", values::timezone)?,
            reading: reading(&sources, &saved)?,
            mapping: mapping(&sources, &saved)?,
            gate: gate(&sources)?,
            sending: sending(&sources, &target)?,
            routes: routes(&sources)?,
            places: self.places(&sources, &target, &mut warnings)?,
            output: output(&sources)?,
            reporting: reporting(&sources)?,
            expectations: self.file.map(|file| file.expectations.clone()).unwrap_or_default(),
            severity: severity(&sources)?,
            threads: threads(&sources)?,
            watch_allow: watch_allow(&sources)?,
            credentials: None,
            target,
            company,
            mode,
        };
        let secrets = (secret::locate(&sources, "client-secret")?, secret::locate(&sources, "password")?);
        if self.talks(&settings) {
            settings.credentials = self.credentials(&sources, base_url, &secrets, &settings, &mut warnings)?;
        }
        let of_ledger = secret::locate(&sources, shared::PASSWORD)?;
        let secrets = [secrets.0.as_ref(), secrets.1.as_ref(), of_ledger.as_ref()];
        self.warn_about_readable_secrets(secrets, &mut warnings);
        let shown = shown::all(&sources, &settings, secrets);
        Ok(Settled { settings, shown, warnings })
    }

    fn profile(&self) -> String {
        let named = self.file.map(|file| file.name.as_str()).or(self.flags.profile.as_deref());
        named.unwrap_or(super::file::DEFAULT_PROFILE).to_owned()
    }

    /// Whether a request to a real account may leave, now or when a plan is sent.
    fn talks(&self, settings: &Settings) -> bool {
        !matches!(self.purpose, Purpose::Local | Purpose::Shown)
            && settings.target != Target::Sandbox
            && !settings.mode.dry_run
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
            Purpose::Sheets(operation) => operation.route.account_parameter == Some("parentCompanyId"),
            Purpose::Shown | Purpose::Local | Purpose::Account => false,
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

    fn places(
        &self,
        sources: &Sources<'_>,
        target: &Target,
        warnings: &mut Vec<String>,
    ) -> Result<Places, ConfigError> {
        let ledger = match shared::place(sources, target, warnings)? {
            Some(place) if self.purpose != Purpose::Shown => Some(shared::unlocked(sources, place, warnings)?),
            place => place,
        };
        Ok(Places {
            ledger,
            results: sources.path("results")?,
            split_by: sources.read("split-by", |column| Ok(column.trim().to_owned()))?,
            state: sources.path("state")?.unwrap_or_else(|| self.default_state.to_path_buf()),
            user_state: self.default_state.to_path_buf(),
            results_bom: sources.switch("results-bom")?,
            results_delimiter: sources.settle("results-delimiter", values::delimiter)?,
            way: way::flags(sources, target),
        })
    }

    /// A secret in a file that everybody reads is none.
    fn warn_about_readable_secrets(&self, secrets: [Option<&Located>; 3], warnings: &mut Vec<String>) {
        let in_file = secrets.into_iter().flatten().any(Located::is_written_in_file);
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

fn base_url(sources: &Sources<'_>) -> Result<Option<(String, Source)>, ConfigError> {
    let base_url = sources.read("base-url", normalise_base_url)?;
    Ok(base_url.zip(sources.find("base-url").map(|(_, source)| source)))
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

fn reading(sources: &Sources<'_>, saved: &Saved<'_>) -> Result<Reading, ConfigError> {
    Ok(Reading {
        as_written: false,
        sheets: sources.texts("sheet"),
        // Limit: a worksheet has this many rows.
        header_row: sources.read("header-row", number(1, 1_048_576))?,
        delimiter: sources.read("delimiter", values::delimiter)?,
        encoding: sources.read("encoding", values::encoding)?,
        date_order: sources
            .read("date-order", values::date_order)?
            .or_else(|| saved.file().and_then(|saved| saved.date_order)),
        decoder: None,
        hidden_rows: sources.read("hidden-rows", values::hidden_rows)?.unwrap_or_default(),
    })
}

fn mapping(sources: &Sources<'_>, saved: &Saved<'_>) -> Result<MappingSettings, ConfigError> {
    let pairs = |table: &'static str| -> Result<Vec<(String, String)>, ConfigError> {
        let joined = sources.pairs(table, saved.pairs(table)?)?;
        Ok(joined.into_iter().map(|pair| (pair.left, pair.right)).collect())
    };
    let only_amount = match sources.read("only-amount", values::only_amount)? {
        Some(only_amount) => Some(only_amount),
        None => saved.only_amount()?,
    };
    let group = match sources.read("group", values::boolean)? {
        Some(group) => group,
        None => saved.group()?.unwrap_or_default(),
    };
    Ok(MappingSettings {
        group,
        map: pairs("map")?,
        set: pairs("set")?,
        allow_guarded: sources.switch("allow-guarded")?,
        allow_unnumbered: sources.switch("allow-unnumbered")?,
        only_amount,
        customers: sources.path("customers")?,
        saved: saved.file().cloned(),
    })
}

fn gate(sources: &Sources<'_>) -> Result<Gate, ConfigError> {
    Ok(Gate {
        strict: sources.switch("strict")?,
        max_invalid: sources.settle("max-invalid", values::share)?,
        expect_rows: sources.read("expect-rows", number(0, 1_000_000_000))?,
        expect_total: sources.read("expect-total", values::amount)?,
        period: sources.read("period", values::month)?,
        accept_total_mismatch: sources.switch("accept-total-mismatch")?,
        allow_empty: sources.switch("allow-empty")?,
        tolerate: sources.settle("tolerate", values::share)?,
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
        timeout: sources.settle("timeout", between(Duration::from_millis(1), Duration::from_hours(1)))?,
        refusal_budget: sources.settle("refusal-budget", number(0, 100_000))?,
        settle: settle.unwrap_or(if near { Duration::ZERO } else { SETTLE }),
        settle_after_giving_up: settle.unwrap_or(if near { NEAR_SETTLE_AFTER_GIVING_UP } else { SETTLE }),
        allow_assumed: sources.switch("allow-assumed")?,
        max_reply_bytes: MAX_REPLY_BYTES,
        token_lifetime: TOKEN_LIFETIME,
        uploads: uploads(sources)?,
        reply_names: reply_names(sources)?,
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
        seed: false,
        user: String::new(),
        needs_approval: false,
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

fn reporting(sources: &Sources<'_>) -> Result<Reporting, ConfigError> {
    Ok(Reporting {
        log: sources.path("log")?,
        log_format: sources.settle("log-format", values::log_format)?,
        log_size: sources.settle("log-size", |text| values::size(text, 1 << 10, 1 << 30))? as u64,
        log_keep: sources.settle("log-keep", number(0, 1000))?,
        metrics: sources.path("metrics")?,
        notify: sources.read("notify", values::text)?,
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

fn routes(sources: &Sources<'_>) -> Result<Routes, ConfigError> {
    let mut routes = Routes::default();
    for Pair { left, right, source } in sources.pairs("routes", Vec::new())? {
        understand("routes", &right, source, |route| routes.put(&left, route))?;
    }
    Ok(routes)
}

fn watch_allow(sources: &Sources<'_>) -> Result<Vec<&'static Operation>, ConfigError> {
    let Some((_, source)) = sources.find("watch-allow") else { return Ok(Vec::new()) };
    // A variable holds several in one text.
    let texts = sources.texts("watch-allow");
    let names = texts.iter().flat_map(|text| text.split([',', ';'])).map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| understand("watch-allow", name, source.clone(), values::watched_operation)).collect()
}

fn uploads(sources: &Sources<'_>) -> Result<Uploads, ConfigError> {
    let mut uploads = Uploads::default();
    let mut last = Source::Default;
    for Pair { left, right, source } in sources.pairs("upload", Vec::new())? {
        understand("upload", &right, source.clone(), |value| uploads.put(&left, value))?;
        last = source;
    }
    understand("upload", "", last, |_| uploads.check())?;
    Ok(uploads)
}

fn reply_names(sources: &Sources<'_>) -> Result<ReplyNames, ConfigError> {
    let mut names = ReplyNames::default();
    for Pair { left, right, source } in sources.pairs("reply-names", Vec::new())? {
        understand("reply-names", &right, source, |value| names.put(&left, value))?;
    }
    Ok(names)
}

fn threads(sources: &Sources<'_>) -> Result<usize, ConfigError> {
    let threads = sources.read("threads", number(1, 256))?;
    Ok(threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |count| count.get().min(256))))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::super::DateOrder;
    use super::super::account::AccountKey;
    use super::super::file::{Place, read_profile};
    use super::*;
    use crate::money::Money;

    const LOGIN: &[(&str, &str)] = &[
        ("ARLOAD_COMPANY_ID", "CEK1234567"),
        ("ARLOAD_CLIENT_ID", "client"),
        ("ARLOAD_CLIENT_SECRET", "hunter2-client"),
        ("ARLOAD_USERNAME", "user"),
        ("ARLOAD_PASSWORD", "hunter2"),
    ];
    const LOGIN_FILE: &str = "company-id = \"CEK1234567\"\nclient-id = \"c\"\nclient-secret = \"hunter2-client\"\n\
                              username = \"u\"\npassword = \"hunter2\"\n";

    /// A set of layers as a test describes it.
    struct Given {
        flags: FlagValues,
        environment: BTreeMap<String, String>,
        file: Option<ProfileFile>,
        purpose: Purpose,
    }

    fn given(variables: &[(&str, &str)]) -> Given {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let purpose = Purpose::Sheets(Operation::find("invoices", "create").unwrap());
        Given { flags: FlagValues::default(), environment, file: None, purpose }
    }

    impl Given {
        fn flag(mut self, key: &'static str, value: &str) -> Given {
            match key {
                "profile" => self.flags.profile = Some(value.to_owned()),
                "map" | "set" => self.flags.texts(key, vec![value.to_owned()]),
                _ => self.flags.text(key, Some(value.to_owned())),
            }
            self
        }

        fn variable(mut self, name: &str, value: &str) -> Given {
            self.environment.insert(name.to_owned(), value.to_owned());
            self
        }

        fn file(mut self, place: Place, text: &str) -> Given {
            let text = format!("[profiles.default]\n{text}");
            self.file = Some(read_profile(&text, Path::new("conf/arload.toml"), place, None).unwrap());
            self
        }

        fn purpose(mut self, purpose: Purpose) -> Given {
            self.purpose = purpose;
            self
        }

        fn settle(&self) -> Result<Settled, ConfigError> {
            let layers = Layers {
                flags: &self.flags,
                environment: &self.environment,
                file: self.file.as_ref(),
                default_state: Path::new("state"),
                purpose: self.purpose,
            };
            layers.settle()
        }

        fn settings(&self) -> Settings {
            self.settle().unwrap().settings
        }

        fn message(&self) -> String {
            let error = self.settle().unwrap_err();
            assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"), "{error:?}");
            error.to_string()
        }
    }

    #[test]
    fn defaults_are_those_of_the_design() {
        let settings = given(LOGIN).variable("ARLOAD_BASE_URL", "https://API.example.com/").settings();
        assert_eq!(settings.target, Target::Server("https://api.example.com".to_owned()));
        assert_eq!(settings.timezone.iana_name(), Some("Asia/Kolkata"));
        assert_eq!(settings.profile, "default");
        let sending = Sending {
            rate: 5.0,
            burst: 1,
            concurrency: 4,
            per_day: None,
            max_chunk_rows: 500,
            max_chunk_bytes: 1 << 20,
            canary: 5,
            attempts: 5,
            timeout: Duration::from_mins(1),
            refusal_budget: 200,
            settle: Duration::from_mins(5),
            settle_after_giving_up: Duration::from_mins(5),
            allow_assumed: false,
            max_reply_bytes: 16 << 20,
            token_lifetime: Duration::from_mins(4),
            uploads: Uploads::default(),
            reply_names: ReplyNames::default(),
        };
        assert_eq!(settings.sending, sending);
        assert_eq!(settings.mode, Mode { resume_within: 3 * DAY, ..Mode::default() });
        assert!((settings.gate.max_invalid - 0.05).abs() < 1e-12 && !settings.gate.strict);
        assert!(settings.places.results_bom && settings.places.results_delimiter == b',' && settings.threads >= 1);
        assert_eq!(settings.company.seller_id.as_deref(), Some("CEK1234567"));
        assert_eq!(settings.company.parent_company_id, "CEK1234567");
        assert_eq!(AccountKey::of(&settings).unwrap().to_string(), "https://api.example.com CEK1234567");
    }

    #[test]
    fn flags_come_before_the_environment_and_the_environment_before_the_file() {
        let mut layers = given(&[]).purpose(Purpose::Local);
        let burst = |layers: &Given| layers.settings().sending.burst;
        assert_eq!(burst(&layers), 1);
        layers = layers.file(Place::User, "burst = 2");
        assert_eq!(burst(&layers), 2);
        layers = layers.variable("ARLOAD_BURST", "3");
        assert_eq!(burst(&layers), 3);
        layers = layers.flag("burst", "4");
        assert_eq!(burst(&layers), 4);
        let shown = layers.settle().unwrap().shown;
        let shown = shown.iter().find(|shown| shown.key == "burst").unwrap();
        assert_eq!((shown.value.as_deref(), shown.source.as_str()), (Some("4"), "flag --burst"));
    }

    #[test]
    fn a_refused_value_is_named_with_who_gave_it() {
        let local = || given(&[]).purpose(Purpose::Local);
        for (layers, message) in [
            (local().flag("max-chunk-rows", "0"), "--max-chunk-rows: 0 is too small; expected 1 to 10,000"),
            (
                local().variable("ARLOAD_CANARY", "x"),
                "ARLOAD_CANARY: \"x\" is not a whole number; expected 0 to 10,000",
            ),
            (
                local().file(Place::Here, "\nrate = \"5\""),
                "conf/arload.toml:3: rate: \"5\" is not a rate; expected a form like 5/s, 300/min or 1000/h",
            ),
            (local().flag("map", "x"), "--map: \"x\" is not a pair; expected a form like \"Bill No=invoiceNumber\""),
            (
                local().file(Place::Here, "severity = { date-futur = \"note\" }"),
                "conf/arload.toml:2: severity: \"date-futur\" is not a code of a finding; did you mean date-future?",
            ),
            (
                local().variable("ARLOAD_SELLERS", "27AAPFU0939F1ZV=x"),
                "ARLOAD_SELLERS: \"x\" is not an Enkash company id; expected CEK and 7 capital letters or digits",
            ),
            (
                local().flag("mapping", "tally"),
                "--mapping: no saved mapping \"tally\"; expected the file tally.mapping.toml or a table [mappings.NAME], \
                 found: none",
            ),
        ] {
            assert_eq!(layers.message(), message);
        }
    }

    #[test]
    fn tables_are_joined_and_the_stronger_source_wins_per_key() {
        let settings = given(&[("ARLOAD_MAP", "B=b2; C=c2"), ("ARLOAD_SET", "gstExclusive=true")])
            .file(Place::User, "map = { A = \"a1\", B = \"b1\" }\n[mappings.m]\nmap = { Z = \"z0\", A = \"a0\" }\n")
            .flag("mapping", "m")
            .flag("map", "C=D=c3")
            .purpose(Purpose::Local)
            .settings();
        let map: Vec<String> = settings.mapping.map.iter().map(|(left, right)| format!("{left}>{right}")).collect();
        assert_eq!(map, ["Z>z0", "A>a1", "B>b2", "C>c2", "C=D>c3"]);
        assert_eq!(settings.mapping.set, [("gstExclusive".to_owned(), "true".to_owned())]);
    }

    #[test]
    fn every_kind_of_value_reaches_its_setting() {
        let settings = given(&[("ARLOAD_PERIOD", "2026-03"), ("ARLOAD_STRICT", "1"), ("ARLOAD_SHEET", "March")])
            .file(
                Place::User,
                "customers = \"c.csv\"\nexpect-total = 481203.50\ndate-order = \"mdy\"\nsettle = \"1m\"\n\
                 severity = { date-future = \"warning\" }",
            )
            .flag("results", "out")
            .flag("delimiter", "tab")
            .purpose(Purpose::Local)
            .settings();
        assert_eq!(settings.gate.period, Some((2026, 3)));
        assert_eq!(settings.gate.expect_total, Some(Money(48_120_350)));
        assert!(settings.gate.strict);
        assert_eq!(settings.reading.sheets, ["March"]);
        assert_eq!((settings.reading.delimiter, settings.reading.date_order), (Some(b'\t'), Some(DateOrder::Mdy)));
        assert_eq!(settings.severity[&Code::DateFuture], Severity::Warning);
        assert_eq!(settings.sending.settle, Duration::from_mins(1));
        assert_eq!(settings.mapping.customers.as_deref(), Some(Path::new("conf/c.csv")));
        assert_eq!(settings.places.results.as_deref(), Some(Path::new("out")));
    }

    #[test]
    fn everything_that_a_real_send_lacks_is_named_at_once() {
        let error = given(&[]).settle().unwrap_err();
        assert_eq!(
            error.to_string(),
            "settings: missing base-url, company-id, client-id, client-secret, username, password"
        );
        assert_eq!(
            error.hint().unwrap(),
            "set ARLOAD_BASE_URL, ARLOAD_COMPANY_ID, ARLOAD_CLIENT_ID, ARLOAD_CLIENT_SECRET, ARLOAD_USERNAME, \
             ARLOAD_PASSWORD, or write the keys below [profiles.default] in arload.toml (\"arload config init\" writes \
             one); to try without an account: --dry-run or --sandbox"
        );
        let planned = given(&[("ARLOAD_BASE_URL", "https://a.example")]).flag("plan", "true");
        assert_eq!(planned.message(), "settings: missing company-id");
        let update = Purpose::Sheets(Operation::find("customers", "update").unwrap());
        let several = given(LOGIN)
            .variable("ARLOAD_BASE_URL", "https://a.example")
            .variable("ARLOAD_SELLERS", "27AAPFU0939F1ZV=CEK1234567;29AAPFU0939F1ZV=CEK1234568");
        assert_eq!(several.settings().company.seller_id, None);
        assert_eq!(several.purpose(update).message(), "settings: missing parent-company-id");
    }

    #[test]
    fn dry_runs_local_commands_and_the_sandbox_need_no_account() {
        let dry = given(&[]).flag("dry-run", "true").settings();
        assert!(dry.target == Target::Nowhere && dry.credentials.is_none() && AccountKey::of(&dry).is_none());
        let sandbox = given(LOGIN).flag("sandbox", "true").settings();
        assert!(sandbox.target == Target::Sandbox && sandbox.credentials.is_none());
        assert_eq!(sandbox.company.company_id, SANDBOX_COMPANY);
        assert_eq!(sandbox.sending.settle, Duration::ZERO);
        assert!(values::company_id(SANDBOX_COMPANY).is_ok());
        assert!(given(&[]).purpose(Purpose::Local).settle().is_ok());
    }

    #[test]
    fn a_loopback_server_needs_no_settle_time() {
        let near = given(LOGIN).variable("ARLOAD_BASE_URL", "http://127.0.0.1:8087").settings();
        assert_eq!(near.sending.settle, Duration::ZERO);
        // A request that this side gave up on may still be under way there.
        assert_eq!(near.sending.settle_after_giving_up, Duration::from_secs(10));
        let set = given(LOGIN).variable("ARLOAD_BASE_URL", "http://127.0.0.1:8087").variable("ARLOAD_SETTLE", "0s");
        assert_eq!(set.settings().sending.settle_after_giving_up, Duration::ZERO);
        assert_eq!(near.credentials.unwrap().password.expose_secret(), "hunter2");
    }

    #[test]
    fn a_file_of_the_current_directory_cannot_redirect_secrets_of_the_environment() {
        let evil = "base-url = \"https://evil.example\"";
        let good = ("ARLOAD_BASE_URL", "https://good.example");
        let refused = "a file of the current directory cannot redirect the secret from ARLOAD_CLIENT_SECRET";
        assert!(given(LOGIN).file(Place::Here, evil).message().ends_with(refused));
        assert!(given(LOGIN).variable(good.0, good.1).file(Place::Here, evil).message().ends_with(refused));
        for allowed in [
            given(LOGIN).file(Place::User, evil),
            given(LOGIN).file(Place::Named, evil),
            given(LOGIN).file(Place::Here, evil).variable("ARLOAD_BASE_URL", "https://EVIL.example:443/"),
            given(LOGIN).file(Place::Here, evil).flag("base-url", "https://evil.example"),
            given(LOGIN).file(Place::Here, "rate = \"1/s\"").variable(good.0, good.1),
            given(LOGIN).file(Place::Here, evil).flag("sandbox", "true"),
            given(&[]).file(Place::Here, &format!("{evil}\n{LOGIN_FILE}")),
        ] {
            assert!(allowed.settle().is_ok(), "{:?}", allowed.settle());
        }
    }

    #[test]
    fn secrets_of_a_profile_go_only_to_the_host_beside_them() {
        let profile = format!("base-url = \"https://a.example/ar\"\n{LOGIN_FILE}");
        let with_file = |text: &str| given(&[]).file(Place::User, text);
        assert_eq!(
            with_file(&profile).flag("base-url", "https://b.example").message(),
            "conf/arload.toml:5: the secret belongs to https://a.example and is not sent to https://b.example \
             (--base-url)"
        );
        assert!(with_file(&profile).variable("ARLOAD_BASE_URL", "http://127.0.0.1:1").settle().is_err());
        assert!(
            with_file(LOGIN_FILE).flag("base-url", "https://b.example").message().contains("no base-url beside it")
        );
        assert!(with_file(&profile).flag("base-url", "https://a.example/v2").settle().is_ok());
        assert!(with_file(&profile).settle().is_ok());
    }

    #[test]
    fn a_variable_cannot_turn_a_named_profile_to_another_host() {
        let profile = format!("base-url = \"https://a.example\"\n{LOGIN_FILE}");
        let named = |url: &str| {
            given(&[("ARLOAD_BASE_URL", url)]).file(Place::User, &profile).flag("profile", "default").settle()
        };
        let error = named("https://b.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "--profile default: its host is https://a.example (conf/arload.toml:2), and ARLOAD_BASE_URL says \
             https://b.example"
        );
        assert!(named("https://a.example/").is_ok());
    }

    #[test]
    fn mistyped_variables_are_told() {
        let warnings = given(&[("ARLOAD_BASEURL", "x"), ("ARLOAD_PROFILE", "x"), ("ARLOAD_PASSWORD_FILE", "x")])
            .purpose(Purpose::Local)
            .settle()
            .unwrap()
            .warnings;
        assert_eq!(
            warnings,
            ["environment: \"ARLOAD_BASEURL\" is not a setting of arload and was ignored; did you mean \
                 ARLOAD_BASE_URL?"]
        );
    }

    #[test]
    fn secrets_appear_nowhere_but_in_the_credentials() {
        let profile = format!("base-url = \"https://a.example\"\n{LOGIN_FILE}");
        for layers in [
            given(LOGIN).variable("ARLOAD_BASE_URL", "https://a.example"),
            given(&[]).file(Place::User, &profile),
            given(&[]).file(Place::User, &profile.replace("password =", "password-command =")).purpose(Purpose::Local),
        ] {
            let settled = layers.settle().unwrap();
            assert!(!format!("{settled:?} {:?} {:?}", layers.file, layers.flags).contains("hunter2"), "{settled:?}");
            let password = settled.shown.iter().filter(|shown| shown.key.starts_with("password"));
            let told: Vec<&str> = password.filter_map(|shown| shown.value.as_deref()).collect();
            assert!(told.len() == 1 && told[0].starts_with("(set, from "), "{told:?}");
        }
    }
}
