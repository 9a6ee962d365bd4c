//! What an answer says that speaks of the request as a whole: of a single record, or of a list of ids without lists in
//! return (contract 5 to 8).
//!
//! The one rule is that of bulk replies: accepted only on a readable success, rejected only where the API itself refuses.

use serde_json::{Map, Value};

use super::{Bulk, Reading, RowReading, SentRow, is_success, odd, refusal, unknown, unsettling, words};
use crate::api::Response;
use crate::api::envelope::{Envelope, lent_word, plain_words, present, word};
use crate::operation::{Operation, RequestKind};

/// Reads the answer to a request of these rows.
pub(super) fn read(operation: &Operation, response: &Response, rows: &[SentRow]) -> Reading {
    let status = response.status;
    if !response.complete {
        return unknown(&format!("the answer ({status}) did not arrive whole"));
    }
    if status == 503 && response.retry_after.is_some() {
        return Reading::NotActedOn { throttled: false, message: words(response, None) };
    }
    let envelope = Envelope::read(&response.body);
    if let Some(reason) = unsettling(status, envelope.as_ref()) {
        return unknown(&format!("{reason}: {}", words(response, envelope.as_ref())));
    }
    let message = words(response, envelope.as_ref());
    match &envelope {
        Some(envelope) if is_success(status) && !envelope.failed() && envelope.speaks() => {
            accepted(operation, envelope, rows)
        }
        Some(Envelope { odd_code: Some(code), .. }) if is_success(status) => unknown(&odd(code, &message)),
        Some(envelope) if is_success(status) && !envelope.speaks() => {
            unknown(&format!("the answer ({status}) says neither success nor failure: {message}"))
        }
        None if is_success(status) && operation.reads() && is_list(&response.body) => all(rows.len(), None),
        None if is_success(status) => unknown(&format!("the answer ({status}) is not readable: {message}")),
        _ => {
            let by_the_api = envelope.as_ref().is_some_and(Envelope::speaks);
            refused(operation, refusal(status, envelope.as_ref(), message), by_the_api)
        }
    }
}

/// Some answers with a list come without an envelope.
fn is_list(body: &[u8]) -> bool {
    matches!(serde_json::from_slice(body), Ok(Value::Array(_)))
}

fn accepted(operation: &Operation, envelope: &Envelope, rows: &[SentRow]) -> Reading {
    let payload = envelope.payload.as_ref().and_then(Value::as_object);
    let remote_id = payload.and_then(|payload| present(payload, operation.remote_id)).and_then(word);
    if let [row] = rows
        && let (Some(sent), Some(told)) = (row.record_id(operation.remote_id), &remote_id)
        && sent != told
    {
        return unknown(&format!("the answer speaks of {told}, and the request was about {sent}"));
    }
    if let Some(payload) = payload.filter(|_| operation.request == RequestKind::Single) {
        if let Some(failure) = Bulk::read(payload).and_then(|bulk| bulk.failure()) {
            return unknown(&format!("the answer says success and names a failure: {failure}"));
        }
        if let Some(other) = rows.first().filter(|_| operation.creates()).and_then(|row| other_record(payload, row)) {
            return unknown(&other);
        }
    }
    all(rows.len(), remote_id.filter(|_| rows.len() == 1))
}

/// How the record of an answer shows that it is another than the one that was sent: by a key that both have.
fn other_record(payload: &Map<String, Value>, row: &SentRow) -> Option<String> {
    SentRow::KEY_NAMES.iter().zip(row.keys()).find_map(|(name, sent)| {
        let (sent, told) = (sent?, present(payload, name).and_then(lent_word)?);
        let differs = !told.eq_ignore_ascii_case(sent);
        differs.then(|| plain_words(&format!("the answer is about {name} {told}, and {sent} was sent")))
    })
}

fn all(rows: usize, remote_id: Option<String>) -> Reading {
    let rows = vec![RowReading::Accepted { remote_id }; rows];
    Reading::Rows { rows, unmatched: Vec::new(), disagreements: Vec::new() }
}

/// A refusal of a single record is one of its row; where the API itself says that it is missing or another company's, too.
fn refused(operation: &Operation, reading: Reading, by_the_api: bool) -> Reading {
    let single = operation.request == RequestKind::Single;
    match reading {
        Reading::RefusedWhole { message, .. } if single => rejected(message),
        Reading::Denied { status: 403 | 404, message } if single && by_the_api => rejected(message),
        Reading::Denied { status: status @ (403 | 404), message } if by_the_api => {
            Reading::RefusedWhole { status, code: None, message }
        }
        reading => reading,
    }
}

fn rejected(message: String) -> Reading {
    let rows = vec![RowReading::Rejected { message }];
    Reading::Rows { rows, unmatched: Vec::new(), disagreements: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::reply::{ReplyNames, read};

    fn answer(name: &str, status: u16, body: &str, rows: usize) -> Reading {
        let response = Response { status, body: body.into(), complete: true, ..Response::default() };
        read(Operation::by_name(name).unwrap(), &response, &vec![SentRow::default(); rows], &ReplyNames::default())
    }

    #[test]
    fn a_single_record_is_accepted_with_its_id_or_rejected_with_the_words_of_the_api() {
        let taken = answer("invoices add", 201, r#"{"response_code": 0, "payload": {"invoiceId": "IN1"}}"#, 1);
        let Reading::Rows { rows, .. } = taken else { panic!("{taken:?}") };
        assert_eq!(rows, [RowReading::Accepted { remote_id: Some("IN1".to_owned()) }]);
        for (status, body) in [
            (422, r#"{"response_code": 422, "payload": "due date is missing"}"#),
            (
                404,
                r#"{"response_code": 404, "errorResponse": {"errorType": "RECORD_NOT_FOUND", "errorMessage": "no such invoice"}}"#,
            ),
            (403, r#"{"errorResponse": {"errorType": "INVALID_ACCESS", "errorMessage": "not yours"}}"#),
            (200, r#"{"response_message": "FAILURE", "payload": "no"}"#),
        ] {
            let refused = answer("invoices update", status, body, 1);
            let Reading::Rows { rows, .. } = &refused else { panic!("{refused:?}") };
            assert!(matches!(rows[..], [RowReading::Rejected { .. }]), "{refused:?}");
        }
    }

    #[test]
    fn a_success_that_is_about_another_record_or_names_a_failure_settles_nothing() {
        let row = SentRow {
            invoice_number: Some("A-1".to_owned()),
            customer_id: Some("KC1".to_owned()),
            ..SentRow::default()
        };
        let add = Operation::by_name("invoices add").unwrap();
        for (body, taken) in [
            (r#"{"response_code": 0, "payload": {"invoiceId": "I1", "invoiceNumber": "a-1"}}"#, true),
            (r#"{"response_code": 0, "payload": {"invoiceId": "I1", "invoiceNumber": "B-7"}}"#, false),
            (r#"{"response_code": 0, "payload": {"invoiceId": "I1", "customerId": "KC2"}}"#, false),
            (r#"{"response_code": 0, "payload": {"failureRequests": [{"message": "exists"}]}}"#, false),
            (r#"{"response_code": 0, "payload": {"success_count": 0, "failure_count": 1}}"#, false),
            (r#"{"response_code": 0, "payload": {"success_count": 1, "failure_count": 0}}"#, true),
            (r#"{"response_code": "E101", "response_message": "number exists"}"#, false),
        ] {
            let response = Response { status: 200, body: body.into(), complete: true, ..Response::default() };
            let reading = read(add, &response, std::slice::from_ref(&row), &ReplyNames::default());
            let is_taken =
                matches!(&reading, Reading::Rows { rows, .. } if matches!(rows[..], [RowReading::Accepted { .. }]));
            assert_eq!(is_taken, taken, "{body}");
            assert!(taken || matches!(reading, Reading::Unknown { .. }), "{body}");
        }
    }

    #[test]
    fn a_gateway_and_a_broken_server_say_nothing_of_a_record() {
        for (status, body) in [(404, "<html>no route</html>"), (403, "<html>your address is not listed</html>")] {
            assert!(matches!(answer("invoices get", status, body, 1), Reading::Denied { .. }), "{status}");
        }
        for (status, body) in [(500, ""), (200, "<html>"), (200, ""), (200, r#"{"response_code": 500}"#)] {
            assert!(matches!(answer("customers patch", status, body, 1), Reading::Unknown { .. }), "{status} {body}");
        }
        assert!(matches!(answer("customers patch", 429, "", 1), Reading::NotActedOn { throttled: true, .. }));
        assert!(matches!(answer("customers patch", 401, "", 1), Reading::Unauthorized { .. }));
    }

    #[test]
    fn a_list_of_ids_is_refused_as_a_whole_so_that_the_bad_one_can_be_found() {
        let missing = r#"{"errorResponse": {"errorType": "RECORD_NOT_FOUND"}}"#;
        for name in ["invoices status", "invoices dispatch"] {
            assert!(matches!(answer(name, 404, missing, 3), Reading::RefusedWhole { status: 404, .. }), "{name}");
        }
        let taken = answer("invoices status", 200, r#"{"response_code": 0, "response_message": "SUCCESS"}"#, 3);
        let Reading::Rows { rows, .. } = taken else { panic!("{taken:?}") };
        assert_eq!(rows, vec![RowReading::Accepted { remote_id: None }; 3]);
        // Partial success is normal here, so a bare success settles nothing.
        let bare = answer("invoices dispatch", 200, r#"{"response_code": 0, "response_message": "SUCCESS"}"#, 3);
        assert!(matches!(bare, Reading::Unknown { .. }), "{bare:?}");
    }
}
