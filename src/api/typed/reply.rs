//! An answer that says success: what stands around its payload, and the payload by its type.

use serde_json::Value;

use super::values::FromWire;

/// A successful answer. The API may send its payload, a plain sentence in its place, or nothing (contract 2.2): a
/// success with an unexpected payload is still one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reply<P> {
    /// HTTP status.
    pub status: u16,
    /// The envelope's `response_code`, where it has one.
    pub code: Option<i64>,
    /// The envelope's `response_message`.
    pub message: Option<String>,
    /// The server's name for the request, from a header or the envelope.
    pub request_id: Option<String>,
    /// What the API sent.
    pub payload: Option<P>,
}

/// A payload where a record was hoped for.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload<T> {
    /// The record.
    Record(T),
    /// Something else, such as a plain sentence, as it came.
    Other(Value),
}

impl<T> Reply<Payload<T>> {
    /// The record, where the API sent one.
    pub fn record(self) -> Option<T> {
        match self.payload? {
            Payload::Record(record) => Some(record),
            Payload::Other(_) => None,
        }
    }

    /// The API's sentence in place of a record.
    pub fn text(&self) -> Option<&str> {
        match self.payload.as_ref()? {
            Payload::Record(_) => None,
            Payload::Other(value) => value.as_str(),
        }
    }
}

impl Reply<Value> {
    /// The same with the payload by its type.
    pub(super) fn typed<T: FromWire>(self) -> Reply<Payload<T>> {
        self.map(|value| T::read(&value).map_or(Payload::Other(value), Payload::Record))
    }

    /// The same where the payload is a list, bare or under `data`, as searches have it.
    pub(super) fn listed<T: FromWire>(self) -> Reply<Payload<Vec<T>>> {
        self.map(|value| {
            let list = if value.is_array() { Some(&value) } else { value.get("data") };
            list.and_then(Vec::read).map_or(Payload::Other(value.clone()), Payload::Record)
        })
    }

    fn map<P>(self, read: impl FnOnce(Value) -> P) -> Reply<P> {
        Reply {
            status: self.status,
            code: self.code,
            message: self.message,
            request_id: self.request_id,
            payload: self.payload.map(read),
        }
    }
}
