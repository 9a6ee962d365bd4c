//! Which names results get.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::ResultSettings;
use super::corrections::shelf::next_round;

/// Names of one input's results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `NAME.results.csv`.
    pub results: PathBuf,
    /// `NAME.summary.json`.
    pub summary: PathBuf,
    /// `NAME.export.csv`, of an operation that reads.
    pub export: PathBuf,
    /// `NAME.compare.csv`.
    pub compare: PathBuf,
    /// `NAME.corrections.xlsx`; `NAME-2.xlsx` for a workbook of corrections.
    pub corrections: PathBuf,
    /// `NAME.report.html`.
    pub report: PathBuf,
    /// `NAME.results.xlsx`, of a workbook.
    pub workbook: PathBuf,
}

/// The names for each input: its file name without extension, or with it where two inputs would share a result.
pub fn names(inputs: &[PathBuf], settings: &ResultSettings) -> Vec<Place> {
    let bases: Vec<PathBuf> = inputs.iter().map(|path| base(path, settings.folder.as_deref(), false)).collect();
    let mut uses: HashMap<String, usize> = HashMap::new();
    for base in &bases {
        // Two names that differ in case only are one file on some systems.
        *uses.entry(base.to_string_lossy().to_lowercase()).or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    inputs
        .iter()
        .zip(bases)
        .map(|(path, short)| {
            let shared = uses[&short.to_string_lossy().to_lowercase()] > 1;
            let whole = if shared { self::base(path, settings.folder.as_deref(), true) } else { short };
            // Inputs of different folders can still share their whole name in one results folder.
            let numbered = (2..).map(|number| with_suffix(&whole, &format!("-{number}")));
            let mut names = std::iter::once(whole.clone()).chain(numbered);
            let free = names.find(|name| taken.insert(name.to_string_lossy().to_lowercase()));
            let base = free.expect("some number is free");
            let infix = if settings.infix.is_empty() { String::new() } else { format!(".{}", settings.infix) };
            let name = base.file_name().unwrap_or_default().to_string_lossy();
            let round = next_round(&name).map(|next| base.with_file_name(format!("{next}.xlsx")));
            Place {
                corrections: round.unwrap_or_else(|| with_suffix(&base, &format!("{infix}.corrections.xlsx"))),
                results: with_suffix(&base, &format!("{infix}.results.csv")),
                summary: with_suffix(&base, &format!("{infix}.summary.json")),
                report: with_suffix(&base, &format!("{infix}.report.html")),
                workbook: with_suffix(&base, &format!("{infix}.results.xlsx")),
                compare: with_suffix(&base, &format!("{infix}.compare.csv")),
                export: with_suffix(&base, &format!("{infix}.export.{}", settings.export.extension())),
            }
        })
        .collect()
}

fn base(path: &Path, folder: Option<&Path>, whole_name: bool) -> PathBuf {
    let name = if whole_name { path.file_name() } else { path.file_stem() };
    let name = name.map_or_else(|| OsString::from("results"), OsString::from);
    let folder = folder.or(path.parent()).unwrap_or(Path::new("."));
    folder.join(name)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut whole = path.as_os_str().to_owned();
    whole.push(suffix);
    PathBuf::from(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Format;

    fn settings(folder: Option<&str>, infix: &'static str) -> ResultSettings {
        ResultSettings {
            folder: folder.map(PathBuf::from),
            infix,
            export: Format::Csv,
            bom: true,
            delimiter: b',',
            durable: true,
            split_by: None,
            renews: false,
            timezone: jiff::tz::TimeZone::UTC,
        }
    }

    fn results(inputs: &[&str], settings: &ResultSettings) -> Vec<String> {
        let inputs: Vec<PathBuf> = inputs.iter().map(PathBuf::from).collect();
        names(&inputs, settings).iter().map(|place| place.results.to_string_lossy().replace('\\', "/")).collect()
    }

    #[test]
    fn results_stand_beside_their_input_under_its_name() {
        assert_eq!(results(&["in/a.csv", "in/b.xlsx"], &settings(None, "")), ["in/a.results.csv", "in/b.results.csv"]);
        assert_eq!(results(&["in/a.csv"], &settings(None, "dry-run")), ["in/a.dry-run.results.csv"]);
    }

    #[test]
    fn inputs_that_would_share_a_result_keep_their_extension() {
        assert_eq!(
            results(&["a.csv", "a.xlsx", "c.csv"], &settings(None, "")),
            ["a.csv.results.csv", "a.xlsx.results.csv", "c.results.csv"]
        );
    }

    #[test]
    fn inputs_of_two_folders_never_share_a_result() {
        assert_eq!(
            results(&["x/a.csv", "y/a.csv"], &settings(Some("out"), "")),
            ["out/a.csv.results.csv", "out/a.csv-2.results.csv"]
        );
        assert_eq!(
            results(&["x/a.csv", "y/a.csv", "z/a.csv-2.csv"], &settings(Some("out"), ""))[1..],
            ["out/a.csv-2.results.csv", "out/a.csv-2-2.results.csv"]
        );
    }
}
