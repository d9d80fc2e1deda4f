//! Authorization codes: short-lived and good for one use.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use thiserror::Error;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::pkce;
use super::scopes::Scopes;
use crate::random;

/// The longest life that RFC 6749 recommends (section 4.1.2).
pub(crate) const CODE_LIFE: Duration = Duration::minutes(10);

/// What a person agreed to, before it is exchanged.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Arc<Scopes>,
    pub(crate) person: Uuid,
    pub(crate) code_challenge: Option<String>,
}

/// What a client sends to redeem a code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redemption<'a> {
    pub(crate) code: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) code_verifier: Option<&'a str>,
}

/// Why a code is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum CodeError {
    /// Unknown, expired, or of another client.
    #[error("the authorization code is not valid")]
    Dead,
    /// It was redeemed before: what came of it must be revoked.
    #[error("the authorization code was used before")]
    Reused(Uuid),
    #[error("the redirect URI is not that of the authorization request")]
    RedirectUri,
    #[error("the code verifier is missing or does not fit the code challenge")]
    Verifier,
}

#[derive(Debug)]
struct Entry {
    consent: Consent,
    expires: OffsetDateTime,
    redeemed_for: Option<Uuid>,
}

/// All codes that have not expired.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    entries: HashMap<Arc<str>, Entry>,
    /// In the order of their expiry, so that dead ones are dropped as new ones come.
    by_age: VecDeque<(OffsetDateTime, Arc<str>)>,
}

impl Codes {
    pub(crate) fn issue(&mut self, consent: Consent, now: OffsetDateTime) -> Arc<str> {
        while self
            .by_age
            .front()
            .is_some_and(|(expires, _)| *expires <= now)
        {
            if let Some((_, code)) = self.by_age.pop_front() {
                self.entries.remove(&code);
            }
        }
        let code: Arc<str> = random::alphanumeric(64).into();
        let expires = now + CODE_LIFE;
        let entry = Entry {
            consent,
            expires,
            redeemed_for: None,
        };
        self.entries.insert(Arc::clone(&code), entry);
        self.by_age.push_back((expires, Arc::clone(&code)));
        code
    }

    /// Redeems a code for the grant `grant`.
    ///
    /// A wrong redirect URI or verifier does not use the code up.
    pub(crate) fn redeem(
        &mut self,
        redemption: Redemption<'_>,
        grant: Uuid,
        now: OffsetDateTime,
    ) -> Result<Consent, CodeError> {
        let entry = self
            .entries
            .get_mut(redemption.code)
            .ok_or(CodeError::Dead)?;
        let consent = &entry.consent;
        if consent.client_id != redemption.client_id {
            return Err(CodeError::Dead);
        }
        if let Some(earlier) = entry.redeemed_for {
            return Err(CodeError::Reused(earlier));
        }
        if entry.expires <= now {
            return Err(CodeError::Dead);
        }
        if redemption.redirect_uri != Some(consent.redirect_uri.as_str()) {
            return Err(CodeError::RedirectUri);
        }
        let proven = match (&consent.code_challenge, redemption.code_verifier) {
            (Some(challenge), Some(verifier)) => {
                pkce::is_verifier(verifier) && pkce::verify(challenge, verifier)
            }
            (None, None) => true,
            // A verifier without a challenge is a downgrade (RFC 9700, section 4.8.2).
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !proven {
            return Err(CodeError::Verifier);
        }
        entry.redeemed_for = Some(grant);
        Ok(consent.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn consent() -> Consent {
        Consent {
            client_id: "C1".to_owned(),
            redirect_uri: "http://a/cb".to_owned(),
            scopes: Arc::new(Scopes::parse("spark:all").unwrap()),
            person: Uuid::nil(),
            code_challenge: Some(CHALLENGE.to_owned()),
        }
    }

    fn right(code: &str) -> Redemption<'_> {
        Redemption {
            code,
            client_id: "C1",
            redirect_uri: Some("http://a/cb"),
            code_verifier: Some(VERIFIER),
        }
    }

    #[test]
    fn a_code_is_good_for_one_use() {
        let mut codes = Codes::default();
        let code = codes.issue(consent(), NOW);
        let grant = Uuid::from_u128(1);
        assert!(codes.redeem(right(&code), grant, NOW).is_ok());
        let again = codes
            .redeem(right(&code), Uuid::from_u128(2), NOW)
            .unwrap_err();
        assert_eq!(again, CodeError::Reused(grant));
    }

    #[test]
    fn a_mistake_does_not_use_the_code_up() {
        let mut codes = Codes::default();
        let code = codes.issue(consent(), NOW);
        let id = Uuid::nil();
        let wrong = [
            (
                Redemption {
                    client_id: "C2",
                    ..right(&code)
                },
                CodeError::Dead,
            ),
            (
                Redemption {
                    redirect_uri: None,
                    ..right(&code)
                },
                CodeError::RedirectUri,
            ),
            (
                Redemption {
                    redirect_uri: Some("http://a/cb/"),
                    ..right(&code)
                },
                CodeError::RedirectUri,
            ),
            (
                Redemption {
                    code_verifier: None,
                    ..right(&code)
                },
                CodeError::Verifier,
            ),
            (
                Redemption {
                    code_verifier: Some(CHALLENGE),
                    ..right(&code)
                },
                CodeError::Verifier,
            ),
        ];
        for (redemption, expected) in wrong {
            assert_eq!(codes.redeem(redemption, id, NOW).unwrap_err(), expected);
        }
        assert!(codes.redeem(right(&code), id, NOW).is_ok());
    }

    #[test]
    fn a_verifier_without_a_challenge_is_a_downgrade() {
        let mut codes = Codes::default();
        let code = codes.issue(
            Consent {
                code_challenge: None,
                ..consent()
            },
            NOW,
        );
        let error = codes.redeem(right(&code), Uuid::nil(), NOW).unwrap_err();
        assert_eq!(error, CodeError::Verifier);
        let without = Redemption {
            code_verifier: None,
            ..right(&code)
        };
        assert!(codes.redeem(without, Uuid::nil(), NOW).is_ok());
    }

    #[test]
    fn a_code_dies_after_ten_minutes_and_is_forgotten() {
        let mut codes = Codes::default();
        let code = codes.issue(consent(), NOW);
        let later = NOW + CODE_LIFE;
        assert_eq!(
            codes.redeem(right(&code), Uuid::nil(), later).unwrap_err(),
            CodeError::Dead
        );
        codes.issue(consent(), later);
        assert_eq!((codes.entries.len(), codes.by_age.len()), (1, 1));
    }
}
