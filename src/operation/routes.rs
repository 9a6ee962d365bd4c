//! Every endpoint with the route in force: the table's own, or the one that the user's settings put in its place.
//!
//! Owns what an override may say and which endpoints there are: all operations, both searches and the log-in. Leaves
//! reading settings to [`crate::config`] and sending to [`crate::api`]. The one rule: an override changes where a request
//! goes and never what is in it, so its path names exactly the fields that the table's path names.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ALL, Method, Operation};
use crate::finding::quote;

// Limit: no route of the contract has a hundred characters; servers refuse addresses of several thousand.
const LONGEST_PATH: usize = 500;

/// Something that requests go to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Endpoint {
    /// An operation on sheets.
    Operation(&'static Operation),
    /// The search for invoices.
    InvoiceSearch,
    /// The search for customers.
    CustomerSearch,
    /// The log-in.
    Token,
}

impl Endpoint {
    /// All, operations first.
    pub fn all() -> impl Iterator<Item = Endpoint> {
        let others = [Endpoint::InvoiceSearch, Endpoint::CustomerSearch, Endpoint::Token];
        ALL.iter().map(Endpoint::Operation).chain(others)
    }

    /// The endpoint of a name.
    pub fn by_name(name: &str) -> Option<Endpoint> {
        Self::all().find(|endpoint| endpoint.name() == name)
    }

    /// The name in settings and messages: `invoices delete`, `invoices search`, `token`.
    pub fn name(self) -> String {
        match self {
            Endpoint::Operation(operation) => operation.name(),
            Endpoint::InvoiceSearch => "invoices search".to_owned(),
            Endpoint::CustomerSearch => "customers search".to_owned(),
            Endpoint::Token => "token".to_owned(),
        }
    }

    /// Method and path of the contract, documented or guessed.
    pub fn default_way(self) -> (Method, &'static str) {
        match self {
            Endpoint::Operation(operation) => (operation.route.method, operation.route.path),
            Endpoint::InvoiceSearch => (Method::Post, "/api/v0/invoice/search"),
            Endpoint::CustomerSearch => (Method::Post, "/api/v0/customer/search"),
            Endpoint::Token => (Method::Post, "/oauth/token"),
        }
    }

    /// Whether the portal documents the default way.
    pub fn documented(self) -> bool {
        match self {
            Endpoint::Operation(operation) => operation.route.documented,
            _ => true,
        }
    }

    /// Why a method cannot be used here.
    fn refuses(self, method: Method) -> Option<&'static str> {
        match self {
            Endpoint::Operation(operation) if method == Method::Get && !operation.reads() => {
                Some("GET is for reading only, and this changes something")
            }
            Endpoint::Operation(_) => None,
            _ if method != Method::Post => Some("this is a POST always"),
            _ => None,
        }
    }
}

/// How sure a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The portal documents it.
    Documented,
    /// It is a guess of arload's (contract 1).
    Assumed,
    /// The user's settings say so.
    Own,
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Standing::Documented => "documented",
            Standing::Assumed => "assumed",
            Standing::Own => "yours",
        })
    }
}

/// The routes in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Routes {
    /// Checked overrides, by the name of their endpoint.
    own: BTreeMap<String, (Method, String)>,
}

impl Routes {
    /// Puts a route such as `POST /api/v0/invoice/bulk/delete` in the place of an endpoint's own, or says what is wrong
    /// with it.
    pub fn put(&mut self, name: &str, route: &str) -> Result<(), String> {
        let endpoint = Endpoint::by_name(name).ok_or_else(|| {
            format!("{} is nothing that has a route; \"arload config show --routes\" lists them", quote(name))
        })?;
        let way = parse(endpoint, route).map_err(|what| {
            let (method, path) = endpoint.default_way();
            format!("{}: {} {what}; expected a form like \"{method} {path}\"", quote(name), quote(route))
        })?;
        self.own.insert(endpoint.name(), way);
        Ok(())
    }

    /// Method and path of an endpoint.
    pub fn way(&self, endpoint: Endpoint) -> (Method, &str) {
        match self.own.get(&endpoint.name()) {
            Some((method, path)) => (*method, path),
            None => endpoint.default_way(),
        }
    }

    /// How sure the route of an endpoint is.
    pub fn standing(&self, endpoint: Endpoint) -> Standing {
        match endpoint {
            _ if self.own.contains_key(&endpoint.name()) => Standing::Own,
            _ if endpoint.documented() => Standing::Documented,
            _ => Standing::Assumed,
        }
    }

    /// The contract's path for one on the wire that an override leads to, for a server that knows only the contract.
    pub fn default_path(&self, method: &str, path: &str) -> Option<(Method, String)> {
        self.own.iter().find_map(|(name, (own_method, own))| {
            let values = values_of(own, path).filter(|_| own_method.as_str() == method)?;
            let (method, default) = Endpoint::by_name(name)?.default_way();
            let filled = default.split('/').map(|segment| values.get(segment).copied().unwrap_or(segment));
            Some((method, filled.collect::<Vec<_>>().join("/")))
        })
    }
}

/// What stands on the wire for each `{field}` of a pattern; none where the path is of another route.
fn values_of<'p>(pattern: &'p str, path: &'p str) -> Option<BTreeMap<&'p str, &'p str>> {
    let (ours, theirs) = (pattern.split('/'), path.split('/'));
    if ours.clone().count() != theirs.clone().count() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (our, their) in ours.zip(theirs) {
        if our.starts_with('{') && !their.is_empty() {
            values.insert(our, their);
        } else if our != their {
            return None;
        }
    }
    Some(values)
}

fn parse(endpoint: Endpoint, text: &str) -> Result<(Method, String), String> {
    let mut words = text.split_whitespace();
    let (Some(word), Some(path), None) = (words.next(), words.next(), words.next()) else {
        return Err("is not a method and a path".to_owned());
    };
    let method = Method::ALL.into_iter().find(|method| method.as_str() == word);
    let method = method.ok_or_else(|| "does not begin with GET, POST, PUT, PATCH or DELETE".to_owned())?;
    if let Some(why) = endpoint.refuses(method) {
        return Err(format!("cannot be used: {why}"));
    }
    let Some(inner) = path.strip_prefix('/') else { return Err("has a path that does not begin with /".to_owned()) };
    if path.len() > LONGEST_PATH {
        return Err(format!("has a path of more than {LONGEST_PATH} characters"));
    }
    let mut fields = Vec::new();
    for segment in inner.split('/') {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => fields.push(name),
            None if matches!(segment, "" | "." | "..") || !segment.bytes().all(in_segment) => {
                return Err(format!("has the part {} in its path, which no address may have", quote(segment)));
            }
            None => {}
        }
    }
    let mut wanted: Vec<&str> = match endpoint {
        Endpoint::Operation(operation) => operation.route.path_fields().collect(),
        _ => Vec::new(),
    };
    wanted.sort_unstable();
    fields.sort_unstable();
    if fields != wanted {
        return Err(match wanted.as_slice() {
            [] => "has a field in braces, and this path has none".to_owned(),
            names => format!("must name {{{}}}, each once, and no other field in braces", names.join("}, {")),
        });
    }
    Ok((method, path.to_owned()))
}

/// What a path segment may hold unescaped (RFC 3986), and `%` of an escape.
fn in_segment(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte)
}

impl TryFrom<BTreeMap<String, String>> for Routes {
    type Error = String;

    fn try_from(texts: BTreeMap<String, String>) -> Result<Self, String> {
        let mut routes = Routes::default();
        for (name, route) in texts {
            routes.put(&name, &route)?;
        }
        Ok(routes)
    }
}

impl From<Routes> for BTreeMap<String, String> {
    fn from(routes: Routes) -> Self {
        routes.own.into_iter().map(|(name, (method, path))| (name, format!("{method} {path}"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_stands_in_the_place_of_a_route_and_counts_as_the_users_word() {
        let mut routes = Routes::default();
        let delete = Endpoint::by_name("invoices delete").unwrap();
        assert_eq!((routes.way(delete), routes.standing(delete)), (delete.default_way(), Standing::Assumed));
        routes.put("invoices delete", "DELETE /v1/invoices").unwrap();
        assert_eq!((routes.way(delete), routes.standing(delete)), ((Method::Delete, "/v1/invoices"), Standing::Own));
        routes.put("token", "POST /auth/token").unwrap();
        assert_eq!(routes.way(Endpoint::Token), (Method::Post, "/auth/token"));
        assert_eq!(routes.standing(Endpoint::InvoiceSearch), Standing::Documented);
        let texts: BTreeMap<String, String> = routes.clone().into();
        assert_eq!(Routes::try_from(texts), Ok(routes));
    }

    #[test]
    fn an_override_that_could_not_be_sent_is_refused_with_the_reason() {
        for (name, route, part) in [
            ("invoices burn", "POST /a", "nothing that has a route"),
            ("invoices delete", "/a/b", "not a method and a path"),
            ("invoices delete", "POST /a /b", "not a method and a path"),
            ("invoices delete", "post /a", "does not begin with GET"),
            ("invoices delete", "POST a/b", "does not begin with /"),
            ("invoices delete", "GET /a", "reading only"),
            ("invoices delete", "POST https://other.example/a", "does not begin with /"),
            ("invoices delete", "POST /a//b", "the part \"\""),
            ("invoices delete", "POST /a/../b", "the part \"..\""),
            ("invoices delete", "POST /a?b=c", "the part"),
            ("invoices delete", "POST /a/{invoiceId}", "has a field in braces"),
            ("invoices delete", "POST /a/x{id}", "the part"),
            ("reminders get", "GET /a/{customerId}", "must name {customerId}, {customerReminderId}"),
            ("reminders list", "GET /a/{customerId}/{customerId}", "must name {customerId}, each once"),
            ("customers contacts", "GET /a/{id}", "must name {customerId}"),
            ("invoices search", "GET /a", "a POST always"),
            ("token", "PUT /a", "a POST always"),
        ] {
            let message = Routes::default().put(name, route).unwrap_err();
            assert!(message.contains(part), "{name} = {route}: {message}");
        }
    }

    #[test]
    fn a_path_on_the_wire_is_led_back_to_the_contracts() {
        let mut routes = Routes::default();
        routes.put("reminders update", "PUT /r/{customerReminderId}/of/{customerId}").unwrap();
        routes.put("invoices delete", "POST /gone").unwrap();
        let back = |method, path| routes.default_path(method, path).map(|(method, path)| format!("{method} {path}"));
        assert_eq!(back("PUT", "/r/R1/of/KC1").as_deref(), Some("PATCH /api/v0/customer/KC1/reminder/R1"));
        assert_eq!(back("POST", "/gone").as_deref(), Some("POST /api/v0/invoice/bulk/delete"));
        for (method, path) in [("PATCH", "/r/R1/of/KC1"), ("PUT", "/r//of/KC1"), ("PUT", "/r/R1/of"), ("GET", "/gone")]
        {
            assert_eq!(back(method, path), None, "{method} {path}");
        }
    }
}
