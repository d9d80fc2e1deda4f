//! What every store must answer to those who read while others write.

use std::fmt::Debug;

use super::pages::page_after;
use super::races::{RUNNERS, race};
use super::samples::{NOW, admin, full_token, session, token};
use super::tokens::insert_all;
use crate::ids::TokenId;
use crate::person::PersonId;
use crate::ports::{StoreError, Stores, TokenFilter, TokenStore};
use crate::token::{Status, Token};

/// How often each reader of these contracts reads.
const ROUNDS: u32 = 8;

async fn get(store: &dyn TokenStore, id: TokenId) -> Option<Token> {
    store.get(id).await.expect("get must answer")
}

/// Who was answered a write reads what it wrote, however many write at once.
pub async fn a_read_sees_every_write_that_was_answered(stores: &Stores) {
    race(RUNNERS, |number| {
        let (store, mut token) = (stores.tokens.clone(), token(number));
        async move {
            store.insert(&token).await.expect("no rule is broken");
            assert_eq!(get(&*store, token.id).await.as_ref(), Some(&token));
            for generation in 2..5 {
                token.generation = generation;
                let version = store.update(&token).await;
                token.version = version.expect("nobody else writes it");
                assert_eq!(get(&*store, token.id).await.as_ref(), Some(&token));
            }
            let removed = store.remove(token.id).await;
            assert!(removed.expect("remove must answer"));
            assert_eq!(get(&*store, token.id).await, None);
        }
    })
    .await;
}

/// A record that changes under its readers is always whole, and never goes back to
/// what it was.
pub async fn a_record_that_changes_under_its_readers_is_whole(stores: &Stores) {
    let first = full_token(1);
    insert_all(stores, [&first]).await;
    let id = first.id;
    let writes = u64::from(ROUNDS * 4);
    race(8, |number| {
        let (store, mut token) = (stores.tokens.clone(), first.clone());
        async move {
            if number == 0 {
                for generation in 1..=writes {
                    token.generation = generation;
                    token.display_name = Some(generation.to_string());
                    token.upkeep.lost_races = generation;
                    token.upkeep.events.truncate(1);
                    let version = store.update(&token).await;
                    token.version = version.expect("nobody else writes it");
                }
                return;
            }
            let mut seen = 0;
            while seen < token.version + writes {
                // A store that answers without waiting lets nobody else run.
                tokio::task::yield_now().await;
                let read = get(&*store, id).await.expect("nobody removes it");
                assert!(read.version >= seen, "a later read goes back in time");
                seen = read.version;
                if seen > token.version {
                    let name = read.display_name.as_deref();
                    assert_eq!(name, Some(read.generation.to_string().as_str()));
                    assert_eq!(read.upkeep.lost_races, read.generation);
                    assert_eq!(read.upkeep.events.len(), 1);
                }
            }
        }
    })
    .await;
}

/// A record that is removed under its readers is whole or gone, by whatever it is
/// looked for, and does not come back.
pub async fn a_record_removed_under_its_readers_is_whole_or_gone(stores: &Stores) {
    let stays = token(1);
    let goes = Token {
        lease: None,
        status: Status::Active,
        ..full_token(2)
    };
    insert_all(stores, [&stays, &goes]).await;
    race(RUNNERS, |number| {
        let (store, stays, goes) = (stores.tokens.clone(), stays.clone(), goes.clone());
        async move {
            if number == RUNNERS / 2 {
                let removed = store.remove(goes.id).await;
                assert!(removed.expect("remove must answer"));
                return;
            }
            let mut gone = false;
            for round in 0..ROUNDS {
                let found = look_for(&*store, &goes, number + round).await;
                assert!(found.iter().all(|token| *token == goes), "it is whole");
                assert!(found.len() < 2, "it is found once");
                assert!(!gone || found.is_empty(), "it does not come back");
                gone |= found.is_empty();
                assert_eq!(get(&*store, stays.id).await.as_ref(), Some(&stays));
            }
        }
    })
    .await;
    for way in 0..WAYS {
        let found = look_for(&*stores.tokens, &goes, way).await;
        assert!(found.is_empty(), "way {way}: it is gone");
    }
}

/// How many ways there are to look for a record.
const WAYS: u32 = 5;

/// Looks for a record in one of the ways, and answers what was found of it.
async fn look_for(store: &dyn TokenStore, token: &Token, way: u32) -> Vec<Token> {
    let (integration, person) = (&token.integration, PersonId::new("person-2"));
    let found = match way % WAYS {
        0 => store.get(token.id).await.map(Vec::from_iter),
        1 => {
            let found = store
                .find(integration, &person, &token.consented_scopes)
                .await;
            found.map(Vec::from_iter)
        }
        2 => store.find_by_person(integration, &person).await,
        3 => store.find_by_email(&token.email).await,
        _ => {
            let all = TokenFilter::default();
            let page = store.list(&all, &page_after(None, 10)).await;
            page.map(|page| page.items)
        }
    };
    let mut found = found.expect("a look-up must answer");
    found.retain(|other| other.id == token.id);
    found
}

/// An admin that is removed under its readers is whole or gone.
pub async fn an_admin_removed_under_its_readers_is_whole_or_gone(stores: &Stores) {
    let goes = admin(1);
    let added = stores.admins.insert(&goes).await;
    added.expect("no rule is broken");
    race(RUNNERS, |number| {
        let (store, goes) = (stores.admins.clone(), goes.clone());
        async move {
            if number == RUNNERS / 2 {
                let removed = store.remove(goes.id).await;
                assert!(removed.expect("remove must answer"));
                return;
            }
            let look = || match number % 2 {
                0 => store.get(goes.id),
                _ => store.find_by_username(&goes.username),
            };
            assert_whole_or_gone(&goes, look).await;
        }
    })
    .await;
}

/// A session that is ended under its readers is whole or gone.
pub async fn a_session_ended_under_its_readers_is_whole_or_gone(stores: &Stores) {
    let goes = session(1);
    let created = stores.sessions.create(&goes).await;
    created.expect("no rule is broken");
    race(RUNNERS, |number| {
        let (store, goes) = (stores.sessions.clone(), goes.clone());
        async move {
            if number == RUNNERS / 2 {
                let removed = store.remove(goes.key).await;
                assert!(removed.expect("remove must answer"));
                return;
            }
            assert_whole_or_gone(&goes, || store.load(goes.key, NOW)).await;
        }
    })
    .await;
}

/// Looks again and again: what is found is as it was stored, and once gone it does
/// not come back.
async fn assert_whole_or_gone<R, F>(stored: &R, look: impl Fn() -> F)
where
    R: Debug + PartialEq,
    F: Future<Output = Result<Option<R>, StoreError>>,
{
    let mut gone = false;
    for _ in 0..ROUNDS {
        match look().await.expect("a look-up must answer") {
            None => gone = true,
            Some(found) => {
                assert_eq!(found, *stored, "it is whole");
                assert!(!gone, "it does not come back");
            }
        }
    }
}
