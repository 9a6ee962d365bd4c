//! The verdict on a run in one sentence, as its totals allow.
//!
//! The one rule: nothing is called complete unless every row of the file is settled as it should be and everything that
//! was given was read.

use crate::ledger::RunState;
use crate::outcome::{Status, Totals, code};
use crate::results::RunLabel;
use crate::results::summary::Breakdown;
use crate::wording::{count, grouped};

/// What is said first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// `good`, `warn` or `bad`.
    pub(super) tone: &'static str,
    /// In a word or two.
    pub(super) word: &'static str,
    /// In a sentence.
    pub(super) sentence: String,
}

impl Verdict {
    /// On one file of a run; `not_read` counts what was given to the run and not read.
    pub(super) fn on(label: &RunLabel, totals: &Totals, breakdown: &Breakdown, not_read: usize) -> Self {
        let rows = totals.read.rows;
        let of = |status| totals.rows(status);
        let coded = |code: &str| breakdown.codes.get(code).copied().unwrap_or_default();
        let (unknown, not_sent) = (of(Status::Unknown), of(Status::NotSent));
        let refused = of(Status::Rejected) + of(Status::Invalid);
        let state = |state: RunState| label.state == state.as_str();
        let all = count(rows, "row");
        let outcomes = outcomes(totals);
        let (tone, word, sentence) = if unknown > 0 {
            let (were, them) = if unknown == 1 { ("was", "it") } else { ("were", "them") };
            let sentence = format!(
                "{} {were} sent and nobody knows yet what became of {them}; of {all}: {outcomes}.",
                count(unknown, "row")
            );
            ("bad", "Not certain", sentence)
        } else if state(RunState::Closed) {
            ("bad", "Nothing sent", format!("The run was closed before anything was sent; of {all}: {outcomes}."))
        } else if state(RunState::Superseded) {
            ("warn", "Given up", format!("A later run of the changed sheet took over; of {all}: {outcomes}."))
        } else if not_sent > 0 && not_sent == coded(code::PLANNED) && of(Status::Accepted) + of(Status::Rejected) == 0 {
            ("warn", "Planned", format!("Nothing has been sent yet; of {all}: {outcomes}."))
        } else if not_sent > 0 {
            ("warn", "Not finished", format!("{} not sent; of {all}: {outcomes}.", are(not_sent)))
        } else if refused > 0 {
            ("warn", "Needs work", format!("{} not accepted; of {all}: {outcomes}.", are(refused)))
        } else if coded(code::STORED_OTHERWISE) > 0 {
            let sentence = format!(
                "{} with other content than was sent; of {all}: {outcomes}.",
                stand(coded(code::STORED_OTHERWISE))
            );
            ("bad", "Stored otherwise", sentence)
        } else if rows == 0 {
            ("warn", "No rows", "The file has headings and no rows; nothing was sent.".to_owned())
        } else if not_read > 0 {
            (
                "warn",
                "Not all read",
                format!(
                    "{all} settled: {outcomes}; but {} that was given was not read.",
                    count(not_read as u64, "thing")
                ),
            )
        } else if state(RunState::Open) {
            ("warn", "Run goes on", format!("{all} of this file settled: {outcomes}; the run has other rows to send."))
        } else {
            ("good", "Complete", format!("{all} settled: {outcomes}."))
        };
        Self { tone, word, sentence: sentence + &warned(breakdown) }
    }
}

/// `1,940 accepted (₹4,81,20,300.00), 3 rejected`.
fn outcomes(totals: &Totals) -> String {
    let line = |status: &Status| {
        let sum = totals.by_status.get(status).filter(|sum| sum.rows > 0)?;
        let rupees = if sum.total.0 == 0 { String::new() } else { format!(" ({})", sum.total.rupees()) };
        Some(format!("{} {}{rupees}", grouped(sum.rows), status.as_str()))
    };
    let lines: Vec<String> = Status::ALL.iter().filter_map(line).collect();
    if lines.is_empty() { "none".to_owned() } else { lines.join(", ") }
}

fn are(rows: u64) -> String {
    format!("{} {}", count(rows, "row"), if rows == 1 { "is" } else { "are" })
}

fn stand(rows: u64) -> String {
    format!("{} {} at Enkash", count(rows, "row"), if rows == 1 { "stands" } else { "stand" })
}

fn warned(breakdown: &Breakdown) -> String {
    match breakdown.rows_with_warnings {
        0 => String::new(),
        1 => " 1 row has a warning.".to_owned(),
        rows => format!(" {} have warnings.", count(rows, "row")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Amounts;

    fn label(state: RunState) -> RunLabel {
        let text = String::new;
        RunLabel {
            run: Some(7),
            ledger: text(),
            operation: text(),
            host: text(),
            environment: None,
            company: text(),
            planned_at: text(),
            state: state.as_str().to_owned(),
            reason: text(),
            head: text(),
        }
    }

    fn on(state: RunState, rows: &[(Status, u64)], codes: &[(&str, u64)], not_read: usize) -> Verdict {
        let (mut totals, mut breakdown) = (Totals::default(), Breakdown::default());
        for (status, count) in rows {
            for _ in 0..*count {
                totals.read.add(&Amounts::default());
                totals.add(*status, &Amounts::default());
            }
        }
        breakdown.codes = codes.iter().map(|(code, rows)| ((*code).to_owned(), *rows)).collect();
        Verdict::on(&label(state), &totals, &breakdown, not_read)
    }

    #[test]
    fn only_a_run_that_is_complete_is_called_so() {
        use RunState::{Closed, Finished, Open, Superseded};
        use Status::{Accepted, AlreadyAccepted, Excluded, Invalid, NotSent, Rejected, Unknown};
        let good = [(Accepted, 3), (AlreadyAccepted, 1), (Excluded, 1)];
        for (state, rows, codes, not_read, tone, word) in [
            (Finished, &good[..], &[][..], 0, "good", "Complete"),
            (Finished, &good, &[], 1, "warn", "Not all read"),
            (Open, &good, &[], 0, "warn", "Run goes on"),
            (Superseded, &good, &[], 0, "warn", "Given up"),
            (Finished, &good, &[(code::STORED_OTHERWISE, 1)], 0, "bad", "Stored otherwise"),
            (Finished, &[(Accepted, 3), (Rejected, 1)], &[], 0, "warn", "Needs work"),
            (Finished, &[(Invalid, 1)], &[], 0, "warn", "Needs work"),
            (Finished, &[(Accepted, 9), (Unknown, 1)], &[], 0, "bad", "Not certain"),
            (Open, &[(Unknown, 2), (NotSent, 2)], &[(code::PLANNED, 2)], 0, "bad", "Not certain"),
            (Open, &[(NotSent, 2)], &[(code::PLANNED, 2)], 0, "warn", "Planned"),
            (Open, &[(Accepted, 1), (NotSent, 2)], &[(code::PLANNED, 2)], 0, "warn", "Not finished"),
            (Finished, &[(Accepted, 1), (NotSent, 1)], &[(code::HELD_BY_RUN, 1)], 0, "warn", "Not finished"),
            (Closed, &[(Invalid, 1), (NotSent, 1)], &[(code::STRICT, 1)], 0, "bad", "Nothing sent"),
            (Finished, &[], &[], 0, "warn", "No rows"),
        ] {
            let verdict = on(state, rows, codes, not_read);
            assert_eq!((verdict.tone, verdict.word), (tone, word), "{verdict:?}");
        }
    }

    #[test]
    fn the_sentence_counts_as_people_do() {
        let verdict = |rows: &[(Status, u64)]| on(RunState::Finished, rows, &[], 0).sentence;
        assert_eq!(verdict(&[(Status::Accepted, 1)]), "1 row settled: 1 accepted.");
        assert_eq!(
            verdict(&[(Status::Accepted, 2), (Status::Unknown, 1)]),
            "1 row was sent and nobody knows yet what became of it; of 3 rows: 2 accepted, 1 unknown."
        );
        assert_eq!(verdict(&[(Status::Invalid, 2)]), "2 rows are not accepted; of 2 rows: 2 invalid.");
    }
}
