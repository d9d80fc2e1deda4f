//! What every [`AdminStore`](crate::ports::AdminStore) must do with single records.

use super::races::{RUNNERS, race};
use super::samples::{self, admin, email, later, password_hash, super_admin, username};
use crate::admins::{Admin, Role};
use crate::ports::{StoreError, Stores};

pub(super) async fn stored(stores: &Stores, admin: &Admin) -> Admin {
    stores
        .admins
        .get(admin.id)
        .await
        .expect("get must answer")
        .expect("the admin must be there")
}

pub(super) async fn insert_all<'a>(stores: &Stores, admins: impl IntoIterator<Item = &'a Admin>) {
    for admin in admins {
        stores
            .admins
            .insert(admin)
            .await
            .expect("an admin that breaks no rule must be taken");
    }
}

/// Compares every field; names and addresses also as they were written.
pub(super) fn assert_same(found: &Admin, expected: &Admin, when: &str) {
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

pub(super) fn with_name(number: u32, name: &str) -> Admin {
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
