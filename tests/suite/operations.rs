//! Every operation from a sheet to the API: what the sheet says is what the sandbox then holds, row by row.
//!
//! Each test is of one family: what its requests are, what an id that is not there and one of another company become, and
//! what follows when no answer comes. The rule: counts of requests are those that the sandbox saw.

use std::collections::BTreeMap;

use arload::sandbox::{ErrorBody, Fault, Refused, Sandbox, ScheduledFault};
use serde_json::{Value, json};

use crate::world::{Ended, Line, World, records, sandbox, state, statuses};

#[expect(dead_code, reason = "its main is for those who run the example alone")]
#[path = "../../examples/client.rs"]
mod client_example;

const CUSTOMER: &str = "/api/v0/customer/{customerId}";
const REMINDERS: &str = "/api/v0/customer/{customerId}/reminder";
const REMINDER: &str = "/api/v0/customer/{customerId}/reminder/{customerReminderId}";
const INVOICE: &str = "/api/v0/invoice/{invoiceId}";

/// A well-formed id that no record has.
const NOBODY: &str = "KC00000000000000";

/// A sandbox with records, and a world that put them in.
struct Desk {
    world: World,
    api: Sandbox,
}

impl Desk {
    fn new() -> Desk {
        Desk { world: World::new(), api: sandbox(|settings| settings.faults.retry_after_s = 0) }
    }

    /// With so many customers, of which the ids are given.
    fn with_customers(count: usize) -> (Desk, Vec<String>) {
        let desk = Desk::new();
        let rows = (1..=count).map(|row| format!("Trader {row},REF-{row},Asha,98123456{row:02},Road {row},Goa\n"));
        let sheet = "legalName,uniqueRefNo,keyContactName,keyContactMobile,address,state\n".to_owned();
        desk.run("customers create", "seed.csv", &(sheet + &rows.collect::<String>()), &[]).expect(0);
        let ids = records(&desk.api, "customers");
        (desk, ids.iter().map(|customer| text(customer, "customerId")).collect())
    }

    /// With so many invoices, of which the ids are given.
    fn with_invoices(count: usize) -> (Desk, Vec<String>) {
        let desk = Desk::new();
        desk.run("invoices create", "seed.csv", &crate::world::invoices(count), &[]).expect(0);
        let ids = records(&desk.api, "invoices");
        (desk, ids.iter().map(|invoice| text(invoice, "invoiceId")).collect())
    }

    /// Runs an operation over a sheet; whoever would have to say yes has said it.
    fn run(&self, operation: &str, name: &str, sheet: &str, flags: &[&str]) -> Ended {
        self.world.write(name, sheet);
        let arguments: Vec<&str> = operation.split(' ').chain([name]).chain(flags.iter().copied()).collect();
        self.world.run(&self.api, &[&arguments[..], &["--yes"]].concat())
    }

    /// The results of a sheet.
    fn lines(&self, name: &str) -> Vec<Line> {
        self.world.lines(&name.replace(".csv", ".results.csv"))
    }

    /// What became of each row: its status, or `code: message` where it went wrong.
    fn fates(&self, name: &str) -> Vec<String> {
        let fate = |line: &Line| match line["status"].as_str() {
            "accepted" => "accepted".to_owned(),
            status => format!("{status} {}: {}", line["code"], line["message"]),
        };
        self.lines(name).iter().map(fate).collect()
    }

    fn customer(&self, id: &str) -> Value {
        let all = records(&self.api, "customers");
        all.into_iter().find(|customer| customer["customerId"] == id).unwrap()
    }

    fn invoice(&self, id: &str) -> Value {
        records(&self.api, "invoices").into_iter().find(|invoice| invoice["invoiceId"] == id).unwrap()
    }

    /// Requests of a route that came.
    fn requests(&self, route: &str) -> u64 {
        let state = self.api.state();
        state["requests"][route].as_object().map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum())
    }

    /// Makes one request of a path go wrong, the first that is still to come.
    fn break_next(&self, path: &str, fault: Fault) {
        let state = self.api.state();
        let requests = state["requests"].as_object().unwrap().iter();
        let came: u64 = requests
            .filter(|(route, _)| route.split_once(' ').is_some_and(|(_, route)| route == path))
            .flat_map(|(_, counts)| counts.as_object().unwrap().values())
            .filter_map(Value::as_u64)
            .sum();
        let fault = ScheduledFault { request: came + 1, route: Some(path.to_owned()), fault };
        self.api.change(|settings| settings.faults.schedule = vec![fault]);
    }

    fn make_foreign(&self, id: &str) {
        self.api.change(|settings| settings.foreign_ids = vec![id.to_owned()]);
    }
}

fn text(record: &Value, field: &str) -> String {
    record[field].as_str().unwrap_or_else(|| panic!("no {field} in {record}")).to_owned()
}

/// A sheet of these lines.
fn sheet(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

fn counted(lines: &[Line]) -> BTreeMap<String, usize> {
    statuses(lines).into_iter().map(|(status, rows)| (status.to_owned(), rows)).collect()
}

#[track_caller]
fn assert_rejected(fate: &str, words: &str) {
    assert!(fate.starts_with("rejected ") && fate.contains(words), "{fate}");
}

#[test]
fn the_example_of_the_client_runs() {
    let seen = client_example::tour().unwrap().join("\n");
    for words in [
        "customers in the file: Some(1)",
        r#"customer: Some("Kaveri Traders") Some("Karnataka") None"#,
        "activated: Customer activated successfully",
        r#"contacts: [Some("Asha Rao")]"#,
        "found customer: Kaveri Traders LLP",
        "found customer: Narmada Stores",
        "reminder: Some(14) None",
        "reminders left: 0",
        "invoices in the file: Some(2)",
        r#"invoice: Some(1000.10) Some("Freight")"#,
        "dispatched 3, not 1",
        "deleted: 1",
        "invoice CIN0: refused with 404: No invoice with this id; not found: true",
        "customer deleted: true",
    ] {
        assert!(seen.contains(words), "{words} is not in\n{seen}");
    }
}

#[test]
fn customers_are_added_one_by_one_with_what_an_upload_cannot_carry() {
    let desk = Desk::new();
    let rows = "legalName,uniqueRefNo,keyContactName,keyContactLegalName,keyContactMobile,keyContactSmsEnabled,branchCodes,reminderType,reminderTime,dueDateDifference\n\
        Kaveri Traders,K-1,Asha,Asha Rao,9812345678,yes,P1;M2,RECURRING,09:30,-3\n\
        Narmada Stores,N-1,Ravi,,9812345679,,,,,\n\
        No Contact,X-1,,,,,,,,\n";
    desk.run("customers add", "add.csv", rows, &[]).expect(1);
    let lines = desk.lines("add.csv");
    assert_eq!(counted(&lines), BTreeMap::from([("accepted".into(), 2), ("invalid".into(), 1)]));
    assert_eq!(desk.requests("POST /api/v0/customer"), 2);
    let kaveri = desk.customer(&lines[0]["remote_id"]);
    assert_eq!((&kaveri["legalName"], &kaveri["branchCodes"]), (&json!("Kaveri Traders"), &json!(["P1", "M2"])));
    let contact = &kaveri["customerKeyContacts"][0];
    assert_eq!(
        (&contact["name"], &contact["legalName"], &contact["sms_enabled"]),
        (&json!("Asha"), &json!("Asha Rao"), &json!(true))
    );
    let reminder = &kaveri["customerReminders"][0];
    assert_eq!(
        (&reminder["reminderType"], &reminder["reminderTime"], &reminder["dueDateDifference"]),
        (&json!("RECURRING"), &json!("09:30"), &json!(-3))
    );
    let narmada = desk.customer(&lines[1]["remote_id"]);
    assert_eq!(narmada["customerKeyContacts"][0]["legalName"], "Narmada Stores");
    assert_eq!(narmada["customerReminders"], json!([]));

    // What the API has already, it is not sent again.
    desk.run("customers add", "again.csv", rows, &[]);
    assert_eq!((desk.requests("POST /api/v0/customer"), state(&desk.api, "customers")), (2, 2));
}

#[test]
fn a_patch_leaves_what_is_blank_and_empties_what_is_cleared() {
    let (desk, ids) = Desk::with_customers(4);
    desk.make_foreign(&ids[3]);
    let rows = sheet(&[
        "customerId,legalName,address,state,keyContactName,keyContactLegalName,keyContactMobile".into(),
        format!("{},,<clear>,Kerala,,,", ids[0]),
        format!("{},Renamed,,,Usha,Usha Nair,9898989898", ids[1]),
        format!("{},,,,,,", ids[2]),
        format!("{NOBODY},Ghost,,,,,"),
        format!("{},Stranger,,,,,", ids[3]),
        format!("{},,,,<clear>,,", ids[2]),
    ]);
    desk.run("customers patch", "patch.csv", &rows, &[]).expect(1);
    let fates = desk.fates("patch.csv");
    assert_eq!(fates[..2], ["accepted", "accepted"], "{fates:#?}");
    assert!(fates[2].starts_with("invalid nothing-to-update"), "{}", fates[2]);
    assert_rejected(&fates[3], "No customer with this id");
    assert_rejected(&fates[4], "This record belongs to another company");
    assert!(fates[5].starts_with("invalid "), "{}", fates[5]);
    assert_eq!(desk.requests(&format!("PATCH {CUSTOMER}")), 4);

    let first = desk.customer(&ids[0]);
    assert_eq!(
        (&first["legalName"], &first["address"], &first["state"]),
        (&json!("Trader 1"), &Value::Null, &json!("Kerala"))
    );
    assert_eq!(first["customerKeyContacts"].as_array().unwrap().len(), 1);
    let second = desk.customer(&ids[1]);
    assert_eq!(
        (&second["legalName"], &second["address"], &second["state"]),
        (&json!("Renamed"), &json!("Road 2"), &json!("Goa"))
    );
    let names: Vec<&Value> = second["customerKeyContacts"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, [&json!("Asha"), &json!("Usha")]);
    for (id, name) in [(&ids[2], "Trader 3"), (&ids[3], "Trader 4")] {
        assert_eq!(desk.customer(id)["legalName"], name);
    }
}

#[test]
fn customers_are_switched_off_and_on_and_deleted_one_request_each() {
    let (desk, ids) = Desk::with_customers(3);
    let named = |ids: &[&String]| {
        let rows: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        sheet(&[vec!["customerId".to_owned()], rows].concat())
    };
    let active = || -> Vec<bool> { ids.iter().map(|id| desk.customer(id)["active"] == true).collect() };

    desk.run("customers deactivate", "off.csv", &named(&[&ids[0], &ids[1]]), &[]).expect(0);
    assert_eq!(active(), [false, false, true]);
    let nobody = NOBODY.to_owned();
    desk.run("customers activate", "on.csv", &named(&[&ids[0], &nobody]), &[]).expect(1);
    assert_eq!(active(), [true, false, true]);
    assert_rejected(&desk.fates("on.csv")[1], "No customer with this id");

    desk.make_foreign(&ids[2]);
    desk.run("customers delete", "gone.csv", &named(&[&ids[0], &ids[2], &nobody]), &[]).expect(1);
    let fates = desk.fates("gone.csv");
    assert_eq!(fates[0], "accepted");
    assert_rejected(&fates[1], "This record belongs to another company");
    assert_rejected(&fates[2], "No customer with this id");
    let deleted: Vec<bool> = ids.iter().map(|id| desk.customer(id)["deleted"] == true).collect();
    assert_eq!(deleted, [true, false, false]);
    let requests = [
        "PUT /api/v0/customer/deactivate/{customerId}",
        "PUT /api/v0/customer/activate/{customerId}",
        &format!("DELETE {CUSTOMER}"),
    ];
    assert_eq!(requests.map(|route| desk.requests(route)), [2, 2, 3]);
}

#[test]
fn records_are_read_one_request_each_and_nothing_is_changed() {
    let (desk, ids) = Desk::with_customers(2);
    let rows = sheet(&["customerId".into(), ids[0].clone(), ids[1].clone(), NOBODY.into()]);
    desk.break_next(&format!("{CUSTOMER}/contacts"), Fault::ReplyLost);
    desk.run("customers contacts", "contacts.csv", &rows, &["--concurrency", "1"]).expect(1);
    let fates = desk.fates("contacts.csv");
    assert_eq!(fates[..2], ["accepted", "accepted"]);
    assert_rejected(&fates[2], "No customer with this id");
    // The one whose answer was lost was asked again.
    assert_eq!(desk.requests(&format!("GET {CUSTOMER}/contacts")), 4);

    let (desk, ids) = Desk::with_invoices(2);
    let before = records(&desk.api, "invoices");
    desk.make_foreign(&ids[1]);
    let rows = sheet(&["invoiceId".into(), ids[0].clone(), ids[1].clone(), "CIN0".into()]);
    desk.run("invoices get", "get.csv", &rows, &[]).expect(1);
    let fates = desk.fates("get.csv");
    assert_eq!(fates[0], "accepted");
    assert_rejected(&fates[1], "This record belongs to another company");
    assert_rejected(&fates[2], "No invoice with this id");
    assert_eq!(desk.requests(&format!("GET {INVOICE}")), 3);
    assert_eq!(records(&desk.api, "invoices"), before);
}

#[test]
fn invoices_are_added_one_request_each_with_the_amounts_of_the_sheet() {
    let desk = Desk::new();
    let sheet = crate::world::invoices(3);
    desk.run("invoices add", "add.csv", &sheet, &[]).expect(0);
    assert_eq!(desk.requests("POST /api/v0/invoice"), 3);
    for line in desk.lines("add.csv") {
        let stored = desk.invoice(&line["remote_id"]);
        assert_eq!(stored["invoiceNumber"], line["key"].as_str(), "{line:?}");
        for (field, column) in [("baseAmount", "Taxable Value"), ("igst", "IGST"), ("netAmount", "Invoice Total")] {
            assert_eq!(stored[field].to_string(), line[column], "{field} of {line:?}");
        }
    }
    // The guard knows them, whichever way they went in.
    desk.run("invoices create", "again.csv", &sheet, &[]).expect(0);
    assert_eq!(state(&desk.api, "invoices"), 3);
    assert_eq!(counted(&desk.lines("again.csv")), BTreeMap::from([("already-accepted".into(), 3)]));
}

#[test]
fn an_answer_that_was_lost_after_adding_is_looked_up_and_not_sent_again() {
    for (operation, path, rows) in [
        ("invoices add", "/api/v0/invoice", crate::world::invoices(3)),
        (
            "customers add",
            "/api/v0/customer",
            "legalName,uniqueRefNo,keyContactName,keyContactMobile\nA,R-1,Asha,9812345678\nB,R-2,Asha,9812345679\nC,R-3,Asha,9812345670\n".to_owned(),
        ),
    ] {
        let desk = Desk::new();
        desk.break_next(path, Fault::ReplyLost);
        desk.run(operation, "add.csv", &rows, &["--concurrency", "1"]).expect(0);
        assert_eq!(desk.fates("add.csv"), ["accepted"; 3], "{operation}");
        assert!(desk.lines("add.csv").iter().all(|line| !line["remote_id"].is_empty()), "{operation}");
        assert_eq!(desk.requests(&format!("POST {path}")), 3, "{operation}");
        assert_eq!((state(&desk.api, "rows_stored"), state(&desk.api, "duplicate_rows")), (3, 0), "{operation}");
    }
}

#[test]
fn an_invoice_is_changed_by_what_its_row_says_and_no_more() {
    let (desk, ids) = Desk::with_invoices(4);
    desk.make_foreign(&ids[3]);
    let rows = sheet(&[
        "invoiceId,description,poNumber,netAmount,dueDate,baseAmount".into(),
        format!("{},Freight,PO-1,,31/08/2026,", ids[0]),
        format!("{},,<clear>,\"1,234.50\",,", ids[1]),
        format!("{},,,,,", ids[2]),
        "CIN0,Ghost,,,,".into(),
        format!("{},Stranger,,,,", ids[3]),
    ]);
    let before: Vec<Value> = ids.iter().map(|id| desk.invoice(id)).collect();
    desk.run("invoices update", "update.csv", &rows, &[]).expect(1);
    let fates = desk.fates("update.csv");
    assert_eq!(fates[..2], ["accepted", "accepted"], "{fates:#?}");
    assert!(fates[2].starts_with("invalid nothing-to-update"), "{}", fates[2]);
    assert_rejected(&fates[3], "No invoice with this id");
    assert_rejected(&fates[4], "This record belongs to another company");
    assert_eq!(desk.requests(&format!("PATCH {INVOICE}")), 4);

    let first = desk.invoice(&ids[0]);
    assert_eq!(
        (&first["description"], &first["poNumber"], &first["dueDate"]),
        (&json!("Freight"), &json!("PO-1"), &json!("2026-08-31"))
    );
    for field in ["baseAmount", "netAmount", "igst", "customerId", "invoiceNumber", "invoiceDate"] {
        assert_eq!(first[field], before[0][field], "{field}");
    }
    let second = desk.invoice(&ids[1]);
    assert_eq!((second["netAmount"].to_string().as_str(), &second["poNumber"]), ("1234.50", &Value::Null));
    assert_eq!(second["dueDate"], before[1]["dueDate"]);
    for place in [2, 3] {
        assert_eq!(desk.invoice(&ids[place]), before[place]);
    }

    let cleared = sheet(&["invoiceId,poNumber,description".into(), format!("{},<clear>,<clear>", ids[0])]);
    desk.run("invoices update", "clear.csv", &cleared, &[]).expect(0);
    let first = desk.invoice(&ids[0]);
    assert_eq!((&first["poNumber"], &first["description"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_list_of_ids_is_sent_in_chunks_of_rows_that_agree_and_settled_id_by_id() {
    let (desk, ids) = Desk::with_invoices(9);
    desk.make_foreign(&ids[8]);
    desk.run("invoices dispatch", "early.csv", &sheet(&["invoiceId".into(), ids[0].clone()]), &[]).expect(0);
    let mut rows = vec!["invoiceId,partialPaymentAllowed".to_owned()];
    for (place, id) in ids.iter().enumerate() {
        rows.push(format!("{id},{}", if place % 2 == 0 { "yes" } else { "" }));
    }
    rows.push("CIN0,yes".to_owned());
    desk.run("invoices dispatch", "dispatch.csv", &sheet(&rows), &["--max-chunk-rows", "4", "--new-run"]).expect(1);
    // Six rows with yes in two requests, four without in one.
    assert_eq!(desk.requests("POST /api/v0/invoice/bulk/dispatch"), 1 + 2 + 1);
    let fates = desk.fates("dispatch.csv");
    assert_rejected(&fates[0], "Invoice is already dispatched");
    assert_eq!(fates[1..8], ["accepted"; 7]);
    assert_rejected(&fates[8], "This record belongs to another company");
    assert_rejected(&fates[9], "No invoice with this id");
    for (place, id) in ids.iter().enumerate() {
        let invoice = desk.invoice(id);
        assert_eq!(invoice["dispatched"], place != 8, "{place}");
        let partial = if (2..8).contains(&place) && place % 2 == 0 { json!(true) } else { Value::Null };
        assert_eq!(invoice["partialPaymentAllowed"], partial, "{place}");
    }

    let rows = sheet(&["invoiceId".into(), ids[0].clone(), ids[1].clone(), "CIN0".into()]);
    desk.run("invoices delete", "delete.csv", &rows, &[]).expect(1);
    let fates = desk.fates("delete.csv");
    assert_eq!(fates[..2], ["accepted", "accepted"]);
    assert_rejected(&fates[2], "No invoice with this id");
    let deleted: Vec<bool> = ids.iter().map(|id| desk.invoice(id)["deleted"] == true).collect();
    assert_eq!(deleted.iter().filter(|deleted| **deleted).count(), 2);
    assert_eq!(desk.requests("POST /api/v0/invoice/bulk/delete"), 1);
    desk.run("invoices delete", "delete-again.csv", &rows, &[]).expect(1);
    assert_rejected(&desk.fates("delete-again.csv")[0], "Invoice is already deleted");
}

#[test]
fn words_over_bharat_connect_travel_together_where_they_agree() {
    let (desk, ids) = Desk::with_invoices(5);
    let mut rows = vec!["invoiceId,paymentId,remarks,response,type".to_owned()];
    for (place, id) in ids.iter().enumerate() {
        rows.push(format!("{id},PMT{},\"paid, in full\",ACCEPT,OFFPLATFORM", place / 3));
    }
    desk.run("invoices confirm-payment", "confirm.csv", &sheet(&rows), &[]).expect(0);
    assert_eq!(desk.requests("POST /api/v0/invoice/payment-confirmation"), 2);
    for (place, id) in ids.iter().enumerate() {
        let said = &desk.invoice(id)["actions"][0];
        let payment = format!("PMT{}", place / 3);
        assert_eq!(
            (&said["paymentId"], &said["remarks"], &said["response"]),
            (&json!(payment), &json!("paid, in full"), &json!("ACCEPT"))
        );
    }

    // One id that is not there refuses its request whole; smaller requests find it.
    let mut rows = vec!["invoiceId,status,remarks".to_owned()];
    rows.extend(ids.iter().map(|id| format!("{id},RETURN,wrong amount")));
    rows.push("CIN0,RETURN,wrong amount".to_owned());
    rows.push(format!("{},,no status", ids[0]));
    desk.run("invoices status", "status.csv", &sheet(&rows), &[]).expect(1);
    let fates = desk.fates("status.csv");
    assert_eq!(fates[..5], ["accepted"; 5], "{fates:#?}");
    assert_rejected(&fates[5], "No invoice with this id");
    assert!(fates[6].starts_with("invalid required-missing"), "{}", fates[6]);
    for id in &ids {
        let said = desk.invoice(id)["actions"].clone();
        assert_eq!(said.as_array().unwrap().len(), 2, "{said}");
        assert_eq!(said[1]["status"], "RETURN");
    }
}

#[test]
fn reminders_are_created_listed_changed_read_and_deleted() {
    let (desk, ids) = Desk::with_customers(2);
    let rows = sheet(&[
        "customerId,reminderType,reminderInterval,reminderTime,dueDateDifference".into(),
        format!("{},RECURRING,7,09:30,-3", ids[0]),
        format!("{},ONCE,,,2", ids[1]),
        format!("{},WEEKLY,,,", ids[1]),
        format!("{NOBODY},ONCE,,,"),
    ]);
    desk.run("reminders create", "create.csv", &rows, &[]).expect(1);
    let lines = desk.lines("create.csv");
    let fates = desk.fates("create.csv");
    assert_eq!(fates[..2], ["accepted", "accepted"], "{fates:#?}");
    assert!(fates[2].starts_with("invalid "), "{}", fates[2]);
    assert_rejected(&fates[3], "No customer with this id");
    assert_eq!(desk.requests(&format!("POST {REMINDERS}")), 3);
    let stored = desk.customer(&ids[0])["customerReminders"][0].clone();
    assert_eq!((&stored["reminderInterval"], &stored["reminderTime"]), (&json!(7), &json!("09:30")));
    let reminder = text(&stored, "customerReminderId");
    assert_eq!(lines[0]["remote_id"], reminder);

    let rows = sheet(&["customerId".into(), ids[0].clone(), ids[1].clone()]);
    desk.run("reminders list", "list.csv", &rows, &[]).expect(0);
    assert_eq!(desk.requests(&format!("GET {REMINDERS}")), 2);

    let rows = sheet(&[
        "customerId,customerReminderId,reminderInterval,reminderTime,stage".into(),
        format!("{},{reminder},14,<clear>,", ids[0]),
        format!("{},{reminder},14,,", ids[1]),
        format!("{},{reminder},,,", ids[0]),
    ]);
    desk.run("reminders update", "update.csv", &rows, &[]).expect(1);
    let fates = desk.fates("update.csv");
    assert_eq!(fates[0], "accepted", "{fates:#?}");
    assert_rejected(&fates[1], "No reminder with this id");
    assert!(fates[2].starts_with("invalid nothing-to-update"), "{}", fates[2]);
    let stored = desk.customer(&ids[0])["customerReminders"][0].clone();
    assert_eq!((&stored["reminderInterval"], &stored["reminderTime"]), (&json!(14), &Value::Null));
    assert_eq!(stored["dueDateDifference"], -3);

    let rows = sheet(&["customerId,customerReminderId".into(), format!("{},{reminder}", ids[0])]);
    desk.run("reminders get", "get.csv", &rows, &[]).expect(0);
    desk.break_next(REMINDER, Fault::ReplyLost);
    desk.run("reminders delete", "delete.csv", &rows, &[]).expect(0);
    assert_eq!(desk.customer(&ids[0])["customerReminders"], json!([]));
    // The first request deleted it, and the second found it gone: that is done, not refused.
    assert_eq!(desk.requests(&format!("DELETE {REMINDER}")), 2);
}

#[test]
fn what_may_be_repeated_is_asked_again_when_no_answer_came() {
    let (desk, ids) = Desk::with_customers(3);
    let rows = sheet(&[
        "customerId,state".into(),
        format!("{},Kerala", ids[0]),
        format!("{},Kerala", ids[1]),
        format!("{},Kerala", ids[2]),
    ]);
    desk.break_next(CUSTOMER, Fault::ReplyLost);
    desk.run("customers patch", "patch.csv", &rows, &[]).expect(0);
    assert_eq!(desk.requests(&format!("PATCH {CUSTOMER}")), 4);
    assert!(ids.iter().all(|id| desk.customer(id)["state"] == "Kerala"));

    let rows = sheet(&["customerId".into(), ids[0].clone(), NOBODY.into()]);
    desk.break_next(CUSTOMER, Fault::ReplyLost);
    desk.run("customers delete", "delete.csv", &rows, &["--concurrency", "1"]).expect(1);
    let fates = desk.fates("delete.csv");
    // Gone when asked again is deleted; gone when first asked is not there.
    assert_eq!(fates[0], "accepted");
    assert_rejected(&fates[1], "No customer with this id");
    assert_eq!(desk.requests(&format!("DELETE {CUSTOMER}")), 3);
    assert_eq!(state(&desk.api, "deleted/customers"), 1);
}

#[test]
fn what_may_not_be_repeated_stays_unknown_when_no_answer_came() {
    let (customers, customer_ids) = Desk::with_customers(1);
    let (invoices, invoice_ids) = Desk::with_invoices(2);
    let [first, second] = &invoice_ids[..] else { panic!("two invoices") };
    for (desk, operation, path, rows) in [
        (
            &invoices,
            "invoices status",
            "/api/v0/invoice/change-status",
            format!("invoiceId,status,remarks\n{first},ACCEPT,fine\n{second},ACCEPT,fine\n"),
        ),
        (
            &invoices,
            "invoices confirm-payment",
            "/api/v0/invoice/payment-confirmation",
            format!(
                "invoiceId,paymentId,remarks,response,type\n{first},PMT1,ok,ACCEPT,ONPLATFORM\n{second},PMT1,ok,ACCEPT,ONPLATFORM\n"
            ),
        ),
        (&customers, "reminders create", REMINDERS, format!("customerId,reminderType\n{},ONCE\n", customer_ids[0])),
    ] {
        for fault in [Fault::ReplyLost, Fault::ErrorBeforeStoring] {
            let name = format!("{}-{}.csv", operation.replace(' ', "-"), fault.name());
            let before = desk.requests(&format!("POST {path}"));
            desk.break_next(path, fault);
            // Each sheet is another, or it would be the same run.
            let rows = rows.replace("fine", fault.name()).replace(",ok,", &format!(",{},", fault.name()));
            let rows = if fault == Fault::ReplyLost { rows } else { rows.replace("ONCE", "RECURRING") };
            desk.run(operation, &name, &rows, &["--new-run"]).expect(4);
            let fates = desk.fates(&name);
            assert!(fates.iter().all(|fate| fate.starts_with("unknown no-reply")), "{operation} {fault:?}: {fates:#?}");
            assert_eq!(desk.requests(&format!("POST {path}")), before + 1, "{operation} {fault:?}");
            // Nor does the next start send it again.
            desk.run(operation, &name, &rows, &[]).expect(4);
            assert_eq!(desk.requests(&format!("POST {path}")), before + 1, "{operation} {fault:?}");
        }
    }
    let said = invoices.invoice(first)["actions"].clone();
    assert_eq!(said.as_array().unwrap().len(), 2, "{said}");
}

#[test]
fn a_gateway_that_knows_no_route_stops_the_run_and_rejects_nothing() {
    let (desk, ids) = Desk::with_customers(2);
    desk.api.change(|settings| {
        settings.replies.error_body = ErrorBody::Html;
        settings.foreign_ids.clone_from(&ids);
    });
    let rows = sheet(&["customerId,state".into(), format!("{},Kerala", ids[0]), format!("{},Kerala", ids[1])]);
    let told = desk.run("customers patch", "patch.csv", &rows, &["--concurrency", "1"]).expect(3);
    assert_eq!(desk.requests(&format!("PATCH {CUSTOMER}")), 1, "{}", told.err);
    assert!(desk.fates("patch.csv").iter().all(|fate| fate.starts_with("not-sent ")), "{:?}", desk.fates("patch.csv"));

    // Once it lets them through, the same command goes on.
    desk.api.change(|settings| settings.foreign_ids.clear());
    desk.run("customers patch", "patch.csv", &rows, &[]).expect(0);
    assert_eq!(desk.fates("patch.csv"), ["accepted", "accepted"]);
}

#[test]
fn a_business_refusal_of_one_record_rejects_its_row_alone() {
    let (desk, ids) = Desk::with_customers(6);
    desk.api.change(|settings| settings.replies.refuse_rows = Refused::Some);
    let mut rows = vec!["customerId".to_owned()];
    rows.extend(ids.iter().cloned());
    desk.run("customers deactivate", "off.csv", &sheet(&rows), &[]).expect(1);
    let lines = desk.lines("off.csv");
    assert_eq!(counted(&lines), BTreeMap::from([("accepted".into(), 4), ("rejected".into(), 2)]));
    for line in &lines {
        let off = desk.customer(&line["key"])["active"] == false;
        assert_eq!(off, line["status"] == "accepted", "{line:?}");
        assert!(off || line["message"].contains("refused on purpose"), "{line:?}");
    }
    assert_eq!(desk.requests("PUT /api/v0/customer/deactivate/{customerId}"), 6);
}

#[test]
fn a_record_that_two_rows_name_is_not_left_to_chance() {
    let (desk, ids) = Desk::with_invoices(4);
    let rows = sheet(&[
        "invoiceId,description".into(),
        format!("{},first", ids[0]),
        format!("{},alone", ids[1]),
        format!("{},second", ids[0]),
        format!("{},same", ids[2]),
        format!("{},same", ids[2]),
    ]);
    desk.run("invoices update", "update.csv", &rows, &[]).expect(1);
    let fates = desk.fates("update.csv");
    assert!(fates[0].starts_with("invalid duplicate-in-sheet: ") && fates[0].contains("update.csv:4"), "{}", fates[0]);
    assert!(fates[2].contains(r#"description "first" → "second""#), "{}", fates[2]);
    assert_eq!([&fates[1], &fates[3]], ["accepted"; 2]);
    assert!(fates[4].starts_with("excluded duplicate-row: update.csv:5"), "{}", fates[4]);
    assert_eq!(desk.requests(&format!("PATCH {INVOICE}")), 2);

    // An id stands once in a list, a payment once for an invoice; another payment is another matter.
    let rows = sheet(&["invoiceId".into(), ids[0].clone(), ids[1].clone(), ids[0].clone()]);
    desk.run("invoices dispatch", "dispatch.csv", &rows, &[]).expect(0);
    let counts = counted(&desk.lines("dispatch.csv"));
    assert_eq!(counts, BTreeMap::from([("accepted".into(), 2), ("excluded".into(), 1)]));
    let rows = sheet(&[
        "invoiceId,paymentId,remarks,response,type".into(),
        format!("{},PMT1,ok,ACCEPT,ONPLATFORM", ids[0]),
        format!("{},PMT2,ok,ACCEPT,ONPLATFORM", ids[0]),
        format!("{},PMT2,ok,REJECT,ONPLATFORM", ids[1]),
        format!("{},PMT2,ok,ACCEPT,ONPLATFORM", ids[1]),
    ]);
    desk.run("invoices confirm-payment", "confirm.csv", &rows, &[]).expect(1);
    let counts = counted(&desk.lines("confirm.csv"));
    assert_eq!(counts, BTreeMap::from([("accepted".into(), 2), ("invalid".into(), 2)]));

    // Done again in another run on purpose, it is sent again.
    let rows = sheet(&["invoiceId,description".into(), format!("{},alone", ids[1])]);
    desk.run("invoices update", "again.csv", &rows, &[]).expect(0);
    assert_eq!(desk.requests(&format!("PATCH {INVOICE}")), 3);
}

#[test]
fn chunks_of_a_long_list_are_as_many_as_its_rows_need() {
    let (desk, ids) = Desk::with_invoices(250);
    let mut rows = vec!["invoiceId".to_owned()];
    rows.extend(ids.iter().cloned());
    let bad: Vec<String> = ids.iter().step_by(100).cloned().collect();
    desk.api.change(|settings| settings.refuse_invoices.clone_from(&bad));
    desk.run("invoices dispatch", "all.csv", &sheet(&rows), &["--max-chunk-rows", "40"]).expect(1);
    assert_eq!(desk.requests("POST /api/v0/invoice/bulk/dispatch"), 7);
    let lines = desk.lines("all.csv");
    let rejected: Vec<&str> =
        lines.iter().filter(|line| line["status"] == "rejected").map(|line| line["key"].as_str()).collect();
    assert_eq!(rejected, bad.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(state(&desk.api, "dispatched"), 247);
}
