//! Log-ins and tokens (contract 3): who gets a token, how long it is taken, when the account locks.
//!
//! Owns the tokens handed out and the log-ins counted. The one rule: once locked, even the right password is
//! refused, as the real service is said to do.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, json};

use super::reply::{Refusal, RefusalKind, Reply};
use super::settings::{SandboxSettings, Spelling};

// Limit: three in a row, as sibling products document.
const REFUSALS_TO_LOCK: u32 = 3;
// Limit: a client holds one token; more than this many are only handed out by mistake, and the oldest are forgotten.
const TOKENS: usize = 10_000;

/// Tokens handed out and log-ins counted.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// When each live token ends.
    live: HashMap<String, Duration>,
    refused_in_a_row: u32,
    /// Log-ins that got a token.
    pub(super) ok: u64,
    /// Log-ins that were refused.
    pub(super) failed: u64,
    random: RandomState,
}

impl Tokens {
    /// Answers a log-in.
    pub(super) fn log_in(
        &mut self,
        settings: &SandboxSettings,
        authorization: Option<&str>,
        form: &[u8],
        now: Duration,
    ) -> Reply {
        match self.judge(settings, authorization, form) {
            Ok(()) => {
                self.ok += 1;
                self.refused_in_a_row = 0;
                self.hand_out(settings, now)
            }
            Err((status, error, description)) => {
                self.failed += 1;
                if error != "invalid_request" {
                    self.refused_in_a_row = self.refused_in_a_row.saturating_add(1);
                }
                Reply::json(status, &json!({"error": error, "error_description": description}))
            }
        }
    }

    /// Whether an API request's `Authorization` header has a live token.
    pub(super) fn admit(&mut self, authorization: Option<&str>, now: Duration) -> Result<(), Refusal> {
        let refuse = |message: &str| Err(Refusal::new(RefusalKind::Unauthorized, message));
        let Some(token) = authorization.and_then(|header| credentials_of(header, "bearer")) else {
            return refuse("The access token is missing");
        };
        match self.live.get(token) {
            None => refuse("The access token is not known"),
            Some(end) if *end <= now => refuse("The access token has expired"),
            Some(_) => Ok(()),
        }
    }

    /// Ends every token handed out so far.
    pub(super) fn expire_all(&mut self) {
        self.live.clear();
    }

    /// Whether the account is locked.
    pub(super) fn locked(&self, settings: &SandboxSettings) -> bool {
        settings.token.lock_out && self.refused_in_a_row >= REFUSALS_TO_LOCK
    }

    fn judge(
        &self,
        settings: &SandboxSettings,
        authorization: Option<&str>,
        form: &[u8],
    ) -> Result<(), (u16, &'static str, &'static str)> {
        let refused_user = |description| Err((settings.token.refusal_status, "invalid_grant", description));
        let right = &settings.credentials;
        let Some(fields) = read_form(form) else {
            return Err((400, "invalid_request", "The form cannot be read"));
        };
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        if field("grant_type") != "password" {
            return Err((400, "invalid_request", "grant_type must be password"));
        }
        if ["username", "password", "clientId"].iter().any(|name| !fields.contains_key(*name)) {
            return Err((400, "invalid_request", "username, password and clientId are required"));
        }
        if self.locked(settings) {
            return refused_user("User account is locked");
        }
        if basic(authorization) != Some(format!("{}:{}", right.client_id, right.client_secret)) {
            return Err((401, "invalid_client", "Bad client credentials"));
        }
        if field("username") != right.username || field("password") != right.password {
            return refused_user("Bad credentials");
        }
        Ok(())
    }

    fn hand_out(&mut self, settings: &SandboxSettings, now: Duration) -> Reply {
        if self.live.len() >= TOKENS {
            self.live.retain(|_, end| *end > now);
        }
        if self.live.len() >= TOKENS {
            self.live.clear();
        }
        let token = self.name(0);
        let refresh = self.name(1);
        let lifetime = settings.token.lifetime_s;
        self.live.insert(token.clone(), now.saturating_add(Duration::from_secs(lifetime)));
        let [access, kind, again, expires] = match settings.token.spelling {
            Spelling::CamelCase => ["accessToken", "tokenType", "refreshToken", "expiresIn"],
            Spelling::SnakeCase => ["access_token", "token_type", "refresh_token", "expires_in"],
        };
        let mut body = Map::new();
        body.insert(access.to_owned(), json!(token));
        body.insert(kind.to_owned(), json!("bearer"));
        body.insert(again.to_owned(), json!(refresh));
        if settings.token.lifetime_in_reply {
            body.insert(expires.to_owned(), json!(lifetime));
        }
        if settings.token.spelling == Spelling::SnakeCase {
            body.insert("scope".to_owned(), json!("read write trust"));
        }
        Reply::json(200, &body.into())
    }

    fn name(&self, part: u8) -> String {
        let half = |side: u8| self.random.hash_one((self.ok, part, side));
        format!("{:016x}{:016x}", half(0), half(1))
    }
}

/// What follows the scheme of an `Authorization` header.
fn credentials_of<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = header.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn basic(authorization: Option<&str>) -> Option<String> {
    let encoded = credentials_of(authorization?, "basic")?;
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

fn read_form(form: &[u8]) -> Option<HashMap<String, String>> {
    let uri: Uri = format!("/?{}", std::str::from_utf8(form).ok()?).parse().ok()?;
    Query::try_from_uri(&uri).ok().map(|Query(fields)| fields)
}
