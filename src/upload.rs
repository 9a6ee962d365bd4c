//! Upload templates: the form of the files that bulk operations post, where it is not arload's own.
//!
//! What columns a bulk file has is not documented (contract 4.2); chunks are stored in our own form, and leave in that of
//! the settings. Owns both directions, so that the sandbox reads what the client writes. The rules: the same lines make
//! the same bytes, and no value is left out or changed but for its form.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use calamine::Reader as _;
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};
use serde::{Deserialize, Serialize};

use crate::finding::quote;
use crate::operation::{FieldKind, Operation, Role};

/// Name of the multipart part that carries the file (contract 4.1).
pub const PART_NAME: &str = "file";

/// What separates the items of a list in our own form.
const LIST_SEPARATOR: &str = ";";

/// The words for a date's form in settings, and for the same in the library.
const DATE_FORMS: [(&str, &str); 4] =
    [("yyyy-MM-dd", "%Y-%m-%d"), ("dd/MM/yyyy", "%d/%m/%Y"), ("dd-MM-yyyy", "%d-%m-%Y"), ("MM/dd/yyyy", "%m/%d/%Y")];

/// The upload templates in force, by operation; what is not named has our own form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Uploads {
    /// As given, for showing and for the identity of uploads.
    given: BTreeMap<String, String>,
    templates: BTreeMap<String, Template>,
}

/// The form of an operation's file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Template {
    part: Option<String>,
    file_name: Option<String>,
    is_workbook: bool,
    list_separator: Option<String>,
    date_form: Option<&'static str>,
    /// Headings, by field; the others have the field's name.
    headings: BTreeMap<&'static str, String>,
}

/// A file as it is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Name of the multipart part.
    pub part: String,
    /// Name of the file.
    pub file_name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Uploads {
    /// Takes a setting such as `invoices create.format`, or says what is wrong with it.
    pub fn put(&mut self, key: &str, value: &str) -> Result<(), String> {
        const KEYS: &str = "part, file-name, format, list-separator, date-form and heading.FIELD";
        let (name, rest) = key.split_once('.').unwrap_or((key, ""));
        let operation = Operation::by_name(name).filter(|operation| operation.is_upload());
        let operation = operation
            .ok_or_else(|| format!("{} posts no file; expected a key like \"invoices create.format\"", quote(name)))?;
        let bad = |what: &str| Err(format!("{}: {} {what}", quote(key), quote(value)));
        if value.is_empty() || value.len() > 100 || value.contains(char::is_control) {
            return bad("is empty, longer than 100 characters, or holds a control character");
        }
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte));
        let template = self.templates.entry(operation.name()).or_default();
        match rest {
            "part" | "file-name" if !plain(value) => return bad("holds other than letters, digits, - _ . and blanks"),
            "part" => template.part = Some(value.to_owned()),
            "file-name" => template.file_name = Some(value.to_owned()),
            "format" => match value {
                "csv" | "xlsx" => template.is_workbook = value == "xlsx",
                _ => return bad("is no format; expected csv or xlsx"),
            },
            "list-separator" if value.contains('"') => return bad("cannot separate items"),
            "list-separator" => template.list_separator = Some(value.to_owned()),
            "date-form" => match DATE_FORMS.iter().find(|(words, _)| *words == value) {
                Some((_, form)) => template.date_form = Some(form),
                None => return bad("is no form; expected yyyy-MM-dd, dd/MM/yyyy, dd-MM-yyyy or MM/dd/yyyy"),
            },
            _ => {
                let field = rest.strip_prefix("heading.");
                let Some(field) = field else { return Err(format!("{}: expected one of {KEYS}", quote(key))) };
                let field = operation.field(field).filter(|field| field.role != Role::Sheet);
                let Some(field) = field else { return Err(format!("{}: {name} sends no such field", quote(key))) };
                template.headings.insert(field.name, value.to_owned());
            }
        }
        self.given.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    /// Whether every file's headings are told apart; asked once all settings are taken.
    pub fn check(&self) -> Result<(), String> {
        for (name, template) in &self.templates {
            let operation = Operation::by_name(name).expect("only operations of the table are taken");
            let mut seen = BTreeSet::new();
            for field in operation.sent_fields() {
                let heading = template.heading(field.name);
                if !seen.insert(heading) {
                    return Err(format!("{name}: two columns would be headed {}", quote(heading)));
                }
            }
        }
        Ok(())
    }

    /// What tells an operation's form from others; none for our own.
    pub fn identity(&self, operation: &Operation) -> Option<String> {
        let prefix = format!("{}.", operation.name());
        let of_operation = self.given.iter().filter(|(key, _)| key.starts_with(&prefix));
        let parts: Vec<String> = of_operation.map(|(key, value)| format!("{key} = {value}")).collect();
        (!parts.is_empty()).then(|| parts.join("\n"))
    }

    /// Name of the part that carries an operation's file.
    pub fn part(&self, operation: &Operation) -> &str {
        self.templates.get(&operation.name()).and_then(|template| template.part.as_deref()).unwrap_or(PART_NAME)
    }

    /// A chunk's lines as the file that is posted.
    pub fn pack(&self, operation: &Operation, file_name: &str, payload: &[u8]) -> Result<Packed, String> {
        let template = self.templates.get(&operation.name());
        let is_workbook = template.is_some_and(|template| template.is_workbook);
        let stem = file_name.strip_suffix(".csv").unwrap_or(file_name);
        let named = template.and_then(|template| template.file_name.clone());
        let named = named.unwrap_or_else(|| if is_workbook { format!("{stem}.xlsx") } else { file_name.to_owned() });
        let bytes = match template {
            Some(template) => template.write(operation, payload)?,
            None => payload.to_vec(),
        };
        let media_type =
            if is_workbook { "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" } else { "text/csv" };
        Ok(Packed { part: self.part(operation).to_owned(), file_name: named, media_type, bytes })
    }

    /// A posted file in our own form, for a server that reads only that.
    pub fn unpack(&self, operation: &Operation, bytes: &[u8]) -> Result<Vec<u8>, String> {
        match self.templates.get(&operation.name()) {
            Some(template) => template.read(operation, bytes),
            None => Ok(bytes.to_vec()),
        }
    }
}

impl Template {
    fn heading<'t>(&'t self, field: &'t str) -> &'t str {
        self.headings.get(field).map_or(field, String::as_str)
    }

    fn write(&self, operation: &Operation, payload: &[u8]) -> Result<Vec<u8>, String> {
        let records = records(payload)?;
        let (names, lines) = records.split_first().ok_or("the chunk has no header")?;
        let mut table = vec![names.iter().map(|name| self.heading(name).to_owned()).collect::<Vec<_>>()];
        for line in lines {
            let cells = names.iter().zip(line).map(|(name, cell)| self.cell(operation, name, cell));
            table.push(cells.collect::<Result<_, _>>()?);
        }
        if self.is_workbook { workbook(&table).map_err(|error| error.to_string()) } else { Ok(text(&table)) }
    }

    fn cell(&self, operation: &Operation, name: &str, cell: &str) -> Result<String, String> {
        match (operation.field(name).map(|field| field.kind), self.date_form, &self.list_separator) {
            (Some(FieldKind::Date), Some(form), _) => {
                let date = cell.parse::<Date>().ok();
                Ok(date.map_or_else(|| cell.to_owned(), |date| date.strftime(form).to_string()))
            }
            (Some(FieldKind::List), _, Some(separator)) if separator != LIST_SEPARATOR => {
                if cell.contains(separator.as_str()) {
                    return Err(format!("{name}: {} holds the list-separator {}", quote(cell), quote(separator)));
                }
                Ok(cell.replace(LIST_SEPARATOR, separator))
            }
            _ => Ok(cell.to_owned()),
        }
    }

    fn read(&self, operation: &Operation, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let table = if self.is_workbook { rows(bytes)? } else { records(bytes)? };
        let Some((headings, lines)) = table.split_first() else { return Ok(Vec::new()) };
        let name = |heading: &String| match self.headings.iter().find(|(_, own)| *own == heading) {
            Some((field, _)) => (*field).to_owned(),
            // The field has another heading in this form.
            None if self.headings.contains_key(heading.as_str()) => format!("{heading} (not of this template)"),
            None => heading.clone(),
        };
        let names: Vec<String> = headings.iter().map(name).collect();
        let mut ours = vec![names.clone()];
        for line in lines {
            ours.push(names.iter().zip(line).map(|(name, cell)| self.own_cell(operation, name, cell)).collect());
        }
        Ok(text(&ours))
    }

    fn own_cell(&self, operation: &Operation, name: &str, cell: &str) -> String {
        match (operation.field(name).map(|field| field.kind), self.date_form, &self.list_separator) {
            (Some(FieldKind::Date), Some(form), _) => {
                Date::strptime(form, cell).map_or_else(|_| cell.to_owned(), |date| date.to_string())
            }
            (Some(FieldKind::List), _, Some(separator)) => cell.replace(separator.as_str(), LIST_SEPARATOR),
            _ => cell.to_owned(),
        }
    }
}

fn records(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(bytes);
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader.records().map(|record| record.map(cells).map_err(|error| error.to_string())).collect()
}

fn text(table: &[Vec<String>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(&mut bytes);
    let written = table.iter().try_for_each(|row| writer.write_record(row)).and_then(|()| Ok(writer.flush()?));
    written.expect("writing to memory cannot fail");
    drop(writer);
    bytes
}

/// Every cell is text (contract 4.2); the time of making is fixed, so that the same lines make the same bytes.
fn workbook(table: &[Vec<String>]) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?));
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0_u32..).zip(table) {
        for (column, cell) in (0_u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, column, cell)?;
        }
    }
    workbook.save_to_buffer()
}

fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let mut workbook = calamine::Xlsx::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let range =
        workbook.worksheet_range_at(0).ok_or("the workbook has no sheet")?.map_err(|error| error.to_string())?;
    Ok(range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect())
}

impl TryFrom<BTreeMap<String, String>> for Uploads {
    type Error = String;

    fn try_from(texts: BTreeMap<String, String>) -> Result<Self, String> {
        let mut uploads = Uploads::default();
        for (key, value) in texts {
            uploads.put(&key, &value)?;
        }
        uploads.check().map(|()| uploads)
    }
}

impl From<Uploads> for BTreeMap<String, String> {
    fn from(uploads: Uploads) -> Self {
        uploads.given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uploads(pairs: &[(&str, &str)]) -> Result<Uploads, String> {
        let texts: BTreeMap<String, String> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Uploads::try_from(texts)
    }

    const LINES: &[u8] = b"invoiceNumber,dueDate,description\nA-007,2026-05-01,\"a, b\"\nA-008,,\n";

    #[test]
    fn a_file_leaves_in_the_form_of_the_settings_and_is_read_back() {
        let create = Operation::by_name("invoices create").unwrap();
        let own = Uploads::default();
        assert_eq!(own.pack(create, "a.csv", LINES).unwrap().bytes, LINES);
        assert_eq!(own.identity(create), None);
        let changed = uploads(&[
            ("invoices create.heading.invoiceNumber", "Bill No"),
            ("invoices create.date-form", "dd/MM/yyyy"),
            ("invoices create.part", "document"),
        ])
        .unwrap();
        let packed = changed.pack(create, "a.csv", LINES).unwrap();
        assert_eq!(packed.bytes, b"Bill No,dueDate,description\nA-007,01/05/2026,\"a, b\"\nA-008,,\n");
        assert_eq!((packed.part.as_str(), packed.file_name.as_str()), ("document", "a.csv"));
        assert_eq!(changed.unpack(create, &packed.bytes).unwrap(), LINES);
        let refused = String::from_utf8(changed.unpack(create, LINES).unwrap()).unwrap();
        assert!(refused.starts_with("invoiceNumber (not of this template)"), "{refused}");
        assert!(changed.identity(create).unwrap().contains("Bill No"));
    }

    #[test]
    fn a_workbook_is_the_same_every_time_and_keeps_zeros() {
        let create = Operation::by_name("invoices create").unwrap();
        let form = uploads(&[("invoices create.format", "xlsx")]).unwrap();
        let packed = form.pack(create, "arload-1-2.csv", LINES).unwrap();
        assert_eq!(packed, form.pack(create, "arload-1-2.csv", LINES).unwrap());
        assert_eq!(packed.file_name, "arload-1-2.xlsx");
        assert!(packed.media_type.contains("spreadsheetml"));
        assert_eq!(form.unpack(create, &packed.bytes).unwrap(), LINES);
        assert!(form.unpack(create, LINES).is_err());
    }

    #[test]
    fn lists_are_joined_as_told_unless_an_item_holds_the_separator() {
        let create = Operation::by_name("customers create").unwrap();
        let form = uploads(&[("customers create.list-separator", "|")]).unwrap();
        let packed = form.pack(create, "a.csv", b"branchCodes\nPUN;NSK\n").unwrap();
        assert_eq!(packed.bytes, b"branchCodes\nPUN|NSK\n");
        assert_eq!(form.unpack(create, &packed.bytes).unwrap(), b"branchCodes\nPUN;NSK\n");
        assert!(form.pack(create, "a.csv", b"branchCodes\nP|N;NSK\n").unwrap_err().contains("list-separator"));
    }

    #[test]
    fn settings_that_make_no_file_are_refused() {
        for (pairs, part) in [
            (&[("invoices dispatch.format", "csv")][..], "posts no file"),
            (&[("invoices create", "csv")], "expected one of"),
            (&[("invoices create.format", "ods")], "expected csv or xlsx"),
            (&[("invoices create.date-form", "d/m")], "expected yyyy-MM-dd"),
            (&[("invoices create.heading.colour", "x")], "sends no such field"),
            (&[("invoices create.heading.customerName", "x")], "sends no such field"),
            (&[("invoices create.part", "a\"b")], "letters, digits"),
            (&[("invoices create.heading.igst", "cgst")], "two columns would be headed \"cgst\""),
        ] {
            let message = uploads(pairs).unwrap_err();
            assert!(message.contains(part), "{pairs:?}: {message}");
        }
    }
}
