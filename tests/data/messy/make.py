"""Makes the files of this folder that were not written by hand or taken from elsewhere; README.md says which those are.

Needs Python with xlsxwriter, openpyxl, xlwt, odfpy, msoffcrypto-tool, and LibreOffice as `soffice`.
Run it in an empty folder: `python make.py [NAME...]` writes the files, or those whose name begins with a NAME.
"""

import datetime as dt
import gzip
import io
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zipfile

import msoffcrypto.format.ooxml
import odf.opendocument
import odf.style
import odf.table
import odf.text
import openpyxl
import xlsxwriter
import xlwt

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def gstin(state, pan, nth="1"):
    head = f"{state}{pan}{nth}Z"
    total = 0
    for at, letter in enumerate(head):
        product = ALPHABET.index(letter) * (1 + at % 2)
        total += product // 36 + product % 36
    return head + ALPHABET[(36 - total % 36) % 36]


# Invented companies.
PARTIES = [
    ("C0101", "Mehta, Rakesh & Sons", gstin("27", "AAQFM4821K")),
    ("C0102", "Nilavarna Foodworks LLP", gstin("27", "ACYFN6118H")),
    ("C0103", "Himavarn Pharma Chem Limited", gstin("24", "ACHCH3848L")),
    ("C0104", "Ambarvel Textiles", gstin("33", "ABRPA1354Y")),
    ("C0105", "Café Madhuvarn Pvt. Ltd.", gstin("29", "AAGCC7731B")),
    ("C0106", "Girivan Agro Mills", gstin("27", "AATFG9032Q")),
]
OURS = gstin("27", "AAECK4415D")
TAXABLE = [12500, 21375.50, 4866, 100000, 3499.95, 785000.25, 1999, 64250, 150.40, 27300]
HEAD = ["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Customer Name", "GSTIN", "Taxable Value", "CGST",
        "SGST", "IGST", "Invoice Total"]


def day(i):
    return dt.date(2025, 4, 1) + dt.timedelta(days=3 * i)


def amounts(i):
    """Taxable value, CGST, SGST, IGST and total of row i, in paise-true floats."""
    taxable = TAXABLE[i % len(TAXABLE)]
    inside = PARTIES[i % len(PARTIES)][2].startswith("27")
    half, whole = round(taxable * 0.09 + 1e-9, 2), round(taxable * 0.18 + 1e-9, 2)
    taxes = (half, half, 0) if inside else (0, 0, whole)
    return [taxable, *taxes, round(taxable + sum(taxes), 2)]


def money(value):
    return f"{value:.2f}" if value else ""


def lakh(value):
    """1,00,000.00"""
    whole, paise = f"{value:.2f}".split(".")
    head, tail = whole[:-3], whole[-3:]
    while len(head) > 2:
        head, tail = head[:-2], f"{head[-2:]},{tail}"
    return (f"{head},{tail}" if head else tail) + "." + paise


def invoice(i, date="%d/%m/%Y"):
    code, name, number = PARTIES[i % len(PARTIES)]
    due = day(i) + dt.timedelta(days=30)
    return [f"KP/25-26/{i + 1:03}", day(i).strftime(date), due.strftime(date), code, name, number,
            *map(money, amounts(i))]


def invoices(count, date="%d/%m/%Y"):
    return [HEAD] + [invoice(i, date) for i in range(count)]


def quoted(cell, delimiter=",", mark='"'):
    cell = str(cell)
    if any(c in cell for c in (delimiter, mark, "\n", "\r")):
        return mark + cell.replace(mark, mark * 2) + mark
    return cell


def csv(rows, delimiter=",", end="\r\n"):
    return "".join(delimiter.join(quoted(cell, delimiter) for cell in row) + end for row in rows)


FILES = {}


def file(name):
    def keep(make):
        FILES[name] = make
        return make

    return keep


def text(name, content, encoding="utf-8"):
    FILES[name] = lambda: content().encode(encoding) if callable(content) else content.encode(encoding)


# Text files: bytes and encodings.

ZOHO = ["Invoice Date", "Invoice ID", "Invoice Number", "Invoice Status", "Customer ID", "Customer Name",
        "GST Treatment", "GST Identification Number (GSTIN)", "Place of Supply(With State Code)", "Due Date",
        "PurchaseOrder", "Currency Code", "SubTotal", "CGST", "SGST", "IGST", "Round Off", "Total", "Balance",
        "Billing Address", "Billing City", "Billing State", "Billing Code", "Primary Contact EmailID", "Notes"]


def zoho(i, status="Sent"):
    code, name, number = PARTIES[i % len(PARTIES)]
    taxable, cgst, sgst, igst, total = amounts(i)
    return [day(i).isoformat(), f"98211400000{i:04}", f"INV-{i + 1:06}", status, f"1460000000{i:03}", name,
            "business_gst", number, "27-Maharashtra" if number.startswith("27") else "24-Gujarat",
            (day(i) + dt.timedelta(days=30)).isoformat(), f"PO/{800 + i}", "INR", money(taxable), money(cgst),
            money(sgst), money(igst), "0.00", money(total), money(total), "12, MG Road\nNear \"Old\" Bus Stand",
            "Pune", "Maharashtra", "411001", f"ap{i}@madhuvarn.example", "Thanks for your business."]


text("zoho-bom.csv", lambda: "\ufeff" + csv([ZOHO] + [zoho(i) for i in range(6)]))
text("excel-unicode-text.txt", lambda: "\ufeff" + csv(invoices(5), "\t"), "utf-16-le")
text("busy-utf16be-no-bom.csv", lambda: csv([
    ["Date", "Vch/Bill No", "Vch Series", "Particulars", "Party GSTIN", "Material Centre", "Due Date", "Net Amount",
     "CGST", "SGST", "IGST", "Bill Amount"]] + [
    [day(i).strftime("%d-%m-%Y"), f"BS/{i + 1}", "Main", PARTIES[i][1], PARTIES[i][2], "Main Store",
     (day(i) + dt.timedelta(days=15)).strftime("%d-%m-%Y"), *map(money, amounts(i))] for i in range(5)]), "utf-16-be")
text("windows-1252.csv", lambda: csv(invoices(6)).replace("KP/25-26/001", "KP/25–26/001").replace(
    "Mehta, Rakesh & Sons", "Mehta, Rakesh & Sons\u00a0“HUF”"), "cp1252")
FILES["utf8-cut-by-a-tool.csv"] = lambda: csv([HEAD] + [
    [*invoice(i)[:4], "Śrī Veṅkaṭa Traders – Hubballi", *invoice(i)[5:]] for i in range(6)]).encode().replace(
    b"\xe1\xb9\x85ka", b"\xe1\xb9ka", 2)
text("mojibake.csv", lambda: csv([HEAD] + [[*r[:4], r[4].encode().decode("cp1252"), *r[5:6],
     "₹".encode().decode("cp1252") + r[6], *r[7:]] for r in invoices(6)[1:]]))
text("rupee-and-nbsp.csv", lambda: csv([[*HEAD[:6], "Taxable Value (₹)", *HEAD[7:]]] + [
    [f"\u00a0{r[0]}\u2009", r[1], r[2], r[3], r[4].replace(" ", "\u00a0"), "\u200b" + r[5], f"₹\u00a0{lakh(float(r[6]))}",
     *r[7:]] for r in invoices(4)[1:]]))
FILES["nul-bytes.csv"] = lambda: csv(invoices(8)).encode().replace(b"Nilavarna", b"Nila\0varna").replace(
    b"C0103", b"C0103\0\0")
FILES["binary.csv"] = lambda: struct.pack("<40I", *range(40)) * 12 + b"Invoice No,Total\n"
text("form-feeds.txt", lambda: "".join(
    "\f" * (page > 0) + csv([["INVNO", "INVDATE", "DUEDATE", "PARTY", "TAXABLE AMT", "IGST", "INV TOTAL"]] + [
        [f"S{page}{i}", "02/04/2025", "02/05/2025", "Girivan\vAgro Mills", "1000.00", "180.00", "1180.00"]
        for i in range(4)], "\t") for page in range(3)))

# Text files: dialects.

text("sap-semicolon.csv", lambda: csv([
    ["", "Customer", "Name 1", "Reference", "Billing Document", "Doc. Date", "Net due date", "Amount in local currency",
     "Local Currency", "Tax Number 3"]] + [
    ["", f"10002{i}", PARTIES[i][1], f"KP25{i:05}", f"9000{i:06}", day(i).strftime("%d.%m.%Y"),
     (day(i) + dt.timedelta(days=45)).strftime("%d.%m.%Y"), lakh(amounts(i)[4]) + ("-" if i == 2 else ""), "INR",
     PARTIES[i][2]] for i in range(5)] + [
    ["*", "", "", "", "", "", "", lakh(sum(amounts(i)[4] * (-1 if i == 2 else 1) for i in range(5))), "INR", ""]],
    ";"))


@file("sap-spool-pipes.txt")
def sap_spool():
    head = ["Customer", "Name 1", "Reference", "Doc. Date", "Net due date", "Amount in local currency", "LCurr"]
    rows = [[f"10002{i}", PARTIES[i][1][:25], f"KP25{i:05}", day(i).strftime("%d.%m.%Y"),
             (day(i) + dt.timedelta(days=45)).strftime("%d.%m.%Y"), lakh(amounts(i)[4]), "INR"] for i in range(5)]
    widths = [max(len(row[c]) for row in [head, *rows]) for c in range(len(head))]
    line = "-" * (sum(widths) + len(widths) + 1)
    shown = ["|" + "|".join(cell.ljust(width) for cell, width in zip(row, widths)) + "|" for row in [head, *rows]]
    return "\n".join(["Customer Line Item List                       Page 1", "", line, shown[0], line, *shown[1:],
                      line, ""]).encode()


text("caret.txt", lambda: csv(invoices(5), "^"))
text("spaces.txt", lambda: csv([["InvoiceNo", "InvoiceDate", "DueDate", "CustomerName", "TaxableValue", "IGST",
                                 "InvoiceTotal"]] + [
    [f"KP-{i}", "2025-04-0" + str(i), "2025-05-0" + str(i), "Girivan Agro", "1000.00", "180.00", "1180.00"]
    for i in range(1, 8)], " ", "\n"))
text("sep-line.csv", lambda: "sep=;\r\n" + csv(invoices(4), ";"))
text("comma-space.csv", lambda: "\n".join(", ".join(f'"{c}"' if "," in c else c for c in row) for row in invoices(5)))
text("backslash-quotes.csv", lambda: "\n".join(
    ",".join('"' + str(c).replace('"', '\\"') + '"' for c in row) for row in
    [[*HEAD, "Description"]] + [[*invoice(i), 'Table 48" round, "oak"'] for i in range(5)]) + "\n")
text("doubled-quotes.csv", lambda: csv([[*HEAD, "Description"]] + [
    [*invoice(i), 'Pipe 48" dia, "GI" class B'] for i in range(5)]))
text("inch-marks.csv", lambda: "\n".join(",".join(map(str, row)) for row in
     [[*HEAD[:4], *HEAD[5:], "Description"]] + [
     [*invoice(i)[:4], *invoice(i)[5:], 'Table 48" round' if i == 2 else "Chair"] for i in range(6)]) + "\n")
text("open-quote.csv", lambda: csv([HEAD[:4] + HEAD[5:]] + [r[:4] + r[5:] for r in invoices(30)[1:]], end="\n").replace(
    ",C0103,", ',"C0103,', 1))
text("single-quotes.csv", lambda: "\n".join(",".join("'" + str(c).replace("'", "''") + "'" for c in row) for row in
     invoices(6)) + "\n")
text("old-mac-cr.csv", lambda: csv(invoices(5), end="\r"))
text("mixed-line-ends.csv", lambda: csv(invoices(8)).replace("\r\n", "\n", 4).rstrip("\r\n") + "\r\n\r\n\n\r\n")
text("no-final-newline.csv", lambda: csv(invoices(4), end="\n").rstrip("\n"))
text("lakh-unquoted.csv", lambda: "\n".join(",".join(row) for row in [
    ["Invoice No", "Invoice Date", "Due Date", "Party", "Taxable Value", "IGST", "Invoice Total"],
    ["KP/1", "01/04/2025", "01/05/2025", "Ambarvel Textiles", "900.00", "162.00", "1062.00"],
    ["KP/2", "02/04/2025", "02/05/2025", "Girivan Agro Mills", "1,00,000.00", "18,000.00", "1,18,000.00"],
    ["KP/3", "13/04/2025", "13/05/2025", "Girivan Agro Mills", "500.00", "90.00", "590.00"],
    ["KP/4", "14/04/2025", "14/05/2025", "Girivan Agro Mills", "600.00", "108.00", "708.00"],
    ["KP/5", "15/04/2025", "15/05/2025", "Ambarvel Textiles", "700.00", "126.00", "826.00"]]) + "\n")
text("text-guards.csv", lambda: "\r\n".join(",".join(row) for row in [
    ["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value", "IGST", "Invoice Total", "PO No"]] + [
    [f'="00{i}45"', "01/04/2025", "30/04/2025", f"'0010{i}", "1000.00", "180.00", "1180.00", f'="45000{i}"']
    for i in range(1, 6)]) + "\r\n")
text("decimal-comma.csv", lambda: csv([HEAD] + [
    [*r[:6], *[c and f"{float(c):,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".") for c in r[6:]]]
    for r in invoices(5)[1:]], ";"))

# Text files: the table in its surroundings.


def tally(count=6, total=True):
    rows = [["Kalpavya Packtech Private Limited", *[""] * 8], ["Plot 14, MIDC Bhosari, Pune", *[""] * 8],
            ["Sales Register", *[""] * 8], ["1-Apr-25 to 30-Apr-25", *[""] * 8], [""] * 9,
            ["Date", "Particulars", "Voucher Type", "Voucher No.", "GSTIN/UIN", "Value", "OUTPUT CGST 9%",
             "OUTPUT SGST 9%", "OUTPUT IGST 18%", "Gross Total", "Due on"]]
    for i in range(count):
        rows.append([f"{day(i).day}-{day(i):%b-%y}", PARTIES[i][1], "Sales", f"KPT/{i + 1:03}/25-26", PARTIES[i][2],
                     *[a and lakh(a) or "" for a in amounts(i)], f"{day(i + 10).day}-{day(i + 10):%b-%y}"])
    if total:
        sums = [sum(amounts(i)[a] for i in range(count)) for a in range(5)]
        rows.append(["", "Grand Total", "", "", "", *map(lakh, sums), ""])
    return rows


text("tally-register.csv", lambda: csv(tally()))
text("tally-wrong-total.csv", lambda: csv([*tally(total=False), ["", "Grand Total", "", "", "", "9,99,999.00", "", "",
                                                               "", "11,00,000.00", ""]]))
text("tally-bills-receivable.csv", lambda: csv([
    ["Kalpavya Packtech Private Limited"], ["Bills Receivable"], ["as at 30-Apr-25"], [""],
    ["Date", "Ref. No.", "Party's Name", "Pending", "Due on", "Overdue"],
    ["", "", "", "Amount", "", "by days"]] + [
    [f"{day(i).day}-{day(i):%b-%y}", f"KPT/{i + 1:03}", PARTIES[i][1], lakh(amounts(i)[4]) + " Dr",
     f"{day(i + 10).day}-{day(i + 10):%b-%y}", str(i)] for i in range(5)] + [
    ["", "", "", lakh(sum(amounts(i)[4] for i in range(5))) + " Dr", "", ""]]))
text("two-header-rows.csv", lambda: csv([
    ["Invoice", "", "", "Party", "", "Tax", "", "", "Amount", ""],
    ["No", "Date", "Due Date", "Name", "GSTIN", "CGST", "SGST", "IGST", "Taxable", "Total"]] + [
    [invoice(i)[0], invoice(i)[1], invoice(i)[2], PARTIES[i][1], PARTIES[i][2],
     *[money(a) for a in amounts(i)[1:4]], money(amounts(i)[0]), money(amounts(i)[4])] for i in range(5)]))
text("no-header.csv", lambda: csv([invoice(i) for i in range(5)]))
text("repeated-header.csv", lambda: csv([*invoices(4), HEAD, *[invoice(i) for i in range(4, 8)], HEAD,
                                         *[invoice(i) for i in range(8, 10)]]))
text("quickbooks-groups.csv", lambda: csv([
    ["Kalpavya Packtech Private Limited", *[""] * 6], ["Invoice List by Customer", *[""] * 6],
    ["April 2025", *[""] * 6], [""] * 7,
    ["", "Date", "Transaction Type", "Num", "Due Date", "Amount", "Open Balance"],
    ["Ambarvel Textiles", *[""] * 6],
    ["", "01/04/2025", "Invoice", "1001", "01/05/2025", "1,180.00", "1,180.00"],
    ["", "14/04/2025", "Invoice", "1002", "14/05/2025", "2,360.00", "0.00"],
    ["Total for Ambarvel Textiles", "", "", "", "", "3,540.00", "1,180.00"],
    ["Girivan Agro Mills", *[""] * 6],
    ["", "22/04/2025", "Invoice", "1003", "22/05/2025", "590.00", "590.00"],
    ["Total for Girivan Agro Mills", "", "", "", "", "590.00", "590.00"],
    ["TOTAL", "", "", "", "", "4,130.00", "1,770.00"],
    [""] * 7, ["Wednesday, 30 Apr 2025 10:14 AM GMT+05:30", *[""] * 6]]))
text("ledger-cf-bf.csv", lambda: csv([
    ["Date", "Particulars", "Vch Type", "Vch No.", "Debit", "Credit"],
    ["", "Opening Balance", "", "", "10,000.00", ""],
    ["1-Apr-25", "Sales @18%", "Sales", "KPT/001", "1,180.00", ""],
    ["9-Apr-25", "HDFC Bank", "Receipt", "R/14", "", "10,000.00"],
    ["", "Carried Over", "", "", "11,180.00", "10,000.00"],
    ["", "Brought Forward", "", "", "11,180.00", "10,000.00"],
    ["21-Apr-25", "Sales @18%", "Sales", "KPT/002", "2,360.00", ""],
    ["", "Closing Balance", "", "", "", "3,540.00"],
    ["", "", "", "", "13,540.00", "13,540.00"]]))
text("page-totals.csv", lambda: csv([*invoices(3), ["Page Total", *[""] * 5, "38741.50", *[""] * 4],
                                     *[invoice(i) for i in range(3, 6)],
                                     ["Sub Total", *[""] * 5, "888500.20", *[""] * 4],
                                     ["Grand Total", *[""] * 5, "927241.70", *[""] * 4]]))
text("footer-notes.csv", lambda: csv([*invoices(5), [""] * 11, ["Prepared by: Anita Deshmukh", *[""] * 10],
                                      ["Checked by:", *[""] * 10], ["Generated on 30-Apr-2025 18:22", *[""] * 10],
                                      ["* E&OE", *[""] * 10],
                                      ["This is a computer generated statement and needs no signature.", *[""] * 10]]))
text("second-table.csv", lambda: csv([*invoices(6), [""] * 11, ["Customer", "0-30 days", "31-60 days", "Over 60 days"],
                                      ["Ambarvel Textiles", "1180.00", "0.00", "550.00"],
                                      ["Girivan Agro Mills", "0.00", "200.00", "10.00"]]))
text("blank-rows.csv", lambda: csv([HEAD, [""] * 11, invoice(0), [""] * 11, [""] * 11, invoice(1), invoice(2),
                                    [" "] * 11, invoice(3)]))
text("comment-lines.csv", lambda: "# exported by BillDesk-lite 2.1 on 2025-04-30\n# company: Kalpavya\n" + csv(
    [*invoices(4), ["#5", *invoice(5)[1:]]], end="\n"))
text("duplicate-headings.csv", lambda: csv([
    ["Invoice No", "Date", "Due Date", "Party", "Amount", "Amount", "Taxable Value", "Date"]] + [
    [f"KP/{i}", "01/04/2025", "01/05/2025", PARTIES[i][1], "1180.00", "1180.00", "1000.00", ""] for i in range(5)]))
text("blank-heading.csv", lambda: csv([[*HEAD[:5], "", *HEAD[6:]]] + [invoice(i) for i in range(5)]))
text("quickbooks-starred.csv", lambda: csv([
    ["*InvoiceNo", "*Customer", "*InvoiceDate\n(dd/mm/yyyy) :", "*DueDate", "Taxable Value\n(₹)", "IGST", "Invoice\nTotal *",
     "Memo"]] + [
    [str(1000 + i), PARTIES[i][1], "01/04/2025", "16/04/2025", "1000", "180", "1180", "as ordered"] for i in range(5)]))
text("trailing-commas.csv", lambda: "\n".join(line + "," for line in csv(invoices(5), end="\n").splitlines()) + "\n")
text("short-rows.csv", lambda: csv([[*HEAD, "PO No", "Remarks"]] + [
    invoice(i)[:5] if i == 2 else [*invoice(i)[:10], amounts(i)[4]] + ([f"PO-{i}", "ok"] if i % 2 else [])
    for i in range(6)]))
text("surplus-cells.csv", lambda: csv([HEAD, invoice(0), [*invoice(1), "", ""], [*invoice(2), "", "paid by cheque"],
                                       invoice(3)]))
text("three-thousand-columns.csv", lambda: csv([r + [""] * 2500 for r in invoices(3)]))
text("empty.csv", lambda: "")
text("only-blanks.csv", lambda: "\r\n \r\n,,,\r\n")
text("header-only.csv", lambda: csv([HEAD]))
text("id-first.csv", lambda: csv([["ID", "Customer", "Date", "Payment Due Date", "Net Total", "Grand Total"]] + [
    [f"SINV-25-{i}", PARTIES[i][1], "2025-04-14", "2025-05-14", "1000.00", "1180.00"] for i in range(4)]))
text("one-row.csv", lambda: csv(invoices(1)))
text("one-column.csv", lambda: "Customer Name\n" + "".join(f"{p[1]}\n".replace(",", "") for p in PARTIES))

# Text files: what stands in cells.

text("line-items.csv", lambda: csv([
    ["Invoice Number", "Invoice Date", "Due Date", "Customer Name", "GST Treatment", "Item Name", "Quantity",
     "Item Price", "Item Total", "Item Tax %", "SubTotal", "Total", "Place of Supply(With State Code)",
     "Usage unit"]] + [
    [f"INV-{n}", "2025-04-01", "2025-05-01", "Ambarvel Textiles", "business_gst", item, "2", "500.00", "1000.00", "18",
     "2000.00", "2360.00", "33-Tamil Nadu", "pcs"] for n in (1, 2, 3) for item in ("Carton", "Tape")]))
KC = "KC6B8649WVVF3G01"
text("status-and-credit.csv", lambda: csv([["Invoice No", "Invoice Date", "Due Date", "Customer Id", "Taxable Value",
                                            "IGST", "Invoice Total", "Status", "Currency", "Voucher Type"],
    ["KP/1", "13/04/2025", "13/05/2025", KC, "1000.00", "180.00", "1180.00", "Sent", "INR", "Sales"],
    ["KP/2", "13/04/2025", "13/05/2025", KC, "1000.00", "180.00", "1180.00", "Void", "INR", "Sales"],
    ["KP/3", "13/04/2025", "13/05/2025", KC, "1000.00", "180.00", "1180.00", "Draft", "INR", "Sales"],
    ["KP/4", "13/04/2025", "13/05/2025", KC, "-1000.00", "-180.00", "-1180.00", "Sent", "INR", "Credit Note"],
    ["KP/5", "13/04/2025", "13/05/2025", KC, "1000.00", "180.00", "1180.00", "Sent", "USD", "Sales"],
    ["KP/6", "13/04/2025", "13/05/2025", KC, "(1000.00)", "", "(1000.00)", "Sent", "INR", "Sales"],
    ["KP/1", "13/04/2025", "13/05/2025", KC, "1000.00", "180.00", "1180.00", "Sent", "INR", "Sales"],
    ["KP/1", "13/04/2025", "13/05/2025", KC, "2000.00", "360.00", "2360.00", "Sent", "INR", "Sales"]]))
text("amounts.csv", lambda: csv([["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value",
                                  "Invoice Total"]] + [
    [f"KP/{i + 2}", "13/04/2025", "13/05/2025", "C1", amount, total] for i, (amount, total) in enumerate([
        ("1,00,000.00", "1,00,000.00"), ("Rs. 1,000.50", "₹1,000.50"), ("1000/-", "1,000 only"), ("1,000 Dr", "1000Dr."),
        ("98310.520000000004", "98310.52"), ("१,००,०००.५०", "1,00,000.50"), ("1.5E5", "150000"),
        ("1,00,00", "10000"), ("1.234,56", "1234.56"), ("1,000 Cr", "1,000 Cr"), ("$100", "100"), ("12%", "12"),
        ("1000+180", "1180"), ("=1000+180", "1180"), ("Rupees One Lakh Only", "100000"), ("1000.555", "1000.56"),
        ("12,50", "1250")])]))
text("us-dates.csv", lambda: csv([["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value",
                                   "Invoice Total"]] + [
    [f"KP/{m}-{d}", f"{m:02}/{d:02}/2025", "06/30/2025", "C1", "1000.00", "1000.00"]
    for m, d in ((4, 5), (4, 25), (5, 1), (5, 13), (6, 2))]))
text("both-date-orders.csv", lambda: csv([["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value",
                                           "Invoice Total"]] + [
    [f"KP/{i}", date, "30/06/2025", "C1", "1000.00", "1000.00"]
    for i, date in enumerate(["13/04/2025", "14/04/2025", "05/04/2025", "15/04/2025", "04/25/2025", "31/04/2025",
                              "Apr-25", "45748", "1st April, 2025", "०५/०४/२०२५"])]))
text("codes.csv", lambda: csv([["Invoice No", "Invoice Date", "Due Date", "Customer GSTIN", "Taxable Value", "IGST",
                                "Invoice Total", "Customer Email", "Mobile"]] + [
    [number, "13/04/2025", "13/05/2025", code, "1000", "180", "1180", mail, mobile] for number, code, mail, mobile in [
        ("KP-1", "27 aapfu 0939 f1zv", "mailto:a@kp.example", "+91 98765 43210"),
        ("KP-2", "27AAPFU0939F1ZV\u200b", "", "9876543211.0"),
        ("KP-3", "２７AAPFU0939F1ZV", "<b@kp.example>;", "09876543212"),
        ("KP-4", "27ААPFU0939F1ZV", "", ""), ("KP-5", "27AAPFUO939F1ZV", "", ""),
        ("KP-6", "7AAACI1681G1ZR", "", ""), ("KP-7", "27AAPFU0939F1ZO", "", ""),
        ("KP-8", "47AAGCG4576J1Z6", "", ""), ("KP-9", "AAPFU0939F", "", ""),
        ("KP-10", "", "a@kp.example; b@kp.example", "9876543213/9876543214"), ("KP-11", "NA", "", "9.87654E+09"),
        ("2E+10", "", "", ""), ("KP#13", "", "", ""), ("KP–14", "", "", ""), ("0", "", "", ""),
        ("KP/25-26/APRIL/0016", "", "", ""), ("KP-17", "", "ap at kp.example", "12345")]]))
text("customers-phones.csv", lambda: csv([["Customer Code", "Legal Name", "GSTIN", "PAN", "Contact Person", "Mobile No",
                                           "Email", "Address", "State", "Pincode", "A/c No.", "IFSC"]] + [
    [f"C{i}", name, number, pan, "Anita", mobile, "a@kp.example", address, state, pin, account, ifsc]
    for i, (name, number, pan, mobile, address, state, pin, account, ifsc) in enumerate([
        ("Mehta &amp; Sons", PARTIES[0][2], PARTIES[0][2][2:12], "98765 43210 (Ramesh)", "12<br>MG Road", "27", "411001.0",
         "00123456789", "HDFC0001234"),
        ("Nilavarna LLP", PARTIES[1][2], "", "9876543211", "Pune", "Maharashtra", "411 001", "50100123456789012",
         "HDFCO001234"),
        ("Himavarn", PARTIES[2][2], "ABCPD1234E", "9876543212", "Surat", "Gujarat", "395003", "5.01001E+16", "SBIN0000300"),
        ("Ambarvel", PARTIES[3][2], "", "12345", "Erode", "Tamil Nadu", "038001", "123456789", "IBKL0070T16")])]))

# Workbooks of xlsxwriter.


def book(name, **options):
    """A workbook of xlsxwriter; the function gets it and fills it."""

    def keep(fill):
        def make():
            content = io.BytesIO()
            workbook = xlsxwriter.Workbook(content, {"in_memory": True, **options})
            fill(workbook)
            workbook.close()
            return content.getvalue()

        FILES[name] = make
        return fill

    return keep


def put(sheet, rows, top=0, left=0, date=None):
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if cell is None or cell == "":
                continue
            if isinstance(cell, (dt.date, dt.datetime)):
                sheet.write_datetime(top + r, left + c, cell, date)
            elif isinstance(cell, str):
                sheet.write_string(top + r, left + c, cell)
            else:
                sheet.write(top + r, left + c, cell)


def cells(count, first=0):
    """Invoices with real dates and numbers."""
    rows = []
    for i in range(first, first + count):
        code, name, number = PARTIES[i % len(PARTIES)]
        rows.append([f"KP/25-26/{i + 1:03}", day(i), day(i) + dt.timedelta(days=30), code, name, number,
                     *[a or None for a in amounts(i)]])
    return rows


@book("cover-and-hidden.xlsx")
def _(workbook):
    date = workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(workbook.add_worksheet("Cover"), [["Kalpavya Packtech Private Limited"], ["Receivables pack, April 2025"],
                                          ["Prepared for the auditors"]])
    chart = workbook.add_chartsheet("Trend")
    april, may = workbook.add_worksheet("April"), workbook.add_worksheet("May")
    put(april, [HEAD, *cells(4)], date=date)
    put(may, [HEAD, *cells(3, 4)], date=date)
    lookup, secret = workbook.add_worksheet("Lookup"), workbook.add_worksheet("Margins")
    put(lookup, [["Code", "Customer Name"], ["C0101", "Mehta"]])
    put(secret, [HEAD, *cells(2, 7)], date=date)
    lookup.hide()
    secret.very_hidden()
    series = workbook.add_chart({"type": "column"})
    series.add_series({"values": "=April!$G$2:$G$5"})
    chart.set_chart(series)


@book("hidden-rows-and-columns.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd/mm/yy"})
    put(sheet, [HEAD, *cells(8)], date=date)
    sheet.autofilter(0, 0, 8, len(HEAD) - 1)
    sheet.filter_column_list("D", ["C0101", "C0102"])
    for row in range(1, 9):
        if cells(8)[row - 1][3] not in ("C0101", "C0102"):
            sheet.set_row(row, None, None, {"hidden": True})
    sheet.set_column("F:F", None, None, {"hidden": True})


@book("merged-headings.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Register"), workbook.add_format({"num_format": "d-mmm-yy"})
    sheet.merge_range("A1:J1", "Kalpavya Packtech Private Limited - Sales Register")
    for span, caption in (("A3:C3", "Invoice"), ("D3:E3", "Party"), ("F3:H3", "Tax"), ("I3:J3", "Amount")):
        sheet.merge_range(span, caption)
    put(sheet, [["No", "Date", "Due Date", "Name", "GSTIN", "CGST", "SGST", "IGST", "Taxable", "Total"]], 3)
    put(sheet, [[r[0], r[1], r[2], r[4], r[5], r[7], r[8], r[9], r[6], r[10]] for r in cells(5)], 4, date=date)


@book("merged-cells.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [["Customer Code", "Invoice No", "Invoice Date", "Due Date", "Taxable Value", "IGST", "Invoice Total"]])
    for i in range(6):
        row = cells(1, i)[0]
        put(sheet, [[None, row[0], row[1], row[2], 1000, 180, 1180]], i + 1, date=date)
    sheet.merge_range("A2:A4", "C0104")
    sheet.merge_range("A5:A6", "C0103")
    sheet.write("A7", "C0101")


@book("mac-1904.xlsx", date_1904=True)
def _(workbook):
    put(workbook.add_worksheet("Sales"), [HEAD, *cells(4)], date=workbook.add_format({"num_format": "dd/mm/yyyy"}))


@book("constant-memory.xlsx", constant_memory=True)
def _(workbook):
    # Strings stand in the cells themselves.
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "yyyy-mm-dd"})
    put(sheet, [HEAD, *cells(3)], date=date)
    row = cells(1, 3)[0]
    put(sheet, [[*row[:4], "  Ambarvel\r\nTextiles  ", *row[5:]]], 4, date=date)


@book("rich-text.xlsx")
def _(workbook):
    sheet, bold = workbook.add_worksheet("Sales"), workbook.add_format({"bold": True})
    date = workbook.add_format({"num_format": "[$-409]d-mmm-yy;@"})
    put(sheet, [HEAD, *cells(4)], date=date)
    sheet.write_rich_string("E2", bold, "Mehta", " & ", bold, "Sons")
    # A line end is written as _x000D_ and a line feed.
    sheet.write_string("E3", "Nilavarna\r\nFoodworks")
    sheet.write_string("E4", "   Himavarn   Pharma ")
    sheet.write_rich_string("E1", bold, "Customer", " Name*")


@book("error-cells.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [[*HEAD, "Ageing"], *cells(6)], date=date)
    sheet.write_formula("F3", "=VLOOKUP(D3,Master!A:B,2,0)", None, "#N/A")
    sheet.write_formula("G4", "=1/0", None, "#DIV/0!")
    sheet.write_formula("L5", "=TODAY()-X1", None, "#VALUE!")
    sheet.write_formula("K6", "=G6+#REF!", None, "#REF!")


@book("formulas-as-xlsxwriter.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [[*HEAD, "PO No"], *cells(5)], date=date)
    for i in range(5):
        sheet.write_formula(i + 1, 10, f"=SUM(G{i + 2}:J{i + 2})", None, amounts(i)[4])
        sheet.write_formula(i + 1, 11, f'=IF(D{i + 2}="","PO","")', None, "")
    sheet.write_formula("G3", "='C:\\Rates\\[Rates 2025.xlsx]Base'!$B$7", None, amounts(1)[0])


@book("dr-cr-formats.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Ledger"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value", "Invoice Total"],
                *[[f"KP/{i}", day(i), day(i + 10), "C1", None, None] for i in range(4)]], date=date)
    debit, credit = (workbook.add_format({"num_format": f'#,##0.00" {word}"'}) for word in ("Dr", "Cr"))
    for i in range(4):
        for column in (4, 5):
            sheet.write_number(i + 1, column, 1000 + i, credit if i == 2 else debit)


@book("percent-and-float-noise.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value", "GST %", "IGST",
                 "Invoice Total"],
                *[[f"KP/{i}", day(i), day(i + 10), "C1", 98310.520000000004, None, 17695.889999999999, 116006.41]
                  for i in range(4)]], date=date)
    for i in range(4):
        sheet.write_number(i + 1, 5, 0.18, workbook.add_format({"num_format": "0%" if i % 2 else "0.00%"}))


@book("numbers-as-text.xlsx")
def _(workbook):
    sheet = workbook.add_worksheet("Sales")
    date = workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value", "Invoice Total", "Mobile",
                 "PO No"]])
    put(sheet, [
        [1042, day(0), day(9), 55012, "1000", "1,000.00", 9876543210, 4500017],
        ["0043", "16/04/2025", "30/04/2025", "55013", 2000, "2000.00 ", "9876543211", "4500018"],
        [1044.0, 45764, 45777, "55014", " 3000", 3000, "+91-98765-43212", "04500019"],
        ["1045", day(4), day(9), "'055015", 4000, 4000, 919876543213, 4500020]], 1, date=date)


@book("excel-changed-numbers.xlsx")
def _(workbook):
    sheet = workbook.add_worksheet("Sales")
    date, short = (workbook.add_format({"num_format": n}) for n in ("dd-mm-yyyy", "d-mmm"))
    put(sheet, [["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value", "Invoice Total"],
                *[[f"KP/{i}", day(i), day(i + 10), "C1", 1000, 1000] for i in range(5)]], date=date)
    sheet.write_datetime("A3", dt.date(2025, 4, 3), short)
    sheet.write_number("A4", 2e10, workbook.add_format({"num_format": "0.00E+00"}))
    sheet.write_datetime("B5", dt.date(1900, 1, 15), date)
    sheet.write_number("B6", 60, date)


@book("customers-long-numbers.xlsx")
def _(workbook):
    sheet = workbook.add_worksheet("Customers")
    put(sheet, [["Customer Code", "Legal Name", "GSTIN", "Contact Person", "Mobile No", "Email", "Address", "State",
                 "Pincode", "A/c No.", "IFSC"]] + [
        [f"C{i}", PARTIES[i][1], PARTIES[i][2], "Anita", mobile, "a@kp.example", "12, MG Road", "Maharashtra", 411001,
         account, "HDFC0001234"] for i, (mobile, account) in enumerate([
             (9876543210, "00501001234567"), (9876543211, 50100123456789012), (9876543212, 123456789012345),
             (9.87654e9, "50100123456789013")])])


@book("swapped-dates.xlsx")
def _(workbook):
    # An Excel set to US dates turned 05/04/2025 into 4 May and left 25/04/2025 as text.
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "mm/dd/yyyy"})
    put(sheet, [["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value", "Invoice Total"],
                *[[f"KP/{i}", when, "30/06/2025", "C1", 1000, 1000] for i, when in enumerate([
                    dt.date(2025, 5, 4), "25/04/2025", dt.date(2025, 9, 4), "26/04/2025", "13/04/2025",
                    dt.date(2025, 2, 4)])]], date=date)


@book("million-row-range.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [HEAD, *cells(4)], date=date)
    grey = workbook.add_format({"bg_color": "#DDDDDD"})
    sheet.write_blank(1048575, 16383, None, grey)
    for row in range(5, 60):
        sheet.write_blank(row, 0, None, grey)


@book("far-right.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [HEAD, *cells(4)], top=2, left=16000, date=date)


@book("sheet-protected.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [HEAD, *cells(3)], date=date)
    sheet.protect("secret")


@book("two-kinds-of-sheets.xlsx")
def _(workbook):
    date = workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(workbook.add_worksheet("Invoices"), [HEAD, *cells(3)], date=date)
    put(workbook.add_worksheet("Customers"), [["Customer Code", "Legal Name", "GSTIN", "Email", "Mobile"]] + [
        [p[0], p[1], p[2], "a@kp.example", "9876543210"] for p in PARTIES])
    put(workbook.add_worksheet("Pivot"), [["Sum of Total", "Column Labels"], ["Row Labels", "Apr", "May", "Grand Total"],
                                          ["Ambarvel", 100, 200, 300], ["Grand Total", 100, 200, 300]])


@book("table-and-ageing.xlsx")
def _(workbook):
    sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
    put(sheet, [["Kalpavya Packtech"], [], HEAD, *cells(5)], date=date)
    sheet.write("A9", "Total")
    for column in range(6, 11):
        sheet.write_formula(8, column, f"=SUM({'ABCDEFGHIJK'[column]}4:{'ABCDEFGHIJK'[column]}8)", None,
                            round(sum(amounts(i)[column - 6] for i in range(5)), 2))
    put(sheet, [["Customer", "0-30 days", "31-60 days", "Over 60 days"], ["Ambarvel", 100, 0, 0], ["Girivan", 0, 50, 0]],
        10)


@book("gstr1.xlsx")
def _(workbook):
    b2b, cdnr = workbook.add_worksheet("b2b,sez,de"), workbook.add_worksheet("cdnr")
    date = workbook.add_format({"num_format": "dd-mmm-yy"})
    put(b2b, [["Summary For B2B, SEZ, DE (4A, 4B, 6B, 6C)", *[None] * 11, "HELP"],
              ["No. of Recipients", None, "No. of Invoices", None, "Total Invoice Value", *[None] * 6,
               "Total Taxable Value", "Total Cess"],
              [4, None, 4, None, 139134.10, *[None] * 6, 117909.41, 0],
              ["GSTIN/UIN of Recipient", "Receiver Name", "Invoice Number", "Invoice date", "Invoice Value",
               "Place Of Supply", "Reverse Charge", "Applicable % of Tax Rate", "Invoice Type", "E-Commerce GSTIN",
               "Rate", "Taxable Value", "Cess Amount"]] + [
        [PARTIES[i][2], PARTIES[i][1].replace(",", ""), f"KP/25-26/{i + 1:03}", day(i), amounts(i)[4],
         "27-Maharashtra", "N", None, "Regular B2B", None, 18, amounts(i)[0], None] for i in range(4)], date=date)
    put(cdnr, [["Summary For CDNR (9B)", *[None] * 11, "HELP"], ["No. of Recipients", None, "No. of Notes"], [0, None, 0],
               ["GSTIN/UIN of Recipient", "Receiver Name", "Note Number", "Note date", "Note Type", "Place Of Supply",
                "Reverse Charge", "Note Supply Type", "Note Value", "Applicable % of Tax Rate", "Rate", "Taxable Value",
                "Cess Amount"]])
    put(workbook.add_worksheet("Help Instruction"), [["Invoice Upload: Introduction to the offline tool"], [],
                                                     ["Worksheet Name", "Reference", "Field name", "Help Instruction"],
                                                     ["b2b", "GSTR1", "1. GSTIN/UIN of Recipient*", "Enter the GSTIN"]])
    grey = workbook.add_format({"border": 1})
    for row in range(8, 400):
        b2b.write_blank(row, 0, None, grey)
    b2b.write_blank(20002, 12, None, grey)


@book("erpnext.xlsx")
def _(workbook):
    sheet = workbook.add_worksheet("Sales Invoice")
    put(sheet, [["ID", "Customer", "Series", "Date", "Payment Due Date", "Company GSTIN", "Billing Address GSTIN",
                 "Place of Supply", "Net Total", "Grand Total", "Item (Items)", "Quantity (Items)", "Rate (Items)",
                 "Amount (Items)"],
                ["SINV-25-00001", "Ambarvel Textiles", "SINV-.YY.-", "2025-04-01", "2025-05-01", OURS, PARTIES[3][2],
                 "33-Tamil Nadu", 3000, 3540, "Carton", 1, 1000, 1000],
                [None] * 10 + ["Tape", 2, 500, 1000], [None] * 10 + ["Labels", 4, 250, 1000],
                ["SINV-25-00002", "Girivan Agro Mills", "SINV-.YY.-", "2025-04-14", "2025-05-14", OURS, PARTIES[5][2],
                 "27-Maharashtra", 500, 590, "Carton", 1, 500, 500]])


@book("razorpay-batch.xlsx")
def _(workbook):
    put(workbook.add_worksheet("Sheet1"), [
        ["Invoice Number", "Customer Name", "Customer Email", "Customer Contact", "Amount (In Paise)", "Currency",
         "Description", "Expire By", "Partial Payment"],
        *[[f"RZP-{i}", PARTIES[i][1], f"a{i}@kp.example", f"98765432{i}0", 118000 + i, "INR", "April rent",
           "30-06-2025", "1"] for i in range(4)]])


@book("vyapar.xlsx")
def _(workbook):
    put(workbook.add_worksheet("Sale Report"), [
        ["Generated on Apr 30, 2025 at 6:22 pm"], [],
        ["Date", "Order No", "Invoice No", "Party Name", "Party Phone No.", "Transaction Type", "Total Amount",
         "Payment Type", "Received/Paid Amount", "Balance Due", "Due Date", "Status", "Description"],
        ["01/04/2025", None, "11", "Ambarvel Textiles", "9876543210", "Sale", 1180.0, "Cash", 0.0, 1180.0, "16/04/2025",
         "Unpaid", None],
        ["15/04/2025", None, "12", "Girivan Agro Mills", "9876543211", "Sale", 590.0, "Cash", 590.0, 0.0, "30/04/2025",
         "Paid", None],
        [None, None, None, None, None, "Total", 1770.0, None, 590.0, 1180.0]])


# Workbooks of openpyxl.


def opened(name):
    def keep(fill):
        def make():
            workbook, content = openpyxl.Workbook(), io.BytesIO()
            fill(workbook)
            workbook.save(content)
            return content.getvalue()

        FILES[name] = make
        return fill

    return keep


@opened("formulas-never-computed.xlsx")
def _(workbook):
    sheet = workbook.active
    sheet.title = "Sales"
    for row in [HEAD, *cells(4)]:
        sheet.append(row)
    for row in range(2, 6):
        sheet.cell(row, 11).value = f"=SUM(G{row}:J{row})"


@opened("iso-dates.xlsx")
def _(workbook):
    workbook.iso_dates = True
    sheet = workbook.active
    sheet.append(HEAD)
    for row in cells(3):
        sheet.append(row)
    sheet["B2"].value = dt.datetime(2025, 4, 1, 23, 59, 59, 999999)


@opened("group-and-outline.xlsx")
def _(workbook):
    sheet = workbook.active
    sheet.title = "Sales'25 & more"
    sheet.append([])
    sheet.append([None, *HEAD])
    for row in cells(6):
        sheet.append([None, *row])
    sheet.row_dimensions.group(4, 6, hidden=True)
    sheet.freeze_panes = "C3"


# Workbooks bent by hand.

BASES = {"formulas": FILES.pop("formulas-as-xlsxwriter.xlsx")}


def repacked(content, change):
    """The same archive with each part passed through `change(name, bytes)`; a list of pairs replaces the part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            parts = change(info.filename, old.read(info))
            for name, part in parts if isinstance(parts, list) else [(info.filename, parts)]:
                new.writestr(name, part)
    return out.getvalue()


def plain():
    return FILES["sheet-protected.xlsx"]()


@file("formulas.xlsx")
def formulas():
    # A formula that gives no text has the type of a text in Excel; without it, it was never computed.
    made = BASES["formulas"]()
    return repacked(made, lambda name, part: part.replace(b"><f>IF", b' t="str"><f>IF') if "sheet1" in name else part)


@file("strict-ooxml.xlsx")
def strict():
    words = {b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
             b"http://schemas.openxmlformats.org/officeDocument/2006/relationships":
             b"http://purl.oclc.org/ooxml/officeDocument/relationships"}

    def change(_, part):
        for old, new in words.items():
            part = part.replace(old, new)
        return part.replace(b"<workbook ", b'<workbook conformance="strict" ')

    return repacked(plain(), change)


@file("no-cell-references.xlsx")
def no_references():
    def change(name, part):
        if "worksheets/" not in name:
            return part
        part = re.sub(rb' r="[A-Z]+[0-9]+"', b"", part)
        part = re.sub(rb'<row r="[0-9]+"', b"<row", part)
        return part.replace(b"<v></v>", b"").replace(b'<dimension ref="A1:K4"/>', b'<dimension ref="A1"/>')

    def fill(workbook):
        sheet, date = workbook.add_worksheet("Sales"), workbook.add_format({"num_format": "dd-mm-yyyy"})
        put(sheet, [HEAD[:6], *[row[:6] for row in cells(3)]], date=date)

    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {"in_memory": True})
    fill(workbook)
    workbook.close()
    return repacked(content.getvalue(), change)


@file("entity-bomb.xlsx")
def entity_bomb():
    lol = b'<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
    return repacked(plain(), lambda name, part: part.replace(b"?>", b"?>" + lol, 1).replace(
        b"<t>Invoice No</t>", b"<t>&c;</t>") if name.endswith("sharedStrings.xml") else part)


FILES["broken-xml.xlsx"] = lambda: repacked(plain(), lambda name, part: part[: len(part) // 2] if "sheet1" in name else part)
FILES["cut-download.xlsx"] = lambda: plain()[:4000]
FILES["parent-folder-part.xlsx"] = lambda: repacked(plain(), lambda name, part: [(name, part), ("../../evil.xml", b"<a/>")]
                                                    if "sheet1" in name else part)


@file("part-twice.xlsx")
def part_twice():
    import warnings
    warnings.simplefilter("ignore")
    return repacked(plain(), lambda name, part: [(name, part), (name, part.replace(b"12500", b"99999"))]
                    if name.endswith("sheet1.xml") else part)


@file("password.xlsx")
def password():
    out = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(plain())).encrypt("secret", out)
    return out.getvalue()


FILES["workbook-named.csv"] = lambda: FILES["mac-1904.xlsx"]()
FILES["csv-named.xls"] = lambda: csv(invoices(4), "\t").encode("utf-8")
FILES["html-named.xls"] = lambda: ("<html><head><meta charset='utf-8'></head><body><table border=1>" + "".join(
    "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in invoices(4)) + "</table></body></html>").encode()
FILES["xml-2003-named.xls"] = lambda: ("""<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Sales"><Table>""" + "".join("<Row>" + "".join(
    f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) + "</Row>\n" for row in [
        [c.replace("&", "&amp;") for c in r] for r in invoices(3)]) + "</Table></Worksheet></Workbook>").encode()
FILES["packed.csv.gz"] = lambda: gzip.compress(csv(invoices(5)).encode(), mtime=0)


def zipped(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


FILES["packed.zip"] = lambda: zipped(("april/sales.csv", csv(invoices(5))))
FILES["two-members.zip"] = lambda: zipped(("april.csv", csv(invoices(2))), ("may.csv", csv(invoices(2))))

# Workbooks of xlwt.


def old(name, fill, codepage="utf-8"):
    def make():
        workbook, content = xlwt.Workbook(encoding=codepage), io.BytesIO()
        fill(workbook)
        workbook.save(content)
        return content.getvalue()

    FILES[name] = make


def xlwt_put(sheet, rows, date="DD-MM-YYYY", top=0):
    style = xlwt.easyxf(num_format_str=date)
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if cell not in (None, ""):
                sheet.write(top + r, c, cell, *([style] if isinstance(cell, dt.date) else []))


def xls_sales(workbook):
    sheet = workbook.add_sheet("Sales Apr")
    xlwt_put(sheet, [["Kalpavya Packtech"], [], HEAD, *cells(6)])
    sheet.row(4).hidden = True
    hidden = workbook.add_sheet("Rates")
    xlwt_put(hidden, [["Code", "Rate"], ["A", 18]])
    hidden.visibility = 1


def xls_1904(workbook):
    workbook.dates_1904 = True
    # xlwt counts days from 1900 all the same, so they are turned by hand as Excel for Mac would store them.
    sheet, style = workbook.add_sheet("Sales"), xlwt.easyxf(num_format_str="DD/MM/YYYY")
    xlwt_put(sheet, [["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value", "Invoice Total"],
                     *[[f"KP/{i}", None, None, "C1", 1000, 1000] for i in range(3)]])
    for i in range(3):
        for column, when in ((1, day(i)), (2, day(i + 5))):
            sheet.write(i + 1, column, (when - dt.date(1904, 1, 1)).days, style)


def xls_errors(workbook):
    sheet = workbook.add_sheet("Sales")
    xlwt_put(sheet, [["Invoice No", "Invoice Date", "Due Date", "Customer Code", "Taxable Value", "Invoice Total"],
                     *[[f"KP/{i}", day(i), day(i + 5), "C1", None if i == 1 else 1000, 1000] for i in range(4)]])
    sheet.row(2).set_cell_error(4, "#N/A!")
    sheet.row(3).set_cell_error(6, "#REF!")
    sheet.row(4).set_cell_boolean(6, True)
    sheet.row(0).write(6, "Remarks")


old("xlwt-hidden.xls", xls_sales)
old("xlwt-1904.xls", xls_1904)
old("xlwt-errors.xls", xls_errors)


@file("password.xls")
def password_xls():
    # A FILEPASS record behind the first one, as Excel writes for a protected workbook. It stands where records of the
    # interface were, which nobody needs.
    content = FILES["xlwt-errors.xls"]()
    at = content.index(b"\x09\x08\x10\x00\x00\x06\x05\x00") + 20
    return content[:at] + struct.pack("<HHHIII", 0x2F, 12, 1, 1, 2, 3)[:16] + content[at + 16:]


# Workbooks of odfpy.


@file("odf-repeats.ods")
def odf_repeats():
    document = odf.opendocument.OpenDocumentSpreadsheet()
    table = odf.table.Table(name="Sales")

    def row(cells_, **options):
        made = odf.table.TableRow(**options)
        for cell in cells_:
            if isinstance(cell, (int, float)):
                one = odf.table.TableCell(valuetype="currency", currency="INR", value=cell)
                one.addElement(odf.text.P(text=f"₹{lakh(cell)}"))
            elif isinstance(cell, dt.date):
                one = odf.table.TableCell(valuetype="date", datevalue=cell.isoformat())
                one.addElement(odf.text.P(text=f"{cell:%d/%m/%y}"))
            elif cell is None:
                one = odf.table.TableCell()
            else:
                one = odf.table.TableCell(valuetype="string")
                for line in cell.split("\n"):
                    one.addElement(odf.text.P(text=line))
            made.addElement(one)
        return made

    table.addElement(row(["Kalpavya Packtech"]))
    table.addElement(row([], numberrowsrepeated=3))
    table.addElement(row(HEAD))
    for cells_ in cells(3):
        table.addElement(row(cells_))
    table.addElement(row(cells(1, 3)[0], visibility="collapse"))
    table.addElement(row([], numberrowsrepeated=1000))
    blank = odf.table.TableRow(numberrowsrepeated=1047500)
    blank.addElement(odf.table.TableCell(numbercolumnsrepeated=16384))
    table.addElement(blank)
    document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


# Files that LibreOffice writes.

def libreoffice(name, source, filter_, made=None):
    """`source` is the name of a file above; LibreOffice opens and saves it."""

    def make():
        with tempfile.TemporaryDirectory() as folder:
            inside = pathlib.Path(folder, "in" + pathlib.Path(source).suffix)
            inside.write_bytes(FILES[source]())
            end = filter_.split(":")[0]
            subprocess.run(["soffice", f"-env:UserInstallation=file://{tempfile.gettempdir()}/lo-messy", "--headless",
                            "--convert-to", filter_, "--outdir", folder + "/out", str(inside)], check=True,
                           capture_output=True, timeout=200)
            return next(pathlib.Path(folder, "out").glob("*." + end)).read_bytes()

    FILES[name] = make


libreoffice("lo-cover-and-hidden.ods", "cover-and-hidden.xlsx", "ods")
libreoffice("lo-hidden-rows.xls", "hidden-rows-and-columns.xlsx", "xls:MS Excel 97")
libreoffice("lo-merged-headings.xls", "merged-headings.xlsx", "xls:MS Excel 97")
libreoffice("lo-merged-cells.ods", "merged-cells.xlsx", "ods")
libreoffice("lo-1904.ods", "mac-1904.xlsx", "ods")
libreoffice("lo-dr-cr.xlsx", "dr-cr-formats.xlsx", "xlsx:Calc MS Excel 2007 XML")
libreoffice("lo-errors.ods", "error-cells.xlsx", "ods")
libreoffice("lo-semicolon-1252.csv", "table-and-ageing.xlsx", "csv:Text - txt - csv (StarCalc):59,34,ANSI,1,,0,false,true")
libreoffice("lo-tab-utf16.csv", "table-and-ageing.xlsx", "csv:Text - txt - csv (StarCalc):9,34,65535,1,,0,false,true")
libreoffice("lo-pipe-mac.csv", "table-and-ageing.xlsx", "csv:Text - txt - csv (StarCalc):124,39,10,1,,0,true,true")
libreoffice("lo-html.xls", "table-and-ageing.xlsx", "html:HTML (StarCalc)")
libreoffice("lo-sylk.slk", "table-and-ageing.xlsx", "slk")
libreoffice("lo-macro.xlsm", "table-and-ageing.xlsx", "xlsm:Calc MS Excel 2007 VBA XML")
libreoffice("lo-template.xltx", "table-and-ageing.xlsx", "xltx:Calc MS Excel 2007 XML Template")


for name, make in FILES.items():
    if len(sys.argv) < 2 or any(name.startswith(start) for start in sys.argv[1:]):
        pathlib.Path(name).write_bytes(make())
