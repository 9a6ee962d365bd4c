//! Tokens: one log-in for all senders, renewed ahead of expiry, never tried again once refused.
//!
//! Owns the OAuth password grant (contract 3) and the shared token. Leaves waiting after [`TokenError::Unavailable`]
//! to the caller and the memory across runs to [`LoginGuard`]. The one rule: accounts lock after three refused
//! log-ins, so credentials that were refused once are not sent again, by this process or the next.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::envelope::{Envelope, integer, plain_words, present, shown, word};
use super::guard::{LoginGuard, Refusal};
use super::wire::Wire;
use super::{Exchange, Response, Token, TokenError};
use crate::clock::Clock;
use crate::config::Credentials;

/// Limit: a token is renewed this long before it expires, or a quarter of its life before if that is shorter.
const RENEW_AHEAD: Duration = Duration::from_secs(30);

/// Limit: with a token still alive, a failed renewal is not tried again before this time.
const RENEW_AGAIN: Duration = Duration::from_secs(5);

/// Limit: no token is believed to live longer; it keeps the arithmetic of times safe.
const LONGEST_LIFE: Duration = Duration::from_hours(720);

/// The shared token of one account at one server.
pub(super) struct TokenHolder {
    url: Url,
    host: String,
    credentials: Credentials,
    fallback_lifetime: Duration,
    guard: Option<LoginGuard>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Counts log-ins that ended, so that those who waited for one share its failure.
    ended: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    live: Option<Live>,
    generation: u64,
    refused: Option<TokenError>,
    last_failure: Option<TokenError>,
}

#[derive(Debug)]
struct Live {
    token: Token,
    renew_at: Duration,
    expires_at: Duration,
}

/// What a good log-in brings.
#[derive(Debug)]
struct Grant {
    secret: SecretString,
    lifetime: Option<Duration>,
    spelling: Spelling,
}

/// How a token's fields are spelt; both occur (contract 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `accessToken`, `expiresIn`.
    CamelCase,
    /// `access_token`, `expires_in`.
    SnakeCase,
}

impl Spelling {
    /// The field that holds the token.
    pub fn field(self) -> &'static str {
        match self {
            Spelling::CamelCase => "accessToken",
            Spelling::SnakeCase => "access_token",
        }
    }
}

/// What is worth knowing of a log-in that went well; never the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogIn {
    /// How long the token lives, as the server says; none where it does not say so.
    pub lifetime: Option<Duration>,
    /// How the reply is spelt.
    pub spelling: Spelling,
}

impl TokenHolder {
    pub(super) fn new(
        url: Url,
        credentials: Credentials,
        fallback_lifetime: Duration,
        guard: Option<LoginGuard>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            host: host_and_port(&url),
            url,
            credentials,
            fallback_lifetime,
            guard,
            clock,
            state: Mutex::default(),
            ended: AtomicU64::new(0),
        }
    }

    /// The live token, or a new one; whoever comes while another asks waits for that answer.
    pub(super) fn token(&self, wire: &Wire) -> Result<Token, TokenError> {
        let ended_before = self.ended.load(Ordering::SeqCst);
        let mut state = self.state.lock().expect("no holder of this lock panics");
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        let now = self.clock.elapsed();
        if let Some(live) = state.live.as_ref().filter(|live| now < live.renew_at) {
            return Ok(live.token.clone());
        }
        if self.ended.load(Ordering::SeqCst) != ended_before
            && let Some(failure) = &state.last_failure
        {
            return Err(failure.clone());
        }
        let answer = self.log_in(wire);
        self.ended.fetch_add(1, Ordering::SeqCst);
        state.take(answer, now, self.clock.elapsed(), self.fallback_lifetime)
    }

    /// Logs in once, whatever was remembered of these credentials, and remembers or forgets how it went.
    pub(super) fn check(&self, wire: &Wire) -> Result<LogIn, TokenError> {
        let Grant { lifetime, spelling, .. } = self.ask(wire)?;
        Ok(LogIn { lifetime, spelling })
    }

    /// The refusal of these credentials that is remembered.
    pub(super) fn remembered(&self) -> Result<Option<Refusal>, TokenError> {
        let Some(guard) = &self.guard else { return Ok(None) };
        guard.refused_before(&self.host, &self.credentials).map_err(|error| guard_broken(&error))
    }

    /// What logs in; also what must never come back out.
    pub(super) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Forgets the shared token if it is still this one.
    pub(super) fn discard(&self, token: &Token) {
        let mut state = self.state.lock().expect("no holder of this lock panics");
        if state.live.as_ref().is_some_and(|live| live.token.generation == token.generation) {
            state.live = None;
        }
    }

    fn log_in(&self, wire: &Wire) -> Result<Grant, TokenError> {
        let begun = self.guard.as_ref().map(|guard| guard.begin(&self.host, &self.credentials.username)).transpose();
        let _alone = begun.map_err(|error| guard_broken(&error))?;
        if let Some(refusal) = self.remembered()? {
            return Err(TokenError::RefusedEarlier(format!("{}: {}", refusal.at, refusal.message)));
        }
        self.ask(wire)
    }

    fn ask(&self, wire: &Wire) -> Result<Grant, TokenError> {
        let answer = read_grant(wire.send(self.request(wire))).map_err(|error| self.without_secrets(error));
        let Some(guard) = &self.guard else { return answer };
        match answer {
            Ok(grant) => {
                // A refusal that cannot be forgotten would stop the next start although these credentials work.
                guard.forget(&self.host, &self.credentials.username).map_err(|error| guard_broken(&error))?;
                Ok(grant)
            }
            Err(TokenError::Refused(words)) => {
                let remembered = guard.remember(&self.host, &self.credentials, self.clock.now(), &words);
                Err(TokenError::Refused(match remembered {
                    Ok(()) => words,
                    Err(error) => format!("{words} (this could not be remembered for the next start: {error})"),
                }))
            }
            Err(error) => Err(error),
        }
    }

    fn request(&self, wire: &Wire) -> reqwest::blocking::RequestBuilder {
        let credentials = &self.credentials;
        wire.post(self.url.clone())
            .basic_auth(&credentials.client_id, Some(credentials.client_secret.expose_secret()))
            .form(&[
                ("username", credentials.username.as_str()),
                ("password", credentials.password.expose_secret()),
                ("grant_type", "password"),
                ("clientId", &credentials.client_id),
            ])
    }

    /// A server may quote what it was sent; its words go into results and logs.
    fn without_secrets(&self, error: TokenError) -> TokenError {
        let clean = |mut words: String| {
            for secret in [&self.credentials.password, &self.credentials.client_secret] {
                let secret = secret.expose_secret();
                if !secret.is_empty() {
                    words = words.replace(secret, "***");
                }
            }
            // Cut only now, or half a secret could be left at the cut.
            plain_words(&words)
        };
        match error {
            TokenError::Refused(words) => TokenError::Refused(clean(words)),
            TokenError::RefusedEarlier(words) => TokenError::RefusedEarlier(clean(words)),
            TokenError::Unavailable { message, retry_after } => {
                TokenError::Unavailable { message: clean(message), retry_after }
            }
        }
    }
}

impl std::fmt::Debug for TokenHolder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TokenHolder").field("host", &self.host).finish_non_exhaustive()
    }
}

impl State {
    fn take(
        &mut self,
        answer: Result<Grant, TokenError>,
        asked_at: Duration,
        now: Duration,
        fallback_lifetime: Duration,
    ) -> Result<Token, TokenError> {
        self.last_failure = answer.as_ref().err().cloned();
        match answer {
            Ok(grant) => {
                let life = grant.lifetime.unwrap_or(fallback_lifetime).min(LONGEST_LIFE);
                self.generation += 1;
                let token = Token { secret: grant.secret, generation: self.generation };
                let expires_at = asked_at + life;
                let renew_at = expires_at.saturating_sub(RENEW_AHEAD.min(life / 4));
                self.live = Some(Live { token: token.clone(), renew_at, expires_at });
                Ok(token)
            }
            Err(error @ TokenError::Unavailable { .. }) => {
                let Some(live) = self.live.as_mut().filter(|live| now < live.expires_at) else { return Err(error) };
                live.renew_at = live.expires_at.min(now + RENEW_AGAIN);
                Ok(live.token.clone())
            }
            Err(error) => {
                self.refused = Some(error.clone());
                Err(error)
            }
        }
    }
}

/// `name:port`, the port that of the scheme where none is written: what a refusal is remembered under.
pub fn host_and_port(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

fn guard_broken(error: &std::io::Error) -> TokenError {
    TokenError::Unavailable { message: format!("the memory of refused log-ins: {error}"), retry_after: None }
}

fn read_grant(exchange: Exchange) -> Result<Grant, TokenError> {
    let unavailable = |message: String, retry_after| TokenError::Unavailable { message, retry_after };
    let response = match exchange {
        Exchange::Answered(response) => response,
        Exchange::NotSent(words) | Exchange::NoReply(words) => return Err(unavailable(words, None)),
    };
    let status = response.status;
    match status {
        400 | 401 | 403 | 422 | 423 => Err(TokenError::Refused(refusal_words(&response))),
        200..=299 if response.complete => match serde_json::from_slice(&response.body) {
            Ok(Value::Object(object)) => granted(&object, &response),
            _ => Err(unavailable(format!("the log-in answered {status} with an unreadable body"), None)),
        },
        200..=299 => Err(unavailable(format!("the answer to the log-in ({status}) did not arrive whole"), None)),
        _ => Err(unavailable(format!("the log-in answered {}", refusal_words(&response)), response.retry_after)),
    }
}

/// Both spellings of contract 3. A business failure within a 200 is a refusal, unless it asks for patience.
fn granted(object: &Map<String, Value>, response: &Response) -> Result<Grant, TokenError> {
    let first = |names: [&str; 2]| names.into_iter().find_map(|name| present(object, name));
    let spellings = [Spelling::SnakeCase, Spelling::CamelCase];
    let found = spellings.into_iter().find_map(|spelling| Some((spelling, present(object, spelling.field())?)));
    if let Some((spelling, Value::String(text))) = found {
        let text = text.trim();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "the log-in answered with a token that no header can carry".to_owned();
            return Err(TokenError::Unavailable { message, retry_after: None });
        }
        let seconds = first(["expires_in", "expiresIn"]).and_then(integer).filter(|&seconds| seconds > 0);
        let lifetime = seconds.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
        return Ok(Grant { secret: text.to_owned().into(), lifetime, spelling });
    }
    let envelope = Envelope::read(&response.body).unwrap_or_default();
    let patience = envelope.code.is_some_and(|code| code == 429 || code >= 500);
    let words = refusal_words(response);
    if patience || !(envelope.failed() || present(object, "error").is_some()) {
        let message = format!("the log-in answered without a token: {words}");
        return Err(TokenError::Unavailable { message, retry_after: response.retry_after });
    }
    Err(TokenError::Refused(words))
}

/// The status and the best words of a body that is no grant; a body that may hold a token is not shown.
fn refusal_words(response: &Response) -> String {
    let status = response.status;
    let words = match serde_json::from_slice(&response.body) {
        Ok(Value::Object(object)) => oauth_words(&object)
            .or_else(|| Envelope::read(&response.body)?.words_uncut())
            .or_else(|| present(&object, "message").map(shown))
            .unwrap_or_default(),
        _ => String::from_utf8_lossy(&response.body).into_owned(),
    };
    match words.trim() {
        "" => format!("{status}"),
        words => format!("{status}: {words}"),
    }
}

fn oauth_words(object: &Map<String, Value>) -> Option<String> {
    let error = present(object, "error").and_then(word);
    let description = present(object, "error_description").and_then(word);
    match (error, description) {
        (Some(error), Some(description)) => Some(format!("{error}: {description}")),
        (error, description) => error.or(description),
    }
}

#[cfg(test)]
mod tests;
