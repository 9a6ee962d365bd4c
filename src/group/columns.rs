//! What each column of a sheet is to a document: part of its key, a text of its header, or an amount.
//!
//! Leaves to [`super::settle`] which amounts are summed. The one rule: every mapped column has exactly one part, and
//! only columns that describe a single item have none.

use crate::check::dates::ColumnOrder;
use crate::check::value::{self, AmountStyle, Faults};
use crate::config::DateOrder;
use crate::mapping::{Mapping, Unit};
use crate::operation::{FieldKind, Operation};
use crate::sheet::{Cell, CellKind, RowBlock};

/// Fields that describe one item of a document; they are neither sent nor looked at.
const ITEM_FIELDS: [&str; 6] = ["itemName", "quantity", "unitPrice", "lineAmount", "taxRate", "hsnSac"];

/// What each column is to a document.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The document's number, or your own reference where the sheet has no number.
    pub number: Option<usize>,
    /// The seller's GSTIN or id.
    pub seller: Vec<usize>,
    /// The date and what names the customer.
    pub party: Vec<usize>,
    /// All columns that hold for the document and are no amounts, the key's among them.
    pub header: Vec<Header>,
    /// All columns that fill an amount.
    pub amounts: Vec<Amount>,
    /// The column of dates among `party`.
    pub date: Option<usize>,
    /// Whether every document has its tax on top and pays it, so that parts and total must agree.
    pub tax_on_top: bool,
    /// Number of columns of the sheet.
    pub width: usize,
    /// The fields that are what an invoice comes to: taxable value and total.
    weighty: Vec<usize>,
}

/// A column that holds for the whole document.
#[derive(Debug, Clone)]
pub struct Header {
    /// The column.
    pub column: usize,
    /// The field that it fills.
    pub field: usize,
    kind: FieldKind,
    order: DateOrder,
}

/// A column of amounts.
#[derive(Debug, Clone)]
pub struct Amount {
    /// The column.
    pub column: usize,
    /// The field that it fills.
    pub field: usize,
    /// How it writes its amounts.
    pub style: AmountStyle,
}

impl Columns {
    /// The columns of a sheet as its mapping has them.
    pub fn new(operation: &Operation, mapping: &Mapping, orders: &[ColumnOrder]) -> Self {
        let first = mapping.columns.iter().enumerate().filter_map(|(column, field)| field.map(|field| (column, field)));
        let mut mapped: Vec<(usize, usize)> = first.chain(mapping.extra_columns.iter().copied()).collect();
        mapped.sort_unstable();
        let of = |names: &[&str]| -> Vec<usize> {
            let found = names.iter().filter_map(|name| mapping.column_of(operation.field_index(name)?));
            found.collect()
        };
        let is = |name: &str, wanted: bool| {
            let constant = operation.field_index(name).and_then(|field| mapping.constant_of(field));
            let truth = constant.map(|text| value::boolean(Cell { text, kind: CellKind::Text }, &mut Faults::new()));
            of(&[name]).is_empty() && truth.is_none_or(|truth| truth == Some(wanted))
        };
        let (mut header, mut amounts) = (Vec::new(), Vec::new());
        for (column, field) in mapped {
            let kind = operation.fields[field].kind;
            if ITEM_FIELDS.contains(&operation.fields[field].name) {
                continue;
            }
            if matches!(kind, FieldKind::Amount(_)) {
                let paise = mapping.amount_units.get(column).copied().flatten() == Some(Unit::Paise);
                let style = AmountStyle { paise, decimal_comma: mapping.decimal_comma };
                amounts.push(Amount { column, field, style });
            } else {
                let order = orders.iter().find(|order| order.column == column);
                let order = order.map_or(DateOrder::Dmy, |order| order.order);
                header.push(Header { column, field, kind, order });
            }
        }
        Self {
            number: of(&["invoiceNumber", "externalId"]).first().copied(),
            seller: of(&["supplierGstin", "sellerId"]),
            party: of(&["invoiceDate", "customerId", "customerCode", "customerGstin", "customerName"]),
            date: of(&["invoiceDate"]).first().copied(),
            header,
            amounts,
            tax_on_top: is("gstExclusive", true) && is("reverseCharge", false),
            width: mapping.columns.len(),
            weighty: ["baseAmount", "netAmount"].iter().filter_map(|name| operation.field_index(name)).collect(),
        }
    }

    /// Whether a field is what an invoice comes to, and not a part of it such as a tax or a freight.
    pub(super) fn is_weighty(&self, field: usize) -> bool {
        self.weighty.contains(&field)
    }

    /// The header column at a place of the sheet.
    pub fn header_at(&self, column: usize) -> Option<&Header> {
        self.header.iter().find(|header| header.column == column)
    }
}

/// What a cell of amounts says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Nothing.
    Blank,
    /// Something that is no amount.
    Unreadable,
    /// This, in the unit of [`value::exact_amount`].
    Value(i128),
}

impl Amount {
    /// What the cell of a row says.
    pub fn figure(&self, block: &RowBlock, row: usize) -> Figure {
        let cell = block.cell(row, self.column);
        if is_plainly_blank(cell) {
            return Figure::Blank;
        }
        let mut faults = Faults::new();
        match value::exact_amount(cell, self.style, &mut faults) {
            Some(value) => Figure::Value(value),
            None if faults.is_empty() => Figure::Blank,
            None => Figure::Unreadable,
        }
    }
}

/// What a cell says to a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Nothing.
    Blank,
    /// Something that cannot be used, such as an error of the workbook.
    Unusable,
    /// This, in the form that is compared.
    Text(String),
}

impl Header {
    /// What the cell of a row says, in the form by which rows are compared.
    pub fn said(&self, block: &RowBlock, row: usize, faults: &mut Faults) -> Said {
        let cell = block.cell(row, self.column);
        let before = faults.len();
        let Some(text) = value::text(cell, usize::MAX, faults) else {
            return if faults.len() > before { Said::Unusable } else { Said::Blank };
        };
        let same = match self.kind {
            FieldKind::Date => self.day(cell).map(|day| day.to_string()),
            FieldKind::Bool => value::boolean(cell, &mut Faults::new()).map(|truth| truth.to_string()),
            FieldKind::Days => value::days(cell, &mut Faults::new()).map(|days| days.to_string()),
            // Look-alike dashes and blanks within codes make no other document.
            FieldKind::InvoiceNumber => {
                value::invoice_number(cell, &mut Faults::new()).map(|number| number.to_lowercase())
            }
            FieldKind::Gstin => value::gstin(cell, &mut Faults::new()).map(|gstin| gstin.as_str().to_lowercase()),
            FieldKind::CustomerId => value::customer_id(&text).map(|id| id.as_str().to_lowercase()),
            _ => None,
        };
        Said::Text(same.unwrap_or_else(|| text.to_lowercase()))
    }

    /// The day that a cell of dates holds.
    pub fn day(&self, cell: Cell<'_>) -> Option<jiff::civil::Date> {
        // Days counted from 1904 are all shifted alike, and compared with each other only.
        value::date(cell, self.order, &mut Faults::new())
    }
}

/// Whether a cell was left empty, judged by its text alone.
pub fn is_plainly_blank(cell: Cell<'_>) -> bool {
    cell.kind == CellKind::Text && cell.text.trim().is_empty()
}
