-- From format 1: chunks that are split or sent again, refused replies, canaries, histories.
ALTER TABLE chunk DROP COLUMN parent_lines;
ALTER TABLE chunk ADD COLUMN moved BLOB;
DROP INDEX chunk_open;
CREATE INDEX chunk_open ON chunk (run_id, state) WHERE state IN ('planned', 'sending', 'unknown', 'rejected');
ALTER TABLE reply ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;

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

CREATE TABLE canary (
    account TEXT NOT NULL,
    template BLOB NOT NULL,
    proven INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run (id),
    ordinal INTEGER NOT NULL,
    differences TEXT NOT NULL,
    PRIMARY KEY (account, template)
);

CREATE TABLE history (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    since INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    PRIMARY KEY (account, kind)
);
-- An account that this ledger has created records for has its history here.
INSERT INTO history
SELECT account, CASE operation WHEN 'invoices create' THEN 'invoice' ELSE 'customer' END, min(created_at), 0
FROM run WHERE operation IN ('invoices create', 'customers create') AND state <> 'closed' GROUP BY 1, 2;
-- A refused file with outcomes is settled; one without is still to be split.
UPDATE chunk SET state = 'settled' WHERE state = 'rejected' AND outcomes IS NOT NULL;
