//! Workbooks: any bytes, and any parts in a sound archive, are read or refused.
//!
//! Bytes that begin like a zip or a compound file are the file. Others name parts, each after a line `%%NAME`, and are
//! packed first: a mutation of a packed file hardly ever gets past the check sums.
//!
//! Our own reader of xlsx runs in this process and must keep to its limits here. The others run where arload runs them,
//! in a process of their own, if `ARLOAD` names the program.

use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use arload::config::{MappingSettings, Reading};
use arload::inspect::{self, Look, emit};
use arload::operation::Operation;
use arload::sheet::decoder::{Decoder, Program};
use arload::sheet::open::list;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::place;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

static DECODER: LazyLock<Option<Decoder>> = LazyLock::new(|| {
    let path = std::env::var_os("ARLOAD")?.into();
    Some(Decoder::new(Program { path, args: vec!["decode-workbook".into()] }))
});

/// Reads the workbook, looks at it, and writes its tables.
pub fn check(data: &[u8]) {
    let packed;
    let bytes = if data.starts_with(b"PK") || data.starts_with(b"\xd0\xcf\x11\xe0") {
        data
    } else {
        let Some(archive) = archive(data) else { return };
        packed = archive;
        &packed
    };
    let is_ours =
        !bytes.starts_with(b"\xd0\xcf") && !data.windows(8).any(|name| name == b"mimetype" || name == b"book.bin");
    let decoder = if is_ours { None } else { DECODER.clone() };
    let (reading, mapping) = (Reading { decoder, ..Reading::default() }, MappingSettings::default());
    let Ok(listing) = list(&place::file(bytes), &reading) else { return };
    let look = Look { operation: Operation::by_name("invoices create"), reading: &reading, mapping: &mapping };
    for source in &listing.sources {
        let mut written = Vec::new();
        let emitted = emit::emit(source, look, &mut written);
        // The other decoders may have looped until their limit; once is enough.
        if emitted.is_err() && !is_ours {
            continue;
        }
        let found = inspect::inspect(source, &listing, look);
        assert_eq!(emitted.is_ok(), found.is_ok(), "the same sheet, read twice");
        if let Ok(found) = found {
            assert!(found.data_rows <= u64::from(found.last_row), "{found:?}");
        }
    }
}

/// The parts as an archive; a workbook of one sheet where they do not say otherwise. None if no part is named.
fn archive(data: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        match (line.strip_prefix(b"%%"), parts.last_mut()) {
            (Some(name), _) => parts.push((String::from_utf8_lossy(name).trim().to_owned(), Vec::new())),
            (None, Some((_, text))) => text.extend_from_slice(line),
            (None, None) => return None,
        }
    }
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |items: &str| format!("<Relationships xmlns=\"{PACKAGE}\">{items}</Relationships>");
    let inside = relation("r1", "worksheet", "worksheets/sheet1.xml")
        + &relation("r2", "sharedStrings", "sharedStrings.xml")
        + &relation("r3", "styles", "styles.xml");
    let sheets = "<sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets>";
    let others = parts.iter().any(|(name, _)| name == "mimetype" || name == "xl/workbook.bin");
    let usual = [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relations(&relation("r1", "officeDocument", "xl/workbook.xml"))),
        ("xl/workbook.xml", format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\">{sheets}</workbook>")),
        ("xl/_rels/workbook.xml.rels", relations(&inside)),
    ];
    for (name, text) in usual {
        if !others && parts.iter().all(|(present, _)| present != name) {
            parts.push((name.to_owned(), text.into_bytes()));
        }
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(name, SimpleFileOptions::default()).ok()?;
        writer.write_all(&text).ok()?;
    }
    Some(writer.finish().ok()?.into_inner())
}
