//! The laws that each write into the store must keep, looked at in the moment in
//! which it takes effect.

use spark_oauth_core::TokenId;
use spark_oauth_core::token::{StatusKind, Token};

use super::provider::End;
use super::world::World;

impl World {
    /// Looks at all records after a write has taken effect.
    pub(crate) fn look_at_records(&self) {
        let now = self.stores.tokens();
        let gone: Vec<TokenId> = {
            let state = self.state();
            let known = state.ledger.records.keys();
            known
                .filter(|id| !now.iter().any(|token| token.id == **id))
                .copied()
                .collect()
        };
        for id in gone {
            let mut state = self.state();
            state.ledger.records.remove(&id);
            state.ledger.removed.push(id);
            state.coverage.count("removed");
        }
        for token in now {
            let before = self.state().ledger.records.get(&token.id).cloned();
            match before {
                Some(before) if before.version == token.version => continue,
                Some(before) => self.look_at_change(&before, &token),
                None => self.look_at_new(&token),
            }
            let mut state = self.state();
            let (_, refresh) = state.ledger.names(&token);
            state.ledger.stored(refresh);
            state.ledger.consents.insert((token.id, token.granted_at));
            state.ledger.records.insert(token.id, token);
        }
    }

    fn look_at_new(&self, token: &Token) {
        if self.state().ledger.removed.contains(&token.id) {
            self.violate("a record that was removed came back");
        }
        self.count("granted");
    }

    fn look_at_change(&self, before: &Token, after: &Token) {
        if after.upkeep.lost_races > before.upkeep.lost_races {
            self.count("race lost");
        }
        if after.version != before.version + 1 {
            self.violate("a write did not raise the version by one");
        }
        if after.granted_at != before.granted_at {
            self.count("granted anew");
            let consent = (after.id, after.granted_at);
            if self.state().ledger.consents.contains(&consent) {
                self.violate("a late write overtook a consent: an earlier one is back");
            }
        }
        if after.generation < before.generation {
            self.violate("a write took the generation back");
        }
        if after.granted_at != before.granted_at {
            return;
        }
        let ((was_access, was_refresh), (access, refresh)) = {
            let ledger = &mut self.state().ledger;
            (ledger.names(before), ledger.names(after))
        };
        if (was_access.grant, was_refresh.grant) != (access.grant, refresh.grant) {
            self.violate(format!(
                "a late write overtook a consent: {was_access:?} became {access:?}, \
                 {was_refresh:?} became {refresh:?}"
            ));
        }
        if access.number < was_access.number || refresh.number < was_refresh.number {
            self.violate(format!(
                "a late write put older tokens back: {access:?} for {was_access:?}, \
                 {refresh:?} for {was_refresh:?}"
            ));
        }
        let is_news = access.number > was_access.number;
        if is_news && after.generation == before.generation {
            self.violate("new tokens were written under an old generation");
        }
        self.look_at_status(before, after, is_news, refresh.grant);
    }

    fn look_at_status(&self, before: &Token, after: &Token, is_news: bool, grant: usize) {
        let (was, is) = (before.status.kind(), after.status.kind());
        let end = self.state().provider.grants[grant].end;
        let is_dead = end.is_some();
        match (was, is) {
            (StatusKind::Revoked, StatusKind::Active | StatusKind::NeedsConsent) => {
                self.violate("a late write overtook a revocation");
            }
            (StatusKind::NeedsConsent, StatusKind::Active) if !is_news => {
                self.violate("a lost consent came back without new tokens");
            }
            (StatusKind::Active, StatusKind::NeedsConsent) => {
                self.count("needs consent");
                if !is_dead {
                    self.violate("a person must consent anew although the grant lives");
                }
                if end == Some(End::Reused) {
                    self.count("consent lost by a crash or a lost answer");
                    if after.upkeep.interrupted == 0 {
                        self.violate("a consent was lost by a lost answer, and nobody counted it");
                    }
                }
            }
            (StatusKind::Active | StatusKind::NeedsConsent, StatusKind::Revoked) => {
                self.count("revoked");
                if !is_dead {
                    self.violate("a record counts as revoked although its grant lives");
                }
            }
            _ => {}
        }
    }
}
