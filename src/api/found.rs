//! What a search found: pages of records in both reply shapes of the contract (2.5, 6.4), read forgivingly.
//!
//! Pure. A record keeps every field as it came; [`Record`] answers for one field as text. Leaves what is searched for,
//! and what finding or not finding means, to [`crate::send::lookup`]. The one rule: a reply that is not beyond doubt a
//! page of records is [`SearchReading::Useless`], never an empty page.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Response;
use super::envelope::{Envelope, integer, plain_words, present, word};

/// What the answer to a search says.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchReading {
    /// A page of records.
    Page(Page),
    /// The search was put off (429, or 503 with a time): ask again later.
    Later {
        /// Whether the server asked for a slower pace (429).
        throttled: bool,
        /// What it asks to wait.
        retry_after: Option<Duration>,
        /// The server's words.
        message: String,
    },
    /// The token was not taken.
    Unauthorized {
        /// The server's words.
        message: String,
    },
    /// A fault of the server or on the way (5xx, broken off, not JSON): asking again may help.
    Broken {
        /// What is wrong.
        reason: String,
    },
    /// The search is refused, or its answer has no shape that we know: asking again does not help.
    Useless {
        /// What is wrong.
        reason: String,
    },
}

/// A page of records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The records, in the order of the reply.
    pub records: Vec<Record>,
    /// How many records match in all, where the reply says so beyond doubt.
    pub total: Option<u64>,
}

/// One record of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Record(pub Map<String, Value>);

/// Words in names of numbers beside the records that are no count of records.
const OTHER_NUMBERS: [&str; 9] = ["page", "limit", "size", "offset", "code", "amount", "time", "stamp", "version"];

/// Limit: more than any account holds; larger numbers are points in time or sums.
const LARGEST_TOTAL: u64 = 100_000_000;

impl Record {
    /// A field as text; none if it is absent, null, empty or no scalar. `{label, name}` gives its name.
    pub fn text(&self, name: &str) -> Option<String> {
        scalar(present(&self.0, name)?)
    }

    /// The objects of a list, such as the contacts of a customer; none are an empty list.
    pub fn objects(&self, name: &str) -> impl Iterator<Item = Record> {
        let list = self.0.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_object).cloned().map(Record)
    }

    /// The texts of a list; none if the field is no list.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        Some(self.0.get(name)?.as_array()?.iter().filter_map(scalar).collect())
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) => present(object, "name").and_then(word),
        Value::Bool(truth) => Some(truth.to_string()),
        value => word(value),
    }
}

/// Reads the answer to a search.
pub fn read_search(response: &Response) -> SearchReading {
    let status = response.status;
    if !response.complete {
        return broken(&format!("the answer ({status}) did not arrive whole"));
    }
    let body = serde_json::from_slice::<Value>(&response.body);
    let success = (200..300).contains(&status);
    match body {
        Ok(Value::Array(items)) if success => page(items, None),
        Ok(Value::Object(object)) => {
            let envelope = Envelope::of(object);
            match refusal(response, Some(&envelope)) {
                Some(refusal) => refusal,
                None => read_payload(envelope.payload),
            }
        }
        Ok(other) if success => useless(&format!("the answer is no page of records: {other}")),
        Err(_) if success => broken(&format!("the answer ({status}) is not readable: {}", words(response, None))),
        _ => refusal(response, None).unwrap_or_else(|| broken(&format!("the server answered {status}"))),
    }
}

/// What an answer says that is no success; none if it is one.
fn refusal(response: &Response, envelope: Option<&Envelope>) -> Option<SearchReading> {
    let (status, retry_after) = (response.status, response.retry_after);
    let success = (200..300).contains(&status);
    if success && !envelope.is_some_and(Envelope::failed) {
        return None;
    }
    let message = words(response, envelope);
    let code = envelope.and_then(|envelope| envelope.code).filter(|&code| code != 0);
    let kind = envelope.and_then(|envelope| envelope.error.as_ref()?.kind.as_deref());
    Some(match (status, code, kind) {
        (429, ..) | (200..300 | 400, Some(429), _) => SearchReading::Later { throttled: true, retry_after, message },
        (503, ..) if retry_after.is_some() => SearchReading::Later { throttled: false, retry_after, message },
        (401, ..) | (200..300 | 400, Some(401), _) | (200..300 | 400, _, Some("UNAUTHORIZED")) => {
            SearchReading::Unauthorized { message }
        }
        (408 | 500.., ..) => broken(&format!("the server answered {status}: {message}")),
        (_, Some(code @ 500..), _) => broken(&format!("the server answered code {code}: {message}")),
        (_, _, Some(kind @ ("SYSTEM_ERROR" | "UNKNOWN_ERROR" | "CLIENT_REQUEST_ABORT"))) => {
            broken(&format!("the server answered {kind}: {message}"))
        }
        _ => {
            let number = code.filter(|_| success).unwrap_or(i64::from(status));
            useless(&format!("the search was refused with {number}: {message}"))
        }
    })
}

/// Reads the payload of a successful search.
pub(super) fn read_payload(payload: Option<Value>) -> SearchReading {
    match payload {
        Some(Value::Array(items)) => page(items, None),
        Some(Value::Object(mut object)) => match object.remove("data") {
            Some(Value::Array(items)) => {
                let total = total(&object, items.len() as u64);
                page(items, total)
            }
            _ => useless("the answer has a payload, but no list of records in it"),
        },
        Some(other) => useless(&format!("the payload of the answer is no list of records: {other}")),
        None => useless("the answer says success and has no payload"),
    }
}

/// The number of matching records, if exactly one number beside the records can be it.
fn total(beside: &Map<String, Value>, records: u64) -> Option<u64> {
    let mut candidates = beside.iter().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let count = u64::try_from(integer(value)?).ok()?;
        let counts = !OTHER_NUMBERS.iter().any(|other| name.contains(other));
        (counts && (records..=LARGEST_TOTAL).contains(&count)).then_some(count)
    });
    let total = candidates.next()?;
    candidates.next().is_none().then_some(total)
}

fn page(items: Vec<Value>, total: Option<u64>) -> SearchReading {
    let mut records = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::Object(object) => records.push(Record(object)),
            other => return useless(&format!("the answer lists something that is no record: {other}")),
        }
    }
    SearchReading::Page(Page { records, total })
}

fn broken(reason: &str) -> SearchReading {
    SearchReading::Broken { reason: plain_words(reason) }
}

fn useless(reason: &str) -> SearchReading {
    SearchReading::Useless { reason: plain_words(reason) }
}

fn words(response: &Response, envelope: Option<&Envelope>) -> String {
    if let Some(words) = envelope.and_then(Envelope::words) {
        return words;
    }
    let body = String::from_utf8_lossy(&response.body);
    if body.trim().is_empty() { format!("HTTP {} without a text", response.status) } else { plain_words(&body) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, body: body.as_bytes().to_vec(), complete: true, ..Response::default() }
    }

    /// `page 2 of 7: a b`, or the kind of answer.
    fn told(response: &Response) -> String {
        match read_search(response) {
            SearchReading::Page(page) => {
                let names: Vec<String> =
                    page.records.iter().map(|record| record.text("invoiceId").unwrap_or_default()).collect();
                let total = page.total.map_or("?".to_owned(), |total| total.to_string());
                format!("page of {total}: {}", names.join(" "))
            }
            SearchReading::Later { throttled: true, retry_after, .. } => format!("throttled {retry_after:?}"),
            SearchReading::Later { throttled: false, retry_after, .. } => format!("later {retry_after:?}"),
            SearchReading::Unauthorized { .. } => "unauthorized".to_owned(),
            SearchReading::Broken { .. } => "broken".to_owned(),
            SearchReading::Useless { .. } => "useless".to_owned(),
        }
    }

    #[test]
    fn pages_are_read_in_both_shapes_and_nothing_else_is_a_page() {
        for (body, expected) in [
            // Both shapes, with and without the envelope's usual members.
            (
                r#"{"response_code":0,"response_message":"SUCCESS","payload":[{"invoiceId":"a"},{"invoiceId":"b"}]}"#,
                "page of ?: a b",
            ),
            (r#"[{"invoiceId":"a"}]"#, "page of ?: a"),
            ("[]", "page of ?: "),
            (r#"{"payload":[]}"#, "page of ?: "),
            (
                r#"{"response_code":"0","payload":{"data":[{"invoiceId":7}],"count":"3"},"errorResponse":null}"#,
                "page of 3: 7",
            ),
            (r#"{"payload":{"data":[],"count":0}}"#, "page of 0: "),
            (r#"{"payload":{"data":[]}}"#, "page of ?: "),
            // A count of unknown name counts only where nothing else can be it.
            (
                r#"{"payload":{"data":[{}],"totalElements":12,"pageSize":50,"pageNumber":1,"totalPages":1}}"#,
                "page of 12: ",
            ),
            (r#"{"payload":{"data":[{}],"count":12,"found":13}}"#, "page of ?: "),
            (r#"{"payload":{"data":[{},{}],"count":1}}"#, "page of ?:  "),
            (r#"{"payload":{"data":[{}],"total":1.0}}"#, "page of 1: "),
            (r#"{"payload":{"data":[{}],"total":1.5}}"#, "page of ?: "),
            (r#"{"payload":{"data":[{}],"totalAmount":118,"asOf":1795329000000}}"#, "page of ?: "),
            (r#"{"payload":{"data":[{}],"count":-1,"more":true}}"#, "page of ?: "),
            (r#"{"payload":{"data":[{}],"count":99999999999999999999999}}"#, "page of ?: "),
            // Success without a list is no empty page.
            (r#"{"response_code":0,"response_message":"SUCCESS","payload":null}"#, "useless"),
            (r#"{"response_code":0,"response_message":"SUCCESS"}"#, "useless"),
            (r#"{"payload":""}"#, "useless"),
            (r#"{"payload":{}}"#, "useless"),
            (r#"{"payload":{"data":null,"count":0}}"#, "useless"),
            (r#"{"payload":{"data":{"content":[]}}}"#, "useless"),
            (r#"{"payload":"no records"}"#, "useless"),
            (r#"{"payload":7}"#, "useless"),
            (r#"{"data":[]}"#, "useless"),
            ("{}", "useless"),
            ("null", "useless"),
            ("true", "useless"),
            (r#"[{"invoiceId":"a"},null]"#, "useless"),
            (r#"{"payload":["a"]}"#, "useless"),
            (r#"{"payload":{"data":[[1]]}}"#, "useless"),
            // Failures in a 200.
            (r#"{"response_code":1,"payload":[]}"#, "useless"),
            (r#"{"response_code":"422","payload":"createdOnFrom: bad"}"#, "useless"),
            (r#"{"response_message":"FAILURE","payload":"not allowed"}"#, "useless"),
            (r#"{"response_code":"E101","payload":[]}"#, "useless"),
            (r#"{"errorResponse":{"errorType":"INVALID_ACCESS"},"payload":[]}"#, "useless"),
            (r#"{"response_code":401}"#, "unauthorized"),
            (r#"{"errorResponse":{"errorType":"UNAUTHORIZED"}}"#, "unauthorized"),
            (r#"{"response_code":429}"#, "throttled None"),
            (r#"{"response_code":500}"#, "broken"),
            (r#"{"errorResponse":{"errorType":"SYSTEM_ERROR"}}"#, "broken"),
            // No JSON.
            ("<html><body>maintenance</body></html>", "broken"),
            ("", "broken"),
            (r#"[{"invoiceId":"a"}"#, "broken"),
            (r#"[{"invoiceId":"a"}] trailing"#, "broken"),
        ] {
            assert_eq!(told(&answer(200, body)), expected, "{body}");
        }
    }

    #[test]
    fn a_status_decides_whether_asking_again_helps() {
        let page = r#"{"payload":[]}"#;
        for (status, body, expected) in [
            (201, page, "page of ?: "),
            (204, "", "broken"),
            (302, page, "useless"),
            (400, r#"{"payload":"bad"}"#, "useless"),
            (400, r#"{"response_code":429}"#, "throttled None"),
            (401, "<html>", "unauthorized"),
            (403, page, "useless"),
            (404, "<html>", "useless"),
            (408, "", "broken"),
            (422, page, "useless"),
            (429, "", "throttled None"),
            (429, page, "throttled None"),
            (500, page, "broken"),
            (502, "<html>", "broken"),
            (503, page, "broken"),
            (504, "", "broken"),
            (599, "[]", "broken"),
        ] {
            assert_eq!(told(&answer(status, body)), expected, "{status} {body}");
        }
        let asked = |status| Response { retry_after: Some(Duration::from_secs(3)), ..answer(status, "") };
        assert_eq!(told(&asked(429)), "throttled Some(3s)");
        assert_eq!(told(&asked(503)), "later Some(3s)");
        assert_eq!(told(&asked(500)), "broken");
        assert_eq!(told(&Response { complete: false, ..answer(200, "[]") }), "broken");
    }

    #[test]
    fn reasons_are_the_servers_words_cut_and_harmless() {
        let reason = |response: &Response| match read_search(response) {
            SearchReading::Useless { reason } | SearchReading::Broken { reason } => reason,
            other => panic!("{other:?}"),
        };
        let refused = answer(422, r#"{"response_code":1,"errorResponse":{"errorMessage":"limit:\u0007 too large"}}"#);
        assert_eq!(reason(&refused), "the search was refused with 422: limit:\\u{7} too large");
        assert_eq!(reason(&answer(200, r#"{"response_code":412}"#)).lines().count(), 1);
        assert!(reason(&answer(200, &"<p>".repeat(10_000))).chars().count() <= 501);
        assert!(reason(&answer(200, &format!("[{}]", "[1],".repeat(9_999) + "1"))).chars().count() <= 501);
    }

    #[test]
    fn fields_are_read_as_text_and_amounts_keep_their_digits() {
        let body = r#"[{"net":123456789012345678901234567890.12,"tiny":0.10,"text":" a ","none":null,"empty":"",
            "status":{"name":"UNPAID","label":"Unpaid"},"odd":{"label":"x"},"yes":true,"list":["b",7,null],"of":[{"a":1},2]}]"#;
        let SearchReading::Page(page) = read_search(&answer(200, body)) else { panic!("no page") };
        let record = &page.records[0];
        for (name, expected) in [
            ("net", Some("123456789012345678901234567890.12")),
            ("tiny", Some("0.10")),
            ("text", Some("a")),
            ("none", None),
            ("empty", None),
            ("absent", None),
            ("status", Some("UNPAID")),
            ("odd", None),
            ("yes", Some("true")),
            ("list", None),
        ] {
            assert_eq!(record.text(name).as_deref(), expected, "{name}");
        }
        assert_eq!(record.texts("list"), Some(vec!["b".to_owned(), "7".to_owned()]));
        assert_eq!(record.texts("text"), None);
        assert_eq!(record.objects("of").count(), 1);
        assert_eq!(record.0["status"], json!({"name": "UNPAID", "label": "Unpaid"}));
    }
}
