//! Search, export and retention, on stores in memory.

use std::num::NonZeroU32;

use super::*;
use crate::audit::{Actor, Origin};
use crate::detached::Detached;
use crate::ids::AuditId;
use crate::ports::{ManualClock, SeededRandom};
use crate::testing::scene::{NOW, caller};
use crate::testing::{MemoryStores, StoreCall, StoreFault};
use crate::timestamp::Timestamp;

const DAY: Duration = Duration::from_hours(24);

struct Desk {
    stores: MemoryStores,
    audit: AuditService,
    random: Arc<SeededRandom>,
}

fn desk(kept_for: Option<Duration>) -> Desk {
    let stores = MemoryStores::new();
    let clock = Arc::new(ManualClock::at(NOW));
    let random = Arc::new(SeededRandom::new(5));
    let log = stores.stores().audit;
    let auditor = Auditor::new(
        log.clone(),
        clock.clone(),
        random.clone(),
        Detached::default(),
    );
    Desk {
        audit: AuditService::new(log, clock, auditor, kept_for),
        stores,
        random,
    }
}

impl Desk {
    async fn append(&self, at: Timestamp, username: &str) {
        let entry = AuditEntry {
            id: AuditId::generate(at, &*self.random),
            at,
            caller: Caller {
                actor: Actor::Claimed {
                    username: username.to_owned(),
                },
                origin: Origin::default(),
            },
            action: AuditAction::SignIn,
            token: None,
            api_key: None,
            subject: None,
            outcome: Outcome::Done,
            count: NonZeroU32::MIN,
            last_request_id: None,
        };
        self.stores.stores().audit.append(&entry).await.unwrap();
    }

    async fn export(&self, filter: AuditFilter) -> Vec<AuditEntry> {
        let mut export = self.audit.export(filter, &caller()).await;
        let mut entries = Vec::new();
        while let Some(page) = export.next_page().await.unwrap() {
            assert!(page.len() <= 500);
            entries.extend(page);
        }
        entries
    }
}

#[tokio::test]
async fn an_export_holds_everything_once_and_itself_on_top() {
    let desk = desk(None);
    for number in 0..1_001 {
        desk.append(NOW - DAY + Duration::from_secs(number), "ann")
            .await;
    }
    let entries = desk.export(AuditFilter::default()).await;
    assert_eq!(entries.len(), 1_002);
    assert_eq!(entries[0].action, AuditAction::AuditExported);
    assert_eq!(entries[0].caller, caller());
    assert!(entries.is_sorted_by(|newer, older| newer.id > older.id));
}

#[tokio::test]
async fn an_export_holds_what_a_search_finds() {
    let desk = desk(None);
    for name in ["ann", "bob", "ANN"] {
        desk.append(NOW - DAY, name).await;
    }
    let filter = AuditFilter {
        actor: Some("Ann".to_owned()),
        ..AuditFilter::default()
    };
    let request = PageRequest::first(BATCH);
    let found = desk.audit.search(&filter, &request).await.unwrap();
    assert_eq!(found.items.len(), 2);
    assert_eq!(desk.export(filter).await, found.items);
}

#[tokio::test]
async fn a_page_that_could_not_be_read_is_read_again() {
    let desk = desk(None);
    desk.append(NOW - DAY, "ann").await;
    let mut export = desk.audit.export(AuditFilter::default(), &caller()).await;
    desk.stores.fail(StoreCall::AuditList, StoreFault::Away, 1);
    assert!(export.next_page().await.is_err());
    assert_eq!(export.next_page().await.unwrap().unwrap().len(), 2);
    assert_eq!(export.next_page().await.unwrap(), None);
}

#[tokio::test]
async fn what_is_old_is_removed_and_nothing_else() {
    let desk = desk(Some(DAY));
    let millisecond = Duration::from_millis(1);
    for _ in 0..1_200 {
        desk.append(NOW - DAY - millisecond, "old").await;
    }
    desk.append(NOW - DAY, "just kept").await;
    desk.append(NOW + DAY, "from a clock that is ahead").await;
    assert_eq!(desk.audit.remove_expired().await.unwrap(), 1_200);
    assert_eq!(desk.stores.audit_entries().len(), 2);
    assert_eq!(desk.audit.remove_expired().await.unwrap(), 0);
}

#[tokio::test]
async fn without_a_time_everything_is_kept() {
    let desk = desk(None);
    desk.append(Timestamp::EPOCH, "long ago").await;
    assert_eq!(desk.audit.remove_expired().await.unwrap(), 0);
    assert_eq!(desk.stores.audit_entries().len(), 1);
    assert_eq!(desk.stores.count(StoreCall::AuditRemoveBefore), 0);
}
