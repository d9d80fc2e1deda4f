//! The order of insertion, where many processes insert.

use mongodb::bson::{Document, doc};
use spark_oauth_core::conformance::samples;
use spark_oauth_core::ports::{Cursor, Page, PageRequest, TokenFilter, TokenStore as _};
use spark_oauth_core::token::Token;

use super::{Fresh, fresh};
use crate::MongoStore;

async fn page(store: &MongoStore, after: Option<Cursor>, limit: u16) -> Page<Token> {
    let page = PageRequest {
        after,
        limit: limit.try_into().unwrap(),
    };
    store.list(&TokenFilter::default(), &page).await.unwrap()
}

async fn insert(store: &MongoStore, number: u32) -> Token {
    let token = samples::token(number);
    store.insert(&token).await.unwrap();
    token
}

async fn number_all(fresh: &Fresh, change: Document) {
    let tokens = fresh.store.0.client.database(&fresh.options.token_db);
    let tokens = tokens.collection::<Document>("tokens");
    tokens.update_many(doc! {}, change).await.unwrap();
}

#[tokio::test]
async fn the_newest_is_first_whichever_process_inserted_it() {
    let Some(fresh) = fresh().await else { return };
    let other = MongoStore::connect(fresh.options.clone()).await.unwrap();
    let mut inserted = Vec::new();
    // The identifiers tell nothing: the clocks of the processes differ.
    for number in [9, 3, 7, 1, 8, 2] {
        inserted.push(insert(&fresh.store, number).await.id);
        inserted.push(insert(&other, number + 100).await.id);
    }
    inserted.reverse();
    let listed = page(&other, None, 100).await;
    let ids: Vec<_> = listed.items.iter().map(|token| token.id).collect();
    assert_eq!(ids, inserted);
}

#[tokio::test]
async fn records_with_one_number_are_each_shown_once() {
    let Some(fresh) = fresh().await else { return };
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(insert(&fresh.store, number).await.id);
    }
    number_all(&fresh, doc! { "$set": { "seq": 5_i64 } }).await;
    ids.sort_unstable();
    ids.reverse();
    for limit in [1, 3, 40] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = page(&fresh.store, after, limit).await;
            listed.extend(page.items.iter().map(|token| token.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, ids, "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_wide_gap_hides_nothing() {
    let Some(fresh) = fresh().await else { return };
    let old = insert(&fresh.store, 1).await;
    let far = doc! { "$set": { "seq": 9_i64 } };
    number_all(&fresh, far).await;
    let newer = insert(&fresh.store, 2).await;
    number_all(&fresh, doc! { "$mul": { "seq": 1_000_000_007_i64 } }).await;
    // A process that starts knows no number.
    let other = MongoStore::connect(fresh.options.clone()).await.unwrap();
    for store in [&fresh.store, &other] {
        let first = page(store, None, 1).await;
        assert_eq!(first.items[0].id, newer.id);
        let second = page(store, first.next, 1).await;
        assert_eq!(second.items[0].id, old.id);
        assert!(second.next.is_none());
    }
    let newest = insert(&other, 3).await;
    assert_eq!(page(&fresh.store, None, 1).await.items[0].id, newest.id);
}

#[tokio::test]
async fn a_cursor_that_no_list_made_finds_an_end() {
    let Some(fresh) = fresh().await else { return };
    for number in 0..3 {
        insert(&fresh.store, number).await;
    }
    for (position, found) in [
        (vec![], 0),
        (vec![0xff; 8], 0),
        (vec![0; 34], 0),
        (vec![0xff; 34], 0),
        ([&i64::MAX.to_be_bytes()[..], b"7"].concat(), 3),
        ([&i64::MIN.to_be_bytes()[..], b"7"].concat(), 0),
    ] {
        let cursor = Cursor::from_position(position.clone());
        let page = page(&fresh.store, Some(cursor), 10).await;
        assert_eq!(page.items.len(), found, "{position:?}");
        assert!(page.next.is_none());
    }
}
