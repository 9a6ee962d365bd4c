//! What every status and every code of an outcome means, with an example and the way out.
//!
//! The codes themselves are named in [`crate::outcome::code`]. The rule: the README has the same words, and a test fails
//! for a code that is not explained here.

use crate::outcome::Status;

/// One code of an outcome.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutcomeCode {
    pub(super) code: &'static str,
    /// The statuses that it comes with.
    pub(super) statuses: &'static str,
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
    pub(super) way_out: &'static str,
}

/// What a status means, an example, and what to do.
pub(super) fn status(status: Status) -> (&'static str, &'static str, &'static str) {
    match status {
        Status::Accepted => {
            ("Enkash took the row", "INV-417 with the id CIN2611230000001 in the column remote_id", "nothing")
        }
        Status::AlreadyAccepted => (
            "An earlier run put the same record in; nothing was sent",
            "the sheet of March, given a second time",
            "nothing",
        ),
        Status::Rejected => (
            "Enkash refused the row; the message is its reason",
            "a customer that Enkash does not know",
            "correct the row and run the sheet again, or `--retry-rejected` to send it unchanged",
        ),
        Status::Invalid => (
            "arload refused the row; it was not sent",
            "\"as per rate list\" in a column of amounts",
            "correct the cells that the message names and run the sheet again",
        ),
        Status::Excluded => (
            "Not meant to be sent: void, draft, cancelled, credit note or another document, or the same row again",
            "an invoice whose status is Void",
            "nothing, if that is right",
        ),
        Status::Unknown => (
            "It was sent, and neither an answer nor a look-up says what became of it",
            "the connection broke after the file had left",
            "`arload runs reconcile ID`, or the same command again, looks it up; the message says why that failed so far. \
             It is never sent again unless it is proved missing; status changes, payment confirmations and new reminders \
             cannot be looked up and stay so",
        ),
        Status::NotSent => (
            "Good, but the run stopped first, or was not meant to send",
            "the rows behind the place where Ctrl-C stopped the run",
            "run the same command again",
        ),
    }
}

macro_rules! outcomes {
    ($($code:literal, $statuses:literal: $meaning:literal; $example:literal => $way_out:literal;)+) => {
        /// Every code of an outcome, in the order of the README.
        pub(super) static CODES: &[OutcomeCode] = &[$(OutcomeCode {
            code: $code, statuses: $statuses, meaning: $meaning, example: $example, way_out: $way_out,
        },)+];
    };
}

outcomes! {
    "accepted-earlier", "already-accepted":
        "An earlier run, named in the message, put the same record in";
        "the sheet of March, given a second time" => "nothing";
    "found-at-api", "already-accepted":
        "The first-use check found the same record at Enkash; the message names its id";
        "an invoice that was typed into Enkash by hand before arload was used" => "nothing";
    "seeded", "accepted":
        "Enkash has the record already, as results or an export say; see [the ledger](#the-ledger)";
        "a row of the results that `arload ledger seed` read" => "nothing";
    "rejected-by-api", "rejected":
        "Enkash refused this row";
        "\"customer is not active\"" => "correct what Enkash's words name and run the sheet again; --retry-rejected sends it unchanged";
    "chunk-refused", "rejected, not-sent, unknown":
        "Enkash refused the whole upload that the row was in: with this row alone in it, so the row is `rejected`; with others, and the run stopped before it was split though nothing of it was stored (`not-sent`), or before anybody could look up whether a part of it was (`unknown`)";
        "a file answered with 422 and no row named" => "run the same command again; it splits the upload until the bad rows stand alone, as far as --refusal-budget allows";
    "rejected-earlier", "rejected":
        "An earlier run had the row refused; `--retry-rejected` sends it again";
        "the same sheet again, with the refused row unchanged" => "correct the row, or pass --retry-rejected once the reason is gone";
    "no-reply", "unknown":
        "The upload left and no useful answer came";
        "no answer within --timeout, or 500 from Enkash" => "`arload runs reconcile ID` or the same command again looks the row up; do not type it in by hand meanwhile";
    "reply-unclear", "unknown":
        "An answer came that does not say what became of this row";
        "an answer that counts 499 rows of 500 and names none" => "`arload runs reconcile ID` or the same command again looks the row up";
    "refused-in-doubt", "unknown":
        "Enkash refused the row when it was sent again, and an earlier try got no answer and may have put it in; it is looked up before it counts as `rejected`";
        "\"invoice number exists\", and it may exist because the first try came through late" => "`arload runs reconcile ID` or the same command again looks the row up; do not give it another number before";
    "stored-otherwise", "accepted":
        "Enkash took the row, and shows it with other content than was sent, named in the message; found when the first rows to a new upload are read back, which stops the run";
        "sent baseAmount 1,000.00, shown 1,180.00" => "ask Enkash for the form of the upload, set it in the profile (upload), and correct the rows that were put in";
    "found-with-other-content", "unknown":
        "The row was sent, no answer came, and its number stands at Enkash with other content, named in the message; never sent again";
        "INV-417 was put in by hand with another amount" => "compare both and change the invoice with `arload invoices update` where the sheet is right";
    "unknown-in-run", "unknown":
        "An earlier run sent the row and never learnt what became of it";
        "run 7 was cut off, and the sheet is given again" => "`arload runs reconcile ID` with the number of the run that the message names";
    "unchanged", "not-sent":
        "The row came back in a corrections workbook as it was, and `retry` does not stand beside it";
        "a row that was left for later" => "correct the row, or write retry or drop beside it, and give the workbook again";
    "dropped", "excluded":
        "`drop` stands beside the row in a corrections workbook";
        "an invoice that was made by mistake" => "nothing";
    "corrected", "any":
        "A later run corrected the row; the message names where, and the status is what that came to";
        "row 12 of the first sheet, put right in its corrections workbook" => "nothing, if the status is accepted";
    "duplicate-row", "excluded":
        "The same row stands above";
        "a row that was pasted twice" => "nothing";
    "document-void", "excluded":
        "The document is void";
        "Void below Invoice Status" => "nothing, if that is right; else correct the status in the sheet";
    "document-draft", "excluded":
        "The document is a draft";
        "Draft below Invoice Status" => "nothing; it goes when the sheet says that it is final";
    "document-cancelled", "excluded":
        "The document is cancelled";
        "(cancelled) in the row of a voucher" => "nothing, if that is right; else correct it in the sheet";
    "document-not-invoice", "excluded":
        "The row is another kind of document, such as a receipt or a return";
        "Receipt below Voucher Type" => "nothing";
    "template-example", "excluded":
        "The row is the example that `arload template` writes below the headings";
        "the row below the headings of a filled template" => "nothing";
    "credit-note-not-supported", "excluded":
        "Enkash's API takes no credit notes";
        "Credit Note below Voucher Type" => "enter it at Enkash by hand";
    "dry-run", "not-sent":
        "Good; a dry run sends nothing";
        "every good row under --dry-run" => "run the command without --dry-run";
    "planned", "not-sent":
        "Waits in the plan";
        "every good row under --plan" => "`arload runs send ID`";
    "stopped", "not-sent":
        "The run stopped before Enkash took it; it stays in the plan";
        "the quota of --per-day was used up" => "run the same command again, or `arload runs send ID`";
    "strict", "not-sent":
        "`--strict` held the run back";
        "one row of the sheet is invalid" => "correct the invalid rows, or leave --strict away";
    "max-invalid", "not-sent":
        "`--max-invalid` held the run back";
        "12 % of the rows have amounts that cannot be read" => "look at the columns with `arload inspect FILE`; most often one is mapped wrongly";
    "held-by-run", "not-sent":
        "An unfinished run, named in the message, has the same record in its plan";
        "INV-417 waits in run 7 and stands in another sheet" => "send or finish that run first: `arload runs send ID`";
    "superseded", "not-sent":
        "A later run of the changed sheet took over";
        "march.xlsx was corrected and given again before run 7 was done" => "nothing; the later run has the rows";
}
