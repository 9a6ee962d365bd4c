//! A sheet in memory, with its columns mapped and all that checking it takes.

use std::collections::BTreeMap;
use std::path::Path;

use arload::check::{Rules, dates};
use arload::config::{Company, MappingSettings};
use arload::directory::Directory;
use arload::finding::{Code, Severity};
use arload::mapping::{Mapping, map_columns};
use arload::sheet::RowBlock;

use crate::sheets::{open, operation, read};

/// A sheet in memory with all that checking it takes.
pub(crate) struct InMemory {
    /// Its rows.
    pub(crate) blocks: Vec<RowBlock>,
    /// Which column is which field.
    pub(crate) mapping: Mapping,
    /// Which of its dates begin with the day.
    pub(crate) orders: Vec<dates::ColumnOrder>,
    company: Company,
    directory: Directory,
    severity: BTreeMap<Code, Severity>,
}

impl InMemory {
    /// Reads a sheet and maps its columns.
    pub(crate) fn of(path: &Path) -> InMemory {
        let mut sheet = open(path);
        let mut blocks = Vec::new();
        read(&mut sheet, |block| blocks.push(block.clone()));
        let sample =
            |column: usize| (0..200.min(blocks[0].len())).map(|row| blocks[0].text(row, column).to_owned()).collect();
        let mapping = map_columns(operation(), &sheet.header.columns, &sample, &MappingSettings::default())
            .expect("the headings are plain");
        let mut evidence = dates::Evidence::new(&dates::columns(operation(), &mapping, None));
        for block in &blocks {
            evidence.add(block);
        }
        let company = Company {
            company_id: "CEK0SANDBX".to_owned(),
            seller_id: Some("CEK0SANDBX".to_owned()),
            ..Company::default()
        };
        let orders = evidence.decide(None);
        InMemory { blocks, mapping, orders, company, directory: Directory::new(), severity: BTreeMap::new() }
    }

    /// What rows are checked against.
    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules {
            account: "bench",
            company: &self.company,
            directory: &self.directory,
            today: jiff::civil::date(2026, 11, 22),
            period: None,
            severity: &self.severity,
            allow_unnumbered: false,
        }
    }
}
