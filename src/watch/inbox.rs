//! Looks into the inbox: which files lie there, which are complete, which one is the oldest, and what is left alone.
//!
//! Leaves what a file is by its name to [`crate::sheet::input`], and whether it is complete to [`super::settling`]. The
//! rule: what is not taken is told once, unless it is plainly no sheet of anybody's, such as an unfinished download.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::folder::{Folder, entries};
use super::settling::{Seen, Stamp};
use super::{Lane, needs_leave};
use crate::event::{Event, Observer};
use crate::operation::ALL;
use crate::sheet::input::{Dropped, control_beside, dropped};

/// A file that may be taken.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) lane: Lane,
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// What the looks so far have shown.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    looks: u64,
    /// Sheets and control files.
    seen: BTreeMap<PathBuf, Seen>,
    /// Sheets of the last look that are complete, the last one first.
    ready: Vec<Found>,
    /// Whether the last look found any sheet.
    has_sheets: bool,
    told: BTreeSet<(PathBuf, String)>,
}

impl Inbox {
    /// Looks into every folder; says whether the inbox could be looked into.
    pub(super) fn look(&mut self, folder: &Folder, now: Duration, observer: &dyn Observer) -> bool {
        self.looks += 1;
        let mut left = Vec::new();
        if let Err(error) = entries(&folder.inbox()) {
            // A share that went away; what was seen has to settle again once it is back.
            (self.seen, self.ready, self.has_sheets) = (BTreeMap::new(), Vec::new(), false);
            left.push((folder.inbox(), format!("cannot be looked into: {error}; it is tried again")));
            self.tell(folder, left, observer);
            return false;
        }
        let (mut sheets, mut here) = (Vec::new(), BTreeSet::new());
        for lane in folder.lanes() {
            let place = folder.inbox_of(lane);
            match look_into(&place, &mut left) {
                Ok(files) => {
                    for (path, stamp, is_sheet) in files {
                        here.insert(path.clone());
                        let looks = self.looks;
                        let known = self.seen.get_mut(&path).map(|seen| seen.again(stamp, now));
                        if known.is_none() {
                            self.seen.insert(path.clone(), Seen::new(stamp, looks, now));
                        }
                        if is_sheet {
                            sheets.push((path, lane.clone()));
                        }
                    }
                }
                Err(error) => left.push((place, format!("cannot be looked into: {error}"))),
            }
        }
        left.extend(strangers(folder));
        self.seen.retain(|path, _| here.contains(path));
        for (path, seen) in &mut self.seen {
            if seen.is_to_be_told() {
                left.push((path.clone(), "is still being written; it is taken once it is complete".to_owned()));
            }
        }
        self.has_sheets = !sheets.is_empty();
        self.ready = sheets.into_iter().filter_map(|(path, lane)| self.complete(path, lane, now)).collect();
        self.ready.sort_by_cached_key(|found| {
            let first = self.seen.get(&found.path).map_or(0, |seen| seen.first);
            std::cmp::Reverse((first, found.stamp.modified, found.path.clone()))
        });
        self.tell(folder, left, observer);
        true
    }

    /// A sheet that is complete, and its control file with it.
    fn complete(&self, path: PathBuf, lane: Lane, now: Duration) -> Option<Found> {
        let seen = self.seen.get(&path).filter(|seen| seen.is_complete(now))?;
        let control = self.seen.get(&control_beside(&path));
        // An empty control file is refused with the sheet, so it need not be waited for.
        let held = control.is_some_and(|control| control.stamp.bytes > 0 && !control.is_complete(now));
        (!held).then_some(Found { lane, path, stamp: seen.stamp })
    }

    /// Says what is left alone, each thing once for as long as it lasts.
    fn tell(&mut self, folder: &Folder, left: Vec<(PathBuf, String)>, observer: &dyn Observer) {
        for (path, reason) in &left {
            if !self.told.contains(&(path.clone(), reason.clone())) {
                observer.event(&Event::FileLeft { path: folder.shown(path), reason: reason.clone() });
            }
        }
        let growing: BTreeSet<_> = self.told.iter().filter(|(path, _)| self.seen.contains_key(path)).cloned().collect();
        self.told = left.into_iter().chain(growing).collect();
    }

    /// The complete file that was dropped first, of profiles that do not wait.
    pub(super) fn oldest(&mut self, may: impl Fn(&str) -> bool) -> Option<Found> {
        let index = self.ready.iter().rposition(|found| may(&found.lane.profile))?;
        let found = self.ready.remove(index);
        self.seen.remove(&found.path);
        Some(found)
    }

    /// Whether the last look found no sheet at all.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_sheets
    }

    /// A file could not be moved; that is told once, and it is tried again.
    pub(super) fn cannot_take(&mut self, folder: &Folder, found: &Found, error: &io::Error, observer: &dyn Observer) {
        let reason = format!("cannot be taken: {error}; it is tried again");
        // What it looked like is known: it need not settle a second time.
        let mut seen = Seen::new(found.stamp, self.looks, Duration::ZERO);
        seen.again(found.stamp, Duration::ZERO);
        self.seen.insert(found.path.clone(), seen);
        let key = (found.path.clone(), reason.clone());
        if self.told.insert(key) {
            observer.event(&Event::FileLeft { path: folder.shown(&found.path), reason });
        }
    }

    /// Says which files a single pass leaves because they are not complete.
    pub(super) fn tell_unsettled(&self, folder: &Folder, now: Duration, observer: &dyn Observer) {
        for (path, _) in self.seen.iter().filter(|(_, seen)| !seen.is_complete(now)) {
            let reason = if path.metadata().is_ok_and(|metadata| metadata.len() == 0) {
                "is empty, as a copy that has just begun; it is left for the next time"
            } else {
                "is still being written; it is left for the next time"
            };
            observer.event(&Event::FileLeft { path: folder.shown(path), reason: reason.to_owned() });
        }
    }
}

type Looked = (PathBuf, Stamp, bool);

/// Sheets and control files of a folder; what else is told is added to what is left.
fn look_into(place: &Path, left: &mut Vec<(PathBuf, String)>) -> io::Result<Vec<Looked>> {
    let (mut files, mut controls) = (Vec::new(), Vec::new());
    for path in entries(place)? {
        // What went away meanwhile is nothing to speak of.
        let Ok(metadata) = path.symlink_metadata() else { continue };
        let stamp = Stamp { bytes: metadata.len(), modified: metadata.modified().ok() };
        match dropped(&path, &metadata) {
            Dropped::Sheet => files.push((path, stamp, true)),
            Dropped::Control => controls.push((path, stamp)),
            Dropped::Left(reason) => left.push((path, reason)),
            Dropped::Beside => {}
        }
    }
    for (path, stamp) in controls {
        if !files.iter().any(|(sheet, ..)| control_beside(sheet) == path) {
            let reason = "is a control file without its sheet; drop the control file first, or both together";
            left.push((path.clone(), reason.to_owned()));
        }
        files.push((path, stamp, false));
    }
    Ok(files)
}

/// What lies in the inbox and in no folder that is watched.
fn strangers(folder: &Folder) -> Vec<(PathBuf, String)> {
    let mut strangers = Vec::new();
    let profiles: BTreeSet<&str> = folder.lanes().iter().map(|lane| lane.profile.as_str()).collect();
    let named = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for path in entries(&folder.inbox()).unwrap_or_default() {
        let name = named(&path);
        if name.starts_with('.') || profiles.contains(name.as_str()) {
            continue;
        }
        let reason = if path.is_dir() {
            "is not the folder of a profile that is watched; a new profile is watched after a restart"
        } else {
            "lies in no folder of an operation; put it into the one that says what is to be done with it"
        };
        strangers.push((path, reason.to_owned()));
    }
    for profile in &profiles {
        let known: BTreeSet<String> =
            folder.lanes().iter().filter(|lane| lane.profile == **profile).map(Lane::folder_name).collect();
        for path in entries(&folder.inbox().join(profile)).unwrap_or_default() {
            let name = named(&path);
            if name.starts_with('.') || known.contains(&name) {
                continue;
            }
            strangers.push((path.clone(), stranger(&path, &name, profile)));
        }
    }
    strangers
}

fn stranger(path: &Path, name: &str, profile: &str) -> String {
    if !path.is_dir() {
        return "lies in no folder of an operation; put it into the one that says what is to be done with it"
            .to_owned();
    }
    let operation = ALL.iter().find(|operation| super::folder_name(operation) == name);
    match operation {
        Some(operation) if needs_leave(operation) => {
            format!("is not watched; list \"{}\" in watch-allow of profile {profile} and start again", operation.name())
        }
        _ => "is not the folder of an operation; its files are left alone".to_owned(),
    }
}
