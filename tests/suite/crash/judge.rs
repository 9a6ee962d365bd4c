//! Whether everything that arload says of a sheet is true: results, exit code and ledger against what is stored.
//!
//! The sandbox stores a record as often as it is sent, so that sending twice shows. The rule: every row is looked at.

use std::collections::HashMap;
use std::fmt::Write as _;

use arload::sandbox::Sandbox;
use rust_decimal::Decimal;

use crate::world::{Line, World, decimal, records, statuses};

/// What must become of a row in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Accepted,
    Rejected,
    Invalid,
    Excluded,
}

/// A row of the sheet.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) key: String,
    pub(crate) total: Decimal,
    pub(crate) fate: Fate,
}

/// A sheet and what must become of its rows.
pub(crate) struct Sheet {
    pub(crate) text: String,
    pub(crate) rows: Vec<Planned>,
}

/// A sheet in which these rows, counted from 1, have another fate than to be accepted.
///
/// A rejected row is of the customer [`REFUSED`], an invalid one has no amount, an excluded one repeats the row above.
pub(crate) fn sheet(rows: usize, others: &HashMap<usize, Fate>) -> Sheet {
    let mut text = "Invoice Number,Customer Id,Invoice Date,Due Date,Taxable Value,IGST,Invoice Total\n".to_owned();
    let (mut planned, mut last): (Vec<Planned>, String) = (Vec::new(), String::new());
    for row in 1..=rows {
        let fate = others.get(&row).copied().unwrap_or(Fate::Accepted);
        let base = Decimal::from(1_000 + row as u64);
        let (mut key, mut total) = (format!("T/26-27/{row:05}"), base * Decimal::new(118, 2));
        let customer =
            if fate == Fate::Rejected { REFUSED.to_owned() } else { format!("KC0123456789AB{:02}", row % 90 + 10) };
        let amount = if fate == Fate::Invalid { "free".to_owned() } else { base.to_string() };
        if fate == Fate::Excluded {
            let above = planned.last().expect("the first row repeats none");
            key.clone_from(&above.key);
            total = above.total;
        } else {
            let day = row % 28 + 1;
            let (igst, total) = (total - base, total.normalize());
            last = format!("{key},{customer},{day:02}/07/2026,25/08/2026,{amount},{igst},{total}");
        }
        writeln!(text, "{last}").unwrap();
        planned.push(Planned { key, total, fate });
    }
    Sheet { text, rows: planned }
}

/// The customer whose rows the sandbox is told to refuse.
pub(crate) const REFUSED: &str = "KC0123456789REFU";

/// What a sandbox stores under a key.
struct Stored {
    ids: Vec<String>,
    total: Decimal,
}

fn stored(api: &Sandbox) -> HashMap<String, Stored> {
    let mut stored: HashMap<String, Stored> = HashMap::new();
    for invoice in records(api, "invoices") {
        let key = invoice["invoiceNumber"].as_str().unwrap().to_owned();
        let entry = stored.entry(key).or_insert(Stored { ids: Vec::new(), total: decimal(&invoice["netAmount"]) });
        entry.ids.push(invoice["invoiceId"].as_str().unwrap().to_owned());
    }
    stored
}

/// What is not true of a run that ended by itself; of one that was killed only what is stored can be judged.
pub(crate) fn lies(world: &World, api: &Sandbox, sheet: &Sheet, code: Option<i32>) -> Vec<String> {
    let stored = stored(api);
    let rows: HashMap<&str, &Planned> = sheet.rows.iter().map(|row| (row.key.as_str(), row)).collect();
    let mut lies = Vec::new();
    for (key, stored) in &stored {
        if stored.ids.len() > 1 {
            lies.push(format!("{key} is stored {} times", stored.ids.len()));
        }
        match rows.get(key.as_str()) {
            None => lies.push(format!("{key} is stored and in no row")),
            Some(row) if row.total != stored.total => lies.push(format!("{key} is stored with {}", stored.total)),
            Some(_) => {}
        }
    }
    let Some(code) = code else { return lies };
    if !world.path("sheet.results.csv").exists() {
        // Stopped before there was a plan, as where the first use cannot be looked up; nothing may have left.
        if ![2, 3].contains(&code) || !stored.is_empty() {
            lies.push(format!("no results, exit code {code}, {} stored", stored.len()));
        }
        return lies;
    }
    if ![0, 1, 3, 4].contains(&code) {
        lies.push(format!("exit code {code}"));
    }
    let lines = world.lines("sheet.results.csv");
    if lines.len() != sheet.rows.len() {
        lies.push(format!("{} result lines for {} rows", lines.len(), sheet.rows.len()));
    }
    for (index, (line, row)) in lines.iter().zip(&sheet.rows).enumerate() {
        lies.extend(lie(index, line, row, stored.get(&row.key)).map(|lie| format!("{lie}: {line:?}")));
    }
    lies.extend(lie_of_code(&lines, code));
    lies.extend(lies_of_ledger(world, api, code));
    lies
}

/// What is not true of a row.
fn lie(index: usize, line: &Line, row: &Planned, stored: Option<&Stored>) -> Option<String> {
    if line["row"] != (index + 2).to_string() || line["Invoice Number"] != row.key {
        return Some(format!("the line of row {} is another", index + 2));
    }
    match line["status"].as_str() {
        "accepted" | "already-accepted" => match stored {
            None => Some("said to be accepted and not stored".to_owned()),
            Some(stored) if !line["remote_id"].is_empty() && !stored.ids.contains(&line["remote_id"]) => {
                Some(format!("stored as {:?}", stored.ids))
            }
            Some(_) if row.fate != Fate::Accepted => Some(format!("was to be {:?}", row.fate)),
            Some(_) => None,
        },
        "rejected" | "not-sent" | "invalid" if stored.is_some() => Some("said not to be stored and stored".to_owned()),
        "rejected" if row.fate != Fate::Rejected => Some("rejected without a reason".to_owned()),
        "invalid" if row.fate != Fate::Invalid => Some("invalid without a reason".to_owned()),
        "excluded" if row.fate != Fate::Excluded => Some("excluded without a reason".to_owned()),
        "rejected" | "not-sent" | "invalid" | "excluded" | "unknown" => None,
        other => Some(format!("no such status: {other}")),
    }
}

fn lie_of_code(lines: &[Line], code: i32) -> Option<String> {
    let counts = statuses(lines);
    let has = |status: &str| counts.contains_key(status);
    let expected = match () {
        () if has("unknown") => 4,
        () if has("not-sent") => 3,
        () if has("rejected") || has("invalid") => 1,
        () => 0,
    };
    (code != expected).then(|| format!("exit code {code} for {counts:?}"))
}

fn lies_of_ledger(world: &World, api: &Sandbox, code: i32) -> Vec<String> {
    let mut lies = Vec::new();
    let sending = world.count("SELECT count(*) FROM chunk WHERE state = 'sending'");
    if sending > 0 {
        lies.push(format!("{sending} chunks are left sending by nobody"));
    }
    let open = world.count("SELECT count(*) FROM chunk WHERE state IN ('planned', 'sending', 'unknown')");
    let running = world.count("SELECT count(*) FROM run WHERE state = 'open'");
    if code < 2 && (open, running) != (0, 0) {
        lies.push(format!("{open} chunks and {running} runs are open at the end"));
    }
    let (attempts, uploads) = (world.count("SELECT count(*) FROM attempt"), crate::world::state(api, "uploads"));
    if uploads > attempts {
        lies.push(format!("{uploads} uploads arrived and {attempts} are recorded"));
    }
    lies
}

/// Rows that did not get what they must get in the end.
pub(crate) fn lost(world: &World, sheet: &Sheet) -> Vec<String> {
    let lines = world.lines("sheet.results.csv");
    let wrong = lines.iter().zip(&sheet.rows).filter(|(line, row)| {
        let fits: &[&str] = match row.fate {
            Fate::Accepted => &["accepted", "already-accepted"],
            Fate::Rejected => &["rejected"],
            Fate::Invalid => &["invalid"],
            Fate::Excluded => &["excluded"],
        };
        !fits.contains(&line["status"].as_str())
    });
    wrong.map(|(line, row)| format!("was to be {:?}: {line:?}", row.fate)).collect()
}
