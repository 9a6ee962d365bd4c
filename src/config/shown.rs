//! Settings as `config show` prints them: every key with its value and who gave it.
//!
//! The rule: of a secret only whether and where it is set is told.

use super::given::Source;
use super::keys::{Form, KEYS, Key};
use super::secret::Located;
use super::sources::Sources;
use super::{Settings, values};

/// One setting as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The key.
    pub key: &'static str,
    /// The value; none where there is none.
    pub value: Option<String>,
    /// Who gave it, in words.
    pub source: String,
}

/// Every setting, in the order of the table.
pub(super) fn all(sources: &Sources<'_>, settings: &Settings, secrets: [Option<&Located>; 3]) -> Vec<Shown> {
    KEYS.iter().map(|key| one(key, sources, settings, secrets)).collect()
}

fn one(key: &Key, sources: &Sources<'_>, settings: &Settings, secrets: [Option<&Located>; 3]) -> Shown {
    let shown = |value: Option<String>, source: String| Shown { key: key.name, value, source };
    if key.form == Form::Secret {
        let located = secrets.into_iter().flatten().find(|located| located.given_by() == key.name);
        let place = located.map(|located| located.source().clone());
        let place = place.or_else(|| sources.find(key.name).map(|(_, source)| source));
        return match place {
            Some(place) => shown(Some(format!("(set, from {place})")), words(&place)),
            None => shown(None, "not set".to_owned()),
        };
    }
    if key.form == Form::Pairs {
        let givers: Vec<String> = sources.givers(key).iter().map(words).collect();
        let pairs = sources.pairs(key.name, Vec::new()).unwrap_or_default();
        let pairs: Vec<String> = pairs.iter().map(|pair| format!("{} = {}", pair.left, pair.right)).collect();
        if !givers.is_empty() {
            return shown(Some(pairs.join("; ")), givers.join(" over "));
        }
    }
    match sources.find(key.name) {
        Some((given, source)) => shown(Some(given.shown()), words(&source)),
        None => match key.default.map(str::to_owned).or_else(|| computed(key.name, settings)) {
            Some(default) => shown(Some(default), "default".to_owned()),
            None => shown(None, "not set".to_owned()),
        },
    }
}

/// Defaults that follow from other settings or from the machine.
fn computed(key: &str, settings: &Settings) -> Option<String> {
    let company = &settings.company;
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    match key {
        "company-id" => filled(&company.company_id),
        "seller-id" => company.seller_id.clone(),
        "parent-company-id" => filled(&company.parent_company_id),
        "group" => Some(settings.mapping.group.to_string()),
        "only-amount" => settings.mapping.only_amount.clone(),
        "settle" => Some(values::brief(settings.sending.settle)),
        "state" => Some(settings.places.state.display().to_string()),
        "threads" => Some(settings.threads.to_string()),
        _ => None,
    }
}

fn words(source: &Source) -> String {
    match source {
        Source::Flag(_) => format!("flag {source}"),
        Source::Environment(_) => format!("environment {source}"),
        Source::File { .. } => format!("file {source}"),
        Source::Default => source.to_string(),
    }
}
