//! The log: what happens, a line each, in a file that gives way to a new one when it has grown.
//!
//! Owns the file and its older ones (`arload.log.1` is the newest of them); what a line holds stands in [`mod@line`]. Several
//! processes may write to one log. The rule: a log that cannot be written holds up nobody.

pub mod line;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// Limit: how often and how long a line waits for another process that is putting the file away.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(5);

/// A log's file.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    size: u64,
    keep: u32,
    /// One line at a time within this process.
    gate: Mutex<()>,
}

impl LogFile {
    /// A log at a place; nothing is opened before the first line.
    pub fn new(path: &Path, size: u64, keep: u32) -> Self {
        Self { path: path.to_owned(), size, keep, gate: Mutex::default() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line, which brings its own end.
    pub fn append(&self, line: &str) -> io::Result<()> {
        // A writer that panicked left a whole line or none.
        let _gate = self.gate.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = self.open()?;
        for _ in 0..TRIES {
            let held = file.metadata()?.len();
            if held == 0 || held + line.len() as u64 <= self.size {
                break;
            }
            match file.try_lock() {
                Ok(()) => {
                    // Another process may have put this file away while it was waited for.
                    if fs::metadata(&self.path).is_ok_and(|there| there.len() >= held) {
                        self.put_away()?;
                    }
                    file = self.open()?;
                }
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(PAUSE);
                    file = self.open()?;
                }
                // A file system without locks has its log in one file.
                Err(TryLockError::Error(_)) => break,
            }
        }
        file.write_all(line.as_bytes())
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // A pipe that nobody reads must not hold up the run; a log is for its owner's eyes.
            options.mode(0o600).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        }
        options.open(&self.path)
    }

    /// Gives every file the next number, and the last one up.
    fn put_away(&self) -> io::Result<()> {
        if self.keep == 0 {
            return fs::remove_file(&self.path);
        }
        for number in (1..self.keep).rev() {
            match fs::rename(self.older(number), self.older(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, self.older(1))
    }

    fn older(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap().replace('\n', "|"))
            })
            .collect();
        files.sort();
        files
    }

    fn named(files: &[(String, String)]) -> Vec<(&str, &str)> {
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }

    #[test]
    fn a_log_that_has_grown_is_put_away_and_so_many_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::new(&folder.path().join("log"), 8, 2);
        for number in 1..=9 {
            log.append(&format!("l-{number}\n")).unwrap();
        }
        let found = files(folder.path());
        assert_eq!(named(&found), [("log", "l-9|"), ("log.1", "l-7|l-8|"), ("log.2", "l-5|l-6|")]);
        LogFile::new(&folder.path().join("log"), 1, 0).append("longer than all\n").unwrap();
        assert_eq!(named(&files(folder.path()))[0], ("log", "longer than all|"));
    }

    #[test]
    fn lines_of_several_writers_are_all_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                // Each with a log of its own, as processes have.
                scope.spawn(move || {
                    let log = LogFile::new(path, 500, 1000);
                    for line in 0..100 {
                        log.append(&format!("{writer} {line:03}\n")).unwrap();
                    }
                });
            }
        });
        let mut lines: Vec<String> = files(folder.path())
            .iter()
            .flat_map(|(_, text)| text.split_terminator('|').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        lines.sort();
        let expected: Vec<String> = (0..4).flat_map(|w| (0..100).map(move |line| format!("{w} {line:03}"))).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        assert!(LogFile::new(folder.path(), 8, 2).append("a\n").is_err());
        assert!(LogFile::new(&folder.path().join("none/log"), 8, 2).append("a\n").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_log_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        LogFile::new(&path, 8, 2).append("a\n").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
