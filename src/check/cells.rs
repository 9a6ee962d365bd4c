//! Reads all cells of a row by the mapping: one typed [`Value`] for each field of the operation.

use std::borrow::Cow;

use jiff::civil::Date;

use super::Findings;
use super::dates::ColumnOrder;
use super::document::Document;
use super::names::Names;
use super::quick;
use super::sums;
use super::value::{self, AmountStyle, Fault, Faults};
use crate::config::DateOrder;
use crate::finding::Code;
use crate::mapping::{Mapping, Unit};
use crate::money::Money;
use crate::operation::{FieldKind, Operation, Role};
use crate::sheet::{Cell, CellKind, RowBlock};

/// From the first day of Excel's 1900 system to that of its 1904 system.
const DAYS_BETWEEN_EPOCHS: u32 = 1462;

/// A field's value in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'b> {
    /// Not given.
    Blank,
    /// Given, and unusable; at least one finding says why.
    Bad,
    /// Text, normalised.
    Text(Cow<'b, str>),
    /// An amount.
    Amount(Money),
    /// A date.
    Date(Date),
    /// A yes or a no.
    Bool(bool),
    /// A number of days, or another whole number.
    Days(i32),
    /// To be emptied.
    Clear,
}

/// What a cell says to have a field emptied.
pub(super) const CLEAR: &str = "<clear>";

/// One row with its values, by field of the operation.
pub(super) struct Row<'b> {
    operation: &'static Operation,
    names: &'b Names,
    columns: &'b [Option<u16>],
    /// One for each field.
    pub(super) values: Vec<Value<'b>>,
    /// The cells as read, for rules that look at their spelling.
    block: &'b RowBlock,
    index: usize,
    /// How many rows of the sheet it stands for.
    pub(super) lines: u32,
    /// Whether some value may be bad.
    maybe_bad: bool,
}

/// Where a field's value comes from.
#[derive(Debug, Clone)]
struct Input {
    field: usize,
    from: From,
    kind: FieldKind,
    order: DateOrder,
    style: AmountStyle,
}

#[derive(Debug, Clone)]
enum From {
    Column(usize),
    Constant(String),
}

/// Knows where each field of a sheet stands.
pub(super) struct Cells<'a> {
    operation: &'static Operation,
    names: Names,
    inputs: Vec<Input>,
    /// By field: its first column.
    columns: Vec<Option<u16>>,
    /// Fields that take another field's value where they are blank.
    stand_ins: &'a [(usize, usize)],
}

impl<'a> Cells<'a> {
    pub(super) fn new(operation: &'static Operation, mapping: &'a Mapping, orders: &[ColumnOrder]) -> Self {
        let mut inputs = Vec::new();
        let mut columns = vec![None; operation.fields.len()];
        let mapped =
            mapping.columns.iter().enumerate().filter_map(|(column, field)| field.map(|field| (column, field)));
        for (column, field) in mapped.chain(mapping.extra_columns.iter().copied()) {
            columns[field].get_or_insert(column as u16);
            let order = orders.iter().find(|order| order.column == column).map_or(DateOrder::Dmy, |order| order.order);
            let paise = mapping.amount_units.get(column).copied().flatten() == Some(Unit::Paise);
            inputs.push(Input {
                field,
                from: From::Column(column),
                kind: operation.fields[field].kind,
                order,
                style: AmountStyle { paise, decimal_comma: mapping.decimal_comma },
            });
        }
        for (field, value) in &mapping.constants {
            inputs.push(Input {
                field: *field,
                from: From::Constant(value.clone()),
                kind: operation.fields[*field].kind,
                order: DateOrder::Dmy,
                style: AmountStyle::default(),
            });
        }
        Self { operation, names: Names::new(operation), inputs, columns, stand_ins: &mapping.stand_ins }
    }

    /// Fields that have a column, a constant or a stand-in.
    pub(super) fn fields(&self) -> impl Iterator<Item = usize> {
        self.inputs.iter().map(|input| input.field).chain(self.stand_ins.iter().map(|(field, _)| *field))
    }

    /// The first column of a field.
    pub(super) fn column(&self, field: usize) -> Option<u16> {
        self.columns[field]
    }

    /// What a cell says of its field; where the operation can, that it is to be emptied.
    fn read_value<'b>(&self, cell: Cell<'b>, input: &Input, faults: &mut Faults) -> Value<'b> {
        if !self.operation.clears() || !cell.text.trim().eq_ignore_ascii_case(CLEAR) {
            return read_value(cell, (input.kind, input.order, input.style), faults);
        }
        if self.operation.can_clear(&self.operation.fields[input.field]) {
            return Value::Clear;
        }
        let hint = "leave the cell blank to leave the field as it is";
        faults.push(Fault::new(Code::ClearNotAllowed, format!("{CLEAR}: this field cannot be emptied")).hint(hint));
        Value::Bad
    }

    /// Reads a row, or a document that it stands for; `values` are those of a row before, whose memory is used again.
    pub(super) fn read<'b>(
        &'b self,
        block: &'b RowBlock,
        index: usize,
        document: Option<&Document>,
        (mut values, findings): (Vec<Value<'b>>, &mut Findings<'_>),
    ) -> Row<'b> {
        values.clear();
        values.resize_with(self.operation.fields.len(), || Value::Blank);
        let mut faults = Faults::new();
        let mut maybe_bad = false;
        let is_plain = document.is_none() && quick::is_plain_row(block.row(index).0);
        for input in &self.inputs {
            let (cell, column) = match &input.from {
                From::Column(column) => (block.cell(index, *column), Some(*column as u16)),
                From::Constant(text) => (Cell { text, kind: CellKind::Text }, None),
            };
            if is_plain
                && column.is_some()
                && cell.kind == CellKind::Text
                && let Some(value) = quick::read(cell.text, input.kind, input.order, input.style)
                && matches!(values[input.field], Value::Blank)
                && (!self.operation.clears() || cell.text != CLEAR)
            {
                values[input.field] = value;
                continue;
            }
            let bad = document.zip(column).is_some_and(|(document, column)| document.bad.contains(&column));
            let value = if bad {
                Value::Bad
            } else if input.kind == FieldKind::Date && block.from_1904 && cell.kind == CellKind::Number {
                let text = from_1904(cell.text);
                let shifted = Cell { text: &text, ..cell };
                value::date(shifted, input.order, &mut faults).map_or(Value::Bad, Value::Date)
            } else {
                self.read_value(cell, input, &mut faults)
            };
            if !faults.is_empty() {
                let name = self.operation.fields[input.field].name;
                for Fault { code, message, hint } in faults.drain(..) {
                    findings.add(code, name, column, message, hint);
                }
            }
            maybe_bad |= matches!(value, Value::Bad);
            join(&mut values[input.field], value);
        }
        for (field, from) in self.stand_ins {
            // Credit days become a date only with the invoice date, see the rules between cells.
            if values[*field] == Value::Blank && matches!(values[*from], Value::Text(_)) {
                values[*field] = values[*from].clone();
            }
        }
        let lines = document.map_or(1, |document| document.lines);
        let (operation, names, columns) = (self.operation, &self.names, self.columns.as_slice());
        Row { operation, names, columns, values, block, index, lines, maybe_bad }
    }
}

/// A count of days from 1904 as one from 1900; whatever else stands there is left as it is.
fn from_1904(text: &str) -> Cow<'_, str> {
    let (days, time) = text.split_once('.').unwrap_or((text, ""));
    match days.parse::<u32>().ok().and_then(|days| days.checked_add(DAYS_BETWEEN_EPOCHS)) {
        Some(days) if time.is_empty() => days.to_string().into(),
        Some(days) => format!("{days}.{time}").into(),
        None => text.into(),
    }
}

/// Joins the value of a further column of the same field: amounts add up, the first text stands.
fn join<'b>(value: &mut Value<'b>, further: Value<'b>) {
    match (&mut *value, further) {
        (Value::Amount(sum), Value::Amount(amount)) => sum.0 = sum.0.saturating_add(amount.0),
        (Value::Blank, further) | (_, further @ Value::Bad) => *value = further,
        _ => {}
    }
}

/// What a cell says of a field of a kind.
pub(super) fn read_value<'b>(
    cell: Cell<'b>,
    (kind, order, style): (FieldKind, DateOrder, AmountStyle),
    faults: &mut Faults,
) -> Value<'b> {
    let before = faults.len();
    // Most codes stand in the sheet as they are sent.
    let code = |code: &str| {
        let text = if cell.text == code { Cow::Borrowed(cell.text) } else { Cow::Owned(code.to_owned()) };
        Value::Text(text)
    };
    let value = match kind {
        FieldKind::Text(most) => value::text(cell, most, faults).map(Value::Text),
        FieldKind::Identifier(most) => value::reference(cell, most, faults).map(Value::Text),
        FieldKind::List => value::list(cell, faults).map(Value::Text),
        FieldKind::Amount(sign) => value::amount(cell, style, faults)
            .filter(|money| value::amount_sign(*money, sign, faults))
            .map(Value::Amount),
        FieldKind::Days => value::days(cell, faults).map(Value::Days),
        FieldKind::Whole => value::whole(cell, faults).map(Value::Days),
        FieldKind::TimeOfDay => value::time_of_day(cell, faults).map(|time| Value::Text(time.into())),
        FieldKind::RecordId => value::record_id(cell, faults).map(Value::Text),
        FieldKind::Date => value::date(cell, order, faults).map(Value::Date),
        FieldKind::Bool => value::boolean(cell, faults).map(Value::Bool),
        // Whatever has not the shape of an id is a code, a GSTIN or a name: the directory decides.
        FieldKind::CustomerId => value::reference(cell, 200, faults).map(Value::Text),
        FieldKind::CompanyId => value::company_id(cell, faults).map(|id| code(id.as_str())),
        FieldKind::InvoiceNumber => value::invoice_number(cell, faults).map(Value::Text),
        FieldKind::Gstin => value::gstin(cell, faults).map(|gstin| code(gstin.as_str())),
        FieldKind::Pan => value::pan(cell, faults).map(|pan| code(pan.as_str())),
        FieldKind::PanOrGstin => value::pan_or_gstin(cell, faults).map(|either| code(either.as_str())),
        FieldKind::Ifsc => value::ifsc(cell, faults).map(|ifsc| code(ifsc.as_str())),
        FieldKind::AccountNumber => value::account_number(cell, faults).map(Value::Text),
        FieldKind::Pin => value::pin(cell, faults).map(|pin| code(pin.as_str())),
        FieldKind::Mobile => value::mobile(cell, faults).map(|mobile| code(mobile.as_str())),
        FieldKind::Phone => value::phone(cell, faults).map(|phone| code(phone.as_str())),
        FieldKind::Email => value::email(cell, faults).map(Value::Text),
        FieldKind::Enum(values) => value::one_of(cell, values, faults).map(|found| Value::Text(Cow::Borrowed(found))),
    };
    match value {
        Some(value) => value,
        None if faults.len() > before => Value::Bad,
        None => Value::Blank,
    }
}

impl<'b> Row<'b> {
    #[inline]
    fn index(&self, name: &str) -> Option<usize> {
        self.names.index(name)
    }

    /// The value of a field; blank where the operation has no such field.
    #[inline]
    pub(super) fn value(&self, name: &str) -> &Value<'b> {
        self.index(name).map_or(&Value::Blank, |index| &self.values[index])
    }

    /// Sets a field that other fields lead to.
    #[inline]
    pub(super) fn set(&mut self, name: &str, value: Value<'b>) {
        if let Some(index) = self.index(name) {
            self.maybe_bad |= matches!(value, Value::Bad);
            self.values[index] = value;
        }
    }

    /// The text of a field; empty where it is blank, bad or no text.
    #[inline]
    pub(super) fn text(&self, name: &str) -> &str {
        match self.value(name) {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// The amount of a field.
    #[inline]
    pub(super) fn amount(&self, name: &str) -> Option<Money> {
        match self.value(name) {
            Value::Amount(money) => Some(*money),
            _ => None,
        }
    }

    /// The date of a field.
    #[inline]
    pub(super) fn date(&self, name: &str) -> Option<Date> {
        match self.value(name) {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// The yes or no of a field.
    #[inline]
    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        match self.value(name) {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Whether a field was not given.
    #[inline]
    pub(super) fn is_blank(&self, name: &str) -> bool {
        matches!(self.value(name), Value::Blank)
    }

    /// Whether the sheet has no column for a field.
    #[inline]
    pub(super) fn is_unmapped(&self, name: &str) -> bool {
        self.column_of(name).is_none()
    }

    /// Whether a field was given and is unusable.
    #[inline]
    pub(super) fn is_bad(&self, name: &str) -> bool {
        self.maybe_bad && matches!(self.value(name), Value::Bad)
    }

    /// The amounts that take part in the sum of a document, by [`sums::FIELDS`].
    pub(super) fn sum_amounts(&self) -> [Option<Money>; sums::FIELDS.len()] {
        self.names.sums.map(|index| match index.map(|index| &self.values[index]) {
            Some(Value::Amount(money)) => Some(*money),
            _ => None,
        })
    }

    /// Whether any value may be unusable; mostly none is.
    #[inline]
    pub(super) fn may_be_bad(&self) -> bool {
        self.maybe_bad
    }

    /// Whether a field that would be sent was given and is unusable.
    pub(super) fn has_bad(&self) -> bool {
        let fields = self.operation.fields.iter().zip(&self.values);
        self.maybe_bad
            && fields.into_iter().any(|(field, value)| field.role != Role::Sheet && matches!(value, Value::Bad))
    }

    /// The JSON name of a field, by its index.
    pub(super) fn field_name(&self, field: usize) -> &'static str {
        self.operation.fields[field].name
    }

    /// The sheet's column of a field, by its index.
    pub(super) fn column(&self, field: usize) -> Option<u16> {
        self.columns[field]
    }

    /// The sheet's column of a field, by its name.
    #[inline]
    pub(super) fn column_of(&self, name: &str) -> Option<u16> {
        self.index(name).and_then(|index| self.column(index))
    }

    /// The cell of a field as it was read; empty where it has no column.
    pub(super) fn raw(&self, name: &str) -> &'b str {
        self.column_of(name).map_or("", |column| self.block.text(self.index, usize::from(column)))
    }

    /// A cell of any column as it was read.
    #[inline]
    pub(super) fn cell_text(&self, column: u16) -> &'b str {
        self.block.text(self.index, usize::from(column))
    }

    /// Reports one thing about a field at its cell.
    pub(super) fn report(&self, findings: &mut Findings<'_>, code: Code, name: &str, message: String) {
        findings.add(code, name, self.column_of(name), message, None);
    }
}
