//! `NAME.report.html`: one page for people, without network or scripts.
//!
//! Owns what the page says and in which order; its form is `templates/report.html`. Figures come from the summary's
//! [`Breakdown`] and totals, requests from the ledger's trail (`requests`). The one rule: the page is made of the ledger
//! alone, so that it can be made again with the same bytes, and is bounded however many rows the run has.

mod drawn;
mod problems;
mod requests;
mod verdict;

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use askama::Template;
use jiff::tz::TimeZone;

use self::drawn::{Bar, Sent, bars, moment, request_id};
use self::problems::{Problems, Shown};
use self::requests::Requests;
use self::verdict::Verdict;
use super::place::{self, Place};
use super::summary::Breakdown;
use super::target::{Target, of_run};
use super::{ResultSettings, RunLabel};
use crate::corrections::after::Corrected;
use crate::error::RunError;
use crate::ledger::{ChunkHead, ChunkState, Ledger, LedgerError, Run, RunState, SheetRecord};
use crate::outcome::{RowOutcome, Status, Sum, Totals};
use crate::plan::SheetFacts;
use crate::plan::verdict::LentVerdict;
use crate::platform;
use crate::wording::{count, grouped};

/// Limit: uploads in the page; a million rows have two thousand.
const CHUNKS: usize = 200;
/// Limit: codes in the page, some hundred bytes each.
const CODES: usize = 50;
/// Limit: codes on paper.
const PRINTED_CODES: usize = 8;
/// Limit: lines of sellers, GSTINs and months.
const GROUPS: usize = 60;
/// Limit: characters of a sentence from elsewhere, such as why the run was closed.
const SENTENCE: usize = 300;
/// Limit: sheets named in the page.
const SHEETS: usize = 12;
/// What is said of a run against the sandbox.
const REHEARSED: &str = "This is a rehearsal: requests go to the stand-in, none to Enkash.";
/// What says whose page a file is.
const MARK: &str = "arload-run";
/// Limit: the mark stands in the page's first lines.
const MARK_WITHIN: u64 = 1024;

/// What the page says that does not stand in rows.
pub struct Telling<'t> {
    /// What the outcomes ask of the reader, a sentence each.
    pub next: &'t dyn Fn(&Totals, &Breakdown) -> Vec<String>,
    /// What was given to the run and not read.
    pub not_read: Vec<String>,
    /// Requests a second that were allowed when the run was planned; none where the ledger does not say.
    pub rate: Option<f64>,
    /// Flags that lead a command to this ledger, such as ` --sandbox`.
    pub flags: String,
}

/// What all pages of a run share.
pub(super) struct RunFigures<'t> {
    run: &'t Run,
    label: &'t RunLabel,
    telling: &'t Telling<'t>,
    zone: &'t TimeZone,
    requests: Option<Requests>,
    chunks: Vec<ChunkHead>,
}

impl<'t> RunFigures<'t> {
    /// Reads the run's requests.
    pub(super) fn of(
        ledger: &dyn Ledger,
        run: &'t Run,
        label: &'t RunLabel,
        telling: &'t Telling<'t>,
        settings: &'t ResultSettings,
    ) -> Result<Self, LedgerError> {
        let chunks = ledger.chunks(run.id)?;
        let requests = Requests::of(ledger, run, &chunks)?;
        Ok(Self { run, label, telling, zone: &settings.timezone, requests, chunks })
    }
}

/// The page of one input, while its rows are gone through.
#[derive(Debug, Default)]
pub(super) struct Report {
    problems: Problems,
}

impl Report {
    /// Looks at a row.
    pub(super) fn add(&mut self, sheet: &SheetRecord, verdict: &LentVerdict<'_>, outcome: &RowOutcome) {
        if !(verdict.findings.is_empty() && outcome.code.is_empty()) {
            self.problems.add(sheet, verdict, outcome);
        }
    }

    /// Adds what was seen of the rows behind these.
    pub(super) fn merge(&mut self, behind: Self) {
        self.problems.merge(behind.problems);
    }

    /// Writes the page.
    pub(super) fn write(
        self,
        target: &mut Target,
        figures: &RunFigures<'_>,
        (input, place, sheets): (&Path, &Place, &[(SheetRecord, SheetFacts)]),
        tally: &Corrected,
    ) -> Result<(), RunError> {
        let Corrected { totals, breakdown, .. } = tally;
        let amended = (tally.rows > 0).then(|| sentence(&tally.words(figures.run.id)));
        let mut problems = self.problems.shown(breakdown);
        let problems_left = problems.len().saturating_sub(CODES);
        problems.truncate(CODES);
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (run, label, telling) = (figures.run, figures.label, figures.telling);
        let has_money = totals.read.total.0 != 0 || totals.read.taxable.0 != 0;
        let heads = money_heads(totals);
        let (groups, groups_left) = groups(breakdown);
        let chunks = chunks(figures);
        let rehearsed = (label.host == "sandbox").then_some(REHEARSED);
        let sent = figures.requests.as_ref().map(|sent| Sent::of(run.id.0, sent, telling.rate, figures.zone));
        let page = Page {
            mark_name: MARK,
            mark: mark(label),
            version: env!("CARGO_PKG_VERSION"),
            input: name(input),
            results: name(&place.results),
            run: run.id.0,
            label,
            verdict: Verdict::on(label, totals, breakdown, telling.not_read.len()),
            beside: amended.as_deref().into_iter().chain(rehearsed).collect(),
            planned: moment(run.created_at, figures.zone),
            reason: cut(label.reason.clone(), SENTENCE),
            ended: run.finished_at.map(|at| moment(at, figures.zone)),
            sheets_are: if sheets.iter().any(|(sheet, _)| sheet.sheet_name.is_some()) { "Sheets" } else { "Rows read" },
            sheets: sheet_names(sheets),
            not_read: telling.not_read.iter().map(|words| cut(words.clone(), SENTENCE)).collect(),
            colours: Status::ALL.map(Status::as_str),
            bars: bars(totals),
            joined: totals.read.joined > 0,
            totals: Status::ALL
                .iter()
                .filter_map(|status| line(totals.by_status.get(status)?, *status, &heads))
                .collect(),
            read: Line { class: "", name: "read", rows: grouped(totals.read.rows), money: heads.cells(&totals.read) },
            money_headings: heads.names(),
            remarks: remarks(tally, sheets, has_money),
            next: steps(run, telling, totals, breakdown),
            commands: commands(run, &telling.flags),
            problems_unprinted: unprinted(problems.len()),
            problems,
            problems_left,
            print_problems: PRINTED_CODES,
            has_money,
            has_gstins: groups.iter().any(|group| !group.gstin.is_empty()),
            seller: only_seller(&groups),
            groups,
            groups_left,
            requests: sent,
            chunks_words: format!("{} of this run", count(figures.chunks.len() as u64, "upload")),
            chunks_caption: chunks.1,
            chunks: chunks.0,
        };
        let html = page.render().map_err(|error| target.failed(io::Error::other(error)))?;
        target.write_all(html.as_bytes()).map_err(|error| target.failed(error))
    }
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'p> {
    mark_name: &'static str,
    mark: String,
    version: &'static str,
    input: String,
    results: String,
    run: i64,
    label: &'p RunLabel,
    verdict: Verdict,
    beside: Vec<&'p str>,
    planned: String,
    reason: String,
    ended: Option<String>,
    sheets_are: &'static str,
    sheets: String,
    not_read: Vec<String>,
    colours: [&'static str; 7],
    bars: Vec<Bar>,
    joined: bool,
    totals: Vec<Line>,
    read: Line,
    money_headings: Vec<&'static str>,
    remarks: Vec<String>,
    next: Vec<Vec<Words>>,
    commands: Vec<(String, &'static str)>,
    problems: Vec<Shown>,
    problems_unprinted: String,
    problems_left: usize,
    print_problems: usize,
    has_money: bool,
    has_gstins: bool,
    /// The seller of all groups, where there is one only.
    seller: Option<String>,
    groups: Vec<Group>,
    groups_left: usize,
    requests: Option<Sent>,
    chunks_words: String,
    chunks_caption: String,
    chunks: Vec<ChunkLine>,
}

impl Page<'_> {
    /// Whether the server named any request of the uploads shown.
    fn has_ids(&self) -> bool {
        self.chunks.iter().any(|chunk| !chunk.request_id.is_empty())
    }
}

/// A line of the control totals.
struct Line {
    class: &'static str,
    name: &'static str,
    rows: String,
    money: Vec<String>,
}

/// A piece of a sentence.
struct Words {
    is_command: bool,
    text: String,
}

/// Rows and rupees of a seller, GSTIN and month that ended alike.
struct Group {
    seller: String,
    gstin: String,
    month: String,
    status: &'static str,
    rows: String,
    total: String,
}

/// An upload.
struct ChunkLine {
    name: String,
    rows: String,
    state: &'static str,
    attempts: u32,
    settled: String,
    request_id: String,
}

type Amount = fn(&Sum) -> crate::money::Total;

/// The columns of rupees that have any.
struct Heads(Vec<(&'static str, Amount)>);

fn money_heads(totals: &Totals) -> Heads {
    let all: [(&str, Amount); 5] = [
        ("Taxable", |sum| sum.taxable),
        ("CGST", |sum| sum.cgst),
        ("SGST", |sum| sum.sgst),
        ("IGST", |sum| sum.igst),
        ("Total", |sum| sum.total),
    ];
    let used = |amount: Amount| amount(&totals.read).0 != 0 || totals.by_status.values().any(|sum| amount(sum).0 != 0);
    Heads(all.into_iter().filter(|(_, amount)| used(*amount)).collect())
}

impl Heads {
    fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    fn cells(&self, sum: &Sum) -> Vec<String> {
        self.0.iter().map(|(_, amount)| amount(sum).rupees()).collect()
    }
}

fn line(sum: &Sum, status: Status, heads: &Heads) -> Option<Line> {
    let class = status.as_str();
    (sum.rows > 0).then(|| Line { class, name: class, rows: grouped(sum.rows), money: heads.cells(sum) })
}

/// What there is to know of the control totals besides.
fn remarks(tally: &Corrected, sheets: &[(SheetRecord, SheetFacts)], has_money: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    let rows = tally.totals.read.rows_with_unreadable_amount;
    if rows > 0 {
        remarks.push(format!("{} with an amount that cannot be read; what can be is in the sums.", count(rows, "row")));
    }
    if tally.rows > 0 {
        let mut before = Sum::default();
        for (_, facts) in sheets {
            before.merge(&facts.read);
        }
        let figures = if has_money {
            format!(", taxable {}, total {}", before.taxable.rupees(), before.total.rupees())
        } else {
            String::new()
        };
        remarks.push(format!(
            "Rows that were corrected count with their corrected amounts; the sheet itself read {}{figures}.",
            count(before.rows, "row")
        ));
    }
    remarks
}

/// How many codes paper leaves out.
fn unprinted(codes: usize) -> String {
    let more = codes.saturating_sub(PRINTED_CODES);
    format!("{more} more {}", if more == 1 { "code stands" } else { "codes stand" })
}

/// What is left to do, a sentence each, with the commands told apart.
fn steps(run: &Run, telling: &Telling<'_>, totals: &Totals, breakdown: &Breakdown) -> Vec<Vec<Words>> {
    let mut steps = (telling.next)(totals, breakdown);
    if !telling.not_read.is_empty() {
        steps.push("mend what was not read, named above, and give it to the same command".to_owned());
    }
    if steps.is_empty() && run.state == RunState::Open {
        let id = run.id;
        steps.push(format!(
            "nothing of this file; the run goes on with its other rows by the same command, or \"arload runs send {id}\""
        ));
    }
    steps.iter().map(|sentence| parts(sentence, &telling.flags)).collect()
}

/// Words as a sentence of their own.
fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), rest.as_str()))
}

/// The seller, where all groups have the same.
fn only_seller(groups: &[Group]) -> Option<String> {
    let first = &groups.first()?.seller;
    (!first.is_empty() && groups.iter().all(|group| group.seller == *first)).then(|| first.clone())
}

fn sheet_names(sheets: &[(SheetRecord, SheetFacts)]) -> String {
    let name = |(sheet, facts): &(SheetRecord, SheetFacts)| {
        let rows = count(facts.read.rows, "row");
        sheet.sheet_name.as_ref().map_or_else(|| rows.clone(), |name| format!("{name} ({rows})"))
    };
    let mut names: Vec<String> = sheets.iter().take(SHEETS).map(name).collect();
    if sheets.len() > SHEETS {
        names.push(format!("and {} more", grouped((sheets.len() - SHEETS) as u64)));
    }
    names.join(", ")
}

/// A text of so many characters at most.
fn cut(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// A sentence with its commands told apart, each with the flags that lead it to this ledger.
fn parts(sentence: &str, flags: &str) -> Vec<Words> {
    let mut parts: Vec<Words> = Vec::new();
    for (index, piece) in sentence.split('"').enumerate() {
        let is_command = index % 2 == 1 && piece.starts_with("arload ");
        // What a code means is the same for every ledger.
        let flags = if piece.starts_with("arload explain") { "" } else { flags };
        match parts.last_mut() {
            _ if is_command => parts.push(Words { is_command, text: format!("{piece}{flags}") }),
            Some(last) if last.is_command => parts.push(Words { is_command, text: piece.to_owned() }),
            Some(last) => last.text.extend(["\"", piece]),
            None => parts.push(Words { is_command, text: piece.to_owned() }),
        }
    }
    parts
}

fn commands(run: &Run, flags: &str) -> Vec<(String, &'static str)> {
    [("show", "shows the run"), ("results", "writes these files again"), ("evidence", "puts all of it into one file")]
        .map(|(verb, words)| (format!("arload runs {verb} {}{flags}", run.id), words))
        .to_vec()
}

fn groups(breakdown: &Breakdown) -> (Vec<Group>, usize) {
    let lines = || {
        breakdown.groups().flat_map(|(seller, gstin, month, by_status)| {
            by_status.iter().map(move |(status, sum)| (seller, gstin, month, *status, sum))
        })
    };
    let shown = lines().take(GROUPS).map(|(seller, gstin, month, status, sum)| Group {
        seller: seller.to_owned(),
        gstin: gstin.to_owned(),
        month: if month.is_empty() { "no date".to_owned() } else { month.to_owned() },
        status: status.as_str(),
        rows: grouped(sum.rows),
        total: sum.total.rupees(),
    });
    (shown.collect(), lines().count().saturating_sub(GROUPS))
}

/// The uploads, those first that a person asks about, and what is left out.
fn chunks(figures: &RunFigures<'_>) -> (Vec<ChunkLine>, String) {
    let mut order: Vec<&ChunkHead> = figures.chunks.iter().collect();
    order.sort_by_key(|chunk| (chunk.state == ChunkState::Settled && chunk.attempts <= 1, chunk.ordinal));
    let left = order.len().saturating_sub(CHUNKS);
    let caption = match left {
        0 => "All uploads; those that did not go through at once come first".to_owned(),
        left => format!(
            "Those that did not go through at once come first; {} left out here, the results name the upload of each row",
            count(left as u64, "upload")
        ),
    };
    let lines = order.into_iter().take(CHUNKS).map(|chunk| ChunkLine {
        name: format!("{}/{}", figures.run.id, chunk.ordinal),
        rows: grouped(u64::from(chunk.rows)),
        state: words_of(chunk.state),
        attempts: chunk.attempts,
        settled: chunk.settled_at.map_or_else(String::new, |at| moment(at, figures.zone)),
        request_id: chunk.request_id.as_deref().map(request_id).unwrap_or_default(),
    });
    (lines.collect(), caption)
}

fn words_of(state: ChunkState) -> &'static str {
    match state {
        ChunkState::Planned => "waits to be sent",
        ChunkState::Sending => "on its way, or cut off",
        ChunkState::Settled => "answered",
        ChunkState::Split => "went on in smaller uploads",
        ChunkState::Rejected => "refused whole",
        ChunkState::Unknown => "no useful answer",
    }
}

fn mark(label: &RunLabel) -> String {
    format!("{}/{}", label.ledger, label.run.unwrap_or_default())
}

/// The pages of a run that are there, of each input the one that is the run's, and where those that are not would be.
pub fn pages(inputs: &[PathBuf], label: &RunLabel, settings: &ResultSettings) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for place in place::names(inputs, settings) {
        let own = of_run(&place.report, label.run);
        if is_of(&place.report, label) {
            found.push(place.report);
        } else if is_of(&own, label) {
            found.push(own);
        } else {
            missing.push(place.report);
        }
    }
    (found, missing)
}

fn is_of(path: &Path, label: &RunLabel) -> bool {
    let mut start = Vec::new();
    let read = platform::open_regular(path).and_then(|file| file.take(MARK_WITHIN).read_to_end(&mut start));
    let wanted = format!("<meta name=\"{MARK}\" content=\"{}\">", mark(label));
    read.is_ok() && String::from_utf8_lossy(&start).contains(&wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_million_rows_stays_below_300_kb_whatever_they_hold() {
        // Three bytes a character, as in most scripts of India; a quotation mark takes five.
        let text = |most: usize| cut("अ\"".repeat(most), most);
        let label = RunLabel {
            run: Some(7),
            ledger: "a".repeat(16),
            operation: "invoices create".to_owned(),
            host: text(60),
            environment: Some(text(40)),
            company: text(20),
            planned_at: String::new(),
            state: "finished".to_owned(),
            reason: String::new(),
            head: "0".repeat(64),
        };
        let (totals, breakdown) = (Totals::default(), Breakdown::default());
        let chunk = |_| ChunkLine {
            name: "1000/2000".to_owned(),
            rows: "500".to_owned(),
            state: words_of(ChunkState::Split),
            attempts: 5,
            settled: "23 Nov 2026, 22:44:11".to_owned(),
            request_id: request_id(&"f".repeat(36)),
        };
        let group = |_| Group {
            seller: "CEK0SANDBX".to_owned(),
            gstin: "27ABCDE1234F1Z5".to_owned(),
            month: "2026-04".to_owned(),
            status: "already-accepted",
            rows: "10,00,000".to_owned(),
            total: "₹2,49,68,32,317.38".to_owned(),
        };
        let page = Page {
            mark_name: MARK,
            mark: mark(&label),
            version: "10.10.10",
            input: text(120),
            results: text(120),
            run: 7,
            label: &label,
            verdict: Verdict::on(&label, &totals, &breakdown, 1),
            beside: vec!["After correction 1.", REHEARSED],
            planned: String::new(),
            reason: text(SENTENCE),
            ended: None,
            sheets_are: "Sheets",
            sheets: text(12 * 40),
            not_read: (0..21).map(|_| text(SENTENCE)).collect(),
            colours: Status::ALL.map(Status::as_str),
            bars: bars(&totals),
            joined: true,
            totals: Vec::new(),
            read: Line { class: "", name: "read", rows: String::new(), money: Vec::new() },
            money_headings: Vec::new(),
            remarks: Vec::new(),
            next: Vec::new(),
            commands: Vec::new(),
            problems_unprinted: String::new(),
            problems: (0..CODES).map(|_| problems::longest(text(10_000))).collect(),
            problems_left: 9,
            print_problems: PRINTED_CODES,
            has_money: true,
            has_gstins: true,
            seller: None,
            groups: (0..GROUPS).map(group).collect(),
            groups_left: 9,
            requests: None,
            chunks_words: String::new(),
            chunks_caption: String::new(),
            chunks: (0..CHUNKS).map(chunk).collect(),
        };
        let bytes = page.render().unwrap().len();
        // Requests take some 25 kB: 120 bars, their marks, eight slow ones.
        assert!(bytes < 272_000, "{bytes}");
    }

    #[test]
    fn one_code_is_not_called_several_and_one_seller_is_named_once() {
        assert_eq!(
            (unprinted(PRINTED_CODES + 1).as_str(), unprinted(12).as_str()),
            ("1 more code stands", "4 more codes stand")
        );
        let group = |seller: &str| Group {
            seller: seller.to_owned(),
            gstin: String::new(),
            month: "2026-04".to_owned(),
            status: "accepted",
            rows: "1".to_owned(),
            total: String::new(),
        };
        let named = |sellers: &[&str]| only_seller(&sellers.iter().map(|seller| group(seller)).collect::<Vec<_>>());
        assert_eq!(named(&["CEK1", "CEK1"]).as_deref(), Some("CEK1"));
        assert_eq!((named(&["CEK1", "CEK2"]), named(&["", ""]), named(&[])), (None, None, None));
    }

    #[test]
    fn commands_of_a_sentence_are_told_apart_and_lead_to_the_same_ledger() {
        let parts = |sentence: &str| {
            let told = |words: &Words| (words.is_command, words.text.clone());
            super::parts(sentence, " --sandbox").iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(
            parts("say \"yes\", or \"arload runs send 7\" goes on"),
            [
                (false, "say \"yes\", or ".to_owned()),
                (true, "arload runs send 7 --sandbox".to_owned()),
                (false, " goes on".to_owned())
            ]
        );
        assert_eq!(parts("plain"), [(false, "plain".to_owned())]);
        let explained = [(true, "arload explain CODE".to_owned()), (false, " says what".to_owned())];
        assert_eq!(parts("\"arload explain CODE\" says what")[1..], explained);
    }
}
