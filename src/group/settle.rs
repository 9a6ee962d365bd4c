//! Which columns of amounts hold a value for each line, and which the document's own value on every line.
//!
//! Looks at the documents of several rows. A column whose values differ within documents is per line; one whose values
//! are the same on all rows of a document may be either, and then only one reading may make the parts of the documents
//! add up to their totals. The one rule: where the amounts show neither or both, nobody guesses.

use super::columns::{Amount, Columns, Figure, Said};
use crate::check::sums::{FIELDS, Parts, TAXES};
use crate::check::value::{self, AmountStyle, EXACT_RUPEE, Faults};
use crate::mapping::Mapping;
use crate::operation::{Operation, Role};
use crate::sheet::RowBlock;

// Limit: as many documents settle what any number of them would, in a few megabytes; every one is checked later.
const MOST_DOCUMENTS: usize = 20_000;

// Limit: two readings of each column; beyond this a person says which columns are per line.
const MOST_COLUMNS: usize = 12;

// Limit: so many documents must speak for a reading for each that speaks against it.
const FEW: u64 = 10;

/// What the settling needs to know beside the cells.
#[derive(Debug, Clone)]
pub struct Context {
    /// For each column of amounts: its place in [`FIELDS`], where it takes part in the sum.
    parts: Vec<Option<usize>>,
    /// For each column of amounts: whether the field is sent.
    sent: Vec<bool>,
    /// Amounts that all rows have, in paise.
    constants: [i128; FIELDS.len()],
    gst_exclusive: Option<usize>,
    reverse_charge: Option<usize>,
    /// What all rows say of the two.
    told: (Option<bool>, Option<bool>),
    /// Whether some column or constant holds tax.
    taxed: bool,
    /// Whether the sheet has both a taxable value and a total.
    checkable: bool,
}

impl Context {
    /// The context of a sheet.
    pub fn new(operation: &Operation, mapping: &Mapping, columns: &Columns) -> Self {
        let name = |amount: &Amount| operation.fields[amount.field].name;
        let part = |amount: &Amount| FIELDS.iter().position(|field| *field == name(amount));
        let field = |name: &str| operation.field_index(name);
        let constant = |name: &str| field(name).and_then(|field| mapping.constant_of(field));
        let cell = |text| crate::sheet::Cell { text, kind: crate::sheet::CellKind::Text };
        let truth = |name| constant(name).and_then(|text| value::boolean(cell(text), &mut Faults::new()));
        let amount = |name| {
            let money =
                constant(name).and_then(|text| value::amount(cell(text), AmountStyle::default(), &mut Faults::new()));
            money.map_or(0, |money| i128::from(money.0))
        };
        let fills = |name: &str| field(name).is_some_and(|field| mapping.fills(field));
        let column = |name: &str| field(name).and_then(|field| mapping.column_of(field));
        Self {
            parts: columns.amounts.iter().map(part).collect(),
            sent: columns.amounts.iter().map(|amount| operation.fields[amount.field].role != Role::Sheet).collect(),
            constants: FIELDS.map(amount),
            gst_exclusive: column("gstExclusive"),
            reverse_charge: column("reverseCharge"),
            told: (truth("gstExclusive"), truth("reverseCharge")),
            taxed: TAXES.iter().any(|name| fills(name)),
            checkable: fills("baseAmount") && fills("netAmount"),
        }
    }
}

/// Columns of which it cannot be told whether they are per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// The columns.
    pub columns: Vec<usize>,
    /// Whether both readings make the sums fit; otherwise neither does, or there is no sum to try.
    pub both: bool,
}

/// One column of amounts within the document under way.
#[derive(Debug, Clone, Default)]
struct Values {
    first: Option<i128>,
    sum: i128,
    filled: u32,
    on_first: bool,
    differ: bool,
    unreadable: bool,
}

/// One column of amounts over all documents.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// Documents within which its values differ.
    differing: u64,
    /// Documents that have the same value, not zero, on several rows.
    equal: u64,
    /// Documents that have a value on their first row only.
    on_first: u64,
}

/// A document of several rows, in paise; both readings of each column.
#[derive(Debug, Clone)]
struct Sample {
    lines: u32,
    /// The value that all rows agree on.
    once: Vec<Option<i64>>,
    summed: Vec<i64>,
    reverse_charge: bool,
}

/// Collects what documents show.
pub struct Settling<'c> {
    columns: &'c Columns,
    context: Context,
    values: Vec<Values>,
    spoilt: bool,
    /// Rows of the document under way.
    rows: u32,
    tax_inside: Option<bool>,
    reverse_charge: Option<bool>,
    tallies: Vec<Tally>,
    samples: Vec<Sample>,
}

impl<'c> Settling<'c> {
    pub(super) fn new(columns: &'c Columns, context: Context) -> Self {
        Self {
            values: vec![Values::default(); columns.amounts.len()],
            tallies: vec![Tally::default(); columns.amounts.len()],
            samples: Vec::new(),
            spoilt: false,
            rows: 0,
            tax_inside: None,
            reverse_charge: None,
            columns,
            context,
        }
    }

    /// The document under way has a row that shows nothing.
    pub(super) fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// Takes a row of the document under way, with what its amounts say.
    pub(super) fn add(&mut self, block: &RowBlock, row: usize, figures: &[Figure]) {
        for (figure, values) in figures.iter().zip(&mut self.values) {
            match *figure {
                Figure::Blank => {}
                Figure::Value(value) => {
                    values.on_first |= self.rows == 0;
                    values.sum += value;
                    values.filled += 1;
                    values.differ |= *values.first.get_or_insert(value) != value;
                }
                Figure::Unreadable => values.unreadable = true,
            }
        }
        self.rows += 1;
        let truth = |column: Option<usize>| {
            let header = self.columns.header_at(column?)?;
            match header.said(block, row, &mut Faults::new()) {
                Said::Text(text) => Some(text == "true"),
                _ => None,
            }
        };
        self.tax_inside = self.tax_inside.or_else(|| truth(self.context.gst_exclusive).map(|outside| !outside));
        self.reverse_charge = self.reverse_charge.or_else(|| truth(self.context.reverse_charge));
    }

    /// The document under way is complete.
    pub(super) fn end(&mut self, lines: u32) {
        let values = std::mem::replace(&mut self.values, vec![Values::default(); self.columns.amounts.len()]);
        let spoilt = std::mem::take(&mut self.spoilt);
        self.rows = 0;
        let tax_inside = self.tax_inside.take().or(self.context.told.0.map(|outside| !outside));
        let reverse_charge = self.reverse_charge.take().or(self.context.told.1);
        if lines < 2 || spoilt {
            return;
        }
        for (values, tally) in values.iter().zip(&mut self.tallies).filter(|(values, _)| !values.unreadable) {
            tally.differing += u64::from(values.differ);
            tally.equal += u64::from(!values.differ && values.filled > 1 && values.sum != 0);
            tally.on_first += u64::from(values.on_first && values.filled == 1);
        }
        let part_filled = |name: &str| {
            let constant =
                FIELDS.iter().position(|field| *field == name).is_some_and(|at| self.context.constants[at] != 0);
            constant
                || self
                    .context
                    .parts
                    .iter()
                    .zip(&values)
                    .any(|(part, values)| part.is_some_and(|part| FIELDS[part] == name) && values.filled > 0)
        };
        let readable = values.iter().all(|values| !values.unreadable);
        let checkable = part_filled("baseAmount") && part_filled("netAmount") && tax_inside != Some(true);
        if readable && checkable && self.samples.len() < MOST_DOCUMENTS {
            let paise = |value: i128| i64::try_from(rounded(value)).unwrap_or(i64::MAX);
            self.samples.push(Sample {
                lines,
                once: values
                    .iter()
                    .map(|values| (!values.differ).then(|| paise(values.first.unwrap_or_default())))
                    .collect(),
                summed: values.iter().map(|values| paise(values.sum)).collect(),
                reverse_charge: reverse_charge == Some(true),
            });
        }
    }

    /// The columns that are summed, or those of which it cannot be told.
    pub(super) fn finish(self) -> Result<Vec<usize>, Unsettled> {
        let (mut summed, mut open) = (Vec::new(), Vec::new());
        for (index, tally) in self.tallies.iter().enumerate() {
            // What mostly stands on the first row only is the document's; more of it shows another document's row.
            let further = tally.differing + tally.equal;
            let of_document = match self.context.parts[index].map(|part| FIELDS[part]) {
                Some("netAmount") => tally.on_first > 0 && tally.on_first >= further,
                Some("baseAmount") => tally.on_first > further,
                _ => false,
            };
            if of_document {
                continue;
            }
            // A slip in some documents does not make a repeated value one of each line.
            if tally.differing > 0 && tally.differing >= tally.equal {
                summed.push(index);
            } else if tally.equal > 0 {
                open.push(index);
            }
        }
        let place = |indices: &[usize]| indices.iter().map(|index| self.columns.amounts[*index].column).collect();
        let unverified: Vec<usize> =
            open.iter().copied().filter(|index| self.context.parts[*index].is_none()).collect();
        if !unverified.is_empty() {
            return Err(Unsettled { columns: place(&unverified), both: true });
        }
        if !open.is_empty() {
            let unsettled = |both| Unsettled { columns: place(&open), both };
            let trial = Trial { settling: &self, summed: &summed, open: &open };
            summed.extend(trial.decide().map_err(unsettled)?);
            summed.sort_unstable();
        }
        Ok(place(&summed))
    }
}

/// Whole paise, half away from zero.
pub fn rounded(value: i128) -> i128 {
    const PAISA: i128 = EXACT_RUPEE / 100;
    (value.abs() + PAISA / 2) / PAISA * value.signum()
}

/// The readings of columns that may be either, tried against the sums of the documents.
struct Trial<'t> {
    settling: &'t Settling<'t>,
    summed: &'t [usize],
    open: &'t [usize],
}

/// One way to read the open columns.
struct Reading {
    /// A bit for each that is summed.
    summed: u32,
    /// Documents whose parts it makes add up to the total.
    held: u64,
    /// How far these are from their totals, all together.
    gap: i128,
}

impl Trial<'_> {
    /// The open columns that are summed; otherwise whether several readings fit.
    fn decide(&self) -> Result<Vec<usize>, bool> {
        let (settling, open) = (self.settling, self.open);
        let context = &settling.context;
        let base_open = open.iter().any(|index| context.parts[*index].is_some_and(|part| FIELDS[part] == "baseAmount"));
        // Room for tax is too wide a measure while even the taxable value may be either.
        if !context.checkable || open.len() > MOST_COLUMNS || (!context.taxed && base_open) {
            return Err(true);
        }
        let mut readings: Vec<Reading> =
            (0..1_u32 << open.len()).map(|summed| Reading { summed, held: 0, gap: 0 }).collect();
        let (mut held, mut failed) = (0, 0);
        for sample in &settling.samples {
            let gaps: Vec<Option<i128>> = readings.iter().map(|reading| self.gap(sample, reading.summed)).collect();
            // One that fits in no way will be invalid, however its columns are read.
            let fits = gaps.iter().any(Option::is_some);
            (held, failed) = (held + u64::from(fits), failed + u64::from(!fits));
            for (reading, gap) in readings.iter_mut().zip(gaps) {
                reading.held += u64::from(gap.is_some());
                reading.gap += gap.unwrap_or_default();
            }
        }
        let best = readings.iter().map(|reading| reading.held).max().unwrap_or_default();
        if held <= failed {
            return Err(false);
        }
        let sent = |reading: &Reading| -> u32 {
            let of_sent = open.iter().enumerate().filter(|(_, index)| context.sent[**index]);
            of_sent.fold(0, |bits, (bit, _)| bits | reading.summed & 1 << bit)
        };
        let first = readings.iter().find(|reading| reading.held == best).map(sent).unwrap_or_default();
        // Few may speak against the rest, as a document that was pasted twice does; they will be invalid.
        let clear = ((held - best) * FEW).max(1);
        if readings.iter().any(|reading| sent(reading) != first && best - reading.held < clear) {
            return Err(best == held);
        }
        readings.retain(|reading| reading.held == best);
        // What remains open is never sent, as a rounding is; the closer fit is the right one.
        let closest = readings.into_iter().min_by_key(|reading| (reading.gap, reading.summed));
        let summed = closest.map_or(0, |reading| reading.summed);
        Ok(open.iter().enumerate().filter(|(bit, _)| summed & 1 << bit != 0).map(|(_, index)| *index).collect())
    }

    /// How far a document's total is from its parts under a reading; none where it does not fit.
    fn gap(&self, sample: &Sample, reading: u32) -> Option<i128> {
        let context = &self.settling.context;
        let mut amounts = context.constants;
        for (index, part) in context.parts.iter().enumerate() {
            let Some(part) = part else { continue };
            let bit = self.open.iter().position(|open| *open == index);
            let per_line = match bit {
                Some(bit) => reading & 1 << bit != 0,
                None => self.summed.contains(&index),
            };
            amounts[*part] += i128::from(if per_line { sample.summed[index] } else { sample.once[index]? });
        }
        let parts =
            Parts { amounts, reverse_charge: sample.reverse_charge, untaxed: !context.taxed, lines: sample.lines };
        parts.add_up().then(|| parts.gap())
    }
}
