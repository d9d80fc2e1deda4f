//! An entry as one line of JSON: what an export is made of.

use std::net::IpAddr;
use std::num::NonZeroU32;

use serde::Serialize;

use crate::audit::{AuditAction, AuditEntry, OutcomeKind};
use crate::ids::{ApiKeyId, AuditId, TokenId};

/// One entry of the audit log as an object of JSON. Its keys are stable: they all stand
/// in every line, with `null` for what is not known, and later versions only add some.
///
/// | key | value |
/// |---|---|
/// | `id` | identifier of the entry, a ULID |
/// | `at` | when it happened, the first time where `count` is more than 1: RFC 3339 in UTC, always with three digits behind the second, so that text sorts |
/// | `actor.kind` | `person`, `admin`, `claimed` (not signed in, says to be this admin), `service` (code that embeds the library), `api_key`, `unauthenticated`, `operator` (at the command line), `system` |
/// | `actor.id` | identifier of the admin or the API key |
/// | `actor.name` | e-mail address, username or name of the key, as it was then |
/// | `origin.address` | IP address of the caller |
/// | `origin.request_id` | request ID, the same as in the log and in `X-Request-Id`; the ID of the first request where `count` is more than 1 |
/// | `origin.last_request_id` | identifier of the last request where `count` is more than 1, else `null` |
/// | `action` | what was done, one of [`AuditAction`] |
/// | `subject` | to whom, or to whose token: an e-mail address, a username, the name of a key |
/// | `token` | identifier of the token |
/// | `api_key` | identifier of the API key that acted, or that something was done to |
/// | `outcome` | `done`, `refused` or `failed` |
/// | `reason` | why it was refused or failed |
/// | `count` | how many events of this kind happened within one second: fetches of one token by one caller, or rejections that an attacker can trigger at will; otherwise 1 |
///
/// ```
/// use std::num::NonZeroU32;
///
/// use spark_oauth_core::audit::{AuditAction, AuditEntry, AuditLine, Caller, Outcome};
/// use spark_oauth_core::ports::SeededRandom;
/// use spark_oauth_core::{AuditId, Timestamp};
///
/// let at = Timestamp::from_millis(1_795_615_509_750);
/// let entry = AuditEntry {
///     id: AuditId::generate(at, &SeededRandom::new(1)),
///     at,
///     caller: Caller::operator(),
///     action: AuditAction::PasswordReset,
///     token: None,
///     api_key: None,
///     subject: Some("root".to_owned()),
///     outcome: Outcome::Done,
///     count: NonZeroU32::MIN,
///     last_request_id: None,
/// };
/// let line = AuditLine::from(&entry).to_string();
/// assert!(line.contains(r#""at":"2026-11-25T14:05:09.750Z""#), "{line}");
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct AuditLine<'e> {
    /// `id`
    pub id: AuditId,
    /// `at`
    pub at: String,
    /// `actor`
    pub actor: ActorLine<'e>,
    /// `origin`
    pub origin: OriginLine<'e>,
    /// `action`
    pub action: AuditAction,
    /// `subject`
    pub subject: Option<&'e str>,
    /// `token`
    pub token: Option<TokenId>,
    /// `api_key`
    pub api_key: Option<ApiKeyId>,
    /// `outcome`
    pub outcome: OutcomeKind,
    /// `reason`
    pub reason: Option<&'e str>,
    /// `count`
    pub count: NonZeroU32,
}

/// Who acted.
#[derive(Clone, Debug, Serialize)]
pub struct ActorLine<'e> {
    /// `actor.kind`
    pub kind: &'static str,
    /// `actor.id`
    pub id: Option<String>,
    /// `actor.name`
    pub name: Option<&'e str>,
}

/// From where.
#[derive(Clone, Debug, Serialize)]
pub struct OriginLine<'e> {
    /// `origin.address`
    pub address: Option<IpAddr>,
    /// `origin.request_id`
    pub request_id: Option<&'e str>,
    /// `origin.last_request_id`
    pub last_request_id: Option<&'e str>,
}

impl<'e> From<&'e AuditEntry> for AuditLine<'e> {
    fn from(entry: &'e AuditEntry) -> Self {
        let actor = &entry.caller.actor;
        let origin = &entry.caller.origin;
        Self {
            id: entry.id,
            at: entry.at.to_string(),
            actor: ActorLine {
                kind: actor.kind(),
                id: actor.id(),
                name: actor.name(),
            },
            origin: OriginLine {
                address: origin.address,
                request_id: origin.request_id.as_deref(),
                last_request_id: entry.last_request_id.as_deref(),
            },
            action: entry.action,
            subject: entry.subject.as_deref(),
            token: entry.token,
            api_key: entry.api_key,
            outcome: entry.outcome.kind(),
            reason: entry.outcome.reason(),
            count: entry.count,
        }
    }
}

impl std::fmt::Display for AuditLine<'_> {
    /// The object without a line break: JSON escapes those that the texts hold.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::audit::{Actor, Caller, Origin, Outcome};
    use crate::ids::AdminId;
    use crate::ports::SeededRandom;
    use crate::timestamp::Timestamp;

    const AT: Timestamp = Timestamp::from_millis(1_795_615_509_750);

    fn entry(actor: Actor, outcome: Outcome) -> AuditEntry {
        AuditEntry {
            id: AuditId::generate(AT, &SeededRandom::new(1)),
            at: AT,
            caller: Caller {
                actor,
                origin: Origin::default(),
            },
            action: AuditAction::TokenRevealed,
            token: None,
            api_key: None,
            subject: None,
            outcome,
            count: NonZeroU32::MIN,
            last_request_id: None,
        }
    }

    fn object(entry: &AuditEntry) -> Value {
        serde_json::from_str(&AuditLine::from(entry).to_string()).unwrap()
    }

    #[test]
    fn the_object_is_the_one_that_is_documented() {
        let id = AdminId::generate(AT, &SeededRandom::new(2));
        let token = TokenId::generate(AT, &SeededRandom::new(3));
        let mut entry = entry(
            Actor::Admin {
                id,
                username: "root".to_owned(),
            },
            Outcome::Failed("vault".to_owned()),
        );
        entry.caller.origin = Origin {
            address: Some([192, 0, 2, 1].into()),
            request_id: Some("01J-request".to_owned()),
        };
        entry.subject = Some("ann@example.org".to_owned());
        entry.token = Some(token);
        let key = ApiKeyId::generate(AT, &SeededRandom::new(4));
        entry.api_key = Some(key);
        entry.repeat(Some("01J-middle".to_owned()));
        entry.repeat(Some("01J-last".to_owned()));
        let expected = json!({
            "id": entry.id.to_string(),
            "at": "2026-11-25T14:05:09.750Z",
            "actor": {"kind": "admin", "id": id.to_string(), "name": "root"},
            "origin": {"address": "192.0.2.1", "request_id": "01J-request",
                "last_request_id": "01J-last"},
            "action": "token_revealed",
            "subject": "ann@example.org",
            "token": token.to_string(),
            "api_key": key.to_string(),
            "outcome": "failed",
            "reason": "vault",
            "count": 3,
        });
        assert_eq!(object(&entry), expected);
    }

    #[test]
    fn what_is_not_known_is_null() {
        let expected = json!({
            "id": entry(Actor::System, Outcome::Done).id.to_string(),
            "at": "2026-11-25T14:05:09.750Z",
            "actor": {"kind": "system", "id": null, "name": null},
            "origin": {"address": null, "request_id": null, "last_request_id": null},
            "action": "token_revealed",
            "subject": null,
            "token": null,
            "api_key": null,
            "outcome": "done",
            "reason": null,
            "count": 1,
        });
        assert_eq!(object(&entry(Actor::System, Outcome::Done)), expected);
    }

    #[test]
    fn the_kinds_of_actors_are_those_of_the_stores() {
        let name = String::new;
        for actor in [
            Actor::Person { email: None },
            Actor::Admin {
                id: AdminId::generate(AT, &SeededRandom::new(2)),
                username: name(),
            },
            Actor::Claimed { username: name() },
            Actor::Service { name: name() },
            Actor::ApiKey {
                id: ApiKeyId::generate(AT, &SeededRandom::new(2)),
                name: name(),
            },
            Actor::Unauthenticated,
            Actor::Operator,
            Actor::System,
        ] {
            let stored = serde_json::to_value(&actor).unwrap();
            assert_eq!(stored["kind"], actor.kind());
        }
    }

    #[test]
    fn a_line_is_one_line() {
        let mut entry = entry(Actor::System, Outcome::Refused("a\r\nb\u{2028}".to_owned()));
        entry.subject = Some("{\"\n}".to_owned());
        let line = AuditLine::from(&entry).to_string();
        assert!(!line.contains(['\n', '\r']), "{line}");
        assert_eq!(object(&entry)["subject"], "{\"\n}");
    }
}
