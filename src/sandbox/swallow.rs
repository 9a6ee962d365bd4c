//! Uploads that are answered and forgotten, for measuring how fast a client sends.
//!
//! Takes the place of `bulk` where `store-nothing` is set: rows are counted and added up, nothing is judged or kept. The
//! rule of the sandbox does not hold here, on purpose: rows are reported as stored that no search finds.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use serde_json::{Map, json};

use super::bulk::number;
use super::reply::{Refusal, Reply};
use super::row;
use super::settings::ReplySettings;
use crate::operation::Operation;

/// Says of every row that it was stored; `ordinal` keeps the ids of different uploads apart.
pub(super) fn swallow(
    operation: &Operation,
    replies: &ReplySettings,
    ordinal: u64,
    file: &[u8],
) -> Result<Reply, Refusal> {
    let mut reader = csv::Reader::from_reader(file);
    let unreadable = |error: csv::Error| Refusal::unreadable(format!("The file cannot be read: {error}"));
    let header = reader.headers().map_err(unreadable)?.clone();
    let column = |name: &str| header.iter().position(|heading| heading == name);
    let key = ["invoiceNumber", "uniqueRefNo", "customerId"].into_iter().find_map(|name| Some((name, column(name)?)));
    let (net, base) = (column("netAmount"), column("baseAmount"));
    let (mut items, mut rows, mut amount) = (String::new(), 0, Decimal::ZERO);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        let cell = |column: usize| record.get(column).and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or("");
        // The file's header is row 1.
        let row = rows + 2;
        if rows > 0 {
            items.push(',');
        }
        // Written as text: an object for each row would cost more than all else that is done here.
        let named = key.map_or_else(String::new, |(name, column)| format!("\"{name}\":{},", json!(cell(column))));
        let id = operation.remote_id;
        write!(items, "{{\"rowNumber\":{row},{named}\"{id}\":\"CIN{ordinal:07}{row:06}\"}}").expect("text takes text");
        rows += 1;
        let counted = net.map(cell).filter(|cell| !cell.is_empty()).or(base.map(cell));
        amount += counted.and_then(row::amount).unwrap_or_default();
    }
    let mut payload = Map::new();
    let counts = [("total_count", rows), ("success_count", rows), ("failure_count", 0), ("warn_count", 0)];
    payload.extend(counts.map(|(name, count)| (name.to_owned(), json!(count))));
    if base.is_some() {
        payload.insert("total_amount".to_owned(), number(amount));
    }
    payload.insert("successRequests".to_owned(), json!([]));
    payload.insert("failureRequests".to_owned(), json!([]));
    let mut reply = Reply::success(replies, payload.into());
    reply.body = reply.body.replacen("\"successRequests\":[]", &format!("\"successRequests\":[{items}]"), 1);
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_row_is_a_success_with_an_id_and_the_amounts_add_up() {
        let operation = Operation::find("invoices", "create").unwrap();
        let file = "invoiceNumber,baseAmount,netAmount\n\"A\"\"1\",100.00,118.00\nA-2,50.00,\n".as_bytes();
        let reply = swallow(operation, &ReplySettings::default(), 3, file).unwrap();
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        let payload = &body["payload"];
        assert_eq!((&payload["success_count"], payload["total_amount"].to_string()), (&json!(2), "168.00".to_owned()));
        assert_eq!(payload["successRequests"][0]["invoiceNumber"], "A\"1");
        assert_eq!(payload["successRequests"][1]["invoiceNumber"], "A-2");
        assert_ne!(payload["successRequests"][0]["invoiceId"], payload["successRequests"][1]["invoiceId"]);
        assert_eq!(reply.rows, 0);
    }
}
