//! The pace that was allowed when a run was planned, kept with its plan so that its page can show it.
//!
//! Kept as a key of the settings of the run, which a ledger of before simply lacks. The one rule: it is no part of what
//! makes two runs the same, because it changes no row.

use serde_json::{Map, Value, json};

/// The key in the settings of a run: requests a second.
const KEY: &str = "rate";

/// The settings of a run with the rate beside them.
pub(super) fn beside(settings: &str, rate: f64) -> String {
    let Ok(mut kept) = serde_json::from_str::<Map<String, Value>>(settings) else { return settings.to_owned() };
    kept.insert(KEY.to_owned(), json!(rate));
    Value::Object(kept).to_string()
}

/// The rate that the settings of a stored run name.
pub(super) fn of(settings: &str) -> Option<f64> {
    let settings: Map<String, Value> = serde_json::from_str(settings).ok()?;
    settings.get(KEY)?.as_f64().filter(|rate| *rate > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_comes_back_from_the_settings_of_the_run() {
        for rate in [5.0, 0.25, 1000.0] {
            assert_eq!(of(&beside("{\"company\":\"CEK\"}", rate)), Some(rate));
        }
        for settings in ["", "[]", "{}", "{\"rate\":\"fast\"}", "{\"rate\":0}", "{\"rate\":null}"] {
            assert_eq!(of(settings), None, "{settings}");
        }
    }
}
