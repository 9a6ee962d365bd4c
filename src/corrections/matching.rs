//! Which row of an earlier run each row of a corrections workbook is, and what is to be done with it.
//!
//! Pure, but for asking what became of an original. The one rule: a row is matched by equal content, by its key, or, where
//! it has none, by the row that it is surely most alike; whatever is left was added by hand.

use std::collections::HashMap;

use super::originals::{Original, Originals};
use super::{RowKey, Treatment};
use crate::finding::quote;
use crate::ledger::SheetId;
use crate::outcome::{RowOutcome, Status, code};

/// Limit: originals that share a cell before it tells nothing apart any more.
const MOST_ALIKE: usize = 20;

/// A row of the workbook, as it came back.
#[derive(Debug, Clone)]
pub struct Returned {
    /// Its number in the workbook.
    pub number: u32,
    /// The cell of the hidden column; blank where there is none.
    pub key: String,
    /// The cell that takes `retry` or `drop`; blank where there is none.
    pub action: String,
    /// A hash of each cell, in the order of the originals' headings.
    pub cells: Vec<u64>,
    /// Which of them are filled.
    pub filled: Vec<bool>,
}

/// What is known of the place that the workbook belongs to.
#[derive(Debug, Clone)]
pub struct Home {
    /// The ledger.
    pub ledger: String,
    /// The sheet whose rows the originals are.
    pub sheet: SheetId,
    /// `run 7, march.csv`, for messages.
    pub label: String,
    /// Whether the duplicate guard knows what was accepted before.
    pub guarded: bool,
}

/// What the rows of a worksheet are.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// What is to be done with each, by its number.
    pub rows: HashMap<u32, Treatment>,
    /// Rows with the rows that they correct, in row order.
    pub links: Vec<(u32, u32)>,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// What a row turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Is {
    /// The original at this place.
    Original(usize),
    /// A row of the run that was not left to be corrected, by its number.
    Settled(u32),
    /// Added by hand.
    Added,
    /// Its key belongs elsewhere.
    Foreign(String),
}

/// What another run made of an original since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meanwhile {
    /// It was accepted, and a row that is the same ends like this.
    Accepted(RowOutcome),
    /// It was sent and is unknown, or is planned, by this row.
    OnItsWay(String),
}

/// Matches the rows of a worksheet; `since` says what another run made of an original's row, if one did.
pub fn matched<E>(
    home: &Home,
    originals: &Originals,
    rows: &[Returned],
    mut since: impl FnMut(u32) -> Result<Option<Meanwhile>, E>,
) -> Result<Matched, E> {
    let found = find(home, originals, rows);
    let mut matched = Matched::default();
    for (row, is) in rows.iter().zip(&found) {
        let treatment = match is {
            Is::Original(at) => {
                let original = &originals.rows[*at];
                matched.links.push((row.number, original.row));
                let changed = row.cells != original.cells;
                treat(home, original, row, changed, since(original.row)?)
            }
            Is::Settled(number) => match since(*number)? {
                Some(Meanwhile::Accepted(outcome)) if !home.guarded => Treatment::Done(outcome),
                // The guard knows whether it is the same record still.
                Some(meanwhile) => known(home, *number, &meanwhile),
                None => Treatment::Unclear(format!("row {number} of {} was not left to be corrected", home.label)),
            },
            Is::Added => match action(&row.action) {
                Ok(Some(Action::Drop)) => Treatment::Drop,
                Ok(_) => Treatment::Send,
                Err(message) => Treatment::Unclear(message),
            },
            Is::Foreign(message) => Treatment::Unclear(message.clone()),
        };
        matched.rows.insert(row.number, treatment);
    }
    settle_documents(originals, rows, &found, &mut matched);
    matched.notes = notes(home, originals, rows, &found);
    Ok(matched)
}

fn find(home: &Home, originals: &Originals, rows: &[Returned]) -> Vec<Is> {
    let mut taken = vec![false; originals.rows.len()];
    let mut found: Vec<Option<Is>> = vec![None; rows.len()];
    let keys: Vec<Option<RowKey>> = rows.iter().map(|row| RowKey::parse(&row.key)).collect();
    let own = |at: usize| keys[at].as_ref().filter(|key| key.ledger == home.ledger && key.sheet == home.sheet);
    let keyed: Vec<Option<usize>> = (0..rows.len()).map(|at| originals.by_row.get(&own(at)?.row).copied()).collect();
    let mut by_content: HashMap<&[u64], Vec<usize>> = HashMap::new();
    for (at, original) in originals.rows.iter().enumerate() {
        by_content.entry(&original.cells).or_default().push(at);
    }
    // A row that is as it was is that row, even where sorting has moved the keys away from their rows.
    for exactly in [true, false] {
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.filled.contains(&true)) {
            let Some(same) = by_content.get(row.cells.as_slice()).filter(|_| found[at].is_none()) else { continue };
            let by_key = keyed[at].filter(|original| same.contains(original));
            let free = |original: &usize| !taken[*original];
            let one = if exactly { by_key.filter(free) } else { same.iter().copied().find(free) };
            if let Some(original) = one {
                taken[original] = true;
                found[at] = Some(Is::Original(original));
            }
        }
    }
    for at in 0..rows.len() {
        if let Some(original) = keyed[at].filter(|original| found[at].is_none() && !taken[*original]) {
            taken[original] = true;
            found[at] = Some(Is::Original(original));
        }
    }
    by_likeness(originals, rows, &keys, &mut taken, &mut found);
    let rest = |at: usize| match &keys[at] {
        Some(key) if key.ledger != home.ledger => {
            Is::Foreign(format!("its row key is of another ledger ({}), not of {}", quote(&key.ledger), home.label))
        }
        Some(key) if key.sheet != home.sheet => {
            Is::Foreign(format!("its row key is of another sheet than {}", home.label))
        }
        Some(key) if keyed[at].is_none() => Is::Settled(key.row),
        _ => Is::Added,
    };
    found.into_iter().enumerate().map(|(at, is)| is.unwrap_or_else(|| rest(at))).collect()
}

/// Finds the originals of rows without a key by the cells that they share.
fn by_likeness(
    originals: &Originals,
    rows: &[Returned],
    keys: &[Option<RowKey>],
    taken: &mut [bool],
    found: &mut [Option<Is>],
) {
    let keyless: Vec<usize> = (0..rows.len()).filter(|at| found[*at].is_none() && keys[*at].is_none()).collect();
    if keyless.is_empty() {
        return;
    }
    let mut holders: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
    for (at, original) in originals.rows.iter().enumerate().filter(|(at, _)| !taken[*at]) {
        for (column, cell) in original.cells.iter().enumerate() {
            let holders = holders.entry((column, *cell)).or_default();
            // One more than the limit says that there are too many.
            if holders.len() <= MOST_ALIKE {
                holders.push(at);
            }
        }
    }
    for at in keyless {
        let row = &rows[at];
        let mut votes: HashMap<usize, usize> = HashMap::new();
        for (column, cell) in row.cells.iter().enumerate().filter(|(column, _)| row.filled[*column]) {
            let holders = holders.get(&(column, *cell)).filter(|holders| holders.len() <= MOST_ALIKE);
            for original in holders.into_iter().flatten().filter(|original| !taken[**original]) {
                *votes.entry(*original).or_default() += 1;
            }
        }
        // Cells that many rows share decide between none of these, but speak for the likeness.
        let alike = |original: usize| {
            let cells = row.cells.iter().zip(&originals.rows[original].cells).zip(&row.filled);
            cells.filter(|((one, other), filled)| one == other && **filled).count()
        };
        let mut likely: Vec<(usize, usize)> = votes.into_keys().map(|original| (alike(original), original)).collect();
        likely.sort_unstable_by(|one, other| other.cmp(one));
        let filled = row.filled.iter().filter(|filled| **filled).count();
        let Some(&(most, original)) = likely.first() else { continue };
        let is_sure = most * 2 >= filled && likely.get(1).is_none_or(|(next, _)| *next < most);
        if is_sure {
            taken[original] = true;
            found[at] = Some(Is::Original(original));
        }
    }
}

enum Action {
    Retry,
    Drop,
}

fn action(text: &str) -> Result<Option<Action>, String> {
    match text.trim().to_lowercase().as_str() {
        "" => Ok(None),
        "retry" => Ok(Some(Action::Retry)),
        "drop" => Ok(Some(Action::Drop)),
        _ => Err(format!("{} is neither retry nor drop", quote(text.trim()))),
    }
}

fn treat(home: &Home, original: &Original, row: &Returned, changed: bool, since: Option<Meanwhile>) -> Treatment {
    if let Some(Meanwhile::Accepted(outcome)) = &since
        && (!changed || !home.guarded)
    {
        return Treatment::Done(outcome.clone());
    }
    if original.outcome.status == Status::Unknown {
        let of = format!("row {} of {}", original.row, home.label);
        return Treatment::Unclear(format!("{of} is unknown; it is looked up, never corrected"));
    }
    let asked = action(&row.action);
    let goes = matches!(asked, Ok(Some(Action::Retry))) || (changed && matches!(asked, Ok(None)));
    match (asked, since.filter(|_| goes && home.guarded)) {
        (_, Some(meanwhile)) => known(home, original.row, &meanwhile),
        (asked, None) => asked_for(home, original, changed, asked),
    }
}

/// The same of a row of which nobody else has sent anything.
fn asked_for(home: &Home, original: &Original, changed: bool, asked: Result<Option<Action>, String>) -> Treatment {
    match asked {
        Err(message) => Treatment::Unclear(message),
        Ok(Some(Action::Drop)) => Treatment::Drop,
        Ok(_) if changed => Treatment::Send,
        Ok(Some(Action::Retry)) => Treatment::Retry,
        Ok(None) => Treatment::Unchanged(unchanged(home, original)),
    }
}

/// What a row that would be sent a second time, as another record, is told.
fn known(home: &Home, row: u32, meanwhile: &Meanwhile) -> Treatment {
    let place = format!("row {row} of {}", home.label);
    Treatment::Known(match meanwhile {
        Meanwhile::Accepted(outcome) => format!(
            "{place}: {}; this would be a second record for it: give a further one in a sheet of its own",
            outcome.message
        ),
        Meanwhile::OnItsWay(by) => format!("{place}: {by}; this would be a second record for it"),
    })
}

fn unchanged(home: &Home, original: &Original) -> RowOutcome {
    let place = format!("{}:{}", home.label, original.row);
    let way_out = "write retry beside it to send it as it is, or drop to be done with it";
    if original.outcome.status == Status::Rejected {
        let why = &original.outcome.message;
        let message = format!("rejected earlier: {place}: {why}; not changed since; hint: {way_out}");
        return RowOutcome::new(Status::Rejected, code::REJECTED_EARLIER, message);
    }
    let message = format!("not changed since {place}; hint: {way_out}");
    RowOutcome::new(Status::NotSent, code::UNCHANGED, message)
}

/// Rows of one document share what is done with them: it goes whole, if any of them was changed, or not at all.
fn settle_documents(originals: &Originals, rows: &[Returned], found: &[Is], matched: &mut Matched) {
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    for original in &originals.rows {
        *sizes.entry(original.document).or_default() += 1;
    }
    let mut documents: HashMap<u32, Vec<u32>> = HashMap::new();
    for (row, is) in rows.iter().zip(found) {
        let Is::Original(at) = is else { continue };
        let document = originals.rows[*at].document;
        if sizes[&document] > 1 {
            documents.entry(document).or_default().push(row.number);
        }
    }
    for (document, members) in documents {
        let treatments: Vec<Treatment> = members.iter().map(|number| matched.rows[number].clone()).collect();
        let all = |is: fn(&Treatment) -> bool| treatments.iter().all(is);
        let any = |is: fn(&Treatment) -> bool| treatments.iter().find(|treatment| is(treatment)).cloned();
        let whole = sizes[&document];
        let settled = if let Some(unclear) = any(|treatment| matches!(treatment, Treatment::Unclear(_))) {
            unclear
        } else if members.len() < whole {
            Treatment::Unclear(format!(
                "only {} of the {whole} rows of its document are here: give all of them",
                members.len()
            ))
        } else if all(|treatment| *treatment == Treatment::Drop) {
            Treatment::Drop
        } else if any(|treatment| *treatment == Treatment::Drop).is_some() {
            Treatment::Unclear(format!("drop stands beside some of the {whole} rows of its document only"))
        } else if let Some(known) = any(|treatment| matches!(treatment, Treatment::Known(_))) {
            known
        } else if let Some(sent) = any(|treatment| matches!(treatment, Treatment::Send | Treatment::Retry)) {
            sent
        } else {
            continue;
        };
        for number in members {
            matched.rows.insert(number, settled.clone());
        }
    }
}

/// What a person should know of rows that came back otherwise than they went out.
fn notes(home: &Home, originals: &Originals, rows: &[Returned], found: &[Is]) -> Vec<String> {
    /// Limit: rows that are named.
    const NAMED: usize = 5;
    let mut notes = Vec::new();
    let mut tell = |numbers: Vec<String>, words: &str| {
        if numbers.is_empty() {
            return;
        }
        let more = if numbers.len() > NAMED { " and more" } else { "" };
        let first = numbers[..numbers.len().min(NAMED)].join(", ");
        let noun = if numbers.len() == 1 { "row" } else { "rows" };
        notes.push(format!("{noun} {first}{more}: {words}"));
    };
    let numbers = |wanted: &dyn Fn(usize, &Returned, &Is) -> bool| {
        let rows = rows.iter().zip(found).enumerate();
        let wanted = rows.filter(|(at, (row, is))| wanted(*at, row, is));
        wanted.map(|(_, (row, _))| row.number.to_string()).collect::<Vec<_>>()
    };
    let is_keyless = |row: &Returned| RowKey::parse(&row.key).is_none();
    tell(
        numbers(&|_, row, is| is_keyless(row) && matches!(is, Is::Original(_))),
        "matched by content, because the row key is gone",
    );
    let added =
        format!("matches no row that {} left, so it counts as added; that run's own row stays as it is", home.label);
    tell(numbers(&|_, _, is| *is == Is::Added), &added);
    let moved = |row: &Returned, is: &Is| {
        let key = RowKey::parse(&row.key).filter(|key| key.ledger == home.ledger && key.sheet == home.sheet);
        matches!((key, is), (Some(key), Is::Original(at)) if originals.rows[*at].row != key.row)
    };
    tell(numbers(&|_, row, is| moved(row, is)), "the row key stands beside another row's cells; the cells count");
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(cells: &str) -> Vec<u64> {
        cells.split(',').map(super::super::originals::hash).collect()
    }

    fn originals(rows: &[(u32, &str, Status, u32)]) -> Originals {
        let rows: Vec<Original> = rows
            .iter()
            .map(|(row, cells, status, document)| Original {
                row: *row,
                outcome: RowOutcome::new(*status, "", "why"),
                document: *document,
                cells: hashes(cells),
            })
            .collect();
        let by_row = rows.iter().enumerate().map(|(at, original)| (original.row, at)).collect();
        Originals { headings: vec![(0, "No".into()), (1, "Party".into()), (2, "Amount".into())], rows, by_row }
    }

    fn home() -> Home {
        Home { ledger: "aa".into(), sheet: SheetId(3), label: "run 7, march.csv".into(), guarded: true }
    }

    fn key(row: u32) -> String {
        RowKey { ledger: "aa".into(), sheet: SheetId(3), row }.text()
    }

    fn returned(rows: &[(&str, &str, &str)]) -> Vec<Returned> {
        let row = |(number, (key, action, cells)): (u32, &(&str, &str, &str))| Returned {
            number,
            key: (*key).to_owned(),
            action: (*action).to_owned(),
            cells: hashes(cells),
            filled: cells.split(',').map(|cell| !cell.is_empty()).collect(),
        };
        (2..).zip(rows).map(row).collect()
    }

    fn treated(originals: &Originals, rows: &[(&str, &str, &str)]) -> (Vec<String>, Vec<(u32, u32)>, Vec<String>) {
        let rows = returned(rows);
        let matched = matched::<()>(&home(), originals, &rows, |row| {
            Ok(match row {
                90 => {
                    let outcome =
                        RowOutcome::new(Status::AlreadyAccepted, "accepted-earlier", "accepted earlier: run 8");
                    Some(Meanwhile::Accepted(outcome))
                }
                91 => Some(Meanwhile::OnItsWay("run 9, c.xlsx:2 is unknown".to_owned())),
                _ => None,
            })
        });
        let matched = matched.unwrap();
        let word = |row: &Returned| match &matched.rows[&row.number] {
            Treatment::Send => "send".to_owned(),
            Treatment::Retry => "retry".to_owned(),
            Treatment::Unchanged(outcome) => format!("unchanged {}", outcome.status.as_str()),
            Treatment::Drop => "drop".to_owned(),
            Treatment::Done(_) => "done".to_owned(),
            Treatment::Known(message) => format!("known: {message}"),
            Treatment::Unclear(message) => message.clone(),
        };
        (rows.iter().map(word).collect(), matched.links, matched.notes)
    }

    /// Rows, what is done with them, and the rows that they correct.
    type Case<'c> = (&'c [(&'c str, &'c str, &'c str)], &'c [&'c str], &'c [(u32, u32)]);

    #[test]
    fn rows_are_what_their_key_or_else_their_content_says() {
        let originals = originals(&[
            (5, "A-5,Mehta,x", Status::Invalid, 5),
            (9, "A-9,Rao,y", Status::Rejected, 9),
            (12, "A-12,Rao,z", Status::Invalid, 12),
            (90, "A-90,Rao,q", Status::Invalid, 90),
            (91, "A-91,Rao,q", Status::Rejected, 91),
        ]);
        let (five, nine, twelve, ninety, next) = (key(5), key(9), key(12), key(90), key(91));
        let second = "known: row 90 of run 7, march.csv: accepted earlier: run 8; this would be a second record for it: \
                      give a further one in a sheet of its own";
        let on_its_way =
            "known: row 91 of run 7, march.csv: run 9, c.xlsx:2 is unknown; this would be a second record for it";
        let foreign = RowKey { ledger: "bb".into(), sheet: SheetId(3), row: 5 }.text();
        let cases: [Case<'_>; 17] = [
            (
                &[(&five, "", "A-5,Mehta,1"), (&nine, "", "A-9,Rao,y")],
                &["send", "unchanged rejected"],
                &[(2, 5), (3, 9)],
            ),
            (&[(&nine, "Retry ", "A-9,Rao,y"), (&five, "drop", "A-5,Mehta,1")], &["retry", "drop"], &[(2, 9), (3, 5)]),
            (&[(&five, "later", "A-5,Mehta,1")], &["\"later\" is neither retry nor drop"], &[(2, 5)]),
            // Without keys, whole and changed.
            (&[("", "", "A-12,Rao,z"), ("", "", "A-5,Mehta,7")], &["unchanged not-sent", "send"], &[(2, 12), (3, 5)]),
            // Keys that sorting left behind.
            (
                &[(&nine, "", "A-5,Mehta,x"), (&five, "", "A-9,Rao,y")],
                &["unchanged not-sent", "unchanged rejected"],
                &[(2, 5), (3, 9)],
            ),
            // A copied row: the first keeps the key.
            (&[(&five, "", "A-5,Mehta,1"), (&five, "", "A-6,Mehta,2")], &["send", "send"], &[(2, 5)]),
            (&[("", "", "N-1,New,1")], &["send"], &[]),
            (&[("", "drop", "N-1,New,1")], &["drop"], &[]),
            (
                &[(&foreign, "", "A-5,Mehta,1")],
                &["its row key is of another ledger (\"bb\"), not of run 7, march.csv"],
                &[],
            ),
            (&[(&foreign, "", "A-5,Mehta,x")], &["unchanged not-sent"], &[(2, 5)]),
            (&[(&ninety, "", "A-90,Rao,q")], &["done"], &[(2, 90)]),
            (&[(&ninety, "", "A-90,Rao,8")], &[second], &[(2, 90)]),
            (&[(&ninety, "drop", "A-90,Rao,8")], &["drop"], &[(2, 90)]),
            (&[(&next, "", "A-91,Rao,8")], &[on_its_way], &[(2, 91)]),
            (&[(&next, "retry", "A-91,Rao,q")], &[on_its_way], &[(2, 91)]),
            (&[(&next, "", "A-91,Rao,q")], &["unchanged rejected"], &[(2, 91)]),
            (&[(&twelve, "", ",,")], &["send"], &[(2, 12)]),
        ];
        for (rows, expected, links) in cases {
            let (treatments, found, _) = treated(&originals, rows);
            assert_eq!(
                (treatments, found.as_slice()),
                (expected.iter().map(ToString::to_string).collect(), links),
                "{rows:?}"
            );
        }
    }

    #[test]
    fn what_is_ambiguous_without_a_key_is_added_and_said() {
        let originals = originals(&[(5, "A-5,Mehta,x", Status::Invalid, 5), (6, "A-6,Mehta,x", Status::Invalid, 6)]);
        let (treatments, links, notes) = treated(&originals, &[("", "", "A-7,Mehta,x")]);
        assert_eq!((treatments, links), (vec!["send".to_owned()], vec![]));
        assert!(notes[0].starts_with("row 2: matches no row that run 7, march.csv left"), "{notes:?}");
    }

    #[test]
    fn a_document_goes_whole_or_not_at_all() {
        let originals = originals(&[
            (5, "A-5,Mehta,x", Status::Invalid, 5),
            (6, "A-5,Mehta,2", Status::Invalid, 5),
            (8, "A-8,Rao,y", Status::Invalid, 8),
        ]);
        let (five, six) = (key(5), key(6));
        for (rows, expected) in [
            (&[(five.as_str(), "", "A-5,Mehta,1"), (&six, "", "A-5,Mehta,2")][..], ["send", "send"]),
            (&[(&five, "drop", "A-5,Mehta,x"), (&six, "drop", "A-5,Mehta,2")], ["drop", "drop"]),
            (&[(&five, "", "A-5,Mehta,x"), (&six, "", "A-5,Mehta,2")], ["unchanged not-sent", "unchanged not-sent"]),
            (
                &[(&five, "drop", "A-5,Mehta,x"), (&six, "", "A-5,Mehta,2")],
                ["drop stands beside some of the 2 rows of its document only"; 2],
            ),
        ] {
            assert_eq!(treated(&originals, rows).0, expected, "{rows:?}");
        }
        let (alone, ..) = treated(&originals, &[(&five, "", "A-5,Mehta,1")]);
        assert_eq!(alone, ["only 1 of the 2 rows of its document are here: give all of them"]);
    }
}
