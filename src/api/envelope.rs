//! The envelope of replies (contract 2.2) and the forgiving way its values are read.
//!
//! Owns what counts as absent (missing, null, an empty string), numbers written as text, and the cutting of server
//! words for messages. Leaves what an envelope means to [`super::reply`]. The one rule: nothing the server wrote
//! reaches a message unescaped or longer than 500 characters.

use std::borrow::Cow;

use memchr::memmem;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::finding::commands;

/// Limit: enough for any sentence, too little for a page of HTML to drown a report.
const WORDS: usize = 500;

/// A reply's envelope; every part may be absent.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub(super) code: Option<i64>,
    /// A code that is no whole number, and so none that means success.
    pub(super) odd_code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) payload: Option<Value>,
    pub(super) error: Option<ErrorResponse>,
}

/// The `errorResponse` of an envelope, once it says anything.
#[derive(Debug, Default)]
pub(super) struct ErrorResponse {
    pub(super) kind: Option<String>,
    pub(super) message: Option<String>,
    pub(super) details: Option<String>,
}

impl Envelope {
    /// Reads an envelope; none where the body is no JSON object.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return None };
        Some(Self::of(object))
    }

    /// The same of an object that was read already.
    pub(super) fn of(mut object: Map<String, Value>) -> Self {
        let code = present(&object, "response_code");
        Self {
            code: code.and_then(integer),
            odd_code: code.filter(|code| integer(code).is_none()).map(|code| plain_words(&shown(code))),
            message: present(&object, "response_message").and_then(word),
            error: present(&object, "errorResponse").and_then(ErrorResponse::read),
            payload: object.remove("payload").filter(|payload| !is_absent(payload)),
        }
    }

    /// The success test of contract 2.3, as far as the body goes.
    pub(super) fn failed(&self) -> bool {
        const FAILURES: [&str; 3] = ["FAILURE", "FAILED", "ERROR"];
        let is_failure = |message: &str| FAILURES.iter().any(|word| message.eq_ignore_ascii_case(word));
        self.error.is_some()
            || self.code.is_some_and(|code| code != 0)
            || self.odd_code.is_some()
            || self.message.as_deref().is_some_and(is_failure)
    }

    /// Whether it says anything that only the API's own envelopes say; a gateway's JSON does not.
    pub(super) fn speaks(&self) -> bool {
        self.code.is_some()
            || self.odd_code.is_some()
            || self.message.is_some()
            || self.error.is_some()
            || self.payload.is_some()
    }

    /// The server's best words for a failure, fit for a message.
    pub(super) fn words(&self) -> Option<String> {
        self.words_uncut().map(|words| plain_words(&words))
    }

    /// The same as they came; whoever takes them makes them fit.
    pub(super) fn words_uncut(&self) -> Option<String> {
        let error = self.error.as_ref();
        let plain_payload = self.payload.as_ref().and_then(Value::as_str).map(str::to_owned);
        let mut words = error
            .and_then(|error| error.message.clone())
            .or(plain_payload)
            .or_else(|| self.message.clone())
            .or_else(|| error.and_then(|error| error.kind.clone()))?;
        if let Some(details) = error.and_then(|error| error.details.as_deref()) {
            words.push_str("; ");
            words.push_str(details);
        }
        Some(words)
    }
}

impl ErrorResponse {
    /// None for an object in which every field is absent: an empty shell says nothing.
    fn read(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else {
            return Some(Self { message: Some(value.to_string()), ..Self::default() });
        };
        if object.values().all(is_absent) {
            return None;
        }
        Some(Self {
            kind: present(object, "errorType").and_then(word),
            message: present(object, "errorMessage").map(shown),
            details: present(object, "apiSubErrors")
                .filter(|list| list.as_array().is_none_or(|list| !list.is_empty()))
                .map(shown),
        })
    }
}

/// The server's name for the request, from `errorResponse`.
pub(super) fn request_id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Outer {
        #[serde(rename = "errorResponse")]
        error: Option<Inner>,
    }
    #[derive(Deserialize)]
    struct Inner {
        #[serde(rename = "requestId")]
        request_id: Option<Value>,
    }
    // A body of a thousand rows is not read once more for a name that it does not hold, not even in another spelling.
    if memmem::find(body, b"requestId").is_none() && memchr::memchr(b'\\', body).is_none() {
        return None;
    }
    let outer: Outer = serde_json::from_slice(body).ok()?;
    word(&outer.error?.request_id?).map(|id| plain_words(&id))
}

/// The value of a key, unless it is absent, null or an empty string, which are the same thing.
pub(super) fn present<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !is_absent(value))
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A whole number, written as a number or as text, `3.0` included.
pub(super) fn integer(value: &Value) -> Option<i64> {
    let text = lent_word(value)?;
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return None,
        None => &*text,
    };
    whole.parse().ok()
}

/// The text of a string or number; nothing for other values.
pub(super) fn word(value: &Value) -> Option<String> {
    lent_word(value).map(Cow::into_owned)
}

/// The same, copied only where it must be.
pub(super) fn lent_word(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.trim())).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// Any value as text: strings bare, the rest as JSON.
pub(super) fn shown(value: &Value) -> String {
    word(value).unwrap_or_else(|| value.to_string())
}

/// The first 500 characters of the server's words, control characters escaped.
pub(super) fn plain_words(text: &str) -> String {
    let mut plain = String::with_capacity(text.len().min(WORDS));
    for (count, character) in text.trim().chars().enumerate() {
        if count == WORDS {
            plain.push('…');
            break;
        }
        if commands(character) {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_read_from_numbers_and_text() {
        for (value, expected) in [
            (json!(3), Some(3)),
            (json!("3"), Some(3)),
            (json!(" 3 "), Some(3)),
            (json!("3.0"), Some(3)),
            (json!(-1), Some(-1)),
            (json!(3.5), None),
            (json!("three"), None),
            (json!(true), None),
            (json!([3]), None),
            (json!("99999999999999999999"), None),
        ] {
            assert_eq!(integer(&value), expected, "{value}");
        }
    }

    #[test]
    fn a_failed_envelope_is_told_from_a_good_one() {
        for (body, failed) in [
            (json!({}), false),
            (json!({"response_code": 0, "response_message": "SUCCESS", "errorResponse": null}), false),
            (json!({"response_code": "0"}), false),
            (json!({"errorResponse": {"errorMessage": null, "errorType": ""}}), false),
            (json!({"response_code": 1}), true),
            (json!({"response_code": "422"}), true),
            (json!({"response_code": "E101"}), true),
            (json!({"response_code": "0.0"}), false),
            (json!({"response_message": "FAILURE"}), true),
            (json!({"response_code": 0, "errorResponse": {"errorType": "VALIDATION_ERROR"}}), true),
            (json!({"errorResponse": "no"}), true),
        ] {
            let envelope = Envelope::read(body.to_string().as_bytes()).unwrap();
            assert_eq!(envelope.failed(), failed, "{body}");
        }
    }

    #[test]
    fn server_words_are_cut_and_harmless() {
        assert_eq!(plain_words(" a\u{7}b "), "a\\u{7}b");
        assert_eq!(plain_words(&"é".repeat(600)).chars().count(), 501);
        let body = br#"{"errorResponse":{"requestId":"r\u0000-1"}}"#;
        assert_eq!(request_id(body).as_deref(), Some("r\\u{0}-1"));
        assert_eq!(request_id(b"<html>"), None);
    }
}
