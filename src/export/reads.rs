//! What operations that read were answered, as a file beside the results: a line for each record, with the row of the
//! sheet that it was read for.
//!
//! Everything comes from the ledger and can be made again from it. Leaves columns to [`super::table`]. The one rule: only
//! answers that made their row accepted are exported; what became of the other rows stands in the results.

use std::collections::HashMap;
use std::path::Path;

use serde_json::json;

use super::spool::Spool;
use super::table::Known;
use super::write::{Style, write as write_records};
use crate::api::answered;
use crate::api::found::Record;
use crate::error::RunError;
use crate::ledger::{AttemptId, ChunkId, Ledger, LedgerError, Run, SheetRecord, blob};
use crate::operation::Operation;
use crate::outcome::Status;
use crate::plan::SheetFacts;
use crate::plan::history::{History, RowFate};
use crate::results::csv::each_verdict;
use crate::results::{ResultSettings, target::Target};
use crate::send::lookup::{SentLine, sent_lines};
use crate::sheet::input::EXPORT_HEADINGS;

/// Writes what was read for the rows of one input; none for an operation that does not read.
pub fn write(
    ledger: &dyn Ledger,
    run: &Run,
    history: &mut History<'_>,
    sheets: &[(SheetRecord, SheetFacts)],
    settings: &ResultSettings,
    place: &Path,
) -> Result<Option<Target>, RunError> {
    let Some(operation) = Operation::by_name(&run.operation).filter(|operation| operation.reads()) else {
        return Ok(None);
    };
    // What was answered went into an archive; an export that stands is left alone.
    if !ledger.purges(run.id)?.is_empty() {
        return Ok(None);
    }
    let replies = replies(ledger, run)?;
    let mut spool = Spool::scratch()?;
    for (sheet, _) in sheets {
        each_verdict(ledger, sheet, |verdict| {
            let fate = history.fate(run, &verdict.destiny)?;
            let answered = reply_of(&fate, &replies);
            let Some((chunk, reply)) = answered else { return Ok(()) };
            let line = line_of(ledger, chunk, fate.line)?;
            for record in answered::records(&ledger.reply_body(reply)?, is_list(operation)) {
                spool.add(&placed(operation, record, verdict.number, sheet, &line))?;
            }
            Ok(())
        })?;
    }
    let mut target = Target::create(place, settings)?;
    let style = Style { bom: settings.bom, delimiter: settings.delimiter };
    write_records(&spool, known(operation), settings.export, style, &mut target, place)?;
    Ok(Some(target))
}

/// The last answer to each chunk, by its id.
fn replies(ledger: &dyn Ledger, run: &Run) -> Result<HashMap<ChunkId, i64>, LedgerError> {
    let mut replies = HashMap::new();
    let mut after = AttemptId(0);
    loop {
        let attempts = ledger.trail(run.id, after)?;
        let Some(last) = attempts.last() else { return Ok(replies) };
        after = last.id;
        for attempt in &attempts {
            let answered = attempt.replies.iter().rev().find(|reply| reply.status.is_some());
            if let Some(reply) = answered {
                replies.insert(attempt.chunk, reply.id);
            }
        }
    }
}

fn reply_of(fate: &RowFate<'_>, replies: &HashMap<ChunkId, i64>) -> Option<(ChunkId, i64)> {
    let chunk = fate.chunk.as_ref().filter(|_| fate.outcome().status == Status::Accepted)?;
    replies.get(&chunk.head.id).map(|reply| (chunk.head.id, *reply))
}

/// What was asked for: the ids in the path.
fn line_of(ledger: &dyn Ledger, chunk: ChunkId, line: u32) -> Result<SentLine, LedgerError> {
    let payload = blob::decompress(&ledger.chunk_payload(chunk)?)?;
    Ok(sent_lines(&payload).into_iter().nth(line as usize).unwrap_or_default())
}

/// The record with its row and the ids that it was asked for by, where it does not say them itself.
fn placed(operation: &Operation, mut record: Record, row: u32, sheet: &SheetRecord, line: &SentLine) -> Record {
    for name in operation.route.path_fields() {
        if let Some(id) = line.cell(name) {
            record.0.entry(name).or_insert_with(|| json!(id));
        }
    }
    record.0.insert(EXPORT_HEADINGS[0].to_owned(), json!(row));
    record.0.insert(EXPORT_HEADINGS[1].to_owned(), json!(sheet.sheet_name.as_deref().unwrap_or_default()));
    record
}

/// Whether the answer lists records of the one that was named.
fn is_list(operation: &Operation) -> bool {
    matches!(operation.verb, "contacts" | "list")
}

fn known(operation: &Operation) -> Known {
    match operation.resource {
        "invoices" => Known::NamedInvoices,
        "reminders" => Known::Reminders,
        _ => Known::Contacts,
    }
}
