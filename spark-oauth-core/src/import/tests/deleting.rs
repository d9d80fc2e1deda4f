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
async fn what_was_imported_and_older_records_of_the_same_person_are_deleted() {
    let scene = scene().await;
    let cleaner = Cleaner::default();
    let (report, ended) = cleaner.import(&scene, &everybody()).await;
    ended.unwrap();
    assert_eq!(
        cleaner.deleted(),
        [
            (Kind::Token, id(0)),
            (Kind::Token, id(1)),
            (Kind::Admin, id(3))
        ]
    );
    assert_eq!((report.tokens.deleted, report.admins.deleted), (2, 1));
    assert_eq!(report.tokens.deleted_older, 1);
}

/// A deletion that ended early leaves the newest record; the next import finds nothing
/// else, and a record that the store has a newer one of.
#[tokio::test]
async fn an_older_record_that_an_earlier_deletion_left_is_deleted() {
    let scene = scene().await;
    import(&scene, &everybody()).await;
    scene.clock.advance(MINUTE);
    let left = sample([token(0, "ann@example.com", "1")], []);
    let cleaner = Cleaner::default();
    let (report, ended) = cleaner.import(&scene, &left).await;
    ended.unwrap();
    assert_eq!(report.findings[0].remark, Remark::OlderThanStored);
    assert_eq!(cleaner.deleted(), [(Kind::Token, id(0))]);
    assert_eq!((report.tokens.deleted, report.tokens.deleted_older), (1, 1));
}

/// The store may hold another grant of the person: the source's may be the only one of its
/// kind.
#[tokio::test]
async fn records_of_a_person_whose_token_lives_here_stay_and_are_named() {
    let scene = scene().await;
    let first = sample([token(0, "ann@example.com", "1")], []);
    import(&scene, &first).await;
    let [ann] = scene.stores.tokens().try_into().unwrap();
    scene.stores.change_token(ann.id, |token| {
        token.person = Some(crate::person::PersonId::new("ann"));
        token.access = scene
            .ring
            .seal_access(token.id, &crate::secret::AccessToken::new("new"));
    });
    let consented_again = sample(
        [
            token(0, "ann@example.com", "1"),
            token(1, "ann@example.com", "2"),
        ],
        [],
    );
    let cleaner = Cleaner::default();
    let (report, ended) = cleaner.import(&scene, &consented_again).await;
    ended.unwrap();
    assert_eq!(cleaner.deleted(), []);
    assert_eq!(report.tokens.left_out, 2);
    let remarks: Vec<_> = report.findings.iter().map(|it| it.remark.clone()).collect();
    assert!(remarks.contains(&Remark::KeptHere), "{remarks:?}");
}

#[tokio::test]
async fn what_was_imported_before_is_deleted_too() {
    let scene = scene().await;
    import(&scene, &everybody()).await;
    scene.clock.advance(MINUTE);
    let cleaner = Cleaner::default();
    let (report, ended) = cleaner.import(&scene, &everybody()).await;
    ended.unwrap();
    assert_eq!(cleaner.deleted().len(), 3);
    assert_eq!((report.tokens.already_there, report.tokens.deleted), (1, 2));
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
    assert_eq!(
        cleaner.deleted(),
        [(Kind::Token, id(0)), (Kind::Admin, id(3))]
    );
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
