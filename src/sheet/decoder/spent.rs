//! What each file has used up of its allowance, sheet by sheet.
//!
//! Pure. Leaves the sizes to [`super::limits`] and measuring to the process that decodes. The one rule: however many
//! sheets a small file has, all of them together cannot cost much; a sheet that is read again counts once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Computing and rows of one or more sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cost {
    /// Milliseconds of computing.
    pub(super) millis: u64,
    /// Bytes of rows.
    pub(super) rows: u64,
    /// What they weigh as rows and cells.
    pub(super) weight: u64,
}

/// The costs of the files of a run; the list of a file's sheets stands under no name.
#[derive(Debug, Default)]
pub(super) struct Spent(HashMap<PathBuf, HashMap<Option<String>, Cost>>);

impl Spent {
    /// What the file has cost, this one sheet left out.
    pub(super) fn on_others(&self, file: &Path, sheet: Option<&str>) -> Cost {
        let sheets = self.0.get(file).into_iter().flatten().filter(|(name, _)| name.as_deref() != sheet);
        sheets.fold(Cost::default(), |sum, (_, cost)| Cost {
            millis: sum.millis.saturating_add(cost.millis),
            rows: sum.rows.saturating_add(cost.rows),
            weight: sum.weight.saturating_add(cost.weight),
        })
    }

    /// Notes what a sheet has cost.
    pub(super) fn note(&mut self, file: &Path, sheet: Option<&str>, cost: Cost) {
        self.0.entry(file.to_owned()).or_default().insert(sheet.map(str::to_owned), cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_of_a_file_add_up_and_one_that_is_read_again_counts_once() {
        let (a, b) = (Path::new("a.xlsx"), Path::new("b.xlsx"));
        let cost = |millis, rows| Cost { millis, rows, weight: millis * 2 };
        let mut spent = Spent::default();
        spent.note(a, None, cost(1, 0));
        spent.note(a, Some("North"), cost(20, 300));
        spent.note(a, Some("North"), cost(30, 200));
        spent.note(a, Some("South"), cost(100, u64::MAX));
        for (file, sheet, others) in [
            (a, Some("North"), cost(101, u64::MAX)),
            (a, Some("South"), cost(31, 200)),
            (a, Some("East"), cost(131, u64::MAX)),
            (a, None, cost(130, u64::MAX)),
            (b, Some("North"), Cost::default()),
        ] {
            assert_eq!(spent.on_others(file, sheet), others, "{file:?} {sheet:?}");
        }
    }
}
