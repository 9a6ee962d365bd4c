//! Gives columns to fields: by hand first, then by what headings mean.
//!
//! Every heading proposes the fields it may fill, surest first; a field takes the best proposal, and the others move
//! on to their next field. The one rule: proposals of equal rank are a tie and fill nothing.

use std::collections::HashMap;

use crate::config::MappingSettings;
use crate::operation::{Exporter, Field, FieldKind, Operation, Role};

use super::samples::{Values, adds_nothing};
use super::saved::SavedMapping;
use super::table::{self, Candidate, Class};
use super::{KnownUnused, Mapping, MappingError, Origin, Tie, Unknown, WhyUnused, exporter, heading, suggest, unused};

type Samples<'a> = &'a dyn Fn(usize) -> Vec<String>;

/// Unknown headings that get a suggestion, or whose values are looked at. Limit: a sheet may have 16,384 columns, and nobody reads more than these.
const MOST_SUGGESTIONS: usize = 50;

/// A column on its way to a field.
struct Column {
    key: String,
    /// The fields it may still fill, surest first.
    proposals: Vec<Candidate>,
    state: State,
    /// What its field rests on, where that is not the heading.
    origin: Option<Origin>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    Mapped,
    LeftOut,
    Tied,
    Lost,
    Repeats,
}

struct Assignment<'a> {
    operation: &'static Operation,
    headings: &'a [String],
    samples: Samples<'a>,
    columns: Vec<Column>,
    mapping: Mapping,
}

/// Maps the columns, with what each rests on; what is still missing afterwards is not looked at here.
pub(super) fn assign(
    operation: &'static Operation,
    headings: &[String],
    samples: Samples<'_>,
    settings: &MappingSettings,
) -> Result<(Mapping, Vec<Option<Origin>>), MappingError> {
    let recognised = exporter::recognise(headings);
    let exporter = recognised.as_ref().map(|(exporter, _)| *exporter);
    let columns: Vec<Column> = headings.iter().map(|text| column(operation, text, exporter)).collect();
    let mapping = Mapping {
        columns: vec![None; headings.len()],
        exporter,
        exporter_headings: recognised.map_or_else(Vec::new, |(_, shown)| shown.into_iter().map(String::from).collect()),
        decimal_comma: settings.saved.as_ref().is_some_and(|saved| saved.decimal_comma),
        ..Mapping::default()
    };
    let mut work = Assignment { operation, headings, samples, columns, mapping };
    work.map_by_hand(settings)?;
    work.set_constants(settings)?;
    work.find_item_columns();
    for column in 0..headings.len() {
        work.look_at_values(column);
    }
    work.see_currencies();
    work.leave_repetitions();
    work.let_fields_choose();
    work.drop_terms_in_words();
    work.check_constants()?;
    work.list_the_rest();
    work.note_units(settings.saved.as_ref());
    let origins = (0..headings.len()).map(|column| work.origin(column)).collect();
    Ok((work.mapping, origins))
}

fn column(operation: &'static Operation, text: &str, exporter: Option<Exporter>) -> Column {
    let key = heading::key(text);
    let not_here = unused::find(&key, exporter).is_some_and(|unused| !unused.exporters.is_empty());
    let mut proposals = if not_here { Vec::new() } else { table::candidates(operation, text, &key, exporter) };
    if proposals.is_empty()
        && let Some(field) = heading::ledger_tax(text).and_then(|head| operation.field_index(head))
    {
        proposals.push(Candidate { field, rank: (0, Class::Generic) });
    }
    Column { key, proposals, state: State::Open, origin: None }
}

impl Assignment<'_> {
    fn field(&self, index: usize) -> &'static Field {
        &self.operation.fields[index]
    }

    fn map_by_hand(&mut self, settings: &MappingSettings) -> Result<(), MappingError> {
        for (text, name) in &settings.map {
            if name.trim().is_empty() {
                self.leave_out(text)?;
                continue;
            }
            let column = self.find_heading(text)?;
            let field = self.find_field("--map", name, settings)?;
            let saved =
                settings.saved.as_ref().is_some_and(|saved| saved.columns.contains(&(text.clone(), name.clone())));
            let origin = if saved { Origin::Saved } else { Origin::ByHand };
            if let Some(other) = self.mapping.columns[column]
                && other != field
            {
                let (first, second) = (self.field(other).name, self.field(field).name);
                return Err(MappingError::ColumnTwice { heading: self.headings[column].clone(), first, second });
            }
            if let Some(other) = self.mapping.column_of(field)
                && other != column
            {
                if self.add_up(field, &[other, column]) {
                    self.mapping.extra_columns.push((column, field));
                    self.take_by_hand(column, origin);
                    continue;
                }
                return Err(MappingError::FieldTwice {
                    field: self.field(field).name,
                    first: self.headings[other].clone(),
                    second: self.headings[column].clone(),
                });
            }
            self.mapping.columns[column] = Some(field);
            self.take_by_hand(column, origin);
        }
        Ok(())
    }

    fn take_by_hand(&mut self, column: usize, origin: Origin) {
        self.columns[column].origin = Some(origin);
        self.columns[column].state = State::Mapped;
        self.columns[column].proposals.clear();
    }

    /// A column that a person gave no field stays out; one that is not there needs no leaving out.
    fn leave_out(&mut self, text: &str) -> Result<(), MappingError> {
        let column = match self.find_heading(text) {
            Ok(column) => column,
            Err(MappingError::UnknownHeading { .. }) => return Ok(()),
            Err(several) => return Err(several),
        };
        self.columns[column].state = State::LeftOut;
        self.columns[column].proposals.clear();
        let heading = crate::finding::quote(&self.headings[column]);
        self.mapping.notes.push(format!("{heading}: left out, as the mapping says"));
        Ok(())
    }

    fn find_heading(&self, text: &str) -> Result<usize, MappingError> {
        if let Some(column) = self.headings.iter().position(|heading| heading.trim() == text.trim()) {
            return Ok(column);
        }
        let normal = heading::normalise(text);
        let fits: Vec<usize> =
            (0..self.headings.len()).filter(|&column| heading::normalise(&self.headings[column]) == normal).collect();
        match fits.as_slice() {
            [column] => Ok(*column),
            [] => Err(MappingError::UnknownHeading {
                heading: text.to_string(),
                found: self.headings.to_vec(),
                suggestion: suggest::nearest(text, self.headings.iter().map(String::as_str)).map(String::from),
            }),
            several => Err(MappingError::SeveralHeadings {
                heading: text.to_string(),
                columns: several.iter().map(|&column| self.headings[column].clone()).collect(),
            }),
        }
    }

    fn find_field(&self, flag: &'static str, name: &str, settings: &MappingSettings) -> Result<usize, MappingError> {
        let name = name.trim();
        let index = self.operation.field_index(name).ok_or_else(|| MappingError::UnknownField {
            flag,
            field: name.to_string(),
            suggestion: suggest::nearest(name, self.operation.fields.iter().map(|field| field.name)),
        })?;
        let field = self.field(index);
        if field.role == Role::Guarded && !settings.allow_guarded {
            return Err(MappingError::Guarded { flag, field: field.name });
        }
        Ok(index)
    }

    fn set_constants(&mut self, settings: &MappingSettings) -> Result<(), MappingError> {
        for (name, value) in &settings.set {
            let field = self.find_field("--set", name, settings)?;
            if self.mapping.constant_of(field).is_some() {
                return Err(MappingError::ConstantTwice { field: self.field(field).name });
            }
            self.mapping.constants.push((field, value.clone()));
        }
        Ok(())
    }

    /// A constant beside a column would leave open which one counts.
    fn check_constants(&mut self) -> Result<(), MappingError> {
        for (field, _) in &self.mapping.constants {
            if let Some(column) = self.mapping.column_of(*field) {
                let heading = self.headings[column].clone();
                return Err(MappingError::ConstantAndColumn { field: self.field(*field).name, heading });
            }
            self.mapping.ties.retain(|tie| tie.field != *field);
        }
        Ok(())
    }

    fn find_item_columns(&mut self) {
        const ITEMS: &[&str] = &["itemName", "quantity", "unitPrice", "hsnSac"];
        // A return has a row for each rate of tax of an invoice.
        let by_rate = self.mapping.exporter == Some(Exporter::Gstr1);
        self.mapping.item_columns = by_rate
            || (0..self.columns.len()).any(|index| {
                let column = &self.columns[index];
                let proposed = column.proposals.first().map(|candidate| candidate.field);
                let field = self.mapping.columns[index].or(proposed).map(|field| self.field(field).name);
                let items = self.headings[index].trim_end().to_lowercase().ends_with("(items)");
                items || column.key != "rate" && field.is_some_and(|name| ITEMS.contains(&name))
            });
    }

    /// Decides ambiguous headings by what stands below or beside them.
    fn look_at_values(&mut self, index: usize) {
        if self.columns[index].state != State::Open || self.columns[index].proposals.is_empty() {
            return;
        }
        let own = self.columns[index].proposals.iter().any(|candidate| candidate.rank.1 <= Class::Exporter);
        let key = self.columns[index].key.clone();
        let decided: Option<&[&str]> = match key.as_str() {
            "amount" if self.mapping.item_columns => Some(&["lineAmount"]),
            "amount" => Some(&["netAmount"]),
            _ if own => None,
            "documentnumber" | "docno" if self.stands("reference") => Some(&[]),
            "rate" | "gst" | "tax" | "code" | "account" => self.by_values(&key, &Values::new((self.samples)(index))),
            _ => None,
        };
        if let Some(decided) = decided {
            let operation = self.operation;
            let column = &mut self.columns[index];
            column.origin = (!own).then_some(Origin::Values);
            column.proposals.retain(|candidate| decided.contains(&operation.fields[candidate.field].name));
        }
        self.see_customer_ids(index);
    }

    fn by_values(&self, key: &str, values: &Values) -> Option<&'static [&'static str]> {
        if values.is_empty() {
            return Some(&[]);
        }
        let tax_rate = match key {
            "rate" => self.stands("price") || self.stands("unitprice") || values.tax_rates(),
            "gst" => values.at_most_forty(),
            "tax" => values.at_most_forty() && values.percentages(),
            _ => false,
        };
        Some(match key {
            _ if tax_rate => &["taxRate"],
            "rate" => &["unitPrice"],
            "gst" if values.gstins() => &["customerGstin", "gstin"],
            "gst" | "tax" => &["taxTotal"],
            "code" if values.pins() && (self.stands("city") || self.stands("state")) => &["pinCode"],
            "code" => &["customerCode", "uniqueRefNo"],
            "account" if values.account_numbers() => &["accountNumber"],
            "account" => &[],
            _ => return None,
        })
    }

    fn stands(&self, key: &str) -> bool {
        self.columns.iter().any(|column| column.key == key)
    }

    /// A column of KC ids is the customer's id, whatever its heading says.
    fn see_customer_ids(&mut self, index: usize) {
        const CUSTOMER: &[&str] = &["customerCode", "customerName", "uniqueRefNo"];
        let Some(id) = self.operation.field_index("customerId") else { return };
        let proposals = &self.columns[index].proposals;
        let customer = |candidate: &Candidate| CUSTOMER.contains(&self.field(candidate.field).name);
        if proposals.first().is_some_and(customer) && Values::new((self.samples)(index)).customer_ids() {
            let rank = proposals[0].rank;
            self.columns[index].proposals = vec![Candidate { field: id, rank }];
            self.columns[index].origin = Some(Origin::Values);
            self.mapping.notes.push(format!("{}: holds customer ids", crate::finding::quote(&self.headings[index])));
        }
    }

    /// A column of currencies is the currency, whatever its heading says: dollars must not pass for rupees unseen.
    fn see_currencies(&mut self) {
        let Some(field) = self.operation.field_index("currency") else { return };
        let proposed = |column: &Column| column.proposals.iter().any(|candidate| candidate.field == field);
        if self.mapping.fills(field) || self.columns.iter().any(proposed) {
            return;
        }
        let unknown = |column: &Column| {
            column.state == State::Open && column.proposals.is_empty() && unused::find(&column.key, None).is_none()
        };
        let columns = (0..self.columns.len()).filter(|column| unknown(&self.columns[*column])).take(MOST_SUGGESTIONS);
        let currencies = columns.filter_map(|column| {
            let values = Values::new((self.samples)(column));
            values.currencies().then(|| (column, values.any_foreign()))
        });
        let currencies: Vec<(usize, bool)> = currencies.collect();
        let Some((column, _)) = currencies.iter().find(|(_, foreign)| *foreign).or(currencies.first()) else { return };
        self.columns[*column].proposals = vec![Candidate { field, rank: (0, Class::Generic) }];
        self.columns[*column].origin = Some(Origin::Values);
        self.mapping.notes.push(format!("{}: holds currencies", crate::finding::quote(&self.headings[*column])));
    }

    /// Leaves a repeated column out where it adds nothing, else both it and the first.
    fn leave_repetitions(&mut self) {
        let mut firsts: HashMap<&str, usize> = HashMap::new();
        for (second, text) in self.headings.iter().enumerate() {
            let text = text.trim();
            let base = heading::repeated(text).unwrap_or(text);
            let first = firsts.get(base).copied();
            firsts.entry(text).or_insert(second);
            let Some(first) = first else { continue };
            if self.columns[second].state != State::Open || self.columns[first].key.is_empty() {
                continue;
            }
            self.columns[second].proposals.clear();
            self.columns[second].state = State::Repeats;
            let adds_nothing = adds_nothing(&(self.samples)(first), &(self.samples)(second));
            let meant = self.columns[first].proposals.first().map(|candidate| candidate.field);
            let tied = matches!(self.columns[first].state, State::Open | State::Tied);
            if let Some(field) = meant.filter(|_| !adds_nothing && tied) {
                self.columns[first].state = State::Tied;
                self.columns[second].state = State::Tied;
                match self.mapping.ties.iter_mut().find(|tie| tie.columns.contains(&first)) {
                    Some(tie) => tie.columns.push(second),
                    None => self.mapping.ties.push(Tie { field, columns: vec![first, second] }),
                }
            }
        }
    }

    fn let_fields_choose(&mut self) {
        loop {
            let mut proposed: Vec<(usize, Candidate, usize)> = Vec::new();
            for (index, column) in self.columns.iter().enumerate().filter(|(_, column)| column.state == State::Open) {
                if let Some(candidate) = column.proposals.first() {
                    proposed.push((candidate.field, *candidate, index));
                }
            }
            if proposed.is_empty() {
                return;
            }
            proposed.sort_by_key(|(field, candidate, column)| (*field, candidate.rank, *column));
            for group in proposed.chunk_by(|one, other| one.0 == other.0) {
                self.choose(group);
            }
        }
    }

    /// Gives a field to the best of its columns; the others go on to their next field.
    fn choose(&mut self, group: &[(usize, Candidate, usize)]) {
        let (field, best, _) = group[0];
        let taken = self.mapping.column_of(field).is_some() || self.mapping.ties.iter().any(|tie| tie.field == field);
        let equal = if taken { 0 } else { group.iter().take_while(|(_, other, _)| other.rank == best.rank).count() };
        let columns: Vec<usize> = group[..equal].iter().map(|(_, _, column)| *column).collect();
        if equal == 1 || equal > 1 && self.add_up(field, &columns) {
            self.mapping.columns[columns[0]] = Some(field);
            self.mapping.extra_columns.extend(columns[1..].iter().map(|column| (*column, field)));
            self.mark(&columns, State::Mapped);
        } else if equal > 1 {
            self.mark(&columns, State::Tied);
            self.mapping.ties.push(Tie { field, columns });
        }
        for (_, _, column) in &group[equal..] {
            let column = &mut self.columns[*column];
            column.proposals.remove(0);
            if column.proposals.is_empty() {
                column.state = State::Lost;
            }
        }
    }

    fn mark(&mut self, columns: &[usize], state: State) {
        for column in columns {
            self.columns[*column].state = state;
        }
    }

    /// Whether the columns are parts of one amount: tax by ledger, SGST beside UTGST, several charges.
    fn add_up(&self, field: usize, columns: &[usize]) -> bool {
        let keys = || columns.iter().map(|column| self.columns[*column].key.as_str());
        match self.field(field).name {
            "freight" => true,
            "sgst" if columns.len() == 2 && keys().filter(|key| key.starts_with("utgst")).count() == 1 => {
                keys().all(|key| matches!(key, "sgst" | "utgst" | "sgstamount" | "utgstamount"))
            }
            "cgst" | "sgst" | "igst" => {
                columns.iter().all(|column| heading::ledger_tax(&self.headings[*column]).is_some())
            }
            _ => false,
        }
    }

    /// Terms such as `Net 30` beside a due date say nothing more and are no number of days.
    fn drop_terms_in_words(&mut self) {
        let find = |name| self.operation.field_index(name);
        let (Some(days), Some(due)) = (find("creditDays"), find("dueDate")) else { return };
        let Some(column) = self.mapping.column_of(days).filter(|_| self.mapping.fills(due)) else { return };
        let by_hand = self.columns[column].proposals.first().map(|candidate| candidate.field) != Some(days);
        if !by_hand && !Values::new((self.samples)(column)).days() {
            self.mapping.columns[column] = None;
            self.columns[column].state = State::Lost;
        }
    }

    fn list_the_rest(&mut self) {
        for (index, column) in self.columns.iter().enumerate() {
            let heading = self.headings[index].clone();
            let known = unused::find(&column.key, self.mapping.exporter);
            let meant = !table::meanings(self.operation, &column.key).is_empty();
            let why = match column.state {
                State::Mapped | State::Tied | State::LeftOut => continue,
                State::Repeats => WhyUnused::Repeats,
                State::Lost => WhyUnused::BetterColumn,
                State::Open => match known.and_then(|unused| unused.by_hand) {
                    Some(field) if self.operation.field_index(field).is_some() => WhyUnused::ByHand(field.to_string()),
                    _ if known.is_some() || meant => WhyUnused::NoField,
                    _ => {
                        let few = self.mapping.unknown.len() < MOST_SUGGESTIONS;
                        let suggestion = few.then(|| suggest::field(self.operation, &heading)).flatten();
                        let suggestion = suggestion.map(String::from);
                        self.mapping.unknown.push(Unknown { column: index, heading, suggestion });
                        continue;
                    }
                },
            };
            self.mapping.known_unused.push(KnownUnused { column: index, heading, why });
        }
    }

    /// What the field of a column rests on; none where it fills none.
    fn origin(&self, index: usize) -> Option<Origin> {
        let column = &self.columns[index];
        let by_heading = || match column.proposals.first().map(|candidate| candidate.rank.1) {
            Some(Class::Exporter) => Origin::Exporter,
            Some(Class::Exact | Class::Json) => Origin::FieldName,
            Some(Class::Generic) | None => Origin::Heading,
        };
        (column.state == State::Mapped).then(|| column.origin.unwrap_or_else(by_heading))
    }

    fn note_units(&mut self, saved: Option<&SavedMapping>) {
        self.mapping.amount_units = (0..self.columns.len()).map(|column| self.unit(column, saved)).collect();
    }

    /// The unit of an amount; what a heading says of itself cannot be taken back by a saved mapping.
    fn unit(&self, column: usize, saved: Option<&SavedMapping>) -> Option<heading::Unit> {
        let extra = self.mapping.extra_columns.iter().find(|(extra, _)| *extra == column).map(|(_, field)| *field);
        let field = self.mapping.columns[column].or(extra)?;
        let own =
            matches!(self.field(field).kind, FieldKind::Amount(_)).then(|| heading::unit(&self.headings[column]))?;
        let paise = || saved.is_some_and(|saved| saved.counts_paise(&self.headings[column]));
        own.or_else(|| paise().then_some(heading::Unit::Paise))
    }
}
