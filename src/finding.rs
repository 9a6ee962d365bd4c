//! Facts about rows and cells: stable codes, severities, and the sentence a person reads.
//!
//! Owns the one table of codes ([`Code`]). A finding is data and never stops a run; what an error-severity
//! finding does to its row is decided in [`crate::check`]. Codes are only ever added, never renamed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How much a finding weighs. An [`Severity::Error`] makes its row `invalid`; the others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Note,
    /// Worth a look; the row is sent.
    Warning,
    /// The row is not sent.
    Error,
}

impl Severity {
    /// The word in settings and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One fact about one row or one of its cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was found.
    pub code: Code,
    /// How much it weighs, after the profile's own severities.
    pub severity: Severity,
    /// JSON name of the field concerned; empty where the whole row is.
    pub field: String,
    /// Column of the cell, counted from 0 as in the sheet.
    pub column: Option<u16>,
    /// What was found and what was expected, in words, with the value quoted; no place in it.
    pub message: String,
    /// The way out, where there is one worth a line of its own.
    pub hint: Option<String>,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $severity:ident;)+) => {
        /// Stable code of a finding. The text form is a promise to users and scripts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code { $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code as users see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// The severity unless the profile says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)+ }
            }

            /// What the code means, in a sentence or two.
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),+).trim_ascii_start(),)+ }
            }
        }
    };
}

codes! {
    /// A field that the operation needs is blank.
    RequiredMissing = "required-missing", Error;
    /// The text is longer than the API takes; nothing is ever cut silently.
    TextTooLong = "text-too-long", Error;
    /// The text has a letter of another alphabet that looks like a Latin one, which no code may hold.
    LookalikeCharacter = "lookalike-character", Error;
    /// Bytes that do not belong to the file's encoding were replaced.
    BadEncoding = "bad-encoding", Warning;
    /// The row has letters that were once decoded wrongly and saved so, as `â‚¹` for `₹`; the file could not be repaired as a whole.
    GarbledText = "garbled-text", Warning;
    /// NUL characters in the row were left out; whatever wrote the file may have lost text there.
    NulCharacters = "nul-characters", Warning;
    /// The row has more filled cells than the header has columns, as when an amount's commas were not quoted.
    SurplusCells = "surplus-cells", Error;
    /// The row has fewer cells than most rows of the sheet.
    ShortRow = "short-row", Warning;
    /// The file ends inside this row, without a line end and with fewer cells than most rows: its download was cut off.
    RowCutOff = "row-cut-off", Error;
    /// The cell holds lines that look like rows of the table: two stray quotation marks made one cell of them.
    RowsInCell = "rows-in-cell", Error;
    /// The cell is longer than 32,767 characters, more than a spreadsheet cell can hold.
    CellTooLong = "cell-too-long", Error;
    /// A quotation mark opened a cell that never closed; the row was read with the mark as text.
    UnbalancedQuote = "unbalanced-quote", Warning;
    /// A quotation mark stands inside a cell and was read as text; the cell may hold more or less than was meant.
    StrayQuote = "stray-quote", Warning;
    /// The workbook's cell holds an error such as `#N/A`.
    CellError = "cell-error", Error;
    /// The workbook's cell is a formula whose result was never stored; opening and saving it in Excel stores it.
    FormulaWithoutValue = "formula-without-value", Error;

    /// The cell is not a decimal amount.
    AmountNotDecimal = "amount-not-decimal", Error;
    /// The amount could be read in two ways, as `1.234,56` and `10.000` can.
    AmountAmbiguous = "amount-ambiguous", Error;
    /// The amount has more than two decimals.
    AmountTooPrecise = "amount-too-precise", Error;
    /// The amount is negative where only receivables can stand.
    AmountNegative = "amount-negative", Error;
    /// The amount is below the least that the API takes.
    AmountTooSmall = "amount-too-small", Error;
    /// The amount has more digits than a GST document may have.
    AmountTooLarge = "amount-too-large", Error;
    /// The amount is in another currency than rupees; the API has no currency field.
    CurrencyNotInr = "currency-not-inr", Error;

    /// The cell is not a date.
    DateNotRecognised = "date-not-recognised", Error;
    /// The date does not exist in the calendar.
    DateImpossible = "date-impossible", Error;
    /// The number in a date cell is not a day of this century, or an invoice date lies more than ten years back.
    DateOutOfRange = "date-out-of-range", Error;
    /// The date's day and month stand the other way round than in most rows of the column.
    DateOrderMinority = "date-order-minority", Error;
    /// No date of the column shows whether day or month comes first; day first was taken.
    DateOrderAssumed = "date-order-assumed", Warning;
    /// The column mixes real dates with dates written as text.
    DateMixedTypes = "date-mixed-types", Warning;
    /// The invoice date lies in the future.
    DateFuture = "date-future", Error;
    /// The invoice carries GST but is dated before 1 July 2017.
    DateBeforeGst = "date-before-gst", Error;
    /// The due date lies before the invoice date.
    DueBeforeInvoice = "due-before-invoice", Warning;
    /// The invoice date lies outside the period given with `--period`.
    OutsidePeriod = "outside-period", Error;

    /// The cell is not a yes or a no.
    BooleanNotRecognised = "boolean-not-recognised", Error;
    /// The cell is not a number of days of credit.
    DaysNotRecognised = "days-not-recognised", Error;
    /// The cell is not a whole number.
    NumberNotWhole = "number-not-whole", Error;
    /// The cell is not a time of day of the form `HH:mm`.
    TimeNotRecognised = "time-not-recognised", Error;
    /// The cell cannot be an id of Enkash's: it holds a blank, a comma, a quotation mark or a slash.
    RecordIdFormat = "record-id-format", Error;
    /// The field cannot be emptied with `<clear>`.
    ClearNotAllowed = "clear-not-allowed", Error;
    /// The cell is none of the values that the field takes.
    NotInList = "not-in-list", Error;
    /// The company or seller id does not have the form `CEK` and seven letters or digits.
    CompanyIdFormat = "company-id-format", Error;
    /// The customer id does not have the form `KC` and fourteen letters or digits.
    CustomerIdFormat = "customer-id-format", Error;
    /// The GSTIN does not have the form of one.
    GstinFormat = "gstin-format", Error;
    /// The GSTIN's first two digits are no state code.
    GstinState = "gstin-state", Error;
    /// The GSTIN's last character does not fit the others: at least one of the fifteen is mistyped.
    GstinCheckDigit = "gstin-check-digit", Error;
    /// The special GSTIN's last character does not fit; for these numbers the rule is not certain.
    GstinCheckUncertain = "gstin-check-uncertain", Warning;
    /// The GSTIN begins with 25 or 28, codes that stand on old numbers only: Daman and Diu, and undivided Andhra Pradesh.
    GstinOldState = "gstin-old-state", Note;
    /// The PAN does not have the form of one.
    PanFormat = "pan-format", Error;
    /// The PAN's fourth letter is E or K, which only some lists know.
    PanRareHolder = "pan-rare-holder", Note;
    /// The PAN is not the one inside the GSTIN.
    PanGstinMismatch = "pan-gstin-mismatch", Error;
    /// The state is another one than the GSTIN's.
    StateDiffersFromGstin = "state-differs-from-gstin", Warning;
    /// The row calls a customer with a GSTIN a consumer, or one without a GSTIN registered.
    GstTreatmentMismatch = "gst-treatment-mismatch", Warning;
    /// The IFSC does not have the form of one.
    IfscFormat = "ifsc-format", Error;
    /// The bank account number does not have the form of one.
    AccountNumberFormat = "account-number-format", Error;
    /// A spreadsheet rounded the long number; its last digits are gone.
    NumberRounded = "number-rounded", Error;
    /// The account number is shorter than nearly all others of its column; zeros in front may have been lost.
    NumberShorterThanOthers = "number-shorter-than-others", Warning;
    /// The PIN code does not have six digits or begins with 0.
    PinFormat = "pin-format", Error;
    /// The mobile number does not have the form of one.
    MobileFormat = "mobile-format", Error;
    /// The mobile number has the right form but looks made up.
    MobileSuspicious = "mobile-suspicious", Warning;
    /// The telephone number does not have the form of one.
    PhoneFormat = "phone-format", Error;
    /// The e-mail address does not have the form of one.
    EmailFormat = "email-format", Error;
    /// The cell holds several numbers or addresses; the first is sent.
    SeveralValues = "several-values", Warning;
    /// The invoice number is longer than 16 characters.
    InvoiceNumberTooLong = "invoice-number-too-long", Error;
    /// The invoice number has a character other than letters, digits, `-` and `/`.
    InvoiceNumberFormat = "invoice-number-format", Error;
    /// The invoice number is zero.
    InvoiceNumberZero = "invoice-number-zero", Error;
    /// The invoice number begins with `0`, `/` or `-`, which the e-invoice portal refuses.
    InvoiceNumberStart = "invoice-number-start", Warning;
    /// A look-alike dash in the invoice number was read as `-`.
    InvoiceNumberDash = "invoice-number-dash", Warning;
    /// A spreadsheet turned the number into a date or a power of ten.
    NumberChangedBySpreadsheet = "number-changed-by-spreadsheet", Error;

    /// IGST stands together with CGST or SGST.
    TaxHeadsMixed = "tax-heads-mixed", Error;
    /// CGST and SGST differ by more than a paisa.
    TaxHeadsUnequal = "tax-heads-unequal", Error;
    /// The tax heads are not those of a supply from the supplier's state to the place of supply.
    TaxHeadsOtherState = "tax-heads-other-state", Warning;
    /// The tax is not what the rate makes of the taxable value, by more than a rupee for each tax head.
    TaxNotByRate = "tax-not-by-rate", Warning;
    /// The rate is none of the rates of GST.
    RateUnlisted = "rate-unlisted", Warning;
    /// The rate was not in force on the invoice date.
    RateSuperseded = "rate-superseded", Warning;
    /// The row has cess or TCS that the law had ended by the invoice date.
    ChargeEnded = "charge-ended", Warning;
    /// The parts do not add up to the total.
    TotalMismatch = "total-mismatch", Error;
    /// The row does not say which customer it is for.
    CustomerMissing = "customer-missing", Error;
    /// No customer of the directory has this id, code, GSTIN or name.
    CustomerNotFound = "customer-not-found", Error;
    /// Several customers of the directory fit.
    CustomerAmbiguous = "customer-ambiguous", Error;
    /// The row's cells name different customers.
    CustomerContradiction = "customer-contradiction", Error;
    /// The supplier's GSTIN is not listed under `sellers` in the profile.
    SellerUnlisted = "seller-unlisted", Error;
    /// The row does not say which invoice it is about.
    InvoiceMissing = "invoice-missing", Error;
    /// Neither the ledger nor a search knows an invoice with this number.
    InvoiceNotFound = "invoice-not-found", Error;
    /// Several invoices have this number.
    InvoiceAmbiguous = "invoice-ambiguous", Error;
    /// The cell still holds the example of the template, in a row that was filled otherwise.
    ExampleLeftIn = "example-left-in", Error;
    /// A cell that nothing else is made of says that the row is cancelled, or no invoice: `CANCELLED` below Remarks.
    DocumentDoubtful = "document-doubtful", Error;
    /// The row changes nothing: every field but the id is blank.
    NothingToUpdate = "nothing-to-update", Error;
    /// Another row of the run has the same number with other content.
    DuplicateInSheet = "duplicate-in-sheet", Error;
    /// An earlier run sent the same number with other content.
    ConflictsWithEarlierRun = "conflicts-with-earlier-run", Error;
    /// The API has the same number with other content, as the first-use check of a new ledger found.
    ConflictsWithApi = "conflicts-with-api", Error;
    /// The same number and customer stand in the neighbouring financial year, within 60 days, in this run or an earlier one.
    NumberNearYearEnd = "number-near-year-end", Warning;
    /// A customer above in the run has the same name but for its spelling, the same PAN or the same mobile number; nothing is merged.
    CustomerLooksAlike = "customer-looks-alike", Warning;

    /// Rows of one document differ in a value that belongs to the whole document.
    DocumentLinesDiffer = "document-lines-differ", Error;
    /// It is not certain to which document the row belongs, whether it is a line of it or a total, or whether a line is missing.
    DocumentLineUnclear = "document-line-unclear", Error;
    /// Two rows of one document are the same in every cell, and no total of the document shows whether both count.
    DocumentLineRepeated = "document-line-repeated", Error;
    /// Another document of the sheet has the same number with another date or customer; they may be one.
    DocumentNumberTwice = "document-number-twice", Error;
    /// Another row of the same document is at fault; a document is sent whole or not at all.
    DocumentInvalid = "document-invalid", Error;
    /// A row of a corrections workbook says neither retry nor drop, belongs to another ledger, or would be a second record for
    /// one row; it is not sent.
    CorrectionUnclear = "correction-unclear", Error;
}

impl Code {
    /// Finds a code by its text form.
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Quotes a value from a sheet for a message: cut at 40 characters, control characters escaped.
pub fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len().min(40) + 2);
    quoted.push('"');
    for (count, character) in value.chars().enumerate() {
        if count == 40 {
            quoted.push('…');
            break;
        }
        if commands(character) {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a letter does something else than be read: control characters, and those that turn the direction of what
/// follows, so that `exe.vsc` reads as `csv.exe`.
pub fn commands(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A line for a terminal: control characters escaped, the line end too.
pub fn printable(line: &str) -> Cow<'_, str> {
    if !line.contains(commands) {
        return Cow::Borrowed(line);
    }
    let mut shown = String::with_capacity(line.len() + 8);
    for letter in line.chars() {
        if commands(letter) { shown.extend(letter.escape_default()) } else { shown.push(letter) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_own_text() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert!(code.explanation().ends_with('.'), "{code}: {}", code.explanation());
        }
    }

    #[test]
    fn a_line_for_a_terminal_commands_nothing() {
        assert_eq!(printable("a\u{1b}[2J\nb.csv: ₹5"), "a\\u{1b}[2J\\nb.csv: ₹5");
        assert_eq!(printable("plain"), "plain");
        assert_eq!(printable("a\u{202e}vsc.exe"), "a\\u{202e}vsc.exe");
        // Letters of Indian scripts are joined and kept apart by signs of no width.
        assert_eq!(printable("क\u{94d}\u{200d}ष"), "क\u{94d}\u{200d}ष");
    }

    #[test]
    fn quoted_values_are_short_and_harmless() {
        assert_eq!(quote("a\u{1b}[2Jb"), "\"a\\u{1b}[2Jb\"");
        assert_eq!(quote(&"x".repeat(50)), format!("\"{}…\"", "x".repeat(40)));
    }
}
