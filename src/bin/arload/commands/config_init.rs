//! `arload config init`: a settings file from flags, from answers on a terminal, or from nothing.
//!
//! Leaves the text to [`arload::config::init`] and the log-in to `auth check`. The rules: a file that exists is replaced or
//! added to only where that was said, and a secret is written down only with `--secrets clear`.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use arload::config::error::ConfigError;
use arload::config::file::{FILE_NAME, Place, read_profile};
use arload::config::init::{Answers, command_for_file, host_of};
use arload::config::template::TEMPLATE;
use arload::error::RunError;
use arload::exit::ExitCode;
use arload::finding::printable;
use arload::platform::{self, Beside};
use console::Term;

use super::auth;
use crate::args::{AccountArgs, AuthCheckArgs, ConfigInitArgs, OutputArgs, SecretsFrom, ServerArgs, StateArgs};
use crate::surroundings::Surroundings;

/// Limit: wrong answers to one question after which nobody seems to be there.
const TRIES: usize = 5;

/// Where answers come from.
enum Source {
    /// Flags alone.
    Flags,
    /// Flags, and a person for the rest.
    Person,
}

/// Writes the file and says what comes next.
pub(crate) fn run(
    arguments: &ConfigInitArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let person = io::stdin().is_terminal() && io::stderr().is_terminal();
    let template = arguments.template || (!person && !arguments.says_something());
    let own = surroundings.settings_file().filter(|_| !template);
    let path = arguments.file.clone().or(own.clone()).unwrap_or_else(|| PathBuf::from(FILE_NAME));
    let path = path.as_path();
    let exists = path.symlink_metadata().is_ok();
    if exists && !arguments.force && !arguments.add {
        return Err(already(path).into());
    }
    if arguments.add && !exists {
        return Err(
            put_right(&format!("{}: there is no such file to add to", path.display()), "leave --add away").into()
        );
    }
    if template {
        write(path, TEMPLATE, arguments.force)?;
        let shown = path.display();
        writeln!(
            talk,
            "wrote {shown}: every key explained and switched off; \"arload config show\" tells what is in force"
        )?;
        return Ok(ExitCode::Success);
    }
    let source = if person { Source::Person } else { Source::Flags };
    let (answers, secrets) = ask(arguments, surroundings, &source, talk)?;
    put(path, arguments, &answers)?;
    let is_own = own.as_deref() == Some(path);
    told(path, arguments.add, &answers, secrets, is_own, talk)?;
    let complete = missing(&answers, secrets).is_empty();
    let question = format!("log in once now, to try it? {}", test_note(secrets));
    let tries = arguments.test || (person && complete && yes(&question, talk)?);
    if !tries {
        return Ok(ExitCode::Success);
    }
    let account = AccountArgs { profile: Some(answers.profile().to_owned()), config: Some(path.to_path_buf()) };
    let server = ServerArgs { sandbox: false, base_url: None };
    let output = OutputArgs { threads: None, json: false, quiet: false, progress: None };
    let check = AuthCheckArgs { account, server, state: StateArgs { state: None, ledger: None }, output };
    auth::check(&check, surroundings, out, talk)
}

fn already(path: &Path) -> RunError {
    let message = format!("{}: already exists, nothing written", path.display());
    put_right(&message, "pass --add --profile NAME to add a profile to it, --force to replace it, or name another file")
}

fn put_right(message: &str, hint: &str) -> RunError {
    RunError::Input { message: message.to_owned(), hint: hint.to_owned() }
}

/// Everything that flags say, and what a person says to the rest.
fn ask(
    arguments: &ConfigInitArgs,
    surroundings: &Surroundings,
    source: &Source,
    talk: &mut dyn Write,
) -> anyhow::Result<(Answers, SecretsFrom)> {
    let mut ask = Asking { source, talk };
    if matches!(source, Source::Person) {
        writeln!(ask.talk, "a blank answer takes what stands in brackets; nothing is written before the last one")?;
    }
    let check = |text: &str| Answers::new(text).map(drop);
    let name = ask.text("name of the profile", "--profile", arguments.profile.as_ref(), "default", &check)?;
    let mut answers = Answers::new(&name).map_err(|what| put_right(&what, "pass another --profile"))?;
    let suggested = if arguments.base_url.is_some() { "" } else { "uat" };
    let label = "environment: uat, live, or a label of your own";
    ask.give(&mut answers, "environment", label, arguments.environment.as_ref(), suggested)?;
    let host = answers.value("environment").and_then(host_of).unwrap_or_default();
    ask.give(&mut answers, "base-url", "address of the API", arguments.base_url.as_ref(), host)?;
    if matches!(source, Source::Flags) && answers.value("base-url").is_none() && !host.is_empty() {
        answers.give("base-url", host).map_err(|what| put_right(&what, ""))?;
    }
    let questions = [
        ("company-id", "company id (CEK and 7 letters or digits)", &arguments.company_id),
        ("seller-id", "seller id, if it is another than the company", &arguments.seller_id),
        ("client-id", "client id", &arguments.client_id),
        ("username", "user name", &arguments.username),
    ];
    for (key, label, flag) in questions {
        ask.give(&mut answers, key, label, flag.as_ref(), "")?;
    }
    let secrets = where_from(arguments, &mut ask)?;
    give_secrets(arguments, surroundings, secrets, &mut ask, &mut answers)?;
    Ok((answers, secrets))
}

fn where_from(arguments: &ConfigInitArgs, ask: &mut Asking<'_>) -> anyhow::Result<SecretsFrom> {
    let files = arguments.password_file.is_some() || arguments.client_secret_file.is_some();
    let commands = arguments.password_command.is_some() || arguments.client_secret_command.is_some();
    match arguments.secrets {
        Some(SecretsFrom::File) if commands => {}
        Some(SecretsFrom::Command) if files => {}
        Some(SecretsFrom::Env | SecretsFrom::Clear) if files || commands => {}
        None if files && commands => {}
        Some(secrets) => return Ok(secrets),
        None if files => return Ok(SecretsFrom::File),
        None if commands => return Ok(SecretsFrom::Command),
        None => {
            let words = |text: &str| match text {
                "env" | "file" | "command" => Ok(()),
                _ => {
                    Err("expected env, file or command; --secrets clear writes them into the settings file".to_owned())
                }
            };
            let label = "where password and client secret come from: env, file or command";
            let text = ask.text(label, "--secrets", None, "env", &words)?;
            return Ok(match text.as_str() {
                "file" => SecretsFrom::File,
                "command" => SecretsFrom::Command,
                _ => SecretsFrom::Env,
            });
        }
    }
    let hint = "keep --secrets file with files, --secrets command with commands";
    Err(put_right("config init: the flags name secrets in two ways", hint).into())
}

fn give_secrets(
    arguments: &ConfigInitArgs,
    surroundings: &Surroundings,
    secrets: SecretsFrom,
    ask: &mut Asking<'_>,
    answers: &mut Answers,
) -> anyhow::Result<()> {
    let both = [
        ("client-secret", "client secret", &arguments.client_secret_file, &arguments.client_secret_command),
        ("password", "password", &arguments.password_file, &arguments.password_command),
    ];
    for (key, what, file, command) in both {
        let command_key = format!("{key}-command");
        match secrets {
            SecretsFrom::Env => {}
            SecretsFrom::File => {
                let label = format!("file that holds the {what} alone");
                let path = ask.text(&label, &format!("--{key}-file"), file.as_ref(), "", &|_| Ok(()))?;
                let full = std::path::absolute(&path).ok().filter(|_| !path.is_empty());
                if let Some(full) = full {
                    let line = command_for_file(&full.to_string_lossy());
                    answers.give(&command_key, &line).map_err(|what| put_right(&what, ""))?;
                }
            }
            SecretsFrom::Command => {
                let label = format!("command that prints the {what}");
                ask.give(answers, &command_key, &label, command.as_ref(), "")?;
            }
            SecretsFrom::Clear => {
                let given = surroundings.secret(key);
                let secret = match (given, ask.source) {
                    (Some(secret), _) => secret,
                    (None, Source::Person) => ask.secret(what)?,
                    (None, Source::Flags) => {
                        let variable = format!("ARLOAD_{}", key.replace('-', "_").to_ascii_uppercase());
                        let message =
                            format!("--secrets clear: no {what} was given, and there is no terminal to ask on");
                        return Err(put_right(&message, &format!("set {variable}, which is then written down")).into());
                    }
                };
                answers.give(key, &secret).map_err(|what| put_right(&what, ""))?;
            }
        }
    }
    Ok(())
}

/// Asks a person, where there is one.
struct Asking<'a> {
    source: &'a Source,
    talk: &'a mut dyn Write,
}

impl Asking<'_> {
    /// What a flag says, or a person; blank where nobody says anything.
    fn text(
        &mut self,
        label: &str,
        flag_name: &str,
        flag: Option<&String>,
        suggested: &str,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> anyhow::Result<String> {
        if let Some(given) = flag {
            check(given).map_err(|what| put_right(&format!("{flag_name}: {what}"), "correct the flag"))?;
            return Ok(given.clone());
        }
        if matches!(self.source, Source::Flags) {
            return Ok(if flag_name == "--profile" { suggested.to_owned() } else { String::new() });
        }
        for _ in 0..TRIES {
            let brackets = if suggested.is_empty() { String::new() } else { format!(" [{suggested}]") };
            write!(self.talk, "{label}{brackets}: ")?;
            self.talk.flush()?;
            let answer = line()?;
            let answer = if answer.is_empty() { suggested.to_owned() } else { answer };
            match if answer.is_empty() { Ok(()) } else { check(&answer) } {
                Ok(()) => return Ok(answer),
                Err(what) => writeln!(self.talk, "  {}", printable(&what))?,
            }
        }
        Err(put_right("config init: no usable answer; nothing was written", "run it again, or use its flags").into())
    }

    /// The same for a key of the file, checked as its setting is.
    fn give(
        &mut self,
        answers: &mut Answers,
        key: &str,
        label: &str,
        flag: Option<&String>,
        suggested: &str,
    ) -> anyhow::Result<()> {
        let copy = answers.clone();
        let check = move |text: &str| copy.clone().give(key, text);
        let answer = self.text(label, &format!("--{key}"), flag, suggested, &check)?;
        answers.give(key, &answer).map_err(|what| put_right(&what, "").into())
    }

    /// A secret, typed without being shown.
    fn secret(&mut self, what: &str) -> anyhow::Result<String> {
        write!(self.talk, "{what} (not shown while you type): ")?;
        self.talk.flush()?;
        Ok(Term::stderr().read_secure_line()?)
    }
}

/// One line that a person typed; the end of the input ends the questions.
fn line() -> anyhow::Result<String> {
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer)? == 0 {
        return Err(
            put_right("config init: the input ended; nothing was written", "run it again, or use its flags").into()
        );
    }
    Ok(answer.trim().to_owned())
}

fn yes(question: &str, talk: &mut dyn Write) -> anyhow::Result<bool> {
    write!(talk, "{question} [y/N]: ")?;
    talk.flush()?;
    Ok(matches!(line()?.to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn test_note(secrets: SecretsFrom) -> &'static str {
    match secrets {
        SecretsFrom::Env => "(needs the variables in this shell)",
        SecretsFrom::File | SecretsFrom::Command | SecretsFrom::Clear => "(three refusals lock an account)",
    }
}

/// Writes the new file, or the old one with the profile added.
fn put(path: &Path, arguments: &ConfigInitArgs, answers: &Answers) -> anyhow::Result<()> {
    if !arguments.add {
        return Ok(write(path, &answers.file(), arguments.force)?);
    }
    let failed = |step: &'static str| move |source| ConfigError::File { path: path.to_path_buf(), step, source };
    let old = std::fs::read_to_string(path).map_err(failed("read settings"))?;
    // What is not understood is not added to; the name of no profile is asked for, so that only the form counts.
    let file = read_profile(&old, path, Place::Named, None)?;
    if file.profiles.iter().any(|name| name == answers.profile()) {
        let message = format!("{}: has the profile {} already, nothing written", path.display(), answers.profile());
        return Err(put_right(&message, "pass another --profile, or change the file by hand").into());
    }
    let mode = path.metadata().map_err(failed("read settings"))?.permissions();
    let mut beside = Beside::create(path, true).map_err(failed("write settings"))?;
    let line_end = if old.is_empty() || old.ends_with('\n') { "" } else { "\n" };
    let written = write!(beside.file(), "{old}{line_end}{}", answers.table());
    written.map_err(failed("write settings"))?;
    let holds_secrets = answers.value("password").or(answers.value("client-secret")).is_some();
    if !holds_secrets {
        beside.file().set_permissions(mode).map_err(failed("write settings"))?;
    }
    beside.finish().map_err(failed("write settings"))?;
    Ok(())
}

fn write(path: &Path, text: &str, replaces: bool) -> Result<(), ConfigError> {
    let failed = |source| ConfigError::File { path: path.to_path_buf(), step: "write settings", source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        platform::create_private_folder(folder).map_err(failed)?;
    }
    let mut beside = Beside::create(path, replaces).map_err(failed)?;
    beside.file().write_all(text.as_bytes()).map_err(failed)?;
    beside.finish().map_err(failed)
}

/// Keys that a log-in needs and that nobody answered.
fn missing(answers: &Answers, secrets: SecretsFrom) -> Vec<&'static str> {
    let of_secrets: &[&'static str] = match secrets {
        SecretsFrom::Env => &[],
        SecretsFrom::File | SecretsFrom::Command => &["client-secret-command", "password-command"],
        SecretsFrom::Clear => &["client-secret", "password"],
    };
    let needed = ["base-url", "company-id", "client-id", "username"];
    needed.iter().chain(of_secrets).copied().filter(|key| answers.value(key).is_none()).collect()
}

/// What was done, and what to do next.
fn told(
    path: &Path,
    added: bool,
    answers: &Answers,
    secrets: SecretsFrom,
    is_own: bool,
    talk: &mut dyn Write,
) -> anyhow::Result<()> {
    let done = if added { "added to" } else { "wrote" };
    writeln!(talk, "{done} {}: profile {}; only you can read it", path.display(), answers.profile())?;
    let missing = missing(answers, secrets);
    if !missing.is_empty() {
        writeln!(talk, "next: fill in {} there, or set their variables", missing.join(", "))?;
    }
    match secrets {
        SecretsFrom::Env => writeln!(
            talk,
            "next: export ARLOAD_CLIENT_SECRET and ARLOAD_PASSWORD, or ARLOAD_CLIENT_SECRET_FILE and ARLOAD_PASSWORD_FILE"
        )?,
        SecretsFrom::Clear => writeln!(talk, "secrets that were given stand in it in clear")?,
        SecretsFrom::File | SecretsFrom::Command => {}
    }
    let profile = if added { format!(" --profile {}", answers.profile()) } else { String::new() };
    let here = Path::new(FILE_NAME);
    // A file of the current directory is found by itself, but gets no secrets of the environment unless it is named.
    let found = is_own || (path == here && secrets != SecretsFrom::Env);
    let config = if found { String::new() } else { format!(" --config {}", path.display()) };
    if is_own && here.symlink_metadata().is_ok() {
        writeln!(talk, "{FILE_NAME} in this folder is taken before it, here")?;
    }
    writeln!(talk, "next: arload auth check{profile}{config}")?;
    writeln!(talk, "next: arload invoices create SHEET --dry-run{profile}{config}")?;
    Ok(())
}
