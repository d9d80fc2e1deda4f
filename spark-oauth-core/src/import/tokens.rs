//! What becomes of one person's records.

use crate::audit::AuditAction;
use crate::broker::{Schedule, ScheduleLimits};
use crate::ids::TokenId;
use crate::import::importer::{ATTEMPTS, Importer, Settled};
use crate::import::people::PersonRecords;
use crate::import::token_candidate::TokenCandidate;
use crate::import::{Remark, Report};
use crate::keyring::OpenError;
use crate::ports::StoreError;
use crate::timestamp::Timestamp;
use crate::token::{FIRST_VERSION, Profile, Status, Token, Upkeep, owned, owners};

/// What is to be done for one person.
enum Step {
    /// Nothing of this person stands here.
    Add,
    /// What was imported before was not touched here, and the sample has refreshed it.
    Renew(Box<Token>),
    /// What stands here stays.
    Stays(Settled<TokenId>),
}

impl Importer {
    /// Writes the newest of a person's records, where it is to be written. Others may
    /// write the same record at the same time.
    pub(super) async fn settle_token(
        &self,
        person: &PersonRecords<'_>,
    ) -> Result<Settled<TokenId>, StoreError> {
        let newest = &person[0];
        for _ in 0..ATTEMPTS {
            let (written, settled) = match self.step(person).await? {
                Step::Stays(settled) => return Ok(settled),
                Step::Add => {
                    let token = self.new_token(newest).await?;
                    let inserted = self.stores.tokens.insert(&token).await;
                    (inserted, Settled::Added(newest.id))
                }
                Step::Renew(token) => {
                    let renewed = self.renewed(*token, newest);
                    let updated = self.stores.tokens.update(&renewed).await;
                    (updated.map(drop), Settled::Renewed(renewed.id))
                }
            };
            match written {
                Ok(()) => {
                    self.note_token(newest, &settled).await;
                    return Ok(settled);
                }
                Err(StoreError::AlreadyExists(_) | StoreError::Conflict | StoreError::NotFound) => {
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Settled::Failed(Remark::Contention))
    }

    /// What would become of a person's records.
    pub(super) async fn plan_token(
        &self,
        person: &PersonRecords<'_>,
    ) -> Result<Settled<TokenId>, StoreError> {
        Ok(match self.step(person).await? {
            Step::Add => Settled::Added(person[0].id),
            Step::Renew(token) => Settled::Renewed(token.id),
            Step::Stays(settled) => settled,
        })
    }

    async fn step(&self, person: &PersonRecords<'_>) -> Result<Step, StoreError> {
        let newest = &person[0];
        match self.standing(person).await {
            Ok(Some(token)) => Ok(self.step_from(token, newest)),
            Ok(None) => Ok(Step::Add),
            Err(StoreError::Corrupt { .. }) => Ok(Step::Stays(Settled::Failed(Remark::Corrupt))),
            Err(error) => Err(error),
        }
    }

    /// The record that stands for this person: one that was made from any of the
    /// person's records, whatever has become of it; else an imported one with the same
    /// address; else one that the person consented to here, with the same scopes.
    async fn standing(&self, person: &PersonRecords<'_>) -> Result<Option<Token>, StoreError> {
        for candidate in person {
            if let Some(token) = self.stores.tokens.get(candidate.id).await? {
                return Ok(Some(token));
            }
        }
        let (integration, email) = (&self.integration.client_id, &person[0].email);
        let mut same_address = owned(self.stores.tokens.find_by_email(email).await?);
        same_address.retain(|token| token.integration == *integration);
        let rank = |token: &Token| match token.person {
            None => Some(0),
            Some(_) if token.consented_scopes == self.integration.scopes => Some(1),
            Some(_) => None,
        };
        let ranked = same_address
            .into_iter()
            .filter(|token| rank(token).is_some());
        Ok(ranked.min_by_key(rank))
    }

    fn step_from(&self, token: Token, newest: &TokenCandidate<'_>) -> Step {
        let touched = token.person.is_some()
            || token.last_refresh.is_some()
            || matches!(token.status, Status::Revoked { .. });
        Step::Stays(match self.holds(&token, newest) {
            Err(error) => Settled::Failed(error.into()),
            Ok(true) => Settled::AlreadyThere(token.id),
            Ok(false) if touched && token.id == newest.id => Settled::AlreadyThere(token.id),
            Ok(false) if touched => Settled::LeftOut(Remark::KeptHere),
            Ok(false) if is_older(newest, &token) => Settled::LeftOut(Remark::OlderThanStored),
            // The answer of the provider would find another generation, and be lost.
            Ok(false) if self.is_being_refreshed(&token) => {
                Settled::LeftOut(Remark::BeingRefreshed)
            }
            Ok(false) => return Step::Renew(Box::new(token)),
        })
    }

    /// Whether the stored record holds the very tokens of this one.
    pub(super) fn holds(
        &self,
        token: &Token,
        candidate: &TokenCandidate<'_>,
    ) -> Result<bool, OpenError> {
        let access = self.ring.open_access(token.id, &token.access)?;
        let refresh = token.refresh.as_ref();
        let refresh = refresh.map(|sealed| self.ring.open_refresh(token.id, sealed));
        let same_refresh = refresh
            .transpose()?
            .is_some_and(|refresh| refresh.matches(&candidate.refresh));
        Ok(same_refresh && access.matches(&candidate.access))
    }

    fn is_being_refreshed(&self, token: &Token) -> bool {
        token.attempt.is_some() || token.leased_by(self.clock.now()).is_some()
    }

    async fn new_token(&self, candidate: &TokenCandidate<'_>) -> Result<Token, StoreError> {
        let now = self.clock.now();
        // The sample did not record the person, so a person for whom the provider
        // confirmed the address keeps it.
        let records = self.stores.tokens.find_by_email(&candidate.email).await?;
        let profile = Profile {
            email_lost_at: owners(&records, None).confirmed_at,
            ..Profile::default()
        };
        let token = Token {
            id: candidate.id,
            integration: self.integration.client_id.clone(),
            person: None,
            email: candidate.email.clone(),
            profile,
            display_name: None,
            scopes: self.integration.scopes.clone(),
            consented_scopes: self.integration.scopes.clone(),
            status: Status::Active,
            access: self.ring.seal_access(candidate.id, &candidate.access),
            access_expires_at: now,
            refresh: None,
            refresh_expires_at: None,
            obtained_at: now,
            clock: None,
            granted_at: now,
            last_refresh: None,
            last_failure: None,
            generation: 0,
            version: FIRST_VERSION,
            lease: None,
            attempt: None,
            upkeep: Upkeep::default(),
        };
        Ok(self.renewed(token, candidate))
    }

    /// The record with the tokens of the sample. When they were obtained and end is
    /// not known: the access token counts as ended, so that it is due soon.
    fn renewed(&self, mut token: Token, candidate: &TokenCandidate<'_>) -> Token {
        let now = self.clock.now();
        token.status = Status::Active;
        token.access = self.ring.seal_access(token.id, &candidate.access);
        token.access_expires_at = now;
        token.refresh = Some(self.ring.seal_refresh(token.id, &candidate.refresh));
        token.refresh_expires_at = None;
        token.obtained_at = now;
        token.granted_at = candidate.created_at().unwrap_or(now);
        token.last_failure = None;
        token.generation += 1;
        let schedule = Schedule::new(ScheduleLimits::default(), self.random.clone());
        schedule.plan(&mut token, now);
        token
    }

    async fn note_token(&self, candidate: &TokenCandidate<'_>, settled: &Settled<TokenId>) {
        if let Some(id) = settled.standing() {
            let email = candidate.email.as_str();
            self.note(AuditAction::TokenImported, email, Some(*id))
                .await;
        }
    }
}

/// Whether the stored record came from a newer one of the sample. It tells by the time
/// of the consent, which is that of the sample's record.
fn is_older(candidate: &TokenCandidate<'_>, stored: &Token) -> bool {
    let created_at = candidate.created_at().unwrap_or(Timestamp::EPOCH);
    created_at < stored.granted_at || (created_at == stored.granted_at && candidate.id != stored.id)
}

impl TokenCandidate<'_> {
    /// Counts and tells what became of the person's records.
    pub(super) fn report(&self, settled: &Settled<TokenId>, report: &mut Report) {
        settled.report(&self.source(), report);
        if settled.standing().is_some() {
            self.tell_remarks(report);
        }
    }
}
