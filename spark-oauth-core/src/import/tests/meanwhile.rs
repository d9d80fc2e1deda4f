//! What others do while an import runs, and stores that fail.

use super::*;
use crate::ids::ProcessId;
use crate::import::ImportError;
use crate::testing::scene::{MINUTE, NOW};
use crate::testing::{StoreCall, StoreFault};
use crate::token::Lease;

fn ann(secret: &str) -> Sample {
    sample([token(0, "ann@example.com", secret)], [])
}

#[tokio::test]
async fn of_two_imports_at_once_each_record_is_written_once() {
    let scene = scene().await;
    let (stores, other) = (scene.stores.clone(), crate::testing::scene::scene().await);
    import(&other, &ann("1")).await;
    let [theirs] = other.stores.tokens().try_into().unwrap();
    let put = theirs.clone();
    scene
        .stores
        .before(StoreCall::TokenInsert, move || stores.put_token(put));
    let report = import(&scene, &ann("1")).await;
    assert_eq!((report.tokens.added, report.tokens.already_there), (0, 1));
    assert_eq!(scene.stores.tokens(), [theirs]);
}

#[tokio::test]
async fn a_refresh_that_begins_right_before_the_write_wins() {
    let scene = scene().await;
    import(&scene, &ann("1")).await;
    let id = scene.stores.tokens()[0].id;
    let lease = Lease {
        owner: ProcessId::generate(NOW, &SeededRandom::new(3)),
        expires_at: NOW + MINUTE,
    };
    let stores = scene.stores.clone();
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.change_token(id, |token| token.lease = Some(lease));
    });
    let report = import(&scene, &ann("2")).await;
    assert_eq!(
        told(&report),
        [(
            Verdict::LeftOut,
            Some("ann@example.com"),
            &Remark::BeingRefreshed
        )]
    );
    assert_eq!(scene.opened(id).0, "access-1");
}

#[tokio::test]
async fn a_record_that_always_changes_is_told_and_stops_nothing() {
    let scene = scene().await;
    import(&scene, &ann("1")).await;
    scene
        .stores
        .fail(StoreCall::TokenUpdate, StoreFault::Conflict, 5);
    let both = [
        token(0, "ann@example.com", "2"),
        token(1, "bob@example.com", "3"),
    ];
    let report = import(&scene, &sample(both, [])).await;
    assert_eq!(
        told(&report),
        [(
            Verdict::Failed,
            Some("ann@example.com"),
            &Remark::Contention
        )]
    );
    assert_eq!(report.tokens.added, 1);
    assert!(!report.is_sound());
}

#[tokio::test]
async fn a_store_that_goes_away_ends_the_import_and_the_next_goes_on() {
    for fault in [StoreFault::Away, StoreFault::AnswerLost] {
        let scene = scene().await;
        let people = ["ann", "bob", "carol"].map(|name| format!("{name}@example.com"));
        let tokens: Vec<_> = people.iter().map(|email| token(0, email, "1")).collect();
        let tokens: Vec<_> = tokens
            .into_iter()
            .zip(0..)
            .map(|(record, seconds)| SampleRecord {
                id: id(seconds),
                ..record
            })
            .collect();
        let sample = sample(tokens, []);
        let stores = scene.stores.clone();
        scene.stores.before(StoreCall::TokenInsert, move || {
            stores.fail(StoreCall::TokenInsert, fault, 1);
        });
        let mut report = Report::default();
        let ended = importer(&scene).run(&sample, None, &(), &mut report).await;
        assert!(matches!(ended, Err(ImportError::Store(_))), "{ended:?}");
        assert_eq!(report.tokens.added, 1, "what was done is told");
        import(&scene, &sample).await;
        assert_eq!(scene.stores.tokens().len(), 3);
    }
}

#[tokio::test]
async fn what_is_not_what_was_written_is_told() {
    let scene = scene().await;
    let sample = sample(
        [
            token(0, "ann@example.com", "1"),
            token(1, "bob@example.com", "2"),
        ],
        [admin(0, "bob", HASH)],
    );
    let stores = scene.stores.clone();
    // Right before the first admin is written, both tokens stand.
    scene.stores.before(StoreCall::AdminInsert, move || {
        let [ann, bob] = stores.tokens().try_into().unwrap();
        stores.drop_token(ann.id);
        stores.change_token(bob.id, |token| token.access = ann.access);
    });
    let report = import(&scene, &sample).await;
    assert_eq!((report.tokens.added, report.tokens.failed), (2, 2));
    let not_authentic = crate::keyring::OpenError::NotAuthentic.into();
    assert_eq!(
        told(&report),
        [
            (Verdict::Failed, Some("ann@example.com"), &Remark::Gone),
            (Verdict::Failed, Some("bob@example.com"), &not_authentic),
        ]
    );
}
