//! The import as a whole: decide and write, read back, delete from the source.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::admins::SuperAdminSettings;
use crate::audit::{Actor, AuditAction, AuditEntry, Caller, Origin, Outcome};
use crate::ids::{AuditId, TokenId};
use crate::import::people::{by_person, by_username};
use crate::import::report::Source;
use crate::import::token_candidate::TokenCandidate;
use crate::import::verify::Written;
use crate::import::{Progress, Remark, Report, Sample, SampleCleaner, Stage, Verdict};
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::ports::{Clock, Random, StoreError, Stores, SystemClock, SystemRandom};
use crate::vault::{VaultError, open_vault};

/// How often a record is looked at anew when others change it at the same time.
pub(super) const ATTEMPTS: usize = 5;

/// Brings the sample's records into a store.
#[derive(Clone, Debug)]
pub struct Importer {
    pub(super) integration: Arc<Integration>,
    pub(super) super_admin: Option<SuperAdminSettings>,
    pub(super) stores: Stores,
    pub(super) ring: KeyRing,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
}

/// Why an import ended early. What was written stays, and the next import goes on
/// from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store needs a key that is not in the ring.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store failed.
    #[error("the store failed; what is imported so far stays, and a second import goes on")]
    Store(#[from] StoreError),
    /// The source failed while records were deleted from it.
    #[error("the source failed; everything is imported, and a second call goes on deleting")]
    Source(#[source] StoreError),
}

/// What became of a record, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settled<I> {
    Added(I),
    Renewed(I),
    AlreadyThere(I),
    LeftOut(Remark),
    Failed(Remark),
}

impl Importer {
    /// Imports for `integration`: the tokens become its, with its scopes. The admin
    /// whom `super_admin` names becomes the super admin.
    pub fn new(
        integration: Integration,
        super_admin: Option<SuperAdminSettings>,
        stores: Stores,
        ring: KeyRing,
    ) -> Self {
        Self {
            integration: Arc::new(integration),
            super_admin,
            stores,
            ring,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }

    /// Takes the time from another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes randomness from another source.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// What [`run`](Self::run) would do now. Nothing is written.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    pub async fn plan(&self, sample: &Sample) -> Result<Report, StoreError> {
        let mut report = Report::of_reading(sample);
        for person in by_person(&sample.tokens, &self.integration.client_id, &mut report) {
            let settled = self.plan_token(&person).await?;
            person[0].report(&settled, &mut report);
        }
        for admin in by_username(&sample.admins, self.super_admin.as_ref(), &mut report) {
            let settled = self.plan_admin(&admin).await?;
            admin.report(&settled, &mut report);
        }
        Ok(report)
    }

    /// What [`run`](Self::run) would do with a store that holds nothing yet.
    pub fn plan_for_new_store(
        integration: &Integration,
        super_admin: Option<&SuperAdminSettings>,
        sample: &Sample,
    ) -> Report {
        let mut report = Report::of_reading(sample);
        for person in by_person(&sample.tokens, &integration.client_id, &mut report) {
            person[0].report(&Settled::Added(person[0].id), &mut report);
        }
        for admin in by_username(&sample.admins, super_admin, &mut report) {
            admin.report(&Settled::Added(admin.id), &mut report);
        }
        report
    }

    /// Imports every valid record, reads it back and decrypts it. With a `cleaner`, and if
    /// nothing failed, then deletes the imported records and older records of the same
    /// persons from the source.
    ///
    /// `report` tells what was done also where the import ends early.
    ///
    /// # Errors
    /// [`ImportError`] says why it ended early.
    pub async fn run(
        &self,
        sample: &Sample,
        cleaner: Option<&dyn SampleCleaner>,
        progress: &dyn Progress,
        report: &mut Report,
    ) -> Result<(), ImportError> {
        open_vault(&*self.stores.vault, &self.ring).await?;
        *report = Report::of_reading(sample);
        let people = by_person(&sample.tokens, &self.integration.client_id, report);
        let admins = by_username(&sample.admins, self.super_admin.as_ref(), report);
        progress.begin(Stage::Writing, (people.len() + admins.len()) as u64);
        let mut written = Vec::new();
        let mut superseded = Vec::new();
        for person in &people {
            let settled = self.settle_token(person).await?;
            superseded.extend(settled.superseded(person));
            person[0].report(&settled, report);
            written.extend(Written::token(&person[0], &settled));
            progress.step();
        }
        for admin in &admins {
            let settled = self.settle_admin(admin).await?;
            admin.report(&settled, report);
            written.extend(Written::admin(admin, &settled));
            progress.step();
        }
        self.read_back(&written, progress, report).await?;
        match cleaner {
            Some(cleaner) if report.is_sound() => {
                clean(cleaner, superseded, &written, progress, report).await
            }
            _ => Ok(()),
        }
    }

    async fn read_back(
        &self,
        written: &[Written<'_>],
        progress: &dyn Progress,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        progress.begin(Stage::ReadingBack, written.len() as u64);
        for record in written {
            if let Some(remark) = self.verify(record).await? {
                report.tell(&record.source(), Verdict::Failed, remark);
            }
            progress.step();
        }
        Ok(())
    }

    /// Writes down what the operator has imported: an address or a username, and the
    /// token. What was imported is imported: where the log fails, the import goes on.
    pub(super) async fn note(&self, action: AuditAction, subject: &str, token: Option<TokenId>) {
        let at = self.clock.now();
        let entry = AuditEntry {
            id: AuditId::generate(at, &*self.random),
            at,
            caller: Caller {
                actor: Actor::Operator,
                origin: Origin::default(),
            },
            action,
            token,
            api_key: None,
            subject: Some(subject.to_owned()),
            outcome: Outcome::Done,
            count: NonZeroU32::MIN,
            last_request_id: None,
        };
        if let Err(error) = self.stores.audit.append(&entry).await {
            tracing::error!(?entry, %error, "the audit log did not take an entry");
        }
    }
}

async fn clean(
    cleaner: &dyn SampleCleaner,
    superseded: Vec<Source<'_>>,
    written: &[Written<'_>],
    progress: &dyn Progress,
    report: &mut Report,
) -> Result<(), ImportError> {
    let older = superseded.len();
    progress.begin(Stage::Deleting, (older + written.len()) as u64);
    // The older ones first: where this ends early, the next import finds the newest.
    let records = superseded
        .into_iter()
        .chain(written.iter().map(Written::source));
    for (number, source) in records.enumerate() {
        let deleted = cleaner.delete(source.kind, source.record).await;
        if deleted.map_err(ImportError::Source)? {
            let tally = report.tally(source.kind);
            tally.deleted += 1;
            tally.deleted_older += u64::from(number < older);
        } else {
            report.tell(&source, Verdict::NotDeleted, Remark::ChangedInSource);
        }
        progress.step();
    }
    Ok(())
}

impl<I> Settled<I> {
    /// The record that stands for the sample's now.
    pub(super) const fn standing(&self) -> Option<&I> {
        match self {
            Self::Added(id) | Self::Renewed(id) | Self::AlreadyThere(id) => Some(id),
            Self::LeftOut(_) | Self::Failed(_) => None,
        }
    }

    /// The records of a person in the place of which a newer one is in the store.
    fn superseded<'s>(&self, person: &'s [TokenCandidate<'s>]) -> impl Iterator<Item = Source<'s>> {
        let first = match self {
            Self::Added(_) | Self::Renewed(_) | Self::AlreadyThere(_) => 1,
            Self::LeftOut(Remark::OlderThanStored) => 0,
            Self::LeftOut(_) | Self::Failed(_) => person.len(),
        };
        person.iter().skip(first).map(TokenCandidate::source)
    }

    pub(super) fn report(&self, source: &Source<'_>, report: &mut Report) {
        let tally = report.tally(source.kind);
        match self {
            Self::Added(_) => tally.added += 1,
            Self::Renewed(_) => tally.renewed += 1,
            Self::AlreadyThere(_) => tally.already_there += 1,
            Self::LeftOut(remark) => report.tell(source, Verdict::LeftOut, remark.clone()),
            Self::Failed(remark) => report.tell(source, Verdict::Failed, remark.clone()),
        }
    }
}
