//! A comparison with another reader on workbooks that other programs made.

use super::*;

/// The cells of a sheet as calamine has them.
fn by_calamine(path: &Path, sheet: &str) -> BTreeMap<(u32, u32), (String, CellKind)> {
    let mut book = calamine::open_workbook::<calamine::Xlsx<_>, _>(path).unwrap();
    let is_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(sheet).unwrap();
    let (mut read, mut text) = (BTreeMap::new(), String::new());
    loop {
        match cells.next_cell_with_formula_metadata() {
            Ok(None) => return read,
            Ok(Some(cell)) => {
                let missing = cell.formula.is_some() && cell.value == DataRef::Empty;
                let mut kind = cell::write(&cell.value, is_1904, &mut text);
                kind = if missing { CellKind::FormulaWithoutValue } else { kind };
                if !text.is_empty() || missing {
                    read.insert(cell.pos, (text.clone(), kind));
                }
            }
            Err(XlsxError::CellError(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn real_workbooks_are_read_as_another_reader_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/xlsx");
    let (mut differences, mut read) = (Vec::new(), 0);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "xlsx")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for sheet in Book::open(path, &name).unwrap().sheets() {
            let mut theirs = by_calamine(path, &sheet.name);
            let (rows, _) = read_rows(path, &sheet.name).unwrap();
            read += rows.len();
            for row in rows {
                for column in 0..row.len() {
                    let (cell, place) = (row.cell(column), (row.number - 1, column as u32));
                    let ours = (cell.text.to_owned(), cell.kind);
                    let is_blank = ours == (String::new(), CellKind::Text);
                    match theirs.remove(&place) {
                        None if is_blank => {}
                        Some(theirs) if theirs == ours => {}
                        theirs => {
                            let theirs = theirs.map_or_else(String::new, |(text, kind)| format!("{kind:?} {text:?}"));
                            let place = format!("{}{}", column_letters(column), row.number);
                            differences.push(format!("{name} {place}: {theirs} -> {:?} {:?}", ours.1, ours.0));
                        }
                    }
                }
            }
            differences
                .extend(theirs.iter().map(|((row, column), cell)| format!("{name} {row},{column}: {cell:?} -> none")));
        }
    }
    assert!(read > 500, "{read}");
    // What only a number format shows is all that may differ.
    let unexplained: Vec<&String> = differences
        .iter()
        .filter(|line| !["%\"", " Cr\"", "\"$", "\"€"].iter().any(|sign| line.contains(sign)))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}
