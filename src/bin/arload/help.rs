//! The parts of help pages that are tables: an operation's fields with examples, and the exit codes.
//!
//! Made from [`arload::operation`] and [`arload::exit`], so that they cannot say anything else than the program does.

use std::fmt::Write as _;

use arload::exit::ExitCode;
use arload::operation::{Field, Need, Operation, RequestKind, Role};

fn operation(resource: &str, verb: &str) -> &'static Operation {
    Operation::find(resource, verb).expect("the command line names operations of the table only")
}

/// What an operation does, in a line.
pub(crate) fn about(resource: &str, verb: &str) -> &'static str {
    operation(resource, verb).about
}

/// Examples and the fields of an operation, for the end of its help page.
pub(crate) fn after_operation(resource: &str, verb: &str) -> String {
    let operation = operation(resource, verb);
    let mut help = "Examples:\n".to_owned();
    for example in examples(operation) {
        // Writing to a string cannot fail.
        let _ = writeln!(help, "  arload {example}");
    }
    help.push_str("\nFields (give --map \"Heading=field\" where a heading is not recognised):\n");
    let width = operation.fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    for field in operation.fields {
        let _ = writeln!(help, "  {:width$}  {:8}  {}", field.name, kind(field), field.help);
    }
    if operation.clears() {
        help.push_str("\nA blank cell leaves a field as it is; <clear> empties one that may be empty.\n");
    }
    help.push_str("\nguarded: only --map or --set with allow-guarded fills it; checked: read and never sent\n");
    help
}

/// Command lines that make sense for the operation, without the program's name.
fn examples(operation: &Operation) -> Vec<String> {
    let name = operation.name();
    let file = match operation.request {
        RequestKind::File(_) => "march.xlsx",
        RequestKind::Ids => "invoices.csv",
        RequestKind::Single if operation.reads() => "wanted.csv",
        RequestKind::Single => "changes.csv",
    };
    let map = match (operation.resource, operation.field("customerCode").is_some()) {
        ("invoices", _) => "Bill No=invoiceNumber",
        ("reminders", _) if operation.field("customerReminderId").is_some_and(|field| field.need == Need::Required) => {
            "Reminder Id=customerReminderId"
        }
        (_, true) => "Party Code=customerCode",
        _ if operation.creates() => "Party=legalName",
        _ => "Enkash Id=customerId",
    };
    let mut examples = vec![
        format!("template {name} -o {}.xlsx", file.split('.').next().unwrap_or(file)),
        format!("{name} {file} --dry-run"),
        format!("{name} {file} --sandbox --map \"{map}\""),
    ];
    if operation.field("status").is_some_and(|field| field.role == Role::Sent) {
        examples.push(format!("{name} {file} --set status=ACCEPT --set \"remarks=As agreed\""));
    }
    if operation.field("paymentId").is_some() {
        examples.push(format!("{name} {file} --set response=ACCEPT --set type=OFFPLATFORM"));
    }
    examples.push(match () {
        () if operation.needs_yes() => format!("{name} {file} --profile live --yes"),
        () if operation.reads() => format!("{name} {file} --profile live --results out"),
        () if operation.is_upload() => format!("{name} inbox/*.csv --profile live --rate 300/min --strict"),
        () => format!("{name} {file} --profile live --plan"),
    });
    examples
}

fn kind(field: &Field) -> &'static str {
    match (field.need, field.role) {
        (Need::Required, _) => "required",
        (Need::Optional, Role::Guarded) => "guarded",
        (Need::Optional, Role::Sheet) => "checked",
        (Need::Optional, Role::Sent) => "",
    }
}

/// The exit codes, for the end of the program's help page.
pub(crate) fn exit_codes() -> String {
    let mut help = "Exit codes:\n".to_owned();
    for code in ExitCode::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(help, "  {:3}  {}", code.code(), code.meaning());
    }
    help
}
