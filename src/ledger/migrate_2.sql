-- From format 2: the bytes of a chunk stand apart from what changes as it is sent.
CREATE TABLE payload (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunk (id),
    bytes BLOB NOT NULL
);
INSERT INTO payload (chunk_id, bytes) SELECT id, payload FROM chunk ORDER BY id;
ALTER TABLE chunk DROP COLUMN payload;
