//! The folder on the disk: its parts, and how a file moves from one to the next.
//!
//! `inbox/PROFILE/OPERATION/` is where people drop files, `working/` holds what is under way, each file in a folder of its
//! own with its slip, `done/YYYY-MM-DD/` and `failed/` what has ended. Every step is a rename within one file system. The
//! rule: a step that was cut off is finished or undone by the next process, from the slip alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::desk::Job;
use super::inbox::Found;
use super::settling::Stamp;
use super::slip::{Place, Slip};
use super::{Lane, words};
use crate::event::{Event, Observer};
use crate::exit::ExitCode;
use crate::platform;
use crate::sheet::input::control_beside;
use crate::template;

/// The file that one process holds for as long as it watches.
const LOCK: &str = ".arload-watch.lock";
/// Ends the names of the texts beside files.
const NOTE: &str = "note.txt";

/// A watched folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    lanes: Vec<Lane>,
}

/// A file in the working folder.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The profile it was dropped for.
    pub profile: String,
    /// What is done with it.
    pub operation: &'static crate::operation::Operation,
    /// The file's name.
    pub name: String,
    /// Where it lies now.
    pub sheet: PathBuf,
    folder: PathBuf,
    slip: Slip,
}

/// Where a file was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Put {
    pub(super) sheet: PathBuf,
    pub(super) others: Vec<PathBuf>,
}

impl Taken {
    #[cfg(test)]
    pub(super) fn of(name: &str, profile: &str, operation: &'static crate::operation::Operation) -> Taken {
        Taken {
            profile: profile.to_owned(),
            operation,
            name: name.to_owned(),
            sheet: name.into(),
            folder: PathBuf::new(),
            slip: Slip::of(name),
        }
    }

    /// Its folder in the working folder, where results and notes are written.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What files are ordered by: when they were taken.
    pub(super) fn order(&self) -> &std::ffi::OsStr {
        self.folder.file_name().unwrap_or_default()
    }

    /// The exit code of its run, where its place is decided.
    pub(super) fn leaving(&self) -> Option<ExitCode> {
        let place = self.slip.place.as_ref()?;
        ExitCode::ALL.iter().copied().find(|exit| exit.code() == place.exit).or(Some(ExitCode::Success))
    }
}

impl Folder {
    /// Makes the parts of a folder that are missing, with templates and the README for those who use it.
    pub fn prepare(root: &Path, lanes: Vec<Lane>) -> io::Result<Folder> {
        let folder = Folder { root: std::path::absolute(root)?, lanes };
        if !folder.root.is_dir() {
            fs::create_dir(&folder.root)?;
        }
        for part in ["inbox", "templates", "working", "done", "failed"] {
            fs::create_dir_all(folder.root.join(part))?;
        }
        for lane in &folder.lanes {
            fs::create_dir_all(folder.inbox_of(lane))?;
            let name = format!("{}.xlsx", lane.folder_name());
            let template = || template::workbook(lane.operation).map_err(io::Error::other);
            folder.offer(&name, template)?;
        }
        folder.offer("README.txt", || Ok(words::readme(&folder.lanes).into_bytes()))?;
        folder.try_moving()?;
        Ok(folder)
    }

    /// Where the lock lies.
    pub fn lock(root: &Path) -> PathBuf {
        root.join(LOCK)
    }

    /// A text or template, unless one is there: people may have changed it.
    fn offer(&self, name: &str, make: impl FnOnce() -> io::Result<Vec<u8>>) -> io::Result<()> {
        let path = self.root.join("templates").join(name);
        if path.exists() {
            return Ok(());
        }
        write_whole(&path, &make()?)
    }

    /// Moves a probe through the parts, so that what cannot work is refused before anything is taken.
    fn try_moving(&self) -> io::Result<()> {
        let probe = ".arload-probe.tmp";
        let mut at = self.root.join("working").join(probe);
        fs::write(&at, [])?;
        for part in ["inbox", "done", "failed"] {
            let to = self.root.join(part).join(probe);
            fs::rename(&at, &to).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("files cannot be moved to {part}, which has to be on the same disk: {error}"),
                )
            })?;
            at = to;
        }
        fs::remove_file(at)
    }

    /// What is watched.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// Whether the folder is there: a share that went away looks as if all its files were deleted.
    pub(super) fn can_be_reached(&self) -> bool {
        self.root.join("working").is_dir()
    }

    pub(super) fn inbox(&self) -> PathBuf {
        self.root.join("inbox")
    }

    pub(super) fn inbox_of(&self, lane: &Lane) -> PathBuf {
        self.inbox().join(&lane.profile).join(lane.folder_name())
    }

    fn working_of(&self, lane: &Lane) -> PathBuf {
        self.root.join("working").join(&lane.profile).join(lane.folder_name())
    }

    /// A path as people who know the folder read it.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// Takes a file out of the inbox, with its control file; none where it is no longer as it was looked at.
    pub(super) fn take(&self, found: &Found, now: Timestamp) -> io::Result<Option<Taken>> {
        let stamp = found.path.symlink_metadata().ok();
        let stamp = stamp.map(|found| Stamp { bytes: found.len(), modified: found.modified().ok() });
        if stamp != Some(found.stamp) {
            return Ok(None);
        }
        // A name that is no text gets one: it has to be written into slips and notes.
        let name = found.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let working = self.working_of(&found.lane);
        fs::create_dir_all(&working)?;
        let folder = working.join(now.strftime("%Y%m%dT%H%M%S.%9fZ").to_string());
        fs::create_dir(&folder)?;
        let slip = Slip::of(&name);
        let taken = Taken {
            profile: found.lane.profile.clone(),
            operation: found.lane.operation,
            sheet: folder.join(&name),
            name,
            folder,
            slip,
        };
        let moved = taken.slip.write(&taken.folder).and_then(|()| {
            let control = control_beside(&found.path);
            if is_plain(&control) {
                fs::rename(&control, control_beside(&taken.sheet))?;
            }
            fs::rename(&found.path, &taken.sheet)
        });
        let moved = moved.and_then(|()| folder_holds_files(&taken, &found.path));
        if let Err(error) = moved {
            self.undo(&taken, &found.lane)?;
            return if error.kind() == io::ErrorKind::NotFound { Ok(None) } else { Err(error) };
        }
        // Some network shares cannot sync a folder; after a power cut the file may be in the inbox again there, and its
        // rows are known by their content.
        let _ = platform::sync_folder(&taken.folder);
        let _ = found.path.parent().map(platform::sync_folder);
        Ok(Some(taken))
    }

    /// Puts back what was moved before the sheet itself.
    fn undo(&self, taken: &Taken, lane: &Lane) -> io::Result<()> {
        let control = control_beside(&taken.sheet);
        if let Some(name) = control.file_name().filter(|_| control.is_file()) {
            let back = self.inbox_of(lane).join(name);
            if !back.exists() {
                fs::rename(&control, back)?;
            }
        }
        if visible(&taken.folder)?.is_empty() { fs::remove_dir_all(&taken.folder) } else { Ok(()) }
    }

    /// What an earlier process had under way.
    pub(super) fn left_behind(&self, observer: &dyn Observer) -> io::Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for profile in entries(&self.root.join("working"))?.into_iter().filter(|path| path.is_dir()) {
            for operation in entries(&profile)?.into_iter().filter(|path| path.is_dir()) {
                let lane = self.lanes.iter().find(|lane| self.working_of(lane) == operation);
                for folder in entries(&operation)?.into_iter().filter(|path| path.is_dir()) {
                    match self.resume(&folder, lane) {
                        Ok(taken) => jobs.extend(taken.map(Job::new)),
                        Err(reason) => {
                            observer.event(&Event::FileLeft { path: self.shown(&folder), reason });
                        }
                    }
                }
            }
        }
        Ok(jobs)
    }

    /// The file of a folder in the working folder; none where its taking was cut off, which is undone.
    fn resume(&self, folder: &Path, lane: Option<&Lane>) -> Result<Option<Taken>, String> {
        let failed = |error: io::Error| format!("cannot be looked into: {error}");
        let Some(lane) = lane else {
            let what = "was begun under a profile or operation that is not watched now; its files are left alone";
            return Err(what.to_owned());
        };
        let Some(slip) = Slip::read(folder).map_err(failed)? else {
            if visible(folder).map_err(failed)?.is_empty() {
                fs::remove_dir_all(folder).map_err(failed)?;
                return Ok(None);
            }
            return Err("has no slip of arload; its files are left alone".to_owned());
        };
        let taken = Taken {
            profile: lane.profile.clone(),
            operation: lane.operation,
            name: slip.name.clone(),
            sheet: folder.join(&slip.name),
            folder: folder.to_owned(),
            slip,
        };
        if taken.sheet.exists() || taken.slip.place.is_some() {
            return Ok(Some(taken));
        }
        self.undo(&taken, lane).map_err(failed)?;
        if folder.exists() { Err("has lost its sheet; what else is there is left alone".to_owned()) } else { Ok(None) }
    }

    /// Puts a text beside a file.
    pub(super) fn write_note(taken: &Taken, text: &str) -> io::Result<()> {
        write_whole(&note_of(taken), words::for_any_editor(text).as_bytes())
    }

    /// Whether one is there that says more than what a file waits for.
    pub(super) fn has_lasting_note(taken: &Taken) -> bool {
        fs::read_to_string(note_of(taken)).is_ok_and(|note| !words::is_passing(&taken.name, &note))
    }

    /// Whether a corrections workbook was written beside a file.
    pub fn has_corrections(taken: &Taken) -> bool {
        let is_book = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "xlsx");
        let is_one = |path: &PathBuf| *path != taken.sheet && is_book(path) && name_of(path).contains(".corrections");
        visible(&taken.folder).is_ok_and(|files| files.iter().any(is_one))
    }

    /// Takes it away.
    pub(super) fn remove_note(taken: &Taken) -> io::Result<()> {
        match fs::remove_file(note_of(taken)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Decides where a file goes: to the folder of a day, or to what failed; under its own name unless that is taken.
    pub(super) fn decide_place(&self, taken: &mut Taken, day: Option<&str>, exit: ExitCode) -> io::Result<()> {
        let folder = day.map_or_else(|| PathBuf::from("failed"), |day| Path::new("done").join(day));
        fs::create_dir_all(self.root.join(&folder))?;
        let mut there = self.promised(&folder)?;
        there.extend(entries(&self.root.join(&folder))?.iter().map(|path| name_of(path).to_lowercase()));
        let files: Vec<String> = visible(&taken.folder)?.iter().map(|path| name_of(path)).collect();
        let root = root_of(&taken.name);
        let is_free = |new: &String| !files.iter().any(|name| there.contains(&renamed(name, root, new).to_lowercase()));
        let numbered = (2..).map(|number| numbered(root, number));
        let new = std::iter::once(root.to_owned()).chain(numbered).find(is_free).expect("some number is free");
        let place = Place { folder, root: new, exit: exit.code() };
        let slip = Slip { place: Some(place), ..taken.slip.clone() };
        slip.write(&taken.folder)?;
        taken.slip = slip;
        Ok(())
    }

    /// Names that files under way will have in a folder, because that was decided before they were moved.
    fn promised(&self, place: &Path) -> io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for lane in &self.lanes {
            let folders = entries(&self.working_of(lane)).unwrap_or_default();
            for folder in folders.into_iter().filter(|path| path.is_dir()) {
                let Some(Slip { name, place: Some(decided) }) = Slip::read(&folder)? else { continue };
                if decided.folder == place {
                    let new = |path: &PathBuf| renamed(&name_of(path), root_of(&name), &decided.root).to_lowercase();
                    names.extend(visible(&folder)?.iter().map(new));
                }
            }
        }
        Ok(names)
    }

    /// Moves a file and what was written beside it to its place, the file itself last; done again, it goes on.
    pub(super) fn put_away(&self, taken: &Taken) -> io::Result<Put> {
        let place = taken.slip.place.as_ref().expect("a place was decided");
        let folder = self.root.join(&place.folder);
        let root = root_of(&taken.name);
        fs::create_dir_all(&folder)?;
        for path in visible(&taken.folder)?.iter().filter(|path| **path != taken.sheet) {
            fs::rename(path, folder.join(renamed(&name_of(path), root, &place.root)))?;
        }
        let sheet = folder.join(renamed(&taken.name, root, &place.root));
        if taken.sheet.exists() {
            fs::rename(&taken.sheet, &sheet)?;
        }
        // As when it was taken: not every share can, and what is lost is found again by its content.
        let _ = platform::sync_folder(&folder);
        let _ = platform::sync_folder(&taken.folder);
        let beside = format!("{}.", place.root);
        let mut others = entries(&folder)?;
        others.retain(|path| *path != sheet && name_of(path).starts_with(&beside));
        Ok(Put { sheet, others })
    }

    /// Removes the folder of a file that was put away.
    pub(super) fn clear(taken: &Taken) -> io::Result<()> {
        fs::remove_dir_all(&taken.folder)
    }

    /// Removes the folder of a file that went away, unless something else lies there.
    pub(super) fn forget(taken: &Taken) {
        if visible(&taken.folder).is_ok_and(|files| files.is_empty()) {
            // What stays is found by the next process, and told.
            let _ = fs::remove_dir_all(&taken.folder);
        }
    }
}

/// Whether a file is one itself, and no link to another: whoever may drop files must not have others read.
fn is_plain(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Looks at what was taken where nobody else can change it any more; what is no file goes back and is told with the next
/// look.
fn folder_holds_files(taken: &Taken, from: &Path) -> io::Result<()> {
    let control = control_beside(&taken.sheet);
    if control.symlink_metadata().is_ok() && !is_plain(&control) {
        fs::rename(&control, control_beside(from))?;
    }
    if is_plain(&taken.sheet) {
        return Ok(());
    }
    fs::rename(&taken.sheet, from)?;
    Err(io::ErrorKind::NotFound.into())
}

/// What lies in a folder, by name.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// The same without hidden files, which are slips and what was not finished.
fn visible(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = entries(folder)?;
    paths.retain(|path| !name_of(path).starts_with('.'));
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn note_of(taken: &Taken) -> PathBuf {
    taken.folder.join(format!("{}.{NOTE}", root_of(&taken.name)))
}

/// A file's name without its ending, and without the second one where it is packed: what its results begin with.
fn root_of(name: &str) -> &str {
    let bare = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".GZ")).unwrap_or(name);
    bare.rfind('.').filter(|at| *at > 0).map_or(bare, |at| &bare[..at])
}

/// A beginning with a number. Of a corrections workbook that came back it stands before that word, because behind it a
/// number says which corrections are left.
fn numbered(root: &str, number: u32) -> String {
    const BOOK: &str = ".corrections";
    let is_book = |at: &usize| matches!(root.as_bytes().get(at + BOOK.len()), None | Some(b'-' | b'.'));
    let at = root.rfind(BOOK).filter(is_book).unwrap_or(root.len());
    format!("{}-{number}{}", &root[..at], &root[at..])
}

/// A name with another beginning.
fn renamed(name: &str, root: &str, new: &str) -> String {
    name.strip_prefix(root).map_or_else(|| format!("{new}.{name}"), |rest| format!("{new}{rest}"))
}

/// Writes a file that others may read, whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_file_name(format!(".{}.tmp", name_of(path)));
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_promised_to_another_file_is_not_given_again() {
        let folder = tempfile::tempdir().unwrap();
        let operation = crate::operation::Operation::by_name("invoices create").unwrap();
        let lanes = ["north", "south"].map(|profile| Lane { profile: profile.to_owned(), operation }).to_vec();
        let folder = Folder::prepare(folder.path(), lanes.clone()).unwrap();
        // Both are called the same, and the first is cut off between the decision and the move.
        let mut taken = lanes.into_iter().map(|lane| {
            let path = folder.inbox_of(&lane).join("march.csv");
            fs::write(&path, &lane.profile).unwrap();
            let metadata = path.symlink_metadata().unwrap();
            let stamp = Stamp { bytes: metadata.len(), modified: metadata.modified().ok() };
            folder.take(&Found { lane, path, stamp }, Timestamp::now()).unwrap().unwrap()
        });
        let (mut first, mut second) = (taken.next().unwrap(), taken.next().unwrap());
        folder.decide_place(&mut first, Some("2026-11-23"), ExitCode::Success).unwrap();
        folder.decide_place(&mut second, Some("2026-11-23"), ExitCode::Success).unwrap();
        let (second, first) = (folder.put_away(&second).unwrap(), folder.put_away(&first).unwrap());
        assert_eq!(fs::read_to_string(first.sheet).unwrap(), "north");
        assert_eq!(fs::read_to_string(second.sheet).unwrap(), "south");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_takes_a_files_place_at_the_last_moment_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret.csv");
        fs::write(&secret, "client-secret").unwrap();
        let operation = crate::operation::Operation::by_name("invoices create").unwrap();
        let lane = Lane { profile: "north".to_owned(), operation };
        let folder = Folder::prepare(&folder.path().join("drop"), vec![lane.clone()]).unwrap();
        let link = |name: &str| {
            let path = folder.inbox_of(&lane).join(name);
            std::os::unix::fs::symlink(&secret, &path).unwrap();
            path
        };
        // Length and time of a link can be made those of the file that was looked at.
        let found = |path: PathBuf| {
            let metadata = path.symlink_metadata().unwrap();
            let stamp = Stamp { bytes: metadata.len(), modified: metadata.modified().ok() };
            Found { lane: lane.clone(), path, stamp }
        };
        let sheet = link("march.csv");
        assert!(folder.take(&found(sheet.clone()), Timestamp::now()).unwrap().is_none());
        assert!(sheet.is_symlink() && entries(&folder.working_of(&lane)).unwrap().is_empty());
        // Nor is a control file that is one.
        fs::write(folder.inbox_of(&lane).join("april.csv"), "a").unwrap();
        let control = link("april.control");
        let taken = folder.take(&found(folder.inbox_of(&lane).join("april.csv")), Timestamp::now()).unwrap().unwrap();
        assert!(control.is_symlink() && control_beside(&taken.sheet).symlink_metadata().is_err());
    }

    #[test]
    fn names_are_kept_but_for_their_beginning() {
        for (name, root, other, renamed_other) in [
            ("march.csv", "march", "march.results.csv", "march-2.results.csv"),
            ("march.csv.gz", "march", "march.csv.results.csv", "march-2.csv.results.csv"),
            ("a.b.xlsx", "a.b", "a.b.summary.json", "a.b-2.summary.json"),
            ("Märze", "Märze", "Märze.note.txt", "Märze-2.note.txt"),
            ("a.corrections.xlsx", "a.corrections", "a.corrections-2.xlsx", "a-2.corrections-2.xlsx"),
            ("a.corrections.Pune.xlsx", "a.corrections.Pune", "a.corrections.Pune.xlsx", "a-2.corrections.Pune.xlsx"),
            ("my.correctionsheet.csv", "my.correctionsheet", "my.correctionsheet.csv", "my.correctionsheet-2.csv"),
        ] {
            assert_eq!(root_of(name), root);
            assert_eq!(renamed(other, root, &numbered(root, 2)), renamed_other);
        }
    }
}
