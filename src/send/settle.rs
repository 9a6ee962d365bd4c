//! What a reply that was read means for the chunk and each of its lines. Pure.

use super::lookup::sent_lines;
use crate::api::reply::{Reading, RowReading};
use crate::check::value::customer_id_shape;
use crate::directory::Entry;
use crate::ledger::{ChunkState, blob};
use crate::operation::{Key, Operation, Repeat, RequestKind};
use crate::outcome::{RowOutcome, Status, code};
use crate::wording::count;

/// What to record about a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Where the chunk stands now.
    pub state: ChunkState,
    /// One for each line; none where the lines are still to be sent in smaller files.
    pub outcomes: Vec<RowOutcome>,
    /// Whether the file was refused as a whole.
    pub refused: bool,
    /// Customers that the reply gave ids to.
    pub customers: Vec<Entry>,
    /// What a person should know of the reply, a sentence each.
    pub oddities: Vec<String>,
}

impl Settled {
    /// The outcomes as the ledger keeps them.
    pub fn packed(&self) -> Option<Vec<u8>> {
        (!self.outcomes.is_empty()).then(|| blob::pack(&self.outcomes))
    }
}

/// What an answer means where an earlier try of the same chunk got none. A record that is to be deleted and is not there
/// any more (`missing`) is deleted; of a list, nobody can say who did it.
pub fn after_doubt(operation: &Operation, missing: bool, reading: Reading) -> Reading {
    let Reading::Rows { mut rows, unmatched, disagreements } = reading else { return reading };
    if operation.verb == "delete" {
        for row in &mut rows {
            let RowReading::Rejected { message } = row else { continue };
            if missing && operation.request == RequestKind::Single {
                *row = RowReading::Accepted { remote_id: None };
            } else {
                let reason = format!("{message}; an earlier try of this request got no answer and may have deleted it");
                *row = RowReading::Unknown { reason };
            }
        }
    }
    Reading::Rows { rows, unmatched, disagreements }
}

/// The outcome of every line of a chunk that was answered. A file of several lines that was refused whole says nothing of
/// any of them.
///
/// # Panics
/// If the reading is one that settles nothing; such a chunk is sent again, looked up or left.
pub fn answered(operation: &Operation, reading: &Reading, body: &[u8], lines: usize) -> Settled {
    match reading {
        Reading::Rows { rows, unmatched, disagreements } => {
            let mut outcomes: Vec<RowOutcome> = rows.iter().map(outcome).collect();
            if !operation.creates() {
                fill_ids(operation, body, &mut outcomes);
            }
            let unknown = outcomes.iter().any(|outcome| outcome.status == Status::Unknown);
            let customers = if operation.key == Key::Customer { customers(body, &outcomes) } else { Vec::new() };
            let raw = unmatched.iter().map(|item| format!("the reply names a failure that fits no row: {item}"));
            let oddities = first_of(disagreements.iter().cloned().chain(raw));
            Settled {
                state: if unknown { ChunkState::Unknown } else { ChunkState::Settled },
                outcomes,
                refused: false,
                customers,
                oddities,
            }
        }
        Reading::RefusedWhole { status, message, .. } => {
            let message = format!("the API refused the whole file with {status}: {message}");
            let refused = RowOutcome::new(Status::Rejected, code::CHUNK_REFUSED, message);
            // A conflict may be with a part that was done just now, and where no search can tell, no part is tried again.
            let conflicts = *status == 409 && operation.repeat == Repeat::Never;
            let at_once = lines == 1 || conflicts;
            Settled {
                state: if at_once { ChunkState::Settled } else { ChunkState::Rejected },
                outcomes: if at_once { vec![refused; lines] } else { Vec::new() },
                refused: true,
                customers: Vec::new(),
                oddities: Vec::new(),
            }
        }
        other => unreachable!("{other:?} settles nothing"),
    }
}

/// The same of a chunk whose lines were sent before and got no answer then: the API may refuse them because it has them
/// since, so that a refusal settles nothing before they were looked up once more.
pub fn answered_in_doubt(settled: Settled) -> Settled {
    let mut settled = settled;
    for outcome in settled.outcomes.iter_mut().filter(|outcome| outcome.status == Status::Rejected) {
        let message = format!("{}; an earlier try got no answer and may have stored it", outcome.message);
        *outcome = RowOutcome::new(Status::Unknown, code::REFUSED_IN_DOUBT, message);
        settled.state = ChunkState::Unknown;
    }
    settled
}

/// The outcome of every line of a chunk that left and has no useful answer.
pub fn unanswered(operation: &Operation, reason: &str, lines: usize) -> Settled {
    let next = operation.repeat.after_silence();
    let message = format!("sent, and no useful answer came ({reason}); {next}");
    Settled {
        state: ChunkState::Unknown,
        outcomes: vec![RowOutcome::new(Status::Unknown, code::NO_REPLY, message); lines],
        refused: false,
        customers: Vec::new(),
        oddities: Vec::new(),
    }
}

/// The first of some sentences, and how many more there are: a reply can name a failure in every twenty bytes.
fn first_of(sentences: impl Iterator<Item = String>) -> Vec<String> {
    /// Limit: what a person reads of one reply; the ledger has all of it.
    const MOST: usize = 20;
    let mut sentences = sentences.fuse();
    let mut told: Vec<String> = sentences.by_ref().take(MOST).collect();
    let more = sentences.count() as u64;
    if more > 0 {
        told.push(format!("and {} about the same reply", count(more, "more sentence")));
    }
    told
}

/// Gives lines the id that they named themselves, where the reply names none.
fn fill_ids(operation: &Operation, body: &[u8], outcomes: &mut [RowOutcome]) {
    for (outcome, line) in outcomes.iter_mut().zip(sent_lines(body)) {
        outcome.remote_id = outcome.remote_id.take().or_else(|| line.cell(operation.remote_id).map(str::to_owned));
    }
}

fn outcome(row: &RowReading) -> RowOutcome {
    match row {
        RowReading::Accepted { remote_id } => RowOutcome::accepted(remote_id.clone()),
        RowReading::Rejected { message } => RowOutcome::new(Status::Rejected, code::REJECTED_BY_API, message.clone()),
        RowReading::Unknown { reason } => RowOutcome::new(Status::Unknown, code::REPLY_UNCLEAR, reason.clone()),
    }
}

/// The customers that the API gave ids to, with what the file said of them.
pub(super) fn customers(body: &[u8], outcomes: &[RowOutcome]) -> Vec<Entry> {
    let mut reader = csv::Reader::from_reader(body);
    let Ok(headings) = reader.headers().cloned() else { return Vec::new() };
    let column = |name: &str| headings.iter().position(|heading| heading == name);
    let (code, tax_number, legal_name) = (column("uniqueRefNo"), column("panOrGstin"), column("legalName"));
    let records = reader.records().map_while(Result::ok);
    outcomes
        .iter()
        .zip(records)
        .filter(|(outcome, _)| outcome.status == Status::Accepted)
        .filter_map(|(outcome, record)| {
            let customer_id = outcome.remote_id.clone().filter(|id| customer_id_shape(id))?;
            let cell = |column: Option<usize>| {
                column.and_then(|column| record.get(column)).filter(|cell| !cell.is_empty()).map(str::to_owned)
            };
            let gstin = cell(tax_number).filter(|number| number.len() == 15);
            Some(Entry { customer_id, code: cell(code), gstin, legal_name: cell(legal_name) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_with_one_unclear_row_is_unknown_and_the_others_keep_their_outcome() {
        let operation = Operation::by_name("invoices create").unwrap();
        let reading = Reading::Rows {
            rows: vec![
                RowReading::Accepted { remote_id: Some("CIN1".into()) },
                RowReading::Rejected { message: "no".into() },
                RowReading::Unknown { reason: "?".into() },
            ],
            unmatched: vec!["{}".into()],
            disagreements: vec![],
        };
        let settled = answered(operation, &reading, b"", 3);
        assert_eq!(settled.state, ChunkState::Unknown);
        let statuses: Vec<&str> = settled.outcomes.iter().map(|outcome| outcome.status.as_str()).collect();
        assert_eq!(statuses, ["accepted", "rejected", "unknown"]);
        assert_eq!(settled.oddities.len(), 1);
    }

    #[test]
    fn a_reply_that_names_failures_without_end_is_told_in_a_few_lines() {
        let reading = |unmatched: usize| Reading::Rows {
            rows: vec![RowReading::Accepted { remote_id: None }],
            unmatched: vec!["{}".into(); unmatched],
            disagreements: vec!["counts".into()],
        };
        let told =
            |unmatched| answered(Operation::by_name("invoices create").unwrap(), &reading(unmatched), b"", 1).oddities;
        assert_eq!((told(19).len(), told(700_000).len()), (20, 21));
        assert_eq!(told(700_000)[20], "and 6,99,981 more sentences about the same reply");
    }

    #[test]
    fn accepted_customers_enter_the_directory_with_what_the_file_says() {
        let operation = Operation::by_name("customers create").unwrap();
        let id = "KC0123456789ABCD".to_owned();
        let reading = Reading::Rows {
            rows: vec![
                RowReading::Accepted { remote_id: Some(id.clone()) },
                RowReading::Rejected { message: "no".into() },
                RowReading::Accepted { remote_id: Some("odd".into()) },
            ],
            unmatched: vec![],
            disagreements: vec![],
        };
        let body = b"legalName,uniqueRefNo,panOrGstin\nA Ltd,C1,27AAPFU0939F1ZV\nB,C2,\nC,C3,\n";
        let settled = answered(operation, &reading, body, 3);
        assert_eq!(
            settled.customers,
            [Entry {
                customer_id: id,
                code: Some("C1".into()),
                gstin: Some("27AAPFU0939F1ZV".into()),
                legal_name: Some("A Ltd".into())
            }]
        );
    }
}
