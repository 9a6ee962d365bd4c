//! Settings: what a run is told, settled once from flags, environment and file, with nothing left to guess.
//!
//! [`Settings`] is what every later stage takes. [`keys`] is the table of all settings, [`mod@file`] reads
//! `arload.toml`, [`layers`] puts flags over environment over file. The environment itself is handed in by the binary; nothing here
//! reads it.

pub mod account;
pub mod assumed;
pub mod error;
mod expected;
pub mod file;
pub mod given;
mod hosts;
pub mod init;
pub mod keys;
pub mod layers;
mod parse;
mod saved;
mod secret;
mod shared;
pub mod shown;
mod sources;
pub mod template;
pub mod values;
mod way;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use self::saved::mapping_place;
use crate::api::reply::ReplyNames;
use crate::expect::Expectation;
use crate::finding::{Code, Severity};
use crate::ledger::postgres::place::Place;
use crate::mapping::saved::SavedMapping;
use crate::money::Money;
use crate::operation::Operation;
use crate::operation::routes::Routes;
use crate::sheet::decoder::Decoder;
use crate::upload::Uploads;

/// Everything a run is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the profile, for messages only; never part of an account's identity.
    pub profile: String,
    /// Label such as `uat` or `live`, for messages only.
    pub environment: Option<String>,
    /// Where requests go.
    pub target: Target,
    /// The account's ids and sellers.
    pub company: Company,
    /// What the log-in needs; none where a dry run or the sandbox needs none.
    pub credentials: Option<Credentials>,
    /// Decides every date, financial year and quota day.
    pub timezone: TimeZone,
    /// How sheets are read.
    pub reading: Reading,
    /// How headings become fields.
    pub mapping: MappingSettings,
    /// What must hold before anything is sent.
    pub gate: Gate,
    /// Pace and limits of sending.
    pub sending: Sending,
    /// Where requests go below the base URL.
    pub routes: Routes,
    /// Where things are written.
    pub places: Places,
    /// How this one run goes.
    pub mode: Mode,
    /// What the person at the terminal sees.
    pub output: Output,
    /// Who hears of a run besides them.
    pub reporting: Reporting,
    /// What has to come by when, as the settings file says.
    pub expectations: Vec<Expectation>,
    /// Severities that the profile sets over the table's own.
    pub severity: BTreeMap<Code, Severity>,
    /// Workers for reading and checking.
    pub threads: usize,
    /// Operations that have a watched folder only by this leave.
    pub watch_allow: Vec<&'static Operation>,
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The stand-in, started in this process.
    Sandbox,
    /// A server, by its normalised base URL without a trailing slash.
    Server(String),
    /// Nowhere: a dry run without an account.
    Nowhere,
}

/// The account's ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    /// CEK id of the company.
    pub company_id: String,
    /// CEK id of the seller for rows that name none; none where several sellers are configured and no default is.
    pub seller_id: Option<String>,
    /// CEK id of the parent company.
    pub parent_company_id: String,
    /// Supplier GSTIN to CEK id.
    pub sellers: BTreeMap<String, String>,
}

/// What a log-in needs.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// User of the Basic header.
    pub client_id: String,
    /// Password of the Basic header.
    pub client_secret: SecretString,
    /// The form's user name.
    pub username: String,
    /// The form's password.
    pub password: SecretString,
}

/// How sheets are read, over what is detected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Names of the worksheets to read; empty for all visible ones that map.
    pub sheets: Vec<String>,
    /// The row that holds the headings.
    pub header_row: Option<u32>,
    /// The delimiter of text files.
    pub delimiter: Option<u8>,
    /// The encoding of text files, by its WHATWG label.
    pub encoding: Option<String>,
    /// Whether day or month comes first in dates such as 04/05/2026.
    pub date_order: Option<DateOrder>,
    /// Whether rows that a workbook does not show are read.
    pub hidden_rows: HiddenRows,
    /// Whether a sheet is read as it stands: the headings where they are said to be, every filled row below them a row. The
    /// program sets it for workbooks of its own, no setting does.
    pub as_written: bool,
    /// Who decodes workbooks; none decodes them in this process. The program sets it, no setting does.
    pub decoder: Option<Decoder>,
}

/// What is done with rows that a workbook hides or filters away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HiddenRows {
    /// They are read like any other, and counted.
    #[default]
    Read,
    /// They are left out, and named.
    Skip,
}

/// Order of the parts of a numeric date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
    /// Year, month, day.
    Ymd,
}

/// How headings become fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingSettings {
    /// `--map "Heading=field"`, in the order given.
    pub map: Vec<(String, String)>,
    /// `--set field=value`, in the order given.
    pub set: Vec<(String, String)>,
    /// Whether guarded fields may be mapped or set.
    pub allow_guarded: bool,
    /// Whether rows without an invoice number are taken (they then need `externalId`).
    pub allow_unnumbered: bool,
    /// What the only amount of a sheet is: `baseAmount` or `netAmount`; none refuses such a sheet.
    pub only_amount: Option<String>,
    /// Whether the rows of one document are joined into one record.
    pub group: bool,
    /// Customer directory to read beside the ledger's own.
    pub customers: Option<PathBuf>,
    /// The mapping file in use; its columns and constants stand in `map` and `set` too.
    pub saved: Option<SavedMapping>,
}

/// What must hold before anything is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Send nothing if any row is invalid.
    pub strict: bool,
    /// Send nothing if more than this share of rows (and at least 5) has reading or format errors.
    pub max_invalid: f64,
    /// Data rows there must be.
    pub expect_rows: Option<u64>,
    /// Sum of `netAmount` (else `baseAmount`) there must be.
    pub expect_total: Option<Money>,
    /// Month that every `invoiceDate` must lie in: year and month.
    pub period: Option<(i16, i8)>,
    /// Whether a sheet whose own grand total disagrees is taken.
    pub accept_total_mismatch: bool,
    /// Whether nothing to read is fine.
    pub allow_empty: bool,
    /// Share of the rows read below which rejected and invalid ones leave the exit code at 0.
    pub tolerate: f64,
}

/// Pace and limits of sending.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// Requests a second.
    pub rate: f64,
    /// Requests that may leave at once after a pause.
    pub burst: u32,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Requests a day.
    pub per_day: Option<u64>,
    /// Rows of a chunk.
    pub max_chunk_rows: usize,
    /// Bytes of a chunk's file.
    pub max_chunk_bytes: usize,
    /// Rows of the first chunk to an unproven upload template; 0 for none.
    pub canary: usize,
    /// Requests for one chunk, 429 and 401 not counted.
    pub attempts: u32,
    /// Time for one request.
    pub timeout: Duration,
    /// Requests refused whole that a run and day may cost.
    pub refusal_budget: u32,
    /// Time after which a row not found counts as missing.
    pub settle: Duration,
    /// The same where this side gave up on the request: the server may still be at work on it.
    pub settle_after_giving_up: Duration,
    /// Whether routes that the portal does not document may be called on a real host.
    pub allow_assumed: bool,
    /// Largest reply body read.
    pub max_reply_bytes: usize,
    /// Lifetime of a token whose reply names none.
    pub token_lifetime: Duration,
    /// The form of files that are posted.
    pub uploads: Uploads,
    /// Names of the parts of a reply's items.
    pub reply_names: ReplyNames,
}

/// Where things are written.
#[derive(Debug, Clone)]
pub struct Places {
    /// Folder of the results; none for beside each input.
    pub results: Option<PathBuf>,
    /// Folder of the ledger, the locks and the log-in guard.
    pub state: PathBuf,
    /// The database of a ledger that hosts share, with the password of its role; none where it is a file in the folder.
    pub ledger: Option<Place>,
    /// The user's own state folder, whatever `state` says: refused log-ins are remembered there for all ledgers.
    pub user_state: PathBuf,
    /// Heading of the column whose values have a corrections workbook each.
    pub split_by: Option<String>,
    /// Whether result CSVs begin with a byte order mark.
    pub results_bom: bool,
    /// Delimiter of result CSVs.
    pub results_delimiter: u8,
    /// Flags that lead another command to this ledger and account, each with a blank before it, such as ` --sandbox`.
    pub way: String,
}

/// How this one run goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line, apart from the others")]
pub struct Mode {
    /// Read, map, check and report only.
    pub dry_run: bool,
    /// Stop after the plan is written.
    pub plan_only: bool,
    /// Plan afresh even if an unfinished run of the same sheets exists.
    pub new_run: bool,
    /// Send rows again that the API rejected in an earlier run.
    pub retry_rejected: bool,
    /// Skip the first-use check.
    pub first_use: bool,
    /// Wait for another process's lock.
    pub wait: bool,
    /// Ask nothing.
    pub yes: bool,
    /// Take the rows over as accepted and send nothing; `ledger seed` sets it, no setting does.
    pub seed: bool,
    /// The operating-system user at work, who becomes the maker of what is planned; the program asks the system for it,
    /// no setting does.
    pub user: String,
    /// Plan what another person has to approve, whatever the ledger asks; a drop folder sets it, no setting does.
    pub needs_approval: bool,
    /// Age up to which an unfinished run goes on by the same command.
    pub resume_within: Duration,
}

/// What the person at the terminal sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Output {
    /// Events and summary as JSON lines on standard output.
    pub json: bool,
    /// Only the summary and what went wrong.
    pub quiet: bool,
    /// Whether progress is shown.
    pub progress: Progress,
}

/// Who hears of a run besides the person at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporting {
    /// The log's file; none where nothing is logged to a file.
    pub log: Option<PathBuf>,
    /// The form of log lines.
    pub log_format: LogFormat,
    /// Size at which the log's file gives way to a new one.
    pub log_size: u64,
    /// Older files of the log that are kept.
    pub log_keep: u32,
    /// The file of metrics for a collector.
    pub metrics: Option<PathBuf>,
    /// A command line for the shell that gets the summary at the end of a run.
    pub notify: Option<String>,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line; without a file, standard error holds nothing else.
    Json,
    /// Time, level, and a word with its value for each part.
    #[default]
    Text,
}

/// Whether progress is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Progress {
    /// On a terminal only.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
