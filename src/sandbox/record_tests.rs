//! Customers, invoices and reminders one by one and by lists of ids, over real HTTP.

use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::{Value, json};

use super::*;

const CUSTOMER: &str = "/api/v0/customer";
const INVOICE: &str = "/api/v0/invoice";

struct Desk {
    sandbox: Sandbox,
    client: Client,
    token: String,
}

fn desk(settings: SandboxSettings) -> Desk {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = start("127.0.0.1:0".parse().unwrap(), settings).unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let right = SandboxSettings::demo_credentials();
    let form = [
        ("username", right.username.as_str()),
        ("password", &right.password),
        ("grant_type", "password"),
        ("clientId", &right.client_id),
    ];
    let request = client.post(format!("{}/oauth/token", sandbox.base_url()));
    let reply = request.basic_auth(&right.client_id, Some(&right.client_secret)).form(&form).send().unwrap();
    let token = reply.json::<Value>().unwrap()["accessToken"].as_str().unwrap().to_owned();
    Desk { sandbox, client, token }
}

impl Desk {
    /// Status and body of an answer.
    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sandbox.base_url());
        let mut request = self.client.request(method.parse::<Method>().unwrap(), url).bearer_auth(&self.token);
        if !body.is_null() {
            request = request.json(body);
        }
        let reply = request.send().unwrap();
        (reply.status().as_u16(), reply.json().unwrap())
    }

    /// The payload of a success.
    fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, reply) = self.ask(method, path, body);
        assert_eq!(status, 200, "{method} {path} {body}: {reply}");
        reply["payload"].clone()
    }

    fn refused(&self, method: &str, path: &str, body: &Value, status: u16, error: &str, words: &str) {
        let (found, reply) = self.ask(method, path, body);
        let error_response = &reply["errorResponse"];
        assert_eq!((found, error_response["errorType"].as_str()), (status, Some(error)), "{method} {path}: {reply}");
        assert!(error_response["errorMessage"].as_str().unwrap().contains(words), "{reply}");
    }

    fn customer(&self, number: &str) -> String {
        let contact = json!({"name": "Asha", "legalName": "Asha", "mobile": "9876543210", "deleted": false});
        let body = json!({"legalName": "Asha Traders", "uniqueRefNo": number, "customerKeyContacts": [contact]});
        self.done("POST", CUSTOMER, &body)["customerId"].as_str().unwrap().to_owned()
    }

    fn invoice(&self, customer: &str, number: &str, more: &Value) -> String {
        let mut body =
            json!({"customerId": customer, "invoiceNumber": number, "baseAmount": 100.10, "dueDate": "2026-12-31"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.done("POST", INVOICE, &body)["invoiceId"].as_str().unwrap().to_owned()
    }

    fn found(&self, filters: &Value) -> Vec<String> {
        let payload = self.done("POST", "/api/v0/invoice/search", filters);
        payload.as_array().unwrap().iter().map(|one| one["invoiceNumber"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_customer_is_created_changed_switched_off_and_deleted() {
    let desk = desk(SandboxSettings::default());
    let id = desk.customer("C1");
    let path = format!("{CUSTOMER}/{id}");
    let contacts = desk.done("GET", &format!("{path}/contacts"), &Value::Null);
    let first = contacts[0]["keyContactPersonId"].as_str().unwrap().to_owned();
    assert_eq!(contacts.as_array().unwrap().len(), 1);

    let contact = |name: &str, id: Option<&str>, deleted: bool| {
        let mut contact = json!({"name": name, "legalName": name, "mobile": "9876543210", "deleted": deleted});
        if let Some(id) = id {
            contact["keyContactPersonId"] = json!(id);
        }
        contact
    };
    let change = json!({"legalName": null, "pinCode": "411026", "branchCodes": ["P1", "M2"],
        "customerKeyContacts": [contact("Ravi", None, false), contact("Usha", Some(&first), false)],
        "customerReminders": [{"reminderType": "ONCE", "reminderTime": "10:30"}]});
    let changed = desk.done("PATCH", &path, &change);
    assert_eq!((&changed["legalName"], &changed["uniqueRefNo"]), (&Value::Null, &json!("C1")));
    assert_eq!((&changed["pinCode"], &changed["branchCodes"]), (&json!("411026"), &json!(["P1", "M2"])));
    let names = |customer: &Value| -> Vec<String> {
        let contacts = customer["customerKeyContacts"].as_array().unwrap().iter();
        contacts.map(|contact| contact["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&changed), ["Usha", "Ravi"]);
    let removed = desk.done("PATCH", &path, &json!({"customerKeyContacts": [contact("", Some(&first), true)]}));
    assert_eq!(names(&removed), ["Ravi"]);
    let cleared = desk.done("PATCH", &path, &json!({"customerKeyContacts": null}));
    assert_eq!((names(&cleared).len(), &cleared["customerReminders"][0]["reminderType"]), (0, &json!("ONCE")));
    let missing = json!({"customerKeyContacts": [contact("X", Some("KCP404"), false)]});
    desk.refused("PATCH", &path, &missing, 404, "RECORD_NOT_FOUND", "No key contact with this id");
    desk.refused("PATCH", &path, &json!({"colour": 1}), 422, "VALIDATION_ERROR", "colour: unknown field");
    let other = desk.customer("C2");
    let taken = json!({"uniqueRefNo": "C1"});
    desk.refused("PATCH", &format!("{CUSTOMER}/{other}"), &taken, 422, "VALIDATION_ERROR", "already exists");
    desk.done("PATCH", &path, &taken);

    for (verb, word) in [("deactivate", "deactivated"), ("activate", "activated")] {
        let payload = desk.done("PUT", &format!("{CUSTOMER}/{verb}/{id}?parentCompanyId=CEK0SANDBX"), &Value::Null);
        assert_eq!(payload, json!(format!("Customer {word} successfully")));
        let (status, _) = desk.ask(
            "POST",
            INVOICE,
            &json!({"customerId": id, "invoiceNumber": verb, "baseAmount": 1, "dueDate": "2026-12-31"}),
        );
        assert_eq!(status, if verb == "activate" { 200 } else { 403 });
    }
    desk.done("DELETE", &path, &Value::Null);
    for (method, path) in [("DELETE", path.clone()), ("GET", format!("{path}/contacts"))] {
        desk.refused(method, &path, &Value::Null, 404, "RECORD_NOT_FOUND", "No customer with this id");
    }
    let found = desk.done("POST", "/api/v0/customer/search", &json!({}));
    assert_eq!(
        found.as_array().unwrap().iter().map(|one| one["customerId"].clone()).collect::<Vec<_>>(),
        [json!(other)]
    );
    assert_eq!(desk.found(&json!({"customerDeleted": true})), ["activate"]);
    let state = desk.sandbox.state();
    assert_eq!((&state["customers"], &state["deleted"]["customers"]), (&json!(1), &json!(1)));
}

#[test]
fn an_invoice_is_changed_field_by_field_and_what_is_cleared_is_gone() {
    let desk = desk(SandboxSettings::default());
    let customer = desk.customer("C1");
    let id = desk.invoice(&customer, "A/1", &json!({"description": "cartons", "sellerId": "CEK4T7M2QA"}));
    desk.invoice(&customer, "A/2", &json!({"sellerId": "CEK4T7M2QA"}));
    let path = format!("{INVOICE}/{id}");
    let changed =
        desk.done("PATCH", &path, &json!({"description": null, "baseAmount": 120.00, "invoiceNumber": "a/1"}));
    assert_eq!((changed["baseAmount"].to_string(), &changed["description"]), ("120.0".to_owned(), &Value::Null));
    assert_eq!(changed["customerLegalName"], "Asha Traders");
    assert_eq!(desk.done("GET", &format!("{path}?sellerId=CEK4T7M2QA"), &Value::Null), changed);
    for (method, query) in [("GET", "?sellerId=CEK0SANDBX"), ("PATCH", "?sellerId=CEK0SANDBX")] {
        let path = format!("{path}{query}");
        desk.refused(method, &path, &json!({}), 403, "INVALID_ACCESS", "another company");
    }
    desk.refused("GET", &format!("{path}?sellerId=KP"), &Value::Null, 422, "VALIDATION_ERROR", "sellerId: must match");
    desk.refused("GET", &format!("{INVOICE}/CIN404"), &Value::Null, 404, "RECORD_NOT_FOUND", "No invoice");
    desk.refused("PATCH", &path, &json!({"invoiceNumber": "A/2"}), 422, "VALIDATION_ERROR", "already exists");
    desk.refused("PATCH", &path, &json!({"dueDate": "soon"}), 422, "VALIDATION_ERROR", "dueDate: must be a date");
    desk.refused("PUT", &path, &json!({}), 405, "CLIENT_REQUEST_ERROR", "No such method");
    desk.sandbox.change(|settings| settings.foreign_ids = vec![id.clone()]);
    desk.refused("GET", &path, &Value::Null, 403, "INVALID_ACCESS", "another company");
    let (status, reply) = desk.ask("POST", INVOICE, &json!({"customerId": customer}));
    assert_eq!(status, 422);
    assert!(reply["errorResponse"]["errorMessage"].as_str().unwrap().contains("dueDate: must not be absent"));
}

#[test]
fn lists_of_ids_say_of_each_invoice_what_became_of_it() {
    let desk = desk(SandboxSettings { refuse_invoices: vec!["B5".to_owned()], ..SandboxSettings::default() });
    let customer = desk.customer("C1");
    let good = desk.invoice(&customer, "B1", &json!({}));
    let sent = desk.invoice(&customer, "B2", &json!({"dispatchNow": true}));
    let pending = desk.invoice(&customer, "B3", &json!({"approvalStatus": "CHECKER_APPROVAL_PENDING"}));
    let gone = desk.invoice(&customer, "B4", &json!({}));
    let named = desk.invoice(&customer, "B5", &json!({}));
    let list = |reply: &Value, of: &str| -> Vec<(String, String)> {
        let items = reply[of].as_array().unwrap().iter();
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        items.map(|item| (text(item, "invoiceId"), text(item, "message"))).collect()
    };
    let deleted = desk.done("POST", "/api/v0/invoice/bulk/delete", &json!({"invoiceIds": [gone]}));
    assert_eq!(list(&deleted, "successInvoices"), [(gone.clone(), "Done".to_owned())]);
    desk.refused("GET", &format!("{INVOICE}/{gone}"), &Value::Null, 404, "RECORD_NOT_FOUND", "No invoice");

    let body = json!({"invoiceIds": [good, sent, pending, gone, named, "CIN404", good], "partialPaymentAllowed": true});
    let done = desk.done("POST", "/api/v0/invoice/bulk/dispatch", &body);
    assert_eq!(list(&done, "successInvoices"), [(good.clone(), "Done".to_owned())]);
    let failures = [
        (&sent, "Invoice is already dispatched"),
        (&pending, "Invoice is not approved"),
        (&gone, "Invoice is deleted"),
        (&named, "this invoice is refused on purpose"),
        (&"CIN404".to_owned(), "No invoice with this id"),
        (&good, "Invoice is already dispatched"),
    ];
    assert_eq!(list(&done, "failureInvoices"), failures.map(|(id, message)| (id.clone(), message.to_owned())));
    let invoice = desk.done("GET", &format!("{INVOICE}/{good}"), &Value::Null);
    assert_eq!((&invoice["dispatched"], &invoice["partialPaymentAllowed"]), (&json!(true), &json!(true)));
    assert!(invoice["dispatchedOn"].is_string());
    assert_eq!(desk.found(&json!({"dispatched": true})), ["B1", "B2"]);
    assert_eq!(desk.found(&json!({"dispatched": false})), ["B3", "B5"]);
    assert_eq!(desk.found(&json!({"dispatchedOnFrom": "2000-01-01 00:00:00"})), ["B1", "B2"]);
    assert!(desk.found(&json!({"dispatchedOnTo": "2000-01-01 00:00:00"})).is_empty());
    let state = desk.sandbox.state();
    assert_eq!(
        (&state["invoices"], &state["deleted"]["invoices"], &state["dispatched"]),
        (&json!(4), &json!(1), &json!(2))
    );
    desk.invoice(&customer, "B4", &json!({}));
    for body in [json!({}), json!({"invoiceIds": []})] {
        desk.refused("POST", "/api/v0/invoice/bulk/dispatch", &body, 422, "VALIDATION_ERROR", "must not be empty");
    }
    desk.sandbox.change(|settings| settings.replies.file_refusal = FileRefusal::AnyBadRow);
    let body = json!({"invoiceIds": [pending, named]});
    desk.refused("POST", "/api/v0/invoice/bulk/delete", &body, 422, "VALIDATION_ERROR", "cannot be processed");
    assert_eq!(desk.sandbox.state()["invoices"], 5, "a list refused whole deletes nothing");
}

#[test]
fn requests_of_bharat_connect_are_written_down_whole_or_not_at_all() {
    let desk = desk(SandboxSettings::default());
    let customer = desk.customer("C1");
    let ids = ["D1", "D2"].map(|number| desk.invoice(&customer, number, &json!({})));
    let status = "/api/v0/invoice/change-status";
    let body = json!({"invoiceIds": [ids[0], "CIN404"], "status": "ACCEPT", "remarks": "checked"});
    desk.refused("POST", status, &body, 404, "RECORD_NOT_FOUND", "No invoice");
    let body = json!({"invoiceIds": ids, "status": "ACCEPT", "remarks": "checked"});
    assert_eq!(desk.done("POST", status, &body), json!("Status change accepted"));
    let body = json!({"invoiceIds": [ids[1]], "paymentId": "PMT1", "remarks": "r", "response": "ACCEPT", "type": "OFFPLATFORM"});
    desk.done("POST", "/api/v0/invoice/payment-confirmation", &body);
    let url = format!("{}/sandbox/records", desk.sandbox.base_url());
    let records: Value = desk.client.get(url).send().unwrap().json().unwrap();
    let accepted = json!({"operation": "status", "status": "ACCEPT", "remarks": "checked"});
    let paid = json!({"operation": "confirm-payment", "paymentId": "PMT1", "remarks": "r", "response": "ACCEPT", "type": "OFFPLATFORM"});
    assert_eq!(records["records"][0]["actions"], json!([accepted]));
    assert_eq!(records["records"][1]["actions"], json!([accepted, paid]));
}

#[test]
fn reminders_live_below_their_customer_and_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SandboxSettings { store: Some(folder.path().join("store.jsonl")), ..SandboxSettings::default() };
    let first = desk(settings.clone());
    let customer = first.customer("C1");
    let path = format!("{CUSTOMER}/{customer}/reminder");
    let body = json!({"reminderType": "RECURRING", "dueDateDifference": -3, "reminderTime": "10:30", "stage": "a"});
    let created = first.done("POST", &path, &body);
    let one = format!("{path}/{}", created["customerReminderId"].as_str().unwrap());
    let updated = first.done("PATCH", &one, &json!({"stage": null, "reminderInterval": 5}));
    assert_eq!(
        (&updated["stage"], &updated["reminderInterval"], &updated["dueDateDifference"]),
        (&Value::Null, &json!(5), &json!(-3))
    );
    first.refused(
        "POST",
        &path,
        &json!({"reminderType": "DAILY"}),
        422,
        "VALIDATION_ERROR",
        "reminderType: must be one of",
    );
    first.refused("GET", &format!("{path}/CRM404"), &Value::Null, 404, "RECORD_NOT_FOUND", "No reminder");
    drop(first);

    let second = desk(settings);
    assert_eq!(second.done("GET", &one, &Value::Null), updated);
    let another = second.done("POST", &path, &json!({"reminderType": "ONCE"}));
    assert_ne!(another["customerReminderId"], created["customerReminderId"]);
    assert_eq!(second.done("GET", &path, &Value::Null).as_array().unwrap().len(), 2);
    assert_eq!(second.sandbox.state()["reminders"], 2);
    second.done("DELETE", &one, &Value::Null);
    second.refused("GET", &one, &Value::Null, 404, "RECORD_NOT_FOUND", "No reminder");
    second.refused("GET", &format!("{CUSTOMER}/KC404/reminder"), &Value::Null, 404, "RECORD_NOT_FOUND", "No customer");
    let requests = second.sandbox.state()["requests"].clone();
    assert_eq!(
        requests[format!("GET {CUSTOMER}/{{customerId}}/reminder/{{customerReminderId}}")],
        json!({"200": 1, "404": 1})
    );
}
