//! Which program wrote the sheet, told from headings that only it uses.
//!
//! Three such headings are needed, and one of them must be distinctive: `Bill No` and `Net Amount` also stand in
//! sheets made by hand, where they mean something else. The one rule: in doubt no exporter is recognised, since a
//! recognised one changes the meaning of amounts.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crate::operation::Exporter;

use super::heading;

/// Headings that one exporter uses: distinctive ones, and plain ones that only count beside those.
struct Signature {
    exporter: Exporter,
    distinctive: &'static [&'static str],
    plain: &'static [&'static str],
}

/// Whose heading each spelling is, and whether it is distinctive.
static OWNERS: LazyLock<HashMap<String, (Exporter, bool)>> = LazyLock::new(|| {
    let mut owners = HashMap::new();
    for signature in SIGNATURES {
        let plain = signature.plain.iter().map(|text| (text, false));
        for (text, distinctive) in plain.chain(signature.distinctive.iter().map(|text| (text, true))) {
            owners.insert(heading::spelled(text), (signature.exporter, distinctive));
        }
    }
    owners
});

/// The exporter whose headings these are, and those of its own headings that show it.
pub(super) fn recognise(headings: &[String]) -> Option<(Exporter, Vec<&str>)> {
    let mut shown: BTreeMap<Exporter, (Vec<&str>, bool)> = BTreeMap::new();
    for text in headings {
        if let Some((exporter, distinctive)) = OWNERS.get(&heading::spelled(text)) {
            let (own, sure) = shown.entry(*exporter).or_default();
            own.push(text);
            *sure |= *distinctive;
        }
    }
    shown.retain(|_, (own, sure)| own.len() >= 3 && *sure);
    let most = shown.values().map(|(own, _)| own.len()).max()?;
    let mut best = shown.into_iter().filter(|(_, (own, _))| own.len() == most);
    let (exporter, (own, _)) = best.next()?;
    best.next().is_none().then_some((exporter, own))
}

const SIGNATURES: &[Signature] = &[
    Signature {
        exporter: Exporter::Tally,
        distinctive: &[
            "Voucher No.",
            "Vch No.",
            "Voucher Number",
            "Voucher Type",
            "Vch Type",
            "Voucher Date",
            "Voucher Ref. No.",
            "Voucher Narration",
            "Party's Name",
            "PAN/IT No.",
            "Consignee/Party",
            "Buyer/Supplier - Address",
            "Buyer/Supplier - Pincode",
            "Overdue by days",
            "Pending Amount",
            "Gross Total",
            "Name of Item",
            "Billed Quantity",
            "Mailing Name",
        ],
        plain: &[
            "Particulars",
            "Due on",
            "Ref. No.",
            "Bill Name",
            "Value",
            "Narration",
            "Ledger Name",
            "Debit",
            "Credit",
        ],
    },
    Signature {
        exporter: Exporter::Zoho,
        distinctive: &[
            "GST Identification Number (GSTIN)",
            "GST Treatment",
            "Invoice ID",
            "Place of Supply(With State Code)",
            "Primary Contact EmailID",
            "Primary Contact Mobile",
            "Payment Terms Label",
            "Entity Discount Amount",
            "Is Inclusive Tax",
            "Is Discount Before Tax",
            "Item Tax %",
            "Item Desc",
            "Usage unit",
            "Billing Street2",
            "e-Invoice Reference Number",
            "TDS Section Code",
            "TCS Tax Name",
            "E-Commerce Operator GSTIN",
            "MobilePhone",
            "PurchaseOrder",
            "EmailID",
        ],
        plain: &[
            "Invoice Status",
            "Item Total",
            "Item Price",
            "SubTotal",
            "Currency Code",
            "Customer ID",
            "Invoice#",
            "Display Name",
            "Payment Terms",
            "Billing Code",
            "Billing State",
            "Billing City",
            "Billing Country",
            "Billing Address",
        ],
    },
    Signature {
        exporter: Exporter::Busy,
        distinctive: &[
            "Vch/Bill No",
            "Vch Series",
            "Material Centre",
            "Print Name",
            "IT PAN",
            "Bill Sundry",
            "Sale Type",
        ],
        plain: &[
            "Bill No",
            "Bill Date",
            "Bill Amt",
            "Net Amount",
            "Alias",
            "Price",
            "Qty.",
            "Qty",
            "Discount Percentage",
        ],
    },
    Signature {
        exporter: Exporter::Vyapar,
        distinctive: &["Received/Paid", "Party GSTIN", "Party GSTIN No.", "State Of Supply", "Party Phone No."],
        plain: &["Payment Status", "Email Id", "Phone No.", "Contact No.", "Received", "Payment Type"],
    },
    Signature {
        exporter: Exporter::QuickBooks,
        distinctive: &[
            "Num",
            "Open Balance",
            "Memo/Description",
            "Tax Reg ID",
            "ItemAmount",
            "ItemDescription",
            "ItemQuantity",
            "ItemRate",
            "ItemTaxCode",
            "Item(Product/Service)",
            "Product/Service",
            "InvoiceNo",
        ],
        plain: &["Memo", "Terms", "Sales Price"],
    },
    Signature {
        exporter: Exporter::Xero,
        distinctive: &[
            "ContactName",
            "AmountDue",
            "InvoiceAmountDue",
            "UnitAmount",
            "AccountCode",
            "TaxType",
            "TrackingName1",
            "POAddressLine1",
            "LineAmount",
            "InventoryItemCode",
        ],
        plain: &["POCity", "PORegion", "POCountry", "TaxAmount"],
    },
    Signature {
        exporter: Exporter::Sap,
        distinctive: &[
            "Billing Document",
            "Net due date",
            "Arrears after net due date",
            "Amount in local currency",
            "Amount in doc. curr.",
            "Document currency",
            "Tax Number 3",
            "Clearing Document",
            "Company Code",
            "Special G/L ind.",
        ],
        plain: &["Assignment", "Reference", "Account", "Text", "Local Currency", "Name 1", "Street"],
    },
    Signature {
        exporter: Exporter::Razorpay,
        distinctive: &["Amount (In Paise)", "Expire by", "Customer Contact", "Partial Payment"],
        plain: &["Customer Email", "phone"],
    },
    Signature {
        exporter: Exporter::ErpNext,
        distinctive: &[
            "Item (Items)",
            "Quantity (Items)",
            "Rate (Items)",
            "Amount (Items)",
            "Description (Items)",
            "Rounded Total",
            "Rounding Adjustment",
            "Total Taxes and Charges",
            "Customer's Purchase Order",
            "Billing Address GSTIN",
            "e-Waybill No.",
        ],
        plain: &[
            "ID",
            "Series",
            "GST Category",
            "Company GSTIN",
            "Is Reverse Charge",
            "Payment Due Date",
            "Outstanding Amount",
            "Paid Amount",
            "Customer GSTIN",
            "Grand Total",
            "Contact Email",
        ],
    },
    Signature {
        exporter: Exporter::Gstr1,
        distinctive: &[
            "GSTIN/UIN of Recipient",
            "Receiver Name",
            "Applicable % of Tax Rate",
            "E-Commerce GSTIN",
            "Note Supply Type",
            "Note/Refund Voucher Number",
            "Note/Refund Voucher date",
            "Revised Invoice Number",
            "Revised Invoice Value",
            "Revised GSTIN",
        ],
        plain: &[
            "Invoice Value",
            "Invoice Type",
            "Reverse Charge",
            "Cess Amount",
            "Note Number",
            "Note Date",
            "Total Quantity",
        ],
    },
    Signature {
        exporter: Exporter::EInvoice,
        distinctive: &["GST Assessable Amount", "Recipient GSTIN", "Buyer Legal Name", "Igst On Intra", "Buyer POS"],
        plain: &["Assessable Value", "Legal Name", "Trade Name", "Buyer GSTIN"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_heading_shows_two_exporters() {
        let all: Vec<(String, Exporter)> = SIGNATURES
            .iter()
            .flat_map(|signature| {
                let texts = signature.distinctive.iter().chain(signature.plain);
                texts.map(|text| (heading::spelled(text), signature.exporter))
            })
            .collect();
        for (text, exporter) in &all {
            assert!(all.iter().all(|(other, whose)| other != text || whose == exporter), "{text}");
        }
    }

    #[test]
    fn three_own_headings_show_an_exporter_and_plain_words_alone_do_not() {
        for (headings, expected) in [
            (vec!["Date", "Vch/Bill No", "Net Amount", "Bill Amt"], Some(Exporter::Busy)),
            (vec!["Date", "Vch/Bill No", "Net Amount"], None),
            (vec!["Bill No", "Bill Date", "Net Amount", "Party Name"], None),
            (vec!["*InvoiceNo", "*Customer", "ItemAmount", "Terms"], Some(Exporter::QuickBooks)),
            (vec!["Invoice No", "Terms", "Memo"], None),
            (vec!["Account", "Reference", "Net due date"], Some(Exporter::Sap)),
        ] {
            let headings: Vec<String> = headings.into_iter().map(String::from).collect();
            assert_eq!(recognise(&headings).map(|(exporter, _)| exporter), expected, "{headings:?}");
        }
    }
}
