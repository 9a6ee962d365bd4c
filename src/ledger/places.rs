//! Where the sheets of runs lie: looked up by path, and told when a file was moved.
//!
//! For a drop folder, which moves files while their runs go on. The one rule: only the path changes; what was read,
//! planned and sent stays as it was recorded.

use rusqlite::params;

use super::records::{RUN_COLUMNS, read_run};
use super::sqlite::SqliteLedger;
use super::{LedgerError, Run, RunId};

impl SqliteLedger {
    /// The runs that a file was planned in, whatever became of them, the newest first; the path in the text of
    /// [`crate::platform::text_of_path`].
    pub fn runs_with_path(&self, path: &str) -> Result<Vec<Run>, LedgerError> {
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM run WHERE id IN (SELECT run_id FROM sheet WHERE path = ?) ORDER BY id DESC"
        );
        self.ask(|connection| connection.prepare_cached(&sql)?.query_map([path], read_run)?.collect())
    }

    /// Notes that a file lies elsewhere now: results of its runs are written beside it there.
    pub fn file_moved(&self, from: &str, to: &str) -> Result<(), LedgerError> {
        self.ask(|connection| connection.execute("UPDATE sheet SET path = ? WHERE path = ?", [to, from]))?;
        Ok(())
    }

    /// Gives a run's only file another place; says whether it had one file only.
    pub fn place_run(&self, run: RunId, to: &str) -> Result<bool, LedgerError> {
        let moved = self.ask(|connection| {
            connection.execute(
                "UPDATE sheet SET path = ?1
                 WHERE run_id = ?2 AND (SELECT count(DISTINCT path) FROM sheet WHERE run_id = ?2) = 1",
                params![to, run.0],
            )
        })?;
        Ok(moved > 0)
    }
}
