//! Strikes our own secrets out of what a server sends back: some quote what they were sent.
//!
//! Owns the forms in which a secret can come back: as it is, escaped as in JSON, and as the Basic header carries it.
//! The one rule: it is done before an answer is read or stored, so that no ledger,
//! result or message can hold one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};

use super::{Response, Token};
use crate::config::Credentials;

/// Limit: shorter texts and plain numbers occur in any reply by chance, and striking them would spoil it.
const SHORTEST: usize = 6;

const STRUCK: &[u8] = b"***";

/// Replaces every secret in an answer.
pub(super) fn secrets(response: &mut Response, credentials: &Credentials, token: &Token) {
    let basic = format!("{}:{}", credentials.client_id, credentials.client_secret.expose_secret());
    let basic = SecretString::from(STANDARD.encode(basic));
    for secret in [&credentials.password, &credentials.client_secret, &token.secret, &basic] {
        let plain = secret.expose_secret();
        if plain.len() < SHORTEST || plain.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let quoted = SecretString::from(serde_json::to_string(plain).expect("a text is always JSON"));
        let escaped = quoted.expose_secret().trim_matches('"');
        for form in [plain, escaped] {
            strike(&mut response.body, form.as_bytes());
            if let Some(request_id) = &mut response.request_id
                && request_id.contains(form)
            {
                *request_id = request_id.replace(form, "***");
            }
        }
    }
}

fn strike(body: &mut Vec<u8>, secret: &[u8]) {
    let finder = memmem::Finder::new(secret);
    let find = |text: &[u8]| finder.find(text);
    let Some(first) = find(body) else { return };
    let mut clean = Vec::with_capacity(body.len());
    let (mut rest, mut next) = (body.as_slice(), Some(first));
    while let Some(at) = next {
        clean.extend_from_slice(&rest[..at]);
        clean.extend_from_slice(STRUCK);
        rest = &rest[at + secret.len()..];
        next = find(rest);
    }
    clean.extend_from_slice(rest);
    *body = clean;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(body: &str) -> String {
        let credentials = Credentials {
            client_id: "client".into(),
            client_secret: "s3cr\"et-x".into(),
            username: "a@example.com".into(),
            password: "123456".into(),
        };
        let token = Token { secret: "tok-9f".into(), generation: 1 };
        let mut response = Response { body: body.into(), request_id: Some("r-tok-9f".into()), ..Response::default() };
        secrets(&mut response, &credentials, &token);
        assert_eq!(response.request_id.as_deref(), Some("r-***"));
        String::from_utf8(response.body).unwrap()
    }

    #[test]
    fn secrets_are_struck_out_in_every_form_and_plain_numbers_stay() {
        for (body, expected) in [
            ("no secret", "no secret"),
            ("", ""),
            ("Bearer tok-9f, tok-9f", "Bearer ***, ***"),
            (r#"{"message":"bad s3cr\"et-x"}"#, r#"{"message":"bad ***"}"#),
            ("s3cr\"et-x", "***"),
            ("Basic Y2xpZW50OnMzY3IiZXQteA==", "Basic ***"),
            (r#"{"total_amount":123456}"#, r#"{"total_amount":123456}"#),
        ] {
            assert_eq!(struck(body), expected, "{body}");
        }
    }
}
