//! Requests on routes that the user's settings name, led back to the contract's.
//!
//! The rest of the sandbox knows the contract's routes only. The rule: method and path change, the query and the body
//! stay as they came, and what is not on such a route is left alone.

use axum::http::request::Parts;
use axum::http::{Method, Uri, uri::PathAndQuery};

use crate::operation::routes::Routes;

/// Makes the request one of the contract, where its route is one of the user's.
pub(super) fn lead_back(routes: &Routes, parts: &mut Parts) {
    let Some((method, mut path)) = routes.default_path(parts.method.as_str(), parts.uri.path()) else { return };
    if let Some(query) = parts.uri.query() {
        path = format!("{path}?{query}");
    }
    let mut pieces = parts.uri.clone().into_parts();
    pieces.path_and_query = PathAndQuery::try_from(path).ok();
    let method = Method::from_bytes(method.as_str().as_bytes());
    if let (Ok(method), Ok(uri)) = (method, Uri::from_parts(pieces)) {
        (parts.method, parts.uri) = (method, uri);
    }
}
