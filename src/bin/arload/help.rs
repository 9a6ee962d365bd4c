//! The parts of help pages that are tables: an operation's fields with examples, and the exit codes.
//!
//! Made from [`arload::operation`] and [`arload::exit`], so that they cannot say anything else than the program does.

use std::fmt::Write as _;

use arload::exit::ExitCode;
use arload::operation::{Field, Need, Operation, Role};

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
    let name = operation.name();
    let required = operation.fields.iter().find(|field| field.need == Need::Required);
    let field = required.unwrap_or(&operation.fields[0]).name;
    let mut help = format!(
        "Examples:\n  arload {name} march.xlsx --dry-run\n  arload {name} march.xlsx --sandbox\n  \
         arload {name} inbox/*.csv --map \"Bill No={field}\" --results out\n  \
         arload {name} march.csv --profile live --rate 300/min --strict\n\n\
         Fields (give --map \"Heading=field\" where a heading is not recognised):\n"
    );
    let width = operation.fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    for field in operation.fields {
        // Writing to a string cannot fail.
        let _ = writeln!(help, "  {:width$}  {:8}  {}", field.name, kind(field), field.help);
    }
    help.push_str("\nguarded: only --map or --set with allow-guarded fills it; checked: read and never sent\n");
    help
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
