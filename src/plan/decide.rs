//! Decides about rows that the duplicate guard spoke of, and says why in words.

use jiff::tz::TimeZone;

use super::at_api::{self, Has};
use super::history::{EarlierRow, History};
use super::waiting::Waiting;
use crate::check::record::{CheckedBlock, CheckedRow, Standing};
use crate::dedupe::{Earlier, Fate, Verdict};
use crate::error::RunError;
use crate::finding::{Code, Finding, Severity};
use crate::ledger::{Ledger, blob};
use crate::mapping;
use crate::operation::{Key, Operation, Repeat};
use crate::outcome::{RowOutcome, Status, code};

/// What follows from a verdict of the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The row ends here.
    Ended(RowOutcome),
    /// The row is invalid.
    Invalid(Box<Finding>),
    /// The row goes.
    Send,
}

/// What deciding needs besides the verdict.
pub struct Deciding<'a> {
    /// The operation, for the names of fields.
    pub operation: &'static Operation,
    /// The ledger with the earlier runs; none on a machine without one.
    pub ledger: Option<&'a dyn Ledger>,
    /// Whether the rows of a document are joined.
    pub joined: bool,
    /// Whether rows rejected earlier are sent again.
    pub retry_rejected: bool,
    /// Decides the day of an earlier run.
    pub timezone: &'a TimeZone,
    /// What the API has of rows of this run.
    pub at_api: &'a [(u32, Has)],
    /// Names the place of a row of this run, counted over all sheets: `april.csv:12`.
    pub place: &'a dyn Fn(u32, u32) -> String,
}

impl Deciding<'_> {
    /// What follows from a verdict about a row.
    pub fn decide(
        &self,
        verdict: Verdict,
        fate: Option<&Fate>,
        block: &CheckedBlock,
        row: &CheckedRow,
        waiting: &mut Waiting<'_>,
        history: &mut Option<History<'_>>,
    ) -> Result<Decision, RunError> {
        match verdict {
            Verdict::Repeats(first) => {
                let (other_block, index) = waiting.row(first)?;
                let place = (self.place)(first, other_block.rows[index].number);
                let message = format!("{place} is the same row");
                Ok(Decision::Ended(RowOutcome::new(Status::Excluded, code::DUPLICATE_ROW, message)))
            }
            Verdict::Contradicts(first) => {
                let (other_block, index) = waiting.row(first)?;
                let above = &other_block.rows[index];
                let differences =
                    self.differences((above.columns, other_block.line(above)), (row.columns, block.line(row)));
                let place = (self.place)(first, above.number);
                let message = format!("\"{}\" already stands in {place} with other content: {differences}", row.key);
                Ok(invalid(Code::DuplicateInSheet, message, self.way_out_of_two()))
            }
            Verdict::Contradicted(other) => {
                let (other_block, index) = waiting.row(other)?;
                let below = &other_block.rows[index];
                let what = if below.standing == Standing::Invalid { "and is invalid" } else { "with other content" };
                let place = (self.place)(other, below.number);
                let message = format!("\"{}\" stands again in {place} {what}", row.key);
                Ok(invalid(Code::DuplicateInSheet, message, self.way_out_of_two()))
            }
            Verdict::GoesOn(next) => {
                let (other_block, index) = waiting.row(next)?;
                let place = (self.place)(next, other_block.rows[index].number);
                let message = format!("{place} begins the next sheet without a number and may belong to this document");
                Ok(invalid(Code::DocumentLineUnclear, message, "write the number on every row of the document"))
            }
            Verdict::AtApi { index, .. } => Ok(match &self.at_api[index as usize].1 {
                Has::Same { remote_id, ids } => Decision::Ended(Has::outcome(remote_id.as_ref(), ids)),
                Has::Shared { ids } => Decision::Invalid(Box::new(Has::doubt(&row.key, ids))),
                Has::Other { ids, differences } => {
                    Decision::Invalid(Box::new(Has::conflict(&row.key, ids, differences)))
                }
            }),
            Verdict::Known { earlier, same } => {
                let found = match history {
                    Some(history) => history.row(earlier)?,
                    None => None,
                };
                self.decide_known(found, earlier, same, fate, block, row)
            }
        }
    }

    fn way_out_of_two(&self) -> &'static str {
        match (mapping::joins(self.operation), self.joined) {
            (true, false) => {
                "keep one of the two rows, or give one another number; if they are lines of one invoice, --group joins them"
            }
            (true, true) => "put all rows of a document into one sheet, delete a copy, or give one another number",
            (false, _) if self.operation.key == Key::None => "keep one of the two rows, or say all of it in one",
            (false, _) => "keep one of the two rows, or give one another number",
        }
    }

    fn decide_known(
        &self,
        found: Option<EarlierRow>,
        earlier: Earlier,
        same: bool,
        fate: Option<&Fate>,
        block: &CheckedBlock,
        row: &CheckedRow,
    ) -> Result<Decision, RunError> {
        let Some(known) = found else {
            let message = format!(
                "an earlier run knows \"{}\" (sheet {}, row {}), but the ledger cannot say what became of it",
                row.key, earlier.sheet, earlier.row
            );
            return Ok(Decision::Ended(RowOutcome::new(Status::Unknown, code::UNKNOWN_IN_RUN, message)));
        };
        let place = known.label();
        let day = known.run.created_at.to_zoned(self.timezone.clone()).date();
        Ok(match fate {
            Some(Fate::Stored) if same => Decision::Ended(RowOutcome {
                status: Status::AlreadyAccepted,
                code: code::ACCEPTED_EARLIER.to_owned(),
                message: format!("accepted earlier: {place}, {day}"),
                remote_id: known.fate.outcome().remote_id.clone(),
            }),
            Some(Fate::Stored) => {
                let differences = self.differences_to(&known, block, row)?;
                let message = format!("\"{}\" was accepted with other content: {place}, {day}: {differences}", row.key);
                let hint = if self.operation.creates() {
                    "an accepted record is not changed by creating it again; correct it at Enkash, or give the row another number"
                } else {
                    "leave the row out; --new-run does it again on purpose"
                };
                invalid(Code::ConflictsWithEarlierRun, message, hint)
            }
            Some(Fate::Differs) => {
                let found = known.conflict_at_api().map_or("", |finding| finding.message.as_str());
                let message = format!("known since {place}, {day}: {found}");
                Decision::Invalid(Box::new(at_api::conflict(message)))
            }
            // Unknown money must not hide behind a new run's number.
            Some(Fate::Held) if known.fate.outcome().status == Status::Unknown => Decision::Ended(RowOutcome::new(
                Status::Unknown,
                code::UNKNOWN_IN_RUN,
                if self.operation.repeat == Repeat::Never {
                    format!("{place} was sent on {day} and no answer is recorded; {}", Repeat::Never.after_silence())
                } else {
                    format!(
                        "{place} was sent on {day} and no answer is recorded; \"arload runs reconcile {}\" looks it up",
                        known.run.id
                    )
                },
            )),
            Some(Fate::Held) => Decision::Ended(RowOutcome::new(
                Status::NotSent,
                code::HELD_BY_RUN,
                format!(
                    "run {} holds \"{}\" and is not finished ({place}); hint: \"arload runs send {}\" goes on with it",
                    known.run.id, row.key, known.run.id
                ),
            )),
            Some(Fate::Refused) if same && !self.retry_rejected && self.operation.creates() => {
                Decision::Ended(RowOutcome {
                    status: Status::Rejected,
                    code: code::REJECTED_EARLIER.to_owned(),
                    message: format!(
                        "rejected earlier: {place}, {day}: {}; hint: --retry-rejected sends it again",
                        known.fate.outcome().message
                    ),
                    remote_id: None,
                })
            }
            _ => Decision::Send,
        })
    }

    fn differences_to(&self, known: &EarlierRow, block: &CheckedBlock, row: &CheckedRow) -> Result<String, RunError> {
        let (Some(chunk), Some(ledger)) = (&known.fate.chunk, self.ledger) else {
            return Ok("see that row".to_owned());
        };
        if !ledger.purges(known.run.id)?.is_empty() {
            return Ok("see that row in the archive of its run".to_owned());
        }
        let line = known.fate.line;
        let body = blob::decompress(&ledger.chunk_payload(chunk.head.id)?)?;
        let mut reader = csv::Reader::from_reader(body.as_slice());
        let headings: Vec<String> =
            reader.headers().map_or_else(|_| Vec::new(), |names| names.iter().map(str::to_owned).collect());
        let old = reader.records().nth(line as usize).and_then(Result::ok).unwrap_or_default();
        let old = headings.iter().map(String::as_str).zip(old.iter()).collect::<Vec<_>>();
        let new = self.named(row.columns, block.line(row));
        Ok(differences(&old, &new.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()))
    }

    fn differences(&self, old: (u64, &str), new: (u64, &str)) -> String {
        let (old, new) = (self.named(old.0, old.1), self.named(new.0, new.1));
        let old: Vec<(&str, &str)> = old.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let new: Vec<(&str, &str)> = new.iter().map(|(name, value)| (*name, value.as_str())).collect();
        differences(&old, &new)
    }

    /// The fields of an upload line by name.
    fn named(&self, columns: u64, line: &str) -> Vec<(&'static str, String)> {
        let record = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes()).records().next();
        let record = record.and_then(Result::ok).unwrap_or_default();
        crate::chunk::columns(self.operation, columns)
            .map(|(_, name)| name)
            .zip(record.iter().map(str::to_owned))
            .collect()
    }
}

fn invalid(code: Code, message: String, hint: &str) -> Decision {
    Decision::Invalid(Box::new(Finding {
        code,
        severity: Severity::Error,
        field: String::new(),
        column: None,
        message,
        hint: Some(hint.to_owned()),
    }))
}

/// Each field that differs, `old → new`; a field that one side lacks is blank there.
fn differences(old: &[(&str, &str)], new: &[(&str, &str)]) -> String {
    let value = |side: &[(&str, &str)], name: &str| {
        side.iter().find(|(field, _)| *field == name).map_or(String::new(), |(_, value)| (*value).to_owned())
    };
    let mut names: Vec<&str> = old.iter().chain(new).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let different: Vec<String> = names
        .into_iter()
        .filter_map(|name| {
            let (before, after) = (value(old, name), value(new, name));
            (before != after)
                .then(|| format!("{name} {} → {}", crate::finding::quote(&before), crate::finding::quote(&after)))
        })
        .collect();
    if different.is_empty() { "only in what is not sent, such as its lines".to_owned() } else { different.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_each_field_old_and_new() {
        let old = [("netAmount", "118.00"), ("dueDate", "2026-05-01")];
        let new = [("netAmount", "119.00"), ("dueDate", "2026-05-01"), ("poNumber", "7")];
        assert_eq!(differences(&old, &new), "netAmount \"118.00\" → \"119.00\", poNumber \"\" → \"7\"");
    }
}
