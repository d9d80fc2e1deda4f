//! The book of refreshes: which refresh token was presented by whom, what became of
//! the answer, and whether a second use of one has an explanation.

use std::collections::{BTreeMap, BTreeSet};

use spark_oauth_core::keyring::{KeyRing, Sealed};
use spark_oauth_core::token::{Status, Token};
use spark_oauth_core::{Timestamp, TokenId};

use super::provider::Name;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is on its way, or its answer is in the memory of the process.
    Open,
    /// It led to nothing.
    Void,
    /// The new refresh token is in the store or in the journal.
    Durable,
    /// The process crashed, or the answer was lost, and the work may have been done.
    Lost,
}

#[derive(Debug)]
struct Request {
    process: usize,
    token: Name,
    /// The number of the refresh token that was handed out.
    handed: Option<u64>,
    fate: Fate,
    /// The process still waits for the answer.
    in_flight: bool,
    /// It explained a second use already.
    is_spent: bool,
}

/// The book of refreshes, and the records as they were last seen.
#[derive(Debug)]
pub(crate) struct Ledger {
    requests: Vec<Request>,
    pub(super) records: BTreeMap<TokenId, Token>,
    pub(super) removed: Vec<TokenId>,
    /// Every consent that ever stood in a record.
    pub(super) consents: BTreeSet<(TokenId, Timestamp)>,
    ring: KeyRing,
    opened: BTreeMap<Vec<u8>, Name>,
}

impl Ledger {
    pub(crate) fn new(ring: KeyRing) -> Self {
        Self {
            requests: Vec::new(),
            records: BTreeMap::new(),
            removed: Vec::new(),
            consents: BTreeSet::new(),
            ring,
            opened: BTreeMap::new(),
        }
    }

    /// A refresh token leaves a process; the law that this breaks, if any.
    pub(crate) fn present(&mut self, process: usize, token: Name) -> (usize, Option<String>) {
        let other = self
            .requests
            .iter()
            .find(|other| other.in_flight && other.token.grant == token.grant);
        let broken = other.map(|other| {
            format!(
                "two refreshes at once of grant {}: of processes {} and {process}",
                token.grant, other.process
            )
        });
        self.requests.push(Request {
            process,
            token,
            handed: None,
            fate: Fate::Open,
            in_flight: true,
            is_spent: false,
        });
        (self.requests.len() - 1, broken)
    }

    pub(crate) fn handed_out(&mut self, request: usize, number: u64) {
        self.requests[request].handed = Some(number);
    }

    pub(crate) fn answered(&mut self, request: usize) {
        let request = &mut self.requests[request];
        request.in_flight = false;
        if request.handed.is_none() {
            request.fate = Fate::Void;
        }
    }

    /// The process waits no longer, and the work was or may be done all the same.
    pub(crate) fn lost(&mut self, request: usize) {
        let request = &mut self.requests[request];
        request.in_flight = false;
        request.fate = Fate::Lost;
    }

    /// The process is no more; answers how many refreshes of its own it cost.
    pub(crate) fn crashed(&mut self, process: usize) -> usize {
        let open = self
            .requests
            .iter_mut()
            .filter(|request| request.process == process && request.fate == Fate::Open);
        open.map(|request| {
            request.in_flight = false;
            request.fate = Fate::Lost;
        })
        .count()
    }

    /// How many answers a process has in its memory alone that belong into a record.
    pub(crate) fn in_memory_alone(&mut self, process: usize) -> usize {
        let active: Vec<_> = self.records.values().cloned().collect();
        let grants: Vec<_> = active
            .iter()
            .filter(|token| token.status == Status::Active)
            .map(|token| self.names(token).1.grant)
            .collect();
        let open = self.requests.iter().filter(|request| {
            request.process == process
                && request.fate == Fate::Open
                && request.handed.is_some()
                && grants.contains(&request.token.grant)
        });
        open.count()
    }

    /// This refresh token of the grant, and with it all before, is on a disk.
    pub(crate) fn durable(&mut self, token: Name) {
        let handed = self.requests.iter_mut().filter(|request| {
            request.token.grant == token.grant
                && request.fate == Fate::Open
                && request.handed.is_some_and(|number| number <= token.number)
        });
        handed.for_each(|request| request.fate = Fate::Durable);
    }

    /// Whether it is explained that this token was presented a second time: by a
    /// crash, or a lost answer. Each explains one.
    pub(crate) fn explains_reuse(&mut self, token: Name) -> bool {
        let reason = self.requests.iter_mut().find(|request| {
            request.token == token && request.fate == Fate::Lost && !request.is_spent
        });
        reason.is_some_and(|request| {
            request.is_spent = true;
            true
        })
    }

    /// The names of the access and the refresh token in a record.
    pub(crate) fn names(&mut self, token: &Token) -> (Name, Name) {
        let refresh = token.refresh.as_ref().unwrap();
        (
            self.access_name(token.id, &token.access),
            self.refresh_name(token.id, refresh),
        )
    }

    fn access_name(&mut self, id: TokenId, sealed: &Sealed) -> Name {
        if let Some(name) = self.opened.get(sealed.as_bytes()) {
            return *name;
        }
        let opened = self.ring.open_access(id, sealed).unwrap();
        let name = Name::read(opened.expose_secret());
        self.opened.insert(sealed.as_bytes().to_vec(), name);
        name
    }

    pub(crate) fn refresh_name(&mut self, id: TokenId, sealed: &Sealed) -> Name {
        if let Some(name) = self.opened.get(sealed.as_bytes()) {
            return *name;
        }
        let opened = self.ring.open_refresh(id, sealed).unwrap();
        let name = Name::read(opened.expose_secret());
        self.opened.insert(sealed.as_bytes().to_vec(), name);
        name
    }
}
