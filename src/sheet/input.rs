//! Finding the files that the arguments of a command name.
//!
//! Owns files, globs, folders and standard input. Leaves the telling apart of sheets from what arload, Excel and
//! downloads leave beside them to `beside`. Opens no sheet. The one rule: nothing is passed over in silence; a
//! file that could be meant is taken, listed as skipped, or refused.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::{NamedTempFile, TempDir};

use super::beside::{self, Kind, not_a_sheet};
use super::container::refuse_early;
use super::decode::read_head;
use super::error::{SheetError, demand_file};

/// The first eleven headings of every results file; they are its mark.
pub const RESULT_HEADINGS: [&str; 11] =
    ["row", "sheet", "status", "code", "message", "key", "remote_id", "request_id", "chunk", "attempts", "settled_at"];

/// The first headings of what operations that read were answered; in folders, such files are left alone.
pub const EXPORT_HEADINGS: [&str; 2] = ["sheet_row", "sheet"];

/// Limit: a sheet of a million rows has some hundred megabytes.
const MAX_SPOOL_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// How long a file that changed while it was read is left alone before it is read once more.
pub const SETTLING: Duration = Duration::from_millis(500);

/// What the arguments came to.
#[derive(Debug, Default)]
pub struct Found {
    /// The files to read, each once, in the order of the arguments; those of a folder or glob by name.
    pub files: Vec<PathBuf>,
    /// Files of folders and globs that are left alone, and why.
    pub skipped: Vec<(PathBuf, String)>,
    /// Control files of folders whose sheet is not among the files.
    pub lone_controls: Vec<PathBuf>,
    /// Arguments that lead nowhere.
    pub refused: Vec<SheetError>,
    /// Keeps what came through standard input; removed when dropped.
    pub spool: Option<Spool>,
}

/// Standard input, kept in a private folder for as long as this lives.
#[derive(Debug)]
pub struct Spool {
    // The file goes before its folder.
    _file: NamedTempFile,
    _folder: TempDir,
    /// The file that holds it; its name is `stdin`.
    pub path: PathBuf,
}

/// Finds the files that `inputs` name: files, globs, folders, or `-` for `stdin`, which is kept under `spool_folder`.
pub fn find(inputs: &[impl AsRef<OsStr>], stdin: Box<dyn Read + '_>, spool_folder: &Path) -> Found {
    let mut search = Search { found: Found::default(), seen: HashSet::new(), controls: Vec::new() };
    let mut stdin = Some(stdin);
    for input in inputs {
        let input = input.as_ref();
        let path = Path::new(input);
        // A pattern is text; a name need not be.
        let pattern = input.to_str().filter(|input| input.contains(['*', '?', '[']));
        let result = if input == "-" {
            search.take_stdin(stdin.take(), spool_folder)
        } else if path.is_dir() {
            search.take_folder(path)
        } else if let Some(pattern) = pattern.filter(|_| !path.exists()) {
            search.take_glob(pattern)
        } else {
            search.take_file(path)
        };
        if let Err(error) = result {
            search.found.refused.push(error);
        }
    }
    let held: HashSet<PathBuf> =
        search.found.files.iter().filter_map(|sheet| fs::canonicalize(control_beside(sheet)).ok()).collect();
    let is_lone = |control: &PathBuf| fs::canonicalize(control).is_ok_and(|full| !held.contains(&full));
    search.found.lone_controls = search.controls.into_iter().filter(is_lone).collect();
    search.found
}

/// Where the control file of a sheet stands: `may.control` for `may.xlsx` and for `may.csv.gz`.
pub fn control_beside(sheet: &Path) -> PathBuf {
    let packed = sheet.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    if packed { sheet.with_extension("").with_extension("control") } else { sheet.with_extension("control") }
}

/// What somebody dropped into a folder for arload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// A sheet by its name, a corrections workbook, or an archive of a sheet.
    Sheet,
    /// A control file.
    Control,
    /// Nothing to speak of: what programs leave beside sheets, such as unfinished downloads.
    Beside,
    /// Something that its owner should be told is left alone, and why.
    Left(String),
}

/// What a path in such a folder is, by its name and kind.
pub fn dropped(path: &Path, metadata: &fs::Metadata) -> Dropped {
    /// Limit: file systems take 255 bytes, and results have longer names than their sheet.
    const LONGEST_NAME: usize = 200;
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let left = |reason: &str| Dropped::Left(reason.to_owned());
    if not_a_sheet(path).is_some() && !beside::is_control(path) {
        let ours = [".mapping.toml", ".summary.json", ".report.html"].iter().any(|ending| name.ends_with(ending));
        return if ours { left("is no sheet; it is left alone") } else { Dropped::Beside };
    }
    if metadata.is_symlink() {
        return left("is a link; drop a copy of the file itself");
    }
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "is a folder" } else { "is a pipe or device" };
        return Dropped::Left(format!("{what}; only files are taken"));
    }
    if name.len() > LONGEST_NAME {
        return left("has a name too long for its results; give it a shorter one");
    }
    if beside::is_control(path) {
        return Dropped::Control;
    }
    if name.ends_with(".note.txt") {
        return left("is a note of arload");
    }
    if let Some(what) = beside::written_here(path) {
        return if name.ends_with(".corrections.xlsx") { Dropped::Sheet } else { left(what) };
    }
    match beside::kind(path) {
        Kind::Sheet => Dropped::Sheet,
        Kind::Beside(reason) => Dropped::Left(reason),
        Kind::Other => left("is no sheet by its name; sheets end in csv, tsv, txt, xlsx, xlsm, xls, xlsb or ods"),
    }
}

/// Length and time of a file, to tell whether it was written to while it was read.
pub fn stamp(path: &Path) -> Option<(u64, std::time::SystemTime)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

struct Search {
    found: Found,
    /// Canonical paths of what was taken.
    seen: HashSet<PathBuf>,
    /// Control files of folders.
    controls: Vec<PathBuf>,
}

impl Search {
    /// A file named by the user is never skipped: it is taken or refused.
    fn take_file(&mut self, path: &Path) -> Result<(), SheetError> {
        demand_file(path)?;
        let file = path.display().to_string();
        if let Some(what) = not_a_sheet(path) {
            return Err(SheetError::NotInput { file, what });
        }
        if is_result(path).map_err(|source| SheetError::reading(&file, source))? {
            return Err(SheetError::NotInput { file, what: "is a result of arload" });
        }
        self.add(path);
        Ok(())
    }

    fn take_folder(&mut self, folder: &Path) -> Result<(), SheetError> {
        let place = folder.display().to_string();
        let reading = |source| SheetError::reading(&place, source);
        let (mut paths, mut others) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(folder).map_err(reading)? {
            let path = entry.map_err(reading)?.path();
            if path.is_file() {
                paths.push(path);
            } else if let Some(reason) = beside::no_file(&path) {
                others.push((path, reason.to_owned()));
            }
        }
        others.sort();
        self.found.skipped.extend(others);
        let is_control = |path: &&PathBuf| beside::is_control(path);
        self.controls.extend(paths.iter().filter(is_control).cloned());
        self.take_many(place, paths, beside::kind)
    }

    fn take_glob(&mut self, pattern: &str) -> Result<(), SheetError> {
        let bad = |reason: String| SheetError::BadPattern { pattern: pattern.to_owned(), reason };
        let matches = glob::glob(pattern).map_err(|error| bad(error.to_string()))?;
        let mut paths = Vec::new();
        for path in matches {
            let path = path.map_err(|error| {
                let file = error.path().display().to_string();
                SheetError::reading(&file, error.into())
            })?;
            if path.is_file() {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(SheetError::NoMatch { pattern: pattern.to_owned() });
        }
        // A pattern is meant for what it matches, but for what stands beside the sheets that were meant.
        let kind = |path: &Path| {
            let what = not_a_sheet(path).or_else(|| beside::written_here(path).filter(|_| !names_results(pattern)));
            what.map_or(Kind::Sheet, |what| Kind::Beside(what.to_owned()))
        };
        self.take_many(pattern.to_owned(), paths, kind)
    }

    fn take_many(
        &mut self,
        place: String,
        mut paths: Vec<PathBuf>,
        kind: impl Fn(&Path) -> Kind,
    ) -> Result<(), SheetError> {
        paths.sort();
        let (mut taken, mut skipped) = (0, 0);
        for path in paths {
            let reason = match kind(&path) {
                Kind::Other => continue,
                Kind::Beside(reason) => Some(reason),
                // What cannot be read is refused when it is opened, with its own message.
                Kind::Sheet if begins_with(&path, &EXPORT_HEADINGS).unwrap_or(false) => {
                    Some("is an export of arload".to_owned())
                }
                Kind::Sheet => is_result(&path).unwrap_or(false).then(|| "is a result of arload".to_owned()),
            };
            if let Some(reason) = reason {
                skipped += 1;
                self.found.skipped.push((path, reason));
            } else {
                taken += 1;
                self.add(&path);
            }
        }
        if taken == 0 { Err(SheetError::NothingInside { place, skipped }) } else { Ok(()) }
    }

    fn take_stdin(&mut self, stdin: Option<Box<dyn Read + '_>>, folder: &Path) -> Result<(), SheetError> {
        // Named twice, it is still one stream.
        let Some(stdin) = stdin else { return Ok(()) };
        let spool = spool(stdin, folder, MAX_SPOOL_BYTES)?;
        self.add(&spool.path);
        self.found.spool = Some(spool);
        Ok(())
    }

    fn add(&mut self, path: &Path) {
        let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(canonical) {
            self.found.files.push(path.to_owned());
        }
    }
}

/// Whether a pattern asks for what arload wrote.
fn names_results(pattern: &str) -> bool {
    let pattern = pattern.to_lowercase();
    pattern.contains(".corrections.") || pattern.contains(".results.")
}

fn spool(mut stdin: Box<dyn Read + '_>, folder: &Path, limit: u64) -> Result<Spool, SheetError> {
    let failed = |source| SheetError::Spool { source };
    let head = read_head(&mut stdin).map_err(failed)?;
    refuse_early(&head, "stdin")?;
    fs::create_dir_all(folder).map_err(failed)?;
    let private = tempfile::Builder::new().prefix("stdin-").tempdir_in(folder).map_err(failed)?;
    // The crate makes files that only their owner can open; the folder lets this one have a plain name.
    let named = tempfile::Builder::new().prefix("stdin").rand_bytes(0).tempfile_in(private.path());
    let mut file = named.map_err(failed)?;
    let count = io::copy(&mut head.chain(stdin).take(limit + 1), &mut file).map_err(failed)?;
    file.flush().map_err(failed)?;
    if count > limit {
        return Err(SheetError::SpoolTooLong { limit });
    }
    let path = file.path().to_owned();
    Ok(Spool { _file: file, _folder: private, path })
}

/// Whether a file begins with the headings that mark arload's results.
pub fn is_result(path: &Path) -> io::Result<bool> {
    begins_with(path, &RESULT_HEADINGS)
}

fn begins_with(path: &Path, headings: &[&str]) -> io::Result<bool> {
    let mut start = Vec::with_capacity(256);
    File::open(path)?.take(256).read_to_end(&mut start)?;
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    let line = start.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    Ok([b',', b';', b'\t', b'|'].into_iter().any(|delimiter| {
        let mut cells = line.split(|byte| *byte == delimiter);
        headings.iter().all(|heading| cells.next().is_some_and(|cell| unquoted(cell) == heading.as_bytes()))
    }))
}

fn unquoted(cell: &[u8]) -> &[u8] {
    cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &str =
        "row,sheet,status,code,message,key,remote_id,request_id,chunk,attempts,settled_at,Invoice No\r\n";

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn find_in(folder: &TempDir, inputs: &[&str]) -> Found {
        let full =
            |input: &&str| if *input == "-" { "-".to_owned() } else { folder.path().join(input).display().to_string() };
        let inputs: Vec<String> = inputs.iter().map(full).collect();
        find(&inputs, Box::new(&b"a,b\n1,2\n"[..]), &folder.path().join("spool"))
    }

    fn names(found: &Found) -> Vec<String> {
        found.files.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    fn problems(folder: &TempDir, found: &Found) -> Vec<String> {
        let root = format!("{}/", folder.path().display());
        found.refused.iter().map(|error| error.to_string().replace(&root, "")).collect()
    }

    #[test]
    fn a_folder_gives_its_sheets_by_name_and_lists_what_it_skips() {
        let marked = format!("\u{feff}{RESULT}");
        let semicolons = RESULT.replace(',', ";");
        let files = [
            ("b.csv", "x"),
            ("a.XLSX", "x"),
            ("notes.pdf", "x"),
            ("~$a.xlsx", "x"),
            (".hidden.csv", "x"),
            ("c.csv.part", "x"),
            ("b.results.csv", RESULT),
            ("old.csv", &marked),
            ("semi.csv", &semicolons),
            ("b.summary.json", "{}"),
        ];
        let folder = folder(&files);
        fs::create_dir(folder.path().join("inner.csv")).unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        let found = find_in(&folder, &["."]);
        assert_eq!(names(&found), ["a.XLSX", "b.csv"]);
        let skipped: Vec<String> =
            found.skipped.iter().map(|(path, why)| format!("{} {why}", path.file_name().unwrap().display())).collect();
        assert_eq!(
            skipped,
            [
                "inner.csv is a folder",
                ".hidden.csv is a hidden file",
                "b.results.csv is named as a result of arload",
                "b.summary.json is a result of arload",
                "c.csv.part is a temporary file",
                "old.csv is a result of arload",
                "semi.csv is a result of arload",
                "~$a.xlsx is a lock file of an open workbook",
            ]
        );
        assert!(found.refused.is_empty());
    }

    #[test]
    fn a_folder_gives_packed_sheets_and_leaves_what_arload_writes() {
        let names_and_kinds = [
            ("a.csv.gz", true),
            ("a.txt.GZ", true),
            ("backup.gz", false),
            ("a.tsv", true),
            ("a.txt", true),
            ("a.xlsm", true),
            ("a.xls", true),
            ("a.xlsb", true),
            ("a.ods", true),
            ("damaged.zip", true),
            ("a.results.xlsx", false),
            ("a.corrections.xlsx", false),
            ("a.report.html", false),
            ("a.control", false),
            ("a.mapping.toml", false),
            (".~lock.a.ods#", false),
        ];
        let mut files: Vec<(&str, &str)> = names_and_kinds.iter().map(|(name, _)| (*name, "x")).collect();
        files.extend([("notes.md", "x"), ("page.html", "x"), ("arload.toml", "x")]);
        let folder = folder(&files);
        let found = find_in(&folder, &["."]);
        let mut taken: Vec<&str> = names_and_kinds.iter().filter(|(_, taken)| *taken).map(|(name, _)| *name).collect();
        taken.sort_unstable();
        assert_eq!(names(&found), taken);
        let skipped: HashSet<String> =
            found.skipped.iter().map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        for (name, taken) in names_and_kinds {
            assert_eq!(skipped.contains(name), !taken, "{name}");
        }
        // Named, or matched by a pattern of its kind, a corrections workbook is taken.
        for input in ["a.corrections.xlsx", "*.corrections.xlsx"] {
            assert_eq!(names(&find_in(&folder, &[input])), ["a.corrections.xlsx"]);
        }
        assert_eq!(names(&find_in(&folder, &["*.xls*"])), ["a.xls", "a.xlsb", "a.xlsm"]);
    }

    #[test]
    fn a_control_file_in_a_folder_needs_its_sheet() {
        let names = ["a.csv", "a.control", "b.csv.gz", "b.control", "c.csv.control", "mai.control", ".d.control"];
        let folder = folder(&names.map(|name| (name, "x")));
        let mut lone = find_in(&folder, &["."]).lone_controls;
        lone.sort();
        let lone: Vec<_> = lone.iter().map(|path| path.file_name().unwrap().to_string_lossy()).collect();
        assert_eq!(lone, ["c.csv.control", "mai.control"]);
        assert!(find_in(&folder, &["a.csv"]).lone_controls.is_empty());
        assert_eq!(control_beside(Path::new("x/may.csv.gz")), Path::new("x/may.control"));
    }

    #[test]
    fn a_binary_stream_is_refused_before_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let error = spool(Box::new(io::repeat(0)), folder.path(), u64::MAX - 1).unwrap_err();
        assert_eq!(error.to_string().split(':').next(), Some("stdin"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_archive_in_a_folder_is_a_sheet_if_it_holds_one() {
        // Tables of contents alone; the data behind them is not looked at.
        let archive = |names: &[&str]| {
            let mut table = Vec::new();
            for name in names {
                table.extend(b"PK\x01\x02");
                table.extend([0; 24]);
                table.extend((name.len() as u16).to_le_bytes());
                table.extend([0; 16]);
                table.extend(name.as_bytes());
            }
            let count = (names.len() as u16).to_le_bytes();
            let mut end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count].concat();
            end.extend((table.len() as u32).to_le_bytes());
            end.extend([30, 0, 0, 0, 0, 0]);
            [vec![0; 30], table, end].concat()
        };
        let folder = folder(&[]);
        for (name, members) in [
            ("one.zip", &["in/may.csv", "__MACOSX/may.csv"][..]),
            ("book.zip", &["may.xlsx"]),
            ("photo.zip", &["a.png"]),
            ("two.zip", &["a.csv", "b.csv"]),
            ("none.zip", &[]),
        ] {
            fs::write(folder.path().join(name), archive(members)).unwrap();
        }
        let found = find_in(&folder, &["."]);
        assert_eq!(names(&found), ["book.zip", "one.zip"]);
        let why: Vec<&str> = found.skipped.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(
            why,
            [
                "is an archive of 0 files; unpack it to load them",
                "is an archive that holds no sheet",
                "is an archive of 2 files; unpack it to load them"
            ]
        );
    }

    #[test]
    fn what_leads_nowhere_is_refused_by_name() {
        let folder = folder(&[("a.csv", "x"), ("r.csv", RESULT), ("~$b.xlsx", "x")]);
        fs::create_dir(folder.path().join("empty")).unwrap();
        let found = find_in(&folder, &["gone.csv", "*.xls", "empty", "r.csv", "~$b.xlsx", "r*.csv", "a.csv"]);
        let expected = [
            "gone.csv: no such file",
            "*.xls: no file matches",
            "empty: no sheets in it",
            "r.csv: is a result of arload, not a sheet to load",
            "~$b.xlsx: is a lock file of an open workbook, not a sheet to load",
            "r*.csv: no sheets in it",
        ];
        assert_eq!(problems(&folder, &found), expected);
        assert_eq!(names(&found), ["a.csv"]);
        assert!(matches!(find_in(&folder, &["[.csv"]).refused[..], [SheetError::BadPattern { .. }]));
        assert!(found.refused.iter().all(|error| error.hint().is_some()));
    }

    #[test]
    fn a_file_named_in_several_ways_is_read_once() {
        let folder = folder(&[("a.csv", "x"), ("b.csv", "x"), ("[odd].csv", "x")]);
        let found = find_in(&folder, &["b.csv", "*.csv", ".", "./a.csv", "[odd].csv"]);
        assert_eq!(names(&found), ["b.csv", "[odd].csv", "a.csv"]);
        assert!(found.refused.is_empty());
    }

    #[test]
    fn standard_input_is_kept_privately_and_removed() {
        let folder = folder(&[]);
        let found = find_in(&folder, &["-", "-"]);
        assert_eq!(names(&found), ["stdin"]);
        let path = found.files[0].clone();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a,b\n1,2\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(found);
        assert!(!path.exists());
        assert!(matches!(spool(Box::new(&b"12345"[..]), folder.path(), 4), Err(SheetError::SpoolTooLong { .. })));
    }
}
