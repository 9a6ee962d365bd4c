//! Where requests go: method, path and account parameter.

use std::fmt;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or does what has no method of its own.
    Post,
    /// Sets a state.
    Put,
    /// Changes the fields that are named.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// All, in the order of help pages.
    pub const ALL: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Method, path and account parameter of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path below the base URL; `{customerId}` stands for the field of that name, which then is not in the body.
    pub path: &'static str,
    /// The query parameter that carries the account's CEK id; none where the route takes none.
    pub account_parameter: Option<&'static str>,
    /// Whether the portal documents the route; an assumed one needs `allow-assumed` on a real host.
    pub documented: bool,
}

impl Route {
    /// A route that the portal documents.
    pub(super) const fn documented(
        method: Method,
        path: &'static str,
        account_parameter: Option<&'static str>,
    ) -> Self {
        Self { method, path, account_parameter, documented: true }
    }

    /// A route of our own guess (contract 1).
    pub(super) const fn assumed(method: Method, path: &'static str, account_parameter: Option<&'static str>) -> Self {
        Self { method, path, account_parameter, documented: false }
    }

    /// Names of the fields in the path.
    pub fn path_fields(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Whether a path on the wire is of this route: as many segments, equal but for those that stand for fields.
    pub fn matches(&self, path: &str) -> bool {
        let mut ours = self.path.split('/');
        let mut theirs = path.split('/');
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(our), Some(their)) if our == their || (our.starts_with('{') && !their.is_empty()) => {}
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_its_route_whatever_its_fields_hold() {
        let route = Route::assumed(Method::Get, "/api/v0/customer/{customerId}/contacts", None);
        assert_eq!(route.path_fields().collect::<Vec<_>>(), ["customerId"]);
        assert!(route.matches("/api/v0/customer/KC1/contacts"));
        for other in ["/api/v0/customer/KC1", "/api/v0/customer//contacts", "/api/v0/customer/KC1/contacts/1"] {
            assert!(!route.matches(other), "{other}");
        }
    }
}
