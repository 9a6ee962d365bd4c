-- From format 3: rows that were given back in a corrections workbook name the rows that they correct.
CREATE TABLE correction (
    sheet_id INTEGER NOT NULL REFERENCES sheet (id),
    of_sheet INTEGER NOT NULL REFERENCES sheet (id),
    links BLOB NOT NULL,
    PRIMARY KEY (sheet_id, of_sheet)
);
CREATE INDEX correction_by_original ON correction (of_sheet);

-- From format 3: who planned a run, what the ledger asks before one is sent, who approved it, what was purged.
ALTER TABLE run ADD COLUMN maker TEXT NOT NULL DEFAULT '';

CREATE TABLE policy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    set_at INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    rule TEXT NOT NULL,
    digest BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
);

CREATE TABLE approval (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES run (id),
    approved_at INTEGER NOT NULL,
    approver TEXT NOT NULL,
    maker TEXT NOT NULL,
    plan BLOB NOT NULL,
    digest BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX approval_by_run ON approval (run_id);

CREATE TABLE purge (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES run (id),
    purged_at INTEGER NOT NULL,
    purged_by TEXT NOT NULL,
    scope TEXT NOT NULL,
    archive TEXT NOT NULL,
    archive_hash BLOB NOT NULL
);
CREATE INDEX purge_by_run ON purge (run_id);
