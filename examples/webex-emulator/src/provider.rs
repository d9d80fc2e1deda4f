//! The emulated provider: everything it knows, reachable in process.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use time::OffsetDateTime;

use crate::clock;
use crate::faults::{Fault, Faults, InvalidFault, PendingFault};
use crate::oauth::client::Registration;
use crate::oauth::codes::Consent;
use crate::oauth::device::Devices;
use crate::oauth::grants::Grants;
use crate::oauth::scopes::Scopes;
use crate::oauth::tokens::TokenAnswer;
use crate::people::{InvalidEmail, People, Person};
use crate::rooms::{RoomSnapshot, Rooms};
use crate::settings::Settings;
use crate::stats::{Counters, Stats, count};

#[derive(Debug)]
struct Inner {
    settings: RwLock<Arc<Settings>>,
    registration: RwLock<Option<Arc<Registration>>>,
    people: People,
    grants: Grants,
    devices: Devices,
    rooms: Rooms,
    faults: Faults,
    counters: Counters,
}

/// The provider's state. Clones share it.
///
/// What the control API does over HTTP, a test does with these methods.
#[derive(Clone, Debug)]
pub struct Provider {
    inner: Arc<Inner>,
}

impl Default for Provider {
    fn default() -> Self {
        Self::new(Settings::default(), None)
    }
}

impl Provider {
    /// A provider that knows Alice, Bob and Carol, and no token.
    pub fn new(settings: Settings, registration: Option<Registration>) -> Self {
        let settings = settings.bounded();
        let people = People::new(clock::now(settings.clock_advance_s));
        Self {
            inner: Arc::new(Inner {
                settings: RwLock::new(Arc::new(settings)),
                registration: RwLock::new(registration.map(Arc::new)),
                people,
                grants: Grants::default(),
                devices: Devices::default(),
                rooms: Rooms::default(),
                faults: Faults::default(),
                counters: Counters::default(),
            }),
        }
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.inner.settings.read())
    }

    /// Changes settings; other calls see either none or all of the change.
    pub fn update_settings(&self, change: impl FnOnce(&mut Settings)) -> Arc<Settings> {
        let mut current = self.inner.settings.write();
        let mut changed = Settings::clone(&current);
        change(&mut changed);
        *current = Arc::new(changed.bounded());
        Arc::clone(&current)
    }

    /// The emulator's time.
    pub fn now(&self) -> OffsetDateTime {
        clock::now(self.settings().clock_advance_s)
    }

    /// Lets time pass at the emulator, in whole seconds.
    pub fn advance_clock(&self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        self.update_settings(|settings| {
            settings.clock_advance_s = settings.clock_advance_s.saturating_add(seconds);
        });
    }

    /// Pins the one integration that is known, or opens the emulator to all.
    pub fn set_registration(&self, registration: Option<Registration>) {
        *self.inner.registration.write() = registration.map(Arc::new);
    }

    /// Arms a fault.
    ///
    /// # Errors
    /// [`InvalidFault`] where it could never happen as described.
    pub fn push_fault(&self, fault: Fault) -> Result<(), InvalidFault> {
        self.inner.faults.push(fault)
    }

    /// Forgets all armed faults.
    pub fn clear_faults(&self) {
        self.inner.faults.clear();
    }

    /// The armed faults, oldest first.
    pub fn pending_faults(&self) -> Vec<PendingFault> {
        self.inner.faults.pending()
    }

    /// What happened so far.
    pub fn stats(&self) -> Stats {
        self.inner.counters.snapshot(self.inner.grants.live())
    }

    /// All rooms with members and messages, oldest first.
    pub fn rooms(&self) -> Vec<RoomSnapshot> {
        self.inner.rooms.snapshot()
    }

    /// Adds somebody to the people on the authorize page.
    ///
    /// # Errors
    /// [`InvalidEmail`] where the address is none.
    pub fn add_person(
        &self,
        email: &str,
        first_name: &str,
        last_name: &str,
    ) -> Result<Arc<Person>, InvalidEmail> {
        self.inner
            .people
            .add(email, first_name, last_name, self.now())
    }

    /// Changes a person's address, as an administrator of an organization does. The next
    /// person who signs in with the old address is a new person. If another person has the
    /// new address, both have it, and the person who got it last signs in with it. `None` if
    /// no person signs in with `email`.
    ///
    /// # Errors
    /// [`InvalidEmail`] if an address is invalid.
    pub fn rename_person(
        &self,
        email: &str,
        new_email: &str,
    ) -> Result<Option<Arc<Person>>, InvalidEmail> {
        self.inner.people.rename(email, new_email, None)
    }

    /// The person with this e-mail address, without regard to case.
    pub fn person(&self, email: &str) -> Option<Arc<Person>> {
        self.inner.people.find(email)
    }

    /// A grant as if the person had gone through the authorize page and the code
    /// had been exchanged. Does not count in the statistics. For tests that need
    /// many tokens quickly.
    ///
    /// # Errors
    /// [`InvalidEmail`] where the address is none.
    pub fn grant(
        &self,
        email: &str,
        client_id: &str,
        scopes: Scopes,
    ) -> Result<TokenAnswer, InvalidEmail> {
        let now = self.now();
        let consent = Consent {
            client_id: client_id.to_owned(),
            redirect_uri: String::new(),
            scopes: Arc::new(scopes),
            person: self.inner.people.find_or_create(email, now)?.id,
            code_challenge: None,
        };
        Ok(self.inner.grants.grant(&consent, &self.settings(), now))
    }

    /// The person withdrew from every integration (or left, or changed the
    /// password, which looks the same). Answers how many grants ended.
    pub fn revoke(&self, email: &str) -> usize {
        let person = self.inner.people.find(email);
        self.count_revoked(person.map_or(0, |person| {
            self.inner.grants.revoke_of_person(person.id, None)
        }))
    }

    /// Everybody withdrew. Answers how many grants ended.
    pub fn revoke_everybody(&self) -> usize {
        self.count_revoked(self.inner.grants.revoke_all())
    }

    fn count_revoked(&self, grants: usize) -> usize {
        if grants > 0 {
            count(&self.inner.counters.revocations);
        }
        grants
    }

    pub(crate) fn registration(&self) -> Option<Arc<Registration>> {
        self.inner.registration.read().clone()
    }

    pub(crate) fn people(&self) -> &People {
        &self.inner.people
    }

    pub(crate) fn grants(&self) -> &Grants {
        &self.inner.grants
    }

    pub(crate) fn devices(&self) -> &Devices {
        &self.inner.devices
    }

    pub(crate) fn room_table(&self) -> &Rooms {
        &self.inner.rooms
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.inner.counters
    }
}
