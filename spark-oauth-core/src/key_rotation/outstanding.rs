//! What was begun under an older key, is not sealed again, and ends by itself.

use std::num::NonZeroU16;

use super::service::KeyRotation;
use crate::ports::{PageRequest, StoreError};
use crate::timestamp::Timestamp;

/// How many records are read at once.
const PAGE: NonZeroU16 = NonZeroU16::new(256).unwrap();

/// How many there are, and when the last of them ends.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    pub(super) count: u64,
    pub(super) end_at: Option<Timestamp>,
}

impl Outstanding {
    fn add(&mut self, end_at: Timestamp) {
        self.count += 1;
        self.end_at = self.end_at.max(Some(end_at));
    }
}

impl KeyRotation {
    /// The open consents that an older key has sealed.
    pub(super) async fn consents_with_older_keys(&self) -> Result<Outstanding, StoreError> {
        let (now, newest) = (self.clock.now(), self.ring.sealing_fingerprint());
        let mut older = Outstanding::default();
        let mut request = PageRequest::first(PAGE);
        loop {
            let page = self.inventory.walk_consents(&request).await?;
            for consent in page.items.into_iter().flatten() {
                let by_older = consent.verifier.key().is_ok_and(|key| key != newest);
                if by_older && !consent.expires_at.has_passed(now) {
                    older.add(consent.expires_at);
                }
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(older),
            }
        }
    }

    /// The consent links that can be used. The store does not know which key signed the
    /// text that was sent.
    pub(super) async fn links_in_use(&self) -> Result<Outstanding, StoreError> {
        let now = self.clock.now();
        let mut usable = Outstanding::default();
        let mut request = PageRequest::first(PAGE);
        loop {
            let page = self.inventory.walk_links(&request).await?;
            for link in page.items.into_iter().flatten() {
                if link.is_usable(now) {
                    usable.add(link.expires_at);
                }
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(usable),
            }
        }
    }
}
