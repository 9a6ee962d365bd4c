//! Whether an operation may be called where the settings lead: guesses of routes are not tried on real hosts unasked.
//!
//! Pure. Routes that Enkash's portal does not document are placeholders of arload's (contract 1). The one rule: on
//! another host than this one, such a route is called only after the user's own word, which is an override or
//! `allow-assumed`.

use super::account::is_loopback;
use super::{Settings, Target};
use crate::operation::Operation;
use crate::operation::routes::{Endpoint, Standing};

/// Why an operation is not called, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// What would be called where.
    pub message: String,
    /// The lines to write.
    pub hint: String,
}

/// Why an operation is not called with these settings; none if it may be.
pub fn refusal(settings: &Settings, operation: &'static Operation) -> Option<Assumed> {
    let Target::Server(base_url) = &settings.target else { return None };
    let endpoint = Endpoint::Operation(operation);
    let guessed = settings.routes.standing(endpoint) == Standing::Assumed;
    if !guessed || settings.sending.allow_assumed || is_loopback(base_url) {
        return None;
    }
    let (name, (method, path)) = (operation.name(), settings.routes.way(endpoint));
    let profile = &settings.profile;
    Some(Assumed {
        message: format!(
            "{name}: Enkash's portal names no route for it, and the guess {method} {path} is not tried on {base_url}"
        ),
        hint: format!(
            "once Enkash has told you the route, write below [profiles.{profile}.routes]: \"{name}\" = \"{method} \
             {path}\"; or write below [profiles.{profile}] to have guesses called: allow-assumed = true"
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::file::{Place, read_profile};
    use super::super::given::FlagValues;
    use super::super::layers::{Layers, Purpose};
    use super::*;

    fn settings(lines: &str) -> Settings {
        let file = read_profile(&format!("[profiles.live]\n{lines}"), Path::new("a.toml"), Place::Named, Some("live"));
        let layers = Layers {
            flags: &FlagValues::default(),
            environment: &BTreeMap::new(),
            file: Some(&file.unwrap()),
            default_state: Path::new("state"),
            purpose: Purpose::Local,
        };
        layers.settle().unwrap().settings
    }

    #[test]
    fn a_guessed_route_is_called_on_this_host_or_at_the_users_word_only() {
        let (delete, dispatch) = ("invoices delete", "invoices dispatch");
        let real = "base-url = \"https://api.example.com\"\n";
        for (lines, name, refused) in [
            (real.to_owned(), delete, true),
            (real.to_owned(), dispatch, false),
            (format!("{real}allow-assumed = true"), delete, false),
            (format!("{real}routes = {{ \"invoices delete\" = \"POST /x\" }}"), delete, false),
            (format!("{real}routes = {{ \"invoices delete\" = \"POST /x\" }}"), "reminders list", true),
            ("base-url = \"http://127.0.0.1:8087\"".to_owned(), delete, false),
            ("sandbox = true".to_owned(), delete, false),
        ] {
            let found = refusal(&settings(&lines), Operation::by_name(name).unwrap());
            assert_eq!(found.is_some(), refused, "{name} with {lines}");
        }
        let refusal = refusal(&settings(real), Operation::by_name(delete).unwrap()).unwrap();
        assert_eq!(
            refusal.message,
            "invoices delete: Enkash's portal names no route for it, and the guess POST /api/v0/invoice/bulk/delete is \
             not tried on https://api.example.com"
        );
        assert!(refusal.hint.contains("[profiles.live.routes]: \"invoices delete\" = \"POST"), "{}", refusal.hint);
    }
}
