//! Where corrections workbooks stand, and what is done with one that stands there already.
//!
//! The one rule: a workbook that somebody has worked in is moved aside under a name that says so, never written over.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Corrections;
use crate::error::RunError;
use crate::platform;
use crate::results::RunLabel;
use crate::results::target::{failed, free_name, of_run};

/// The part of rows that fit into no other.
pub(super) const OTHERS: &str = "others";
/// Limit: characters of a part's name in the name of its file.
const MOST_PART: usize = 40;
/// Limit: of the part of a workbook that says when it was written.
const MOST_CORE: u64 = 64 << 10;

const SUBJECT: &str = "arload corrections of run ";

/// What the properties of a workbook say of whose it is.
pub(super) fn subject(run: i64, ledger: &str) -> String {
    format!("{SUBJECT}{run}, ledger {ledger}")
}

/// The name of the workbook for what is left of a workbook that came back: `march.corrections-2` for `march.corrections`;
/// none where the name is not that of one.
pub fn next_round(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let at = lower.find(".corrections")?;
    let rest = &lower[at + ".corrections".len()..];
    if !(rest.is_empty() || rest.starts_with(['.', '-'])) || !name.is_char_boundary(at) {
        return None;
    }
    let counted = name.rsplit_once('-').and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)));
    Some(match counted.filter(|(stem, number)| *number > 1 && *number < 10_000 && stem.len() > at) {
        Some((stem, number)) => format!("{stem}-{}", number + 1),
        None => format!("{name}-2"),
    })
}

/// `NAME.corrections.Pune.xlsx` for the part `Pune`; what is left of that workbook is the part already.
pub(super) fn of_part(place: &Path, part: &str) -> PathBuf {
    let stem = place.file_stem().unwrap_or_default().to_string_lossy();
    let first = stem.rsplit_once('-').filter(|(_, round)| round.parse::<u32>().is_ok()).map(|(first, _)| first);
    let is_part = first.is_some_and(|first| first.ends_with(&format!(".{part}")));
    if part.is_empty() || is_part { place.to_owned() } else { place.with_extension(format!("{part}.xlsx")) }
}

/// What a part is called after a cell: letters and digits of any script, and nothing that a file name cannot have.
pub(super) fn part_name(cell: &str) -> String {
    let allowed = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let name: String =
        cell.trim().chars().map(|letter| if allowed(letter) { letter } else { '_' }).take(MOST_PART).collect();
    let name = name.trim().to_owned();
    if name.is_empty() { "blank".to_owned() } else { name }
}

/// Whose a workbook is, and whether it is as it was written.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    run: i64,
    ledger: String,
    is_untouched: bool,
}

/// Puts the workbooks of an input into place and moves those away that they replace.
pub fn put(
    place: &Path,
    label: &RunLabel,
    corrections: Option<Corrections>,
    warnings: &mut Vec<String>,
) -> Result<Vec<PathBuf>, RunError> {
    let books = corrections.map_or_else(Default::default, |corrections| {
        warnings.extend(corrections.warnings);
        corrections.books
    });
    let whole = books.keys().any(|part| of_part(place, part) == place);
    if !whole {
        make_way(place, label, false, warnings)?;
    }
    let mut paths = Vec::new();
    for (part, target) in books {
        make_way(&of_part(place, &part), label, true, warnings)?;
        paths.push(target.finish(label.run, warnings)?);
    }
    Ok(paths)
}

fn make_way(path: &Path, label: &RunLabel, is_replaced: bool, warnings: &mut Vec<String>) -> Result<(), RunError> {
    if !path.exists() {
        return Ok(());
    }
    let mark = mark(path);
    let is_own = |mark: &Mark| Some(mark.run) == label.run && mark.ledger == label.ledger;
    let (aside, why) = match &mark {
        Some(mark) if mark.is_untouched && is_own(mark) && is_replaced => return Ok(()),
        Some(mark) if mark.is_untouched && is_own(mark) => {
            (of_run(path, Some(mark.run)), Some("nothing of it is left to be corrected"))
        }
        Some(mark) if mark.is_untouched => (of_run(path, Some(mark.run)), None),
        Some(mark) => (path.with_extension(format!("{}.edited.xlsx", mark.run)), Some("somebody worked in it")),
        None => (path.with_extension("kept.xlsx"), Some("not known to be arload's")),
    };
    let aside = free_name(&aside);
    match fs::rename(path, &aside) {
        Ok(()) => {
            let moved = |why| format!("{}: {why}; kept as {}", path.display(), aside.display());
            warnings.extend(why.map(moved));
            Ok(())
        }
        // Locked: the new file will get the run's own name.
        Err(_) if cfg!(windows) => Ok(()),
        Err(source) => Err(failed(&aside, source)),
    }
}

fn mark(path: &Path) -> Option<Mark> {
    let mut archive = zip::ZipArchive::new(platform::open_regular(path).ok()?).ok()?;
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).ok()?.take(MOST_CORE).read_to_string(&mut text).ok()?;
        Some(text)
    };
    let (core, program) = (part("docProps/core.xml")?, part("docProps/app.xml").unwrap_or_default());
    let text = |name: &str| {
        let (_, rest) = core.split_once(&format!("<{name}"))?;
        let (_, rest) = rest.split_once('>')?;
        rest.split_once("</").map(|(text, _)| text.trim().to_owned())
    };
    let subject = text("dc:subject")?;
    let (run, ledger) = subject.strip_prefix(SUBJECT)?.split_once(", ledger ")?;
    // Programs that save a workbook say when they did, or which they are.
    let is_untouched = text("dcterms:created").is_some_and(|created| Some(created) == text("dcterms:modified"))
        && program.contains("<AppVersion>12.0000</AppVersion>");
    Some(Mark { run: run.parse().ok()?, ledger: ledger.to_owned(), is_untouched })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_workbook_gets_the_next_number() {
        for (name, next) in [
            ("march.corrections", Some("march.corrections-2")),
            ("march.corrections-2", Some("march.corrections-3")),
            ("march.sandbox.corrections", Some("march.sandbox.corrections-2")),
            ("march.corrections.Pune", Some("march.corrections.Pune-2")),
            ("march.corrections.Pune-2", Some("march.corrections.Pune-3")),
            ("2026-03.corrections", Some("2026-03.corrections-2")),
            ("march", None),
            ("march.correctionsheet", None),
            ("corrections", None),
        ] {
            assert_eq!(next_round(name).as_deref(), next, "{name}");
        }
    }

    #[test]
    fn parts_are_named_after_their_cells() {
        for (cell, part) in
            [(" Pune ", "Pune"), ("", "blank"), ("a/b\\c:d", "a_b_c_d"), ("मुंबई", "म_ंबई"), ("...", "___")]
        {
            assert_eq!(part_name(cell).chars().count(), part.chars().count(), "{cell}");
            assert!(!part_name(cell).contains(['/', '\\', ':', '.']), "{cell}");
        }
        let place = Path::new("in/march.corrections.xlsx");
        assert_eq!(of_part(place, "Pune"), Path::new("in/march.corrections.Pune.xlsx"));
        assert_eq!(of_part(place, ""), place);
        // What is left of one branch's workbook is that branch's again.
        let again = Path::new("in/march.corrections.Pune-2.xlsx");
        assert_eq!(of_part(again, "Pune"), again);
        assert_eq!(of_part(again, "Nashik"), Path::new("in/march.corrections.Pune-2.Nashik.xlsx"));
    }
}
