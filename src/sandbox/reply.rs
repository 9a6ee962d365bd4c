//! Replies of the sandbox: the envelope of contract 2.2, refusals in each of the switchable styles.
//!
//! Owns what a reply looks like; what it says is decided elsewhere. Every reply of an API route is made here.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::settings::{BusinessFailure, ErrorBody, FailurePayload, ReplySettings, SuccessError};

/// A reply before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// HTTP status.
    pub(super) status: u16,
    /// Media type of the body.
    pub(super) media_type: &'static str,
    /// Seconds that a `Retry-After` header is to ask for; [`super::spoil::dress`] writes it.
    pub(super) retry_after_s: Option<u64>,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(super) body: String,
    /// Rows that were stored or changed on the way.
    pub(super) rows: usize,
}

/// Why a request is refused, in the API's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What kind of refusal it is.
    pub(super) kind: RefusalKind,
    /// For a person.
    pub(super) message: String,
    /// Rows that were stored all the same.
    pub(super) rows: usize,
}

/// The kinds of refusal, each with a status and an `errorType` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusalKind {
    /// The request cannot be read.
    Unreadable,
    /// The request can be read and asks for something wrong.
    Invalid,
    /// The token is missing, wrong or expired.
    Unauthorized,
    /// The record is another company's.
    Forbidden,
    /// There is no such route or record.
    NotFound,
    /// There is such a path, but not with this method.
    WrongMethod,
    /// The body is longer than is read.
    TooLarge,
    /// Too many requests.
    TooMany,
    /// The sandbox's own fault, or one on purpose.
    Broken,
    /// Not now.
    Unavailable,
}

impl Refusal {
    /// A refusal of a request that cannot be read.
    pub(super) fn unreadable(message: impl Into<String>) -> Refusal {
        Refusal::new(RefusalKind::Unreadable, message)
    }

    /// A refusal of a request that asks for something wrong.
    pub(super) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(RefusalKind::Invalid, message)
    }

    /// A refusal of a request for a record that there is not.
    pub(super) fn missing(message: impl Into<String>) -> Refusal {
        Refusal::new(RefusalKind::NotFound, message)
    }

    /// A refusal of any kind.
    pub(super) fn new(kind: RefusalKind, message: impl Into<String>) -> Refusal {
        Refusal { kind, message: message.into(), rows: 0 }
    }
}

impl RefusalKind {
    fn status(self, settings: &ReplySettings) -> u16 {
        match self {
            RefusalKind::Unreadable => 400,
            RefusalKind::Invalid => settings.validation_status,
            RefusalKind::Unauthorized => 401,
            RefusalKind::Forbidden => 403,
            RefusalKind::NotFound => 404,
            RefusalKind::WrongMethod => 405,
            RefusalKind::TooLarge => 413,
            RefusalKind::TooMany => 429,
            RefusalKind::Broken => 500,
            RefusalKind::Unavailable => 503,
        }
    }

    fn error_type(self) -> Option<&'static str> {
        match self {
            RefusalKind::Unreadable | RefusalKind::TooLarge | RefusalKind::WrongMethod => Some("CLIENT_REQUEST_ERROR"),
            RefusalKind::Forbidden => Some("INVALID_ACCESS"),
            RefusalKind::Invalid => Some("VALIDATION_ERROR"),
            RefusalKind::Unauthorized => Some("UNAUTHORIZED"),
            RefusalKind::NotFound => Some("RECORD_NOT_FOUND"),
            RefusalKind::TooMany | RefusalKind::Unavailable => None,
            RefusalKind::Broken => Some("SYSTEM_ERROR"),
        }
    }
}

/// The time a reply is made at and the number it goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    /// When.
    pub(super) now: Timestamp,
    /// Which request, for its `requestId`.
    pub(super) request: u64,
}

impl Reply {
    /// A reply of JSON.
    pub(super) fn json(status: u16, body: &Value) -> Reply {
        Reply { media_type: "application/json", body: body.to_string(), ..Reply::page(status, "") }
    }

    /// A gateway's page.
    pub(super) fn page(status: u16, title: &str) -> Reply {
        let body = format!("<html><body><h1>{status} {title}</h1></body></html>");
        Reply { status, media_type: "text/html", retry_after_s: None, headers: Vec::new(), body, rows: 0 }
    }

    /// Success with a payload.
    pub(super) fn success(settings: &ReplySettings, payload: Value) -> Reply {
        let mut envelope = Map::new();
        envelope.insert("response_code".to_owned(), json!(0));
        envelope.insert("response_message".to_owned(), json!("SUCCESS"));
        envelope.insert("payload".to_owned(), payload);
        if settings.error_response_on_success == SuccessError::Null {
            envelope.insert("errorResponse".to_owned(), Value::Null);
        }
        Reply::json(settings.success_status, &Value::Object(envelope))
    }

    /// A refusal, in the style that is set.
    pub(super) fn refusal(settings: &ReplySettings, refusal: &Refusal, stamp: Stamp) -> Reply {
        Reply { rows: refusal.rows, ..Reply::refused(settings, refusal, stamp) }
    }

    fn refused(settings: &ReplySettings, refusal: &Refusal, stamp: Stamp) -> Reply {
        let status = refusal.kind.status(settings);
        let style = match refusal.kind {
            RefusalKind::Invalid => settings.business_failure,
            _ => BusinessFailure::Status,
        };
        if style == BusinessFailure::Status {
            match settings.error_body {
                ErrorBody::Envelope => {}
                ErrorBody::Html => return Reply::page(status, "Refused"),
                ErrorBody::Empty => return Reply { body: String::new(), ..Reply::page(status, "") },
            }
        }
        let mut envelope = Map::new();
        if style != BusinessFailure::Message {
            envelope.insert("response_code".to_owned(), json!(status));
            envelope.insert("errorResponse".to_owned(), error_response(refusal, stamp));
        }
        envelope.insert("response_message".to_owned(), json!("FAILURE"));
        if settings.failure_payload == FailurePayload::Text {
            envelope.insert("payload".to_owned(), json!(refusal.message));
        }
        Reply::json(if style == BusinessFailure::Status { status } else { 200 }, &Value::Object(envelope))
    }
}

fn error_response(refusal: &Refusal, stamp: Stamp) -> Value {
    let mut error = Map::new();
    if let Some(error_type) = refusal.kind.error_type() {
        error.insert("errorType".to_owned(), json!(error_type));
    }
    error.insert("errorMessage".to_owned(), json!(refusal.message));
    error.insert("apiSubErrors".to_owned(), json!([]));
    error.insert("requestId".to_owned(), json!(format!("sandbox-{:08}", stamp.request)));
    error.insert("timestamp".to_owned(), json!(local_stamp(stamp.now)));
    Value::Object(error)
}

/// A time as `yyyy-MM-dd HH:mm:ss` in India, the form and likely zone of the API's own stamps.
pub(super) fn local_stamp(time: Timestamp) -> String {
    // Limit: India is five and a half hours ahead of UTC all year.
    let india = jiff::tz::Offset::from_seconds(19_800).expect("five and a half hours are a valid offset");
    india.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [("content-type", self.media_type)], self.body).into_response();
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
