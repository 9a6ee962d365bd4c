//! The one table of settings: every key of a profile, the form its value takes, its flag and its default.
//!
//! File, environment, flags, `config show` and the tests of the template all take their facts from here. The rule: a
//! key has one name everywhere; its flag is `--key` and its variable `ARLOAD_KEY`.

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// The name, in kebab case.
    pub name: &'static str,
    /// The form of its value.
    pub form: Form,
    /// Whether a flag of the same name exists.
    pub flag: bool,
    /// What holds where nobody gives a value, in the form a user would write it.
    pub default: Option<&'static str>,
}

/// The form of a setting's value in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text in quotes.
    Text,
    /// A path in quotes; in the file relative to the file's folder.
    Path,
    /// A whole number.
    Count,
    /// A number or text in quotes: sizes, shares, amounts.
    Number,
    /// `true` or `false`.
    Switch,
    /// One text or a list of texts.
    Texts,
    /// A table of texts.
    Pairs,
    /// Text in quotes that is never shown.
    Secret,
}

impl Form {
    /// What the file should hold, for messages.
    pub fn expected(self) -> &'static str {
        match self {
            Form::Text | Form::Secret => "text in quotes",
            Form::Path => "a path in quotes",
            Form::Count => "a whole number without quotes",
            Form::Number => "a number, or text in quotes",
            Form::Switch => "true or false without quotes",
            Form::Texts => "text in quotes, or a list of such texts",
            Form::Pairs => "a table like { \"left\" = \"right\" }",
        }
    }
}

const fn file(name: &'static str, form: Form) -> Key {
    Key { name, form, flag: false, default: None }
}

const fn flag(name: &'static str, form: Form) -> Key {
    Key { name, form, flag: true, default: None }
}

impl Key {
    const fn or(mut self, default: &'static str) -> Key {
        self.default = Some(default);
        self
    }

    /// The environment variable of the setting.
    pub fn variable(&self) -> String {
        format!("ARLOAD_{}", self.name.replace('-', "_").to_ascii_uppercase())
    }

    /// Whether the environment may give it; a command that tells a secret stands in the file only.
    pub fn in_environment(&self) -> bool {
        !self.name.ends_with("-command")
    }

    /// Whether its value is a command line that arload runs.
    pub fn runs_a_program(&self) -> bool {
        self.name.ends_with("-command") || self.name == "notify"
    }
}

/// Every setting, in the order of the template and of `config show`.
pub static KEYS: &[Key] = &[
    flag("base-url", Form::Text),
    file("environment", Form::Text),
    file("company-id", Form::Text),
    file("seller-id", Form::Text),
    file("parent-company-id", Form::Text),
    file("sellers", Form::Pairs),
    file("client-id", Form::Text),
    file("client-secret", Form::Secret),
    file("client-secret-command", Form::Secret),
    file("username", Form::Text),
    file("password", Form::Secret),
    file("password-command", Form::Secret),
    file("timezone", Form::Text).or("Asia/Kolkata"),
    flag("sandbox", Form::Switch).or("false"),
    flag("sheet", Form::Texts),
    flag("header-row", Form::Count),
    flag("delimiter", Form::Text),
    flag("encoding", Form::Text),
    flag("date-order", Form::Text),
    flag("hidden-rows", Form::Text).or("read"),
    flag("map", Form::Pairs),
    flag("set", Form::Pairs),
    flag("mapping", Form::Text),
    flag("customers", Form::Path),
    file("only-amount", Form::Text),
    flag("group", Form::Switch),
    file("allow-guarded", Form::Switch).or("false"),
    file("allow-unnumbered", Form::Switch).or("false"),
    file("severity", Form::Pairs),
    flag("dry-run", Form::Switch).or("false"),
    flag("plan", Form::Switch).or("false"),
    flag("strict", Form::Switch).or("false"),
    flag("max-invalid", Form::Number).or("5%"),
    flag("expect-rows", Form::Count),
    flag("expect-total", Form::Number),
    flag("period", Form::Text),
    file("accept-total-mismatch", Form::Switch).or("false"),
    flag("allow-empty", Form::Switch).or("false"),
    flag("tolerate", Form::Number).or("0%"),
    flag("new-run", Form::Switch).or("false"),
    flag("retry-rejected", Form::Switch).or("false"),
    flag("first-use", Form::Switch).or("false"),
    flag("wait", Form::Switch).or("false"),
    flag("yes", Form::Switch).or("false"),
    file("resume-within", Form::Text).or("3d"),
    file("watch-allow", Form::Texts),
    flag("rate", Form::Text).or("5/s"),
    flag("burst", Form::Count).or("1"),
    flag("concurrency", Form::Count).or("4"),
    flag("per-day", Form::Count),
    flag("max-chunk-rows", Form::Count).or("500"),
    flag("max-chunk-bytes", Form::Number).or("1MiB"),
    flag("canary", Form::Count).or("5"),
    flag("attempts", Form::Count).or("5"),
    flag("timeout", Form::Text).or("60s"),
    flag("refusal-budget", Form::Count).or("200"),
    file("settle", Form::Text),
    file("allow-assumed", Form::Switch).or("false"),
    file("routes", Form::Pairs),
    file("upload", Form::Pairs),
    file("reply-names", Form::Pairs),
    flag("results", Form::Path),
    flag("split-by", Form::Text),
    flag("state", Form::Path),
    flag("ledger", Form::Text),
    file("ledger-password", Form::Secret),
    file("ledger-password-command", Form::Secret),
    file("results-bom", Form::Switch).or("true"),
    file("results-delimiter", Form::Text).or(","),
    flag("threads", Form::Count),
    flag("json", Form::Switch).or("false"),
    flag("quiet", Form::Switch).or("false"),
    flag("progress", Form::Text).or("auto"),
    flag("log", Form::Path),
    flag("log-format", Form::Text).or("text"),
    file("log-size", Form::Number).or("10MiB"),
    file("log-keep", Form::Count).or("5"),
    flag("metrics", Form::Path),
    flag("notify", Form::Text),
];

/// The setting of a name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_give_their_variables() {
        for (index, key) in KEYS.iter().enumerate() {
            assert_eq!(KEYS.iter().position(|other| other.name == key.name), Some(index), "{}", key.name);
        }
        assert_eq!(find("max-chunk-rows").unwrap().variable(), "ARLOAD_MAX_CHUNK_ROWS");
        assert!(!find("password-command").unwrap().in_environment());
    }

    #[test]
    fn no_secret_has_a_flag_or_a_default() {
        for key in KEYS.iter().filter(|key| key.form == Form::Secret) {
            assert!(!key.flag && key.default.is_none(), "{}", key.name);
        }
    }
}
