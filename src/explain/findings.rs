//! An example and the way out for every code of a finding.
//!
//! Leaves what a code means and weighs to [`crate::finding`]. The rule: the match is exhaustive, so that a new code does not
//! compile without an example and a way out.

use crate::finding::Code;

macro_rules! advice {
    ($($name:ident: $example:literal => $way_out:literal;)+) => {
        /// An example of what the code is found in, and what to do about it.
        pub(super) fn advice(code: Code) -> (&'static str, &'static str) {
            match code { $(Code::$name => ($example, $way_out),)+ }
        }
    };
}

advice! {
    RequiredMissing: "row 9 of a sheet of invoices has a blank cell below Invoice Date"
        => "fill the cell; where all rows have the same value, --set FIELD=VALUE gives it";
    TextTooLong: "a text of some thousand characters below Description"
        => "shorten the text in the sheet; arload never cuts it";
    LookalikeCharacter: "the number INV-\u{0410}17 with a Cyrillic \u{0410} that looks like a Latin A"
        => "type the code again by hand, or copy it from the original document";
    BadEncoding: "a name that was saved in another encoding: \"Soci\u{fffd}t\u{fffd}\""
        => "name the file's encoding, such as --encoding windows-1252, or save the file as UTF-8";
    GarbledText: "\u{e2}\u{201a}\u{b9} where \u{20b9} was meant"
        => "export the file again from the program that holds the data, as UTF-8";
    NulCharacters: "\"Mehta\\0\\0 Traders\", as a copy from a faulty disk or a UTF-16 program leaves it"
        => "look at the row's texts; if something is missing, export the file again";
    SurplusCells: "INV-7,Mehta,1,20,000.00 where the amount 1,20,000.00 was not put into quotation marks"
        => "put cells that hold the delimiter into quotation marks, or name another with --delimiter";
    ShortRow: "five cells in a sheet whose other rows have eight"
        => "look whether cells are missing at the end of the row; blank ones do no harm";
    RowCutOff: "the file ends with \"INV-204,12/03/20\""
        => "download or export the file again; the rows behind this one are missing too";
    RowsInCell: "one quotation mark in row 40 and another in row 90 make one cell of the rows between"
        => "take the stray quotation marks out, or write each of them twice";
    CellTooLong: "a cell of 40,000 characters"
        => "shorten it; a quotation mark that never closes above it may be the reason";
    UnbalancedQuote: "Pipe 2\" dia, where the mark for inches opens a quoted cell"
        => "look at the row; write the mark twice within quotation marks: \"Pipe 2\"\" dia\"";
    StrayQuote: "Pipe 2\" dia without quotation marks around the cell"
        => "look whether the cell says what it should; write the mark twice within quotation marks";
    CellError: "#N/A or #REF! in a cell below Taxable Value"
        => "mend the formula in the workbook, save it, and run it again";
    FormulaWithoutValue: "=B2*0.18 in a workbook that a program wrote and nobody opened since"
        => "open the workbook in Excel or LibreOffice and save it, which stores the results";

    AmountNotDecimal: "\"as per rate list\" below Taxable Value"
        => "write a plain amount such as 1234.50 or 1,00,000.00";
    AmountAmbiguous: "1.234,56 or 10.000, which mean different amounts in different countries"
        => "write 1234.56, or set decimal-comma = true in a mapping file if the comma is the decimal point";
    AmountTooPrecise: "118.005"
        => "round it to paise in the sheet; arload never rounds what it sends";
    AmountNegative: "-500.00 on an invoice"
        => "a credit note cannot be sent; correct the sign, or leave the row out";
    AmountTooSmall: "0.00 as the total of an invoice"
        => "correct the amount, or leave the row out";
    AmountTooLarge: "an account number in the column of amounts"
        => "check which column is mapped: arload inspect FILE shows it";
    CurrencyNotInr: "USD 1,200.00 or a column Currency that says EUR"
        => "write the amount in rupees; the API has no other currency";

    DateNotRecognised: "\"end of March\" below Invoice Date"
        => "write a date such as 31/03/2026, 2026-03-31 or 31-Mar-2026";
    DateImpossible: "31/02/2026"
        => "correct the day or the month";
    DateOutOfRange: "the number 12 in a column of dates, or 26-04-01, a day of 2001 where days stand first"
        => "format the column as dates in the workbook, or write the date out, as 2026-04-01";
    DateOrderMinority: "03/25/2026 in a column whose other dates are like 25/03/2026"
        => "write this date as the others are, or say the order with --date-order";
    DateOrderAssumed: "all dates are like 04/05/2026, and none shows which part is the month"
        => "say it: --date-order dmy, or --period 2026-05, which settles it";
    DateMixedTypes: "real dates and the text \"31.03.2026\" below the same heading"
        => "look whether the texts were read rightly; format the whole column as dates";
    DateFuture: "an invoice of next month"
        => "correct the date; where such invoices are right, date-future = \"warning\" under [profiles.NAME.severity]";
    DateBeforeGst: "an invoice of 12/05/2016 with CGST"
        => "correct the year of the date, or take the tax out";
    DueBeforeInvoice: "invoice date 31/03/2026, due date 01/03/2026"
        => "look at both dates; the row is sent as it is";
    OutsidePeriod: "an invoice of 2 April under --period 2026-03"
        => "correct the date, put the row into the other month's sheet, or name another --period";

    BooleanNotRecognised: "\"maybe\" below GST Exclusive"
        => "write yes or no, true or false";
    DaysNotRecognised: "\"soon\" below Credit Period"
        => "write a number of days, such as 30 or Net 30";
    NumberNotWhole: "2.5 where a count is wanted"
        => "write a whole number";
    TimeNotRecognised: "\"noon\" as the time of a reminder"
        => "write hours and minutes, such as 09:30";
    RecordIdFormat: "\"CIN26,CIN27\" as one invoice id"
        => "write one id in each row, as the results or an export name it";
    ClearNotAllowed: "<clear> as the status of an invoice"
        => "leave the cell blank, which leaves the field as it is, or write a value";
    NotInList: "\"Weekly-ish\" where DAILY, WEEKLY or MONTHLY can stand"
        => "write one of the values that the message names; arload template has them as a drop-down";
    CompanyIdFormat: "CEK12 as a company id"
        => "copy the id from Enkash: CEK and seven capital letters or digits";
    CustomerIdFormat: "C-1044 below Customer Id"
        => "that is your own code: give it as customerCode, with --customers FILE, or after arload customers pull";
    GstinFormat: "27AAPFU0939F1Z, which has 14 characters"
        => "copy the GSTIN from the customer's certificate: 15 letters and digits";
    GstinState: "98AAPFU0939F1ZV"
        => "correct the first two digits; they are the code of the state";
    GstinCheckDigit: "27AAPFU0939F1ZX instead of 27AAPFU0939F1ZV"
        => "compare the number with the customer's certificate; one of its characters is mistyped";
    GstinCheckUncertain: "a number of the United Nations or of an e-commerce operator"
        => "compare it with the certificate; the row is sent";
    GstinOldState: "28AAACB1234C1Z5, from before Telangana was split off"
        => "nothing, unless the customer has a newer number";
    PanFormat: "AAPFU093F, which has nine characters"
        => "write five letters, four digits and a letter, as on the card";
    PanRareHolder: "a PAN whose fourth letter is E"
        => "nothing, if the card says so";
    PanGstinMismatch: "PAN AAPFU0939F beside a GSTIN that holds another"
        => "find out which of the two is right; characters 3 to 12 of a GSTIN are the PAN";
    StateDiffersFromGstin: "State: Gujarat, and a GSTIN that begins with 27 (Maharashtra)"
        => "look which is right; the row is sent as it is";
    GstTreatmentMismatch: "\"consumer\" for a customer with a GSTIN"
        => "correct the treatment or the GSTIN; the row is sent as it is";
    IfscFormat: "HDFC1234"
        => "write four letters, a zero and six letters or digits, as on a cheque";
    AccountNumberFormat: "\"see cheque\" below Account No"
        => "write the digits of the account number, as text";
    NumberRounded: "123456789012345678 that Excel turned into 123456789012345000"
        => "format the column as text and type the number again; its last digits are lost";
    NumberShorterThanOthers: "1234567 where all others have nine digits like 001234567"
        => "look whether zeros in front were lost; format the column as text";
    PinFormat: "40001 or 012345"
        => "write the six digits of the PIN code";
    MobileFormat: "98200"
        => "write the ten digits, with or without +91";
    MobileSuspicious: "9999999999"
        => "write the real number; the row is sent as it is";
    PhoneFormat: "\"ask office\""
        => "write digits with the area code, such as 022-24937890";
    EmailFormat: "accounts@example"
        => "write one address such as accounts@example.com";
    SeveralValues: "a@example.com; b@example.com"
        => "nothing, if the first may be sent; else leave only the one that is meant";
    InvoiceNumberTooLong: "MUMBAI/2026-27/SALES/00417"
        => "GST allows 16 characters; use the number that was reported";
    InvoiceNumberFormat: "INV#417 or INV 417"
        => "use letters, digits, - and / only, as the law has it";
    InvoiceNumberZero: "0 or 000"
        => "write the invoice's number; a formula may have failed";
    InvoiceNumberStart: "0417"
        => "look whether the number is complete; the row is sent";
    InvoiceNumberDash: "INV\u{2013}417 with a long dash, as Word types it"
        => "nothing, if INV-417 is meant";
    NumberChangedBySpreadsheet: "the number 3-4 became 03-Apr, or 1E10 became 10000000000"
        => "format the column as text and type the number again";

    TaxHeadsMixed: "IGST and CGST in one row"
        => "leave the heads of the right kind of supply: IGST, or CGST with SGST";
    TaxHeadsUnequal: "CGST 90.00 and SGST 99.00"
        => "correct the one that is wrong; the two are always the same";
    TaxHeadsOtherState: "IGST on a supply from Pune to Mumbai"
        => "look at the place of supply and at the heads; the row is sent as it is";
    TaxNotByRate: "18 % of 1,000.00 with a tax of 150.00"
        => "look at the rate, the taxable value and the tax; the row is sent as it is";
    RateUnlisted: "a rate of 15 %"
        => "look whether the rate was mistyped; the row is sent as it is";
    RateSuperseded: "12 % on an invoice after the rate had ended"
        => "look at the rate and the date; the row is sent as it is";
    ChargeEnded: "TCS on an invoice after it was abolished"
        => "look whether the charge belongs there; the row is sent as it is";
    TotalMismatch: "taxable 1,000.00, IGST 180.00, total 1,200.00"
        => "correct the amount that is wrong; freight and round-off count if their columns are in the sheet";
    CustomerMissing: "a row without customer id, code, GSTIN or name"
        => "fill one of these cells";
    CustomerNotFound: "code C-1044, which no customer has"
        => "create the customer first, fetch the directory with arload customers pull, or pass --customers FILE";
    CustomerAmbiguous: "a GSTIN that two branches share"
        => "name the customer by its KC id or its code; the message lists those that fit";
    CustomerContradiction: "the code of one customer and the GSTIN of another"
        => "correct the cell that is wrong";
    SellerUnlisted: "supplier GSTIN 29AAPFU0939F1ZR, and sellers lists another only"
        => "add it to the profile: sellers = { \"GSTIN\" = \"CEK...\" }";
    InvoiceMissing: "a row to dispatch with neither id nor number"
        => "fill the invoice's id or number";
    InvoiceNotFound: "number INV-9999, which was never put in"
        => "correct the number, or write the invoice's id";
    InvoiceAmbiguous: "number 417, which stands in two financial years"
        => "write the invoice's id instead; the message lists those that fit";
    ExampleLeftIn: "a row of the template that was filled only in part"
        => "fill all its cells, or delete the row";
    DocumentDoubtful: "\"CANCELLED\" below Remarks, or \"Sales Return\" below a heading that arload does not know"
        => "say with --map \"Remarks=status\" (or =documentType) that such rows are left out; empty the cell if the row is to be sent";
    NothingToUpdate: "a row that holds the customer's id and nothing else"
        => "fill what is to be changed, or delete the row";
    DuplicateInSheet: "INV-417 in rows 12 and 40, with different amounts"
        => "delete the wrong one; if both are lines of one invoice, pass --group";
    ConflictsWithEarlierRun: "INV-417 was accepted in May with 1,000.00, and the sheet now says 1,200.00"
        => "if the sheet is right, change the invoice with arload invoices update; else correct the sheet";
    ConflictsWithApi: "INV-417 stands at Enkash with another amount"
        => "compare both; change the invoice with arload invoices update, or correct the sheet";
    NumberNearYearEnd: "INV-1 of 30 March and INV-1 of 2 April for the same customer"
        => "look whether they are one invoice; the row is sent";
    CustomerLooksAlike: "\"Mehta Traders\" and \"Mehta  Traders Pvt\" with the same PAN"
        => "look whether they are one customer; nothing is merged, both are sent";

    DocumentLinesDiffer: "two lines of INV-417 with different due dates"
        => "make the cells equal on all lines of the invoice, or leave them blank below the first";
    DocumentLineUnclear: "a line without a number below a gap"
        => "write the invoice's number on the line, or delete the line";
    DocumentLineRepeated: "the same item, quantity and amount twice in one invoice"
        => "delete one of the rows, or map the invoice's total, which then shows whether both count";
    DocumentNumberTwice: "INV-417 of 1 March and INV-417 of 5 March in one sheet"
        => "correct the number or the date of one of them";
    DocumentInvalid: "one line of INV-417 has an amount that cannot be read"
        => "correct the row that the message names; all lines then go together";

    CorrectionUnclear: "\"maybe\" in the column that takes retry or drop"
        => "write retry, drop or nothing, give the workbook to the ledger that wrote it, and a further record in a sheet of its own";
}
