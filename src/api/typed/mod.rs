//! The API as typed Rust: a method for every operation of the portal, whatever arload's own runs make of them.
//!
//! Owns requests and replies as plain structs. Paths come from [`crate::operation`], envelopes are read as uploads are,
//! and the wire, the token and the memory of refused log-ins are those of [`HttpApi`]. The one rule: a request leaves
//! once. Nothing is repeated but after a 401, which renews the token once, and nothing is paced: a caller that asks again
//! first looks at [`ClientError::may_have_been_acted_on`], and waits as long as [`ClientError::Throttled`] says.

mod check;
mod customers;
mod error;
mod file;
mod invoices;
mod page;
mod record;
mod reminders;
mod reply;
mod values;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use customers::{Contact, Customer, CustomerPatch, CustomerSearch, NewContact, NewCustomer};
pub use error::{ClientError, Refusal};
pub use file::{BulkFile, BulkReply, BulkResponse};
pub use invoices::{
    ActedInvoice, ActedInvoices, Dispatch, Invoice, InvoiceAttachment, InvoicePatch, InvoiceSearch, NewInvoice,
    PaymentConfirmation, StatusChange,
};
pub use page::{Direction, LARGEST_PAGE, Page, Pages, Window};
pub use reminders::{NewReminder, Reminder, ReminderPatch};
pub use reply::{Payload, Reply};
pub use values::{
    ApprovalStatus, InvoiceVerdict, Labelled, Moment, Patch, PaymentResponse, PaymentType, PayoutStatus,
    ReceivableStatus, ReminderType, TimeOfDay,
};

use self::error::{Verdict, judge};
use super::client::{Ask, AskBody, HttpApi, HttpError, HttpSettings};
use super::guard::LoginGuard;
use super::{Api, Searched, Token, TokenError, body};
use crate::clock::SystemClock;
use crate::config::Credentials;
use crate::operation::routes::{Endpoint, Routes, Standing};
use crate::operation::{Method, Operation, Route};
use crate::upload::Uploads;

/// What a [`Client`] is told.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Where the API lives, such as `https://api.enkash.in`; plain `http` only for this host itself.
    pub base_url: String,
    /// What the log-in needs.
    pub credentials: Credentials,
    /// Whose records they are.
    pub accounts: Accounts,
    /// The memory of refused log-ins. Accounts lock after three refusals in a row, so a server other than this host is
    /// not logged in at without one; give all programs of a user the same folder.
    pub login_guard: Option<LoginGuard>,
    /// Time for one request, from connecting to the last byte of the answer; 60 s.
    pub timeout: Duration,
    /// Largest answer that is read; 32 MiB. A larger one counts as broken.
    pub max_reply_bytes: usize,
    /// Lifetime of a token whose reply names none; 4 minutes, below the shortest that is documented.
    pub token_lifetime: Duration,
    /// Routes in the place of arload's own; none to begin with.
    pub routes: Routes,
    /// Whether routes that Enkash does not document are called at a server other than this host.
    pub allow_assumed: bool,
    /// Whether documented patterns, limits and required fields are looked at before a request leaves.
    pub checks: bool,
}

/// Whose records requests are about: the CEK ids that routes carry in their query. What is none is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// `companyId`, which the upload of customers needs.
    pub company_id: Option<String>,
    /// `sellerId` of invoices.
    pub seller_id: Option<String>,
    /// `parentCompanyId` of changes of customers.
    pub parent_company_id: Option<String>,
}

/// What the API says of something done without a record in return: mostly a sentence.
pub type Acknowledgement = Reply<Payload<String>>;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientSetupError {
    /// The base URL cannot be used, or HTTPS cannot be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A server that others use too is not logged in at without a memory of refusals.
    #[error(
        "login_guard: it is needed for a server other than this host, as accounts lock after three refused log-ins"
    )]
    NoGuard,
}

/// The API of one account, as methods.
///
/// | Portal operation | Method |
/// |---|---|
/// | getAuthenticationToken | [`token`](Client::token), by itself before each call |
/// | createCustomer, createBulkCustomer, bulkUpdate | [`create_customer`](Client::create_customer), [`create_customers`](Client::create_customers), [`update_customers`](Client::update_customers) |
/// | updateCustomer, searchCustomer | [`update_customer`](Client::update_customer), [`search_customers`](Client::search_customers), [`all_customers`](Client::all_customers) |
/// | activateCustomer, deactivateCustomer, deleteCustomerByCustomerId | [`activate_customer`](Client::activate_customer), [`deactivate_customer`](Client::deactivate_customer), [`delete_customer`](Client::delete_customer) |
/// | getCustomerContactDetails | [`customer_contacts`](Client::customer_contacts) |
/// | createInvoice, invoiceBulkUpload (Bulk Create Invoice) | [`create_invoice`](Client::create_invoice), [`create_invoices`](Client::create_invoices) |
/// | getInvoice, searchCollectionInvoices | [`invoice`](Client::invoice), [`search_invoices`](Client::search_invoices), [`all_invoices`](Client::all_invoices) |
/// | updateInvoice | [`update_invoice`](Client::update_invoice) |
/// | dispatchInvoiceCollection, deleteInvoiceCollection | [`dispatch_invoices`](Client::dispatch_invoices), [`delete_invoices`](Client::delete_invoices) |
/// | createCustomerReminder, updateCustomerReminder, deleteReminder | [`create_reminder`](Client::create_reminder), [`update_reminder`](Client::update_reminder), [`delete_reminder`](Client::delete_reminder) |
/// | getCustomerReminder, getCustomerReminders | [`reminder`](Client::reminder), [`reminders`](Client::reminders) |
/// | paymentConfirmationRequest, changeInvoiceStatusRequest | [`confirm_payment`](Client::confirm_payment), [`change_invoice_status`](Client::change_invoice_status) |
///
/// Calls block; clones share connections and token, and may be used from many threads. A thread of an async runtime must
/// not call it.
///
/// ```
/// use arload::api::typed::{Accounts, BulkFile, Client, ClientSettings, InvoiceSearch, NewInvoice};
/// use arload::config::Credentials;
/// use arload::sandbox::{self, SandboxSettings};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A server of one's own to try things on; a real one takes its URL, one's credentials, and a login_guard.
/// let server = sandbox::start(([127, 0, 0, 1], 0).into(), SandboxSettings::default())?;
/// let account = server.settings().credentials;
/// let accounts = Accounts { seller_id: Some(server.settings().company_id), ..Accounts::default() };
/// let credentials = Credentials {
///     client_id: account.client_id,
///     client_secret: account.client_secret.into(),
///     username: account.username,
///     password: account.password.into(),
/// };
/// let client = Client::new(ClientSettings { accounts, ..ClientSettings::new(server.base_url(), credentials) })?;
///
/// let invoice = NewInvoice {
///     customer_id: "KC0123456789ABCD".into(),
///     invoice_number: Some("KP/26-27/0417".into()),
///     base_amount: Some("1000.00".parse()?),
///     due_date: Some("2026-08-25".parse()?),
///     ..NewInvoice::default()
/// };
/// match client.create_invoices(&BulkFile::of_invoices(&[invoice])?) {
///     Ok(reply) => println!("{:?}", reply.record().and_then(|bulk| bulk.success_count)),
///     Err(error) if error.may_have_been_acted_on() => println!("look it up before sending it again: {error}"),
///     Err(error) => return Err(error.into()),
/// }
/// for page in client.all_invoices(&InvoiceSearch::default()) {
///     for invoice in page?.records {
///         println!("{:?} {:?}", invoice.invoice_number, invoice.base_amount);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    api: Arc<HttpApi>,
    accounts: Accounts,
    routes: Routes,
    allow_assumed: bool,
    checks: bool,
}

impl ClientSettings {
    /// Settings with the limits named at each field; nothing but documented routes, no memory of refusals.
    pub fn new(base_url: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            base_url: base_url.into(),
            credentials,
            accounts: Accounts::default(),
            login_guard: None,
            timeout: Duration::from_mins(1),
            max_reply_bytes: 32 << 20,
            token_lifetime: Duration::from_mins(4),
            routes: Routes::default(),
            allow_assumed: false,
            checks: true,
        }
    }
}

impl Client {
    /// A client; nothing is sent before the first call.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientSetupError> {
        let guarded = settings.login_guard.is_some();
        let api = HttpApi::new(
            HttpSettings {
                base_url: settings.base_url,
                credentials: settings.credentials,
                timeout: settings.timeout,
                concurrency: KEPT_CONNECTIONS,
                max_reply_bytes: settings.max_reply_bytes,
                token_lifetime: settings.token_lifetime,
                guard: settings.login_guard,
                routes: settings.routes.clone(),
                uploads: Uploads::default(),
            },
            Arc::new(SystemClock::default()),
        )?;
        if !guarded && !api.is_local() {
            return Err(ClientSetupError::NoGuard);
        }
        Ok(Self {
            api: Arc::new(api),
            accounts: settings.accounts,
            routes: settings.routes,
            allow_assumed: settings.allow_assumed,
            checks: settings.checks,
        })
    }

    /// The same client for other accounts; connections and token are shared.
    #[must_use]
    pub fn for_accounts(&self, accounts: Accounts) -> Self {
        Self { accounts, ..self.clone() }
    }

    /// Makes sure of a token (`getAuthenticationToken`): the shared one while it lives, else a new one.
    pub fn token(&self) -> Result<Token, TokenError> {
        self.api.token()
    }

    fn checks(&self) -> bool {
        self.checks
    }

    /// Calls an operation with its ids in the path.
    fn call(&self, operation: &str, ids: &[(&'static str, &str)], body: Option<&Value>) -> Answer {
        let (operation, method, path) = self.route(operation)?;
        for (name, id) in ids {
            check::path_id(name, id)?;
        }
        let value = |name: &str| ids.iter().find(|(id, _)| *id == name).map_or("", |(_, value)| *value);
        let path = body::fill(path, value);
        let query = self.account_query(operation.route)?;
        self.send(&Ask { method, path: &path, query: &query, body: body.map_or(AskBody::Empty, AskBody::Json) })
    }

    fn upload(&self, operation: &'static str, file: &BulkFile) -> Result<BulkReply, ClientError> {
        if let Some(other) = file.made_for.filter(|&made_for| made_for != operation) {
            return Err(ClientError::invalid("file", format!("it was made for \"{other}\", not for \"{operation}\"")));
        }
        let (of, method, path) = self.route(operation)?;
        let query = self.account_query(of.route)?;
        if self.checks && operation == "customers create" && query.is_empty() {
            return Err(ClientError::invalid("companyId", "it is required; set Accounts::company_id"));
        }
        let file = AskBody::File { name: &file.name, media_type: &file.media_type, bytes: &file.bytes };
        let answer = self.send(&Ask { method, path, query: &query, body: file });
        Ok(Self::named_results(answer)?.typed())
    }

    fn ask_search(&self, searched: Searched, query: &[(&'static str, String)], filters: &Value) -> Answer {
        let (method, path) = self.routes.way(searched.endpoint());
        self.send(&Ask { method, path, query, body: AskBody::Json(filters) })
    }

    /// An answer, or a failure that names what became of each row or id, which refuses nothing as a whole.
    fn named_results(answer: Answer) -> Answer {
        match answer {
            Err(ClientError::Refused(refusal)) if refusal.payload.as_ref().is_some_and(super::reply::names_results) => {
                let Refusal { status, code, message, request_id, payload, .. } = *refusal;
                Ok(Reply { status, code, message: Some(message), request_id, payload })
            }
            answer => answer,
        }
    }

    fn route(&self, operation: &str) -> Result<(&'static Operation, Method, &str), ClientError> {
        let operation = Operation::by_name(operation).expect("the operation stands in the table");
        let endpoint = Endpoint::Operation(operation);
        let (method, path) = self.routes.way(endpoint);
        if self.routes.standing(endpoint) == Standing::Assumed && !self.allow_assumed && !self.api.is_local() {
            let problem = format!(
                "{method} {path} of \"{}\" is not documented by Enkash; set it to true if this server has the route",
                operation.name()
            );
            return Err(ClientError::invalid("allow_assumed", problem));
        }
        Ok((operation, method, path))
    }

    fn account_query(&self, route: Route) -> Result<Vec<(&'static str, String)>, ClientError> {
        let Some(parameter) = route.account_parameter else { return Ok(Vec::new()) };
        let id = match parameter {
            "companyId" => &self.accounts.company_id,
            "sellerId" => &self.accounts.seller_id,
            _ => &self.accounts.parent_company_id,
        };
        let Some(id) = id else { return Ok(Vec::new()) };
        if self.checks {
            check::company_id(parameter, id)?;
        }
        Ok(vec![(parameter, id.clone())])
    }

    /// Sends a request, once; after a 401 with a new token once more, as a 401 was not acted on.
    fn send(&self, ask: &Ask<'_>) -> Answer {
        let token = self.api.token().map_err(ClientError::LogIn)?;
        let verdict = match judge(self.api.ask(&token, ask)) {
            Verdict::Unauthorized(..) => {
                self.api.discard(&token);
                let token = self.api.token().map_err(ClientError::LogIn)?;
                judge(self.api.ask(&token, ask))
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::Done(reply) => Ok(reply),
            Verdict::Unauthorized(message, request_id) => Err(ClientError::Denied { status: 401, message, request_id }),
            Verdict::Failed(error) => Err(error),
        }
    }
}

type Answer = Result<Reply<Value>, ClientError>;

/// Limit: connections that are kept open between calls; more may be in use at once.
const KEPT_CONNECTIONS: usize = 8;

#[cfg(test)]
mod tests;
