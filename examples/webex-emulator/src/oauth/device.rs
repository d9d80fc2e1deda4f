//! The device authorization grant (RFC 8628), for what has no browser of its own.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::codes::Consent;
use super::scopes::Scopes;
use crate::random;

/// How long a person has to answer.
pub(crate) const DEVICE_CODE_LIFE: Duration = Duration::seconds(300);

/// How long a device must wait between two polls.
pub(crate) const POLL_INTERVAL: Duration = Duration::seconds(2);

/// Without letters that look like digits.
const USER_CODE_ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Why a poll brings no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum PollError {
    #[error("the person has not answered")]
    Pending,
    #[error("the device polls too often")]
    TooFast,
    #[error("the person declined")]
    Declined,
    #[error("the device code is expired, used, or unknown")]
    Expired,
}

/// The two codes of a new request.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
}

/// What a person sees of a request.
#[derive(Clone, Debug)]
pub(crate) struct PendingDevice {
    pub(crate) client_id: String,
    pub(crate) scopes: Arc<Scopes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Open,
    Accepted(Uuid),
    Declined,
}

#[derive(Debug)]
struct Entry {
    client_id: String,
    scopes: Arc<Scopes>,
    user_code: String,
    expires: OffsetDateTime,
    last_poll: Option<OffsetDateTime>,
    decision: Decision,
}

#[derive(Debug, Default)]
struct Tables {
    entries: HashMap<String, Entry>,
    /// Device code by user code.
    by_user_code: HashMap<String, String>,
    by_age: VecDeque<(OffsetDateTime, String)>,
}

/// All requests of devices that have not expired.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    tables: Mutex<Tables>,
}

impl Devices {
    pub(crate) fn start(&self, client_id: &str, scopes: Scopes, now: OffsetDateTime) -> Started {
        let mut tables = self.tables.lock();
        tables.forget_expired(now);
        let device_code = random::alphanumeric(64);
        let user_code = random::pick(USER_CODE_ALPHABET, 8);
        let expires = now + DEVICE_CODE_LIFE;
        let entry = Entry {
            client_id: client_id.to_owned(),
            scopes: Arc::new(scopes),
            user_code: user_code.clone(),
            expires,
            last_poll: None,
            decision: Decision::Open,
        };
        tables.entries.insert(device_code.clone(), entry);
        tables
            .by_user_code
            .insert(user_code.clone(), device_code.clone());
        tables.by_age.push_back((expires, device_code.clone()));
        Started {
            device_code,
            user_code,
        }
    }

    /// The request that a person was given this code for, while it is open.
    pub(crate) fn find(&self, user_code: &str, now: OffsetDateTime) -> Option<PendingDevice> {
        let mut tables = self.tables.lock();
        let entry = tables.open(user_code, now)?;
        Some(PendingDevice {
            client_id: entry.client_id.clone(),
            scopes: Arc::clone(&entry.scopes),
        })
    }

    /// The person's answer: `Some` of who accepts. `false` where nothing was open.
    pub(crate) fn decide(
        &self,
        user_code: &str,
        accepted: Option<Uuid>,
        now: OffsetDateTime,
    ) -> bool {
        let mut tables = self.tables.lock();
        let Some(entry) = tables.open(user_code, now) else {
            return false;
        };
        entry.decision = accepted.map_or(Decision::Declined, Decision::Accepted);
        true
    }

    /// The device asks; a consent is handed out once.
    pub(crate) fn poll(
        &self,
        device_code: &str,
        client_id: &str,
        now: OffsetDateTime,
    ) -> Result<Consent, PollError> {
        let mut tables = self.tables.lock();
        let entry = tables
            .entries
            .get_mut(device_code)
            .filter(|entry| entry.client_id == client_id && entry.expires > now)
            .ok_or(PollError::Expired)?;
        let too_fast = entry
            .last_poll
            .is_some_and(|last| now - last < POLL_INTERVAL);
        entry.last_poll = Some(now);
        match entry.decision {
            Decision::Declined => Err(PollError::Declined),
            Decision::Open if too_fast => Err(PollError::TooFast),
            Decision::Open => Err(PollError::Pending),
            Decision::Accepted(person) => {
                let consent = Consent {
                    client_id: entry.client_id.clone(),
                    redirect_uri: String::new(),
                    scopes: Arc::clone(&entry.scopes),
                    person,
                    code_challenge: None,
                };
                tables.remove(device_code);
                Ok(consent)
            }
        }
    }
}

impl Tables {
    fn open(&mut self, user_code: &str, now: OffsetDateTime) -> Option<&mut Entry> {
        let device_code = self.by_user_code.get(&normalized(user_code))?;
        self.entries
            .get_mut(device_code)
            .filter(|entry| entry.expires > now && entry.decision == Decision::Open)
    }

    fn forget_expired(&mut self, now: OffsetDateTime) {
        while self
            .by_age
            .front()
            .is_some_and(|(expires, _)| *expires <= now)
        {
            if let Some((_, device_code)) = self.by_age.pop_front() {
                self.remove(&device_code);
            }
        }
    }

    fn remove(&mut self, device_code: &str) {
        if let Some(entry) = self.entries.remove(device_code) {
            self.by_user_code.remove(&entry.user_code);
        }
    }
}

/// People type codes in lower case and with spaces or dashes.
fn normalized(user_code: &str) -> String {
    user_code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn started() -> (Devices, Started) {
        let devices = Devices::default();
        let started = devices.start("C1", Scopes::parse("spark:all").unwrap(), NOW);
        (devices, started)
    }

    fn at(seconds: i64) -> OffsetDateTime {
        NOW + Duration::seconds(seconds)
    }

    #[test]
    fn a_device_waits_and_gets_its_consent_once() {
        let (
            devices,
            Started {
                device_code,
                user_code,
            },
        ) = started();
        let poll = |seconds| {
            devices
                .poll(&device_code, "C1", at(seconds))
                .map(|c| c.person)
        };
        assert_eq!(poll(0), Err(PollError::Pending));
        assert_eq!(poll(1), Err(PollError::TooFast));
        assert_eq!(poll(3), Err(PollError::Pending));
        let typed = format!("{}-{}", user_code[..4].to_lowercase(), &user_code[4..]);
        assert_eq!(devices.find(&typed, NOW).unwrap().client_id, "C1");
        assert!(devices.decide(&typed, Some(Uuid::from_u128(7)), NOW));
        assert!(!devices.decide(&typed, None, NOW), "an answer is final");
        assert_eq!(poll(4), Ok(Uuid::from_u128(7)));
        assert_eq!(poll(9), Err(PollError::Expired));
    }

    #[test]
    fn a_person_may_decline_or_never_answer() {
        let (
            devices,
            Started {
                device_code,
                user_code,
            },
        ) = started();
        assert_eq!(
            devices.poll(&device_code, "C2", NOW).unwrap_err(),
            PollError::Expired
        );
        assert!(devices.decide(&user_code, None, NOW));
        assert_eq!(
            devices.poll(&device_code, "C1", NOW).unwrap_err(),
            PollError::Declined
        );
        let (
            devices,
            Started {
                device_code,
                user_code,
            },
        ) = started();
        assert_eq!(
            devices.poll(&device_code, "C1", at(300)).unwrap_err(),
            PollError::Expired
        );
        assert!(devices.find(&user_code, at(300)).is_none());
        devices.start("C1", Scopes::parse("spark:all").unwrap(), at(300));
        assert_eq!(devices.tables.lock().entries.len(), 1);
    }
}
