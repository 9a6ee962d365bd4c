"""Hostile sheets: small files that ask for much. Each kind is a name and the bytes of a file of at most 1 MiB.

Leaves running arload over them to `check.py`. Needs nothing but Python; the xls, xlsb and ods to be damaged come from
`tests/data/workbooks`.
"""

import gzip
import io
import random
import struct
import zipfile
from pathlib import Path

MIB = 1 << 20
WORKBOOKS = Path(__file__).parent.parent / "data" / "workbooks"
HEADINGS = ["Invoice No", "Invoice Date", "Due Date", "Taxable Value", "Customer ID"]
VALUES = ["INV-1", "2026-04-01", "2026-05-01", "100.50", "KC1"]
HEAD = (",".join(HEADINGS) + "\n").encode()
LINE = (",".join(VALUES) + "\n").encode()

KINDS = {}


def kind(name, content, size=MIB):
    """Adds a kind; text is cut to a MiB, packed files must fit."""
    assert name not in KINDS, name
    KINDS[name] = (content, size)


def fill(pattern, start=b"", size=MIB):
    """As many of a pattern as fit behind a start."""
    return lambda: (start + pattern * (size // len(pattern) + 1))[:size]


def rows(make, start=HEAD, size=MIB):
    """Rows by number, as many as fit."""

    def content():
        parts, length, number = [start], len(start), 0
        while length < size:
            number += 1
            part = make(number)
            part = part if isinstance(part, bytes) else part.encode()
            parts.append(part)
            length += len(part)
        return b"".join(parts)[:size]

    return content


# Delimited text


def csv_kinds():
    for name, pattern in {
        "quotes": b'"', "commas": b",", "semicolons": b";", "tabs": b"\t", "pipes": b"|", "spaces": b" ", "newlines": b"\n",
        "returns": b"\r", "crlf": b"\r\n", "nuls": b"\0", "ff": b"\xff", "one-cell": b"a", "short-lines": b"1\n",
        "quote-lines": b'"\n', "quote-comma": b'",', "quote-quote-comma": b'"",', "mixed-delimiters": b",;\t|^ ",
        "ragged": b"a,b\na;b;c\na\tb\na|b|c|d\n", "all-delimiters-alike": b"a,b;c\td|e\n", "apostrophes": b"'",
        "backslashes": b"\\", "backslash-quotes": b'\\"', "comma-lines": b",\n", "combining": "a\u0301\u0302".encode(),
        "right-to-left": "\u202e\u05d0".encode(), "wide-unicode": "\U0001f4b0,".encode(), "ligatures": "\ufdfa".encode(),
        "dates": b"01/02/2026,", "amounts": b"1,23,45,678.90;", "ones": b"1,",
        "long-number": b"9", "exponents": b"1e999,", "minus": b"-", "parentheses": b"(", "dots": b".",
    }.items():
        kind(f"csv-{name}.csv", fill(pattern))
        kind(f"csv-headed-{name}.csv", fill(pattern, HEAD))
    kind("csv-quote-opens.csv", fill(LINE, HEAD + b'"'))
    kind("csv-quote-opens-at-once.csv", fill(LINE, b'"'))
    kind("csv-quote-opens-each-line.csv", fill(b'"INV-1,2026-04-01,2026-05-01,1,KC1\n', HEAD))
    kind("csv-quote-opens-mid-line.csv", fill(b'INV-1,"2026-04-01,2026-05-01,1,KC1\n', HEAD))
    kind("csv-quote-20-lines.csv", fill(b'"' + b"\n" * 19 + b'",1,2,3,4\n', HEAD))
    kind("csv-quote-21-lines.csv", fill(b'"' + b"\n" * 21 + b"1,2,3,4\n", HEAD))
    kind("csv-quote-opens-long-lines.csv", fill(b'"' + b"x" * 60_000 + b"\n", HEAD))
    kind("csv-quote-opens-each-cell.csv", fill(b',"a', HEAD))
    kind("csv-quoted-lines.csv", fill(b'"a","b\nc","d""e"\n', HEAD))
    kind("csv-sep.csv", fill(b"a!b!c\n", b"sep=!\n"))
    kind("csv-sep-lines.csv", fill(b"sep=;\n"))
    kind("csv-sep-quote.csv", fill(b'a"b\n', b'sep="\n'))
    kind("csv-bom-lines.csv", fill(b"\xef\xbb\xbf\n"))
    kind("csv-random.csv", lambda: random.Random(1).randbytes(MIB))
    kind("csv-random-text.csv", lambda: bytes(random.Random(2).choices(b'ab1,;\t|"\'\n .-/', k=MIB)))
    kind("csv-random-headed.csv", lambda: HEAD + bytes(random.Random(3).choices(b'ab1,;\t|"\'\n .-/', k=MIB - 100)))
    kind("csv-random-printable.csv", lambda: bytes(random.Random(4).choices(bytes(range(32, 127)) + b"\n", k=MIB)))
    kind("csv-wide.csv", fill(b"INV-1" + b"," * 16_383 + b"\n", HEAD))
    kind("csv-wide-full.csv", fill(b"1," * 16_383 + b"1\n"))
    kind("csv-wide-too-wide.csv", fill(b"1," * 100_000 + b"\n"))
    kind("csv-wide-headings.csv", lambda: (",".join(f"h{i}" for i in range(16_000)) + "\n" + ("1," * 15_999 + "1\n") * 29).encode())
    kind("csv-like-headings.csv", lambda: like_headings(16_000))
    kind("csv-like-headings-8000.csv", lambda: like_headings(8_000))
    kind("csv-same-heading.csv", lambda: (",".join(["Invoice No"] * 16_000) + "\n" + ("1," * 15_999 + "1\n") * 26).encode())
    kind("csv-long-heading.csv", fill(b"invoice number ", b"a,b,"))
    kind("csv-long-headings.csv", lambda: (",".join("invoice " * 4_000 for _ in range(25)) + "\n" + ("1," * 24 + "1\n") * 10).encode())
    kind("csv-long-header.csv", lambda: HEAD.rstrip() + b",x" * 8_000 + b"\n" + LINE * 20_000)
    kind("csv-many-preambles.csv", rows(lambda i: f"Report {i}\n", b""))
    kind("csv-many-headers.csv", fill(HEAD))
    kind("csv-header-and-line.csv", fill(HEAD + LINE))
    kind("csv-good.csv", rows(lambda i: f"INV-{i},2026-04-01,2026-05-01,{i}.50,KC{i}\n"))
    kind("csv-same-row.csv", fill(LINE, HEAD))
    kind("csv-short-rows.csv", rows(lambda i: f"{i},1,1,1,1\n"))
    kind("csv-blank-between.csv", rows(lambda i: f"INV-{i},2026-04-01,2026-05-01,1,K\n\n\n"))
    kind("csv-words-after-gaps.csv", rows(lambda i: f"ab{i % 9}cd,due date,place of supply\n\n", HEAD + LINE))
    kind("csv-wide-after-gaps.csv", fill(b"ab cd," * 16_000 + b"x\n\n\n", HEAD + LINE))
    kind("csv-words-wide.csv", rows(lambda i: ",".join(f"ab {i} {j}" for j in range(5_000)) + "\n", b""))
    kind("csv-notes.csv", rows(lambda i: f"INV-{i},,,,\n"))
    kind("csv-totals.csv", fill(b"Total,,,100,\n", HEAD))
    kind("csv-odd-dates.csv", rows(lambda i: f"INV-{i},{i % 40}/{i % 15}/2026,31st of Febuary {i},1,K\n"))
    kind("csv-odd-amounts.csv", rows(lambda i: f'INV-{i},2026-04-01,2026-05-01,"(Rs. 1,2{i}3,45.6.7 Dr)",K\n'))
    kind("csv-long-cells.csv", rows(lambda i: f"INV-{i}," + "1/" * 5_000 + ",2026-05-01," + "1," * 0 + "9" * 9_000 + ",K\n"))
    kind("csv-one-column.csv", rows(lambda i: f"{i}\n", b"Invoice No\n"))
    kind("csv-group.csv", rows(lambda i: f"INV-{i // 3},2026-04-01,2026-05-01,1,KC1,Item {i},10,10\n",
                               HEAD.rstrip() + b",Item,Quantity,Rate\n"))
    kind("csv-group-one.csv", fill(b"INV-1,2026-04-01,2026-05-01,1,KC1,Item,10,10\n", HEAD.rstrip() + b",Item,Quantity,Rate\n"))
    kind("csv-group-blank.csv", fill(b",,,1,,Item,10,10\n",
                                     HEAD.rstrip() + b",Item,Quantity,Rate\nINV-1,2026-04-01,2026-05-01,1,KC1,Item,10,10\n"))
    kind("csv-group-sums.csv", rows(lambda i: f"INV-{i // 2},2026-04-01,2026-05-01,{i % 7},KC1" + f",{i % 5}" * 20 + "\n",
                                    HEAD.rstrip() + b"," + b",".join(b"Amount %d" % i for i in range(20)) + b"\n"))
    kind("csv-near-numbers.csv", rows(lambda i: f"INV{'-/ ' [i % 3]}{i // 3:06},2026-04-01,2026-05-01,100,KC1\n"))
    kind("csv-same-amounts.csv", rows(lambda i: f"A{i},2026-04-01,2026-05-01,100,KC1\n"))
    text = (HEAD + LINE * 12_000).decode()
    for encoding in ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]:
        kind(f"csv-{encoding}.csv", lambda encoding=encoding: ("\ufeff" + text).encode(encoding)[:MIB])
        kind(f"csv-{encoding}-unmarked.csv", lambda encoding=encoding: text.encode(encoding)[:MIB])
        kind(f"csv-{encoding}-odd.csv", lambda encoding=encoding: ("\ufeff" + text).encode(encoding)[:MIB - 1])
    kind("csv-utf-16-halves.csv", fill(b"\x00\xd8", b"\xff\xfe"))
    kind("csv-utf-16-low-halves.csv", fill(b"\xdc\x00", b"\xfe\xff"))
    kind("csv-utf-16-quotes.csv", fill(b'"\0', b"\xff\xfe"))
    kind("csv-latin.csv", fill("Müller,".encode("latin-1")))
    kind("csv-late-latin.csv", lambda: (HEAD + LINE * 40_000)[: MIB - 3] + b"\xe9,\n")
    kind("csv-mixed-encodings.csv", fill("é₹".encode() + b"\xe9\x80,", HEAD))
    kind("csv-utf-8-broken.csv", fill(b"\xe2\x82", HEAD))
    kind("csv-shift-jis.csv", fill("請求書,".encode("shift-jis")))
    kind("csv-gb18030.csv", fill("发票,".encode("gb18030")))
    kind("csv-escape.csv", fill(b"\x1b[2J,", HEAD))
    kind("csv-formulas.csv", rows(lambda i: f"=1+{i},+1,-1,@x,\t1\n"))


def like_headings(count):
    """Headings that are each nearly one that arload knows."""
    known = ["invoice number", "customer code", "taxable value", "due date", "place of supply", "customer gstin"]
    chance, headings = random.Random(5), []
    for number in range(count):
        letters = list(chance.choice(known))
        letters[chance.randrange(len(letters))] = chance.choice("abcdefghijklmnopqrstuvwxyz")
        headings.append("".join(letters) + chance.choice(["", " x", " no", f" {number}"]))
    return (",".join(headings) + "\n" + ("1," * (count - 1) + "1\n") * 10).encode()


# Packed files


def packed(members, method=zipfile.ZIP_DEFLATED, level=9):
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method, compresslevel=level) as archive:
        for name, content in members.items():
            with archive.open(info(name, method), "w") as member:
                for piece in content if isinstance(content, (list, tuple)) else [content]:
                    member.write(piece.encode() if isinstance(piece, str) else piece)
    return out.getvalue()


def info(name, method):
    made = zipfile.ZipInfo(name)
    made.compress_type = method
    return made


def pieces(pattern, count, start=b"", end=b""):
    """A long text as pieces of a MiB or so."""
    pattern = pattern.encode() if isinstance(pattern, str) else pattern
    start = start.encode() if isinstance(start, str) else start
    end = end.encode() if isinstance(end, str) else end
    each = max(1, MIB // max(1, len(pattern)))
    whole = [pattern * each] * (count // each)
    return [start, *whole, pattern * (count % each), end]


def gz(parts):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as packer:
        for part in parts:
            packer.write(part)
    return out.getvalue()


def packed_kinds():
    for name, pattern, start in [
        ("rows", LINE, HEAD), ("newlines", b"\n", HEAD), ("short-lines", b"1\n", b""), ("short-rows", b"1,1,1,1,1\n", HEAD),
        ("one-cell", b"x", b""), ("quotes", b'"', b""), ("quote-lines", b'"\n', HEAD), ("commas", b",", HEAD),
        ("open-quotes", b'"INV-1,1,2,3,4\n', HEAD), ("wide", b"INV-1" + b"," * 16_383 + b"\n", HEAD), ("nuls", b"\0", b""),
        ("words-wide", b"ab cd," * 16_000 + b"x\n", b""), ("ragged", b"a,b\na;b;c\na\tb\na|b|c|d\n", b""), ("wide-full", b"1," * 16_383 + b"1\n", b""),
    ]:
        for size in [20, 60, 200]:
            content = lambda pattern=pattern, start=start, size=size: gz(pieces(pattern, size * MIB // len(pattern), start))
            kind(f"gz-{name}-{size}.csv.gz", content)
    kind("zip-rows-200.zip", lambda: packed({"a.csv": pieces(LINE, 200 * MIB // len(LINE), HEAD)}))
    kind("zip-rows-60.zip", lambda: packed({"a.csv": pieces(LINE, 60 * MIB // len(LINE), HEAD)}))
    kind("zip-in-zip.zip", lambda: packed({"a.zip": packed({"a.csv": HEAD + LINE})}))
    kind("gz-in-gz.csv.gz", lambda: gz([gz([gz([HEAD, LINE])])]))
    kind("gz-many-members.csv.gz", lambda: gz([HEAD]) + gz([LINE]) * 20_000)
    kind("gz-empty-members.csv.gz", lambda: gz([HEAD]) + gz([]) * 50_000)
    kind("gz-trailing-nuls.csv.gz", lambda: gz([HEAD, LINE]) + b"\0" * 1_000_000)
    kind("zip-many-entries.zip", lambda: packed({f"{i}": b"" for i in range(10_000)}))
    kind("zip-many-entries-xlsx.xlsx", lambda: packed({"[Content_Types].xml": b"<Types/>"} | {f"{i}": b"" for i in range(9_000)}))
    kind("zip-overlapping.zip", lambda: overlapping(packed({"a.csv": HEAD + LINE * 1_000})))
    kind("zip-lying-size.zip", lambda: patched(packed({"a.csv": HEAD + LINE * 1_000}), 24, 0x7FFFFFFF))
    kind("zip-lying-small.zip", lambda: patched(packed({"a.csv": pieces(LINE, 200 * MIB // len(LINE), HEAD)}), 24, 100))
    kind("zip-lying-packed.zip", lambda: patched(packed({"a.csv": HEAD + LINE * 1_000}), 20, 0x7FFFFFFF))
    kind("zip-lying-place.zip", lambda: patched(packed({"a.csv": HEAD + LINE * 1_000}), 42, 0x7FFFFFFF))
    kind("zip-xlsx.zip", lambda: packed({"a.xlsx": xlsx(sheet(["<row>" + string(5) * 5 + "</row>"], 300_000))}))


def overlapping(archive):
    """The same member listed many times."""
    table = archive.rfind(b"PK\x01\x02")
    end = archive.rfind(b"PK\x05\x06")
    lines = archive[table:end] * 5_000
    record = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 5_000, 5_000, len(lines), table, 0)
    return archive[:table] + lines + record


def patched(archive, at, value):
    """A number of the table of contents replaced."""
    table = archive.rfind(b"PK\x01\x02")
    return archive[: table + at] + struct.pack("<I", value) + archive[table + at + 4 :]


# Workbooks

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SHARED = "".join(f"<si><t>{text}</t></si>" for text in HEADINGS + VALUES)
HEAD_ROW = "<row>" + "".join(f'<c t="s"><v>{i}</v></c>' for i in range(5)) + "</row>"
GOOD_ROW = "<row>" + "".join(f'<c t="s"><v>{i}</v></c>' for i in range(5, 10)) + "</row>"


def string(number):
    return f'<c t="s"><v>{number}</v></c>'


def sheet(body, count=1, start=HEAD_ROW, before="", after=""):
    """A worksheet whose body comes so many times."""
    body = "".join(body)
    return pieces(body, count, f'<worksheet xmlns="{MAIN}">{before}<sheetData>{start}', f"</sheetData>{after}</worksheet>")


def xlsx(sheet_parts=None, sheets=1, one_part=False, shared=None, styles=None, extra=None, names="", ending=None):
    """A workbook; its sheets may all show the same part."""
    listed = "".join(
        f'<sheet name="S{i}" sheetId="{i + 1}" r:id="r{0 if one_part else i}"/>' for i in range(sheets))
    relations = "".join(
        f'<Relationship Id="r{i}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1 if one_part else sheets))
    relations += f'<Relationship Id="s" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    relations += f'<Relationship Id="t" Type="{OFFICE}/styles" Target="styles.xml"/>'
    book = f'<Relationship Id="b" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    content = sheet_parts or sheet(GOOD_ROW)
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}">{book}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets>{names}</workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        "xl/sharedStrings.xml": shared or f'<sst xmlns="{MAIN}">{SHARED}</sst>',
        "xl/styles.xml": styles or f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>',
    }
    for number in range(1 if one_part else sheets):
        parts[f"xl/worksheets/sheet{number}.xml"] = content
    return packed(parts | (extra or {}))


def shared_of(pattern, count, start=SHARED):
    return pieces(pattern, count, f'<sst xmlns="{MAIN}">{start}', "</sst>")


def styles_of(pattern, count, after="<cellXfs><xf/></cellXfs>"):
    return pieces(pattern, count, f'<styleSheet xmlns="{MAIN}">', after + "</styleSheet>")


def xlsx_kinds():
    rows_of = lambda count: sheet(GOOD_ROW, count)
    merges = lambda refs: "<mergeCells>" + "".join(f'<mergeCell ref="{ref}"/>' for ref in refs) + "</mergeCells>"
    for name, make in {
        "rows-100k": lambda: xlsx(rows_of(100_000)),
        "rows-500k": lambda: xlsx(rows_of(500_000)),
        "rows-1M": lambda: xlsx(rows_of(1_048_575)),
        "one-cell-rows-1M": lambda: xlsx(sheet("<row>" + string(5) + "</row>", 1_048_575)),
        "number-rows-1M": lambda: xlsx(sheet("<row>" + "<c><v>1</v></c>" * 5 + "</row>", 1_000_000)),
        "bad-numbers": lambda: xlsx(sheet("<row>" + "<c><v>123456789.123456789E-5</v></c>" * 5 + "</row>", 600_000)),
        "bad-numbers-most": lambda: xlsx(sheet("<row>" + "<c><v>123456789.123456789E-5</v></c>" * 5 + "</row>", 199_000)),
        "spaces": lambda: xlsx(sheet(" " * 1000, 900_000)),
        "comments": lambda: xlsx(sheet("<!-- -->", 80_000_000)),
        "blank-rows": lambda: xlsx(sheet("<row/>", 30_000_000)),
        "blank-rows-then-one": lambda: xlsx(sheet("<row/>", 1_048_000, HEAD_ROW + GOOD_ROW)),
        "blank-cells": lambda: xlsx(sheet("<row>" + "<c/>" * 16_384 + "</row>", 1_300)),
        "blank-styled-cells": lambda: xlsx(sheet("<row>" + '<c s="0"/>' * 16_384 + "</row>", 700)),
        "full-width": lambda: xlsx(sheet("<row>" + string(5) * 16_384 + "</row>", 300)),
        "full-width-headed": lambda: xlsx(sheet("<row>" + string(5) * 16_384 + "</row>", 300, HEAD_ROW)),
        "full-width-500": lambda: xlsx(sheet("<row>" + "<c><v>1</v></c>" * 16_384 + "</row>", 500)),
        "last-column": lambda: xlsx(sheet("".join(f'<row r="{i}"><c r="XFD{i}"><v>1</v></c></row>' for i in range(2, 60_000)))),
        "last-column-4000": lambda: xlsx(sheet("".join(f'<row r="{i}"><c r="A{i}" t="s"><v>5</v></c><c r="XFD{i}"><v>1</v></c></row>' for i in range(2, 4_090)))),
        "last-column-8-sheets": lambda: xlsx(sheet("".join(f'<row r="{i}"><c r="A{i}" t="s"><v>5</v></c><c r="XFD{i}"><v>1</v></c></row>' for i in range(2, 4_090))), 8, True),
        "last-cell": lambda: xlsx(sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
        "long-texts": lambda: xlsx(sheet("<row>" + string(10) * 5 + "</row>", 1_500), shared=shared_of("<si><t>" + "x" * 32_000 + "</t></si>", 1)),
        "long-texts-500": lambda: xlsx(sheet("<row>" + string(10) * 5 + "</row>", 500), shared=shared_of("<si><t>" + "x" * 32_000 + "</t></si>", 1)),
        "shared-short": lambda: xlsx(shared=shared_of("<si><t/></si>", 5_000_000)),
        "shared-empty": lambda: xlsx(shared=shared_of("<si/>", 12_000_000)),
        "shared-60MB": lambda: xlsx(shared=shared_of("<si><t>" + "x" * 1_000 + "</t></si>", 60_000)),
        "shared-runs": lambda: xlsx(shared=shared_of("<si>" + "<r><t>x</t></r>" * 1_000 + "</si>", 4_000)),
        "shared-entities": lambda: xlsx(shared=shared_of("<si><t>" + "&amp;" * 5_000 + "</t></si>", 2_500)),
        "styles": lambda: xlsx(styles=pieces('<xf numFmtId="14"/>', 1_000_000, f'<styleSheet xmlns="{MAIN}"><cellXfs>', "</cellXfs></styleSheet>")),
        "number-formats": lambda: xlsx(styles=f'<styleSheet xmlns="{MAIN}"><numFmts>' + "".join(f'<numFmt numFmtId="{164 + i}" formatCode="[h]:mm:ss.000;@;0.00E+00"/>' for i in range(200_000)) + "</numFmts><cellXfs>" + '<xf numFmtId="164"/>' * 100_000 + "</cellXfs></styleSheet>"),
        "long-number-formats": lambda: xlsx(sheet("<row>" + '<c s="1"><v>46113.5</v></c>' * 5 + "</row>", 200_000), styles=f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="' + "yyyy-mm-dd " * 5_000 + '"/></numFmts><cellXfs><xf/><xf numFmtId="164"/></cellXfs></styleSheet>'),
        "number-format-text": lambda: xlsx(sheet("<row>" + '<c s="1"><v>46113.5</v></c>' * 5 + "</row>", 300_000), styles=f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="' + "\\x" * 120 + '0"/></numFmts><cellXfs><xf/><xf numFmtId="164"/></cellXfs></styleSheet>'),
        "number-format-dates": lambda: xlsx(sheet("<row>" + '<c s="1"><v>46113.5</v></c>' * 5 + "</row>", 500_000), styles=f'<styleSheet xmlns="{MAIN}"><cellXfs><xf/><xf numFmtId="14"/></cellXfs></styleSheet>'),
        "merges-nested": lambda: xlsx(sheet("".join(f'<row r="{i}"><c r="A{i}"><v>1</v></c></row>' for i in range(1, 16_384)), start="", after=merges(f"A{i}:XFD1048576" for i in range(1, 16_384)))),
        "merges-same-16k": lambda: xlsx(sheet("".join(f'<row r="{i}"><c r="A{i}" t="s"><v>5</v></c></row>' for i in range(1, 20_000)), start="", after=merges(["A1:XFD1048576"] * 16_380))),
        "merges-same-300": lambda: xlsx(sheet("".join(f'<row r="{i}"><c r="A{i}" t="s"><v>5</v></c></row>' for i in range(1, 180_000)), start="", after=merges(["A1:A1048576"] * 300))),
        "merges-1M": lambda: xlsx(sheet(GOOD_ROW, after=merges(["A1:B1"] * 1_040_000))),
        "merge-all": lambda: xlsx(sheet("".join(f'<row r="{i}"><c r="B{i}"><v>1</v></c></row>' for i in range(2, 100_000)), after=merges(["A1:XFD1048576"]))),
        "merges-each-row": lambda: xlsx(sheet("".join(f'<row r="{i}">' + string(5) * 5 + "</row>" for i in range(2, 60_000)), after=merges(f"A{i}:E{i}" for i in range(2, 60_000)))),
        "merges-wide-each-row": lambda: xlsx(sheet("".join(f'<row r="{i}">' + string(5) + "</row>" for i in range(2, 50_000)), after=merges(f"A{i}:XFD{i}" for i in range(2, 50_000)))),
        "merges-stairs": lambda: xlsx(sheet("".join(f'<row r="{i}">' + string(5) + "</row>" for i in range(1, 3_000)), start="", after=merges(f"A{i}:A{i + 3_000}" for i in range(1, 3_000)))),
        "merges-columns": lambda: xlsx(sheet("<row>" + string(5) + "</row>", 100_000, after=merges(f"{column(i)}1:{column(i)}1048576" for i in range(16_384)))),
        "deep": lambda: xlsx(sheet("", 1, before="<a>" * 200_000 + "</a>" * 200_000)),
        "deep-99": lambda: xlsx(sheet("<a>" * 90 + "</a>" * 90, 100_000)),
        "long-tag": lambda: xlsx(sheet("<row " + "a" * 60_000_000 + "/>")),
        "many-attributes": lambda: xlsx(sheet("<row " + " ".join(f'a{i}="1"' for i in range(50_000)) + "/>")),
        "attributes-each-row": lambda: xlsx(sheet("<row " + " ".join(f'a{i}="1"' for i in range(1_000)) + "/>", 8_000)),
        "columns-hidden": lambda: xlsx(sheet(GOOD_ROW, before="<cols>" + '<col min="1" max="16384" hidden="1"/>' * 1_500_000 + "</cols>")),
        "rows-hidden": lambda: xlsx(sheet(GOOD_ROW.replace("<row", '<row hidden="1"'), 400_000)),
        "columns-all-hidden": lambda: xlsx(sheet(GOOD_ROW, 100_000, before='<cols><col min="1" max="16384" hidden="1"/></cols>')),
        "names": lambda: xlsx(names="<definedNames>" + "".join(f'<definedName name="n{i}">S0!$A$1</definedName>' for i in range(200_000)) + "</definedNames>"),
        "doctype": lambda: xlsx(["<!DOCTYPE x [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>", *sheet(GOOD_ROW)]),
        "inline": lambda: xlsx(sheet("<row>" + "<c t=\"inlineStr\"><is>" + "<r><t>x</t></r>" * 100 + "</is></c>" * 1 + "</row>", 60_000)),
        "inline-phonetic": lambda: xlsx(sheet('<row><c t="inlineStr"><is><t>a</t>' + "<rPh><t>b</t></rPh>" * 1_000 + "</is></c></row>", 6_000)),
        "sheets-10k": lambda: xlsx(sheets=10_000, one_part=True),
        "sheets-250-shared-8MB": lambda: xlsx(sheets=250, one_part=True, shared=shared_of("<si><t>abcdefgh</t></si>", 350_000)),
        "sheets-250-shared-60MB": lambda: xlsx(sheets=250, one_part=True, shared=shared_of("<si><t>abcdefgh</t></si>", 2_500_000)),
        "sheets-250-styles": lambda: xlsx(sheets=250, one_part=True, styles=pieces('<xf numFmtId="14"/>', 1_000_000, f'<styleSheet xmlns="{MAIN}"><cellXfs>', "</cellXfs></styleSheet>")),
        "sheets-8-rows": lambda: xlsx(rows_of(400_000), 8, True),
        "sheets-40-rows": lambda: xlsx(rows_of(40_000), 40, True),
        "sheets-100-blank-cells": lambda: xlsx(sheet("<row>" + "<c/>" * 16_384 + "</row>", 100), 100, True),
        "sheets-600-wide": lambda: xlsx(sheet("<row>" + string(5) * 16_384 + "</row>", 1), 600, True),
        "sheets-1000-parts": lambda: xlsx(sheets=1_000),
    }.items():
        kind(f"xlsx-{name}.xlsx", make)
    kind("xlsx-good.xlsm", lambda: xlsx(rows_of(1_000)))


def column(number):
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(65 + letter) + name
    return name


# OpenDocument

SPACES = "urn:oasis:names:tc:opendocument:xmlns:"
ODS_SPACES = f'xmlns:office="{SPACES}office:1.0" xmlns:table="{SPACES}table:1.0" xmlns:text="{SPACES}text:1.0"'
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def ods_cell(text, extra=""):
    return f'<table:table-cell office:value-type="string"{extra}><text:p>{text}</text:p></table:table-cell>'


def ods_row(texts, extra=""):
    return f"<table:table-row{extra}>" + "".join(ods_cell(text) for text in texts) + "</table:table-row>"


def ods(body, count=1, tables=1, head=None, start=""):
    """A document whose tables each hold a body so many times."""
    head = ods_row(HEADINGS) if head is None else head
    content = [f'<?xml version="1.0"?>{start}<office:document-content {ODS_SPACES}><office:body><office:spreadsheet>']
    for number in range(tables):
        content += pieces(body, count, f'<table:table table:name="T{number}">{head}', "</table:table>")
    content.append("</office:spreadsheet></office:body></office:document-content>")
    return packed({"mimetype": ODS_TYPE, "content.xml": content, "META-INF/manifest.xml": "<manifest/>"})


def ods_kinds():
    cells = lambda count, text="A": ods_cell(text, f' table:number-columns-repeated="{count}"')
    row = lambda body, count=1: f'<table:table-row table:number-rows-repeated="{count}">{body}</table:table-row>'
    wide = "<table:table-cell table:number-columns-repeated=\"16384\"/>"
    for name, make in {
        "all-repeated": lambda: ods(row(cells(16_384), 1_048_576)),
        "rows-repeated-1M": lambda: ods(ods_row(VALUES, ' table:number-rows-repeated="1000000"')),
        "rows-repeated-200k": lambda: ods(ods_row(VALUES, ' table:number-rows-repeated="200000"')),
        "rows-repeated-20M": lambda: ods(ods_row(VALUES, ' table:number-rows-repeated="20000000"')),
        "rows-repeated-max": lambda: ods(ods_row(VALUES, ' table:number-rows-repeated="4294967295"')),
        "columns-repeated-max": lambda: ods(row(cells(4_294_967_295))),
        "columns-repeated-200": lambda: ods(row(cells(16_384)), 200),
        "columns-repeated-60": lambda: ods(row(cells(16_384)), 60),
        "blank-repeated": lambda: ods(ods_row(VALUES) + row(wide, 1_048_570)),
        "blank-repeated-often": lambda: ods(ods_row(VALUES) + row(wide, 1_000) * 10_000),
        "blank-between": lambda: ods(row(wide, 1_000_000) + ods_row(VALUES)),
        "far": lambda: ods(row('<table:table-cell table:number-columns-repeated="16383"/>' + ods_cell("x")) + row("<table:table-cell/>", 1_040_000) + ods_row(VALUES)),
        "far-corner": lambda: ods(row("<table:table-cell/>", 1_048_570) + row('<table:table-cell table:number-columns-repeated="16383"/>' + ods_cell("x"))),
        "nested-spans": lambda: ods(ods_row(["<text:span>" * 20_000 + "x" + "</text:span>" * 20_000])),
        "nested-groups": lambda: ods("<table:table-row-group>" * 200_000 + ods_row(VALUES) + "</table:table-row-group>" * 200_000),
        "spaces-repeated": lambda: ods(ods_row(['a<text:s text:c="4000000000"/>b'])),
        "rows-100k": lambda: ods(ods_row(VALUES), 100_000),
        "rows-500k": lambda: ods(ods_row(VALUES), 500_000),
        "blank-cells": lambda: ods("<table:table-row>" + "<table:table-cell/>" * 1_000 + "</table:table-row>", 5_000),
        "texts": lambda: ods(ods_row(["x" * 1_000_000]), 100),
        "paragraphs": lambda: ods(ods_row(["x</text:p><text:p>" * 100_000]), 20),
        "tables-3000": lambda: ods(ods_row(VALUES), 1, 3_000),
        "tables-50-rows": lambda: ods(ods_row(VALUES), 5_000, 50),
        "formulas": lambda: ods("<table:table-row>" + '<table:table-cell table:formula="of:=1/0" office:value-type="string"/>' * 5 + "</table:table-row>", 200_000),
        "entities": lambda: ods(ods_row(VALUES), start='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'),
        "dates": lambda: ods("<table:table-row>" + '<table:table-cell office:value-type="date" office:date-value="2026-04-01"/>' * 5 + "</table:table-row>", 100_000),
    }.items():
        kind(f"ods-{name}.ods", make)


# Damaged files


def damaged_kinds():
    good = {"xlsx": lambda: xlsx(sheet(GOOD_ROW, 2_000)), "ods": lambda: ods(ods_row(VALUES), 2_000)}
    for path in sorted(WORKBOOKS.glob("*.*")):
        ending = path.suffix[1:]
        if ending in ("xls", "xlsb") and ending not in good:
            good[ending] = path.read_bytes
    for ending, make in good.items():
        for share in range(5, 100, 5):
            kind(f"cut-{share:02}.{ending}", lambda make=make, share=share: (lambda whole: whole[: len(whole) * share // 100])(make()))
        for seed in range(20):
            kind(f"bent-{seed:02}.{ending}", lambda make=make, seed=seed: bent(make(), seed))
    if "xls" in good:
        kind("xls-cyclic-fat.xls", lambda: cyclic(good["xls"]()))
        kind("xls-grown.xls", lambda: good["xls"]() + b"\0" * 1_000_000)
        for name, value in [("fat-count", 44), ("first-directory", 48), ("mini-start", 60), ("difat-start", 68)]:
            for what, number in [("max", 0xFFFFFFFE), ("zero", 0), ("one", 1), ("many", 0x7FFFFFFF)]:
                kind(f"xls-{name}-{what}.xls", lambda value=value, number=number: put(good["xls"](), value, number))
    kind("xls-magic-and-random.xls", lambda: bytes.fromhex("d0cf11e0a1b11ae1") + random.Random(6).randbytes(MIB - 8))
    kind("xls-magic-and-nuls.xls", lambda: bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * (MIB - 8))
    xls_kinds()


def bent(whole, seed):
    """A few bytes changed, doubled or left out."""
    chance, whole = random.Random(seed), bytearray(whole)
    for _ in range(chance.choice((1, 4, 16, 64))):
        at, what = chance.randrange(len(whole)), chance.random()
        if what < 0.5:
            whole[at] = chance.randrange(256)
        elif what < 0.8:
            whole[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"))
        else:
            whole[at:at] = whole[at : at + 64]
    return bytes(whole)[:MIB]


def put(whole, at, number):
    return whole[:at] + struct.pack("<I", number) + whole[at + 4 :]


def cyclic(whole):
    """Each sector of the chain leads to itself."""
    fat = struct.unpack_from("<I", whole, 76)[0]
    at = 512 + fat * 512
    return whole[:at] + b"".join(struct.pack("<I", i) for i in range(128)) + whole[at + 512 :]


def compound(stream):
    """A compound file with one stream, `Workbook`."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    count = len(stream) // 512
    # The sectors: the table of sectors first, then the directory, then the stream.
    tables = 1
    while tables * 128 < tables + 1 + count:
        tables += 1
    fat = [0xFFFFFFFD] * tables + [0xFFFFFFFE] + [tables + 2 + i for i in range(count - 1)] + [0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (tables * 128 - len(fat))
    head = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
    head += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)[: 76 - 24]
    head = head[:76] + b"".join(struct.pack("<I", i) for i in range(tables)).ljust(436, b"\xff")

    def entry(name, kind, child, start, size):
        text = (name + "\0").encode("utf-16-le")
        body = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return body + b"\0" * 36 + struct.pack("<IQ", start, size)

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, tables + 1, len(stream))
    directory += b"\0" * 256
    return head.ljust(512, b"\0") + b"".join(struct.pack("<I", i) for i in fat) + directory + stream


def record(number, body):
    return struct.pack("<HH", number, len(body)) + body


def xls(cells, strings=b"", sheets=1, count=None):
    """A workbook of records; all its sheets may lead to the same place."""
    begin = lambda what: record(0x809, struct.pack("<HHHHII", 0x600, what, 0, 0, 0, 0))
    names = [f"S{i}".encode() for i in range(sheets)]
    listed_length = sum(4 + 8 + len(name) for name in names)
    globals_length = 20 + listed_length + len(strings) + 4
    listed = b"".join(record(0x85, struct.pack("<IBBBB", globals_length, 0, 0, len(name), 0) + name) for name in names)
    return compound(begin(5) + listed + strings + record(10, b"") + begin(16) + cells + record(10, b""))


def label(row, column, text):
    return record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 0) + text)


def xls_kinds():
    head = b"".join(label(0, i, text.encode()) for i, text in enumerate(HEADINGS))
    number = lambda row, column: record(0x203, struct.pack("<HHHd", row, column, 0, 1.0))
    shared = lambda row, column, i: record(0xFD, struct.pack("<HHHI", row, column, 0, i))
    sst = lambda text, count=1: record(0xFC, struct.pack("<II", count, count) + struct.pack("<HB", len(text), 0) + text)
    text = sst(b"x" * 8_000)
    for name, make in {
        "good": lambda: xls(head + b"".join(label(1, i, text.encode()) for i, text in enumerate(VALUES))),
        "numbers": lambda: xls(head + b"".join(number(i, 0) for i in range(1, 50_000))),
        "far": lambda: xls(head + number(65_535, 255)),
        "far-often": lambda: xls(head + b"".join(number(65_535, 16_000) + number(1, 1) for _ in range(10_000))),
        "far-column": lambda: xls(head + number(65_535, 65_535)),
        "long-shared": lambda: xls(head + b"".join(shared(i, 0, 0) for i in range(1, 60_000)), text),
        "sheets-4000": lambda: xls(head + number(1, 1), b"", 4_000),
        "sheets-400-numbers": lambda: xls(head + b"".join(number(i, 0) for i in range(1, 40_000)), b"", 400),
        "sst-lies": lambda: xls(head, record(0xFC, struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF) + b"\1\0\0x")),
        "sst-cut": lambda: xls(head, record(0xFC, struct.pack("<II", 5, 5) + b"\xff\xff\0x")),
        "sst-continues": lambda: xls(head, sst(b"x" * 100) + record(0x3C, b"\0" + b"x" * 8_000) * 100),
        "sst-many": lambda: xls(head, sst(b"", 2_000) + b"".join(record(0x3C, b"\0\0\0" * 2_700) for _ in range(110))),
        "merges": lambda: xls(head + b"".join(record(0xE5, struct.pack("<H", 1_000) + struct.pack("<HHHH", 0, 65_535, 0, 255) * 1_000) for _ in range(120))),
        "mulrk": lambda: xls(head + b"".join(record(0xBD, struct.pack("<HH", i, 0) + b"\0\0\0\0\xf0\x3f" * 256 + struct.pack("<H", 255)) for i in range(1, 600))),
        "formats": lambda: xls(head, b"".join(record(0x41E, struct.pack("<HHB", i % 60_000, 30, 0) + b"[h]:mm:ss.000;@;0.00E+00;xxxxxx"[:30]) for i in range(25_000))),
        "empty-records": lambda: xls(head + record(0x200, b"") * 250_000),
        "unknown-records": lambda: xls(head + record(0xFFFF, b"") * 250_000),
        "dimensions-lie": lambda: xls(record(0x200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0)) + head),
        "dimensions-large": lambda: xls(record(0x200, struct.pack("<IIHHH", 0, 65_536, 0, 256, 0)) + head),
    }.items():
        kind(f"xls-{name}.xls", make)


csv_kinds()
packed_kinds()
xlsx_kinds()
ods_kinds()
damaged_kinds()
