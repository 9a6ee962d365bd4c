//! The contract as a test: every request that the program sends and every answer of the sandbox, held against the YAML.
//!
//! The program runs each of its operations on a small sheet, through a relay that writes down both sides; the same requests
//! are then spoilt, so that the sandbox answers each error status. The rule: what the YAML has, this covers.

mod document;
mod recorder;

use std::collections::{BTreeMap, BTreeSet};

use arload::operation::ALL;
use arload::sandbox::{BusinessFailure, Fault, Sandbox, ScheduledFault, SearchReply, Spelling};
use serde_json::Value;

use crate::world::{World, ended, records, sandbox};
use document::Contract;
use recorder::{Exchange, Recorder};

/// A sandbox, a relay to it, and a place to run the program in.
struct Stage {
    world: World,
    sandbox: Sandbox,
    recorder: Recorder,
}

impl Stage {
    fn new() -> Stage {
        let sandbox = sandbox(|_| {});
        let recorder = Recorder::start(sandbox.address());
        Stage { world: World::new(), sandbox, recorder }
    }

    /// Runs an operation on a sheet; every row is to be accepted.
    fn run(&self, operation: &str, sheet: &str) {
        let name = format!("{}.csv", operation.replace(' ', "-"));
        self.world.write(&name, sheet);
        let (resource, verb) = operation.split_once(' ').unwrap();
        let mut arguments = vec![resource, verb, &name];
        if matches!(verb, "delete" | "dispatch") {
            arguments.push("--yes");
        }
        let mut command = self.world.client(&self.sandbox, &arguments);
        ended(command.env("ARLOAD_BASE_URL", self.recorder.base_url())).expect(0);
    }

    /// A value of the stored records, in their order.
    fn stored(&self, resource: &str, pointer: &str) -> Vec<String> {
        let values = records(&self.sandbox, resource);
        values.iter().filter_map(|record| record.pointer(pointer)?.as_str().map(str::to_owned)).collect()
    }

    /// Runs every operation once and says what went over the wire.
    fn run_all(&self) -> Vec<Exchange> {
        self.run_customers();
        self.run_invoices();
        let customers = self.stored("customers", "/customerId");
        let first = &customers[0];
        self.run(
            "reminders create",
            &format!(
                "customerId,dueDateDifference,reminderInterval,reminderTime,reminderType,stage\n{first},-3,7,09:30,RECURRING,one\n"
            ),
        );
        let reminder = &self.stored("customers", "/customerReminders/0/customerReminderId")[0];
        let named = format!("customerId,customerReminderId\n{first},{reminder}\n");
        self.run(
            "reminders update",
            &format!("customerId,customerReminderId,reminderInterval,stage\n{first},{reminder},5,<clear>\n"),
        );
        self.run("reminders get", &named);
        self.run("reminders list", &format!("customerId\n{first}\n"));
        self.run("reminders delete", &named);
        self.run("customers delete", &format!("customerId\n{}\n", customers[1]));
        self.recorder.exchanges()
    }

    fn run_customers(&self) {
        self.run(
            "customers create",
            "legalName,uniqueRefNo,panOrGstin,contactNumber,accountNumber,ifsc,keyContactName,keyContactLegalName,keyContactMobile,keyContactEmail,branchCodes,externalSource\n\
             Asha Traders,C1,27AAPFU0939F1ZV,9876543210,50200012345678,HDFC0000060,Asha,Asha,9876543210,asha@traders.example,P1;M2,no\n\
             Ravi Traders,C2,,9876543211,,,Ravi,Ravi,+91 9876543211,,,\n",
        );
        let ids = self.stored("customers", "/customerId");
        self.run("customers update", &format!("customerId,pinCode\n{},411026\n{},411027\n", ids[0], ids[1]));
        self.run(
            "customers add",
            "legalName,uniqueRefNo,keyContactName,keyContactLegalName,keyContactMobile,keyContactMailEnabled,reminderType,reminderTime,dueDateDifference,reminderInterval,branchCodes\n\
             Usha Stores,C3,Usha,Usha,9876543212,yes,RECURRING,10:30,3,7,P1;M2\n",
        );
        self.run(
            "customers patch",
            &format!(
                "customerId,legalName,assignedAgent,keyContactName,keyContactLegalName,keyContactMobile,reminderType\n\
                 {},Asha Traders LLP,<clear>,Meera,Meera,9876543213,ONCE\n",
                ids[0]
            ),
        );
        for verb in ["deactivate", "activate", "contacts"] {
            self.run(&format!("customers {verb}"), &format!("customerId\n{}\n", ids[1]));
        }
    }

    fn run_invoices(&self) {
        let customer = &self.stored("customers", "/customerId")[0];
        let head = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,igst,netAmount,gstExclusive,poNumber";
        self.run(
            "invoices create",
            &format!(
                "{head}\nR/1,{customer},2026-07-01,2026-08-25,100.10,18.02,118.12,yes,PO-1\nR/2,{customer},2026-07-01,2026-08-25,100,18,118,,\n"
            ),
        );
        self.run(
            "invoices add",
            &format!("{head}\nR/3,{customer},2026-07-01,2026-08-25,100.10,18.02,118.12,no,PO-3\n"),
        );
        let ids = self.stored("invoices", "/invoiceId");
        self.run(
            "invoices update",
            &format!("invoiceId,description,poNumber,dueDate,baseAmount\n{},<clear>,PO-4,2026-09-30,120.10\n", ids[0]),
        );
        self.run("invoices dispatch", &format!("invoiceId,partialPaymentAllowed\n{},yes\n{},yes\n", ids[0], ids[1]));
        self.run("invoices status", &format!("invoiceId,status,remarks\n{},ACCEPT,checked\n", ids[0]));
        self.run(
            "invoices confirm-payment",
            &format!(
                "invoiceId,paymentId,remarks,response,type\n{},PMT1,\"paid, in full\",ACCEPT,OFFPLATFORM\n",
                ids[0]
            ),
        );
        self.run("invoices get", &format!("invoiceId\n{}\n", ids[1]));
        self.run("invoices delete", &format!("invoiceId\n{}\n", ids[1]));
    }

    /// Sends a request again, straight to the sandbox, and says what is wrong with the answer.
    fn again(&self, contract: &Contract, exchange: &Exchange, status: u16) -> Vec<String> {
        let mut exchange = exchange.clone();
        exchange.send(self.sandbox.address());
        let mut faults = contract.faults_of_reply(&exchange);
        if exchange.status != status {
            faults.push(format!("answered {} instead of {status}", exchange.status));
        }
        named(&exchange, faults)
    }
}

fn named(exchange: &Exchange, faults: Vec<String>) -> Vec<String> {
    faults.into_iter().map(|fault| format!("{} {}: {fault}", exchange.method, exchange.path)).collect()
}

/// The last request of each operation of the contract.
fn by_operation(contract: &Contract, exchanges: Vec<Exchange>) -> BTreeMap<String, Exchange> {
    let id = |exchange: &Exchange| contract.find(&exchange.method, &exchange.path).unwrap().id.to_owned();
    exchanges.into_iter().map(|exchange| (id(&exchange), exchange)).collect()
}

#[test]
fn every_request_and_every_answer_is_as_the_contract_has_it() {
    let contract = Contract::read();
    let exchanges = Stage::new().run_all();
    let mut faults = Vec::new();
    for exchange in &exchanges {
        faults.extend(named(exchange, contract.faults_of_request(exchange)));
        faults.extend(named(exchange, contract.faults_of_reply(exchange)));
        if exchange.status != 200 {
            faults.extend(named(exchange, vec![format!("answered {}", exchange.status)]));
        }
    }
    assert_eq!(faults, [""; 0]);
    let seen = by_operation(&contract, exchanges);
    assert_eq!(seen.keys().map(String::as_str).collect::<Vec<_>>(), contract.ids(), "each operation was asked for");
}

#[test]
fn every_operation_of_the_program_stands_in_the_contract_and_the_other_way_round() {
    let contract = Contract::read();
    let mut known: BTreeSet<&str> = ["getAuthenticationToken", "searchCustomer", "searchCollectionInvoices"].into();
    for operation in ALL {
        let described = contract.find(operation.route.method.as_str(), operation.route.path);
        let described = described.unwrap_or_else(|| panic!("{} has no operation in the contract", operation.name()));
        assert_eq!(described.path, operation.route.path, "{}", operation.name());
        known.insert(described.id);
    }
    assert_eq!(known.into_iter().collect::<Vec<_>>(), contract.ids());
}

#[test]
fn every_refusal_of_the_sandbox_is_as_the_contract_has_it() {
    let contract = Contract::read();
    let stage = Stage::new();
    let requests = by_operation(&contract, stage.run_all());
    let mut faults = Vec::new();
    for (id, request) in &requests {
        let described = contract.find(&request.method, &request.path).unwrap();
        let log_in = id == "getAuthenticationToken";
        for (fault, status) in [(Fault::Throttled, 429), (Fault::ErrorBeforeStoring, 500)] {
            stage.sandbox.change(|settings| {
                let all = (1..=10_000).map(|request| ScheduledFault {
                    request,
                    route: Some(described.path.to_owned()),
                    fault,
                });
                settings.faults.schedule = all.collect();
            });
            faults.extend(stage.again(&contract, request, status));
            stage.sandbox.change(|settings| settings.faults.schedule.clear());
        }
        let mut nobody = request.clone();
        nobody.headers.remove("authorization");
        faults.extend(stage.again(&contract, &nobody, 401));
        if log_in {
            continue;
        }
        if described.has_id() {
            let mut missing = request.clone();
            missing.path = described
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { "X404" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            faults.extend(stage.again(&contract, &missing, 404));
            let foreign = request.path.split('/').map(str::to_owned).collect();
            stage.sandbox.change(|settings| settings.foreign_ids = foreign);
            faults.extend(stage.again(&contract, request, 403));
            stage.sandbox.change(|settings| settings.foreign_ids.clear());
        }
        if described.takes_json() {
            let mut unreadable = request.clone();
            unreadable.body = b"{".to_vec();
            faults.extend(stage.again(&contract, &unreadable, 400));
            let mut wrong = request.clone();
            wrong.body = b"[]".to_vec();
            faults.extend(stage.again(&contract, &wrong, 422));
            stage.sandbox.change(|settings| settings.replies.business_failure = BusinessFailure::Code);
            faults.extend(stage.again(&contract, &wrong, 200));
            stage.sandbox.change(|settings| settings.replies.business_failure = BusinessFailure::Status);
        }
    }
    assert_eq!(faults, [""; 0]);
}

#[test]
fn the_other_shapes_of_answers_are_of_the_contract_too() {
    let contract = Contract::read();
    let stage = Stage::new();
    let requests = by_operation(&contract, stage.run_all());
    let mut faults = Vec::new();
    stage.sandbox.change(|settings| {
        settings.replies.search_reply = SearchReply::Data;
        settings.token.spelling = Spelling::SnakeCase;
    });
    for id in ["searchCustomer", "searchCollectionInvoices", "getAuthenticationToken"] {
        faults.extend(stage.again(&contract, &requests[id], 200));
    }
    assert_eq!(faults, [""; 0]);
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let contract = Contract::read();
    let request = |method: &str, path: &str, query: &str, body: &str| {
        let headers = [("authorization", "Bearer x"), ("content-type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Exchange {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.into(),
            ..Exchange::default()
        }
    };
    for (method, path, query, body, fault) in [
        ("PATCH", "/api/v0/invoice/CIN1", "", r#"{"description": null}"#, ""),
        ("PATCH", "/api/v0/invoice/CIN1", "", r#"{"customerId": null}"#, "customerId"),
        ("PATCH", "/api/v0/invoice/CIN1", "", r#"{"dueDate": "31/03/2026"}"#, "dueDate"),
        ("PATCH", "/api/v0/invoice/CIN1", "", r#"{"externalId": "x"}"#, "externalId"),
        ("PATCH", "/api/v0/invoice/CIN1", "sellerId=KC1", "{}", "sellerId"),
        ("PATCH", "/api/v0/invoice/CIN1", "colour=red", "{}", "the query has colour"),
        ("POST", "/api/v0/invoice/search", "limit=5001", "{}", "limit"),
        ("POST", "/api/v0/invoice/bulk/dispatch", "", "{}", "the body lacks invoiceIds"),
        ("POST", "/api/v0/customer", "", "{}", "customerKeyContacts"),
        ("PUT", "/api/v0/customer/activate/KC1", "", "{}", "there is a body"),
        ("POST", "/api/v0/customer/bulk", "", "", "the query lacks"),
        ("POST", "/api/v0/customers", "", "{}", "is not in the contract"),
    ] {
        let faults = contract.faults_of_request(&request(method, path, query, body));
        let fits = if fault.is_empty() { faults.is_empty() } else { faults.iter().any(|found| found.contains(fault)) };
        assert!(fits, "{method} {path} {query} {body}: {faults:?}");
    }
    for (status, reply, good) in [
        (
            200,
            r#"{"response_code": 0, "payload": {"invoiceId": "CIN1", "baseAmount": 1.10, "dispatchedOn": null}}"#,
            true,
        ),
        (200, r#"{"response_code": 0, "payload": {"invoiceId": 7}}"#, false),
        (200, r#"{"response_code": 0, "payload": "no object"}"#, false),
        (200, r#"{"response_code": 422, "payload": "no object"}"#, true),
        (404, r#"{"errorResponse": {"errorType": "RECORD_NOT_FOUND"}}"#, true),
        (404, r#"{"errorResponse": {"errorType": "LOST"}}"#, false),
        (418, "{}", false),
    ] {
        let exchange = Exchange {
            status,
            reply_type: "application/json".to_owned(),
            reply: reply.into(),
            ..request("GET", "/api/v0/invoice/CIN1", "", "")
        };
        assert_eq!(contract.faults_of_reply(&exchange).is_empty(), good, "{status} {reply}");
    }
    let number = contract.faults_of_reply(&Exchange {
        status: 200,
        reply_type: "text/html".to_owned(),
        ..request("GET", "/api/v0/invoice/CIN1", "", "")
    });
    assert_eq!(number.len(), 1, "{number:?}");
    let value: Value = serde_json::from_str("1.10").unwrap();
    assert_eq!(value.to_string(), "1.10", "amounts keep their digits here too");
}
