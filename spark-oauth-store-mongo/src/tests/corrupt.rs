//! Documents that somebody else has written.

use std::num::NonZeroU16;

use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use spark_oauth_core::conformance::samples;
use spark_oauth_core::ports::{AuditFilter, CallbackClaim, PageRequest, StoreError, TokenFilter};

use super::{Fresh, fresh};
use crate::admins::ADMINS;
use crate::audit::AUDIT;
use crate::consents::CONSENTS;
use crate::links::LINKS;
use crate::outbox::OUTBOX;
use crate::pauses::PAUSES;
use crate::processes::PROCESSES;
use crate::token_document::TOKENS;
use crate::values::binary;

const LIMIT: NonZeroU16 = NonZeroU16::new(10).unwrap();

pub(super) const SECRET: &str = "a-value-that-nobody-may-see";

/// The error of an answer and what lies behind it, as one text.
pub(super) fn told<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    let mut error: &dyn std::error::Error = &answer.unwrap_err();
    let mut text = error.to_string();
    while let Some(source) = error.source() {
        text = format!("{text}: {source}");
        error = source;
    }
    text
}

pub(super) fn assert_told(text: &str, collection: &str, field: &str) {
    let expected =
        format!("a document in {collection} holds in {field} what does not belong there");
    assert!(text.ends_with(&expected), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

/// A collection, in whichever of the databases it lies.
pub(super) fn collection(fresh: &Fresh, name: &str) -> Collection<Document> {
    let database = match name {
        TOKENS | CONSENTS | LINKS | PAUSES | OUTBOX | PROCESSES => &fresh.options.token_db,
        _ => &fresh.options.admin_db,
    };
    fresh.store.0.client.database(database).collection(name)
}

pub(super) async fn damage(fresh: &Fresh, name: &str, field: &str, value: impl Into<Bson>) {
    let damage = doc! { "$set": { field: value.into() } };
    let records = collection(fresh, name);
    let done = records.update_many(Document::new(), damage).await.unwrap();
    assert!(done.matched_count > 0);
}

pub(super) async fn empty(fresh: &Fresh, name: &str) {
    let records = collection(fresh, name);
    let done = records.delete_many(Document::new()).await.unwrap();
    assert_eq!(done.deleted_count, 1);
}

pub(super) fn first_page() -> PageRequest {
    PageRequest::first(LIMIT)
}

#[tokio::test]
async fn a_token_that_cannot_be_read_is_named_by_its_field() {
    let Some(fresh) = fresh().await else { return };
    let store = &fresh.stores.tokens;
    for (number, (field, value)) in (0..).zip([
        ("email", Bson::from(SECRET)),
        ("status.kind", SECRET.into()),
        ("status.cause", SECRET.into()),
        ("scopes", format!("\"{SECRET}\"").into()),
        ("consented_scopes", format!("\"{SECRET}\"").into()),
        ("clock", SECRET.into()),
        ("lease.owner", SECRET.into()),
        ("attempt.owner", SECRET.into()),
        ("last_refresh.by", SECRET.into()),
        ("last_failure.class", SECRET.into()),
        ("last_failure.tracking_id", Bson::from("")),
        ("version", SECRET.into()),
        ("access", SECRET.into()),
        ("granted_at", SECRET.into()),
        ("upkeep", SECRET.into()),
        ("upkeep.due_at", SECRET.into()),
        ("upkeep.failures", Bson::from(-1_i64)),
        ("upkeep.lost_races", SECRET.into()),
        ("upkeep.events", SECRET.into()),
    ]) {
        let token = samples::full_token(number);
        store.insert(&token).await.unwrap();
        damage(&fresh, TOKENS, field, value).await;
        let named = if field == "status.cause" {
            "status"
        } else {
            field
        };
        assert_told(&told(store.get(token.id).await), TOKENS, named);
        let (all, page) = (TokenFilter::default(), first_page());
        assert_told(&told(store.list(&all, &page).await), TOKENS, named);
        assert!(store.remove(token.id).await.unwrap(), "it can be removed");
    }
}

#[tokio::test]
async fn other_records_that_cannot_be_read_are_named_by_their_field() {
    let Some(fresh) = fresh().await else { return };
    let stores = &fresh.stores;
    let admin = samples::admin(1);
    stores.admins.insert(&admin).await.unwrap();
    damage(&fresh, ADMINS, "password_hash", SECRET).await;
    assert_told(
        &told(stores.admins.get(admin.id).await),
        ADMINS,
        "password_hash",
    );

    stores.audit.append(&samples::audit_entry(1)).await.unwrap();
    damage(&fresh, AUDIT, "actor.kind", SECRET).await;
    let (all, page) = (AuditFilter::default(), first_page());
    assert_told(
        &told(stores.audit.list(&all, &page).await),
        AUDIT,
        "actor.kind",
    );

    let consent = samples::consent(1);
    stores.consents.insert(&consent).await.unwrap();
    damage(&fresh, CONSENTS, "browser", binary(SECRET)).await;
    let claim = CallbackClaim {
        state: consent.state,
        browsers: vec![consent.browser],
        answer: [7; 32],
    };
    assert_told(
        &told(stores.consents.take(&claim).await),
        CONSENTS,
        "browser",
    );
}

/// An event in a token is read where it is listed, too.
#[tokio::test]
async fn an_event_that_cannot_be_read_is_named_by_its_field() {
    let Some(fresh) = fresh().await else { return };
    let store = &fresh.stores.tokens;
    for (number, (field, value, named)) in (0..).zip([
        ("upkeep.events.3.id", Bson::from(SECRET), "upkeep.events"),
        ("upkeep.events.3.token.id", SECRET.into(), "upkeep.events"),
        (
            "upkeep.events.3.token.email",
            SECRET.into(),
            "upkeep.events",
        ),
        ("upkeep.events.3.type", SECRET.into(), "upkeep.events[3]"),
        ("upkeep.events.3.data", SECRET.into(), "upkeep.events[3]"),
    ]) {
        let token = samples::full_token(number);
        store.insert(&token).await.unwrap();
        damage(&fresh, TOKENS, field, value).await;
        assert_told(&told(store.get(token.id).await), TOKENS, named);
        let listed = store.list_with_events(LIMIT).await;
        assert_told(&told(listed), TOKENS, named);
        let (integration, now) = (samples::integration(), samples::later(9_999));
        let due = store.list_due(&integration, now, LIMIT).await.unwrap();
        assert_eq!(due.len(), 1, "the worker finds it");
        assert!(store.remove(token.id).await.unwrap(), "it can be removed");
    }
}

#[tokio::test]
async fn what_processes_share_is_named_by_its_field() {
    let Some(fresh) = fresh().await else { return };
    let stores = &fresh.stores;
    for (number, (field, value, named)) in (0..).zip([
        ("event", Bson::from(SECRET), "event"),
        ("event.id", SECRET.into(), "event"),
        ("event.type", SECRET.into(), "event"),
        ("attempts", Bson::from(-1_i64), "attempts"),
        ("awaits_removal_of", SECRET.into(), "awaits_removal_of"),
    ]) {
        let entry = samples::outbox_entry(number);
        stores.outbox.add_to_outbox(&entry).await.unwrap();
        damage(&fresh, OUTBOX, field, value).await;
        let listed = stores
            .outbox
            .due_in_outbox(samples::later(9), LIMIT, &[])
            .await;
        assert_told(&told(listed), OUTBOX, named);
        let removed = stores.outbox.remove_from_outbox(entry.event.id, "hook");
        assert!(removed.await.unwrap(), "it can be removed");
    }

    let pause = samples::pause(9);
    for (field, value) in [
        ("reason", Bson::from(SECRET)),
        ("until", SECRET.into()),
        ("trips", Bson::from(-1_i64)),
        ("tracking_id", Bson::from("")),
    ] {
        stores.pauses.prolong_pause(&pause).await.unwrap();
        damage(&fresh, PAUSES, field, value).await;
        assert_told(
            &told(stores.pauses.pause(&pause.integration).await),
            PAUSES,
            field,
        );
        empty(&fresh, PAUSES).await;
    }
    stores.pauses.prolong_pause(&pause).await.unwrap();
    damage(&fresh, PAUSES, "until", SECRET).await;
    let prolonged = stores.pauses.prolong_pause(&pause).await;
    assert_told(&told(prolonged), PAUSES, "until");

    let process = samples::process_record(1);
    stores.processes.announce_process(&process).await.unwrap();
    damage(&fresh, PROCESSES, "sealing_key", binary(SECRET)).await;
    let listed = stores.processes.processes().await;
    assert_told(&told(listed), PROCESSES, "sealing_key");
    let again = stores.processes.announce_process(&process).await;
    assert!(again.is_ok(), "whoever shows itself again mends its record");
    assert_eq!(stores.processes.processes().await.unwrap(), [process]);
}
