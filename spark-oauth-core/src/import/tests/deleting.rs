//! Deleting from the source.

use async_trait::async_trait;

use super::*;
use crate::import::{ImportError, Kind, SampleCleaner};
use crate::ports::StoreError;
use crate::testing::scene::MINUTE;

/// A source, and what it is asked to delete.
#[derive(Debug, Default)]
struct Cleaner {
    deleted: Mutex<Vec<(Kind, SampleId)>>,
    /// What was changed since it was read.
    changed: Vec<SampleId>,
    away: bool,
}

#[async_trait]
impl SampleCleaner for Cleaner {
    async fn delete(&self, kind: Kind, record: &SampleRecord) -> Result<bool, StoreError> {
        if self.away {
            return Err(StoreError::Unavailable {
                store: "source",
                source: "away".into(),
            });
        }
        if self.changed.contains(&record.id) {
            return Ok(false);
        }
        self.deleted.lock().unwrap().push((kind, record.id.clone()));
        Ok(true)
    }
}

impl Cleaner {
    async fn import(&self, scene: &Scene, sample: &Sample) -> (Report, Result<(), ImportError>) {
        let mut report = Report::default();
        let importer = importer(scene);
        let ended = importer.run(sample, Some(self), &(), &mut report).await;
        (report, ended)
    }

    fn deleted(&self) -> Vec<(Kind, SampleId)> {
        self.deleted.lock().unwrap().clone()
    }
}

fn everybody() -> Sample {
    sample(
        [
            token(0, "ann@example.com", "1"),
            token(1, "ann@example.com", "2"),
            with(token(2, "bob@example.com", "3"), "email", None),
        ],
        [admin(3, "bob", HASH), admin(4, "BOB", OTHER_HASH)],
    )
}

#[tokio::test]
async fn only_what_was_imported_is_deleted() {
    let scene = scene().await;
    let cleaner = Cleaner::default();
    let (report, ended) = cleaner.import(&scene, &everybody()).await;
    ended.unwrap();
    assert_eq!(
        cleaner.deleted(),
        [(Kind::Token, id(1)), (Kind::Admin, id(3))]
    );
    assert_eq!((report.tokens.deleted, report.admins.deleted), (1, 1));
}

#[tokio::test]
async fn what_was_imported_before_is_deleted_too() {
    let scene = scene().await;
    import(&scene, &everybody()).await;
    scene.clock.advance(MINUTE);
    let cleaner = Cleaner::default();
    let (report, ended) = cleaner.import(&scene, &everybody()).await;
    ended.unwrap();
    assert_eq!(cleaner.deleted().len(), 2);
    assert_eq!((report.tokens.already_there, report.tokens.deleted), (1, 1));
}

#[tokio::test]
async fn where_one_record_does_not_open_nothing_is_deleted() {
    let scene = scene().await;
    let stores = scene.stores.clone();
    scene
        .stores
        .before(crate::testing::StoreCall::AdminInsert, move || {
            let [ann] = stores.tokens().try_into().unwrap();
            let other = crate::keyring::Sealed::from_bytes([1, 2, 3]);
            stores.change_token(ann.id, |token| token.refresh = Some(other));
        });
    let cleaner = Cleaner::default();
    let (report, ended) = cleaner.import(&scene, &everybody()).await;
    ended.unwrap();
    assert!(!report.is_sound());
    assert_eq!(cleaner.deleted(), []);
}

#[tokio::test]
async fn what_the_sample_changed_meanwhile_stays_and_is_told() {
    let scene = scene().await;
    let cleaner = Cleaner {
        changed: vec![id(1)],
        ..Cleaner::default()
    };
    let (report, ended) = cleaner.import(&scene, &everybody()).await;
    ended.unwrap();
    assert_eq!(cleaner.deleted(), [(Kind::Admin, id(3))]);
    let not_deleted = report.findings.iter();
    let mut not_deleted = not_deleted.filter(|finding| finding.verdict == Verdict::NotDeleted);
    assert_eq!(not_deleted.next().unwrap().remark, Remark::ChangedInSource);
    assert!(report.is_sound());
}

#[tokio::test]
async fn a_source_that_goes_away_ends_the_deleting() {
    let scene = scene().await;
    let cleaner = Cleaner {
        away: true,
        ..Cleaner::default()
    };
    let (report, ended) = cleaner.import(&scene, &everybody()).await;
    assert!(matches!(ended, Err(ImportError::Source(_))), "{ended:?}");
    assert_eq!((report.tokens.added, report.tokens.deleted), (1, 0));
}
