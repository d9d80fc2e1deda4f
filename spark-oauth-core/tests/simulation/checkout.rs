//! The laws that every answer to a checkout must keep.

use std::time::Duration;

use spark_oauth_core::TokenId;
use spark_oauth_core::audit::Caller;
use spark_oauth_core::broker::{CheckedOut, TokenError};
use spark_oauth_core::ports::ErrorClass;
use spark_oauth_core::token::{Status, Token};

use super::provider::Name;
use super::world::{Running, World};

/// What stood before the call.
struct Before {
    record: Option<Token>,
    was_removed: bool,
}

impl World {
    /// Fetches a token, and judges the answer.
    pub(crate) async fn check_out(&self, running: &Running, id: TokenId, min_life: Duration) {
        let before = {
            let state = self.state();
            Before {
                record: state.ledger.records.get(&id).cloned(),
                was_removed: state.ledger.removed.contains(&id),
            }
        };
        let caller = Caller::service("service");
        let checked_out = Box::pin(running.oauth.broker.check_out(id, min_life, &caller));
        let Some(outcome) = self.call(running, "check_out", checked_out).await else {
            return;
        };
        self.note(|| {
            let process = running.process;
            match &outcome {
                Ok(answer) => format!(
                    "process {process} hands out {} warning {:?}",
                    answer.access_token.expose_secret(),
                    answer.warning
                ),
                Err(error) => format!("process {process} hands out nothing: {error:?}"),
            }
        });
        match outcome {
            Ok(answer) => self.judge_answer(id, &before, &answer),
            Err(error) => self.judge_refusal(id, &before, &error),
        }
    }

    /// Whether the record is still of the consent that it was of before.
    fn stands_as(&self, id: TokenId, before: &Before) -> Option<Token> {
        let before = before.record.as_ref()?;
        let now = self.state().ledger.records.get(&id).cloned()?;
        (now.granted_at == before.granted_at).then_some(now)
    }

    fn judge_answer(&self, id: TokenId, before: &Before, answer: &CheckedOut) {
        self.count(if answer.warning.is_some() {
            "handed out with a warning"
        } else {
            "handed out"
        });
        let name = Name::read(answer.access_token.expose_secret());
        let end = self.state().provider.access_end(name);
        let allowance = self.plan.allowance();
        if (end + allowance).has_passed(self.now()) {
            self.violate(format!("{name:?} was handed out, which has ended"));
        }
        if answer.expires_at > end + allowance {
            self.violate(format!("{name:?} was promised a longer life than it has"));
        }
        if before.was_removed {
            self.violate("a token was handed out whose record is removed");
        }
        let was_active = before
            .record
            .as_ref()
            .is_none_or(|record| record.status == Status::Active);
        let is_active = self
            .stands_as(id, before)
            .is_none_or(|record| record.status == Status::Active);
        if !was_active && !is_active {
            self.violate("a token was handed out of a record that is not active");
        }
    }

    fn judge_refusal(&self, id: TokenId, before: &Before, error: &TokenError) {
        self.count(format!("refused: {}", error.reason()));
        match error {
            TokenError::Interrupted | TokenError::Vault(_) => {
                self.violate(format!("a checkout failed by a defect: {error}"));
            }
            TokenError::NotFound => {
                if self.state().ledger.records.contains_key(&id) {
                    self.violate("a record was not found that stands");
                }
            }
            TokenError::NeedsConsent { .. } | TokenError::Revoked { .. } => {
                self.judge_loss(id, before);
            }
            _ => self.judge_passing(id, before, error),
        }
    }

    fn judge_loss(&self, id: TokenId, before: &Before) {
        let Some(record) = self.stands_as(id, before) else {
            return;
        };
        let mut state = self.state();
        let (_, refresh) = state.ledger.names(&record);
        let lives = state.provider.grants[refresh.grant].end.is_none();
        drop(state);
        if lives && record.status == Status::Active {
            self.violate("somebody heard of a lost consent although the grant lives");
        }
    }

    /// A fault that passes must not withhold a stored token that lives.
    fn judge_passing(&self, id: TokenId, before: &Before, error: &TokenError) {
        let Some(record) = self.stands_as(id, before) else {
            return;
        };
        let is_the_stores = matches!(error, TokenError::Store(_) | TokenError::Superseded);
        let same = before
            .record
            .as_ref()
            .is_some_and(|before| before.access == record.access);
        let lives = record.access_expires_at.since(self.now()) > self.plan.allowance() + SLACK;
        if same && lives && !is_the_stores && record.status == Status::Active {
            let class: ErrorClass = error.class();
            self.violate(format!(
                "a token that lives was withheld for {error} ({class:?})"
            ));
        }
    }
}

/// Less life than this is not worth an answer.
const SLACK: Duration = Duration::from_secs(2);
