//! Which route a request is for: the operations' own, the two searches and the log-in.
//!
//! Owns finding it and taking ids out of its path. A literal path wins over one with ids, so that `customer/search` is
//! never a customer. The one rule: a path that is known with other methods is told apart from one that is not.

use axum::http::Method;

use super::store::Resource;
use crate::operation::{ALL, Operation};

/// What is searched where (contract 5.3, 6.4), and the log-in.
const LOG_IN: &str = "/oauth/token";
const SEARCHES: [(&str, Resource); 2] =
    [("/api/v0/invoice/search", Resource::Invoices), ("/api/v0/customer/search", Resource::Customers)];

/// A route that the sandbox serves, or why it serves none.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Route {
    /// The log-in.
    LogIn,
    /// A search.
    Search(Resource),
    /// An operation.
    Work(&'static Operation),
    /// The path is known, but with these methods only.
    WrongMethod(Vec<&'static str>),
    /// There is no such path.
    Unknown,
}

impl Route {
    /// The route of a request.
    pub(super) fn of(method: &Method, path: &str) -> Route {
        let posted = |route: Route| if method == Method::POST { route } else { Route::WrongMethod(vec!["POST"]) };
        if path == LOG_IN {
            return posted(Route::LogIn);
        }
        if let Some((_, resource)) = SEARCHES.iter().find(|(search, _)| *search == path) {
            return posted(Route::Search(*resource));
        }
        let literal = ALL.iter().any(|operation| operation.route.path == path);
        let fits = |operation: &&&Operation| {
            if literal { operation.route.path == path } else { operation.route.matches(path) }
        };
        let methods = || ALL.iter().filter(|operation| fits(&operation));
        match methods().find(|operation| operation.route.method.as_str() == method.as_str()) {
            Some(operation) => Route::Work(operation),
            None if methods().next().is_none() => Route::Unknown,
            None => Route::WrongMethod(methods().map(|operation| operation.route.method.as_str()).collect()),
        }
    }

    /// Its path as settings and counts name it: ids stand as their field.
    pub(super) fn pattern<'p>(&self, path: &'p str) -> &'p str {
        match self {
            Route::Work(operation) => operation.route.path,
            _ => path,
        }
    }

    /// Method and path as they are counted; of those that there are not, only that they came.
    pub(super) fn name(&self, path: &str) -> String {
        match self {
            Route::Work(operation) => format!("{} {}", operation.route.method, operation.route.path),
            Route::LogIn | Route::Search(_) => format!("POST {path}"),
            Route::WrongMethod(_) | Route::Unknown => "unknown".to_owned(),
        }
    }

    /// Whether it is served.
    pub(super) fn known(&self) -> bool {
        !matches!(self, Route::WrongMethod(_) | Route::Unknown)
    }

    /// Whether files are uploaded to it.
    pub(super) fn is_upload(&self) -> bool {
        matches!(self, Route::Work(operation) if operation.is_upload())
    }
}

/// The id that a path has for a field of its operation; empty where the field is not in the path.
pub(super) fn id(operation: &Operation, path: &str, field: &str) -> String {
    let segments = operation.route.path.split('/').zip(path.split('/'));
    let named = |pattern: &str| pattern.strip_prefix('{').and_then(|name| name.strip_suffix('}')) == Some(field);
    segments.into_iter().find(|(pattern, _)| named(pattern)).map_or_else(String::new, |(_, segment)| decoded(segment))
}

/// A segment of a path without its escapes.
fn decoded(segment: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(segment.len()), segment.as_bytes());
    while let [first, tail @ ..] = rest {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        if let (b'%', Some(byte)) = (first, tail.get(..2).and_then(hex)) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_method_and_path() {
        for operation in ALL {
            let path = operation.route.path.replace("{customerId}", "KC1").replace("{invoiceId}", "a%20b");
            let path = path.replace("{customerReminderId}", "R%2F1");
            let method: Method = operation.route.method.as_str().parse().unwrap();
            let Route::Work(found) = Route::of(&method, &path) else { panic!("{path}") };
            assert_eq!(found.route, operation.route, "{path}");
            let expected = |field: &str, id: &str| {
                let there = operation.route.path_fields().any(|name| name == field);
                if there { id.to_owned() } else { String::new() }
            };
            assert_eq!(id(found, &path, "invoiceId"), expected("invoiceId", "a b"));
            assert_eq!(id(found, &path, "customerReminderId"), expected("customerReminderId", "R/1"));
        }
    }

    #[test]
    fn a_literal_path_is_no_id_and_other_methods_are_named() {
        for (method, path, expected) in [
            (Method::DELETE, "/api/v0/customer/search", Route::WrongMethod(vec!["POST"])),
            (Method::PATCH, "/api/v0/customer/bulk", Route::WrongMethod(vec!["POST"])),
            (Method::GET, "/oauth/token", Route::WrongMethod(vec!["POST"])),
            (Method::PUT, "/api/v0/invoice/CIN1", Route::WrongMethod(vec!["PATCH", "GET"])),
            (Method::GET, "/api/v0/invoices", Route::Unknown),
            (Method::GET, "/api/v0/invoice/", Route::Unknown),
        ] {
            assert_eq!(Route::of(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn escapes_are_taken_out_of_ids() {
        for (segment, expected) in
            [("a%2Fb", "a/b"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%C3%A9", "é"), ("+", "+")]
        {
            assert_eq!(decoded(segment), expected);
        }
    }
}
