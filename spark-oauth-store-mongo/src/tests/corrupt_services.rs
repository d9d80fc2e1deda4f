//! API keys and consent links that somebody else has written.

use mongodb::bson::{Bson, doc};
use spark_oauth_core::conformance::samples;
use spark_oauth_core::ports::CallbackClaim;

use super::corrupt::{SECRET, assert_told, collection, damage, empty, first_page, told};
use super::fresh;
use crate::api_keys::API_KEYS;
use crate::consents::CONSENTS;
use crate::links::LINKS;
use crate::values::binary;

#[tokio::test]
async fn a_key_that_cannot_be_read_is_named_by_its_field() {
    let Some(fresh) = fresh().await else { return };
    let store = &fresh.stores.api_keys;
    for (number, (field, value, named)) in (0..).zip([
        ("name", Bson::from(""), "name"),
        ("hash", binary(SECRET).into(), "hash"),
        ("scopes", Bson::Array(Vec::new()), "scopes"),
        ("scopes.0", SECRET.into(), "scopes[0]"),
        ("reach.domains", SECRET.into(), "reach.domains"),
        ("requests_per_minute", 0_i64.into(), "requests_per_minute"),
        (
            "requests_per_minute",
            Bson::from(-1_i64),
            "requests_per_minute",
        ),
        ("revoked_at", SECRET.into(), "revoked_at"),
        ("expires_at", SECRET.into(), "expires_at"),
        ("last_used_at", SECRET.into(), "last_used_at"),
    ]) {
        let key = samples::full_api_key(number);
        store.insert(&key).await.unwrap();
        damage(&fresh, API_KEYS, field, value).await;
        assert_told(&told(store.get(key.id).await), API_KEYS, named);
        assert_told(&told(store.list(&first_page()).await), API_KEYS, named);
        if field != "hash" {
            assert_told(&told(store.find_by_hash(key.hash).await), API_KEYS, named);
        }
        empty(&fresh, API_KEYS).await;
    }
}

/// A key that has lost what limits it is not good for everybody.
#[tokio::test]
async fn a_key_without_its_reach_is_no_key() {
    let Some(fresh) = fresh().await else { return };
    let store = &fresh.stores.api_keys;
    for lost in ["reach", "reach.emails", "reach.domains", "scopes", "hash"] {
        let key = samples::full_api_key(1);
        store.insert(&key).await.unwrap();
        let keys = collection(&fresh, API_KEYS);
        let loss = doc! { "$unset": { lost: "" } };
        keys.update_many(doc! {}, loss).await.unwrap();
        assert!(store.get(key.id).await.is_err(), "{lost}");
        empty(&fresh, API_KEYS).await;
    }
}

#[tokio::test]
async fn a_link_that_cannot_be_read_is_named_by_its_field() {
    let Some(fresh) = fresh().await else { return };
    let store = &fresh.stores.links;
    for (number, (field, value, named)) in (0..).zip([
        ("scopes", Bson::from(format!("\"{SECRET}\"")), "scopes"),
        ("note", "".into(), "note"),
        ("expected_email", SECRET.into(), "expected_email"),
        ("return_to", "javascript:alert(1)".into(), "return_to"),
        ("single_use", SECRET.into(), "single_use"),
        ("expires_at", SECRET.into(), "expires_at"),
        ("progress.kind", SECRET.into(), "progress"),
        ("progress.token", SECRET.into(), "progress.token"),
        ("progress.at", Bson::Null, "progress"),
        ("version", SECRET.into(), "version"),
    ]) {
        let link = samples::full_link(number);
        store.insert(&link).await.unwrap();
        damage(&fresh, LINKS, field, value).await;
        assert_told(&told(store.get(link.id).await), LINKS, named);
        assert_told(&told(store.list(&first_page()).await), LINKS, named);
        empty(&fresh, LINKS).await;
    }
}

/// A consent whose terms are lost must not end without them.
#[tokio::test]
async fn terms_that_cannot_be_read_are_named_by_their_field() {
    let Some(fresh) = fresh().await else { return };
    let store = &fresh.stores.consents;
    for (number, (field, named)) in (0..).zip([
        ("terms.expected_email", "terms.expected_email"),
        ("terms.link", "terms.link"),
        ("terms.return_to", "terms.return_to"),
        ("terms.more", "terms.more"),
        ("terms", "terms"),
    ]) {
        let consent = samples::consent(number);
        store.insert(&consent).await.unwrap();
        damage(&fresh, CONSENTS, field, SECRET).await;
        let claim = CallbackClaim {
            state: consent.state,
            browsers: vec![consent.browser],
            answer: [7; 32],
        };
        assert_told(&told(store.take(&claim).await), CONSENTS, named);
    }
}

/// Whoever goes through all meets the rest too.
#[tokio::test]
async fn what_cannot_be_read_stands_in_its_place() {
    let Some(fresh) = fresh().await else { return };
    let stores = &fresh.stores;
    let keys: Vec<_> = (0..3).map(samples::full_api_key).collect();
    let links: Vec<_> = (0..3).map(samples::full_link).collect();
    for (key, link) in keys.iter().zip(&links) {
        stores.api_keys.insert(key).await.unwrap();
        stores.links.insert(link).await.unwrap();
    }
    for (name, id) in [
        (API_KEYS, keys[1].id.to_string()),
        (LINKS, links[1].id.to_string()),
    ] {
        let damage = doc! { "$set": { "created_at": SECRET } };
        let one = doc! { "_id": id };
        let damaged = collection(&fresh, name).update_one(one, damage).await;
        assert_eq!(damaged.unwrap().modified_count, 1);
    }
    let walked = stores.inventory.walk_api_keys(&first_page()).await;
    let walked = walked.unwrap().items;
    assert_eq!(walked.len(), 3);
    for (found, key) in walked.iter().zip(&keys) {
        match found {
            Ok(found) => assert_eq!(found, key),
            Err(unreadable) => assert_eq!(unreadable.id, keys[1].id.to_string()),
        }
    }
    assert!(walked[1].is_err());
    let walked = stores.inventory.walk_links(&first_page()).await;
    let walked = walked.unwrap().items;
    assert_eq!(walked.len(), 3);
    for (found, link) in walked.iter().zip(&links) {
        match found {
            Ok(found) => assert_eq!(found, link),
            Err(unreadable) => assert_eq!(unreadable.id, links[1].id.to_string()),
        }
    }
    assert!(walked[1].is_err());
}
