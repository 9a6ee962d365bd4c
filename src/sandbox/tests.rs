//! The sandbox over real HTTP: what a client sees, and what the oracle says of it.

use std::fmt::Write as _;
use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::blocking::{Client, Response, multipart};
use serde_json::{Value, json};

use super::*;
use crate::clock::TestClock;

const INVOICES: &str = "/api/v0/invoice/bulk/create";
const SEARCH: &str = "/api/v0/invoice/search";
const KC: &str = "KC9B2X7M4Q1Z8T6D";

struct Bench {
    sandbox: Sandbox,
    clock: Arc<TestClock>,
    client: Client,
    token: String,
}

/// A sandbox with these settings, and a client that has logged in.
fn bench(change: impl FnOnce(&mut SandboxSettings)) -> Bench {
    static CRYPTO: Once = Once::new();
    CRYPTO.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap_or_default());
    let clock = Arc::new(TestClock::default());
    let sandbox =
        start_with_clock("127.0.0.1:0".parse().unwrap(), SandboxSettings::default(), Arc::clone(&clock) as _).unwrap();
    let client = Client::builder().timeout(Duration::from_secs(20)).no_proxy().build().unwrap();
    let mut bench = Bench { sandbox, clock, client, token: String::new() };
    let reply: Value = bench.log_in(&SandboxSettings::demo_credentials()).json().unwrap();
    bench.token = reply["accessToken"].as_str().unwrap().to_owned();
    bench.sandbox.change(change);
    bench
}

impl Bench {
    fn log_in(&self, credentials: &Credentials) -> Response {
        let form = [
            ("username", credentials.username.as_str()),
            ("password", &credentials.password),
            ("grant_type", "password"),
            ("clientId", &credentials.client_id),
        ];
        let request = self.client.post(format!("{}/oauth/token", self.sandbox.base_url()));
        request.basic_auth(&credentials.client_id, Some(&credentials.client_secret)).form(&form).send().unwrap()
    }

    fn upload(&self, path_and_query: &str, part: &str, file: impl Into<Vec<u8>>) -> reqwest::Result<Response> {
        let part_of_file = multipart::Part::bytes(file.into()).file_name("a.csv").mime_str("text/csv").unwrap();
        let form = multipart::Form::new().part(part.to_owned(), part_of_file);
        let url = format!("{}{path_and_query}", self.sandbox.base_url());
        self.client.post(url).bearer_auth(&self.token).multipart(form).send()
    }

    fn invoices(&self, numbers: &[&str]) -> reqwest::Result<Response> {
        self.upload(&format!("{INVOICES}?sellerId=CEK0SANDBX"), "file", sheet(numbers))
    }

    fn search(&self, path_and_query: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path_and_query}", self.sandbox.base_url());
        let reply = self.client.post(url).bearer_auth(&self.token).json(body).send().unwrap();
        (reply.status().as_u16(), reply.json().unwrap())
    }

    fn page(&self, path: &str) -> Value {
        self.client.get(format!("{}{path}", self.sandbox.base_url())).send().unwrap().json().unwrap()
    }

    fn invoices_stored(&self) -> u64 {
        self.sandbox.state()["invoices"].as_u64().unwrap()
    }
}

fn sheet(numbers: &[&str]) -> String {
    let mut text = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,netAmount\n".to_owned();
    for number in numbers {
        writeln!(text, "{number},{KC},2026-03-01,2026-03-31,100.10,118.12").unwrap();
    }
    text
}

fn body(reply: reqwest::Result<Response>) -> Value {
    reply.unwrap().json().unwrap()
}

#[test]
fn tokens_come_in_both_spellings_and_with_or_without_a_lifetime() {
    let bench = bench(|_| {});
    for (spelling, in_reply, token, lifetime) in [
        (Spelling::CamelCase, true, "accessToken", Some("expiresIn")),
        (Spelling::SnakeCase, true, "access_token", Some("expires_in")),
        (Spelling::SnakeCase, false, "access_token", None),
    ] {
        bench.sandbox.change(|settings| {
            settings.token =
                TokenSettings { spelling, lifetime_in_reply: in_reply, lifetime_s: 300, ..Default::default() };
        });
        let reply: Value = bench.log_in(&SandboxSettings::demo_credentials()).json().unwrap();
        assert!(reply[token].as_str().is_some_and(|token| token.len() == 32), "{reply}");
        for name in ["expiresIn", "expires_in"] {
            assert_eq!(reply.get(name), (Some(name) == lifetime).then_some(&json!(300)), "{reply}");
        }
    }
    assert_eq!(bench.sandbox.state()["logins"], json!({"ok": 4, "failed": 0, "locked": false}));
}

#[test]
fn three_refused_log_ins_in_a_row_lock_the_account() {
    let bench = bench(|_| {});
    let right = SandboxSettings::demo_credentials();
    let wrong_user = Credentials { password: "x".to_owned(), ..right.clone() };
    let wrong_client = Credentials { client_secret: "x".to_owned(), ..right.clone() };
    for (credentials, status, error) in [
        (&wrong_user, 400, "invalid_grant"),
        (&wrong_client, 401, "invalid_client"),
        (&right, 200, ""),
        (&wrong_user, 400, "invalid_grant"),
        (&wrong_user, 400, "invalid_grant"),
        (&wrong_user, 400, "invalid_grant"),
        (&right, 400, "invalid_grant"),
    ] {
        let reply = bench.log_in(credentials);
        assert_eq!(reply.status().as_u16(), status);
        let reply: Value = reply.json().unwrap();
        assert_eq!(reply["error"].as_str().unwrap_or_default(), error);
    }
    assert_eq!(bench.sandbox.state()["logins"], json!({"ok": 2, "failed": 6, "locked": true}));
    bench.sandbox.change(|settings| settings.token.lock_out = false);
    assert_eq!(bench.log_in(&right).status().as_u16(), 200);
}

#[test]
fn a_token_is_needed_and_ends() {
    let mut bench = bench(|_| {});
    bench.clock.advance(Duration::from_secs(86_398));
    assert_eq!(bench.invoices(&["A1"]).unwrap().status().as_u16(), 200);
    bench.clock.advance(Duration::from_secs(1));
    let reply = bench.invoices(&["A2"]).unwrap();
    assert_eq!(reply.status().as_u16(), 401);
    assert_eq!(body(Ok(reply))["errorResponse"]["errorType"], "UNAUTHORIZED");
    bench.token = "made-up".to_owned();
    assert_eq!(bench.search(SEARCH, &json!({})).0, 401);
    assert_eq!(bench.invoices_stored(), 1);
}

#[test]
fn an_upload_says_what_became_of_each_row() {
    let bench = bench(|_| {});
    let file = format!("{}A3,nobody,2026-03-01,2026-13-31,0.05,1\n", sheet(&["A1", "A2", "a1"]));
    let reply = body(bench.upload(&format!("{INVOICES}?sellerId=CEK0SANDBX"), "file", file));
    let payload = &reply["payload"];
    assert_eq!(reply["response_code"], 0);
    for (name, expected) in
        [("total_count", "4"), ("success_count", "2"), ("failure_count", "2"), ("total_amount", "236.24")]
    {
        assert_eq!(payload[name].to_string(), expected, "{name}");
    }
    let successes = payload["successRequests"].as_array().unwrap();
    assert_eq!((&successes[1]["rowNumber"], &successes[1]["invoiceNumber"]), (&json!(3), &json!("A2")));
    let id = successes[0]["invoiceId"].as_str().unwrap();
    assert!(id.starts_with("CIN") && id[3..].bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    let failures = payload["failureRequests"].as_array().unwrap();
    assert_eq!(failures[0]["errorMessage"], "invoiceNumber already exists");
    assert_eq!(failures[0]["rowNumber"], 4);
    let message = failures[1]["errorMessage"].as_str().unwrap();
    for field in ["customerId", "dueDate", "baseAmount"] {
        assert!(message.contains(field), "{message}");
    }
    let state = bench.page("/sandbox/state");
    assert_eq!(state["rows_stored"], 2);
    assert_eq!(state["totals"], json!({"baseAmount": "200.20", "netAmount": "236.24"}));
    assert_eq!(state["requests"][format!("POST {INVOICES}")], json!({"200": 1}));
}

#[test]
fn bad_files_are_refused_whole() {
    let bench = bench(|_| {});
    let good = format!("{INVOICES}?sellerId=CEK0SANDBX");
    let bad_account = format!("{INVOICES}?sellerId=CEK1");
    for (url, part, file, status) in [
        (good.as_str(), "file", b"".to_vec(), 400),
        (&good, "file", b"customerId,baseAmount,dueDate\n\xff,1,2026-03-31\n".to_vec(), 400),
        (&good, "file", b"customerId,baseAmount,dueDate,colour\nx,1,2026-03-31,red\n".to_vec(), 422),
        (&good, "file", b"customerId,baseAmount,customerName,dueDate\nx,1,n,2026-03-31\n".to_vec(), 422),
        (&good, "file", b"customerId,baseAmount\nx,1\n".to_vec(), 422),
        (&good, "file", b"customerId,baseAmount,dueDate,dueDate\nx,1,a,b\n".to_vec(), 422),
        (&good, "file", b"customerId,baseAmount,dueDate\n".to_vec(), 422),
        (&good, "sheet", sheet(&["A1"]).into_bytes(), 400),
        ("/api/v0/customer/bulk", "file", sheet(&["A1"]).into_bytes(), 422),
        (&bad_account, "file", sheet(&["A1"]).into_bytes(), 422),
        ("/api/v0/invoices", "file", sheet(&["A1"]).into_bytes(), 404),
    ] {
        let shown = String::from_utf8_lossy(&file).into_owned();
        let reply = bench.upload(url, part, file).unwrap();
        assert_eq!(reply.status().as_u16(), status, "{url} {shown:?}");
        assert_eq!(body(Ok(reply))["response_code"], status, "{url} {shown:?}");
    }
    assert_eq!(bench.invoices_stored(), 0);
}

#[test]
fn customers_are_created_found_and_changed() {
    let bench = bench(|settings| settings.lenient_customers = false);
    let file = "legalName,uniqueRefNo,accountNumber,branchCodes,keyContactName,keyContactLegalName,keyContactMobile\n\
                Kaveri Textiles LLP,C-1,50200012345678,P1;M2,Ravi,Ravi Iyer,+919876501234\n\
                Kaveri Textiles LLP,C-1,50200012345678,,Ravi,Ravi Iyer,9876501234\n\
                No Contact,C-2,,,,,\n";
    let reply = body(bench.upload("/api/v0/customer/bulk?companyId=CEK0SANDBX", "file", file));
    let id = reply["payload"]["successRequests"][0]["customerId"].as_str().unwrap().to_owned();
    assert!(crate::operation::is_customer_id(&id), "{id}");
    assert_eq!(reply["payload"]["failure_count"], 2, "{reply}");
    assert!(reply["payload"].get("total_amount").is_none());

    let change = format!("customerId,pinCode\n{id},641012\n{KC},641012\n");
    let url = "/api/v0/customer/bulk/update?parentCompanyId=CEK0SANDBX";
    let reply = body(bench.upload(url, "file", change));
    assert_eq!(reply["payload"]["successRequests"], json!([{"rowNumber": 2, "customerId": id}]));
    assert_eq!(reply["payload"]["failureRequests"][0]["errorMessage"], "customerId: no customer with this id");

    let (_, found) = bench.search("/api/v0/customer/search", &json!({"accountNumber": "50200012345678"}));
    let customer = &found["payload"][0];
    assert_eq!(customer["pinCode"], "641012");
    assert_eq!(customer["branchCodes"], json!(["P1", "M2"]));
    assert_eq!(customer["customerKeyContacts"][0]["mobile"], "+919876501234");
    assert_eq!(bench.search("/api/v0/customer/search", &json!({"accountNumber": "1"})).1["payload"], json!([]));
    let refused = body(bench.invoices(&["A1"]));
    assert_eq!(refused["payload"]["failure_count"], 1, "an invoice of a customer that is not stored");
}

#[test]
fn searches_filter_page_and_order_in_both_shapes() {
    let bench = bench(|_| {});
    let numbers: Vec<String> = (1..=7).map(|number| format!("A{number}")).collect();
    body(bench.invoices(&numbers.iter().map(String::as_str).collect::<Vec<_>>()));
    let numbers_of = |found: &Value| -> Vec<String> {
        let list = found["payload"].as_array().unwrap().iter();
        list.map(|invoice| invoice["invoiceNumber"].as_str().unwrap().to_owned()).collect()
    };
    for (query, filters, expected) in [
        ("", json!({}), 7),
        ("", json!({"customerIds": [KC, "KC00000000000000"]}), 7),
        ("", json!({"customerIds": ["KC00000000000000"]}), 0),
        // The test's clock stands at noon in India on 22 November 2026.
        ("", json!({"createdOnFrom": "2026-11-22 12:00:00", "createdOnTo": "2026-11-22 12:00:00"}), 7),
        ("", json!({"createdOnFrom": "2026-11-22 12:00:01"}), 0),
        ("", json!({"dueDateTo": "2026-03-30 23:59:59"}), 0),
        ("", json!({"dueDateTo": "2026-03-31 00:00:00"}), 7),
        ("", json!({"baseAmountFrom": 100.10, "baseAmountTo": 100.1}), 7),
        ("", json!({"baseAmountFrom": 100.11}), 0),
        ("", json!({"dispatched": true}), 0),
        ("", json!({"approvalStatuses": ["MAKER_REJECTED"]}), 0),
        ("", json!({"invoiceNumber": "A1"}), 7),
        ("?limit=5", json!({}), 5),
        ("?limit=5&offset=5", json!({}), 2),
        ("?limit=5&offset=9", json!({}), 0),
        ("?limit=0&offset=-1", json!({}), 7),
    ] {
        let (status, found) = bench.search(&format!("{SEARCH}{query}"), &filters);
        assert_eq!(status, 200, "{query} {filters}");
        assert_eq!(numbers_of(&found).len(), expected, "{query} {filters}");
    }
    let (_, found) = bench.search(&format!("{SEARCH}?direction=DESC&orderBy=invoiceNumber&limit=2"), &json!({}));
    assert_eq!(numbers_of(&found), ["A7", "A6"]);
    let invoice = &found["payload"][0];
    assert_eq!(invoice["baseAmount"].to_string(), "100.10");
    assert_eq!(invoice["receivableStatus"], json!({"name": "UNPAID", "label": "Unpaid"}));
    assert_eq!(invoice["createdOn"], "2026-11-22T06:30:00Z");
    for (query, filters) in [
        ("?limit=5001", json!({})),
        ("?limit=many", json!({})),
        ("?limit=1&limit=2", json!({})),
        ("?direction=UP", json!({})),
        ("", json!({"createdOnFrom": "2026-11-22"})),
        ("", json!({"customerIds": KC})),
    ] {
        assert_eq!(bench.search(&format!("{SEARCH}{query}"), &filters).0, 422, "{query} {filters}");
    }
    bench.sandbox.change(|settings| {
        settings.replies.search_reply = SearchReply::Data;
        settings.replies.search_offset = OffsetUnit::Pages;
    });
    let (_, found) = bench.search(&format!("{SEARCH}?limit=3&offset=2"), &json!({}));
    assert_eq!(found["payload"]["count"], 7);
    assert_eq!(found["payload"]["data"][0]["invoiceNumber"], "A7");
    bench.sandbox.change(|settings| settings.replies.page_cap = Some(3));
    let (_, found) = bench.search(&format!("{SEARCH}?limit=5000&offset=1"), &json!({}));
    assert_eq!(found["payload"]["count"], 7);
    let capped: Vec<&str> =
        found["payload"]["data"].as_array().unwrap().iter().filter_map(|one| one["invoiceNumber"].as_str()).collect();
    assert_eq!(capped, ["A4", "A5", "A6"]);
}

#[test]
fn the_limit_answers_429_and_says_how_long_to_wait() {
    let bench = bench(|settings| (settings.rate, settings.burst) = (Some(0.5), Some(1)));
    assert_eq!(bench.invoices(&["A1"]).unwrap().status().as_u16(), 200);
    let refused = bench.invoices(&["A2"]).unwrap();
    assert_eq!(refused.status().as_u16(), 429);
    assert_eq!(refused.headers()["retry-after"], "2");
    assert_eq!(bench.log_in(&SandboxSettings::demo_credentials()).status().as_u16(), 200);
    bench.sandbox.change(|settings| settings.retry_after = false);
    assert!(!bench.invoices(&["A2"]).unwrap().headers().contains_key("retry-after"));
    bench.clock.advance(Duration::from_secs(2));
    assert_eq!(bench.invoices(&["A2"]).unwrap().status().as_u16(), 200);
    assert_eq!(bench.sandbox.state()["limited"], 2);
    assert_eq!(bench.invoices_stored(), 2);
}

#[test]
fn each_fault_stores_or_does_not_and_is_seen_as_it_would_be() {
    let bench = bench(|settings| settings.faults.slow_ms = 1);
    for (index, (fault, stored, status)) in [
        (Fault::Throttled, false, Some(429)),
        (Fault::Unavailable, false, Some(503)),
        (Fault::TokenRefused, false, Some(401)),
        (Fault::ErrorBeforeStoring, false, Some(500)),
        (Fault::ErrorAfterStoring, true, Some(500)),
        (Fault::ReplyLost, true, None),
        (Fault::ResetBeforeStoring, false, None),
        (Fault::SlowReply, true, Some(200)),
        (Fault::TruncatedReply, true, None),
        (Fault::NotJson, true, Some(200)),
        (Fault::HtmlError, false, Some(502)),
    ]
    .into_iter()
    .enumerate()
    {
        let before = bench.invoices_stored();
        let of_path = index as u64 + 1;
        bench.sandbox.change(|settings| {
            settings.faults.schedule =
                vec![ScheduledFault { request: of_path, route: Some(INVOICES.to_owned()), fault }];
        });
        let reply = bench.invoices(&[&format!("F{index}")]);
        match (fault, reply) {
            (Fault::ReplyLost | Fault::ResetBeforeStoring, reply) => assert!(reply.is_err(), "{fault:?}"),
            (Fault::TruncatedReply, reply) => {
                let reply = reply.unwrap();
                assert_eq!(reply.status().as_u16(), 200);
                assert!(reply.bytes().is_err(), "the body is shorter than its length says");
            }
            (_, reply) => {
                let reply = reply.unwrap();
                assert_eq!(Some(reply.status().as_u16()), status, "{fault:?}");
                let waits = matches!(fault, Fault::Throttled | Fault::Unavailable);
                assert_eq!(reply.headers().contains_key("retry-after"), waits, "{fault:?}");
                let json = !matches!(fault, Fault::NotJson | Fault::HtmlError);
                assert_eq!(reply.json::<Value>().is_ok(), json, "{fault:?}");
            }
        }
        assert_eq!(bench.invoices_stored() - before, u64::from(stored), "{fault:?}");
        assert_eq!(bench.sandbox.state()["faults"][fault.name()], 1, "{fault:?}");
    }
    let log = bench.page("/sandbox/requests?offset=6&limit=2");
    assert_eq!(log["requests"][0]["status"], "no-reply");
    assert_eq!(log["requests"][0]["rows"], 1);
    assert_eq!(log["requests"][1]["status"], "reset");
}

#[test]
fn duplicates_are_stored_twice_only_when_asked_for_and_the_oracle_says_so() {
    let bench = bench(|settings| settings.replies.duplicates = Duplicates::StoredTwice);
    body(bench.invoices(&["A1", "A2"]));
    body(bench.invoices(&["a1"]));
    let state = bench.page("/sandbox/state");
    assert_eq!(state["duplicates"], json!({"CEK0SANDBX A1": 2}));
    assert_eq!((&state["duplicate_keys"], &state["duplicate_rows"]), (&json!(1), &json!(1)));
    let records = bench.page("/sandbox/records?resource=invoices&offset=1&limit=2");
    let times: Vec<&Value> =
        records["records"].as_array().unwrap().iter().map(|record| &record["times_stored"]).collect();
    assert_eq!((records["count"].clone(), times), (json!(3), vec![&json!(1), &json!(2)]));
}

#[test]
fn replies_follow_the_switches_of_the_contract() {
    let bench = bench(|_| {});
    let bad = format!("{}A2,nobody,2026-03-01,2026-03-31,1,1\n", sheet(&["A1"]));
    let answer = |change: fn(&mut ReplySettings)| {
        bench.sandbox.change(|settings| {
            settings.replies = ReplySettings { duplicates: Duplicates::StoredTwice, ..ReplySettings::default() };
            change(&mut settings.replies);
        });
        let reply = bench.upload(&format!("{INVOICES}?sellerId=CEK0SANDBX"), "file", bad.clone()).unwrap();
        let status = reply.status().as_u16();
        let text = reply.text().unwrap();
        (status, serde_json::from_str::<Value>(&text).unwrap_or(Value::String(text)))
    };
    let failure = |reply: &Value| reply["payload"]["failureRequests"][0].clone();

    let (_, reply) = answer(|replies| replies.bulk_items = BulkItems::BusinessKey);
    assert!(failure(&reply).get("rowNumber").is_none() && failure(&reply)["invoiceNumber"] == "A2", "{reply}");
    let (_, reply) = answer(|replies| replies.bulk_items = BulkItems::Neither);
    assert_eq!(failure(&reply).as_object().unwrap().len(), 1, "{reply}");
    let (_, reply) = answer(|replies| replies.bulk_items = BulkItems::OffByOne);
    assert_eq!(failure(&reply)["rowNumber"], 4);
    let (_, reply) = answer(|replies| replies.bulk_items = BulkItems::CountsOnly);
    assert!(reply["payload"].get("failureRequests").is_none() && reply["payload"]["success_count"] == 1, "{reply}");
    let (_, reply) = answer(|replies| replies.bulk_counts = BulkCounts::Absent);
    assert!(reply["payload"].get("success_count").is_none(), "{reply}");
    let (_, reply) = answer(|replies| replies.bulk_counts = BulkCounts::Wrong);
    assert_eq!(reply["payload"]["success_count"], 2);
    let (_, reply) = answer(|replies| replies.message_key = MessageKey::Reason);
    assert!(failure(&reply)["reason"].is_string() && failure(&reply).get("errorMessage").is_none(), "{reply}");
    let (_, reply) = answer(|replies| replies.refuse_rows = Refused::All);
    assert_eq!(reply["payload"]["failure_count"], 2);
    let (_, reply) = answer(|replies| replies.refuse_rows = Refused::Some);
    assert_eq!(reply["payload"]["failure_count"], 2);
    let (_, reply) = answer(|replies| replies.error_response_on_success = SuccessError::Null);
    assert_eq!(reply.get("errorResponse"), Some(&Value::Null));

    let stored = bench.invoices_stored();
    let (status, reply) = answer(|replies| replies.file_refusal = FileRefusal::AnyBadRow);
    assert_eq!((status, &reply["errorResponse"]["errorType"]), (422, &json!("VALIDATION_ERROR")));
    let (status, _) = answer(|replies| {
        (replies.file_refusal, replies.validation_status) = (FileRefusal::AnyBadRow, 400);
    });
    assert_eq!(status, 400);
    let (status, reply) = answer(|replies| {
        (replies.file_refusal, replies.business_failure) = (FileRefusal::AnyBadRow, BusinessFailure::Code);
    });
    assert_eq!((status, &reply["response_code"]), (200, &json!(422)));
    let (status, reply) = answer(|replies| {
        (replies.file_refusal, replies.business_failure) = (FileRefusal::AnyBadRow, BusinessFailure::Message);
        replies.failure_payload = FailurePayload::Text;
    });
    assert_eq!(status, 200);
    assert_eq!(reply, json!({"response_message": "FAILURE", "payload": "The file has invalid rows"}));
    for (error_body, expected) in [(ErrorBody::Html, "<html><body>"), (ErrorBody::Empty, "")] {
        bench.sandbox.change(|settings| settings.replies.error_body = error_body);
        bench.sandbox.change(|settings| settings.replies.business_failure = BusinessFailure::Status);
        let reply = bench.upload(INVOICES, "file", bad.clone()).unwrap();
        assert_eq!(reply.status().as_u16(), 422);
        let text = reply.text().unwrap();
        assert!(text.starts_with(expected) && text.is_empty() == expected.is_empty(), "{text:?}");
    }
    assert_eq!(bench.invoices_stored(), stored, "a file refused whole stores nothing");
}

#[test]
fn settings_and_records_can_be_changed_over_http() {
    let bench = bench(|_| {});
    body(bench.invoices(&["A1"]));
    let post = |path: &str, body: &Value| {
        let reply = bench.client.post(format!("{}{path}", bench.sandbox.base_url())).json(body).send().unwrap();
        reply.status().as_u16()
    };
    assert_eq!(post("/sandbox/settings", &json!({"faults": {"rates": {"throttled": 1.0}}, "rate": 9.5})), 200);
    assert_eq!(bench.sandbox.settings().rate, Some(9.5));
    assert_eq!(bench.invoices(&["A2"]).unwrap().status().as_u16(), 429);
    assert_eq!(post("/sandbox/settings", &json!({"faults": {"rates": {}}, "rate": null})), 200);
    assert_eq!(bench.invoices(&["A2"]).unwrap().status().as_u16(), 200);
    for bad in [json!({"speed": 1}), json!({"faults": {"rates": {"fire": 1}}}), json!({"store": "a"}), json!(7)] {
        assert_eq!(post("/sandbox/settings", &bad), 400, "{bad}");
    }
    assert_eq!(post("/sandbox/reset", &json!({})), 200);
    assert_eq!(bench.invoices_stored(), 0);
    assert_eq!(bench.invoices(&["A1"]).unwrap().status().as_u16(), 401, "tokens are forgotten too");
}

#[test]
fn a_second_sandbox_sees_what_the_first_stored() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SandboxSettings { store: Some(folder.path().join("store.jsonl")), ..SandboxSettings::default() };
    for expected in ["200.20", "400.40"] {
        let mut bench = bench(|_| {});
        bench.sandbox = start("127.0.0.1:0".parse().unwrap(), settings.clone()).unwrap();
        let token: Value = bench.log_in(&SandboxSettings::demo_credentials()).json().unwrap();
        bench.token = token["accessToken"].as_str().unwrap().to_owned();
        assert_eq!(
            start("127.0.0.1:0".parse().unwrap(), settings.clone()).unwrap_err().kind(),
            std::io::ErrorKind::WouldBlock
        );
        let numbers = [format!("{expected}-1"), format!("{expected}-2")];
        body(bench.invoices(&[&numbers[0], &numbers[1]]));
        assert_eq!(bench.sandbox.state()["totals"]["baseAmount"], expected);
        let address = bench.sandbox.address();
        bench.sandbox.stop();
        assert!(std::net::TcpStream::connect(address).is_err(), "a stopped sandbox listens no more");
    }
}

#[test]
fn other_hosts_are_not_served_unless_allowed() {
    let error = start("0.0.0.0:0".parse().unwrap(), SandboxSettings::default()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    let settings = SandboxSettings { allow_remote: true, ..SandboxSettings::default() };
    assert!(start("0.0.0.0:0".parse().unwrap(), settings).is_ok());
}
