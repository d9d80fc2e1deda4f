//! The rules of the import, on stores in memory.

mod admins;
mod deleting;
mod meanwhile;
mod tokens;
mod twice;

use std::sync::{Arc, Mutex};

use crate::broker::ScheduleLimits;
use crate::import::{
    Importer, Progress, Remark, Report, Sample, SampleId, SampleRecord, SampleValue, Stage, Verdict,
};
use crate::keyring::KeyRing;
use crate::ports::SeededRandom;
use crate::testing::MemoryStores;
use crate::testing::scene::{Scene, integration, scene};
use crate::timestamp::Timestamp;
use crate::token::Token;

/// Two hashes, as far as their form goes: nobody signs in with them.
const HASH: &str = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const OTHER_HASH: &str = "$2a$04$DCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// 2017-03-29T13:13:20Z.
const MADE_AT: Timestamp = Timestamp::from_millis(1_490_793_200_000);

/// An identifier that was made so many seconds after the first.
fn id(seconds: u32) -> SampleId {
    let [a, b, c, d] = (0x58db_b2f0 + seconds).to_be_bytes();
    SampleId::ObjectId([a, b, c, d, 1, 2, 3, 4, 5, 6, 7, 8])
}

fn record<const N: usize>(
    place: &str,
    id: SampleId,
    fields: [(&str, SampleValue); N],
) -> SampleRecord {
    SampleRecord {
        place: place.to_owned(),
        id,
        fields: fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

/// A sound token of the sample, `access-…` with `refresh-…`.
fn token(seconds: u32, email: &str, secret: &str) -> SampleRecord {
    record(
        "tokenCenter.tokenCenterCollection",
        id(seconds),
        [
            (
                "access_token",
                SampleValue::text(format!("access-{secret}")),
            ),
            ("expires_in", SampleValue::Number),
            (
                "refresh_token",
                SampleValue::text(format!("refresh-{secret}")),
            ),
            ("refresh_token_expires_in", SampleValue::Number),
            ("email", SampleValue::text(email)),
            ("__v", SampleValue::Number),
        ],
    )
}

/// A sound admin of the sample.
fn admin(seconds: u32, username: &str, hash: &str) -> SampleRecord {
    record(
        "adminUsers.adminUsersCollection",
        id(seconds),
        [
            ("username", SampleValue::text(username)),
            ("password", SampleValue::text(hash)),
            (
                "email",
                SampleValue::text(format!("{username}@example.com")),
            ),
        ],
    )
}

/// The record with another value in a field, or without the field.
fn with(
    mut record: SampleRecord,
    field: &str,
    value: impl Into<Option<SampleValue>>,
) -> SampleRecord {
    match value.into() {
        Some(value) => record.fields.insert(field.to_owned(), value),
        None => record.fields.remove(field),
    };
    record
}

fn sample(tokens: impl Into<Vec<SampleRecord>>, admins: impl Into<Vec<SampleRecord>>) -> Sample {
    Sample {
        tokens: tokens.into(),
        admins: admins.into(),
        unreadable: Vec::new(),
    }
}

fn importer(scene: &Scene) -> Importer {
    Importer::new(
        integration(),
        scene.oauth.admins.super_admin_settings().cloned(),
        scene.stores.stores(),
        scene.ring.clone(),
    )
    .clock(scene.clock.clone())
}

/// What a whole import tells.
async fn import(scene: &Scene, sample: &Sample) -> Report {
    let mut report = Report::default();
    importer(scene)
        .run(sample, None, &(), &mut report)
        .await
        .unwrap();
    report
}

/// What is told of the records, without where they stand.
fn told(report: &Report) -> Vec<(Verdict, Option<&str>, &Remark)> {
    let findings = report.findings.iter();
    findings
        .map(|finding| (finding.verdict, finding.subject.as_deref(), &finding.remark))
        .collect()
}

/// Whether the background worker visits the token without delay, but not together with
/// all others that were imported.
fn is_due_soon(token: &Token, now: Timestamp) -> bool {
    let latest = now + ScheduleLimits::default().arrears;
    let due_at = token.upkeep.due_at;
    due_at.is_some_and(|due_at| (now..=latest).contains(&due_at))
}

/// Everything in the stores that an import could change.
fn everything(stores: &MemoryStores) -> String {
    format!(
        "{:?} {:?} {:?}",
        stores.tokens(),
        stores.admins(),
        stores.audit_entries()
    )
}

#[tokio::test]
async fn a_plan_tells_what_the_import_does_and_writes_nothing() {
    let scene = scene().await;
    let sample = sample(
        [
            token(0, "ann@example.com", "1"),
            token(1, "ANN@example.com", "2"),
            with(token(2, "bob@example.com", "3"), "access_token", None),
        ],
        [admin(0, "Root", HASH), admin(1, "no name", HASH)],
    );
    let before = everything(&scene.stores);
    let plan = importer(&scene).plan(&sample).await.unwrap();
    assert_eq!(everything(&scene.stores), before);
    let for_new_store = Importer::plan_for_new_store(
        &integration(),
        scene.oauth.admins.super_admin_settings(),
        &sample,
    );
    assert_eq!(plan, for_new_store);
    assert_eq!(plan, import(&scene, &sample).await);
    assert_eq!((plan.tokens.added, plan.tokens.left_out), (1, 2));
    assert_eq!((plan.admins.added, plan.admins.left_out), (1, 1));
}

#[tokio::test]
async fn whoever_looks_on_is_told_of_every_step() {
    #[derive(Default)]
    struct Steps(Mutex<Vec<(Stage, u64, u64)>>);

    impl Progress for Steps {
        fn begin(&self, stage: Stage, records: u64) {
            self.0.lock().unwrap().push((stage, records, 0));
        }

        fn step(&self) {
            self.0.lock().unwrap().last_mut().unwrap().2 += 1;
        }
    }

    let scene = scene().await;
    let sample = sample([token(0, "ann@example.com", "1")], [admin(0, "Root", HASH)]);
    let steps = Steps::default();
    importer(&scene)
        .run(&sample, None, &steps, &mut Report::default())
        .await
        .unwrap();
    assert_eq!(
        *steps.0.lock().unwrap(),
        [(Stage::Writing, 2, 2), (Stage::ReadingBack, 2, 2)]
    );
}

#[tokio::test]
async fn what_is_told_is_one_line_without_a_secret() {
    let scene = scene().await;
    let sample = sample(
        [
            with(
                token(0, "ann@example.com", "sesame"),
                "access_token",
                SampleValue::text("sesame \n"),
            ),
            with(
                token(1, "bob@example.com", "sesame"),
                "email",
                SampleValue::text("sesame"),
            ),
        ],
        [
            admin(0, "no\u{1b}[31m\nname", "sesame"),
            admin(1, "Root", "sesame"),
        ],
    );
    let report = import(&scene, &sample).await;
    assert_eq!(report.findings.len(), 5);
    for finding in &report.findings {
        let line = finding.to_string();
        assert!(!line.contains("sesame"), "{line}");
        assert!(!line.chars().any(char::is_control), "{line}");
    }
    assert_eq!(
        report.findings[0].to_string(),
        "left out: token of ann@example.com (58dbb2f00102030405060708 in \
         tokenCenter.tokenCenterCollection): access_token holds characters that no token has"
    );
}

#[tokio::test]
async fn a_store_of_other_keys_is_left_alone() {
    let scene = scene().await;
    let random = Arc::new(SeededRandom::new(5));
    let other = KeyRing::new(crate::keyring::SealingKey::generate(&*random), random);
    let importer = Importer::new(integration(), None, scene.stores.stores(), other);
    let sample = sample([token(0, "ann@example.com", "1")], []);
    let refused = importer
        .run(&sample, None, &(), &mut Report::default())
        .await;
    assert!(refused.is_err());
    assert!(scene.stores.tokens().is_empty());
}
