//! What a file is by its name: a sheet, a packed sheet, or something that programs leave beside sheets.
//!
//! Owns the endings of sheets, and those of arload's own files. Leaves the search to [`super::input`]; looks into a
//! file only where an archive's name does not say what it holds. The one rule: what is named by a person is judged
//! more mildly than what lies in a folder, since a name alone proves little.

use std::fs::File;
use std::path::Path;

use super::archive;

const SHEET_EXTENSIONS: [&str; 8] = ["csv", "tsv", "txt", "xlsx", "xlsm", "xls", "xlsb", "ods"];
const TEMPORARY_EXTENSIONS: [&str; 7] = ["tmp", "temp", "part", "partial", "crdownload", "download", "swp"];

/// What a file in a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A sheet by its name, or an archive of one.
    Sheet,
    /// Something that lies beside sheets and is named when it is passed over.
    Beside(String),
    /// None of arload's business.
    Other,
}

/// What a file in a folder is.
pub(super) fn kind(path: &Path) -> Kind {
    if let Some(what) = not_a_sheet(path).or_else(|| written_here(path)) {
        return Kind::Beside(what.to_owned());
    }
    match extension(path).as_deref() {
        Some("gz") if is_sheet_name(&path.with_extension("")) => Kind::Sheet,
        Some("gz") => Kind::Beside("is packed, and its name is not that of a sheet, such as may.csv.gz".to_owned()),
        Some("zip") => archive_kind(path),
        _ if is_sheet_name(path) => Kind::Sheet,
        _ => Kind::Other,
    }
}

/// Why something that has the name of a sheet or of a control file and is no file cannot be read.
pub(super) fn no_file(path: &Path) -> Option<&'static str> {
    let packed = matches!(extension(path).as_deref(), Some("gz" | "zip"));
    if not_a_sheet(path).is_some_and(|_| !is_control(path)) || !(is_sheet_name(path) || packed || is_control(path)) {
        return None;
    }
    Some(match path.metadata() {
        Ok(metadata) if metadata.is_dir() => "is a folder",
        Ok(_) => "is a pipe or device",
        Err(_) => "is a link that leads nowhere",
    })
}

/// Whether a file is a control file by its name.
pub(super) fn is_control(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.ends_with(".control") && !name.starts_with(['.', '~'])
}

/// What a file is by its name alone, if it is surely no sheet, whoever names it.
pub(super) fn not_a_sheet(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    if name.starts_with("~$") || name.starts_with(".~lock.") {
        return Some("is a lock file of an open workbook");
    }
    let is_temporary = extension(path).is_some_and(|extension| TEMPORARY_EXTENSIONS.contains(&extension.as_str()));
    if is_temporary || name.ends_with('~') || name.starts_with("~wr") {
        return Some("is a temporary file");
    }
    if name.starts_with('.') {
        return Some("is a hidden file");
    }
    if name.ends_with(".control") {
        return Some("is a control file");
    }
    if name.ends_with(".mapping.toml") {
        return Some("is a mapping file");
    }
    let is_result = [".summary.json", ".report.html"].iter().any(|ending| name.ends_with(ending));
    is_result.then_some("is a result of arload")
}

/// What a file is that arload writes beside its inputs; a person may still name it as a sheet.
pub(super) fn written_here(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let ends = |ending: &str| name.ends_with(ending);
    if ends(".compare.csv") || ends(".compare.xlsx") || ends(".export.xlsx") {
        return Some("is named as a comparison or export of arload");
    }
    if ends(".results.csv") || ends(".results.xlsx") {
        return Some("is named as a result of arload");
    }
    // Of a part, of what was left of one, or of an earlier run.
    let corrects = name.contains(".corrections.") || name.contains(".corrections-");
    (corrects && ends(".xlsx")).then_some("is a corrections workbook, read only where it is named")
}

/// An archive is a sheet if it holds one file and that one is a sheet; a damaged one is refused when it is opened.
fn archive_kind(path: &Path) -> Kind {
    let Ok(Some(entries)) = File::open(path).and_then(|mut file| archive::contents(&mut file)) else {
        return Kind::Sheet;
    };
    let names = archive::files(&entries);
    match names[..] {
        [name] if is_sheet_name(Path::new(name)) => Kind::Sheet,
        [_] => Kind::Beside("is an archive that holds no sheet".to_owned()),
        _ => Kind::Beside(format!("is an archive of {} files; unpack it to load them", names.len())),
    }
}

fn is_sheet_name(path: &Path) -> bool {
    extension(path).is_some_and(|extension| SHEET_EXTENSIONS.contains(&extension.as_str()))
}

fn extension(path: &Path) -> Option<String> {
    path.extension().map(|extension| extension.to_string_lossy().to_lowercase())
}
