//! What has to come by when, and whether it came.
//!
//! An expectation belongs to the settings file; what came is read from the ledger: accepted rows of the runs that were
//! planned between two due times. Leaves the telling to whoever asks. The rule: what comes late counts once it is there,
//! until the next due time.

pub mod due;
mod tallies;

use jiff::{Timestamp, Zoned};
use serde::Serialize;

use self::due::Due;
pub use self::tallies::Tallies;
use crate::config::Settings;
use crate::config::account::AccountKey;
use crate::error::RunError;
use crate::ledger::{Ledger, Run};
use crate::operation::Operation;
use crate::outcome::{Status, Totals};
use crate::wording::{count, grouped};

/// One thing that has to come again and again.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// What is to be done with the rows.
    pub operation: &'static Operation,
    /// By when.
    pub due: Due,
    /// Accepted rows there must be.
    pub least_rows: u64,
    /// Share by which they may differ from those of the time before.
    pub within: Option<f64>,
}

/// How an expectation stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Standing {
    /// `invoices create`.
    pub operation: String,
    /// The due time's form, as written.
    pub due: String,
    /// The due time that counts now.
    #[serde(serialize_with = "moment")]
    pub due_at: Zoned,
    /// Accepted rows since the due time before it.
    pub rows: u64,
    /// Accepted rows of the time before that.
    pub rows_before: u64,
    /// Rows that had to come.
    pub least_rows: u64,
    /// Why it is missed, in words; none where it is not.
    pub missed: Option<String>,
}

fn moment<S: serde::Serializer>(at: &Zoned, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.strftime("%Y-%m-%dT%H:%M:%S%:z"))
}

/// The expectations of the settings that were not met when they were due, and are not yet.
pub fn missed(ledger: &dyn Ledger, settings: &Settings, now: Timestamp) -> Result<Vec<Standing>, RunError> {
    let all = standings(&Tallies::new(ledger), settings, now)?;
    Ok(all.into_iter().filter(|standing| standing.missed.is_some()).collect())
}

/// How every expectation of the settings stands.
pub fn standings(tallies: &Tallies<'_>, settings: &Settings, now: Timestamp) -> Result<Vec<Standing>, RunError> {
    let account = AccountKey::of(settings).map(|key| key.to_string()).unwrap_or_default();
    if settings.expectations.is_empty() {
        return Ok(Vec::new());
    }
    let runs: Vec<Run> = tallies.ledger().runs()?.into_iter().filter(|run| run.account == account).collect();
    settings.expectations.iter().map(|expectation| standing(tallies, &runs, expectation, settings, now)).collect()
}

fn standing(
    tallies: &Tallies<'_>,
    runs: &[Run],
    expectation: &Expectation,
    settings: &Settings,
    now: Timestamp,
) -> Result<Standing, RunError> {
    let due_at = expectation.due.latest(now, &settings.timezone);
    let begin = expectation.due.before(&due_at);
    let earlier = expectation.due.before(&begin);
    let name = expectation.operation.name();
    let between = |from: &Zoned, to: Timestamp| {
        let own = runs.iter().filter(|run| run.operation == name);
        let own = own.filter(|run| from.timestamp() < run.created_at && run.created_at <= to);
        let totals = own.map(|run| tallies.totals(run)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, RunError>(came(totals.iter().map(AsRef::as_ref)))
    };
    let before = between(&earlier, begin.timestamp())?;
    let mut rows = between(&begin, due_at.timestamp())?;
    let mut why = expectation.missed_by(rows, before);
    if why.is_some() {
        // Late is better than never.
        rows = between(&begin, now)?;
        why = expectation.missed_by(rows, before);
    }
    let time = |at: &Zoned| at.strftime("%Y-%m-%d %H:%M").to_string();
    let missed = why.map(|why| {
        format!("{name} was due by {}: {} accepted since {}, {why}", time(&due_at), count(rows, "row"), time(&begin))
    });
    Ok(Standing {
        operation: name.clone(),
        due: expectation.due.as_str().to_owned(),
        due_at,
        rows,
        rows_before: before,
        least_rows: expectation.least_rows,
        missed,
    })
}

impl Expectation {
    /// What these rows lack, in words, if they lack something. A first time has nothing to be compared with.
    fn missed_by(&self, rows: u64, before: u64) -> Option<String> {
        if rows < self.least_rows {
            return Some(format!("expected {} at least", grouped(self.least_rows)));
        }
        let share = self.within.filter(|_| before > 0)?;
        let gap = rows.abs_diff(before) as f64;
        // The share was written in decimal; a hair's breadth is no difference.
        (gap > share * before as f64 + 1e-6)
            .then(|| format!("expected within {}% of the {} of the time before", percent(share), grouped(before)))
    }
}

/// A share in percent, without digits that a binary number makes up.
pub(crate) fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

/// Rows that runs had accepted, each once: of a sheet that comes again nothing has come, for it may be last month's.
fn came<'t>(runs: impl Iterator<Item = &'t Totals>) -> u64 {
    runs.map(|totals| totals.rows(Status::Accepted)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Amounts;

    fn totals(accepted: u64, already: u64) -> Totals {
        let mut totals = Totals::default();
        for (status, rows) in [(Status::Accepted, accepted), (Status::AlreadyAccepted, already)] {
            for _ in 0..rows {
                totals.add(status, &Amounts::default());
            }
        }
        totals
    }

    #[test]
    fn rows_that_come_again_count_once_and_those_of_before_not_at_all() {
        for (runs, rows) in [
            (vec![], 0),
            (vec![totals(100, 0)], 100),
            (vec![totals(100, 0), totals(0, 100)], 100),
            (vec![totals(50, 0), totals(20, 50)], 70),
            (vec![totals(0, 100), totals(0, 100)], 0),
        ] {
            assert_eq!(came(runs.iter()), rows, "{runs:?}");
        }
    }

    #[test]
    fn rows_are_held_against_the_least_and_the_time_before() {
        for (least_rows, within, rows, before, missed) in [
            (1, None, 0, 500, true),
            (1, None, 1, 500, false),
            (100, None, 99, 0, true),
            (100, None, 100, 0, false),
            (1, Some(0.2), 80, 100, false),
            (1, Some(0.2), 79, 100, true),
            (1, Some(0.2), 120, 100, false),
            (1, Some(0.2), 121, 100, true),
            (1, Some(0.07), 107, 100, false),
            (1, Some(0.2), 5, 0, false),
        ] {
            let due = Due::parse("daily 18:00").unwrap();
            let operation = Operation::by_name("invoices create").unwrap();
            let expectation = Expectation { operation, due, least_rows, within };
            assert_eq!(expectation.missed_by(rows, before).is_some(), missed, "{rows} after {before}");
        }
    }

    #[test]
    fn shares_are_shown_as_they_were_written() {
        for (share, shown) in [(0.005, "0.5"), (0.07, "7"), (0.29, "29"), (1.0, "100"), (0.000_1, "0.01")] {
            assert_eq!(percent(share).to_string(), shown);
        }
    }
}
