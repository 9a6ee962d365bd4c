//! Customers: what is sent and what comes back, and a method for each operation of contract section 5.

use serde_json::{Map, Value};

use super::file::BulkFile;
use super::reminders::{NewReminder, Reminder};
use super::reply::{Payload, Reply};
use super::values::Patch;
use super::{Acknowledgement, BulkReply, Client, ClientError, Page, Pages, Window, check, record};
use crate::api::Searched;

record::requests! {
    /// A new customer (`createCustomer`, contract 5.1). At least one contact is required; the fields from `legalName`
    /// on are known from the change of a customer only.
    NewCustomer {
        /// Contacts; at least one.
        customer_key_contacts: Vec<NewContact> = "customerKeyContacts",
        /// Registered name; whether it is required is not documented.
        legal_name: Option<String> = "legalName",
        /// Bank account, 9 to 36 letters or digits.
        account_number: Option<String> = "accountNumber",
        /// Postal address.
        address: Option<String> = "address",
        /// Agent who looks after the customer.
        assigned_agent: Option<String> = "assignedAgent",
        /// Branch codes.
        branch_codes: Option<Vec<String>> = "branchCodes",
        /// Your company's Enkash id: `CEK` and seven capital letters or digits.
        company_id: Option<String> = "companyId",
        /// Telephone: ten digits, perhaps behind a country code.
        contact_number: Option<String> = "contactNumber",
        /// The customer's own Enkash company id.
        customer_company_id: Option<String> = "customerCompanyId",
        /// Payment reminders.
        customer_reminders: Option<Vec<NewReminder>> = "customerReminders",
        /// Whether the customer comes from another system.
        external_source: Option<bool> = "externalSource",
        /// IFSC of the bank branch: four letters, a zero, six letters or digits.
        ifsc: Option<String> = "ifsc",
        /// GSTIN, or PAN where there is none.
        pan_or_gstin: Option<String> = "panOrGstin",
        /// Postal code.
        pin_code: Option<String> = "pinCode",
        /// State.
        state: Option<String> = "state",
        /// Your own reference; that it is unique is not stated.
        unique_ref_no: Option<String> = "uniqueRefNo",
    }

    /// A change of a customer (`updateCustomer`, contract 5.2): what is left is not sent. Whether contacts and reminders
    /// that a list leaves out survive is not documented.
    CustomerPatch {
        /// Bank account.
        account_number: Patch<String> = "accountNumber",
        /// Postal address.
        address: Patch<String> = "address",
        /// Agent who looks after the customer.
        assigned_agent: Patch<String> = "assignedAgent",
        /// Branch codes.
        branch_codes: Patch<Vec<String>> = "branchCodes",
        /// Telephone.
        contact_number: Patch<String> = "contactNumber",
        /// The id within the body; what it does beside that of the path is not documented.
        customer_id: Patch<String> = "customerId",
        /// Contacts: one with an id is changed, one without is added, `deleted` removes (assumed).
        customer_key_contacts: Patch<Vec<NewContact>> = "customerKeyContacts",
        /// Reminders, by the same rule.
        customer_reminders: Patch<Vec<NewReminder>> = "customerReminders",
        /// IFSC of the bank branch.
        ifsc: Patch<String> = "ifsc",
        /// Registered name.
        legal_name: Patch<String> = "legalName",
        /// GSTIN or PAN.
        pan_or_gstin: Patch<String> = "panOrGstin",
        /// Postal code.
        pin_code: Patch<String> = "pinCode",
        /// State.
        state: Patch<String> = "state",
        /// Your own reference.
        unique_ref_no: Patch<String> = "uniqueRefNo",
    }

    /// A contact inside a customer (contract 5.1); the first four fields are required.
    NewContact {
        /// Name.
        name: String = "name",
        /// Legal name.
        legal_name: String = "legalName",
        /// Mobile: ten digits, perhaps behind a country code.
        mobile: String = "mobile",
        /// Whether a change removes it.
        deleted: bool = "deleted",
        /// E-mail.
        email: Option<String> = "email",
        /// The contact that a change is about.
        key_contact_person_id: Option<String> = "keyContactPersonId",
        /// Where it came from.
        via: Option<String> = "via",
        /// Whether it gets mail.
        mail_enabled: Option<bool> = "mail_enabled",
        /// Whether it gets SMS.
        sms_enabled: Option<bool> = "sms_enabled",
        /// Whether it gets WhatsApp messages.
        whatsapp_enabled: Option<bool> = "whatsapp_enabled",
    }

    /// Filters of a search for customers; only these two are documented, and others go into `more`.
    CustomerSearch {
        /// Bank account.
        account_number: Option<String> = "accountNumber",
        /// Agent.
        assigned_agent: Option<String> = "assignedAgent",
    }
}

record::replies! {
    /// A customer as the API returns it; assumed to have the names of the change (contract 5.1, 5.2).
    Customer {
        /// Enkash's id, `KC...`.
        customer_id: Option<String> = "customerId",
        /// Registered name.
        legal_name: Option<String> = "legalName",
        /// Bank account.
        account_number: Option<String> = "accountNumber",
        /// Postal address.
        address: Option<String> = "address",
        /// Agent who looks after the customer.
        assigned_agent: Option<String> = "assignedAgent",
        /// Branch codes.
        branch_codes: Vec<String> = "branchCodes",
        /// Telephone.
        contact_number: Option<String> = "contactNumber",
        /// Contacts.
        customer_key_contacts: Vec<Contact> = "customerKeyContacts",
        /// Reminders.
        customer_reminders: Vec<Reminder> = "customerReminders",
        /// IFSC of the bank branch.
        ifsc: Option<String> = "ifsc",
        /// GSTIN or PAN.
        pan_or_gstin: Option<String> = "panOrGstin",
        /// Postal code.
        pin_code: Option<String> = "pinCode",
        /// State.
        state: Option<String> = "state",
        /// Your own reference.
        unique_ref_no: Option<String> = "uniqueRefNo",
    }

    /// A contact as the API returns it.
    Contact {
        /// Enkash's id of the contact.
        key_contact_person_id: Option<String> = "keyContactPersonId",
        /// Name.
        name: Option<String> = "name",
        /// Legal name.
        legal_name: Option<String> = "legalName",
        /// Mobile.
        mobile: Option<String> = "mobile",
        /// E-mail.
        email: Option<String> = "email",
        /// Whether it was removed.
        deleted: Option<bool> = "deleted",
        /// Where it came from.
        via: Option<String> = "via",
        /// Whether it gets mail.
        mail_enabled: Option<bool> = "mail_enabled",
        /// Whether it gets SMS.
        sms_enabled: Option<bool> = "sms_enabled",
        /// Whether it gets WhatsApp messages.
        whatsapp_enabled: Option<bool> = "whatsapp_enabled",
    }
}

impl From<&Contact> for NewContact {
    /// What a change needs to leave a contact as it is.
    fn from(contact: &Contact) -> Self {
        Self {
            name: contact.name.clone().unwrap_or_default(),
            legal_name: contact.legal_name.clone().unwrap_or_default(),
            mobile: contact.mobile.clone().unwrap_or_default(),
            deleted: contact.deleted.unwrap_or_default(),
            email: contact.email.clone(),
            key_contact_person_id: contact.key_contact_person_id.clone(),
            via: contact.via.clone(),
            mail_enabled: contact.mail_enabled,
            sms_enabled: contact.sms_enabled,
            whatsapp_enabled: contact.whatsapp_enabled,
            more: Map::new(),
        }
    }
}

impl Client {
    /// Creates a customer (`createCustomer`). Doing it twice may store it twice.
    pub fn create_customer(&self, customer: &NewCustomer) -> Result<Reply<Payload<Customer>>, ClientError> {
        if self.checks() {
            check::new_customer(customer)?;
        }
        let body = Value::Object(customer.body());
        Ok(self.call("customers add", &[], Some(&body))?.typed())
    }

    /// Creates the customers of a file (`createBulkCustomer`); needs [`Accounts::company_id`](super::Accounts).
    pub fn create_customers(&self, file: &BulkFile) -> Result<BulkReply, ClientError> {
        self.upload("customers create", file)
    }

    /// Changes the customers of a file (`bulkUpdate`); an empty cell leaves its field as it is (our convention).
    pub fn update_customers(&self, file: &BulkFile) -> Result<BulkReply, ClientError> {
        self.upload("customers update", file)
    }

    /// Changes a customer (`updateCustomer`).
    pub fn update_customer(
        &self,
        customer_id: &str,
        patch: &CustomerPatch,
    ) -> Result<Reply<Payload<Customer>>, ClientError> {
        let body = patch.body();
        check::changes_something(&body)?;
        let body = Value::Object(body);
        Ok(self.call("customers patch", &[("customerId", customer_id)], Some(&body))?.typed())
    }

    /// Makes a customer active again (`activateCustomer`).
    pub fn activate_customer(&self, customer_id: &str) -> Result<Acknowledgement, ClientError> {
        Ok(self.call("customers activate", &[("customerId", customer_id)], None)?.typed())
    }

    /// Makes a customer inactive (`deactivateCustomer`, assumed route).
    pub fn deactivate_customer(&self, customer_id: &str) -> Result<Acknowledgement, ClientError> {
        Ok(self.call("customers deactivate", &[("customerId", customer_id)], None)?.typed())
    }

    /// Deletes a customer (`deleteCustomerByCustomerId`); what becomes of open invoices is not documented.
    pub fn delete_customer(&self, customer_id: &str) -> Result<Acknowledgement, ClientError> {
        Ok(self.call("customers delete", &[("customerId", customer_id)], None)?.typed())
    }

    /// The contacts of a customer (`getCustomerContactDetails`, assumed route).
    pub fn customer_contacts(&self, customer_id: &str) -> Result<Reply<Payload<Vec<Contact>>>, ClientError> {
        Ok(self.call("customers contacts", &[("customerId", customer_id)], None)?.listed())
    }

    /// One page of customers (`searchCustomer`).
    pub fn search_customers(&self, search: &CustomerSearch, window: &Window) -> Result<Page<Customer>, ClientError> {
        self.search_page(Searched::Customers, search.body(), window)
    }

    /// All customers, a page at a time.
    pub fn all_customers(&self, search: &CustomerSearch) -> Pages<'_, Customer> {
        Pages::new(self, Searched::Customers, search.body())
    }
}
