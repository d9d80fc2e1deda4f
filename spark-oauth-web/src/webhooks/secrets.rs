//! What webhooks are signed with.

use std::fmt;
use std::sync::Arc;

use standardwebhooks::Webhook;
use url::Url;

const PREFIX: &str = "whsec_";

/// The fewest and the most bytes of a secret, as Standard Webhooks says.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// The secrets that sign every webhook: one, or several while one takes the place
/// of another. A receiver needs to know one of them.
#[derive(Clone)]
pub struct WebhookSecrets(Arc<[Webhook]>);

/// A text that holds no usable secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhookSecret {
    /// The prefix is missing.
    #[error("does not begin with {PREFIX}")]
    Prefix,
    /// What follows is no base64.
    #[error("is not base64 after {PREFIX}")]
    Encoding,
    /// It is too short or too long.
    #[error("holds {0} bytes, expected {min} to {max}", min = LENGTHS.start(), max = LENGTHS.end())]
    Length(usize),
}

impl WebhookSecrets {
    /// Reads one secret or several, separated by commas or spaces.
    ///
    /// # Errors
    /// [`InvalidWebhookSecret`] says what is wrong with the first that is.
    pub fn parse(text: &str) -> Result<Self, InvalidWebhookSecret> {
        let texts = text.split([',', ' ']).filter(|text| !text.is_empty());
        let secrets: Vec<_> = texts.map(parse).collect::<Result<_, _>>()?;
        if secrets.is_empty() {
            return Err(InvalidWebhookSecret::Prefix);
        }
        Ok(Self(secrets.into()))
    }

    /// The value of `webhook-signature`: one signature of each secret. `None` for a
    /// body that is not UTF-8, which cannot be signed.
    pub(super) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> Option<String> {
        let signatures: Result<Vec<_>, _> = self
            .0
            .iter()
            .map(|secret| secret.sign(id, seconds, body))
            .collect();
        signatures.ok().map(|signatures| signatures.join(" "))
    }
}

impl WebhookSecrets {
    /// A fingerprint of an endpoint that reveals neither its address nor its secrets, and
    /// changes with either.
    pub(crate) fn fingerprint(&self, url: &Url) -> String {
        // No receiver accepts a webhook with this time.
        self.sign("endpoint", 0, url.as_str().as_bytes())
            .unwrap_or_default()
    }
}

fn parse(text: &str) -> Result<Webhook, InvalidWebhookSecret> {
    let encoded = text
        .strip_prefix(PREFIX)
        .ok_or(InvalidWebhookSecret::Prefix)?;
    let secret = Webhook::new(encoded).map_err(|_| InvalidWebhookSecret::Encoding)?;
    // The library hides the key; base64 with padding tells its length.
    let length = encoded.trim_end_matches('=').len() * 3 / 4;
    if LENGTHS.contains(&length) {
        Ok(secret)
    } else {
        Err(InvalidWebhookSecret::Length(length))
    }
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSecrets([redacted]; {})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    #[test]
    fn a_secret_signs_as_the_standard_says() {
        let secrets = WebhookSecrets::parse(SECRET).unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = secrets.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        // The example of the standard's own libraries.
        let expected = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
        assert_eq!(signature.as_deref(), Some(expected));
    }

    #[test]
    fn two_secrets_sign_twice_while_one_replaces_the_other() {
        let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let both = WebhookSecrets::parse(&format!("{other},{SECRET}")).unwrap();
        let signatures = both.sign("id", 7, b"{}").unwrap();
        for secret in [SECRET, other] {
            let one = WebhookSecrets::parse(secret).unwrap();
            let signature = one.sign("id", 7, b"{}").unwrap();
            assert!(signatures.split(' ').any(|found| found == signature));
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_without_being_shown() {
        for (text, refusal) in [
            ("", InvalidWebhookSecret::Prefix),
            (
                "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                InvalidWebhookSecret::Prefix,
            ),
            ("whsec_not base64!", InvalidWebhookSecret::Encoding),
            ("whsec_c2hvcnQ=", InvalidWebhookSecret::Length(5)),
        ] {
            assert_eq!(WebhookSecrets::parse(text).unwrap_err(), refusal, "{text}");
        }
        let secrets = WebhookSecrets::parse(SECRET).unwrap();
        assert_eq!(format!("{secrets:?}"), "WebhookSecrets([redacted]; 1)");
    }
}
