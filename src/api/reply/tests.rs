//! Replies as the contract describes them, and as servers garble them, with what they say of each row.

use std::time::Duration;

use serde_json::json;

use super::*;

/// Three invoices of one customer.
fn rows() -> Vec<SentRow> {
    sent_rows(
        b"customerId,invoiceNumber,baseAmount,externalId,netAmount\n\
          KC1,A-1,100,,118.00\n\
          KC1,\"A-2\",200.50,x2,\n\
          KC1,A-3,300,,354\n",
    )
}

fn invoices() -> &'static Operation {
    Operation::by_name("invoices create").unwrap()
}

fn response(status: u16, body: &str) -> Response {
    Response { status, body: body.as_bytes().to_vec(), complete: true, ..Response::default() }
}

fn read(status: u16, body: &str) -> Reading {
    super::read(invoices(), &response(status, body), &rows(), &ReplyNames::default())
}

fn bulk(payload: &Value) -> String {
    json!({"response_code": 0, "response_message": "SUCCESS", "payload": payload, "errorResponse": null}).to_string()
}

/// A letter for each row: accepted, rejected, unknown; then the numbers of unmatched failures and disagreements.
fn short(reading: &Reading) -> String {
    match reading {
        Reading::Rows { rows, unmatched, disagreements } => {
            let letters: String = rows
                .iter()
                .map(|row| match row {
                    RowReading::Accepted { .. } => 'a',
                    RowReading::Rejected { .. } => 'r',
                    RowReading::Unknown { .. } => 'u',
                })
                .collect();
            format!("{letters} {} {}", unmatched.len(), disagreements.len())
        }
        Reading::RefusedWhole { code, .. } => format!("whole {code:?}"),
        Reading::NotActedOn { throttled: true, .. } => "throttled".to_owned(),
        Reading::NotActedOn { throttled: false, .. } => "not acted on".to_owned(),
        Reading::Unauthorized { .. } => "unauthorized".to_owned(),
        Reading::Denied { status, .. } => format!("denied {status}"),
        Reading::Unknown { .. } => "unknown".to_owned(),
    }
}

#[test]
fn rows_are_read_from_the_bytes_that_were_sent() {
    let rows = rows();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1].keys(), [Some("A-2"), Some("x2"), None, Some("KC1"), None]);
    assert_eq!((rows[1].base_amount, rows[1].net_amount), (Some(Decimal::new(20050, 2)), None));
    assert_eq!(rows[0].external_id, None);
    assert!(sent_rows(b"").is_empty());
    assert_eq!(sent_rows(b"customerId\nKC1\nKC2,stray\n\xff\n").len(), 3);
}

#[test]
fn each_row_is_settled_by_its_items_and_by_counts_that_add_up() {
    let failure = |number: u32| json!({"rowNumber": number, "message": "bad"});
    let success = |name: &str| json!({"invoiceNumber": name, "invoiceId": format!("I{name}")});
    for (payload, expected) in [
        // Rules 2 and 5: items decide.
        (json!({"failureRequests": [failure(3)], "successRequests": [success("A-1"), success("A-3")]}), "ara 0 0"),
        (json!({"failureRequests": [failure(2), failure(3), failure(4)]}), "rrr 0 0"),
        (json!({"successRequests": [success("A-1")]}), "auu 0 0"),
        (json!({"failureRequests": [{"invoiceNumber": "A-2", "reason": "x"}]}), "uru 0 0"),
        // Rule 3: a number off by one is contradicted by the echoed key.
        (json!({"failureRequests": [{"rowNumber": 4, "invoiceNumber": "A-2"}], "success_count": 2}), "uuu 1 0"),
        (json!({"failureRequests": [failure(5)], "success_count": 2, "failure_count": 1}), "uuu 1 0"),
        // Rule 4: never pinned by guess, though only one row is left.
        (
            json!({"failureRequests": [{"message": "bad"}], "successRequests": [success("A-1"), success("A-2")]}),
            "aau 1 0",
        ),
        (json!({"failureRequests": ["row 3 is bad"], "success_count": 2}), "uuu 1 0"),
        (json!({"failureRequests": [{"customerId": "KC1"}], "success_count": 2}), "uuu 1 0"),
        (json!({"failureRequests": {"rowNumber": 2, "x": 1}, "success_count": 2}), "raa 0 0"),
        // Rule 5: both.
        (json!({"failureRequests": [failure(2)], "successRequests": [success("A-1")]}), "uuu 0 0"),
        // Rule 6: counts as positive evidence.
        (json!({"success_count": 3}), "aaa 0 0"),
        (json!({"success_count": "3", "failure_count": "0", "total_count": "3"}), "aaa 0 0"),
        (json!({"success_count": 3.0, "failure_count": ""}), "aaa 0 0"),
        (json!({"success_count": 2, "failureRequests": [failure(3)]}), "ara 0 0"),
        (json!({"success_count": 2, "failure_count": 1, "total_count": 3, "failureRequests": [failure(3)]}), "ara 0 0"),
        (json!({"failure_count": 1, "failureRequests": [failure(3)]}), "uru 0 0"),
        (json!({"total_count": 3}), "uuu 0 0"),
        (json!({"failure_count": 0}), "uuu 0 0"),
        (json!({"success_count": 2}), "uuu 0 1"),
        (json!({"success_count": 4}), "uuu 0 1"),
        (json!({"success_count": 0, "failure_count": 3, "total_count": 3}), "uuu 0 2"),
        (json!({"success_count": 2, "failure_count": 2, "failureRequests": [failure(3)]}), "uru 0 1"),
        (json!({"success_count": 3, "failure_count": 1}), "uuu 0 1"),
        // Counts that contradict one another vouch for no row; items still speak for theirs.
        (json!({"success_count": 3, "total_count": 9}), "uuu 0 1"),
        (json!({"success_count": 3, "total_count": 2}), "uuu 0 1"),
        (json!({"success_count": 3, "failure_count_second_file": 1}), "uuu 0 1"),
        (json!({"success_count": 2, "failureRequests": [failure(3)], "total_count": 9}), "uru 0 1"),
        (
            json!({"successRequests": [success("A-1"), success("A-3")], "failureRequests": [failure(3)], "total_count": 9}),
            "ara 0 1",
        ),
        // One number that fits no row: numbers alone are believed no more, keys are.
        (json!({"failureRequests": [failure(1), failure(2)], "successRequests": [{"row": 3}]}), "uuu 1 0"),
        (json!({"failureRequests": [failure(3)], "successRequests": [{"row": 1}, {"row": 2}]}), "uuu 0 1"),
        (json!({"failureRequests": [failure(5), failure(3)], "successRequests": [success("A-1")]}), "auu 1 0"),
        (json!({"failureRequests": [failure(3), {"row": 2, "invoiceNumber": "A-2"}]}), "uuu 1 0"),
        // Two items for one row are one failed row; the count of 2 does not agree with it.
        (json!({"success_count": 2, "failureRequests": [failure(3), failure(3)]}), "ara 0 0"),
        (json!({"success_count": 2, "failure_count": 2, "failureRequests": [failure(3), failure(3)]}), "uru 0 1"),
        // Two items for one row are one success: a count of three does not stand for the row that none names.
        (json!({"success_count": 3, "successRequests": [success("A-1"), success("A-1"), success("A-2")]}), "aau 0 1"),
        (json!({"success_count": 2, "successRequests": [success("A-1"), success("A-1"), success("A-2")]}), "aau 0 0"),
        // A count that is no number counts nothing, and so do the others.
        (json!({"success_count": 3, "failure_count": "1 row"}), "uuu 0 1"),
        (json!({"success_count": "all", "total_count": 3}), "uuu 0 1"),
        // A success that fits no row settles none.
        (json!({"successRequests": [success("B-9")]}), "uuu 0 1"),
        // Amounts: any sensible sum agrees.
        (json!({"success_count": 3, "total_amount": 600.5}), "aaa 0 0"),
        (json!({"success_count": 3, "total_amount": "472.00"}), "aaa 0 0"),
        (json!({"success_count": 3, "total_amount": 672.50}), "aaa 0 0"),
        (json!({"success_count": 3, "total_amount": 0}), "aaa 0 0"),
        (json!({"success_count": 3, "total_amount": 600}), "uuu 0 1"),
        (json!({"success_count": 3, "total_amount": "6.005E2"}), "aaa 0 0"),
        (json!({"success_count": 3, "total_amount": 6.1e12}), "uuu 0 1"),
        (json!({"success_count": 2, "failureRequests": [failure(3)], "total_amount": 400}), "ara 0 0"),
        // Nothing is said.
        (json!({}), "unknown"),
        (json!({"successRequests": [], "failureRequests": null}), "unknown"),
        (json!({"warn_count": 0, "success_file_url": "https://files.example.com/a"}), "unknown"),
        (json!("stored"), "unknown"),
        (json!(null), "unknown"),
    ] {
        assert_eq!(short(&read(200, &bulk(&payload))), expected, "{payload}");
        assert_eq!(short(&read(201, &bulk(&payload))), expected, "201: {payload}");
    }
}

#[test]
fn a_reply_as_a_whole_is_read_by_status_code_and_error_type() {
    let code = |code: i64| json!({"response_code": code, "response_message": "no"}).to_string();
    let kind = |kind: &str| json!({"errorResponse": {"errorType": kind, "errorMessage": "no"}}).to_string();
    let html = "<html><body>403 Forbidden</body></html>".to_owned();
    let none = String::new();
    for (status, body, expected) in [
        (400, &none, "whole None"),
        (400, &html, "whole None"),
        (400, &code(400), "whole Some(400)"),
        (409, &none, "whole None"),
        (412, &none, "whole None"),
        (413, &html, "whole None"),
        (422, &kind("VALIDATION_ERROR"), "whole None"),
        (422, &kind("RECORD_NOT_FOUND"), "whole None"),
        (401, &none, "unauthorized"),
        (401, &kind("UNAUTHORIZED"), "unauthorized"),
        (403, &html, "denied 403"),
        (404, &kind("RECORD_NOT_FOUND"), "denied 404"),
        (405, &none, "denied 405"),
        (415, &none, "denied 415"),
        (429, &none, "throttled"),
        (429, &html, "throttled"),
        (408, &none, "unknown"),
        (499, &none, "unknown"),
        (500, &none, "unknown"),
        (500, &kind("VALIDATION_ERROR"), "unknown"),
        (502, &html, "unknown"),
        (503, &none, "unknown"),
        (504, &none, "unknown"),
        (302, &none, "unknown"),
        (304, &none, "unknown"),
        // What the body says of the server's state outweighs a 4xx.
        (400, &code(500), "unknown"),
        (422, &kind("SYSTEM_ERROR"), "unknown"),
        (400, &kind("UNKNOWN_ERROR"), "unknown"),
        (400, &kind("CLIENT_REQUEST_ABORT"), "unknown"),
        (400, &code(429), "throttled"),
        (400, &kind("UNAUTHORIZED"), "unauthorized"),
        (400, &kind("INVALID_ACCESS"), "denied 403"),
        // Business failures within a 2xx.
        (200, &code(1), "whole Some(1)"),
        (200, &code(422), "whole Some(422)"),
        (201, &code(409), "whole Some(409)"),
        (200, &kind("VALIDATION_ERROR"), "whole None"),
        (200, &json!({"response_message": "FAILURE"}).to_string(), "whole None"),
        (200, &json!({"response_message": "FAILURE", "payload": "header is wrong"}).to_string(), "whole None"),
        (200, &json!({"response_code": "1"}).to_string(), "whole Some(1)"),
        (200, &json!({"response_code": "E101", "response_message": "number exists"}).to_string(), "unknown"),
        (200, &json!({"response_code": 0.5}).to_string(), "unknown"),
        (422, &json!({"response_code": "E101"}).to_string(), "whole None"),
        (200, &code(401), "unauthorized"),
        (200, &code(403), "denied 403"),
        (200, &code(404), "denied 404"),
        (200, &code(429), "throttled"),
        (200, &code(500), "unknown"),
        (200, &code(599), "unknown"),
        (200, &kind("SYSTEM_ERROR"), "unknown"),
        (200, &html, "unknown"),
        (200, &none, "unknown"),
        (204, &none, "unknown"),
        (200, &"[1]".to_owned(), "unknown"),
        (200, &"{\"payload\":{\"success_count\":3}".to_owned(), "unknown"),
        (200, &"{}".to_owned(), "unknown"),
    ] {
        assert_eq!(short(&read(status, body)), expected, "{status} {body}");
    }
}

#[test]
fn a_failed_envelope_with_results_lets_the_rows_decide() {
    let payload = json!({"success_count": 2, "failureRequests": [{"rowNumber": 3, "error": "duplicate"}]});
    let body = |code: i64| {
        json!({"response_code": code, "response_message": "FAILURE", "payload": payload,
               "errorResponse": {"errorType": "VALIDATION_ERROR"}})
        .to_string()
    };
    for (status, code, expected) in
        [(200, 1, "ara 0 0"), (422, 422, "ara 0 0"), (400, 1, "ara 0 0"), (200, 500, "unknown")]
    {
        assert_eq!(short(&read(status, &body(code))), expected, "{status} {code}");
    }
    // Counts that name no success do not turn a refusal into rows.
    let none = json!({"response_code": 422, "payload": {"success_count": 0, "failure_count": 3}}).to_string();
    assert_eq!(short(&read(422, &none)), "whole Some(422)");
    assert_eq!(short(&read(200, &none)), "uuu 0 2");
}

#[test]
fn an_answer_cut_in_the_middle_settles_nothing() {
    for status in [200, 201, 400, 422, 500] {
        let mut response = response(status, &bulk(&json!({"success_count": 3})));
        response.complete = false;
        let reading = super::read(invoices(), &response, &rows(), &ReplyNames::default());
        assert_eq!(short(&reading), "unknown", "{status}");
    }
}

#[test]
fn a_503_that_names_a_time_was_not_acted_on() {
    let mut response = response(503, &json!({"response_code": 503}).to_string());
    response.retry_after = Some(Duration::ZERO);
    let reading = super::read(invoices(), &response, &rows(), &ReplyNames::default());
    assert_eq!(short(&reading), "not acted on");
}

#[test]
fn ids_and_messages_come_from_the_items() {
    let payload = json!({
        "successRequests": [{"invoiceNumber": "A-1", "invoiceId": 4711}, {"invoiceNumber": "A-3", "invoiceId": ""}],
        "failureRequests": [{"rowNumber": 3, "errorMessage": null, "message": "bad\u{1b}[2J date"}],
    });
    let Reading::Rows { rows, .. } = read(200, &bulk(&payload)) else { panic!("rows expected") };
    assert_eq!(
        rows,
        [
            RowReading::Accepted { remote_id: Some("4711".into()) },
            RowReading::Rejected { message: "bad\\u{1b}[2J date".into() },
            RowReading::Accepted { remote_id: None },
        ]
    );
}

#[test]
fn an_id_given_to_two_rows_or_two_ids_given_to_one_settle_neither() {
    let success = |name: &str, id: &str| json!({"invoiceNumber": name, "invoiceId": id});
    for (items, expected) in [
        (json!([success("A-1", "I1"), success("A-2", "I1"), success("A-3", "I3")]), "uua 0 0"),
        (json!([success("A-1", "I1"), success("A-1", "I2"), success("A-2", "I3"), success("A-3", "I4")]), "uaa 0 0"),
        (json!([success("A-1", "I1"), success("A-1", "I1"), success("A-2", ""), success("A-3", "")]), "aaa 0 0"),
    ] {
        assert_eq!(short(&read(200, &bulk(&json!({"successRequests": items})))), expected, "{items}");
    }
    // Two changes of one record are both of it.
    let update = Operation::by_name("customers update").unwrap();
    let rows = sent_rows(b"customerId,state\nKC1,Goa\nKC1,Kerala\n");
    let item = |row: u32| json!({"rowNumber": row, "customerId": "KC1"});
    let body = bulk(&json!({"successRequests": [item(2), item(3)]}));
    assert_eq!(short(&super::read(update, &response(200, &body), &rows, &ReplyNames::default())), "aa 0 0");
}

#[test]
fn a_refusal_speaks_in_the_servers_words() {
    let body = json!({
        "response_code": 422, "response_message": "FAILURE",
        "errorResponse": {"errorMessage": "header is wrong", "apiSubErrors": [{"field": "dueDate"}]},
    });
    let Reading::RefusedWhole { status, message, .. } = read(422, &body.to_string()) else {
        panic!("refusal expected")
    };
    assert_eq!((status, message.as_str()), (422, "header is wrong; [{\"field\":\"dueDate\"}]"));
    let Reading::Denied { message, .. } = read(403, &"<b>\t</b>".repeat(1000)) else { panic!("denial expected") };
    assert!(message.chars().count() <= 600 && !message.contains('\t'), "{message}");
}
