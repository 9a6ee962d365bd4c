//! The API over HTTP.
//!
//! Owns addresses and headers. Leaves the bodies to [`body`], the wire to `wire`, tokens to [`auth`](super::auth) and what
//! answers mean to [`super::reply`]. The one rule: [`HttpApi::call`] sends its chunk once, and says whether any
//! of it may have arrived.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret;

use super::auth::{LogIn, TokenHolder, host_and_port};
use super::guard::{LoginGuard, Refusal};
use super::wire::{Wire, is_loopback};
use super::{Api, Call, Exchange, Search, Token, TokenError, body, strike};
use crate::clock::Clock;
use crate::config::Credentials;
use crate::finding::quote;
use crate::operation::Method;
use crate::operation::routes::{Endpoint, Routes};
use crate::upload::Uploads;

/// What the client is told.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Where the API lives; plain `http` only for this host itself.
    pub base_url: String,
    /// What the log-in needs.
    pub credentials: Credentials,
    /// Time for one request, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// Connections to keep.
    pub concurrency: usize,
    /// Largest body read.
    pub max_reply_bytes: usize,
    /// Lifetime of a token whose reply names none.
    pub token_lifetime: Duration,
    /// The memory of refused log-ins; none for a stand-in, whose accounts nobody misses.
    pub guard: Option<LoginGuard>,
    /// Where requests go below the base URL.
    pub routes: Routes,
    /// The form of files that are posted.
    pub uploads: Uploads,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The base URL cannot be used.
    #[error("--base-url: {value} {problem}; expected a form like https://api.example.com")]
    BaseUrl {
        /// The value, quoted.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The HTTP library could not be set up, as where a host has no root certificates.
    #[error("setting up HTTPS: check that the host has root certificates installed")]
    Setup(#[source] reqwest::Error),
}

/// The API at one server, for one account.
#[derive(Debug)]
pub struct HttpApi {
    base_url: Url,
    routes: Routes,
    uploads: Uploads,
    wire: Wire,
    tokens: TokenHolder,
}

impl HttpApi {
    /// A client; nothing is sent before the first call.
    pub fn new(settings: HttpSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpError> {
        let base_url = parse_base_url(&settings.base_url)?;
        let wire =
            Wire::new(&base_url, settings.timeout, settings.concurrency, settings.max_reply_bytes, Arc::clone(&clock))
                .map_err(|error| HttpError::Setup(error.without_url()))?;
        let tokens = TokenHolder::new(
            below(&base_url, settings.routes.way(Endpoint::Token).1),
            settings.credentials,
            settings.token_lifetime,
            settings.guard,
            clock,
        );
        Ok(Self { base_url, routes: settings.routes, uploads: settings.uploads, wire, tokens })
    }
}

impl HttpApi {
    /// Logs in once, even with credentials that were refused before, and remembers or forgets how it went: a person's
    /// way to try again. Accounts lock after three refusals in a row.
    pub fn check_log_in(&self) -> Result<LogIn, TokenError> {
        self.tokens.check(&self.wire)
    }

    /// The refusal of these credentials that is remembered, if one is.
    pub fn remembered_refusal(&self) -> Result<Option<Refusal>, TokenError> {
        self.tokens.remembered()
    }
}

impl Api for HttpApi {
    fn token(&self) -> Result<Token, TokenError> {
        self.tokens.token(&self.wire)
    }

    fn discard(&self, token: &Token) {
        self.tokens.discard(token);
    }

    fn call(&self, token: &Token, call: &Call<'_>) -> Exchange {
        let route = call.operation.route;
        let (method, path) = self.routes.way(Endpoint::Operation(call.operation));
        let url = below(&self.base_url, &body::path(path, call.payload));
        let mut request = self.wire.request(method, url).bearer_auth(token.secret.expose_secret());
        if let Some(parameter) = route.account_parameter.filter(|_| !call.account_id.is_empty()) {
            request = request.query(&[(parameter, call.account_id)]);
        }
        if call.operation.is_upload() {
            let (content_type, body) = match body::multipart(call, &self.uploads) {
                Ok(parts) => parts,
                Err(error) => return Exchange::NotSent(format!("packing {}: {error}", quote(call.file_name))),
            };
            request = request.header(CONTENT_TYPE, content_type).body(body);
        } else if let Some(body) = body::json_body(call.operation, call.payload) {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        self.struck(self.wire.send(request), token)
    }

    fn search(&self, token: &Token, search: &Search<'_>) -> Exchange {
        let request = self
            .wire
            .post(below(&self.base_url, self.routes.way(search.searched.endpoint()).1))
            .query(&[("direction", "ASC".to_owned())])
            .query(&[("limit", u64::from(search.limit)), ("offset", search.offset)])
            .bearer_auth(token.secret.expose_secret())
            .header(CONTENT_TYPE, "application/json")
            .body(search.filters.to_string());
        self.struck(self.wire.send(request), token)
    }
}

/// A request of any kind, for the typed client.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// Path below the base URL, its fields filled.
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'static str, String)],
    pub(super) body: AskBody<'a>,
}

/// What a request carries.
#[derive(Debug, Clone, Copy)]
pub(super) enum AskBody<'a> {
    Empty,
    Json(&'a serde_json::Value),
    File { name: &'a str, media_type: &'a str, bytes: &'a [u8] },
}

impl HttpApi {
    /// Sends a request, once.
    pub(super) fn ask(&self, token: &Token, ask: &Ask<'_>) -> Exchange {
        let url = below(&self.base_url, ask.path);
        let mut request = self.wire.request(ask.method, url).bearer_auth(token.secret.expose_secret());
        if !ask.query.is_empty() {
            request = request.query(ask.query);
        }
        match ask.body {
            AskBody::Empty => {}
            AskBody::Json(body) => {
                request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
            }
            AskBody::File { name, media_type, bytes } => {
                match body::form(body::PART_NAME, name, media_type, bytes.to_vec()) {
                    Ok((content_type, body)) => request = request.header(CONTENT_TYPE, content_type).body(body),
                    Err(error) => return Exchange::NotSent(format!("packing {}: {error}", quote(name))),
                }
            }
        }
        self.struck(self.wire.send(request), token)
    }

    /// Whether the server is this host itself.
    pub(super) fn is_local(&self) -> bool {
        is_loopback(&self.base_url)
    }

    /// The same without any secret that a server may have echoed.
    fn struck(&self, mut exchange: Exchange, token: &Token) -> Exchange {
        if let Exchange::Answered(response) = &mut exchange {
            strike::secrets(response, self.tokens.credentials(), token);
        }
        exchange
    }
}

/// What refusals of a log-in at a base URL are remembered under, for `auth check`.
pub fn login_host(base_url: &str) -> Result<String, HttpError> {
    Ok(host_and_port(&parse_base_url(base_url)?))
}

fn parse_base_url(text: &str) -> Result<Url, HttpError> {
    let refuse = |problem| HttpError::BaseUrl { value: quote(text), problem };
    let url = Url::parse(text).map_err(|_| refuse("is no URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(HttpError::BaseUrl { value: "the URL".to_owned(), problem: "holds a user or a password" });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("has a query or a fragment"));
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refuse("is plain http to another host, which would show every secret")),
        _ => Err(refuse("is no web address")),
    }
}

fn below(base_url: &Url, path: &str) -> Url {
    let mut url = base_url.clone();
    url.set_path(&format!("{}{path}", base_url.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests;
