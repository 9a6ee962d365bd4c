//! Dialect, header and table of any bytes: what is understood adds up.

use arload::config::{MappingSettings, Reading};
use arload::inspect::{self, Look};
use arload::operation::Operation;
use arload::sheet::open::list;

use crate::place;

/// Looks at the bytes as an operation's sheet, and as nobody's in particular.
pub fn check(data: &[u8]) {
    let (reading, mapping) = (Reading::default(), MappingSettings::default());
    let Ok(listing) = list(&place::file(data), &reading) else { return };
    let operation = Operation::by_name("invoices create");
    assert!(operation.is_some(), "the operation exists");
    for operation in [operation, None] {
        let look = Look { operation, reading: &reading, mapping: &mapping };
        for source in &listing.sources {
            let Ok(found) = inspect::inspect(source, &listing, look) else { continue };
            let header = found.header_rows.last().copied().unwrap_or(0);
            assert!(found.header_rows.is_sorted(), "{found:?}");
            assert_eq!(found.first_row == 0, found.data_rows == 0, "{found:?}");
            assert!(
                found.data_rows == 0 || (header < found.first_row && found.first_row <= found.last_row),
                "{found:?}"
            );
            assert!(found.data_rows <= u64::from(found.last_row.saturating_sub(header)), "{found:?}");
            for column in &found.columns {
                assert!(column.filled <= found.data_rows, "{found:?}");
            }
            let lines = data.iter().filter(|byte| matches!(byte, b'\n' | b'\r' | 0x85)).count() as u64 + 1;
            assert!(u64::from(found.last_row) <= lines, "{found:?}");
        }
    }
}
