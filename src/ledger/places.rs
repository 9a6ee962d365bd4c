//! Where the sheets of runs lie: looked up by path, and told when a file was moved; which of them are the same sheet.
//!
//! For a drop folder, which moves files while their runs go on, and for corrections, which hold for a sheet however often it
//! is given. The one rule: only the path changes; what was read, planned and sent stays as it was recorded.

/// Sheets with the content of one, given to the same operation, account and seller, where `other` is each of them.
macro_rules! same_as {
    ($one:literal) => {
        concat!(
            "FROM sheet one JOIN run ON run.id = one.run_id JOIN sheet other ON other.content = one.content
             JOIN run there ON there.id = other.run_id AND there.account = run.account
              AND there.operation = run.operation
              AND iif(json_valid(there.settings), json_extract(there.settings, '$.seller'), NULL)
                  IS iif(json_valid(run.settings), json_extract(run.settings, '$.seller'), NULL)
             WHERE one.id ",
            $one
        )
    };
}

/// Sheets whose rows correct rows of a sheet.
pub(super) const CORRECTED_IN: &str = concat!(
    "SELECT sheet_id, links FROM correction WHERE of_sheet IN (SELECT other.id ",
    same_as!("= ?"),
    ") ORDER BY sheet_id"
);

/// The other sheets that are the same as one.
pub(super) const SAME: &str = concat!("SELECT other.id ", same_as!("= ?"), " AND other.id <> one.id ORDER BY other.id");

/// Sheets whose rows a sheet corrects: those that it names, and the newest that is the same.
pub(super) const CORRECTS: &str = concat!(
    "SELECT of_sheet FROM correction WHERE sheet_id = ?1 UNION SELECT max(other.id) ",
    same_as!("IN (SELECT of_sheet FROM correction WHERE sheet_id = ?1)"),
    " GROUP BY one.id"
);

/// Gives the only file of a run another place.
pub(super) const PLACE_RUN: &str = "UPDATE sheet SET path = ?1
    WHERE run_id = ?2 AND (SELECT count(DISTINCT path) FROM sheet WHERE run_id = ?2) = 1";
