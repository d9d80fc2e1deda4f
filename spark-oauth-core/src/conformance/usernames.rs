//! What every [`AdminStore`](crate::ports::AdminStore) must keep unique, also where
//! many come at once.

use super::admins::{assert_same, insert_all, stored, with_name};
use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{admin, super_admin, username};
use crate::admins::{Admin, Role};
use crate::ports::{StoreError, Stores, UniqueRule};

fn is_refused(answer: &Result<impl Sized, StoreError>, rule: UniqueRule) -> bool {
    matches!(answer, Err(StoreError::AlreadyExists(broken)) if *broken == rule)
}

/// Two admins cannot have one username, whatever its case.
pub async fn a_username_stands_once(stores: &Stores) {
    let first = with_name(1, "Alice");
    insert_all(stores, [&first]).await;
    for name in ["Alice", "alice", "aLICE"] {
        let answer = stores.admins.insert(&with_name(2, name)).await;
        assert!(is_refused(&answer, UniqueRule::Username), "{answer:?}");
    }
    assert_same(&stored(stores, &first).await, &first, "the first stays");
}

/// One username, taken by many at once in different case, stands once.
pub async fn a_username_taken_at_once_stands_once(stores: &Stores) {
    let answers = race(RUNNERS, |number| {
        let store = stores.admins.clone();
        let name = if number % 2 == 0 { "alice" } else { "ALICE" };
        let admin = with_name(number, name);
        async move { store.insert(&admin).await }
    })
    .await;
    assert_one_winner(&answers, Result::is_ok, "take the username");
    let losers = answers.iter().filter(|answer| answer.is_err());
    for answer in losers {
        assert!(is_refused(answer, UniqueRule::Username), "{answer:?}");
    }
}

/// Two admins cannot have one identifier.
pub async fn an_admin_identifier_stands_once(stores: &Stores) {
    let first = admin(1);
    insert_all(stores, [&first]).await;
    let second = Admin {
        id: first.id,
        ..admin(2)
    };
    let answer = stores.admins.insert(&second).await;
    assert!(is_refused(&answer, UniqueRule::Id), "{answer:?}");
    assert_same(&stored(stores, &first).await, &first, "the first stays");
}

/// There is one super admin, by whatever way a second would come.
pub async fn there_is_one_super_admin(stores: &Stores) {
    let (first, other) = (super_admin(1), admin(2));
    insert_all(stores, [&first, &other]).await;
    let answer = stores.admins.insert(&super_admin(3)).await;
    assert!(is_refused(&answer, UniqueRule::SuperAdmin), "{answer:?}");
    let promoted = Admin {
        role: Role::SuperAdmin,
        ..other.clone()
    };
    let answer = stores.admins.update(&promoted).await;
    assert!(is_refused(&answer, UniqueRule::SuperAdmin), "{answer:?}");
    assert_same(&stored(stores, &other).await, &other, "not promoted");
    let found = stores.admins.super_admin().await.expect("it must answer");
    assert_same(&found.expect("there is one"), &first, "the super admin");
    // The super admin itself can be changed.
    let answer = stores.admins.update(&first).await;
    assert_eq!(answer.expect("no rule is broken"), first.version + 1);
}

/// A super admin, set up by many at once, stands once.
pub async fn a_super_admin_set_up_at_once_stands_once(stores: &Stores) {
    let answers = race(RUNNERS, |number| {
        let store = stores.admins.clone();
        let admin = super_admin(number);
        async move { store.insert(&admin).await }
    })
    .await;
    assert_one_winner(&answers, Result::is_ok, "become super admin");
    let losers = answers.iter().filter(|answer| answer.is_err());
    for answer in losers {
        assert!(is_refused(answer, UniqueRule::SuperAdmin), "{answer:?}");
    }
}

/// One name, into which many rename themselves at once, stands once.
pub async fn a_name_renamed_into_at_once_stands_once(stores: &Stores) {
    let admins: Vec<_> = (0..RUNNERS).map(admin).collect();
    insert_all(stores, &admins).await;
    let answers = race(RUNNERS, |number| {
        let store = stores.admins.clone();
        let name = if number % 2 == 0 { "wanted" } else { "Wanted" };
        let renamed = Admin {
            username: username(name),
            ..admins[number as usize].clone()
        };
        async move { (renamed.id, store.update(&renamed).await) }
    })
    .await;
    assert_one_winner(&answers, |(_, answer)| answer.is_ok(), "take the name");
    for (_, answer) in answers.iter().filter(|(_, answer)| answer.is_err()) {
        assert!(is_refused(answer, UniqueRule::Username), "{answer:?}");
    }
    let winner = answers.iter().find(|(_, answer)| answer.is_ok());
    let found = stores.admins.find_by_username(&username("WANTED")).await;
    let found = found.expect("find must answer").map(|admin| admin.id);
    assert_eq!(found, winner.map(|(id, _)| *id));
}

/// A rename into a name that is taken is refused; into another case of the own
/// name it is not.
pub async fn a_rename_keeps_usernames_unique(stores: &Stores) {
    let (alice, bob) = (with_name(1, "alice"), with_name(2, "bob"));
    insert_all(stores, [&alice, &bob]).await;
    let change = Admin {
        username: username("ALICE"),
        ..bob.clone()
    };
    let answer = stores.admins.update(&change).await;
    assert!(is_refused(&answer, UniqueRule::Username), "{answer:?}");
    assert_same(&stored(stores, &bob).await, &bob, "unchanged");
    let change = Admin {
        username: username("BOB"),
        ..bob
    };
    let answer = stores.admins.update(&change).await;
    assert_eq!(answer.expect("it is the own name"), change.version + 1);
    assert_eq!(stored(stores, &change).await.username.as_str(), "BOB");
}
