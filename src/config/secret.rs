//! Secrets: where each comes from, and fetching it from there.
//!
//! A secret comes from a variable, a file that a variable names, the settings file, or a command named there; never
//! from a flag. Finding out where ([`Located`]) is apart from fetching, so that `config show` and dry runs touch
//! nothing. The rule: no message, warning or `Debug` form of this module holds a secret.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::error::ConfigError;
use super::given::{Given, Source};
use super::sources::Sources;
use crate::finding::quote;
use crate::platform;
use crate::platform::command::{CommandLine, Printed};

// Limit: longer than any password or token; what is larger is the wrong file.
const MAX_BYTES: u64 = 64 << 10;
/// How long a command may take to tell a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// Where a secret is, not yet fetched.
#[derive(Debug, Clone)]
pub(super) struct Located {
    key: &'static str,
    store: Store,
    source: Source,
}

#[derive(Debug, Clone)]
enum Store {
    Value(SecretString),
    File(PathBuf),
    /// The command line may itself hold a secret.
    Command(SecretString),
}

/// Finds out where a secret comes from; none where nobody gives it.
pub(super) fn locate(sources: &Sources<'_>, key: &'static str) -> Result<Option<Located>, ConfigError> {
    let (file_variable, command_key) = match key {
        "password" => ("ARLOAD_PASSWORD_FILE", "password-command"),
        "ledger-password" => ("ARLOAD_LEDGER_PASSWORD_FILE", "ledger-password-command"),
        _ => ("ARLOAD_CLIENT_SECRET_FILE", "client-secret-command"),
    };
    let twice = |first: &Source, second: &str| ConfigError::Secret {
        source_name: first.clone(),
        what: format!("{key} is also given by {second}"),
        hint: "keep one of the two".to_owned(),
    };
    let direct = sources.find(key);
    if let Some(path) = sources.variable(file_variable) {
        if let Some((_, source @ Source::Environment(_))) = &direct {
            return Err(twice(source, file_variable));
        }
        let source = Source::Environment(file_variable.to_owned());
        return Ok(Some(Located { key, store: Store::File(PathBuf::from(path)), source }));
    }
    let command = sources.find(command_key);
    match (direct, command) {
        (Some((Given::Secret(_), source @ Source::File { .. })), Some(_)) => Err(twice(&source, command_key)),
        (Some((Given::Secret(secret), source)), _) => Ok(Some(Located { key, store: Store::Value(secret), source })),
        (_, Some((Given::Secret(line), source))) => Ok(Some(Located { key, store: Store::Command(line), source })),
        _ => Ok(None),
    }
}

impl Located {
    /// The key that gives the secret: its own, or that of the command.
    pub(super) fn given_by(&self) -> &'static str {
        match (&self.store, self.key) {
            (Store::Command(_), "password") => "password-command",
            (Store::Command(_), "ledger-password") => "ledger-password-command",
            (Store::Command(_), _) => "client-secret-command",
            (Store::Value(_) | Store::File(_), key) => key,
        }
    }

    /// Whether the environment gives the secret, by itself or by naming a file.
    pub(super) fn is_in_environment(&self) -> bool {
        matches!(self.source, Source::Environment(_))
    }

    /// Whether the secret itself stands in the settings file.
    pub(super) fn is_written_in_file(&self) -> bool {
        matches!((&self.store, &self.source), (Store::Value(_), Source::File { .. }))
    }

    /// Who gives the secret.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Gets the secret, at most [`COMMAND_LIMIT`] later.
    pub(super) fn fetch(&self, warnings: &mut Vec<String>) -> Result<SecretString, ConfigError> {
        let fetched = match &self.store {
            Store::Value(secret) => Ok(secret.clone()),
            Store::File(path) => read_file(path, warnings),
            Store::Command(line) => run(line.expose_secret(), COMMAND_LIMIT),
        };
        let refused = |what: String| {
            let way = match &self.store {
                Store::Value(_) => "give another value",
                Store::File(_) => "name a file that holds the secret alone",
                Store::Command(_) => "run the command by hand; it must print the secret alone",
            };
            ConfigError::Secret { source_name: self.source.clone(), what, hint: way.to_owned() }
        };
        let secret = fetched.map_err(&refused)?;
        if secret.expose_secret().is_empty() {
            return Err(refused(format!("{}: the secret is empty", self.key)));
        }
        Ok(secret)
    }
}

/// The secret without the newline that editors and commands end it with.
fn trimmed(bytes: Vec<u8>, from: &str) -> Result<SecretString, String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{from} holds more than 64 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{from} is not UTF-8 text"))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |rest| rest.strip_suffix('\r').unwrap_or(rest));
    Ok(line.into())
}

fn read_file(path: &Path, warnings: &mut Vec<String>) -> Result<SecretString, String> {
    let shown = quote(&path.display().to_string());
    let open = || -> std::io::Result<(bool, Vec<u8>)> {
        let file = std::fs::File::open(path)?;
        let readable = platform::others_can_read(&file.metadata()?);
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Ok((readable, bytes))
    };
    let (readable, bytes) = open().map_err(|error| format!("read {shown}: {error}"))?;
    if readable {
        warnings.push(format!("{}: others can read this secret; run: chmod go-r {shown}", path.display()));
    }
    trimmed(bytes, &shown)
}

/// Runs a command by the system's shell and takes what it prints.
fn run(line: &str, limit: Duration) -> Result<SecretString, String> {
    // A command named in a file need not see secrets that the environment gives to arload.
    let without = ["ARLOAD_PASSWORD", "ARLOAD_CLIENT_SECRET", "ARLOAD_LEDGER_PASSWORD"].map(str::to_owned);
    let command = CommandLine { line, input: None, without: &without, limit, most: MAX_BYTES + 1 };
    let Printed(bytes) = command.run()?;
    trimmed(bytes, "the command's output")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::file::{Place, ProfileFile, read_profile};
    use super::super::given::FlagValues;
    use super::*;

    fn profile(text: &str) -> ProfileFile {
        let text = format!("[profiles.default]\n{text}");
        read_profile(&text, Path::new("arload.toml"), Place::User, None).unwrap()
    }

    fn located(variables: &[(&str, &str)], file: &ProfileFile) -> Result<Option<Located>, ConfigError> {
        let flags = FlagValues::default();
        let environment: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        locate(&Sources { flags: &flags, environment: &environment, file: Some(file) }, "password")
    }

    #[test]
    fn the_environment_comes_before_the_file() {
        let file = profile("password = \"of the file\"");
        let secret = |variables| located(variables, &file).unwrap().unwrap().fetch(&mut Vec::new()).unwrap();
        assert_eq!(secret(&[]).expose_secret(), "of the file");
        assert_eq!(secret(&[("ARLOAD_PASSWORD", "hunter2")]).expose_secret(), "hunter2");
        assert_eq!(secret(&[("ARLOAD_PASSWORD", "")]).expose_secret(), "of the file");
        assert!(located(&[], &profile("")).unwrap().is_none());
    }

    #[test]
    fn a_secret_given_twice_by_one_source_is_an_error() {
        let error = located(&[("ARLOAD_PASSWORD", "a"), ("ARLOAD_PASSWORD_FILE", "b")], &profile("")).unwrap_err();
        assert_eq!(error.to_string(), "ARLOAD_PASSWORD: password is also given by ARLOAD_PASSWORD_FILE");
        let both = profile("password = \"a\"\npassword-command = \"b\"");
        assert!(located(&[], &both).unwrap_err().to_string().contains("password-command"));
        assert!(located(&[("ARLOAD_PASSWORD", "c")], &both).unwrap().unwrap().is_in_environment());
    }

    #[test]
    fn a_file_loses_one_newline_and_nothing_else() {
        for (bytes, secret) in
            [("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), ("hunter2", "hunter2"), (" a \n\n", " a \n")]
        {
            assert_eq!(trimmed(bytes.as_bytes().to_vec(), "x").unwrap().expose_secret(), secret);
        }
        assert!(trimmed(vec![0xff], "x").unwrap_err().contains("UTF-8"));
        assert!(trimmed(vec![b'a'; MAX_BYTES as usize + 1], "x").unwrap_err().contains("64 KiB"));
    }

    #[test]
    fn a_secret_file_is_read_and_an_open_one_warned_about() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::io::Write::write_all(&mut platform::create_private(&path).unwrap(), b"hunter2\n").unwrap();
        let mut warnings = Vec::new();
        assert_eq!(read_file(&path, &mut warnings).unwrap().expose_secret(), "hunter2");
        assert!(warnings.is_empty());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            read_file(&path, &mut warnings).unwrap();
            assert!(warnings[0].contains("others can read") && !warnings[0].contains("hunter2"));
        }
        assert!(read_file(&folder.path().join("none"), &mut warnings).unwrap_err().starts_with("read "));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_tells_the_secret_and_its_failure_does_not() {
        let limit = Duration::from_secs(10);
        assert_eq!(run("printf 'hunter2\\n'", limit).unwrap().expose_secret(), "hunter2");
        let message = run("echo hunter2; echo 'vault is sealed' >&2; exit 3", limit).unwrap_err();
        assert!(message.contains("vault is sealed") && !message.contains("hunter2"), "{message}");
        assert!(run("head -c 70000 /dev/zero", limit).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_hangs_is_stopped() {
        let message = run("exec sleep 30", Duration::from_millis(50)).unwrap_err();
        assert!(message.contains("took longer"), "{message}");
    }

    #[test]
    fn debug_forms_hold_no_secret() {
        let file = profile("password = \"hunter2\"\nclient-secret-command = \"echo hunter2\"");
        let located = located(&[("ARLOAD_PASSWORD", "hunter2")], &file).unwrap().unwrap();
        assert!(!format!("{file:?} {located:?}").contains("hunter2"));
    }
}
