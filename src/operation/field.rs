//! What a field is: its JSON name, its type with limits, the headings that mean it, and whether it is sent.

use serde::{Deserialize, Serialize};

/// One named value an operation takes from a row.
#[derive(Debug)]
pub struct Field {
    /// The API's JSON name, or for [`Role::Sheet`] fields a name in the same style.
    pub name: &'static str,
    /// Type, limits and normalisation.
    pub kind: FieldKind,
    /// Whether a row can do without it.
    pub need: Need,
    /// Whether and when it is sent.
    pub role: Role,
    /// Headings that mean this field; matching normalises them, see [`crate::mapping`].
    pub aliases: &'static [Alias],
    /// What the field holds, in a line, for help pages and templates.
    pub help: &'static str,
}

/// Whether a value has the form of Enkash's customer ids (contract 2.4): `KC` and fourteen capital letters or digits.
pub fn is_customer_id(value: &str) -> bool {
    let shape = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    value.strip_prefix("KC").is_some_and(|rest| rest.len() == 14 && rest.bytes().all(shape))
}

/// Whether a field is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sent when filled.
    Sent,
    /// Sent when filled, but only `--map` or `--set` with `allow-guarded` can fill it: it moves money or mail.
    Guarded,
    /// Never sent: read for checks, for finding the customer or the seller, for leaving rows out.
    Sheet,
}

/// Whether a row can do without the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A blank makes the row invalid, and a sheet without a column for it is refused.
    Required,
    /// May be blank.
    Optional,
}

/// Type of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text of at most this many characters.
    Text(usize),
    /// A code or reference of at most this many characters; what a spreadsheet made of one is refused.
    Identifier(usize),
    /// Texts joined by `;`.
    List,
    /// A decimal amount in rupees.
    Amount(AmountSign),
    /// A whole number of days.
    Days,
    /// A calendar date.
    Date,
    /// Yes or no.
    Bool,
    /// A whole number of 32 bits.
    Whole,
    /// A time of day, `HH:mm`.
    TimeOfDay,
    /// The API's id of an invoice or reminder: text without blanks, commas, quotes and slashes, of no known form.
    RecordId,
    /// `KC` and fourteen letters or digits; in sheets a value of another shape is a customer code.
    CustomerId,
    /// `CEK` and seven letters or digits.
    CompanyId,
    /// A document number by GST rule 46(b).
    InvoiceNumber,
    /// A GSTIN with its check digit.
    Gstin,
    /// A PAN.
    Pan,
    /// A GSTIN or a PAN, told apart by shape.
    PanOrGstin,
    /// A bank's IFSC.
    Ifsc,
    /// A bank account number, kept as text.
    AccountNumber,
    /// A postal code of six digits.
    Pin,
    /// An Indian mobile number, sent as `+91` and ten digits.
    Mobile,
    /// A mobile or landline number.
    Phone,
    /// An e-mail address.
    Email,
    /// One of these values.
    Enum(&'static [&'static str]),
}

/// Which amounts a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountSign {
    /// At least ₹0.10 (contract 6.1).
    AtLeastTenPaise,
    /// Zero or more; a blank is zero.
    ZeroOrMore,
    /// Any, as round-off can be.
    Any,
}

/// A heading that means a field.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    /// The heading, as the exporter writes it.
    pub text: &'static str,
    /// Who writes it so; empty for everybody. See [`Alias::only`].
    pub exporters: &'static [Exporter],
    /// Whether the heading has this meaning with its exporters only and none or another elsewhere.
    pub only: bool,
    /// How good a column it is for the field: 0 for the best, more for those taken only where no better one stands.
    pub choice: u8,
}

impl Alias {
    /// The same heading, taken only where no better column for the field stands.
    pub(super) const fn choice(mut self, choice: u8) -> Alias {
        self.choice = choice;
        self
    }
}

/// A program whose exports are recognised by their headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exporter {
    /// Tally registers and bills receivable.
    Tally,
    /// Zoho Books exports.
    Zoho,
    /// Busy registers.
    Busy,
    /// Vyapar reports.
    Vyapar,
    /// QuickBooks reports and imports.
    QuickBooks,
    /// Xero exports.
    Xero,
    /// SAP line-item lists.
    Sap,
    /// Razorpay invoice batches.
    Razorpay,
    /// ERPNext reports and templates.
    ErpNext,
    /// The GSTR-1 offline tool.
    Gstr1,
    /// The e-invoice bulk tool.
    EInvoice,
}

impl Exporter {
    /// The name as messages show it.
    pub fn name(self) -> &'static str {
        match self {
            Exporter::Tally => "Tally",
            Exporter::Zoho => "Zoho Books",
            Exporter::Busy => "Busy",
            Exporter::Vyapar => "Vyapar",
            Exporter::QuickBooks => "QuickBooks",
            Exporter::Xero => "Xero",
            Exporter::Sap => "SAP",
            Exporter::Razorpay => "Razorpay",
            Exporter::ErpNext => "ERPNext",
            Exporter::Gstr1 => "GSTR-1 offline tool",
            Exporter::EInvoice => "e-invoice bulk tool",
        }
    }
}

/// A heading that anybody may use.
pub(super) const fn any(text: &'static str) -> Alias {
    Alias { text, exporters: &[], only: false, choice: 0 }
}

/// A heading of known exporters that is safe to recognise elsewhere too.
pub(super) const fn by(text: &'static str, exporters: &'static [Exporter]) -> Alias {
    Alias { text, exporters, only: false, choice: 0 }
}

/// A heading that has this meaning in these exporters' sheets only.
pub(super) const fn only(text: &'static str, exporters: &'static [Exporter]) -> Alias {
    Alias { text, exporters, only: true, choice: 0 }
}

/// A field without aliases; the others are added where it stands in the table.
pub(super) const fn field(name: &'static str, kind: FieldKind, help: &'static str) -> Field {
    Field { name, kind, need: Need::Optional, role: Role::Sent, aliases: &[], help }
}

impl Field {
    /// The same field, required.
    pub(super) const fn required(mut self) -> Field {
        self.need = Need::Required;
        self
    }

    /// The same field, guarded.
    pub(super) const fn guarded(mut self) -> Field {
        self.role = Role::Guarded;
        self
    }

    /// The same field, read but never sent.
    pub(super) const fn sheet_only(mut self) -> Field {
        self.role = Role::Sheet;
        self
    }

    /// The same field with the headings that mean it.
    pub(super) const fn aliases(mut self, aliases: &'static [Alias]) -> Field {
        self.aliases = aliases;
        self
    }
}
