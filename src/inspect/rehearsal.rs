//! What an operation would say of a sheet as a whole: the sheet is read and checked as a run does it, and let go.
//!
//! Leaves every decision to [`crate::plan::read`]. The one rule: nothing is decided here, so that what is called good is
//! what an upload takes.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Inspection;
use crate::check::Rules;
use crate::config::Settings;
use crate::directory::Directory;
use crate::error::RunError;
use crate::event::Silent;
use crate::operation::Operation;
use crate::plan::read::{ReadRun, Reading};
use crate::sheet::SheetSource;
use crate::stop::Stop;

/// Adds to an inspection why a run would refuse the sheet, or how it would join its rows; `today` is the day that dates
/// are held against.
///
/// Findings of single rows are not told: some of them need customers, which only an account has.
pub fn rehearse(
    inspection: &mut Inspection,
    source: &SheetSource,
    operation: &'static Operation,
    settings: &Settings,
    today: Date,
) -> Result<(), RunError> {
    let Some(understood) = inspection.mapping.as_mut().filter(|understood| understood.problem.is_none()) else {
        return Ok(());
    };
    let (directory, severity) = (Directory::new(), BTreeMap::new());
    let rules = Rules {
        account: "",
        company: &settings.company,
        directory: &directory,
        today,
        period: None,
        severity: &severity,
        allow_unnumbered: settings.mapping.allow_unnumbered,
    };
    let stop = Stop::default();
    let reading = Reading {
        operation,
        settings,
        rules,
        stop: &stop,
        observer: &Silent,
        results: None,
        corrections: &[],
        packs: false,
    };
    let mut read = ReadRun::new()?;
    let (message, hint) = match read.take(source, &source.path, &reading) {
        Ok(None) => {
            let said = read.sheets.into_iter().flat_map(|sheet| sheet.said_of_rows);
            understood.notes.extend(said.map(|note| own_words(source, &note)));
            return Ok(());
        }
        // A workbook with other sheets is taken without it.
        Ok(Some(refusal)) if refusal.no_table => {
            understood.notes.push(own_words(source, &refusal.message));
            return Ok(());
        }
        Ok(Some(refusal)) => (refusal.message, refusal.hint),
        Err(RunError::Input { message, hint }) => (message, Some(hint)),
        Err(error) => return Err(error),
    };
    understood.problem = Some(own_words(source, &message));
    understood.hint = hint;
    Ok(())
}

/// Without the sheet's name, which stands above already, and without what becomes of a run.
fn own_words(source: &SheetSource, message: &str) -> String {
    let label = source.label();
    let words = message.strip_suffix("; nothing was sent").unwrap_or(message);
    let words = words.strip_prefix(&label).unwrap_or(words);
    match words.strip_prefix(':') {
        Some(place) if place.starts_with(|letter: char| letter.is_ascii_digit()) => format!("row {place}"),
        Some(words) => words.trim_start().to_owned(),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_leave_out_the_name_of_the_sheet_and_what_becomes_of_a_run() {
        let source =
            SheetSource { path: "in/a.xlsx".into(), file_name: "a.xlsx".to_owned(), sheet: Some("May".to_owned()) };
        for (message, words) in [
            ("a.xlsx[May]: row 4 goes on", "row 4 goes on"),
            ("a.xlsx[May]:7: column H: too much; nothing was sent", "row 7: column H: too much"),
            ("b.xlsx: odd", "b.xlsx: odd"),
            ("3 rows in 2 documents", "3 rows in 2 documents"),
        ] {
            assert_eq!(own_words(&source, message), words, "{message}");
        }
    }
}
