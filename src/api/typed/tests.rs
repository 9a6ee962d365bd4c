//! The typed client over real HTTP: against the sandbox, and against scripted answers that no sandbox gives.

use std::time::Duration;

use serde_json::json;

use super::super::scripted::{Act, Scripted, answer};
use super::*;
use crate::operation::{ALL, RequestKind, Role};
use crate::sandbox::{self, OffsetUnit, Sandbox, SandboxSettings, SearchReply};

fn credentials() -> Credentials {
    let account = SandboxSettings::demo_credentials();
    Credentials {
        client_id: account.client_id,
        client_secret: account.client_secret.into(),
        username: account.username,
        password: account.password.into(),
    }
}

fn server(change: impl FnOnce(&mut SandboxSettings)) -> Sandbox {
    let mut settings = SandboxSettings::default();
    change(&mut settings);
    sandbox::start(([127, 0, 0, 1], 0).into(), settings).unwrap()
}

fn client(base_url: &str) -> Client {
    let accounts = Accounts {
        company_id: Some("CEK0SANDBX".into()),
        seller_id: Some("CEK0SANDBX".into()),
        parent_company_id: Some("CEK0SANDBX".into()),
    };
    Client::new(ClientSettings { accounts, ..ClientSettings::new(base_url, credentials()) }).unwrap()
}

fn invoice(number: u32) -> NewInvoice {
    NewInvoice {
        customer_id: "KC0123456789ABCD".into(),
        base_amount: Some(rust_decimal::Decimal::new(118_010 + i64::from(number), 2)),
        due_date: Some("2026-08-25".parse().unwrap()),
        invoice_date: Some("2026-07-26".parse().unwrap()),
        invoice_number: Some(format!("A/{number:05}")),
        ..NewInvoice::default()
    }
}

fn stored(server: &Sandbox, invoices: u32) -> Client {
    let client = client(&server.base_url());
    let rows: Vec<NewInvoice> = (1..=invoices).map(invoice).collect();
    let reply = client.create_invoices(&BulkFile::of_invoices(&rows).unwrap()).unwrap();
    assert_eq!(reply.record().unwrap().success_count, Some(i64::from(invoices)));
    client
}

/// A server that logs in and then answers everything else by this.
fn scripted(act: impl Fn(usize) -> Act + Send + Sync + 'static) -> (Scripted, Client) {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let server = Scripted::start(move |_, request| {
        if request.head.contains("/oauth/token") {
            return answer(200, "", r#"{"accessToken":"token-of-the-test","expiresIn":300}"#);
        }
        act(calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
    });
    let client = client(&server.base_url);
    (server, client)
}

fn answered(status: u16, headers: &'static str, body: &'static str) -> Client {
    scripted(move |_| answer(status, headers, body)).1
}

#[test]
fn uploads_say_what_became_of_their_rows_and_searches_find_them() {
    let server = server(|_| {});
    let client = stored(&server, 3);
    let found = client.search_invoices(&InvoiceSearch::default(), &Window::default()).unwrap();
    assert_eq!(found.records.len(), 3);
    let first = &found.records[0];
    assert_eq!(first.invoice_number.as_deref(), Some("A/00001"));
    assert_eq!(first.base_amount.unwrap().to_string(), "1180.11");
    assert_eq!(first.due_date, Some("2026-08-25".parse().unwrap()));
    assert_eq!(first.invoice_date.as_ref().unwrap().date(), "2026-07-26".parse().unwrap());
    assert!(first.created_on.as_ref().is_some_and(|at| !matches!(at, Moment::Date(_))), "{first:?}");
    assert!(first.approval_status.is_some(), "{first:?}");

    // A second upload of the same rows names each refused one in a success.
    let again = client.create_invoices(&BulkFile::of_invoices(&[invoice(1), invoice(9)]).unwrap()).unwrap();
    let bulk = again.record().unwrap();
    assert_eq!((bulk.success_count, bulk.failure_count), (Some(1), Some(1)));
    assert!(bulk.failure_requests[0].contains_key("errorMessage"), "{bulk:?}");
    assert_eq!(server.state()["logins"]["ok"], json!(1), "{}", server.state());
}

#[test]
fn customers_are_uploaded_changed_and_found() {
    let server = server(|_| {});
    let client = client(&server.base_url());
    let contact = NewContact {
        name: "Asha".into(),
        legal_name: "Asha".into(),
        mobile: "9812345678".into(),
        ..NewContact::default()
    };
    let customer = NewCustomer {
        legal_name: Some("Kaveri Traders".into()),
        unique_ref_no: Some("K-1".into()),
        customer_key_contacts: vec![contact],
        ..NewCustomer::default()
    };
    client.create_customers(&BulkFile::of_customers(&[customer]).unwrap()).unwrap();
    let found = client.search_customers(&CustomerSearch::default(), &Window::default()).unwrap().records;
    assert_eq!(found[0].legal_name.as_deref(), Some("Kaveri Traders"));
    assert_eq!(found[0].customer_key_contacts[0].name.as_deref(), Some("Asha"));
    let id = found[0].customer_id.clone().unwrap();

    let patch = CustomerPatch { state: Patch::Set("Goa".into()), ..CustomerPatch::default() };
    client.update_customers(&BulkFile::of_customer_patches(&[(&id, patch)]).unwrap()).unwrap();
    let pages: Vec<Page<Customer>> =
        client.all_customers(&CustomerSearch::default()).collect::<Result<_, _>>().unwrap();
    assert_eq!(pages[0].records[0].state.as_deref(), Some("Goa"));
    assert_eq!(pages[0].records[0].legal_name.as_deref(), Some("Kaveri Traders"));
}

#[test]
fn every_record_comes_once_whatever_the_search_counts_and_however_it_cuts() {
    for unit in [OffsetUnit::Rows, OffsetUnit::Pages] {
        for shape in [SearchReply::Array, SearchReply::Data] {
            for (invoices, cap) in
                [(0, None), (1, None), (2, None), (7, None), (23, Some(5)), (25, Some(5)), (9, Some(1))]
            {
                let server = server(|settings| {
                    settings.replies.search_offset = unit;
                    settings.replies.search_reply = shape;
                    settings.replies.page_cap = cap;
                });
                let client = if invoices == 0 { client(&server.base_url()) } else { stored(&server, invoices) };
                let pages: Result<Vec<Page<Invoice>>, ClientError> =
                    client.all_invoices(&InvoiceSearch::default()).collect();
                let numbers: Vec<String> = pages
                    .unwrap_or_else(|error| panic!("{unit:?} {invoices} {cap:?}: {error}"))
                    .into_iter()
                    .flat_map(|page| page.records)
                    .map(|invoice| invoice.invoice_number.unwrap())
                    .collect();
                let expected: Vec<String> = (1..=invoices).map(|number| format!("A/{number:05}")).collect();
                assert_eq!(numbers, expected, "{unit:?} {shape:?} {cap:?}");
            }
        }
    }
}

#[test]
fn a_search_that_does_not_obey_its_offset_is_an_error_and_not_a_short_list() {
    let page = r#"{"payload":[{"invoiceId":"a"},{"invoiceId":"b"}]}"#;
    let client = answered(200, "", page);
    let pages: Vec<Result<Page<Invoice>, ClientError>> = client.all_invoices(&InvoiceSearch::default()).collect();
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert!(pages[0].is_ok() && matches!(pages[1], Err(ClientError::Unknown { .. })), "{pages:?}");
}

#[test]
fn failures_say_whether_the_request_may_have_been_acted_on() {
    let not_found = r#"{"response_code":404,"errorResponse":{"errorType":"RECORD_NOT_FOUND","errorMessage":"no such invoice","requestId":"r-1"}}"#;
    for (status, headers, body, kind, acted_on) in [
        (404, "", not_found, "refused with 404: no such invoice", false),
        (200, "", r#"{"response_code":1,"payload":"not allowed"}"#, "refused with 200: not allowed", false),
        (200, "", r#"{"response_message":"FAILURE"}"#, "refused with 200: FAILURE", false),
        (422, "", r#"{"errorResponse":{"errorMessage":"due date"}}"#, "refused with 422: due date", false),
        (403, "", "<html>address not listed</html>", "denied with 403: <html>address not listed</html>", false),
        (403, "", r#"{"errorResponse":{"errorType":"INVALID_ACCESS"}}"#, "refused with 403: INVALID_ACCESS", false),
        (404, "", "", "denied with 404: HTTP 404 without a text", false),
        (405, "", "", "denied with 405: HTTP 405 without a text", false),
        (401, "", "", "denied with 401: HTTP 401 without a text", false),
        (429, "retry-after: 7\r\n", "", "put off by the server: HTTP 429 without a text", false),
        (503, "retry-after: 7\r\n", "", "put off by the server: HTTP 503 without a text", false),
        (503, "", "", "nobody knows what became of it: the server answered 503: HTTP 503 without a text", true),
        (500, "", "oops", "nobody knows what became of it: the server answered 500: oops", true),
        (
            408,
            "",
            "",
            "nobody knows what became of it: the server gave up waiting (408): HTTP 408 without a text",
            true,
        ),
        (200, "", "<html>", "nobody knows what became of it: the answer (200) is not readable: <html>", true),
        (
            200,
            "",
            r#"{"response_code":500}"#,
            "nobody knows what became of it: the server answered code 500: HTTP 200 without a text",
            true,
        ),
    ] {
        let error = answered(status, headers, body).update_invoice("CIN1", &named()).unwrap_err();
        let shown = error.to_string();
        // Without words of its own an envelope is shown as it came.
        let expected = kind.trim_end_matches("HTTP 200 without a text");
        assert!(shown.starts_with(expected), "{status} {body}: {shown}");
        assert_eq!(error.may_have_been_acted_on(), acted_on, "{status} {body}");
        assert_eq!(error.is_not_found(), body == not_found, "{status} {body}");
        if !headers.is_empty() {
            let wait = Some(Duration::from_secs(7));
            assert!(matches!(error, ClientError::Throttled { retry_after, .. } if retry_after == wait), "{error:?}");
        }
    }
    let (_, client) = scripted(|_| Act::HangUp);
    assert!(client.update_invoice("CIN1", &named()).unwrap_err().may_have_been_acted_on());
    let refused = answered(404, "", not_found).invoice("CIN1").unwrap_err();
    let ClientError::Refused(refusal) = refused else { panic!("{refused:?}") };
    assert_eq!((refusal.request_id.as_deref(), refusal.code), (Some("r-1"), Some(404)));
}

fn named() -> InvoicePatch {
    InvoicePatch { description: Patch::Clear, ..InvoicePatch::default() }
}

#[test]
fn a_401_renews_the_token_once_and_nothing_else_is_asked_for_again() {
    let (server, client) = scripted(|call| match call {
        0 => answer(401, "", ""),
        _ => answer(200, "", r#"{"response_code":0,"payload":"done"}"#),
    });
    assert_eq!(client.activate_customer("KC1").unwrap().record().as_deref(), Some("done"));
    let paths: Vec<String> =
        server.requests().iter().map(|request| request.head.split_whitespace().nth(1).unwrap().to_owned()).collect();
    let activate = "/api/v0/customer/activate/KC1?parentCompanyId=CEK0SANDBX";
    assert_eq!(paths, ["/oauth/token", activate, "/oauth/token", activate]);

    for status in [401, 429, 500, 503] {
        let (server, client) = scripted(move |_| answer(status, "", ""));
        client.delete_customer("KC1").unwrap_err();
        let calls = server.requests().iter().filter(|request| request.head.contains("/customer/KC1")).count();
        assert_eq!(calls, if status == 401 { 2 } else { 1 }, "{status}");
    }
}

#[test]
fn a_refused_log_in_is_remembered_and_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(|_| {});
    let settings = || ClientSettings {
        credentials: Credentials { password: "wrong-password".to_owned().into(), ..credentials() },
        login_guard: Some(LoginGuard::new(folder.path())),
        ..ClientSettings::new(server.base_url(), credentials())
    };
    for expected in ["the log-in was refused", "these credentials were refused earlier"] {
        let error = Client::new(settings()).unwrap().invoice("CIN1").unwrap_err();
        let ClientError::LogIn(cause) = &error else { panic!("{error:?}") };
        assert!(cause.to_string().starts_with(expected), "{cause}");
        assert!(!error.may_have_been_acted_on());
    }
    assert_eq!(server.state()["logins"]["failed"], json!(1));
}

#[test]
fn a_server_of_others_takes_a_memory_and_documented_routes_only() {
    let settings = ClientSettings::new("https://api.example.com", credentials());
    assert!(matches!(Client::new(settings.clone()), Err(ClientSetupError::NoGuard)));
    let folder = tempfile::tempdir().unwrap();
    let guarded = ClientSettings { login_guard: Some(LoginGuard::new(folder.path())), ..settings };
    let client = Client::new(guarded).unwrap();
    let error = client.reminders("KC1").unwrap_err();
    assert!(matches!(error, ClientError::Invalid { what: "allow_assumed", .. }), "{error}");
}

#[test]
fn what_breaks_a_documented_rule_or_names_no_record_is_not_sent() {
    let (server, client) = scripted(|_| answer(200, "", "{}"));
    let long = Window { limit: Some(5_001), ..Window::default() };
    let strange = Accounts { seller_id: Some("K1".into()), ..Accounts::default() };
    let contact = NewContact { name: "A".into(), legal_name: "A".into(), mobile: "12".into(), ..NewContact::default() };
    let short = NewCustomer { customer_key_contacts: vec![contact], ..NewCustomer::default() };
    let small = NewInvoice { base_amount: Some("0.09".parse().unwrap()), ..invoice(1) };
    let errors = [
        client.invoice("").map(drop),
        client.invoice("..").map(drop),
        client.delete_reminder("KC1", "..").map(drop),
        client.update_invoice("CIN1", &InvoicePatch::default()).map(drop),
        client.create_customer(&NewCustomer::default()).map(drop),
        client.create_customer(&short).map(drop),
        client.create_invoice(&NewInvoice::default()).map(drop),
        client.create_invoice(&small).map(drop),
        client.dispatch_invoices(&Dispatch::default()).map(drop),
        client.delete_invoices(&[]).map(drop),
        client
            .confirm_payment(&PaymentConfirmation { invoice_ids: vec!["CIN1".into()], ..Default::default() })
            .map(drop),
        client.search_invoices(&InvoiceSearch::default(), &long).map(drop),
        client.for_accounts(strange).invoice("CIN1").map(drop),
        client.for_accounts(Accounts::default()).create_customers(&BulkFile::bytes("a", "text/csv", vec![])).map(drop),
        client.create_customers(&BulkFile::of_invoices(&[invoice(1)]).unwrap()).map(drop),
    ];
    for (number, error) in errors.into_iter().enumerate() {
        assert!(matches!(error, Err(ClientError::Invalid { .. })), "{number}: {error:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn replies_are_read_in_every_shape_and_nothing_is_lost() {
    let body = r#"{"response_code":"0","payload":{"invoiceId":"CIN1","baseAmount":"1180.10","netAmount":1e2,"tds":"a tenth",
        "dispatched":"true","dueDate":"2026-08-25T00:00:00Z","dispatchedOn":"2026-08-01 10:00:00",
        "approvalStatus":"SPECIAL","receivableStatus":{"name":"PAID","label":"Paid"},"novel":{"a":[1.10]},
        "description":"","invoiceAttachments":[{"primary":true,"size":7}]}}"#;
    let reply = answered(200, "x-request-id: r-9\r\n", body).invoice("CIN1").unwrap();
    assert_eq!((reply.code, reply.request_id.as_deref()), (Some(0), Some("r-9")));
    let invoice = reply.record().unwrap();
    assert_eq!(invoice.base_amount.unwrap().to_string(), "1180.10");
    assert_eq!(invoice.net_amount.unwrap().to_string(), "100");
    assert_eq!((invoice.dispatched, invoice.description.as_deref()), (Some(true), None));
    assert_eq!(invoice.due_date, Some("2026-08-25".parse().unwrap()));
    assert_eq!(invoice.approval_status.unwrap().value, ApprovalStatus::Other("SPECIAL".into()));
    assert_eq!(invoice.receivable_status.unwrap().label.as_deref(), Some("Paid"));
    assert_eq!(invoice.invoice_attachments[0].more["size"], json!(7));
    assert_eq!(Value::Object(invoice.more).to_string(), r#"{"novel":{"a":[1.10]},"tds":"a tenth"}"#);

    let sentence = answered(200, "", r#"{"response_code":0,"payload":"stored"}"#).invoice("CIN1").unwrap();
    assert_eq!(sentence.text(), Some("stored"));
    assert_eq!(sentence.record(), None);
    let empty = answered(200, "", r#"{"response_code":0,"response_message":"SUCCESS","payload":null}"#);
    assert_eq!(empty.deactivate_customer("KC1").unwrap().payload, None);
    for list in [
        r#"{"payload":[{"customerReminderId":"R1","reminderTime":{"hour":9,"minute":30}}]}"#,
        r#"{"payload":{"data":[{"customerReminderId":"R1","reminderTime":"09:30"}]}}"#,
        r#"[{"customerReminderId":"R1","reminderTime":"09:30"}]"#,
    ] {
        let reminders = answered(200, "", list).reminders("KC1").unwrap().record().unwrap();
        assert_eq!(reminders[0].reminder_time, TimeOfDay::new(9, 30), "{list}");
    }
}

#[test]
fn a_failure_that_names_ids_is_an_answer_about_ids() {
    let body = r#"{"response_code":1,"response_message":"FAILURE","payload":{"successInvoices":[{"invoiceId":"a"}],
        "failureInvoices":[{"invoiceId":"b","message":"already dispatched"}]}}"#;
    for status in [200, 422] {
        let client = answered(status, "", body);
        let dispatch = Dispatch { invoice_ids: vec!["a".into(), "b".into()], ..Dispatch::default() };
        let reply = client.dispatch_invoices(&dispatch).unwrap();
        assert_eq!((reply.status, reply.code), (status, Some(1)));
        let acted = reply.record().unwrap();
        assert_eq!(acted.success_invoices[0].invoice_id.as_deref(), Some("a"));
        assert_eq!(acted.failure_invoices[0].message.as_deref(), Some("already dispatched"));
    }
    let nothing = answered(422, "", r#"{"response_code":1,"payload":{"failure_count":0}}"#);
    let file = BulkFile::of_invoices(&[invoice(1)]).unwrap();
    assert!(matches!(nothing.create_invoices(&file), Err(ClientError::Refused(_))));
}

#[test]
fn no_error_and_no_debug_form_shows_a_secret() {
    let (_, client) = scripted(|_| answer(422, "", r#"{"payload":"token-of-the-test sandbox-client sandbox-user"}"#));
    let error = client.activate_customer("KC1").unwrap_err();
    let shown = format!("{error} {error:?} {client:?} {:?}", ClientSettings::new("http://127.0.0.1:1", credentials()));
    for secret in ["token-of-the-test", "sandbox-client", "sandbox-user"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Both tables speak of the same bodies; a field that one gains, the other needs.
#[test]
fn typed_bodies_have_the_fields_of_the_operations_and_no_others() {
    let contact = "customerKeyContacts";
    let reminder = "customerReminders";
    for (name, fields, beside) in [
        ("invoices create", NewInvoice::FIELDS, &[][..]),
        ("invoices add", NewInvoice::FIELDS, &[]),
        ("invoices update", InvoicePatch::FIELDS, &[]),
        ("invoices dispatch", Dispatch::FIELDS, &[]),
        ("invoices confirm-payment", PaymentConfirmation::FIELDS, &[]),
        ("invoices status", StatusChange::FIELDS, &[]),
        ("customers create", NewCustomer::FIELDS, &[contact, reminder]),
        ("customers add", NewCustomer::FIELDS, &[contact, reminder]),
        ("customers patch", CustomerPatch::FIELDS, &[contact, reminder, "customerId"]),
        ("reminders create", NewReminder::FIELDS, &["customerReminderId"]),
        ("reminders update", ReminderPatch::FIELDS, &[]),
    ] {
        let operation = Operation::by_name(name).unwrap();
        let nested = |field: &str| {
            operation.resource == "customers"
                && (field.starts_with("keyContact") || NewReminder::FIELDS.contains(&field))
        };
        let listed = |field: &'static str| {
            let id = operation.request == RequestKind::Ids && field == operation.fields[0].name;
            if id { "invoiceIds" } else { field }
        };
        let mut sent: Vec<&str> = operation
            .fields
            .iter()
            .filter(|field| field.role != Role::Sheet && !nested(field.name))
            .map(|field| listed(field.name))
            .filter(|field| !operation.route.path_fields().any(|name| name == *field))
            .collect();
        let mut typed: Vec<&str> = fields.iter().copied().filter(|field| !beside.contains(field)).collect();
        sent.sort_unstable();
        typed.sort_unstable();
        assert_eq!(typed, sent, "{name}");
    }
    let mut sent = body::CONTACT.map(|(_, name)| name);
    let mut typed = NewContact::FIELDS.to_vec();
    sent.sort_unstable();
    typed.sort_unstable();
    assert_eq!(typed, sent, "contacts");
    assert_eq!(ALL.len(), 21, "a new operation wants a method of the client");
}

#[test]
fn every_documented_filter_is_sent_in_the_form_that_the_api_takes() {
    let server = server(|_| {});
    let client = stored(&server, 2);
    let day = |text: &str| Some(text.parse().unwrap());
    let amount = |text: &str| Some(text.parse().unwrap());
    let all = InvoiceSearch {
        approval_statuses: Some(vec![ApprovalStatus::MakerApproved]),
        balance_amount_from: None,
        balance_amount_to: None,
        base_amount_from: amount("1180.12"),
        base_amount_to: amount("1180.12"),
        collection_mode: None,
        created_on_from: day("2000-01-01T00:00:00"),
        created_on_to: day("2100-01-01T00:00:00"),
        created_via: None,
        customer_deleted: Some(false),
        customer_ids: Some(vec!["KC0123456789ABCD".into()]),
        customer_legal_name: None,
        customer_status: None,
        dispatched: Some(false),
        dispatched_on_from: None,
        dispatched_on_to: None,
        due_date_from: day("2026-08-25T00:00:00"),
        due_date_to: day("2026-08-25T23:59:59"),
        more: serde_json::Map::new(),
    };
    let found = client.search_invoices(&all, &Window::default()).unwrap();
    let numbers: Vec<_> = found.records.iter().filter_map(|invoice| invoice.invoice_number.as_deref()).collect();
    assert_eq!(numbers, ["A/00002"]);
    let late = InvoiceSearch { due_date_from: day("2026-08-26T00:00:00"), ..all };
    assert_eq!(client.search_invoices(&late, &Window::default()).unwrap().records.len(), 0);

    // What leaves is the contract's own form.
    let (scripted, client) = scripted(|_| answer(200, "", r#"{"payload":[]}"#));
    let window = Window {
        offset: Some(3),
        limit: Some(50),
        direction: Some(Direction::Descending),
        order_by: Some("createdOn".into()),
    };
    client.search_invoices(&late, &window).unwrap();
    client
        .search_customers(
            &CustomerSearch { assigned_agent: Some("a&b".into()), ..Default::default() },
            &Window::default(),
        )
        .unwrap();
    let requests = scripted.requests();
    assert!(
        requests[1]
            .head
            .starts_with("POST /api/v0/invoice/search?direction=DESC&limit=50&offset=3&orderBy=createdOn HTTP")
    );
    for form in [
        r#""dueDateFrom":"2026-08-26 00:00:00""#,
        r#""baseAmountFrom":1180.12"#,
        r#""approvalStatuses":["MAKER_APPROVED"]"#,
    ] {
        assert!(requests[1].body.contains(form), "{form} is not in {}", requests[1].body);
    }
    assert!(requests[2].head.starts_with("POST /api/v0/customer/search HTTP"), "{}", requests[2].head);
    assert_eq!(requests[2].body, r#"{"assignedAgent":"a&b"}"#);
    for fields in [InvoiceSearch::FIELDS, CustomerSearch::FIELDS] {
        assert_eq!(fields.iter().collect::<std::collections::BTreeSet<_>>().len(), fields.len());
    }
}
