//! A tour of the typed client against a sandbox in this process: `cargo run --example client`.
//!
//! Creates customers and invoices, changes, sends and deletes them, and shows how a failure is judged. With a server other
//! than this host the settings need a `login_guard`, and `allow_assumed` for routes that Enkash does not document.

use std::error::Error;

use arload::api::typed::{
    Accounts, BulkFile, Client, ClientSettings, Dispatch, InvoiceSearch, InvoiceVerdict, NewContact, NewCustomer,
    NewInvoice, NewReminder, Patch, PaymentConfirmation, PaymentResponse, PaymentType, ReminderPatch, ReminderType,
    StatusChange, TimeOfDay,
};
use arload::api::typed::{CustomerPatch, CustomerSearch, InvoicePatch};
use arload::config::Credentials;
use arload::sandbox::{self, Sandbox, SandboxSettings};

fn main() -> Result<(), Box<dyn Error>> {
    for line in tour()? {
        println!("{line}");
    }
    Ok(())
}

/// The tour, and what it saw.
pub(crate) fn tour() -> Result<Vec<String>, Box<dyn Error>> {
    let server = sandbox::start(([127, 0, 0, 1], 0).into(), SandboxSettings::default())?;
    let client = log_in(&server)?;
    let mut seen = Vec::new();

    let customer_id = customers(&client, &mut seen)?;
    reminders(&client, &customer_id, &mut seen)?;
    invoices(&client, &customer_id, &mut seen)?;

    // A failure says whether asking again could do something twice.
    let error = client.invoice("CIN0").err().ok_or("the invoice CIN0 exists")?;
    seen.push(format!("invoice CIN0: {error}; not found: {}", error.is_not_found()));
    client.delete_customer(&customer_id)?;
    seen.push(format!("customer deleted: {}", client.customer_contacts(&customer_id).is_err()));
    Ok(seen)
}

fn log_in(server: &Sandbox) -> Result<Client, Box<dyn Error>> {
    let settings = server.settings();
    let account = settings.credentials;
    let credentials = Credentials {
        client_id: account.client_id,
        client_secret: account.client_secret.into(),
        username: account.username,
        password: account.password.into(),
    };
    let company = Some(settings.company_id);
    let accounts = Accounts { company_id: company.clone(), seller_id: company.clone(), parent_company_id: company };
    let client = Client::new(ClientSettings { accounts, ..ClientSettings::new(server.base_url(), credentials) })?;
    client.token()?;
    Ok(client)
}

fn customers(client: &Client, seen: &mut Vec<String>) -> Result<String, Box<dyn Error>> {
    let contact = NewContact {
        name: "Asha Rao".into(),
        legal_name: "Asha Rao".into(),
        mobile: "9812345678".into(),
        email: Some("asha@kaveri.example".into()),
        ..NewContact::default()
    };
    let kaveri = NewCustomer {
        legal_name: Some("Kaveri Traders".into()),
        unique_ref_no: Some("K-1".into()),
        address: Some("12 Residency Road".into()),
        customer_key_contacts: vec![contact.clone()],
        ..NewCustomer::default()
    };
    let narmada = NewCustomer {
        legal_name: Some("Narmada Stores".into()),
        unique_ref_no: Some("N-1".into()),
        customer_key_contacts: vec![contact],
        ..NewCustomer::default()
    };
    let stored = client.create_customer(&kaveri)?.record().ok_or("no customer came back")?;
    let id = stored.customer_id.ok_or("the customer has no id")?;
    let file = client.create_customers(&BulkFile::of_customers(&[narmada])?)?.record();
    seen.push(format!("customers in the file: {:?}", file.and_then(|file| file.success_count)));

    // What is left stays, what is cleared becomes empty.
    let patch = CustomerPatch { state: Patch::Set("Karnataka".into()), address: Patch::Clear, ..Default::default() };
    let changed = client.update_customer(&id, &patch)?.record().ok_or("no customer came back")?;
    seen.push(format!("customer: {:?} {:?} {:?}", changed.legal_name, changed.state, changed.address));
    let renamed = CustomerPatch { legal_name: Patch::Set("Kaveri Traders LLP".into()), ..Default::default() };
    client.update_customers(&BulkFile::of_customer_patches(&[(&id, renamed)])?)?;
    client.deactivate_customer(&id)?;
    let active = client.activate_customer(&id)?;
    seen.push(format!("activated: {}", active.record().unwrap_or_default()));
    let contacts = client.customer_contacts(&id)?.record().unwrap_or_default();
    seen.push(format!("contacts: {:?}", contacts.iter().map(|contact| &contact.name).collect::<Vec<_>>()));
    for page in client.all_customers(&CustomerSearch::default()) {
        for customer in page?.records {
            seen.push(format!("found customer: {}", customer.legal_name.unwrap_or_default()));
        }
    }
    Ok(id)
}

fn reminders(client: &Client, customer_id: &str, seen: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let reminder = NewReminder {
        reminder_type: Some(ReminderType::Recurring),
        reminder_interval: Some(7),
        reminder_time: TimeOfDay::new(9, 30),
        ..NewReminder::default()
    };
    let stored = client.create_reminder(customer_id, &reminder)?.record().ok_or("no reminder came back")?;
    let id = stored.customer_reminder_id.ok_or("the reminder has no id")?;
    let patch = ReminderPatch { reminder_interval: Patch::Set(14), reminder_time: Patch::Clear, ..Default::default() };
    client.update_reminder(customer_id, &id, &patch)?;
    let reminder = client.reminder(customer_id, &id)?.record().ok_or("no reminder came back")?;
    seen.push(format!("reminder: {:?} {:?}", reminder.reminder_interval, reminder.reminder_time));
    client.delete_reminder(customer_id, &id)?;
    let left = client.reminders(customer_id)?.record().unwrap_or_default();
    seen.push(format!("reminders left: {}", left.len()));
    Ok(())
}

fn invoices(client: &Client, customer_id: &str, seen: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let invoice = |number: &str, amount: &str| -> Result<NewInvoice, Box<dyn Error>> {
        Ok(NewInvoice {
            customer_id: customer_id.to_owned(),
            invoice_number: Some(number.to_owned()),
            invoice_date: Some("2026-07-26".parse()?),
            due_date: Some("2026-08-25".parse()?),
            base_amount: Some(amount.parse()?),
            ..NewInvoice::default()
        })
    };
    let one = client.create_invoice(&invoice("KP/26-27/1", "1000.10")?)?.record().ok_or("no invoice came back")?;
    let file = BulkFile::of_invoices(&[invoice("KP/26-27/2", "2000.20")?, invoice("KP/26-27/3", "3000.30")?])?;
    let taken = client.create_invoices(&file)?.record().ok_or("no counts came back")?;
    seen.push(format!("invoices in the file: {:?}", taken.success_count));

    let id = one.invoice_id.ok_or("the invoice has no id")?;
    let patch = InvoicePatch { description: Patch::Set("Freight".into()), ..Default::default() };
    client.update_invoice(&id, &patch)?;
    let stored = client.invoice(&id)?.record().ok_or("no invoice came back")?;
    seen.push(format!("invoice: {:?} {:?}", stored.base_amount, stored.description));

    let mut ids = Vec::new();
    for page in client.all_invoices(&InvoiceSearch { dispatched: Some(false), ..InvoiceSearch::default() }) {
        ids.extend(page?.records.into_iter().filter_map(|invoice| invoice.invoice_id));
    }
    // Each id of a list has an outcome of its own.
    ids.push("CIN0".to_owned());
    let dispatch = Dispatch { invoice_ids: ids.clone(), partial_payment_allowed: Some(true), ..Default::default() };
    let acted = client.dispatch_invoices(&dispatch)?.record().ok_or("no lists came back")?;
    seen.push(format!("dispatched {}, not {}", acted.success_invoices.len(), acted.failure_invoices.len()));

    let confirmation = PaymentConfirmation {
        invoice_ids: vec![id.clone()],
        payment_id: "PMT7b1f0c9d2e8a46f5b3c4d5e6f7a80912".into(),
        remarks: "Received by NEFT".into(),
        response: PaymentResponse::Accept,
        kind: PaymentType::OffPlatform,
        ..Default::default()
    };
    client.confirm_payment(&confirmation)?;
    let change = StatusChange {
        invoice_ids: vec![id.clone()],
        status: InvoiceVerdict::Accept,
        remarks: "Checked".into(),
        ..Default::default()
    };
    client.change_invoice_status(&change)?;
    let acted = client.delete_invoices(&[id])?.record().ok_or("no lists came back")?;
    seen.push(format!("deleted: {}", acted.success_invoices.len()));
    Ok(())
}
