//! Mapping files and headings: a file that is read means one thing, and a mapping that is found can be saved.

use arload::config::MappingSettings;
use arload::mapping::{self, saved};
use arload::operation;

/// Reads the bytes as a mapping file, maps a sheet with headings and cells of the same text, and saves what is found.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let saved = saved::SavedMapping::parse(&text, "fuzz.mapping.toml").ok();
    let mut lines = text.lines();
    let headings: Vec<String> = lines.next().unwrap_or_default().split(',').take(64).map(str::to_owned).collect();
    let cells: Vec<String> = lines.take(200).map(str::to_owned).collect();
    let samples = |_: usize| cells.clone();
    for operation in operation::ALL {
        let mut settings = MappingSettings::default();
        let Ok(found) = mapping::map_columns(operation, &headings, &samples, &settings) else { continue };
        for field in 0..operation.fields.len() {
            let columns = found.columns.iter().filter(|mapped| **mapped == Some(field)).count();
            assert!(columns <= 1, "{columns} columns fill {}", operation.fields[field].name);
        }
        let file = saved::from_mapping(operation, &headings, &found, None);
        match saved::SavedMapping::parse(&file, "again") {
            Ok(again) => assert_eq!(again.decimal_comma, found.decimal_comma),
            Err(_) => assert!(found.columns.iter().all(Option::is_none), "a saved mapping does not read: {file}"),
        }
        settings.saved = saved.clone();
        let _ = mapping::map_columns(operation, &headings, &samples, &settings);
    }
}
