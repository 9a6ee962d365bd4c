//! The file that a target's bytes are read from: sheets are opened by path.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

/// A file with these bytes, in memory where the system offers that; each call replaces the one before.
pub fn file(bytes: &[u8]) -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        tempfile::tempdir_in(place).expect("a folder for the file")
    });
    let path = folder.path().join("sheet.csv");
    fs::write(&path, bytes).expect("the file is written");
    path
}
