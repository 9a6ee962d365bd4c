//! The operations as commands: one for each row of the operation table, and the searches beside them.

use clap::Subcommand;

use super::{CompareArgs, CustomersSearchArgs, InvoicesSearchArgs, PullArgs, SheetArgs};
use crate::help::{about, after_operation};

#[derive(Debug, Subcommand)]
pub(crate) enum CustomersCommand {
    #[command(about = about("customers", "create"), after_long_help = after_operation("customers", "create"))]
    Create(Box<SheetArgs>),
    #[command(about = about("customers", "update"), after_long_help = after_operation("customers", "update"))]
    Update(Box<SheetArgs>),
    #[command(about = about("customers", "add"), after_long_help = after_operation("customers", "add"))]
    Add(Box<SheetArgs>),
    #[command(about = about("customers", "patch"), after_long_help = after_operation("customers", "patch"))]
    Patch(Box<SheetArgs>),
    #[command(about = about("customers", "activate"), after_long_help = after_operation("customers", "activate"))]
    Activate(Box<SheetArgs>),
    #[command(about = about("customers", "deactivate"), after_long_help = after_operation("customers", "deactivate"))]
    Deactivate(Box<SheetArgs>),
    #[command(about = about("customers", "delete"), after_long_help = after_operation("customers", "delete"))]
    Delete(Box<SheetArgs>),
    #[command(about = about("customers", "contacts"), after_long_help = after_operation("customers", "contacts"))]
    Contacts(Box<SheetArgs>),
    /// Export the customers that the API has
    Search(Box<CustomersSearchArgs>),
    /// Fill the customer directory, so that sheets may name customers by code, GSTIN or name
    Pull(Box<PullArgs>),
}

impl CustomersCommand {
    /// The verb of an operation on sheets, and what it takes.
    pub(crate) fn parts(&self) -> Option<(&'static str, &SheetArgs)> {
        Some(match self {
            Self::Search(_) | Self::Pull(_) => return None,
            Self::Create(arguments) => ("create", arguments),
            Self::Update(arguments) => ("update", arguments),
            Self::Add(arguments) => ("add", arguments),
            Self::Patch(arguments) => ("patch", arguments),
            Self::Activate(arguments) => ("activate", arguments),
            Self::Deactivate(arguments) => ("deactivate", arguments),
            Self::Delete(arguments) => ("delete", arguments),
            Self::Contacts(arguments) => ("contacts", arguments),
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum InvoicesCommand {
    #[command(about = about("invoices", "create"), after_long_help = after_operation("invoices", "create"))]
    Create(Box<SheetArgs>),
    #[command(about = about("invoices", "add"), after_long_help = after_operation("invoices", "add"))]
    Add(Box<SheetArgs>),
    #[command(about = about("invoices", "update"), after_long_help = after_operation("invoices", "update"))]
    Update(Box<SheetArgs>),
    #[command(about = about("invoices", "dispatch"), after_long_help = after_operation("invoices", "dispatch"))]
    Dispatch(Box<SheetArgs>),
    #[command(about = about("invoices", "delete"), after_long_help = after_operation("invoices", "delete"))]
    Delete(Box<SheetArgs>),
    #[command(about = about("invoices", "status"), after_long_help = after_operation("invoices", "status"))]
    Status(Box<SheetArgs>),
    #[command(about = about("invoices", "confirm-payment"), after_long_help = after_operation("invoices", "confirm-payment"))]
    ConfirmPayment(Box<SheetArgs>),
    #[command(about = about("invoices", "get"), after_long_help = after_operation("invoices", "get"))]
    Get(Box<SheetArgs>),
    /// Export the invoices that the API has
    Search(Box<InvoicesSearchArgs>),
    /// Compare sheets with the invoices of a month that the API has, in both directions
    Compare(Box<CompareArgs>),
}

impl InvoicesCommand {
    /// The verb of an operation on sheets, and what it takes.
    pub(crate) fn parts(&self) -> Option<(&'static str, &SheetArgs)> {
        Some(match self {
            Self::Search(_) | Self::Compare(_) => return None,
            Self::Create(arguments) => ("create", arguments),
            Self::Add(arguments) => ("add", arguments),
            Self::Update(arguments) => ("update", arguments),
            Self::Dispatch(arguments) => ("dispatch", arguments),
            Self::Delete(arguments) => ("delete", arguments),
            Self::Status(arguments) => ("status", arguments),
            Self::ConfirmPayment(arguments) => ("confirm-payment", arguments),
            Self::Get(arguments) => ("get", arguments),
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum RemindersCommand {
    #[command(about = about("reminders", "create"), after_long_help = after_operation("reminders", "create"))]
    Create(Box<SheetArgs>),
    #[command(about = about("reminders", "update"), after_long_help = after_operation("reminders", "update"))]
    Update(Box<SheetArgs>),
    #[command(about = about("reminders", "delete"), after_long_help = after_operation("reminders", "delete"))]
    Delete(Box<SheetArgs>),
    #[command(about = about("reminders", "get"), after_long_help = after_operation("reminders", "get"))]
    Get(Box<SheetArgs>),
    #[command(about = about("reminders", "list"), after_long_help = after_operation("reminders", "list"))]
    List(Box<SheetArgs>),
}

impl RemindersCommand {
    /// The verb, and what it takes.
    pub(crate) fn parts(&self) -> (&'static str, &SheetArgs) {
        match self {
            Self::Create(arguments) => ("create", arguments),
            Self::Update(arguments) => ("update", arguments),
            Self::Delete(arguments) => ("delete", arguments),
            Self::Get(arguments) => ("get", arguments),
            Self::List(arguments) => ("list", arguments),
        }
    }
}
