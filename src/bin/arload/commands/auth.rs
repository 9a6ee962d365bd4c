//! `arload auth check`: one log-in, and what is worth knowing of it.
//!
//! Leaves the log-in and its memory to [`arload::api`]. The rule: it asks once, and nothing of the token is shown.

use std::io::Write;
use std::time::Duration;

use arload::api::TokenError;
use arload::api::auth::LogIn;
use arload::config::layers::{Purpose, Settled};
use arload::config::{Settings, Target};
use arload::exit::ExitCode;
use arload::finding::printable;
use serde_json::json;

use crate::args::{AuthCheckArgs, AuthCommand};
use crate::flags::Flags as _;
use crate::session::api_alone;
use crate::surroundings::Surroundings;

/// Runs an `auth` command; `out` takes what was found, `talk` what went wrong.
pub(crate) fn run(
    command: &AuthCommand,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    match command {
        AuthCommand::Check(arguments) => check(arguments, surroundings, out, talk),
    }
}

/// Tries the log-in once.
pub(super) fn check(
    arguments: &AuthCheckArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let Settled { settings, warnings, .. } = surroundings.settle(&arguments.values(), Purpose::Account)?;
    for warning in warnings {
        writeln!(talk, "arload: {warning}")?;
    }
    let (api, _sandbox) = api_alone(&settings)?;
    let earlier = api.remembered_refusal().unwrap_or_default();
    if let Some(refusal) = &earlier {
        let words = printable(&refusal.message).into_owned();
        writeln!(talk, "these credentials were refused at {}: {words}; trying them once more", refusal.at)?;
    }
    let answer = api.check_log_in();
    if settings.output.json {
        writeln!(out, "{}", as_json(&settings, &answer))?;
    } else if let Ok(log_in) = &answer {
        show(&settings, *log_in, earlier.is_some(), out)?;
    }
    let Err(error) = answer else { return Ok(ExitCode::Success) };
    writeln!(talk, "arload: auth check: {}: {}", host(&settings), printable(&error.to_string()))?;
    let (code, hint) = match error {
        TokenError::Refused(_) | TokenError::RefusedEarlier(_) => (
            ExitCode::LoginRefused,
            "correct username, password, client-id and client-secret; until then no other command logs in with these, \
             because Enkash locks an account after three refused log-ins in a row",
        ),
        TokenError::Unavailable { .. } => (
            ExitCode::StoppedEarly,
            "check base-url, and that Enkash has listed the address of this host; this was no refusal, and trying \
             again later is safe",
        ),
    };
    writeln!(talk, "hint: {hint}")?;
    Ok(code)
}

/// The host as people read it.
fn host(settings: &Settings) -> &str {
    match &settings.target {
        Target::Server(base_url) => base_url,
        Target::Sandbox => "sandbox",
        Target::Nowhere => "no account",
    }
}

fn show(settings: &Settings, log_in: LogIn, forgot: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let label = settings.environment.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
    writeln!(out, "host: {}{label}", host(settings))?;
    writeln!(out, "company: {}", settings.company.company_id)?;
    if let Some(credentials) = &settings.credentials {
        writeln!(out, "user: {}, client {}", credentials.username, credentials.client_id)?;
    }
    writeln!(out, "log-in: accepted{}", if forgot { "; the earlier refusal is forgotten" } else { "" })?;
    let life = match log_in.lifetime {
        Some(life) => format!("lives {}", words(life)),
        None => format!("its life is not said; {} are assumed", words(settings.sending.token_lifetime)),
    };
    writeln!(out, "token: {life}; the reply spells it {}", log_in.spelling.field())
}

fn as_json(settings: &Settings, answer: &Result<LogIn, TokenError>) -> serde_json::Value {
    let log_in = answer.as_ref().ok();
    json!({
        "host": host(settings),
        "environment": settings.environment,
        "company": settings.company.company_id,
        "user": settings.credentials.as_ref().map(|credentials| &credentials.username),
        "log-in": match answer {
            Ok(_) => "accepted",
            Err(TokenError::Unavailable { .. }) => "no-answer",
            Err(_) => "refused",
        },
        "problem": answer.as_ref().err().map(ToString::to_string),
        "token-life-s": log_in.and_then(|log_in| log_in.lifetime).map(|life| life.as_secs()),
        "spelling": log_in.map(|log_in| log_in.spelling.field()),
    })
}

/// A time in its largest parts: `23 h 59 min 59 s`.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}"));
    let words = parts.collect::<Vec<_>>().join(" ");
    if words.is_empty() { "0 s".to_owned() } else { words }
}
