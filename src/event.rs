//! What happens during a run, told as it happens: the library's only way to speak.
//!
//! A closed list of facts, handed to an [`Observer`]; the binary decides what a person or a script sees.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::expect::Standing;
use crate::money::Total;
use crate::outcome::Totals;

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Event {
    /// The account was settled; printed first.
    Account {
        /// Host, or `sandbox`.
        host: String,
        /// Label such as `uat`.
        environment: Option<String>,
        /// CEK id.
        company: String,
        /// `invoices create`.
        operation: String,
    },
    /// An input was left out.
    InputSkipped {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A sheet was refused; the others go on.
    SheetRefused {
        /// What is wrong and where.
        message: String,
        /// The way out.
        hint: Option<String>,
        /// What kind of refusal it is, as `arload explain` takes it.
        code: &'static str,
    },
    /// A sheet was read and checked.
    SheetRead {
        /// `invoices.xlsx[March]`.
        sheet: String,
        /// Data rows.
        rows: u64,
        /// What was understood and what was left out, a sentence each.
        notes: Vec<String>,
    },
    /// What was read of a file agrees with its control file.
    ControlAgreed {
        /// The control file.
        control: String,
        /// The figures that agree.
        figures: String,
    },
    /// A part of the work begins.
    Stage {
        /// Which.
        stage: Stage,
    },
    /// Rows were read and checked so far.
    Checked {
        /// Rows.
        rows: u64,
        /// Sum of their invoice totals, else taxable values.
        total: Total,
    },
    /// The ledger does not know the account: what the API has of these records is looked up before the plan is made.
    FirstUse {
        /// `invoices`.
        resource: String,
        /// The day up to which the ledger does not know all of them; none where it knows none.
        until: Option<String>,
        /// Customers whose records are searched; none where all are.
        customers: Option<u64>,
        /// Searches that it takes at least.
        searches: u64,
    },
    /// How far that is.
    FirstUseProgress {
        /// Customers whose records were searched.
        done: u64,
        /// Of so many; none where all records are searched at once.
        customers: Option<u64>,
        /// Records found that have a key of the sheets.
        found: u64,
    },
    /// It is done.
    FirstUseDone {
        /// Rows that the API has already.
        same: u64,
        /// Rows whose key it has with other content.
        other: u64,
    },
    /// The invoices that a sheet names by number were looked up.
    NumbersLookedUp {
        /// Different numbers.
        numbers: u64,
        /// Of these, known to the ledger.
        from_ledger: u64,
        /// Of these, found by a search.
        from_search: u64,
    },
    /// The plan is durable.
    Planned {
        /// The run.
        run: i64,
        /// Rows to be sent.
        rows: u64,
        /// Records that they make: as many, unless lines are joined into documents.
        documents: u64,
        /// Requests.
        chunks: u64,
        /// Rows that ended in planning.
        ended: u64,
        /// The least time that sending takes at the set rate, in seconds.
        #[serde(serialize_with = "seconds")]
        least_time: Duration,
        /// Requests that `--per-day` leaves today; none without it.
        left_today: Option<u64>,
        /// Records of the first chunk, which goes alone because the upload is not proven yet; 0 where it is.
        first: u64,
    },
    /// An unfinished run of the same sheets goes on.
    Resumed {
        /// The run.
        run: i64,
        /// Rows still to be sent.
        rows: u64,
        /// Rows whose outcome is unknown.
        unknown: u64,
    },
    /// An older run's unsent rows were given up for this one.
    Superseded {
        /// The older run.
        run: i64,
        /// Its unsent rows.
        rows: u64,
    },
    /// A dead process left chunks without a reply.
    Recovered {
        /// The run.
        run: i64,
        /// The chunks, unknown from now on.
        chunks: u32,
    },
    /// Nothing is sent: a gate held.
    Withheld {
        /// Why.
        reason: String,
    },
    /// A request got an answer, or none.
    Attempt {
        /// The chunk's number.
        chunk: u32,
        /// Which try it was.
        number: u32,
        /// HTTP status; none without an answer.
        status: Option<u16>,
        /// What it means, in words; empty where all went well.
        message: String,
        /// Time from sending to answer, in seconds.
        #[serde(serialize_with = "seconds")]
        took: Duration,
    },
    /// A chunk's rows have their outcomes, or went back to planned.
    Progress {
        /// Records settled so far in this process; lines joined into a document are one.
        done: u64,
        /// Records to be sent in this process.
        total: u64,
        /// Accepted so far.
        accepted: u64,
        /// Rejected so far.
        rejected: u64,
        /// Unknown so far.
        unknown: u64,
        /// Sum of the invoice totals, else taxable values, of the accepted ones.
        accepted_total: Total,
        /// Requests a second that the limiter allows at the moment.
        rate: f64,
        /// Requests a second that are set.
        limit: f64,
        /// Requests a second that left in the last seconds.
        pace: f64,
        /// Requests of the plan that are not answered yet.
        requests_left: u64,
        /// Requests that `--per-day` still lets through today; none without it.
        left_today: Option<u64>,
        /// Time until all is answered, or until the quota of the day is used up, in seconds; none where nobody can say.
        #[serde(serialize_with = "some_seconds")]
        time_left: Option<Duration>,
        /// Days beyond today that the quota makes necessary.
        further_days: u64,
    },
    /// A chunk that no answer settled was looked up.
    LookedUp {
        /// The chunk's number.
        chunk: u32,
        /// Records found.
        found: u64,
        /// Records proved missing, which go on in another chunk.
        again: u64,
        /// Records that stay unknown.
        unknown: u64,
        /// Why, where some do.
        reason: String,
    },
    /// A chunk that was refused as a whole goes on in smaller ones.
    Split {
        /// The chunk's number.
        chunk: u32,
        /// Its records.
        rows: u64,
        /// Numbers of the smaller ones.
        into: Vec<u32>,
    },
    /// The first rows to an upload that was not proven are settled and were read back, or cannot be.
    Proven {
        /// What that says.
        message: String,
    },
    /// Sending waits.
    Waiting {
        /// Because of what.
        reason: String,
        /// How long, in seconds.
        #[serde(serialize_with = "seconds")]
        time: Duration,
        /// Until when, by the profile's time zone: `14:03:20`.
        until: String,
    },
    /// Sending stops early.
    Stopping {
        /// Why.
        reason: String,
    },
    /// Something that a person should know.
    Warning {
        /// What.
        message: String,
        /// The way out.
        hint: Option<String>,
    },
    /// A search goes on that an earlier process began.
    SearchResumed {
        /// Where its pages are.
        path: String,
        /// Pages that need not be asked for again.
        pages: u64,
    },
    /// How far a search is read.
    SearchProgress {
        /// `invoices` or `customers`.
        resource: String,
        /// Records so far.
        records: u64,
        /// Of so many, where the API says so.
        total: Option<u64>,
    },
    /// A search is read once more from its beginning.
    SearchAgain {
        /// Why.
        reason: String,
    },
    /// An export is complete.
    Exported {
        /// The file; none for standard output.
        path: Option<String>,
        /// `invoices` or `customers`.
        resource: String,
        /// Records, each once.
        records: u64,
        /// Pages that were read, those of an earlier process among them.
        pages: u64,
        /// Requests of this process.
        requests: u64,
        /// What it is sorted by.
        order: String,
    },
    /// The customer directory of the account is as the API has it.
    Pulled {
        /// Customers that it did not know.
        new: u64,
        /// Customers of which something changed.
        changed: u64,
        /// Customers that are as they were.
        same: u64,
        /// Customers that the API no longer shows, forgotten.
        gone: u64,
        /// Records without a customer id, which no sheet can name.
        unusable: u64,
        /// Requests of this process.
        requests: u64,
    },
    /// Sheets were held against the API.
    Compared {
        /// The verdict, in a sentence.
        verdict: String,
        /// Rows and rupees of both sides for each seller and supplier GSTIN, a line each.
        totals: Vec<String>,
        /// Whether both sides are equal.
        equal: bool,
        /// The files with the differences.
        files: Vec<String>,
    },
    /// A folder is watched.
    Watching {
        /// The folder.
        folder: String,
        /// Folders of its inbox.
        inboxes: u64,
        /// Time between two looks, in seconds.
        #[serde(serialize_with = "seconds")]
        poll: Duration,
    },
    /// A file was taken from the inbox.
    FileTaken {
        /// The file, from the watched folder.
        path: String,
        /// The profile it was dropped for.
        profile: String,
        /// `invoices create`.
        operation: String,
    },
    /// A file or folder stays where it is.
    FileLeft {
        /// The file, from the watched folder.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file that was taken is tried again.
    FileWaits {
        /// The file, from the watched folder.
        path: String,
        /// Why.
        reason: String,
        /// After how long, in seconds.
        #[serde(serialize_with = "seconds")]
        time: Duration,
        /// Whether the other files of its profile wait too.
        holds: bool,
    },
    /// A file was put away.
    FileEnded {
        /// The file's name.
        path: String,
        /// Where it lies now, from the watched folder.
        to: String,
        /// What a command on this file alone would have ended with.
        exit: u8,
        /// Why it did not end well, in a line; empty where it did.
        reason: String,
        /// What was written beside it.
        files: Vec<String>,
    },
    /// Results of one input are written.
    ResultsWritten {
        /// The file.
        path: String,
    },
    /// An earlier run has other totals now, because its rows were corrected.
    Corrected {
        /// The earlier run.
        run: i64,
        /// What it came to, in a sentence.
        message: String,
        /// Its control totals with the corrections.
        totals: Totals,
    },
    /// The run is over for this process.
    Finished {
        /// The run; none for a dry run.
        run: Option<i64>,
        /// Control totals.
        totals: Totals,
        /// The exit code.
        exit: u8,
        /// Rejected and invalid rows that leave the exit code at 0.
        tolerated: u64,
        /// What an outcome other than "all accepted" asks of the reader.
        next: Vec<String>,
        /// Hash over the last records of the run, in hexadecimal.
        head: String,
    },
    /// Something that was due has not come.
    ExpectedMissed {
        /// How it stands.
        #[serde(flatten)]
        standing: Standing,
    },
    /// The command ended before a run could.
    Failed {
        /// Why.
        message: String,
        /// The way out.
        hint: Option<String>,
        /// The exit code.
        exit: u8,
    },
}

/// The parts of a run, in the order of their beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Sheets are read and their rows checked.
    Reading,
    /// Duplicates are settled and the plan is written.
    Planning,
    /// Requests leave, and what no answer settles is looked up.
    Sending,
    /// Totals are added up and results written.
    Results,
}

impl Event {
    /// A wait that begins now.
    pub(crate) fn waiting(reason: impl Into<String>, time: Duration, now: Timestamp, zone: &TimeZone) -> Event {
        let end = now.saturating_add(SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX));
        let (now, end) = (now.to_zoned(zone.clone()), end.unwrap_or(Timestamp::MAX).to_zoned(zone.clone()));
        let form = if now.date() == end.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" };
        Event::Waiting { reason: reason.into(), time, until: end.strftime(form).to_string() }
    }
}

#[expect(clippy::ref_option, reason = "serde hands over references")]
fn some_seconds<S: serde::Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_some(&time.as_secs_f64()),
        None => serializer.serialize_none(),
    }
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// Hears what happens; called from several threads.
pub trait Observer: Sync {
    /// Takes one event.
    fn event(&self, event: &Event);
}

/// Hears nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: &Event) {}
}
