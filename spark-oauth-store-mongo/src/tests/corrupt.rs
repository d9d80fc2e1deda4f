//! Documents that somebody else has written.

use mongodb::bson::{Bson, Document, doc};
use spark_oauth_core::conformance::samples;
use spark_oauth_core::ports::{PageRequest, StoreError, TokenFilter};

use super::{Fresh, fresh};
use crate::admins::ADMINS;
use crate::audit::AUDIT;
use crate::consents::CONSENTS;
use crate::token_document::TOKENS;
use crate::values::binary;

const SECRET: &str = "a-value-that-nobody-may-see";

/// The error of an answer and what lies behind it, as one text.
fn told<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    let mut error: &dyn std::error::Error = &answer.unwrap_err();
    let mut text = error.to_string();
    while let Some(source) = error.source() {
        text = format!("{text}: {source}");
        error = source;
    }
    text
}

fn assert_told(text: &str, collection: &str, field: &str) {
    let expected =
        format!("a document in {collection} holds in {field} what does not belong there");
    assert!(text.ends_with(&expected), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

async fn damage(fresh: &Fresh, collection: &str, field: &str, value: impl Into<Bson>) {
    let database = match collection {
        TOKENS | CONSENTS => &fresh.options.token_db,
        _ => &fresh.options.admin_db,
    };
    let records = fresh.store.0.client.database(database);
    let records = records.collection::<Document>(collection);
    let damage = doc! { "$set": { field: value.into() } };
    let done = records.update_many(Document::new(), damage).await.unwrap();
    assert!(done.matched_count > 0);
}

fn first_page() -> PageRequest {
    PageRequest::first(10.try_into().unwrap())
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
        ("lease.owner", SECRET.into()),
        ("attempt.owner", SECRET.into()),
        ("last_refresh.by", SECRET.into()),
        ("last_failure.class", SECRET.into()),
        ("last_failure.tracking_id", Bson::from("")),
        ("version", SECRET.into()),
        ("access", SECRET.into()),
        ("granted_at", SECRET.into()),
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
    let page = first_page();
    assert_told(&told(stores.audit.list(&page).await), AUDIT, "actor.kind");

    let consent = samples::consent(1);
    stores.consents.insert(&consent).await.unwrap();
    damage(&fresh, CONSENTS, "browser", binary(SECRET)).await;
    assert_told(
        &told(stores.consents.take(consent.state).await),
        CONSENTS,
        "browser",
    );
}
