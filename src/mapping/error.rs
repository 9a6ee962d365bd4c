//! Why a sheet's headings cannot be used, in words that name the way out.

use thiserror::Error;

use crate::finding::quote;

use super::heading::Unit;

/// Why the headings of a sheet do not make a mapping. Nothing of the sheet is read further.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MappingError {
    /// `--map` names a heading that the sheet does not have.
    #[error("--map: no column is headed {}; found: {}", quote(heading), list(found))]
    UnknownHeading {
        /// The heading given.
        heading: String,
        /// The headings of the sheet.
        found: Vec<String>,
        /// The heading most like it.
        suggestion: Option<String>,
    },
    /// The saved mapping in use does not fit the sheet or the operation.
    #[error("{what}")]
    Saved {
        /// The mapping's file and what does not fit.
        what: String,
        /// The way out.
        hint: String,
    },
    /// `--map` names a heading that several columns have.
    #[error("--map: several columns are headed {}: {}", quote(heading), list(columns))]
    SeveralHeadings {
        /// The heading given.
        heading: String,
        /// The headings that fit.
        columns: Vec<String>,
    },
    /// `--map` or `--set` names a field that the operation does not have.
    #[error("{flag}: no field is called {}", quote(field))]
    UnknownField {
        /// The flag.
        flag: &'static str,
        /// The name given.
        field: String,
        /// The name most like it.
        suggestion: Option<&'static str>,
    },
    /// `--map` gives two columns to one field.
    #[error("--map: two columns for {field}: {} and {}", quote(first), quote(second))]
    FieldTwice {
        /// The field.
        field: &'static str,
        /// One heading.
        first: String,
        /// The other heading.
        second: String,
    },
    /// `--map` gives one column to two fields.
    #[error("--map: {} is given to two fields, {first} and {second}", quote(heading))]
    ColumnTwice {
        /// The heading.
        heading: String,
        /// One field.
        first: &'static str,
        /// The other field.
        second: &'static str,
    },
    /// `--set` names a field twice.
    #[error("--set: {field} is set twice")]
    ConstantTwice {
        /// The field.
        field: &'static str,
    },
    /// A field has both a constant and a column.
    #[error("--set: {field} also has the column {}", quote(heading))]
    ConstantAndColumn {
        /// The field.
        field: &'static str,
        /// The column's heading.
        heading: String,
    },
    /// A field that moves money or mail is mapped or set without the profile's leave.
    #[error("{flag}: {field} is guarded because it moves money or mail; the profile must say allow-guarded = true")]
    Guarded {
        /// The flag.
        flag: &'static str,
        /// The field.
        field: &'static str,
    },
    /// Required fields have neither a column nor a constant.
    #[error("no column for {}; found: {}", fields.join(", "), list(found))]
    MissingColumn {
        /// The fields, with their alternatives.
        fields: Vec<String>,
        /// The headings of the sheet.
        found: Vec<String>,
        /// Headings that may mean them, with the field.
        suggestions: Vec<(String, &'static str)>,
    },
    /// A required field has several columns that fit equally well.
    #[error("several columns fit {field}: {}", list(headings))]
    Tied {
        /// The field.
        field: &'static str,
        /// The headings that fit.
        headings: Vec<String>,
    },
    /// The sheet has a total but no taxable value, and the profile does not say that the total is the taxable value.
    #[error("no column for baseAmount; {} is the only amount that is recognised{}", quote(heading),
        if *declared_total { ", and only-amount says that it is the total" } else { "" })]
    OnlyTotal {
        /// The heading of the amount.
        heading: String,
        /// Whether the profile says that it is the total.
        declared_total: bool,
    },
    /// A mapped amount is in a unit too coarse to send.
    #[error("{}: amounts in {} are too coarse to send; expected rupees or paise", quote(heading), unit.name())]
    CoarseUnit {
        /// The heading.
        heading: String,
        /// Its unit.
        unit: Unit,
    },
    /// A mapped amount is in another currency than rupees.
    #[error("{}: amounts in {currency} cannot be sent; expected rupees", quote(heading))]
    ForeignCurrency {
        /// The heading.
        heading: String,
        /// The currency, as the heading has it.
        currency: String,
    },
    /// A line above the headings says that amounts count something else than rupees.
    #[error("row {row} says {}: the amounts do not count rupees", quote(text))]
    AnnouncedUnit {
        /// The row.
        row: u32,
        /// The beginning of its text.
        text: String,
    },
    /// A line above the headings, or the worksheet's name, says that the rows are no invoices.
    #[error("{} {}: its rows are no invoices", row.map_or_else(|| "the worksheet is called".to_owned(), |row| format!("row {row} says")), quote(text))]
    AnnouncedKind {
        /// The row; none where the worksheet's name says it.
        row: Option<u32>,
        /// The beginning of its text.
        text: String,
    },
}

impl MappingError {
    /// The way out, where there is one worth a line of its own.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            MappingError::Saved { hint, .. } => hint.clone(),
            MappingError::UnknownHeading { suggestion, .. } => format!("did you mean {}?", quote(suggestion.as_ref()?)),
            MappingError::UnknownField { suggestion, .. } => format!("did you mean {}?", (*suggestion)?),
            MappingError::SeveralHeadings { .. } => "give the heading exactly as the sheet writes it".to_string(),
            MappingError::FieldTwice { .. } | MappingError::ColumnTwice { .. } => "leave one --map out".to_string(),
            MappingError::ConstantTwice { .. } => "leave one --set out".to_string(),
            MappingError::ConstantAndColumn { field, .. } => {
                format!("leave --set {field} out, or rename the column so that it is not read")
            }
            MappingError::Guarded { .. } => "set allow-guarded = true in the profile".to_string(),
            MappingError::MissingColumn { fields, suggestions, .. } => missing_hint(fields, suggestions),
            MappingError::Tied { field, headings } => {
                format!("pass --map {} to choose one", quote(&format!("{}={field}", headings.first()?)))
            }
            MappingError::OnlyTotal { declared_total: true, heading } => format!(
                "map a column with the taxable value, or set only-amount = \"baseAmount\" if {} is it",
                quote(heading)
            ),
            MappingError::OnlyTotal { heading, .. } => format!(
                "if it is the taxable value, pass --map \"{}=baseAmount\", or set only-amount = \"baseAmount\" in the \
                 profile for all sheets; if it is the total, pass --map \"HEADING=baseAmount\" with the heading of the \
                 taxable value",
                plain(heading)
            ),
            MappingError::CoarseUnit { .. } => "write the amounts in rupees in the sheet".to_string(),
            MappingError::ForeignCurrency { .. } => {
                "map the column with the amounts in rupees, or write them in rupees in the sheet".to_string()
            }
            MappingError::AnnouncedKind { row, .. } => {
                let change = if row.is_some() { "delete that line" } else { "rename the worksheet" };
                format!(
                    "the API takes invoices only; {change} if all rows are invoices, or map the column that says what each is: --map \"HEADING=documentType\""
                )
            }
            MappingError::AnnouncedUnit { .. } => {
                "write the amounts in rupees in the sheet and delete that line, or name columns that count paise in a mapping file".to_string()
            }
        })
    }
}

fn missing_hint(fields: &[String], suggestions: &[(String, &'static str)]) -> String {
    if suggestions.is_empty() {
        let field = fields.first().and_then(|field| field.split(' ').next()).unwrap_or_default();
        let map = format!("pass --map \"HEADING={field}\" with the heading of the column");
        return match field {
            "dueDate" => format!("{map}, or --set creditDays=30 to count 30 days from the invoice date"),
            _ => map,
        };
    }
    let maps: Vec<String> =
        suggestions.iter().map(|(heading, field)| format!("--map \"{}={field}\"", plain(heading))).collect();
    let maps = maps.join(" ");
    // A field with alternatives, `customerId (or customerCode)`, is served by a suggestion for any of them.
    let open = fields.iter().filter(|field| !suggestions.iter().any(|(_, suggested)| field.contains(suggested)));
    let open: Vec<&str> = open.filter_map(|field| field.split(' ').next()).collect();
    match open[..] {
        [] => format!("pass {maps}"),
        ["dueDate"] => format!("pass {maps} --map \"HEADING=dueDate\", or --set creditDays=30 in place of the last"),
        _ => {
            let others: Vec<String> = open.iter().map(|field| format!("--map \"HEADING={field}\"")).collect();
            format!("pass {maps} {} with the headings of their columns", others.join(" "))
        }
    }
}

/// Headings in a row, cut to what a line can hold.
fn list(headings: &[String]) -> String {
    // Limit: more than this no person reads in one line.
    const MOST: usize = 30;
    let text = headings.iter().take(MOST).map(|heading| plain(heading)).collect::<Vec<_>>().join(", ");
    match headings.len().saturating_sub(MOST) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn plain(heading: &str) -> String {
    let quoted = quote(heading);
    quoted[1..quoted.len() - 1].to_string()
}
