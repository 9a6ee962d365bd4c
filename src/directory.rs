//! The customer directory: which KC id a code, a GSTIN or a legal name stands for.
//!
//! Owns the look-up and the reading of `--customers` files. Where entries come from beside that (replies, `customers
//! pull`) and where they rest is the ledger's. The one rule: a row's customer is found exactly or not at all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use thiserror::Error;

use crate::finding::quote;
use crate::mapping;
use crate::operation::{Operation, is_customer_id};

/// Largest `--customers` file read. Limit: a million customers at a hundred bytes each, with room.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// One customer as the directory knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The KC id.
    pub customer_id: String,
    /// Your own code (`uniqueRefNo`).
    pub code: Option<String>,
    /// The GSTIN.
    pub gstin: Option<String>,
    /// The registered name.
    pub legal_name: Option<String>,
}

/// What a row says about its customer; blanks are none.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomerRef<'a> {
    /// The cell of `customerId`: a KC id, or anything that names the customer.
    pub id: &'a str,
    /// The customer's code.
    pub code: &'a str,
    /// The customer's GSTIN.
    pub gstin: &'a str,
    /// The customer's legal name.
    pub name: &'a str,
}

/// Whom a row names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<'a> {
    /// This customer.
    Found(&'a str),
    /// Nobody the directory knows; `by` is what was looked for: `code`, `GSTIN` or `name`.
    NotFound {
        /// What was looked for.
        by: &'static str,
    },
    /// Any of several customers.
    Ambiguous {
        /// Their KC ids, in order.
        candidates: Vec<&'a str>,
    },
    /// The cells name different customers.
    Contradiction {
        /// What named the first: `id`, `code`, `GSTIN`.
        first: &'static str,
        /// Its KC id.
        first_id: &'a str,
        /// What named the second.
        second: &'static str,
        /// Its KC id.
        second_id: &'a str,
    },
    /// The row names no customer.
    Missing,
}

/// Why a `--customers` file cannot be used.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// The file cannot be read.
    #[error("{file}: reading the customer directory")]
    Read {
        /// The file's name.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any customer list.
    #[error("{file}: larger than {} MiB; expected a list of customers", MAX_FILE_BYTES / 1024 / 1024)]
    TooLarge {
        /// The file's name.
        file: String,
    },
    /// A needed heading is not there.
    #[error("{file}: no column for {field}; expected customerId and at least one of uniqueRefNo, gstin, legalName")]
    Heading {
        /// The file's name.
        file: String,
        /// The field without a column.
        field: &'static str,
    },
    /// Two columns mean the same.
    #[error("{file}: two columns for {field}; rename one")]
    HeadingTwice {
        /// The file's name.
        file: String,
        /// The field with two columns.
        field: &'static str,
    },
    /// Rows are wrong; each with its number and what is wrong.
    #[error("{file}:{}: {}", rows[0].0, describe(rows))]
    Rows {
        /// The file's name.
        file: String,
        /// Row number and fault, at least one.
        rows: Vec<(u64, String)>,
    },
}

fn describe(rows: &[(u64, String)]) -> String {
    match rows.len() {
        1 => rows[0].1.clone(),
        more => {
            let others: Vec<String> = rows[1..].iter().take(10).map(|(row, _)| row.to_string()).collect();
            let rest = if more > 11 { " ..." } else { "" };
            format!("{}; also wrong: rows {}{rest}", rows[0].1, others.join(", "))
        }
    }
}

/// The customers of one company.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    entries: Vec<Entry>,
    ids: HashMap<Box<str>, u32>,
    codes: HashMap<Box<str>, Vec<u32>>,
    gstins: HashMap<Box<str>, Vec<u32>>,
    names: HashMap<Box<str>, Vec<u32>>,
}

impl Directory {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// The entries, in the order they were added.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is known of the customer with a KC id.
    pub fn entry(&self, customer_id: &str) -> Option<&Entry> {
        self.ids.get(customer_id).map(|index| &self.entries[*index as usize])
    }

    /// Adds a customer, or fills in and replaces what is known of one with the same KC id.
    pub fn add(&mut self, entry: Entry) {
        let Some(&index) = self.ids.get(entry.customer_id.as_str()) else {
            let index = u32::try_from(self.entries.len()).expect("a directory stays far below four billion customers");
            self.ids.insert(entry.customer_id.as_str().into(), index);
            self.entries.push(entry);
            self.link(index);
            return;
        };
        self.unlink(index);
        let known = &mut self.entries[index as usize];
        known.code = filled(entry.code).or_else(|| known.code.take());
        known.gstin = filled(entry.gstin).or_else(|| known.gstin.take());
        known.legal_name = filled(entry.legal_name).or_else(|| known.legal_name.take());
        self.link(index);
    }

    /// Reads a CSV of customers; `file` is its name in messages.
    pub fn from_csv(mut reader: impl Read, file: &str) -> Result<Directory, DirectoryError> {
        let mut bytes = Vec::new();
        let read = reader.by_ref().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|source| DirectoryError::Read { file: file.to_string(), source })?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(DirectoryError::TooLarge { file: file.to_string() });
        }
        let text = decode(&bytes);
        let first_line = text.lines().next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|mark| {
            let count = first_line.bytes().filter(|byte| byte == mark).count();
            (count, *mark == b',')
        });
        let mut records = csv::ReaderBuilder::new()
            .delimiter(delimiter.unwrap_or(b','))
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes())
            .into_records();
        let bad_row = |row, error: &csv::Error| DirectoryError::Rows {
            file: file.to_string(),
            rows: vec![(row, format!("not readable as CSV: {error}"))],
        };
        let header = records.next().transpose().map_err(|error| bad_row(1, &error))?.unwrap_or_default();
        let columns = Columns::find(&header, file)?;
        let mut directory = Directory::new();
        let mut rows_of: HashMap<String, u64> = HashMap::new();
        let mut faults = Vec::new();
        // Lines inside cells are none of the spreadsheet's rows; blank ones, which are not handed out, are.
        let mut inner_lines = line_ends(&header);
        let mut row = 1;
        for record in records {
            let record = record.map_err(|error| bad_row(row + 1, &error))?;
            row = record.position().map_or(row + 1, |position| position.line().saturating_sub(inner_lines));
            inner_lines += line_ends(&record);
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let entry = columns.entry(&record);
            if !is_customer_id(&entry.customer_id) {
                let id = quote(&entry.customer_id);
                faults
                    .push((row, format!("customerId: {id} is no KC id; expected KC and 14 capital letters or digits")));
            } else if let Some(first) = rows_of.insert(entry.customer_id.clone(), row) {
                let id = quote(&entry.customer_id);
                faults.push((row, format!("customerId: {id} already stands in row {first}")));
            } else {
                directory.add(entry);
            }
        }
        if faults.is_empty() {
            Ok(directory)
        } else {
            Err(DirectoryError::Rows { file: file.to_string(), rows: faults })
        }
    }

    /// The one customer that a row names.
    pub fn resolve<'a>(&'a self, customer: &CustomerRef<'a>) -> Resolution<'a> {
        let id = customer.id.trim();
        let named = self.named(customer);
        if is_customer_id(id) {
            // A branch that is not known yet may have the name of one that is; of a known customer its own name is known, too.
            let has_name = self.entry(id).is_some_and(|entry| entry.legal_name.is_some());
            let other = named[..if has_name { 4 } else { 3 }].iter().find(|(_, given, found)| {
                *given && !found.is_empty() && !found.iter().any(|index| self.id(*index) == id)
            });
            return match other {
                Some((by, _, found)) => {
                    Resolution::Contradiction { first: "id", first_id: id, second: by, second_id: self.id(found[0]) }
                }
                None => Resolution::Found(id),
            };
        }
        let Some(first_given) = named.iter().find(|(_, given, _)| *given) else { return Resolution::Missing };
        let mut known = named.iter().filter(|(_, _, found)| !found.is_empty());
        let Some((first, _, found)) = known.next() else { return Resolution::NotFound { by: first_given.0 } };
        if *first == "name" && self.gstin_differs(customer.gstin, found) {
            return Resolution::NotFound { by: "GSTIN" };
        }
        let mut candidates = found.to_vec();
        for (by, _, found) in known {
            let both: Vec<u32> = candidates.iter().copied().filter(|index| found.contains(index)).collect();
            if both.is_empty() {
                return Resolution::Contradiction {
                    first,
                    first_id: self.id(candidates[0]),
                    second: by,
                    second_id: self.id(found[0]),
                };
            }
            candidates = both;
        }
        match candidates.as_slice() {
            [only] => Resolution::Found(self.id(*only)),
            several => {
                let mut candidates: Vec<&str> = several.iter().map(|index| self.id(*index)).collect();
                candidates.sort_unstable();
                Resolution::Ambiguous { candidates }
            }
        }
    }

    /// What each cell names, the surest first: whether it is filled, and the customers it fits.
    fn named(&self, customer: &CustomerRef<'_>) -> [(&'static str, bool, &[u32]); 4] {
        let id = customer.id.trim();
        let id_given = !id.is_empty() && !is_customer_id(id);
        let by_id = if id_given { self.by_any(id) } else { &[] };
        let filled = |cell: &str| !cell.trim().is_empty();
        [
            ("code", id_given, by_id),
            ("code", filled(customer.code), look(&self.codes, customer.code, code_key)),
            ("GSTIN", filled(customer.gstin), look(&self.gstins, customer.gstin, code_key)),
            ("name", filled(customer.name), look(&self.names, customer.name, name_key)),
        ]
    }

    /// A `customerId` cell of another shape is a code, else a GSTIN, else a name.
    fn by_any(&self, value: &str) -> &[u32] {
        let code = look(&self.codes, value, code_key);
        if !code.is_empty() {
            return code;
        }
        let gstin = look(&self.gstins, value, code_key);
        if gstin.is_empty() { look(&self.names, value, name_key) } else { gstin }
    }

    /// Whether a GSTIN that nobody has is given beside the name of customers who all have another: an unknown branch.
    fn gstin_differs(&self, gstin: &str, found: &[u32]) -> bool {
        !gstin.trim().is_empty() && found.iter().all(|index| self.entries[*index as usize].gstin.is_some())
    }

    fn id(&self, index: u32) -> &str {
        &self.entries[index as usize].customer_id
    }

    fn link(&mut self, index: u32) {
        let entry = &self.entries[index as usize];
        let keys = [
            (&mut self.codes, entry.code.as_deref().map(code_key)),
            (&mut self.gstins, entry.gstin.as_deref().map(code_key)),
            (&mut self.names, entry.legal_name.as_deref().map(name_key)),
        ];
        for (map, key) in keys {
            if let Some(key) = key.filter(|key| !key.is_empty()) {
                map.entry(key.as_ref().into()).or_default().push(index);
            }
        }
    }

    fn unlink(&mut self, index: u32) {
        let entry = &self.entries[index as usize];
        let keys = [
            (&mut self.codes, entry.code.as_deref().map(code_key)),
            (&mut self.gstins, entry.gstin.as_deref().map(code_key)),
            (&mut self.names, entry.legal_name.as_deref().map(name_key)),
        ];
        for (map, key) in keys {
            if let Some(indices) = key.and_then(|key| map.get_mut(key.as_ref())) {
                indices.retain(|known| *known != index);
            }
        }
    }
}

/// Where a `--customers` file keeps what.
struct Columns {
    id: usize,
    code: Option<usize>,
    gstin: Option<usize>,
    name: Option<usize>,
}

impl Columns {
    fn find(header: &csv::StringRecord, file: &str) -> Result<Columns, DirectoryError> {
        let operation = Operation::find("customers", "update").expect("customers update stands in the table");
        let column = |wanted: &[&'static str]| {
            let mut found = None;
            for (index, heading) in header.iter().enumerate() {
                let means = mapping::means(operation, heading);
                if wanted.iter().any(|field| means.first() == Some(field)) && found.replace(index).is_some() {
                    return Err(DirectoryError::HeadingTwice { file: file.to_string(), field: wanted[0] });
                }
            }
            Ok(found)
        };
        let missing = |field| DirectoryError::Heading { file: file.to_string(), field };
        let columns = Columns {
            id: column(&["customerId"])?.ok_or_else(|| missing("customerId"))?,
            code: column(&["uniqueRefNo"])?,
            gstin: match column(&["gstin"])? {
                Some(gstin) => Some(gstin),
                None => column(&["panOrGstin"])?,
            },
            name: column(&["legalName"])?,
        };
        let other = columns.code.or(columns.gstin).or(columns.name);
        other.map(|_| columns).ok_or_else(|| missing("uniqueRefNo, gstin or legalName"))
    }

    fn entry(&self, record: &csv::StringRecord) -> Entry {
        let cell = |column: Option<usize>| {
            filled(column.and_then(|column| record.get(column)).map(|text| text.trim().to_string()))
        };
        Entry {
            customer_id: cell(Some(self.id)).unwrap_or_default(),
            code: cell(self.code),
            // A PAN in a mixed column names no customer by GSTIN.
            gstin: cell(self.gstin).filter(|gstin| gstin.len() == 15),
            legal_name: cell(self.name),
        }
    }
}

fn filled(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

fn line_ends(record: &csv::StringRecord) -> u64 {
    record.iter().map(|cell| cell.matches('\n').count() as u64).sum()
}

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let (encoding, mark) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let (text, faulty) = encoding.decode_without_bom_handling(&bytes[mark..]);
    if faulty { encoding_rs::WINDOWS_1252.decode(bytes).0 } else { text }
}

fn look<'m>(map: &'m HashMap<Box<str>, Vec<u32>>, value: &str, key: fn(&str) -> Cow<'_, str>) -> &'m [u32] {
    // Making the key is most of the work, and in vain where nobody has one.
    if map.is_empty() {
        return &[];
    }
    map.get(key(value).as_ref()).map_or(&[], Vec::as_slice)
}

/// A code or GSTIN as compared: trimmed, in capitals.
fn code_key(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase()) {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(value.to_uppercase())
    }
}

/// A legal name as compared: single spaces, in capitals.
fn name_key(value: &str) -> Cow<'_, str> {
    let plain = value.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase() && !byte.is_ascii_control());
    if plain && !value.contains("  ") {
        return Cow::Borrowed(value.trim());
    }
    Cow::Owned(value.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "KC00000000000001";
    const B: &str = "KC00000000000002";
    const C: &str = "KC00000000000003";

    fn directory() -> Directory {
        let csv = format!(
            "\u{FEFF}KC ID,Customer Code,GST No.,Legal Name\n\
             {A},C-1,27AAPFU0939F1ZV,Mehta  Traders\n\n\
             {B},C-2,27AAPFU0939F1ZV,Mehta Exports\n\
             {C},,,Rao & Sons\n"
        );
        Directory::from_csv(csv.as_bytes(), "customers.csv").unwrap()
    }

    fn found(customer: &CustomerRef<'_>) -> String {
        match directory().resolve(customer) {
            Resolution::Found(id) => id.to_string(),
            Resolution::NotFound { by } => format!("not found by {by}"),
            Resolution::Ambiguous { candidates } => format!("one of {}", candidates.len()),
            Resolution::Contradiction { first, second, .. } => format!("{first} against {second}"),
            Resolution::Missing => "missing".to_string(),
        }
    }

    #[test]
    fn a_customer_is_found_exactly_or_not_at_all() {
        let unknown = "29AABCF8078M1C8";
        for (id, code, gstin, name, expected) in [
            (A, "", "", "", A),
            ("KC99999999999999", "", "", "", "KC99999999999999"),
            ("c-1 ", "", "", "", A),
            ("rao & sons", "", "", "", C),
            ("kc00000000000001", "", "", "", "not found by code"),
            ("", "C-2", "", "", B),
            ("", "", "27aapfu0939f1zv", "", "one of 2"),
            ("", "", "27AAPFU0939F1ZV", "MEHTA   exports", B),
            ("", "C-1", "27AAPFU0939F1ZV", "", A),
            ("", "C-9", "27AAPFU0939F1ZV", "mehta traders", A),
            ("", "C-1", unknown, "", A),
            ("", "C-9", "", "", "not found by code"),
            ("", "", "", "Rao and Sons", "not found by name"),
            ("", "", unknown, "Mehta Traders", "not found by GSTIN"),
            ("", "", unknown, "Rao & Sons", C),
            ("", "C-1", "", "Rao & Sons", "code against name"),
            (B, "C-1", "", "", "id against code"),
            (A, "", "", "Rao & Sons", "id against name"),
            (A, "", "", "Somebody Else", A),
            ("KC99999999999999", "", "", "Rao & Sons", "KC99999999999999"),
            ("", "", "", "  ", "missing"),
        ] {
            assert_eq!(found(&CustomerRef { id, code, gstin, name }), expected, "{id} {code} {gstin} {name}");
        }
    }

    #[test]
    fn code_and_gstin_of_different_customers_contradict_each_other() {
        let mut directory = directory();
        directory.add(Entry { customer_id: C.into(), gstin: Some("29AABCF8078M1C8".into()), ..Entry::default() });
        let customer = CustomerRef { code: "C-1", gstin: "29AABCF8078M1C8", ..CustomerRef::default() };
        let expected = Resolution::Contradiction { first: "code", first_id: A, second: "GSTIN", second_id: C };
        assert_eq!(directory.resolve(&customer), expected);
    }

    #[test]
    fn a_new_code_replaces_the_old_one_and_keeps_the_rest() {
        let mut directory = directory();
        directory.add(Entry { customer_id: A.into(), code: Some("N-1".into()), ..Entry::default() });
        assert_eq!(directory.entries().len(), 3);
        assert_eq!(directory.entries()[0].legal_name.as_deref(), Some("Mehta  Traders"));
        let by = |code| CustomerRef { code, ..CustomerRef::default() };
        assert_eq!(directory.resolve(&by("N-1")), Resolution::Found(A));
        assert_eq!(directory.resolve(&by("C-1")), Resolution::NotFound { by: "code" });
    }

    #[test]
    fn faulty_files_are_refused_with_their_rows() {
        let twice = format!("customerId,code\n{A},1\n{A},2\n");
        for (csv, expected) in [
            ("name,code\nx,y\n", "customers.csv: no column for customerId"),
            ("customerId\nKC00000000000001\n", "customers.csv: no column for uniqueRefNo, gstin or legalName"),
            ("customerId;code\nC-1;2\n\nC-2;3\n", "customers.csv:2: customerId: \"C-1\" is no KC id"),
            (twice.as_str(), "customers.csv:3: customerId: \"KC00000000000001\" already stands in row 2"),
            ("customerId,customerId,code\n", "customers.csv: two columns for customerId"),
            ("", "customers.csv: no column for customerId"),
        ] {
            let message = Directory::from_csv(csv.as_bytes(), "customers.csv").unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
