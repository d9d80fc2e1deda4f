//! The book of refreshes: which refresh token was presented by whom, what became of
//! the answer, and whether a second use of one has an explanation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use spark_oauth_core::keyring::{KeyRing, Sealed};
use spark_oauth_core::token::{Status, Token};
use spark_oauth_core::{ProcessId, Timestamp, TokenId};

use super::provider::Name;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is on its way, or its answer is in the memory of the process.
    Open,
    /// It led to nothing.
    Void,
    /// The new refresh token is in the journal, and not in the store yet.
    Journaled,
    /// The new refresh token is in the store.
    Stored,
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
    begun_at: Timestamp,
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
    pub(super) processes: BTreeMap<ProcessId, usize>,
    ended: BTreeSet<usize>,
    last_failure: BTreeMap<usize, Timestamp>,
    cannot_extend: BTreeSet<usize>,
    /// The process, and the grant that its lease was for.
    lapsed: BTreeSet<(usize, usize)>,
    pub(super) taken_over: u64,
}

/// How long an interrupted refresh of another process is left alone:
/// `RefreshLimits::recovery_grace`.
pub(crate) const GRACE: Duration = Duration::from_mins(1);

/// By how much two clocks may disagree on that.
const TOLERANCE: Duration = Duration::from_secs(5);

impl Ledger {
    pub(crate) fn new(ring: KeyRing) -> Self {
        Self {
            requests: Vec::new(),
            records: BTreeMap::new(),
            removed: Vec::new(),
            consents: BTreeSet::new(),
            ring,
            opened: BTreeMap::new(),
            processes: BTreeMap::new(),
            ended: BTreeSet::new(),
            last_failure: BTreeMap::new(),
            cannot_extend: BTreeSet::new(),
            lapsed: BTreeSet::new(),
            taken_over: 0,
        }
    }

    /// A refresh token leaves a process; the law that this breaks, if any.
    pub(crate) fn present(
        &mut self,
        process: usize,
        token: Name,
        now: Timestamp,
    ) -> (usize, Option<String>) {
        self.give_up_on_others(process, token, now);
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
            begun_at: now,
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
        self.ended.insert(process);
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

    /// This refresh token of the grant, and with it all before, is in the store.
    pub(crate) fn stored(&mut self, token: Name) {
        self.settle(token, |fate| {
            matches!(fate, Fate::Open | Fate::Journaled).then_some(Fate::Stored)
        });
    }

    /// This refresh token of the grant is in a journal.
    pub(crate) fn journaled(&mut self, token: Name) {
        self.settle(token, |fate| {
            (fate == Fate::Open).then_some(Fate::Journaled)
        });
    }

    fn settle(&mut self, token: Name, becomes: impl Fn(Fate) -> Option<Fate>) {
        for request in &mut self.requests {
            let is_handed = request.handed.is_some_and(|number| number <= token.number);
            if request.token.grant == token.grant && is_handed {
                request.fate = becomes(request.fate).unwrap_or(request.fate);
            }
        }
    }

    /// A process saw the store fail.
    pub(crate) fn saw_failure(&mut self, process: usize, now: Timestamp) {
        self.last_failure.insert(process, now);
    }

    /// A process extended its lease, or could not.
    pub(crate) fn extended(&mut self, process: usize, is_done: bool) {
        if is_done {
            self.cannot_extend.remove(&process);
        } else {
            self.cannot_extend.insert(process);
        }
    }

    /// The lease of `owner`, whose time was over, was taken by another process.
    pub(crate) fn lapsed(&mut self, owner: ProcessId, grant: usize) {
        let Some(process) = self.processes.get(&owner) else {
            return;
        };
        if self.cannot_extend.contains(process) || self.ended.contains(process) {
            self.lapsed.insert((*process, grant));
        }
    }

    /// A process that is cut off from the store for so long that its lease ends, or
    /// that ended and left an answer on a disk which nobody else reads, loses what it
    /// has to the one that takes over, where that one waits as long as it must.
    fn give_up_on_others(&mut self, process: usize, token: Name, now: Timestamp) {
        let failure = self.last_failure.get(&process);
        let waited = |since: &Timestamp| now.since(*since) + TOLERANCE >= GRACE;
        if failure.is_some_and(|failure| !waited(failure)) {
            return;
        }
        for other in &mut self.requests {
            let is_lapsed = other.process != process
                && self.lapsed.contains(&(other.process, token.grant))
                && waited(&other.begun_at);
            let is_open = matches!(other.fate, Fate::Open | Fate::Journaled);
            if other.token.grant == token.grant && is_lapsed && is_open {
                other.in_flight = false;
                other.fate = Fate::Lost;
                self.taken_over += 1;
            }
        }
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
