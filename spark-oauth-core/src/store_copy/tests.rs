//! The rules of a copy, on stores in memory.

mod services;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::audit::{AuditAction, AuditEntry, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::detached::Detached;
use crate::ids::ProcessId;
use crate::ports::{
    Clock as _, ManualClock, Pause, PauseReason, ProcessRecord, SeededRandom, Stores,
};
use crate::testing::scene::{NOW, Scene, caller, scene};
use crate::testing::{MemoryStores, StoreCall, StoreFault};

struct Move {
    scene: Scene,
    target: MemoryStores,
    clock: Arc<ManualClock>,
}

/// A source with a few records of every kind.
async fn moving() -> Move {
    let scene = scene().await;
    for name in ["ann", "bob", "eve"] {
        scene
            .stores
            .put_token(scene.token_of(name, "spark:rooms_read"));
    }
    let stores = scene.stores.stores();
    let auditor = Auditor::new(
        stores.audit,
        scene.clock.clone(),
        Arc::new(SeededRandom::new(3)),
        Detached::default(),
    );
    for action in [AuditAction::SignIn, AuditAction::SignOut] {
        auditor
            .record(&caller(), action, Subject::default(), Outcome::Done)
            .await;
    }
    let pause = Pause {
        integration: scene.stores.tokens()[0].integration.clone(),
        reason: PauseReason::Outage,
        since: NOW,
        until: NOW + Duration::from_mins(1),
        counted_from: NOW,
        trips: 2,
        summary: "the provider has a fault (HTTP 503)".to_owned(),
        tracking_id: None,
    };
    stores.pauses.prolong_pause(&pause).await.unwrap();
    Move {
        clock: scene.clock.clone(),
        scene,
        target: MemoryStores::new(),
    }
}

impl Move {
    fn copy(&self) -> StoreCopy {
        StoreCopy::new(
            self.scene.stores.stores(),
            self.target.stores(),
            self.scene.ring.clone(),
            self.clock.clone(),
            Arc::new(SeededRandom::new(5)),
        )
    }

    async fn run(&self) -> Result<Copied, CopyError> {
        self.copy().run(|_| {}).await
    }

    async fn announce(&self, stores: &Stores) -> ProcessRecord {
        let process = ProcessRecord {
            id: ProcessId::generate(NOW, &SeededRandom::new(9)),
            place: "host 7".to_owned(),
            started_at: NOW,
            seen_at: NOW,
            expires_at: self.clock.now() + Duration::from_mins(1),
            sealing_key: self.scene.ring.sealing_fingerprint(),
        };
        stores.processes.announce_process(&process).await.unwrap();
        process
    }
}

fn tally(copied: &Copied, kind: Kind) -> &Tally {
    let found = copied.tallies.iter().find(|(of, _)| *of == kind);
    &found.unwrap().1
}

#[tokio::test]
async fn everything_is_copied_and_a_second_run_changes_nothing() {
    let moving = moving().await;
    let first = moving.run().await.unwrap();
    assert!(first.is_complete(), "{first:?}");
    assert_eq!(tally(&first, Kind::Tokens).copied, 3);
    assert_eq!(tally(&first, Kind::Audit).copied, 2);
    assert_eq!(tally(&first, Kind::Pauses).copied, 1);
    assert_eq!(moving.target.tokens(), moving.scene.stores.tokens());
    let mut audit = moving.target.audit_entries();
    let is_note = |entry: &AuditEntry| entry.action == AuditAction::StoreCopied;
    let note = audit.iter().find(|entry| is_note(entry)).cloned();
    assert_eq!(note.map(|note| note.outcome), Some(Outcome::Done));
    audit.retain(|entry| !is_note(entry));
    assert_eq!(audit, moving.scene.stores.audit_entries());
    let vault = moving.target.stores().vault;
    let source = moving.scene.stores.stores().vault;
    assert_eq!(
        vault.key_fingerprints().await.unwrap(),
        source.key_fingerprints().await.unwrap()
    );
    assert_eq!(
        vault.set_up_nonce([1; 32]).await.unwrap(),
        source.set_up_nonce([2; 32]).await.unwrap()
    );

    let second = moving.run().await.unwrap();
    assert!(second.is_complete());
    assert_eq!(tally(&second, Kind::Tokens).stood, 3);
    assert_eq!(tally(&second, Kind::Tokens).copied, 0);
}

#[tokio::test]
async fn a_copy_that_broke_off_goes_on_from_there() {
    let moving = moving().await;
    moving.target.fail(StoreCall::TokenGet, StoreFault::Away, 1);
    let broken = moving.run().await.unwrap_err();
    assert!(matches!(broken, CopyError::Store(Side::Target, _)));
    let again = moving.run().await.unwrap();
    assert!(again.is_complete());
    assert_eq!(tally(&again, Kind::Tokens).stood, 1);
    assert_eq!(tally(&again, Kind::Tokens).copied, 2);
}

#[tokio::test]
async fn nothing_is_copied_while_a_server_works_on_either_side() {
    for side in [Side::Source, Side::Target] {
        let moving = moving().await;
        let stores = match side {
            Side::Source => moving.scene.stores.stores(),
            Side::Target => moving.target.stores(),
        };
        let process = moving.announce(&stores).await;
        let refused = moving.run().await.unwrap_err();
        assert!(
            matches!(&refused, CopyError::ServersAtWork(at, found) if *at == side && *found == [process]),
            "{refused:?}"
        );
        assert_eq!(moving.target.tokens(), []);
        moving.clock.advance(Duration::from_mins(1));
        assert!(moving.run().await.unwrap().is_complete(), "it has gone");
    }
}

#[tokio::test]
async fn a_server_that_came_meanwhile_is_told() {
    let moving = moving().await;
    let (stores, record) = (moving.scene.stores.clone(), moving.scene.stores.stores());
    let process = moving.announce(&record).await;
    record.processes.withdraw_process(process.id).await.unwrap();
    let late = process.clone();
    let copy = moving.copy();
    let copied = copy.run(|step| {
        if step.kind == Kind::Pauses {
            stores.put_process(late.clone());
        }
    });
    let copied = copied.await.unwrap();
    assert_eq!(copied.appeared, [(Side::Source, process)]);
    assert!(!copied.is_complete());
}

#[tokio::test]
async fn what_differs_in_the_target_is_told_and_stays() {
    let moving = moving().await;
    moving.run().await.unwrap();
    let id = moving.scene.stores.tokens()[1].id;
    moving
        .target
        .change_token(id, |token| token.generation += 7);
    let theirs = moving.target.tokens();
    let again = moving.run().await.unwrap();
    assert!(!again.is_complete());
    let differing = &tally(&again, Kind::Tokens).differing;
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0].record, id.to_string());
    assert_eq!(moving.target.tokens(), theirs);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_no_other_back() {
    let moving = moving().await;
    let id = moving.scene.stores.tokens()[0].id;
    moving.scene.stores.damage_token(id);
    let copied = moving.run().await.unwrap();
    assert!(!copied.is_complete());
    assert_eq!(tally(&copied, Kind::Tokens).unreadable.len(), 1);
    assert_eq!(tally(&copied, Kind::Tokens).copied, 2);
}

#[tokio::test]
async fn an_entry_that_is_another_in_the_target_is_told_and_stays() {
    let moving = moving().await;
    let mut theirs = moving.scene.stores.audit_entries()[0].clone();
    theirs.outcome = Outcome::Failed("another story".to_owned());
    let audit = moving.target.stores().audit;
    audit.append(&theirs).await.unwrap();
    let copied = moving.run().await.unwrap();
    assert!(!copied.is_complete());
    let tally = tally(&copied, Kind::Audit);
    assert_eq!(tally.copied, 1);
    assert_eq!(tally.differing.len(), 1);
    assert_eq!(tally.differing[0].record, theirs.id.to_string());
    assert!(moving.target.audit_entries().contains(&theirs));
}

#[tokio::test]
async fn entries_that_stand_already_are_counted_as_such() {
    let moving = moving().await;
    moving.run().await.unwrap();
    let again = moving.run().await.unwrap();
    assert!(again.is_complete());
    assert_eq!(tally(&again, Kind::Audit).stood, 2);
    assert_eq!(tally(&again, Kind::Audit).copied, 0);
}

#[tokio::test]
async fn a_store_is_not_copied_into_itself() {
    let mut moving = moving().await;
    moving.target = moving.scene.stores.another_connection();
    let refused = moving.run().await.unwrap_err();
    assert!(matches!(refused, CopyError::OneStore), "{refused:?}");
    let left = moving.target.stores().processes.processes().await;
    assert_eq!(left.unwrap(), [], "the mark is gone");
}
