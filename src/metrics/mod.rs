//! Figures of the last run of every operation, for a collector such as Prometheus's node exporter.
//!
//! Derived from the ledger as a whole each time, so that a file that was lost or written by a run that was killed is right
//! again with the next. Leaves the writing to [`crate::platform`]. The rules: labels are bounded (operations, outcomes,
//! statuses, expectations), and no label holds what stands in a sheet.

mod requests;
mod text;

use std::collections::BTreeMap;

use jiff::Timestamp;

use self::requests::{REASONS, Requests};
use self::text::{Family, Kind};
use crate::config::Settings;
use crate::config::account::AccountKey;
use crate::error::RunError;
use crate::expect::{Standing, Tallies};
use crate::ledger::{Run, RunState};
use crate::operation::Operation;
use crate::outcome::{Status, Totals};
use crate::pipeline::unread::Unread;

/// Limit: runs of an operation that are looked at for the last one that went well; each is added up.
const LOOKED_AT: usize = 20;

/// The families, in the order in which they are written.
struct Families {
    runs: Family,
    planned: Family,
    took: Family,
    open: Family,
    success: Family,
    rows: Family,
    rupees: Family,
    requests: Family,
    throttled: Family,
    waits: Family,
    missed: Family,
}

impl Families {
    fn new() -> Self {
        let gauge = |name, help| Family::new(name, Kind::Gauge, help);
        Self {
            runs: Family::new("arload_runs_total", Kind::Counter, "Runs that the ledger knows."),
            planned: gauge("arload_last_run_timestamp_seconds", "When the last run was planned."),
            took: gauge(
                "arload_last_run_duration_seconds",
                "Seconds from the plan of the last run to its last outcome.",
            ),
            open: gauge("arload_last_run_open", "1 if the last run can go on, else 0."),
            success: gauge(
                "arload_last_success_timestamp_seconds",
                "When the last run ended in which every row was accepted, excluded or tolerated.",
            ),
            rows: gauge("arload_last_run_rows", "Rows of the last run by outcome."),
            rupees: gauge("arload_last_run_rupees", "Rupees of the last run by outcome, tax included."),
            requests: gauge("arload_last_run_requests", "Uploads of the last run by HTTP status of the answer."),
            throttled: gauge("arload_last_run_throttled_requests", "Uploads of the last run that were answered 429."),
            waits: gauge(
                "arload_last_run_wait_seconds",
                "Seconds between an answer and the next try of the same upload in the last run, by reason.",
            ),
            missed: gauge("arload_expected_missed", "1 if what was due by then has not come, else 0."),
        }
    }

    fn text(&self) -> String {
        let all = [
            &self.runs,
            &self.planned,
            &self.took,
            &self.open,
            &self.success,
            &self.rows,
            &self.rupees,
            &self.requests,
            &self.throttled,
            &self.waits,
            &self.missed,
        ];
        let mut text = String::new();
        for family in all {
            family.write(&mut text);
        }
        text
    }
}

/// The metrics of the settings' account, in the Prometheus text format.
pub fn text(tallies: &Tallies<'_>, settings: &Settings, standings: &[Standing]) -> Result<String, RunError> {
    let key = AccountKey::of(settings);
    let account = key.as_ref().map(AccountKey::to_string).unwrap_or_default();
    let (host, company) = key.map(|key| (key.base_url, key.company_id)).unwrap_or_default();
    let place = [("host", host.as_str()), ("company", company.as_str())];
    let mut families = Families::new();
    let mut by_operation: BTreeMap<String, Vec<Run>> = BTreeMap::new();
    for run in tallies.ledger().runs()?.into_iter().filter(|run| run.account == account) {
        if Operation::by_name(&run.operation).is_some() {
            by_operation.entry(run.operation.clone()).or_default().push(run);
        }
    }
    for (operation, runs) in &by_operation {
        let labels = [place[0], place[1], ("operation", operation.as_str())];
        families.runs.add(&labels, runs.len());
        add_last(&mut families, tallies, &runs[0], &labels)?;
        if let Some(at) = last_success(tallies, runs, settings.gate.tolerate)? {
            families.success.add(&labels, seconds(at));
        }
    }
    add_missed(&mut families.missed, standings, place);
    Ok(families.text())
}

/// Adds what was due: a sample for each operation and due time, as a collector refuses the file for a second one, missed
/// where any expectation of it is.
fn add_missed(family: &mut Family, standings: &[Standing], place: [(&str, &str); 2]) {
    let mut missed: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for Standing { operation, due, missed: why, .. } in standings {
        *missed.entry((operation, due)).or_default() |= why.is_some();
    }
    for ((operation, due), is_missed) in missed {
        family.add(&[place[0], place[1], ("operation", operation), ("due", due)], u8::from(is_missed));
    }
}

/// Adds what is told of the last run of an operation.
fn add_last(
    families: &mut Families,
    tallies: &Tallies<'_>,
    run: &Run,
    labels: &[(&str, &str); 3],
) -> Result<(), RunError> {
    let with = |name: &'static str, value: &str, family: &mut Family, figure: String| {
        family.add(&[labels[0], labels[1], labels[2], (name, value)], figure);
    };
    let totals = tallies.totals(run)?;
    let requests = Requests::of(tallies.ledger(), run.id)?;
    families.planned.add(labels, seconds(run.created_at));
    let ended = run.finished_at.or(requests.last).unwrap_or(run.created_at);
    families.took.add(labels, ended.duration_since(run.created_at).as_secs_f64().max(0.0));
    families.open.add(labels, u8::from(run.state == RunState::Open));
    for status in Status::ALL {
        let sum = totals.by_status.get(&status).copied().unwrap_or_default();
        with("outcome", status.as_str(), &mut families.rows, sum.rows.to_string());
        with("outcome", status.as_str(), &mut families.rupees, sum.total.to_string());
    }
    for (status, figure) in &requests.by_status {
        with("status", status, &mut families.requests, figure.to_string());
    }
    families.throttled.add(labels, requests.throttled);
    for reason in REASONS {
        let time = requests.waits.get(reason).copied().unwrap_or_default();
        with("reason", reason, &mut families.waits, format!("{time:.3}"));
    }
    Ok(())
}

/// When the last run ended that went well, as far back as is looked.
fn last_success(tallies: &Tallies<'_>, runs: &[Run], tolerate: f64) -> Result<Option<Timestamp>, RunError> {
    let ended = runs.iter().filter(|run| run.state == RunState::Finished);
    for run in ended.take(LOOKED_AT).filter(|run| Unread::of(&run.settings).count == 0) {
        if went_well(tallies.totals(run)?.as_ref(), tolerate) {
            return Ok(run.finished_at);
        }
    }
    Ok(None)
}

fn went_well(totals: &Totals, tolerate: f64) -> bool {
    let open = totals.rows(Status::Unknown) + totals.rows(Status::NotSent);
    open == 0 && (totals.refused() == 0 || totals.is_tolerable(tolerate))
}

/// A time as the format has it: seconds since 1970.
fn seconds(at: Timestamp) -> String {
    let millis = at.as_millisecond();
    format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_expectations_of_one_due_time_are_one_sample_that_is_missed_where_either_is() {
        let standing = |due: &str, missed: Option<&str>| Standing {
            operation: "invoices create".to_owned(),
            due: due.to_owned(),
            due_at: "2026-11-22T18:00:00+05:30[Asia/Kolkata]".parse().unwrap(),
            rows: 5,
            rows_before: 9,
            least_rows: 1,
            missed: missed.map(str::to_owned),
        };
        let standings =
            [standing("daily 18:00", Some("too few")), standing("daily 18:00", None), standing("monday 09:00", None)];
        let mut families = Families::new();
        add_missed(&mut families.missed, &standings, [("host", "h"), ("company", "c")]);
        let text = families.text();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let named = |due: &str| {
            format!("arload_expected_missed{{host=\"h\",company=\"c\",operation=\"invoices create\",due=\"{due}\"}}")
        };
        assert_eq!(samples, [format!("{} 1", named("daily 18:00")), format!("{} 0", named("monday 09:00"))]);
    }
}
