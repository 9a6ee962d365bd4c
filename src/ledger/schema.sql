-- The ledger's tables, version 4. The story of each is told in ledger/mod.rs.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
-- Tells this ledger from every other, because runs count from 1 in each.
INSERT INTO meta VALUES ('id', lower(hex(randomblob(8))));

CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    operation TEXT NOT NULL,
    state TEXT NOT NULL,
    content BLOB NOT NULL,
    plan BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    successor INTEGER REFERENCES run (id),
    settings TEXT NOT NULL,
    version TEXT NOT NULL,
    -- The operating-system user who planned it; blank where an earlier arload did.
    maker TEXT NOT NULL DEFAULT ''
);
CREATE INDEX run_by_content ON run (account, operation, content);
CREATE INDEX run_by_state ON run (account, state);

CREATE TABLE sheet (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES run (id),
    ordinal INTEGER NOT NULL,
    path TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sheet_name TEXT,
    content BLOB NOT NULL,
    facts TEXT NOT NULL,
    -- The sheet whose row blocks hold the rows: itself, or an earlier one with the same content.
    rows_of INTEGER NOT NULL
);
CREATE INDEX sheet_by_run ON sheet (run_id, ordinal);
CREATE INDEX sheet_by_content ON sheet (content);
CREATE INDEX sheet_by_path ON sheet (path);

CREATE TABLE row_block (
    sheet_id INTEGER NOT NULL REFERENCES sheet (id),
    ordinal INTEGER NOT NULL,
    cells BLOB NOT NULL,
    PRIMARY KEY (sheet_id, ordinal)
);

CREATE TABLE verdict_block (
    sheet_id INTEGER NOT NULL REFERENCES sheet (id),
    ordinal INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    verdicts BLOB NOT NULL,
    PRIMARY KEY (sheet_id, ordinal)
);

CREATE TABLE chunk (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES run (id),
    ordinal INTEGER NOT NULL,
    parent INTEGER REFERENCES chunk (id),
    -- Where each line went on after a look-up or a split; null if none did.
    moved BLOB,
    account_id TEXT NOT NULL,
    rows INTEGER NOT NULL,
    state TEXT NOT NULL,
    settled_at INTEGER,
    request_id TEXT,
    outcomes BLOB
);
CREATE UNIQUE INDEX chunk_by_run ON chunk (run_id, ordinal);
CREATE INDEX chunk_open ON chunk (run_id, state) WHERE state IN ('planned', 'sending', 'unknown', 'rejected');

-- The exact bytes of a chunk, apart from what changes: a record that grows is written again as a whole.
CREATE TABLE payload (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunk (id),
    bytes BLOB NOT NULL
);

-- Intent and reply: two appended records, chained per sender over digests, so that bodies can be purged.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES run (id),
    chunk_id INTEGER NOT NULL REFERENCES chunk (id),
    number INTEGER NOT NULL,
    sender TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX attempt_by_chunk ON attempt (chunk_id);
CREATE INDEX attempt_by_run ON attempt (run_id);

CREATE TABLE reply (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt_id INTEGER NOT NULL REFERENCES attempt (id),
    run_id INTEGER NOT NULL REFERENCES run (id),
    sender TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    status INTEGER,
    -- Whether the file was refused as a whole, which counts against the refusal budget.
    refused INTEGER NOT NULL DEFAULT 0,
    request_id TEXT,
    body BLOB NOT NULL,
    digest BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX reply_by_attempt ON reply (attempt_id);
CREATE INDEX reply_by_run ON reply (run_id);

-- What look-ups and splits made of chunks: appended, and chained by hash within the run.
CREATE TABLE resolution (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES run (id),
    chunk_id INTEGER NOT NULL REFERENCES chunk (id),
    resolved_at INTEGER NOT NULL,
    words TEXT NOT NULL,
    digest BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX resolution_by_run ON resolution (run_id);

-- Sorted, packed keys of one run and financial year; 0 where the record kind has no year.
CREATE TABLE key_block (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    year INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run (id),
    first_key BLOB NOT NULL,
    last_key BLOB NOT NULL,
    keys BLOB NOT NULL
);
CREATE INDEX key_block_by_year ON key_block (account, kind, year, first_key);

CREATE TABLE pace (
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, day)
);

CREATE TABLE directory (
    account TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    code TEXT NOT NULL,
    gstin TEXT NOT NULL,
    legal_name TEXT NOT NULL,
    PRIMARY KEY (account, customer_id)
);

-- Upload templates with a mapping, each tried at a host with a small first chunk.
CREATE TABLE canary (
    account TEXT NOT NULL,
    template BLOB NOT NULL,
    proven INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run (id),
    ordinal INTEGER NOT NULL,
    differences TEXT NOT NULL,
    PRIMARY KEY (account, template)
);

-- Accounts whose earlier records this ledger knows; a create for any other is looked up in the API first.
CREATE TABLE history (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- Whether the account had no records before.
    complete INTEGER NOT NULL,
    PRIMARY KEY (account, kind)
);

-- Which rows of a sheet correct rows of an earlier one: packed pairs of row numbers, the new one first.
CREATE TABLE correction (
    sheet_id INTEGER NOT NULL REFERENCES sheet (id),
    of_sheet INTEGER NOT NULL REFERENCES sheet (id),
    links BLOB NOT NULL,
    PRIMARY KEY (sheet_id, of_sheet)
);
CREATE INDEX correction_by_original ON correction (of_sheet);

-- What is asked before a run is sent: every change is appended and chained, and the last one holds.
CREATE TABLE policy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    set_at INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    rule TEXT NOT NULL,
    digest BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
);

-- Who approved the plan of a run: appended, and chained by hash within the run.
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

-- Runs whose rows, or contacts in them, went into an archive and out of the ledger.
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
