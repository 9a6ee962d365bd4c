//! Which operation the headings of a sheet were made for, where that is another one than the one asked for.
//!
//! Pure. Leaves what follows to the caller. The one rule: an operation is only named where it uses clearly more of the
//! sheet; most sheets name records that several operations could be done to.

use super::{AsFar, Mapping, map_as_far};
use crate::config::MappingSettings;
use crate::operation::{self, Operation};

// Limit: one column more may be chance, as a city or a remark; two are not.
const CLEARLY: usize = 2;

fn filled(mapping: &Mapping) -> usize {
    mapping.columns.iter().flatten().count()
}

fn far(operation: &'static Operation, headings: &[String], samples: &dyn Fn(usize) -> Vec<String>) -> AsFar {
    map_as_far(operation, headings, samples, &MappingSettings::default())
}

/// The operation that a sheet was made for, where the one asked for cannot use it.
pub fn likely(
    asked: &'static Operation,
    headings: &[String],
    samples: &dyn Fn(usize) -> Vec<String>,
) -> Option<&'static Operation> {
    let own = filled(&far(asked, headings, samples).mapping);
    let others = operation::ALL.iter().filter(|other| **other != *asked);
    let weighed = others.filter_map(|other| {
        let far = far(other, headings, samples);
        let columns = filled(&far.mapping);
        // A sheet with all that an operation needs counts for more than one that lacks something.
        let weight = columns * if far.problem.is_none() { 3 } else { 2 };
        (columns >= own + CLEARLY).then_some((weight, other))
    });
    // Among equals the first counts: the one on many records at a time.
    weighed.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, other)| other)
}

/// The operation that a sheet was made for, where the one asked for could use it and would store something else: names
/// and mobiles of an invoice sheet would make customers.
pub fn mistaken(
    asked: &'static Operation,
    mapping: &Mapping,
    headings: &[String],
    samples: &dyn Fn(usize) -> Vec<String>,
) -> Option<&'static Operation> {
    // An invoice sheet names customers, too: whoever gives it would not want these deleted. Reading does no harm, and
    // operations on invoices take the sheet that these were made with.
    let acts = asked.creates() || (asked.resource != "invoices" && !asked.reads());
    let other = match asked.resource {
        "invoices" => Operation::find("customers", "create"),
        _ => Operation::find("invoices", "create"),
    };
    let other = other.filter(|_| acts)?;
    let far = far(other, headings, samples);
    (far.problem.is_none() && filled(&far.mapping) >= filled(mapping) + CLEARLY).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::map_columns;

    fn headings(line: &str) -> Vec<String> {
        line.split(',').map(str::to_owned).collect()
    }

    const INVOICES: &str = "Invoice Number,Customer Name,Customer Id,Invoice Date,Due Date,Taxable Value,IGST,Invoice Total,Customer Mobile";
    const CUSTOMERS: &str = "Legal Name,Code,GSTIN,Address,State,PIN,Contact Name,Mobile,Email";

    #[test]
    fn a_sheet_that_cannot_be_used_is_told_by_its_columns() {
        for (asked, line, expected) in [
            ("invoices create", CUSTOMERS, Some("customers create")),
            ("invoices dispatch", CUSTOMERS, Some("customers create")),
            ("customers create", INVOICES, Some("invoices create")),
            ("reminders create", INVOICES, Some("invoices create")),
            ("reminders create", "Customer Id,Remarks", None),
            ("invoices create", "Invoice Number,Customer Id,Invoice Date,Taxable Value", None),
            ("invoices create", "Colour,Size", None),
        ] {
            let asked = Operation::by_name(asked).unwrap();
            let found = likely(asked, &headings(line), &|_| Vec::new()).map(Operation::name);
            assert_eq!(found.as_deref(), expected, "{}: {line}", asked.name());
        }
    }

    #[test]
    fn an_invoice_sheet_does_not_make_or_change_customers() {
        for (asked, line, expected) in [
            ("customers create", INVOICES, true),
            ("customers update", INVOICES, true),
            ("customers patch", INVOICES, true),
            ("customers create", CUSTOMERS, false),
            ("customers activate", INVOICES, true),
            ("customers contacts", INVOICES, false),
            ("invoices dispatch", INVOICES, false),
            ("invoices create", INVOICES, false),
        ] {
            let (asked, headings) = (Operation::by_name(asked).unwrap(), headings(line));
            let mapping = map_columns(asked, &headings, &|_| Vec::new(), &MappingSettings::default()).unwrap();
            let found = mistaken(asked, &mapping, &headings, &|_| Vec::new());
            assert_eq!(found.is_some(), expected, "{}: {line}", asked.name());
        }
    }
}
