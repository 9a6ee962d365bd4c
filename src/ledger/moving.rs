//! Moves a whole history from a file into a database that hosts share: every record with its number, hash and bytes.
//!
//! One transaction of the database, held against the file before it is committed. The one rule: never do both send; the
//! file is marked as moved before the database has it, and a mark whose database came to nothing is taken back.

use postgres::types::{ToSql, Type};
use rusqlite::types::Value;

use super::postgres::PostgresLedger;
use super::sqlite::SqliteLedger;
use super::{Ledger as _, LedgerError, sketch};

type Answer<T> = Result<T, LedgerError>;

/// Limit: records that are read at once; blocks and payloads are some hundred KiB.
const PAGE: i64 = 100;
/// The table of the guard's keys.
const KEYS: &str = "key_block";
/// The key of the mark.
pub(super) const MOVED_TO: &str = "moved-to";

/// The form of a column.
#[derive(Debug, Clone, Copy)]
enum Form {
    Number,
    Text,
    Bytes,
    Flag,
}

use Form::{Bytes, Flag, Number, Text};

/// A table, with its columns in both stores.
struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Form)],
    /// Whether its numbers are given by the store.
    counts: bool,
}

/// In an order in which whatever refers to another comes after it.
const TABLES: &[Table] = &[
    Table {
        name: "run",
        // Successors come later, and are set once they are there.
        columns: &[
            ("id", Number),
            ("account", Text),
            ("operation", Text),
            ("state", Text),
            ("content", Bytes),
            ("plan", Bytes),
            ("created_at", Number),
            ("finished_at", Number),
            ("reason", Text),
            ("settings", Text),
            ("version", Text),
            ("maker", Text),
        ],
        counts: true,
    },
    Table {
        name: "sheet",
        columns: &[
            ("id", Number),
            ("run_id", Number),
            ("ordinal", Number),
            ("path", Text),
            ("file_name", Text),
            ("sheet_name", Text),
            ("content", Bytes),
            ("facts", Text),
            ("rows_of", Number),
        ],
        counts: true,
    },
    Table { name: "row_block", columns: &[("sheet_id", Number), ("ordinal", Number), ("cells", Bytes)], counts: false },
    Table {
        name: "verdict_block",
        columns: &[
            ("sheet_id", Number),
            ("ordinal", Number),
            ("first_row", Number),
            ("last_row", Number),
            ("verdicts", Bytes),
        ],
        counts: false,
    },
    Table {
        name: "chunk",
        columns: &[
            ("id", Number),
            ("run_id", Number),
            ("ordinal", Number),
            ("parent", Number),
            ("moved", Bytes),
            ("account_id", Text),
            ("rows", Number),
            ("state", Text),
            ("settled_at", Number),
            ("request_id", Text),
            ("outcomes", Bytes),
        ],
        counts: true,
    },
    Table { name: "payload", columns: &[("chunk_id", Number), ("bytes", Bytes)], counts: false },
    Table {
        name: "attempt",
        columns: &[
            ("id", Number),
            ("run_id", Number),
            ("chunk_id", Number),
            ("number", Number),
            ("sender", Text),
            ("started_at", Number),
            ("digest", Bytes),
            ("previous", Bytes),
            ("hash", Bytes),
        ],
        counts: true,
    },
    Table {
        name: "reply",
        columns: &[
            ("id", Number),
            ("attempt_id", Number),
            ("run_id", Number),
            ("sender", Text),
            ("received_at", Number),
            ("kind", Text),
            ("status", Number),
            ("refused", Flag),
            ("request_id", Text),
            ("body", Bytes),
            ("digest", Bytes),
            ("previous", Bytes),
            ("hash", Bytes),
        ],
        counts: true,
    },
    Table {
        name: "resolution",
        columns: &[
            ("id", Number),
            ("run_id", Number),
            ("chunk_id", Number),
            ("resolved_at", Number),
            ("words", Text),
            ("digest", Bytes),
            ("previous", Bytes),
            ("hash", Bytes),
        ],
        counts: true,
    },
    Table {
        name: KEYS,
        // The keys are the last, and their sketch is made of them.
        columns: &[
            ("id", Number),
            ("account", Text),
            ("kind", Text),
            ("year", Number),
            ("run_id", Number),
            ("first_key", Bytes),
            ("last_key", Bytes),
            ("keys", Bytes),
        ],
        counts: true,
    },
    Table {
        name: "pace",
        columns: &[("account", Text), ("day", Text), ("requests", Number), ("refused", Number)],
        counts: false,
    },
    Table {
        name: "directory",
        columns: &[("account", Text), ("customer_id", Text), ("code", Text), ("gstin", Text), ("legal_name", Text)],
        counts: false,
    },
    Table {
        name: "canary",
        columns: &[
            ("account", Text),
            ("template", Bytes),
            ("proven", Flag),
            ("run_id", Number),
            ("ordinal", Number),
            ("differences", Text),
        ],
        counts: false,
    },
    Table {
        name: "history",
        columns: &[("account", Text), ("kind", Text), ("since", Number), ("complete", Flag)],
        counts: false,
    },
    Table {
        name: "correction",
        columns: &[("sheet_id", Number), ("of_sheet", Number), ("links", Bytes)],
        counts: false,
    },
    Table {
        name: "policy",
        columns: &[
            ("id", Number),
            ("set_at", Number),
            ("set_by", Text),
            ("rule", Text),
            ("digest", Bytes),
            ("previous", Bytes),
            ("hash", Bytes),
        ],
        counts: true,
    },
    Table {
        name: "approval",
        columns: &[
            ("id", Number),
            ("run_id", Number),
            ("approved_at", Number),
            ("approver", Text),
            ("maker", Text),
            ("plan", Bytes),
            ("digest", Bytes),
            ("previous", Bytes),
            ("hash", Bytes),
        ],
        counts: true,
    },
    Table {
        name: "purge",
        columns: &[
            ("id", Number),
            ("run_id", Number),
            ("purged_at", Number),
            ("purged_by", Text),
            ("scope", Text),
            ("archive", Text),
            ("archive_hash", Bytes),
        ],
        counts: true,
    },
];

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Runs.
    pub runs: u64,
    /// Records of all tables together.
    pub records: u64,
}

/// Moves everything that a file holds into a database whose ledger is empty; nobody may send from the file meanwhile.
pub fn copy_over(source: &SqliteLedger, target: &PostgresLedger) -> Answer<Moved> {
    if !target.runs()?.is_empty() {
        let place = target.place().shown().to_owned();
        let words = "its ledger holds runs already; a history is moved into an empty one only".to_owned();
        return Err(LedgerError::Database { place, words });
    }
    target.open_kept()?;
    let moved = copy(source, target).and_then(|moved| check(source, target).map(|()| moved));
    let moved = moved.and_then(|moved| mark(source, target.place().shown()).map(|()| moved));
    let moved = match moved {
        Ok(moved) => moved,
        Err(error) => {
            target.close_kept(false)?;
            return Err(error);
        }
    };
    let ended = target.close_kept(true);
    // A connection that broke over it leaves open whether the database has it.
    match (ended, target.id()) {
        (_, Ok(id)) if id == source.id()? => Ok(moved),
        (ended, Ok(_)) => {
            unmark(source)?;
            ended?;
            let place = target.place().shown().to_owned();
            Err(LedgerError::Database { place, words: "the history was not recorded".to_owned() })
        }
        (_, Err(error)) => Err(error),
    }
}

fn copy(source: &SqliteLedger, target: &PostgresLedger) -> Answer<Moved> {
    let mut moved = Moved { runs: 0, records: 0 };
    for table in TABLES {
        let (records, last) = copy_table(source, target, table)?;
        moved.records += records;
        if table.name == "run" {
            moved.runs = records;
        }
        if table.counts {
            let next = last + 1;
            target.say(&format!("ALTER TABLE @{} ALTER COLUMN id RESTART WITH {next}", table.name), &[])?;
        }
    }
    let successors = source.ask(|connection| {
        let mut statement = connection.prepare("SELECT id, successor FROM run WHERE successor IS NOT NULL")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(i64, i64)>>>()
    })?;
    for (run, successor) in successors {
        let set = "UPDATE @run SET successor = $2 WHERE id = $1";
        target.say(set, &[(&run, Type::INT8), (&successor, Type::INT8)])?;
    }
    target.say("UPDATE @sheet SET rows_of = NULL WHERE rows_of = id", &[])?;
    for run in target.runs()? {
        let settings = serde_json::from_str::<serde_json::Value>(&run.settings).unwrap_or_default();
        let seller = settings.get("seller").and_then(|seller| seller.as_str());
        let set = "UPDATE @run SET seller = $2 WHERE id = $1";
        target.say(set, &[(&run.id.0, Type::INT8), (&seller, Type::TEXT)])?;
    }
    let id = source.id()?;
    target.say("UPDATE @meta SET value = $1 WHERE key = 'id'", &[(&id, Type::TEXT)])?;
    if let Some(from) = source.restored_from()? {
        target.say("INSERT INTO @meta (key, value) VALUES ('restored-from', $1)", &[(&from, Type::TEXT)])?;
    }
    Ok(moved)
}

/// Copies a table; says how many records there were, and the last number that was given.
fn copy_table(source: &SqliteLedger, target: &PostgresLedger, table: &Table) -> Answer<(u64, i64)> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let read =
        format!("SELECT rowid, {} FROM {} WHERE rowid > ? ORDER BY rowid LIMIT {PAGE}", names.join(", "), table.name);
    let (extra, value) = match table.name {
        // A day's count is kept for each sender there.
        "pace" => (", sender", ", 'moved'"),
        KEYS => (", sketch", ", $9"),
        _ => ("", ""),
    };
    let places: Vec<String> = (1..=names.len()).map(|number| format!("${number}")).collect();
    let write =
        format!("INSERT INTO @{} ({}{extra}) VALUES ({}{value})", table.name, names.join(", "), places.join(", "));
    let (mut records, mut last) = (0, 0_i64);
    loop {
        let page = source.ask(|connection| {
            let mut statement = connection.prepare_cached(&read)?;
            let rows = statement.query_map([last], |row| {
                (0..=names.len()).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>()
            })?;
            rows.collect::<rusqlite::Result<Vec<Vec<Value>>>>()
        })?;
        for values in &page {
            if let Some(Value::Integer(rowid)) = values.first() {
                last = *rowid;
            }
            write_record(target, table, &write, &values[1..])?;
            records += 1;
        }
        if page.len() < PAGE as usize {
            return Ok((records, last));
        }
    }
}

fn write_record(target: &PostgresLedger, table: &Table, write: &str, values: &[Value]) -> Answer<()> {
    let converted: Vec<(Box<dyn ToSql + Sync>, Type)> =
        table.columns.iter().zip(values).map(|((_, form), value)| convert(*form, value)).collect();
    let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> =
        converted.iter().map(|(value, form)| (value.as_ref(), form.clone())).collect();
    let sketch = match values.last() {
        Some(Value::Blob(keys)) if table.name == KEYS => sketch::sketch_of(keys),
        _ => None,
    };
    if table.name == KEYS {
        parameters.push((&sketch, Type::BYTEA));
    }
    target.say(write, &parameters)
}

fn convert(form: Form, value: &Value) -> (Box<dyn ToSql + Sync>, Type) {
    let number = match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    };
    let text = match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    match form {
        Number => (Box::new(number), Type::INT8),
        Flag => (Box::new(number.map(|number| number != 0)), Type::BOOL),
        Text => (Box::new(text), Type::TEXT),
        Bytes => {
            let bytes = match value {
                Value::Blob(bytes) => Some(bytes.clone()),
                _ => text.map(String::into_bytes),
            };
            (Box::new(bytes), Type::BYTEA)
        }
    }
}

/// Holds what stands in the database against the file: as many records, and the same heads of every run.
fn check(source: &SqliteLedger, target: &PostgresLedger) -> Answer<()> {
    let differs = |what: String| LedgerError::Damaged(format!("the copy differs from the file: {what}"));
    for table in TABLES {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        let here: i64 = source.ask(|connection| connection.query_row(&sql, [], |row| row.get(0)))?;
        if target.count_of(table.name)? != here {
            return Err(differs(format!("the table {}", table.name)));
        }
    }
    for run in source.runs()? {
        let same = target.run(run.id)?.is_some_and(|copy| copy == run);
        if !same || target.head(run.id)? != source.head(run.id)? {
            return Err(differs(format!("run {}", run.id)));
        }
    }
    Ok(())
}

fn mark(source: &SqliteLedger, place: &str) -> Answer<()> {
    let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)";
    source.durably(|connection| connection.execute(sql, [MOVED_TO, place]))?;
    Ok(())
}

fn unmark(source: &SqliteLedger) -> Answer<()> {
    source.durably(|connection| connection.execute("DELETE FROM meta WHERE key = ?", [MOVED_TO]))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::keys::Wanted;
    use super::super::postgres::testing::Installation;
    use super::*;

    #[test]
    fn a_history_is_moved_whole_and_the_file_sends_no_more() {
        let Some(installation) = Installation::new() else { return };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let old = rusqlite::Connection::open(&path).unwrap();
        old.execute_batch(include_str!("../../tests/data/ledger/format-1.sql")).unwrap();
        drop(old);
        let source = SqliteLedger::open(&path).unwrap();
        let keys: Vec<[u8; 32]> = (0..200).map(|first| [first; 32]).collect();
        source.add_keys(source.runs().unwrap()[0].id, "somebody", "invoice", 2026, &keys.concat()).unwrap();
        let target = installation.worker();
        let moved = copy_over(&source, &target).unwrap();
        assert!(moved.runs > 0 && moved.records > moved.runs);
        assert_eq!(target.id().unwrap(), source.id().unwrap());
        for run in source.runs().unwrap() {
            assert_eq!(target.chunks(run.id).unwrap(), source.chunks(run.id).unwrap());
            assert_eq!(target.sheets(run.id).unwrap(), source.sheets(run.id).unwrap());
            assert_eq!(target.head(run.id).unwrap(), source.head(run.id).unwrap());
        }
        // By its sketch alone one key is told from the others of its block.
        let mut found = Vec::new();
        let wanted = |_: usize| [7; 16];
        let mut visit = |packed: &[u8]| found.push(packed.to_vec());
        target.visit_keys("somebody", "invoice", 2026, &Wanted::new(1, &wanted), &mut visit).unwrap();
        assert_eq!(found, [[7; 32]]);
        assert!(matches!(copy_over(&source, &target), Err(LedgerError::Database { .. })));
        drop(source);
        let refused = SqliteLedger::open(&path).unwrap_err();
        assert!(matches!(&refused, LedgerError::Moved { to, .. } if to.starts_with("postgres://")), "{refused}");
        assert!(SqliteLedger::open_to_read(&path).unwrap().is_some());
    }
}
