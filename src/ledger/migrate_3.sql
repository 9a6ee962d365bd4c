-- From format 3: rows that were given back in a corrections workbook name the rows that they correct.
CREATE TABLE correction (
    sheet_id INTEGER NOT NULL REFERENCES sheet (id),
    of_sheet INTEGER NOT NULL REFERENCES sheet (id),
    links BLOB NOT NULL,
    PRIMARY KEY (sheet_id, of_sheet)
);
CREATE INDEX correction_by_original ON correction (of_sheet);
