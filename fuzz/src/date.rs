//! Dates: whatever is read lies in the years that are taken, and is read again from its plain form in any order.

use arload::check::value::{Faults, date, date_evidence};
use arload::config::DateOrder;
use arload::sheet::{Cell, CellKind};

const ORDERS: [DateOrder; 3] = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];

/// Reads the bytes as a cell, in each order and kind.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for kind in [CellKind::Text, CellKind::Number, CellKind::Date, CellKind::Bool] {
        let cell = Cell { text: &text, kind };
        let evidence = date_evidence(cell);
        let found = ORDERS.map(|order| date(cell, order, &mut Faults::new()));
        for day in found.iter().flatten() {
            let plain = day.to_string();
            for order in ORDERS {
                let again = date(Cell { text: &plain, kind: CellKind::Text }, order, &mut Faults::new());
                assert_eq!(again, Some(*day), "{text:?} as {kind:?}");
            }
        }
        // A column is judged by its evidence: where the orders disagree, it must not call the cell certain.
        let [day_first, month_first, _] = found;
        if let (Some(one), Some(other)) = (day_first, month_first)
            && one != other
        {
            assert!(evidence.is_ambiguous(), "{text:?} as {kind:?}: {one} or {other}");
        }
    }
}
