//! A mapping as a file that a person can edit: `NAME.mapping.toml`.
//!
//! Pure. Owns the form of the file, writing one from a mapping that was found, and saying whether a sheet still has the
//! headings that it was made for. What the columns mean in the end is settled like `--map`. The one rule: a sheet that
//! lacks a column of its mapping is refused, because the next best column would be a guess.

use std::collections::HashSet;
use std::fmt::Write as _;

use toml::de::{DeTable, DeValue};

use super::{Grouping, Mapping, MappingError, Unit, heading, suggest};
use crate::config::{DateOrder, values};
use crate::finding::quote;
use crate::nearest::did_you_mean;
use crate::operation::Operation;
use crate::wording::count;

/// Keys of a mapping file.
const KEYS: [&str; 9] = [
    "columns",
    "constants",
    "date-order",
    "decimal-comma",
    "paise",
    "only-amount",
    "group",
    "line-columns",
    "header-signature",
];

// Limit: more headings than this no person reads in one line.
const NAMED: usize = 10;

/// A mapping that was read from its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedMapping {
    /// The file, as messages name it.
    pub name: String,
    /// Heading and field, in the order written; an empty field leaves the column out.
    pub columns: Vec<(String, String)>,
    /// Field and the value it has in all rows.
    pub constants: Vec<(String, String)>,
    /// Whether day or month comes first in dates such as 04/05/2026.
    pub date_order: Option<DateOrder>,
    /// Whether amounts are written as in `1.234,56`.
    pub decimal_comma: bool,
    /// Headings of the columns whose amounts count paise.
    pub paise: Vec<String>,
    /// What the only amount of a sheet is.
    pub only_amount: Option<String>,
    /// Whether the rows of one document are joined into one record.
    pub group: Option<bool>,
    /// Headings of the columns whose amounts are added up over the rows of a document; none where the sheet's own
    /// amounts must show it.
    pub line_columns: Option<Vec<String>>,
    /// All headings of the sheet that the mapping was made for; empty where it does not say.
    pub headings: Vec<String>,
}

/// A line of a mapping file that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl SavedMapping {
    /// Reads the text of a mapping file; `name` is what messages call it.
    pub fn parse(text: &str, name: &str) -> Result<SavedMapping, Misread> {
        // Editors leave a byte order mark behind.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let line = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let misread = |at: usize, what: String| Misread { line: line(at), what };
        let table = DeTable::parse(text).map_err(|error| {
            let what = error.message().lines().next().unwrap_or("not valid TOML").to_owned();
            misread(error.span().map_or(0, |span| span.start), what)
        })?;
        let mut saved = SavedMapping { name: name.to_owned(), ..SavedMapping::default() };
        for (key, value) in table.get_ref() {
            let read = saved.take(key.get_ref(), value.get_ref());
            read.map_err(|(at, what)| misread(at.unwrap_or(key.span().start), what))?;
        }
        if saved.line_columns.is_some() && saved.group != Some(true) {
            let at = table.get_ref().iter().find(|(key, _)| key.get_ref() == "line-columns");
            let at = at.map_or(0, |(key, _)| key.span().start);
            return Err(misread(at, "line-columns: needs group = true beside it".to_owned()));
        }
        if saved.says_nothing() {
            return Err(misread(0, "says nothing; expected a table [columns] with \"Heading\" = \"field\"".to_owned()));
        }
        Ok(saved)
    }

    /// Takes one key of the file; a refusal may know a better place than the key's.
    fn take(&mut self, key: &str, value: &DeValue<'_>) -> Result<(), (Option<usize>, String)> {
        let form = |expected: &str| (None, format!("{key}: found {}, expected {expected}", value.type_str()));
        let own = |what: String| (None, format!("{key}: {what}"));
        match key {
            "columns" | "constants" => {
                let table = value.as_table().ok_or_else(|| form("a table"))?;
                let pairs = pairs(key, table).map_err(|(at, what)| (Some(at), what))?;
                if key == "columns" { self.columns = pairs } else { self.constants = pairs }
            }
            "date-order" => {
                let text = value.as_str().ok_or_else(|| form("\"dmy\", \"mdy\" or \"ymd\""))?;
                self.date_order = Some(values::date_order(text).map_err(own)?);
            }
            "only-amount" => {
                let text = value.as_str().ok_or_else(|| form("\"baseAmount\" or \"netAmount\""))?;
                self.only_amount = Some(values::only_amount(text).map_err(own)?);
            }
            "decimal-comma" => {
                self.decimal_comma = value.as_bool().ok_or_else(|| form("true or false without quotes"))?;
            }
            "paise" => self.paise = texts(value).ok_or_else(|| form("a list of headings in quotes"))?,
            "group" => {
                self.group = Some(value.as_bool().ok_or_else(|| form("true or false without quotes"))?);
            }
            "line-columns" => {
                self.line_columns = Some(texts(value).ok_or_else(|| form("a list of headings in quotes"))?);
            }
            "header-signature" => self.headings = texts(value).ok_or_else(|| form("a list of headings in quotes"))?,
            _ => {
                let near = did_you_mean(key, KEYS.into_iter());
                return Err((None, format!("unknown key {}{near}", quote(key))));
            }
        }
        Ok(())
    }

    /// Whether the file changes nothing of how a sheet is read; a list of headings alone does not.
    fn says_nothing(&self) -> bool {
        let Self { name: _, headings: _, columns, constants, date_order, decimal_comma, paise, .. } = self;
        let units = date_order.is_none() && !decimal_comma && paise.is_empty() && self.only_amount.is_none();
        columns.is_empty() && constants.is_empty() && self.group.is_none() && units
    }

    /// Whether a heading's amounts count paise.
    pub(super) fn counts_paise(&self, heading: &str) -> bool {
        self.paise.iter().any(|listed| same(listed) == same(heading))
    }

    /// Refuses a sheet that the mapping does not fit; says what is new or gone and harmless.
    pub(super) fn fit(&self, operation: &Operation, headings: &[String]) -> Result<Vec<String>, MappingError> {
        self.know_fields(operation)?;
        let there: HashSet<String> = headings.iter().map(|heading| same(heading)).collect();
        let mapped = || self.columns.iter().filter(|(_, field)| !field.is_empty()).map(|(heading, _)| heading);
        let lines = || self.line_columns.iter().flatten();
        let listed = mapped().chain(&self.paise).chain(lines()).chain(&self.headings);
        let known: HashSet<String> = listed.map(|heading| same(heading)).collect();
        let (mut gone, mut seen) = (Vec::new(), HashSet::new());
        for heading in mapped().chain(&self.paise).chain(lines()) {
            if !there.contains(&same(heading)) && seen.insert(same(heading)) {
                gone.push(heading.as_str());
            }
        }
        // Without a signature every column that is not mapped would look new.
        let compared = !self.headings.is_empty();
        let is_new = |heading: &&String| compared && !heading.trim().is_empty() && !known.contains(&same(heading));
        let new: Vec<&str> = headings.iter().filter(is_new).map(String::as_str).collect();
        if !gone.is_empty() {
            let new = if new.is_empty() { String::new() } else { format!("; new: {}", list(&new)) };
            return Err(MappingError::Saved {
                what: format!("the mapping {} no longer fits: gone: {}{new}", self.name, list(&gone)),
                hint: format!("correct the headings in {}, or leave --mapping out", self.name),
            });
        }
        let mut notes = Vec::new();
        let mut note = |what: &str, headings: &[&str]| {
            if !headings.is_empty() {
                let columns = count(headings.len() as u64, "column");
                notes.push(format!("{}: {columns} {what} since it was saved: {}", self.name, list(headings)));
            }
        };
        note("new", &new);
        let unused = self.headings.iter().filter(|heading| !there.contains(&same(heading)));
        note("gone", &unused.map(String::as_str).collect::<Vec<_>>());
        Ok(notes)
    }

    fn know_fields(&self, operation: &Operation) -> Result<(), MappingError> {
        let columns = self.columns.iter().map(|(_, field)| field).filter(|field| !field.is_empty());
        for field in columns.chain(self.constants.iter().map(|(field, _)| field)) {
            if operation.field_index(field).is_none() {
                let near = suggest::nearest(field, operation.fields.iter().map(|field| field.name));
                let (resource, verb) = (operation.resource, operation.verb);
                return Err(MappingError::Saved {
                    what: format!("{}: no field is called {}", self.name, quote(field)),
                    hint: near.map_or_else(
                        || format!("\"arload {resource} {verb} --help\" ends with the list of fields"),
                        |near| format!("did you mean {near}?"),
                    ),
                });
            }
        }
        Ok(())
    }
}

/// Writes a mapping that was found as a file for [`SavedMapping::parse`], with what a person may want to change.
pub fn from_mapping(
    operation: &Operation,
    headings: &[String],
    mapping: &Mapping,
    date_order: Option<DateOrder>,
) -> String {
    let mut file =
        format!("# How a sheet becomes \"{}\"; --mapping with this file's name uses it.\n\n", operation.name());
    file.push_str(
        "# Whether 04/05/2026 is in May (dmy) or in April (mdy); left out, each column's own dates decide.\n",
    );
    match date_order {
        Some(order) => line(&mut file, &format!("date-order = \"{}\"", order_name(order))),
        None => line(&mut file, "#date-order = \"dmy\""),
    }
    line(&mut file, "# Whether amounts are written as in 1.234,56.");
    line(&mut file, if mapping.decimal_comma { "decimal-comma = true" } else { "#decimal-comma = true" });
    line(&mut file, "# Headings of the columns whose amounts count paise.");
    let counts_paise = |column: &usize| mapping.amount_units.get(*column) == Some(&Some(Unit::Paise));
    let paise: Vec<&String> = (0..headings.len()).filter(counts_paise).map(|column| &headings[column]).collect();
    line(&mut file, &format!("{}paise = [{}]", if paise.is_empty() { "#" } else { "" }, joined(&paise)));
    if mapping.item_columns || mapping.grouping.is_some() {
        write_lines(&mut file, headings, mapping.grouping.as_ref());
    }
    line(&mut file, "# The headings it was made for: a sheet without a mapped one is refused, a new one is told.");
    let all: Vec<&String> = headings.iter().filter(|heading| !heading.trim().is_empty()).collect();
    line(&mut file, &format!("header-signature = [{}]", joined(&all)));

    line(&mut file, "\n# Heading and the field it fills; an empty field leaves the column out.\n[columns]");
    let mut written = HashSet::new();
    for (column, heading) in headings.iter().enumerate().filter(|(_, heading)| !heading.trim().is_empty()) {
        let extra = mapping.extra_columns.iter().find(|(extra, _)| *extra == column).map(|(_, field)| *field);
        let field = mapping.columns.get(column).copied().flatten().or(extra);
        if let Some(field) = field.filter(|_| written.insert(heading.trim())) {
            line(&mut file, &format!("{} = \"{}\"", in_quotes(heading), operation.fields[field].name));
        }
    }
    for tie in &mapping.ties {
        let tied: Vec<&String> = tie.columns.iter().filter_map(|column| headings.get(*column)).collect();
        let field = operation.fields[tie.field].name;
        line(&mut file, &format!("# {field} may be any of {}", joined(&tied)));
    }
    for unknown in &mapping.unknown {
        let field = unknown.suggestion.as_deref().unwrap_or_default();
        line(&mut file, &format!("#{} = \"{field}\"", in_quotes(&unknown.heading)));
    }

    line(&mut file, "\n# Field and the value it has in all rows.\n[constants]");
    for (field, value) in &mapping.constants {
        line(&mut file, &format!("{} = {}", operation.fields[*field].name, in_quotes(value)));
    }
    file
}

/// A saved mapping that says why joining is not switched on in it; none where there is nothing to say.
pub fn explain_lines(file: &str, why: &str) -> Option<String> {
    let at = file.find(JOINING_OFF)?;
    let (before, after) = file.split_at(at + 1);
    Some(format!("{before}# Not switched on, because nobody asked for it: {why}.\n{after}"))
}

/// The line of a saved mapping that leaves joining to a person, with the end of the line above.
const JOINING_OFF: &str = "\n#group = true\n";

/// Whether rows are joined, and which columns are summed; switched on only where it was in use.
fn write_lines(file: &mut String, headings: &[String], grouping: Option<&Grouping>) {
    line(file, "# Whether several rows with one number are lines of one invoice, to be joined into one record.");
    line(file, if grouping.is_some() { "group = true" } else { "#group = true" });
    line(file, "# Headings of the columns that are summed over the lines; left out, the sheet's own amounts show it.");
    let summed = grouping.map_or(&[][..], |grouping| &grouping.line_columns);
    let summed: Vec<&String> = summed.iter().filter_map(|column| headings.get(*column)).collect();
    let told = grouping.is_some_and(|grouping| grouping.told);
    line(file, &format!("{}line-columns = [{}]", if told { "" } else { "#" }, joined(&summed)));
}

fn line(file: &mut String, text: &str) {
    file.push_str(text);
    file.push('\n');
}

fn order_name(order: DateOrder) -> &'static str {
    match order {
        DateOrder::Dmy => "dmy",
        DateOrder::Mdy => "mdy",
        DateOrder::Ymd => "ymd",
    }
}

/// The pairs of a table in the order written; the library sorts keys by name.
fn pairs(table_name: &str, table: &DeTable<'_>) -> Result<Vec<(String, String)>, (usize, String)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(left, _)| left.span().start);
    let pair = |(left, right): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
        let at = left.span().start;
        let key = left.get_ref().trim().to_owned();
        if KEYS.contains(&key.as_str()) {
            return Err((at, format!("{key}: stands below [{table_name}]; put it above the first table")));
        }
        let right = match right.get_ref() {
            DeValue::String(text) => text.trim().to_owned(),
            DeValue::Boolean(on) if table_name == "constants" => on.to_string(),
            DeValue::Integer(number) if table_name == "constants" && number.radix() == 10 => {
                number.as_str().replace('_', "")
            }
            DeValue::Float(number) if table_name == "constants" => number.as_str().replace('_', ""),
            other => {
                let found = other.type_str();
                return Err((at, format!("{table_name}: {}: found {found}, expected text in quotes", quote(&key))));
            }
        };
        Ok((key, right))
    };
    entries.into_iter().map(pair).collect()
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}

/// What headings are compared by; one that is all signs is compared as it stands.
pub(super) fn same(heading: &str) -> String {
    let normal = heading::normalise(heading);
    if normal.is_empty() { heading.trim().to_owned() } else { normal }
}

/// Headings as messages name them.
fn list(headings: &[&str]) -> String {
    let named: Vec<String> = headings.iter().take(NAMED).map(|heading| quote(heading)).collect();
    let more = headings.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", named.join(", ")) } else { named.join(", ") }
}

fn joined(headings: &[&String]) -> String {
    headings.iter().map(|heading| in_quotes(heading)).collect::<Vec<_>>().join(", ")
}

/// A text as TOML writes it on one line.
fn in_quotes(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.trim().chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => {
                write!(quoted, "\\U{:08X}", u32::from(character)).expect("writing into memory cannot fail");
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MappingSettings;
    use crate::mapping::map_columns;

    fn invoices() -> &'static Operation {
        Operation::by_name("invoices create").unwrap()
    }

    fn headings(row: &str) -> Vec<String> {
        row.split('|').map(str::to_owned).collect()
    }

    fn map_by(text: &str, row: &str) -> Result<Mapping, MappingError> {
        let saved = SavedMapping::parse(text, "t.mapping.toml").unwrap();
        let settings = MappingSettings {
            map: saved.columns.clone(),
            set: saved.constants.clone(),
            only_amount: saved.only_amount.clone(),
            group: saved.group == Some(true),
            saved: Some(saved),
            ..MappingSettings::default()
        };
        map_columns(invoices(), &headings(row), &|_| Vec::new(), &settings)
    }

    fn names(mapping: &Mapping) -> Vec<&'static str> {
        mapping.columns.iter().map(|field| field.map_or("-", |field| invoices().fields[field].name)).collect()
    }

    #[test]
    fn every_key_of_the_file_is_read() {
        let text = "date-order = \"mdy\"\ndecimal-comma = true\npaise = [\"TDS\"]\nonly-amount = \"baseAmount\"\n\
                    header-signature = [\"Bill\", \"Amt\"]\n[columns]\n\"Bill\" = \"invoiceNumber\"\n\"Amt\" = \"\"\n\
                    [constants]\ngstExclusive = true\ntds = 0\nfreight = 1.50\n";
        let saved = SavedMapping::parse(text, "t").unwrap();
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(left, right)| ((*left).to_owned(), (*right).to_owned())).collect()
        };
        assert_eq!(saved.columns, own(&[("Bill", "invoiceNumber"), ("Amt", "")]));
        assert_eq!(saved.constants, own(&[("gstExclusive", "true"), ("tds", "0"), ("freight", "1.50")]));
        assert_eq!((saved.date_order, saved.decimal_comma), (Some(DateOrder::Mdy), true));
        assert_eq!((saved.paise, saved.only_amount), (vec!["TDS".to_owned()], Some("baseAmount".to_owned())));
        assert_eq!(saved.headings, ["Bill", "Amt"]);
    }

    #[test]
    fn a_file_may_say_that_lines_are_joined_and_which_columns_are_summed() {
        let row = "Bill|Party|On|By|Worth|CGST|Item Name|Item Desc";
        let plain = map_by(GOOD, row).unwrap();
        assert!(plain.grouping.is_none() && plain.item_columns);
        let text = from_mapping(invoices(), &headings(row), &plain, None);
        assert!(text.contains("\n#group = true\n") && text.contains("\n#line-columns = []\n"), "{text}");

        let untold = map_by(&format!("group = true\n{GOOD}"), row).unwrap();
        assert_eq!(untold.grouping, Some(Grouping::default()));
        let told = map_by(&format!("group = true\nline-columns = [\"cgst\", \"Worth\"]\n{GOOD}"), row).unwrap();
        assert_eq!(told.grouping, Some(Grouping { line_columns: vec![4, 5], told: true }));
        let none = map_by(&format!("group = true\nline-columns = []\n{GOOD}"), row).unwrap();
        assert_eq!(none.grouping, Some(Grouping { line_columns: Vec::new(), told: true }));
        for found in [untold, told, none] {
            let text = from_mapping(invoices(), &headings(row), &found, None);
            let read = map_by(&text, row).unwrap();
            assert_eq!(read.grouping, found.grouping, "{text}");
        }
        assert_eq!(SavedMapping::parse("group = true", "t").unwrap().group, Some(true));

        for (columns, message) in [
            ("[\"Item Name\"]", "t.mapping.toml: line-columns: \"Item Name\" fills no amount"),
            ("[\"Gone\"]", "the mapping t.mapping.toml no longer fits: gone: \"Gone\""),
        ] {
            let error = map_by(&format!("group = true\nline-columns = {columns}\n{GOOD}"), row).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn a_file_of_one_key_is_a_mapping_and_headings_alone_are_none() {
        let row = "Invoice No|Customer Code|Invoice Date|Due Date|Taxable Value";
        for (text, paise) in [
            ("paise = [\"Taxable Value\"]", true),
            ("decimal-comma = true", false),
            ("date-order = \"mdy\"", false),
            ("only-amount = \"baseAmount\"", false),
            ("group = false", false),
        ] {
            let mapping = map_by(text, row).unwrap();
            let unit = paise.then_some(Unit::Paise);
            assert_eq!(mapping.amount_units.get(4).copied().flatten(), unit, "{text}");
            assert_eq!(names(&mapping)[4], "baseAmount", "{text}");
        }
        for text in ["", "paise = []", "decimal-comma = false", "header-signature = [\"A\"]", "[columns]"] {
            let misread = SavedMapping::parse(text, "t").unwrap_err();
            assert!(misread.what.starts_with("says nothing; "), "{text}: {}", misread.what);
        }
    }

    #[test]
    fn a_saved_mapping_says_why_joining_is_off_where_it_is() {
        let off = "# Lines?\n#group = true\n";
        for (file, explained) in [
            (off, Some("# Lines?\n# Not switched on, because nobody asked for it: 2 rows go on.\n#group = true\n")),
            ("# Lines?\ngroup = true\n", None),
            ("", None),
        ] {
            assert_eq!(explain_lines(file, "2 rows go on").as_deref(), explained, "{file}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, line, what) in [
            ("\u{FEFF}\ncolumn = {}", 2, "unknown key"),
            ("", 1, "says nothing; expected a table [columns]"),
            ("header-signature = [\"A\"]", 1, "says nothing"),
            ("[columns]\nBill No = \"invoiceNumber\"", 2, ""),
            ("[columns]\n\"A\" = 1", 2, "columns: \"A\": found integer, expected text in quotes"),
            ("[columns]\n\"A\" = \"tds\"\n\"A\" = \"tcs\"", 3, "duplicate key"),
            ("[columns]\n\"A\" = \"tds\"\ndate-order = \"dmy\"", 3, "date-order: stands below [columns]; put it above"),
            ("columns = \"A\"", 1, "columns: found string, expected a table"),
            ("\ndate-order = \"dym\"\n[columns]", 2, "date-order: \"dym\" is not a date order"),
            ("decimal-comma = \"yes\"", 1, "decimal-comma: found string, expected true or false without quotes"),
            ("paise = \"TDS\"", 1, "paise: found string, expected a list"),
            ("column = {}", 1, "unknown key \"column\"; did you mean columns?"),
            ("group = \"true\"", 1, "group: found string, expected true or false without quotes"),
            ("group = true\nline-columns = \"Net\"", 2, "line-columns: found string, expected a list of headings"),
            ("\nline-columns = [\"Net\"]\n[columns]\n\"A\" = \"tds\"", 2, "line-columns: needs group = true beside it"),
        ] {
            let misread = SavedMapping::parse(text, "t").unwrap_err();
            assert!(misread.line == line && misread.what.starts_with(what), "{text}: {misread:?}");
        }
    }

    const GOOD: &str = "[columns]\n\"Bill\" = \"invoiceNumber\"\n\"Party\" = \"customerCode\"\n\"On\" = \"invoiceDate\"\n\
                        \"By\" = \"dueDate\"\n\"Worth\" = \"baseAmount\"\n";

    #[test]
    fn a_saved_mapping_gives_columns_units_and_signs() {
        let text = format!("decimal-comma = true\npaise = [\"Worth\"]\n{GOOD}\"Our Ref\" = \"\"\n");
        let mapping = map_by(&text, "Bill|party |On|By|Worth|Our Ref|TDS").unwrap();
        let fields = ["invoiceNumber", "customerCode", "invoiceDate", "dueDate", "baseAmount", "-", "tds"];
        assert_eq!(names(&mapping), fields);
        assert!(mapping.decimal_comma);
        assert_eq!(mapping.amount_units[4..], [Some(Unit::Paise), None, None]);
        assert_eq!(mapping.notes, ["\"Our Ref\": left out, as the mapping says"]);
    }

    #[test]
    fn a_sheet_that_no_longer_fits_is_refused_with_the_headings_that_changed() {
        let text = format!("header-signature = [\"Bill\", \"Party\", \"On\", \"By\", \"Worth\", \"Old\"]\n{GOOD}");
        let error = map_by(&text, "Bill No|Party|On|By|Value|Old").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the mapping t.mapping.toml no longer fits: gone: \"Bill\", \"Worth\"; new: \"Bill No\", \"Value\""
        );
        assert_eq!(error.hint().unwrap(), "correct the headings in t.mapping.toml, or leave --mapping out");
        let notes = map_by(&text, "By|On|Bill|PARTY|Worth|Added|").unwrap().notes;
        assert_eq!(
            notes,
            [
                "t.mapping.toml: 1 column new since it was saved: \"Added\"",
                "t.mapping.toml: 1 column gone since it was saved: \"Old\""
            ]
        );
        let without = map_by(GOOD, "Bill|Party|On|By|Worth|Added").unwrap();
        assert_eq!(without.notes, [""; 0]);
        let paise = format!("paise = [\"Old\"]\n{GOOD}");
        assert!(map_by(&paise, "Bill|Party|On|By|Worth").unwrap_err().to_string().ends_with("gone: \"Old\""));
    }

    #[test]
    fn a_field_that_does_not_exist_is_named_with_the_file() {
        let error = map_by("[columns]\n\"Bill\" = \"invoiceNo\"\n", "Bill").unwrap_err();
        assert_eq!(error.to_string(), "t.mapping.toml: no field is called \"invoiceNo\"");
        let error = map_by("[constants]\nfrobnicate = 1\n", "Bill").unwrap_err();
        assert_eq!(error.hint().unwrap(), "\"arload invoices create --help\" ends with the list of fields");
    }

    #[test]
    fn what_was_found_is_written_and_read_back_the_same() {
        for row in [
            "Bill No|Customer Code|Invoice Date|Due Date|Taxable Value|TDS (paise)|Mystery \"x\" \\|Total",
            "Bill\nNo|Customer Code|Invoice Date|Due Date|Taxable Value|Output CGST 9%|Output CGST 14%|Due||Cess",
            "Invoice Number|Customer Id|Invoice Date|Due Date|Taxable Value|Freight|Packing & Forwarding|IGST",
        ] {
            let row = headings(row);
            let settings = MappingSettings {
                set: vec![("gstExclusive".to_owned(), "true \"\\".to_owned())],
                ..MappingSettings::default()
            };
            let found = map_columns(invoices(), &row, &|_| Vec::new(), &settings).unwrap();
            let text = from_mapping(invoices(), &row, &found, Some(DateOrder::Ymd));
            let read = map_by(&text, &row.join("|")).unwrap();
            assert_eq!(SavedMapping::parse(&text, "t").unwrap().date_order, Some(DateOrder::Ymd));
            assert_eq!((&read.columns, &read.constants), (&found.columns, &found.constants), "{text}");
            assert_eq!(
                (&read.extra_columns, &read.amount_units),
                (&found.extra_columns, &found.amount_units),
                "{text}"
            );
            assert_eq!(read.notes, found.notes, "{text}");
        }
    }
}
