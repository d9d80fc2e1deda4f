//! What every [`AdminStore`](crate::ports::AdminStore) must do.

use super::listing::page_after;
use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, admin, email, later, password_hash, super_admin, username};
use crate::admins::{Admin, Role};
use crate::ports::{Cursor, Page, StoreError, Stores, UniqueRule};

async fn stored(stores: &Stores, admin: &Admin) -> Admin {
    stores
        .admins
        .get(admin.id)
        .await
        .expect("get must answer")
        .expect("the admin must be there")
}

async fn insert_all<'a>(stores: &Stores, admins: impl IntoIterator<Item = &'a Admin>) {
    for admin in admins {
        stores
            .admins
            .insert(admin)
            .await
            .expect("an admin that breaks no rule must be taken");
    }
}

/// Compares every field; names and addresses also as they were written.
fn assert_same(found: &Admin, expected: &Admin, when: &str) {
    assert_eq!(found, expected, "{when}");
    assert_eq!(
        found.username.as_str(),
        expected.username.as_str(),
        "{when}"
    );
    assert_eq!(
        found.email.as_ref().map(ToString::to_string),
        expected.email.as_ref().map(ToString::to_string),
        "{when}"
    );
}

fn is_refused(answer: &Result<impl Sized, StoreError>, rule: UniqueRule) -> bool {
    matches!(answer, Err(StoreError::AlreadyExists(broken)) if *broken == rule)
}

fn with_name(number: u32, name: &str) -> Admin {
    Admin {
        username: username(name),
        ..admin(number)
    }
}

/// Every field is kept.
pub async fn an_admin_reads_back(stores: &Stores) {
    let bare = admin(1);
    let full = Admin {
        username: username("Mixed_Case_99"),
        email: Some(email("Admin@Example.com")),
        password_hash: password_hash('Z'),
        epoch: u64::MAX,
        last_sign_in_at: Some(later(5)),
        version: 12,
        ..super_admin(2)
    };
    for admin in [bare, full] {
        insert_all(stores, [&admin]).await;
        assert_same(&stored(stores, &admin).await, &admin, "an admin");
    }
}

/// Times are kept to the millisecond, however far they are.
pub async fn times_of_an_admin_read_back(stores: &Stores) {
    for (number, at) in (0..).zip(samples::TIMES) {
        let admin = Admin {
            created_at: at,
            updated_at: at,
            last_sign_in_at: Some(at),
            ..admin(number)
        };
        insert_all(stores, [&admin]).await;
        assert_same(&stored(stores, &admin).await, &admin, "a far or exact time");
    }
}

/// An admin that is not there is no error to look up, and an update of it is
/// refused.
pub async fn an_unknown_admin_is_no_record(stores: &Stores) {
    let store = &stores.admins;
    let nobody = admin(1);
    assert!(
        store
            .get(nobody.id)
            .await
            .expect("get must answer")
            .is_none()
    );
    let found = store.find_by_username(&nobody.username).await;
    assert!(found.expect("find must answer").is_none());
    assert!(store.super_admin().await.expect("it must answer").is_none());
    assert!(!store.remove(nobody.id).await.expect("remove must answer"));
    let answer = store.update(&nobody).await;
    assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    assert!(
        store
            .get(nobody.id)
            .await
            .expect("get must answer")
            .is_none()
    );
}

/// A username is found without regard to case, and only whole.
pub async fn a_username_is_found_whatever_its_case(stores: &Stores) {
    let alice = with_name(1, "Alice_1");
    insert_all(
        stores,
        [&alice, &with_name(2, "Alice_12"), &with_name(3, "alicex1")],
    )
    .await;
    for name in ["Alice_1", "alice_1", "ALICE_1"] {
        let found = stores.admins.find_by_username(&username(name)).await;
        let found = found
            .expect("find must answer")
            .expect("it is the same name");
        assert_same(&found, &alice, "found by username");
    }
    let found = stores.admins.find_by_username(&username("alice")).await;
    assert!(found.expect("find must answer").is_none());
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

/// An update replaces every field and raises the version by one.
pub async fn an_update_replaces_an_admin(stores: &Stores) {
    let before = admin(1);
    insert_all(stores, [&before]).await;
    let change = Admin {
        username: username("renamed"),
        email: Some(email("new@example.com")),
        password_hash: password_hash('q'),
        role: Role::SuperAdmin,
        epoch: 2,
        created_at: later(1),
        updated_at: later(2),
        last_sign_in_at: Some(later(3)),
        ..before.clone()
    };
    let version = stores.admins.update(&change).await;
    let version = version.expect("the version is the stored one");
    assert_eq!(version, before.version + 1);
    let after = Admin { version, ..change };
    assert_same(&stored(stores, &after).await, &after, "after an update");
    let bare = Admin {
        email: None,
        last_sign_in_at: None,
        role: Role::Admin,
        ..after
    };
    let version = stores.admins.update(&bare).await;
    let version = version.expect("the version is the stored one");
    let bare = Admin { version, ..bare };
    assert_same(&stored(stores, &bare).await, &bare, "cleared");
    let found = stores.admins.find_by_username(&before.username).await;
    assert!(found.expect("find must answer").is_none(), "the old name");
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

/// An update of another version than the stored one changes nothing, and never
/// brings back who was removed.
pub async fn a_stale_update_of_an_admin_is_refused(stores: &Stores) {
    let before = Admin {
        version: 5,
        ..admin(1)
    };
    insert_all(stores, [&before]).await;
    for version in [0, 4, 6, u64::MAX] {
        let change = Admin {
            version,
            epoch: 99,
            ..before.clone()
        };
        let answer = stores.admins.update(&change).await;
        assert!(matches!(answer, Err(StoreError::Conflict)), "{answer:?}");
    }
    assert_same(&stored(stores, &before).await, &before, "after conflicts");
    let removed = stores.admins.remove(before.id).await;
    assert!(removed.expect("remove must answer"));
    let answer = stores.admins.update(&before).await;
    assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
}

/// Many who read, change and write: no change is lost.
pub async fn compare_and_set_of_an_admin_loses_no_update(stores: &Stores) {
    let admin = admin(1);
    insert_all(stores, [&admin]).await;
    race(RUNNERS, |_| {
        let (store, id) = (stores.admins.clone(), admin.id);
        async move {
            loop {
                let read = store.get(id).await.expect("get must answer");
                let mut read = read.expect("the admin must be there");
                read.epoch += 1;
                match store.update(&read).await {
                    Ok(_) => break,
                    Err(StoreError::Conflict) => {}
                    Err(error) => panic!("an update wins or conflicts: {error:?}"),
                }
            }
        }
    })
    .await;
    let after = stored(stores, &admin).await;
    assert_eq!(after.epoch, admin.epoch + u64::from(RUNNERS));
    assert_eq!(after.version, admin.version + u64::from(RUNNERS));
}

/// Who was removed is gone, and username and role are free.
pub async fn a_removed_admin_leaves_nothing(stores: &Stores) {
    let first = super_admin(1);
    insert_all(stores, [&first]).await;
    let removed = stores.admins.remove(first.id).await;
    assert!(removed.expect("remove must answer"));
    let removed = stores.admins.remove(first.id).await;
    assert!(!removed.expect("remove must answer"), "it goes once");
    let found = stores.admins.get(first.id).await;
    assert!(found.expect("get must answer").is_none());
    let found = stores.admins.super_admin().await;
    assert!(found.expect("it must answer").is_none());
    let again = Admin {
        username: first.username,
        ..super_admin(2)
    };
    insert_all(stores, [&again]).await;
}

async fn page(stores: &Stores, after: Option<&Cursor>, records: u16) -> Page<Admin> {
    stores
        .admins
        .list(&page_after(after, records))
        .await
        .expect("list must answer")
}

async fn names(stores: &Stores, mut after: Option<Cursor>, records: u16) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let page = page(stores, after.as_ref(), records).await;
        names.extend(page.items.iter().map(|admin| admin.username.to_string()));
        after = page.next;
        if after.is_none() {
            return names;
        }
    }
}

/// The list goes by username in lower case, whatever the size of its pages.
pub async fn admins_are_listed_by_username(stores: &Stores) {
    assert!(names(stores, None, 3).await.is_empty());
    let in_order = ["_zed", "Alice", "alice_2", "BOB", "carol", "Dave9", "eve"];
    for (number, name) in (0..).zip(["carol", "eve", "Alice", "_zed", "Dave9", "alice_2", "BOB"]) {
        insert_all(stores, [&with_name(number, name)]).await;
    }
    // In ASCII the underscore comes before the lower-case letters.
    for records in [1, 2, 3, 6, 7, 8] {
        assert_eq!(names(stores, None, records).await, in_order);
    }
}

/// Admins that come and go between two pages move no other.
pub async fn admins_that_come_and_go_move_no_other(stores: &Stores) {
    let admins: Vec<_> = (0..)
        .zip(["aaa", "bbb", "ccc", "ddd", "eee", "fff"])
        .map(|(number, name)| with_name(number, name))
        .collect();
    insert_all(stores, &admins).await;
    let first = page(stores, None, 3).await;
    // The last one shown goes, the next one too; one comes before and one behind.
    for gone in [2, 3] {
        let removed = stores.admins.remove(admins[gone].id).await;
        assert!(removed.expect("remove must answer"));
    }
    insert_all(stores, [&with_name(8, "abc"), &with_name(9, "ded")]).await;
    assert_eq!(names(stores, first.next, 1).await, ["ded", "eee", "fff"]);
}
