//! Invoices: what is sent and what comes back, and a method for each operation of contract sections 6 and 8.

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde_json::Value;

use super::file::BulkFile;
use super::reply::{Payload, Reply};
use super::values::{
    ApprovalStatus, InvoiceVerdict, Labelled, Moment, Patch, PaymentResponse, PaymentType, PayoutStatus,
    ReceivableStatus,
};
use super::{Acknowledgement, BulkReply, Client, ClientError, Page, Pages, Window, check, record};
use crate::api::Searched;

record::requests! {
    /// A new invoice (`createInvoice`, contract 6.1). Customer, base amount and due date are required; number and date
    /// perhaps. Amounts are rupees. The fields from `igst` on are known from the change of an invoice only.
    NewInvoice {
        /// The customer's Enkash id: `KC` and fourteen capital letters or digits.
        customer_id: String = "customerId",
        /// Taxable value, at least 0.10.
        base_amount: Option<Decimal> = "baseAmount",
        /// Date the payment is due.
        due_date: Option<Date> = "dueDate",
        /// Approval state.
        approval_status: Option<ApprovalStatus> = "approvalStatus",
        /// Amount still open.
        balance_amount: Option<Decimal> = "balanceAmount",
        /// Central tax.
        cgst: Option<Decimal> = "cgst",
        /// Whether the customer pays the fee.
        charge_customer: Option<bool> = "chargeCustomer",
        /// What the invoice is for.
        description: Option<String> = "description",
        /// Whether the customer gets mail at once.
        dispatch_now: Option<bool> = "dispatchNow",
        /// The customer's e-mail for this invoice.
        email_address: Option<String> = "emailAddress",
        /// Your own reference; that it is unique is not stated.
        external_id: Option<String> = "externalId",
        /// Whether tax comes on top of the base amount.
        gst_exclusive: Option<bool> = "gstExclusive",
        /// Integrated tax.
        igst: Option<Decimal> = "igst",
        /// Date of the invoice.
        invoice_date: Option<Date> = "invoiceDate",
        /// Number of the invoice.
        invoice_number: Option<String> = "invoiceNumber",
        /// The customer's mobile for this invoice.
        mobile_number: Option<String> = "mobileNumber",
        /// Invoice total; how it relates to the other amounts is not documented.
        net_amount: Option<Decimal> = "netAmount",
        /// Whether the customer may pay in parts.
        partial_payment_allowed: Option<bool> = "partialPaymentAllowed",
        /// Reference on the customer's side.
        payable_reference_id: Option<String> = "payableReferenceId",
        /// The customer's purchase order.
        po_number: Option<String> = "poNumber",
        /// Payment state.
        receivable_status: Option<ReceivableStatus> = "receivableStatus",
        /// The seller's Enkash id: `CEK` and seven capital letters or digits.
        seller_id: Option<String> = "sellerId",
        /// State or union territory tax.
        sgst: Option<Decimal> = "sgst",
        /// Tax deducted by the customer.
        tds: Option<Decimal> = "tds",
        /// Amount already received.
        total_received: Option<Decimal> = "totalReceived",
        /// Where the invoice came from.
        via: Option<String> = "via",
    }

    /// A change of an invoice (`updateInvoice`, contract 6.3): what is left is not sent. `externalId` cannot be changed,
    /// and what may change after dispatch or payment is not documented.
    InvoicePatch {
        /// Approval state.
        approval_status: Patch<ApprovalStatus> = "approvalStatus",
        /// Amount still open.
        balance_amount: Patch<Decimal> = "balanceAmount",
        /// Taxable value.
        base_amount: Patch<Decimal> = "baseAmount",
        /// Central tax.
        cgst: Patch<Decimal> = "cgst",
        /// Whether the customer pays the fee.
        charge_customer: Patch<bool> = "chargeCustomer",
        /// Another customer; it cannot be cleared.
        customer_id: Option<String> = "customerId",
        /// What the invoice is for.
        description: Patch<String> = "description",
        /// Whether the customer gets mail at once.
        dispatch_now: Patch<bool> = "dispatchNow",
        /// Date the payment is due.
        due_date: Patch<Date> = "dueDate",
        /// The customer's e-mail for this invoice.
        email_address: Patch<String> = "emailAddress",
        /// Whether tax comes on top of the base amount.
        gst_exclusive: Patch<bool> = "gstExclusive",
        /// Integrated tax.
        igst: Patch<Decimal> = "igst",
        /// Date of the invoice.
        invoice_date: Patch<Date> = "invoiceDate",
        /// Number of the invoice.
        invoice_number: Patch<String> = "invoiceNumber",
        /// The customer's mobile for this invoice.
        mobile_number: Patch<String> = "mobileNumber",
        /// Invoice total.
        net_amount: Patch<Decimal> = "netAmount",
        /// Whether the customer may pay in parts.
        partial_payment_allowed: Patch<bool> = "partialPaymentAllowed",
        /// Reference on the customer's side.
        payable_reference_id: Patch<String> = "payableReferenceId",
        /// The customer's purchase order.
        po_number: Patch<String> = "poNumber",
        /// Payment state.
        receivable_status: Patch<ReceivableStatus> = "receivableStatus",
        /// State or union territory tax.
        sgst: Patch<Decimal> = "sgst",
        /// Tax deducted by the customer.
        tds: Patch<Decimal> = "tds",
        /// Amount already received.
        total_received: Patch<Decimal> = "totalReceived",
        /// Where the invoice came from.
        via: Patch<String> = "via",
    }

    /// Filters of a search for invoices (contract 6.4), all documented; further ones go into `more`. The zone of stamps is
    /// not documented, Indian time is likely.
    InvoiceSearch {
        /// Approval states.
        approval_statuses: Option<Vec<ApprovalStatus>> = "approvalStatuses",
        /// Least open amount.
        balance_amount_from: Option<Decimal> = "balanceAmountFrom",
        /// Largest open amount.
        balance_amount_to: Option<Decimal> = "balanceAmountTo",
        /// Least taxable value.
        base_amount_from: Option<Decimal> = "baseAmountFrom",
        /// Largest taxable value.
        base_amount_to: Option<Decimal> = "baseAmountTo",
        /// Ways of collection; values are not documented.
        collection_mode: Option<Vec<String>> = "collectionMode",
        /// Stored from then on.
        created_on_from: Option<DateTime> = "createdOnFrom",
        /// Stored until then.
        created_on_to: Option<DateTime> = "createdOnTo",
        /// Where the invoices came from.
        created_via: Option<String> = "createdVia",
        /// Whether their customers are deleted.
        customer_deleted: Option<bool> = "customerDeleted",
        /// Customers.
        customer_ids: Option<Vec<String>> = "customerIds",
        /// Registered name of the customer.
        customer_legal_name: Option<String> = "customerLegalName",
        /// State of the customer, such as `ACTIVE`.
        customer_status: Option<String> = "customerStatus",
        /// Whether they were dispatched.
        dispatched: Option<bool> = "dispatched",
        /// Dispatched from then on.
        dispatched_on_from: Option<DateTime> = "dispatchedOnFrom",
        /// Dispatched until then.
        dispatched_on_to: Option<DateTime> = "dispatchedOnTo",
        /// Due from then on.
        due_date_from: Option<DateTime> = "dueDateFrom",
        /// Due until then.
        due_date_to: Option<DateTime> = "dueDateTo",
    }

    /// Invoices to send to their customers (`dispatchInvoiceCollection`, contract 6.4).
    Dispatch {
        /// The invoices; at least one, as nobody knows what none would do.
        invoice_ids: Vec<String> = "invoiceIds",
        /// Whether the customers may pay in parts.
        partial_payment_allowed: Option<bool> = "partialPaymentAllowed",
    }

    /// Word of a payment over Bharat Connect (`paymentConfirmationRequest`, contract 8); every field is required.
    PaymentConfirmation {
        /// The invoices that the payment is for.
        invoice_ids: Vec<String> = "invoiceIds",
        /// Enkash's id of the payment.
        payment_id: String = "paymentId",
        /// Remarks; a neighbouring product takes 1 to 100 characters without `\` and `"`.
        remarks: String = "remarks",
        /// What is said of the payment.
        response: PaymentResponse = "response",
        /// Where it was made.
        kind: PaymentType = "type",
    }

    /// What becomes of invoices over Bharat Connect (`changeInvoiceStatusRequest`, contract 8). Route and body are
    /// assumed; a server that wants other keys gets them through `more`.
    StatusChange {
        /// The invoices.
        invoice_ids: Vec<String> = "invoiceIds",
        /// What becomes of them.
        status: InvoiceVerdict = "status",
        /// Remarks.
        remarks: String = "remarks",
    }
}

record::replies! {
    /// An invoice as the API returns it (contract 6.2). Amounts are rupees; how they relate is not documented.
    Invoice {
        /// Enkash's id.
        invoice_id: Option<String> = "invoiceId",
        /// Number of the invoice.
        invoice_number: Option<String> = "invoiceNumber",
        /// Your own reference.
        external_id: Option<String> = "externalId",
        /// The customer's purchase order.
        po_number: Option<String> = "poNumber",
        /// Reference on the customer's side.
        payable_reference_id: Option<String> = "payableReferenceId",
        /// The seller's Enkash id.
        seller_id: Option<String> = "sellerId",
        /// The customer's Enkash id.
        customer_id: Option<String> = "customerId",
        /// Registered name of the customer.
        customer_legal_name: Option<String> = "customerLegalName",
        /// What the invoice is for.
        description: Option<String> = "description",
        /// Where the invoice came from.
        via: Option<String> = "via",
        /// Where its attachment is.
        attachment_url: Option<String> = "attachmentUrl",
        /// Where it can be paid.
        payment_link: Option<String> = "paymentLink",
        /// Who stored it.
        created_by: Option<String> = "createdBy",
        /// E-mail of who stored it.
        created_by_email: Option<String> = "createdByEmail",
        /// Mobile of who stored it.
        created_by_mobile: Option<String> = "createdByMobile",
        /// Name of who stored it.
        created_by_name: Option<String> = "createdByName",
        /// Who changed it last.
        modified_by: Option<String> = "modifiedBy",
        /// E-mail of who changed it last.
        modified_by_email: Option<String> = "modifiedByEmail",
        /// Mobile of who changed it last.
        modified_by_mobile: Option<String> = "modifiedByMobile",
        /// Name of who changed it last.
        modified_by_name: Option<String> = "modifiedByName",
        /// Taxable value.
        base_amount: Option<Decimal> = "baseAmount",
        /// Invoice total.
        net_amount: Option<Decimal> = "netAmount",
        /// Amount still open.
        balance_amount: Option<Decimal> = "balanceAmount",
        /// Amount already received.
        total_received: Option<Decimal> = "totalReceived",
        /// Central tax.
        cgst: Option<Decimal> = "cgst",
        /// State or union territory tax.
        sgst: Option<Decimal> = "sgst",
        /// Integrated tax.
        igst: Option<Decimal> = "igst",
        /// Tax deducted by the customer.
        tds: Option<Decimal> = "tds",
        /// Whether it was sent to its customer.
        dispatched: Option<bool> = "dispatched",
        /// Whether its customer has contacts.
        has_key_contacts: Option<bool> = "hasKeyContacts",
        /// Whether the customer may pay in parts.
        partial_payment_allowed: Option<bool> = "partialPaymentAllowed",
        /// Date the payment is due.
        due_date: Option<Date> = "dueDate",
        /// Date of the invoice.
        invoice_date: Option<Moment> = "invoiceDate",
        /// When it was stored.
        created_on: Option<Moment> = "createdOn",
        /// When it was changed last.
        modified_on: Option<Moment> = "modifiedOn",
        /// When it was sent to its customer.
        dispatched_on: Option<Moment> = "dispatchedOn",
        /// Approval state.
        approval_status: Option<Labelled<ApprovalStatus>> = "approvalStatus",
        /// Payout state.
        payout_status: Option<Labelled<PayoutStatus>> = "payoutStatus",
        /// Payment state.
        receivable_status: Option<Labelled<ReceivableStatus>> = "receivableStatus",
        /// Attached files.
        invoice_attachments: Vec<InvoiceAttachment> = "invoiceAttachments",
    }

    /// A file attached to an invoice.
    InvoiceAttachment {
        /// Enkash's id.
        invoice_attachment_id: Option<String> = "invoiceAttachmentId",
        /// Where it came from, such as `TALLY_INVOICE`.
        attachment_source: Option<String> = "attachmentSource",
        /// Who stored it.
        created_by: Option<String> = "createdBy",
        /// Who changed it last.
        modified_by: Option<String> = "modifiedBy",
        /// Whether it was removed.
        deleted: Option<bool> = "deleted",
        /// Ending of its name.
        file_ext: Option<String> = "fileExt",
        /// Name that it was uploaded under.
        original_filename: Option<String> = "originalFilename",
        /// Whether it is the invoice's first.
        primary: Option<bool> = "primary",
        /// Reference.
        reference_id: Option<String> = "referenceId",
        /// Remarks.
        remarks: Option<String> = "remarks",
        /// Whether the customer sees it.
        shared: Option<bool> = "shared",
        /// Where it is.
        url: Option<String> = "url",
    }

    /// What became of each invoice of a list (contract 6.4). One that neither list names is not settled.
    ActedInvoices {
        /// Done.
        success_invoices: Vec<ActedInvoice> = "successInvoices",
        /// Not done.
        failure_invoices: Vec<ActedInvoice> = "failureInvoices",
    }

    /// What became of one invoice.
    ActedInvoice {
        /// Enkash's id.
        invoice_id: Option<String> = "invoiceId",
        /// The API's words.
        message: Option<String> = "message",
    }
}

impl Client {
    /// Creates an invoice (`createInvoice`). Doing it twice may store it twice: no idempotency key is documented.
    pub fn create_invoice(&self, invoice: &NewInvoice) -> Result<Reply<Payload<Invoice>>, ClientError> {
        if self.checks() {
            check::new_invoice(invoice)?;
        }
        let body = Value::Object(invoice.body());
        Ok(self.call("invoices add", &[], Some(&body))?.typed())
    }

    /// Creates the invoices of a file (`invoiceBulkUpload`). A success says little of single rows: see
    /// [`BulkResponse`](super::BulkResponse).
    pub fn create_invoices(&self, file: &BulkFile) -> Result<BulkReply, ClientError> {
        self.upload("invoices create", file)
    }

    /// One invoice (`getInvoice`).
    pub fn invoice(&self, invoice_id: &str) -> Result<Reply<Payload<Invoice>>, ClientError> {
        Ok(self.call("invoices get", &[("invoiceId", invoice_id)], None)?.typed())
    }

    /// Changes an invoice (`updateInvoice`).
    pub fn update_invoice(
        &self,
        invoice_id: &str,
        patch: &InvoicePatch,
    ) -> Result<Reply<Payload<Invoice>>, ClientError> {
        if self.checks()
            && let Some(customer_id) = &patch.customer_id
        {
            check::customer_id(customer_id)?;
        }
        let body = patch.body();
        check::changes_something(&body)?;
        let body = Value::Object(body);
        Ok(self.call("invoices update", &[("invoiceId", invoice_id)], Some(&body))?.typed())
    }

    /// Sends invoices to their customers (`dispatchInvoiceCollection`). Partial success is normal: look at both lists.
    pub fn dispatch_invoices(&self, dispatch: &Dispatch) -> Result<Reply<Payload<ActedInvoices>>, ClientError> {
        check::some_ids(&dispatch.invoice_ids)?;
        self.act("invoices dispatch", &Value::Object(dispatch.body()))
    }

    /// Deletes invoices (`deleteInvoiceCollection`, assumed route). Partial success is normal: look at both lists.
    pub fn delete_invoices(&self, invoice_ids: &[String]) -> Result<Reply<Payload<ActedInvoices>>, ClientError> {
        check::some_ids(invoice_ids)?;
        self.act("invoices delete", &serde_json::json!({ "invoiceIds": invoice_ids }))
    }

    /// Confirms or denies a payment (`paymentConfirmationRequest`).
    pub fn confirm_payment(&self, confirmation: &PaymentConfirmation) -> Result<Acknowledgement, ClientError> {
        check::some_ids(&confirmation.invoice_ids)?;
        if self.checks() {
            check::filled(&[
                ("paymentId", &confirmation.payment_id),
                ("remarks", &confirmation.remarks),
                ("response", confirmation.response.as_str()),
                ("type", confirmation.kind.as_str()),
            ])?;
        }
        let body = Value::Object(confirmation.body());
        Ok(self.call("invoices confirm-payment", &[], Some(&body))?.typed())
    }

    /// Accepts, rejects or returns invoices (`changeInvoiceStatusRequest`, assumed route).
    pub fn change_invoice_status(&self, change: &StatusChange) -> Result<Acknowledgement, ClientError> {
        check::some_ids(&change.invoice_ids)?;
        if self.checks() {
            check::filled(&[("status", change.status.as_str()), ("remarks", &change.remarks)])?;
        }
        let body = Value::Object(change.body());
        Ok(self.call("invoices status", &[], Some(&body))?.typed())
    }

    /// One page of invoices (`searchCollectionInvoices`).
    pub fn search_invoices(&self, search: &InvoiceSearch, window: &Window) -> Result<Page<Invoice>, ClientError> {
        self.search_page(Searched::Invoices, search.body(), window)
    }

    /// All invoices that match, a page at a time.
    pub fn all_invoices(&self, search: &InvoiceSearch) -> Pages<'_, Invoice> {
        Pages::new(self, Searched::Invoices, search.body())
    }

    fn act(&self, operation: &str, body: &Value) -> Result<Reply<Payload<ActedInvoices>>, ClientError> {
        Ok(Self::named_results(self.call(operation, &[], Some(body)))?.typed())
    }
}
