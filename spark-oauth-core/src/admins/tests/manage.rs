//! The super admin creates, changes and removes admins.

use super::{BETTER, GOOD, input, password, problems, twice, with_alice, with_super_admin};
use crate::admins::{
    AdminError, AdminField, AdminInput, InvalidUsername, NewPassword, Problem, Role,
    UnusablePassword, Username,
};
use crate::audit::{Actor, AuditAction, Outcome};
use crate::email::InvalidEmail;
use crate::ids::AdminId;
use crate::ports::PageRequest;
use crate::testing::scene::{MINUTE, NOW, origin};
use crate::testing::{StoreCall, StoreFault};

#[tokio::test]
async fn the_super_admin_creates_an_admin_who_can_sign_in() {
    let (scene, root, alice) = with_alice().await;
    assert_eq!((alice.role, alice.epoch), (Role::Admin, 1));
    assert_eq!(scene.stores.admins(), [root.clone(), alice.clone()]);
    let admins = &scene.oauth.admins;
    let signed_in = admins.sign_in("alice", &password(GOOD), &origin(2)).await;
    assert_eq!(signed_in.unwrap().id, alice.id);
    let entries = scene.stores.audit_entries();
    let created = entries
        .iter()
        .find(|entry| entry.action == AuditAction::AdminCreated)
        .unwrap();
    assert_eq!(created.caller.actor, root.actor());
    assert_eq!(created.subject.as_deref(), Some("Alice"));
    assert_eq!(created.outcome, Outcome::Done);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let (scene, root) = with_super_admin().await;
    let wrong = AdminInput {
        username: "a b".into(),
        email: "nobody".into(),
        password: NewPassword {
            password: password("short"),
            password_again: password("other"),
        },
    };
    let refused = scene.oauth.admins.create(&root, &wrong, &origin(1)).await;
    assert_eq!(
        problems(refused.unwrap_err()),
        [
            (AdminField::Email, Problem::Email(InvalidEmail::Malformed)),
            (
                AdminField::Password,
                Problem::Password(UnusablePassword::TooShort)
            ),
            (AdminField::PasswordAgain, Problem::PasswordsDiffer),
            (AdminField::Username, Problem::Username(InvalidUsername)),
        ]
    );
    let empty = input("ROOT", "", "");
    let refused = scene.oauth.admins.create(&root, &empty, &origin(1)).await;
    assert_eq!(
        problems(refused.unwrap_err()),
        [
            (AdminField::Email, Problem::Email(InvalidEmail::Empty)),
            (AdminField::Password, Problem::PasswordMissing),
            (AdminField::Username, Problem::UsernameTaken),
        ]
    );
    assert_eq!(scene.stores.admins().len(), 1);
}

#[tokio::test]
async fn a_password_close_to_the_name_or_the_address_is_refused() {
    let (scene, root) = with_super_admin().await;
    for text in ["Marguerite", "marguerite1", "marguerite@example.com"] {
        let input = input("Marguerite", "marguerite@example.com", text);
        let refused = scene.oauth.admins.create(&root, &input, &origin(1)).await;
        let guessable = Problem::Password(UnusablePassword::Guessable);
        assert_eq!(
            problems(refused.unwrap_err()),
            [(AdminField::Password, guessable)],
            "{text}"
        );
    }
}

#[tokio::test]
async fn usernames_that_differ_in_case_only_are_refused_also_at_once() {
    let (scene, root, _) = with_alice().await;
    let admins = &scene.oauth.admins;
    let taken = [(AdminField::Username, Problem::UsernameTaken)];
    let again = input("aLICE", "other@example.com", GOOD);
    let refused = admins.create(&root, &again, &origin(1)).await;
    assert_eq!(problems(refused.unwrap_err()), taken);
    let (bob, also_bob) = (
        input("Bob_1", "bob@example.com", GOOD),
        input("bOB_1", "bob@example.com", GOOD),
    );
    let (from, also_from) = (origin(1), origin(2));
    let (one, two) = tokio::join!(
        admins.create(&root, &bob, &from),
        admins.create(&root, &also_bob, &also_from),
    );
    let refused = match (one, two) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("{both:?}"),
    };
    assert_eq!(problems(refused), taken);
}

#[tokio::test]
async fn a_change_replaces_what_is_given_and_ends_every_session() {
    let (scene, root, alice) = with_alice().await;
    let admins = &scene.oauth.admins;
    scene.clock.advance(MINUTE);
    let renamed = input("Alicia", "alicia@example.com", "");
    let changed = admins.change(&root, alice.id, &renamed, &origin(1)).await;
    let changed = changed.unwrap();
    assert_eq!(changed.username.as_str(), "Alicia");
    assert_eq!(changed.password_hash, alice.password_hash, "left as it was");
    assert_eq!(changed.updated_at, NOW + MINUTE);
    let session = admins.authenticate(alice.id, alice.epoch).await.unwrap();
    assert!(session.is_none(), "the old session has ended");
    let session = admins.authenticate(alice.id, changed.epoch).await.unwrap();
    assert_eq!(session, Some(changed));
    let entries = scene.stores.audit_entries();
    let entry = entries
        .iter()
        .find(|entry| entry.action == AuditAction::AdminChanged)
        .unwrap();
    assert_eq!(entry.subject.as_deref(), Some("Alice"), "whom it was about");
    let stronger = input("Alicia", "alicia@example.com", BETTER);
    let changed = admins.change(&root, alice.id, &stronger, &origin(1)).await;
    assert!(changed.is_ok());
    let old = admins.sign_in("Alicia", &password(GOOD), &origin(2)).await;
    assert!(old.is_err());
    let new = admins
        .sign_in("Alicia", &password(BETTER), &origin(2))
        .await;
    assert!(new.is_ok());
}

#[tokio::test]
async fn a_change_names_every_wrong_field_and_changes_nothing() {
    let (scene, root, alice) = with_alice().await;
    let wrong = input("root", "nobody", "12345678");
    let admins = &scene.oauth.admins;
    let refused = admins.change(&root, alice.id, &wrong, &origin(1)).await;
    assert_eq!(
        problems(refused.unwrap_err()),
        [
            (AdminField::Email, Problem::Email(InvalidEmail::Malformed)),
            (
                AdminField::Password,
                Problem::Password(UnusablePassword::Guessable)
            ),
            (AdminField::Username, Problem::UsernameTaken),
        ]
    );
    assert_eq!(scene.stores.admins().pop().unwrap(), alice);
}

#[tokio::test]
async fn an_admin_may_change_the_case_of_a_username() {
    let (scene, root, alice) = with_alice().await;
    let input = input("ALICE", "alice@example.com", "");
    let admins = &scene.oauth.admins;
    let changed = admins.change(&root, alice.id, &input, &origin(1)).await;
    assert_eq!(changed.unwrap().username.as_str(), "ALICE");
}

#[tokio::test]
async fn the_super_admins_name_comes_from_the_configuration() {
    let (scene, root) = with_super_admin().await;
    let admins = &scene.oauth.admins;
    let renamed = input("Boss", "boss@example.com", "");
    let refused = admins.change(&root, root.id, &renamed, &origin(1)).await;
    assert_eq!(
        problems(refused.unwrap_err()),
        [(AdminField::Username, Problem::UsernameFixed)]
    );
    for unchanged in ["", "Root"] {
        let input = input(unchanged, "boss@example.com", "");
        let changed = admins.change(&root, root.id, &input, &origin(1)).await;
        let changed = changed.unwrap();
        assert_eq!(changed.username.as_str(), "Root");
        assert_eq!(changed.role, Role::SuperAdmin);
    }
    for entry in scene.stores.audit_entries() {
        assert_ne!(entry.subject.as_deref(), Some(""), "{entry:?}");
    }
}

#[tokio::test]
async fn the_super_admin_stays() {
    let (scene, root) = with_super_admin().await;
    let refused = scene.oauth.admins.remove(&root, root.id, &origin(1)).await;
    assert!(matches!(refused, Err(AdminError::SuperAdminStays)));
    assert_eq!(scene.stores.admins(), [root]);
    assert_eq!(
        scene.outcomes(AuditAction::AdminRemoved),
        [Outcome::Refused("super_admin_stays".into())]
    );
}

#[tokio::test]
async fn a_removed_admin_has_no_session() {
    let (scene, root, alice) = with_alice().await;
    let admins = &scene.oauth.admins;
    let removed = admins.remove(&root, alice.id, &origin(1)).await.unwrap();
    assert_eq!(removed.id, alice.id);
    let session = admins.authenticate(alice.id, alice.epoch).await.unwrap();
    assert!(session.is_none());
    let again = admins.remove(&root, alice.id, &origin(1)).await;
    assert!(matches!(again, Err(AdminError::NotFound)), "{again:?}");
}

#[tokio::test]
async fn an_admin_manages_nobody() {
    let (scene, root, alice) = with_alice().await;
    let admins = &scene.oauth.admins;
    let page = PageRequest::first(10.try_into().unwrap());
    let form = input("Mallory", "mallory@example.com", GOOD);
    let from = origin(3);
    let refusals = [
        admins.list(&alice, &page).await.map(|_| ()),
        admins.get(&alice, root.id).await.map(|_| ()),
        admins.create(&alice, &form, &from).await.map(|_| ()),
        admins
            .change(&alice, root.id, &form, &from)
            .await
            .map(|_| ()),
        admins
            .change(&alice, alice.id, &form, &from)
            .await
            .map(|_| ()),
        admins.remove(&alice, root.id, &from).await.map(|_| ()),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(AdminError::NotSuperAdmin)));
    }
    assert_eq!(scene.stores.admins().len(), 2);
    let refused = Outcome::Refused("not_super_admin".into());
    let noted = scene
        .stores
        .audit_entries()
        .into_iter()
        .filter(|entry| entry.outcome == refused)
        .count();
    assert_eq!(noted, 4, "whoever tries is in the audit log");
}

#[tokio::test]
async fn two_changes_at_once_are_a_conflict_for_one() {
    let (scene, root, alice) = with_alice().await;
    let stores = scene.stores.clone();
    scene.stores.before(StoreCall::AdminUpdate, move || {
        stores.change_admin(alice.id, |admin| admin.epoch += 1);
    });
    let form = input("Alicia", "alicia@example.com", "");
    let admins = &scene.oauth.admins;
    let refused = admins.change(&root, alice.id, &form, &origin(1)).await;
    assert!(matches!(refused, Err(AdminError::Conflict)), "{refused:?}");
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_no_change_out_of_the_audit_log() {
    let (scene, root) = with_super_admin().await;
    let service = scene.oauth.admins.clone();
    let caller = tokio::spawn(async move {
        let form = input("Alice", "alice@example.com", GOOD);
        service.create(&root, &form, &origin(1)).await
    });
    tokio::task::yield_now().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    scene.oauth.settle().await;
    assert_eq!(scene.stores.admins().len(), 2);
    assert_eq!(scene.outcomes(AuditAction::AdminCreated), [Outcome::Done]);
}

#[tokio::test]
async fn a_password_is_reset_at_the_command_line() {
    let (scene, _, alice) = with_alice().await;
    let admins = &scene.oauth.admins;
    let name = Username::parse("ALICE").unwrap();
    let reset = admins
        .reset_password(&name, &password(BETTER))
        .await
        .unwrap();
    assert!(reset.epoch > alice.epoch, "sessions end");
    let signed_in = admins.sign_in("alice", &password(BETTER), &origin(1)).await;
    assert!(signed_in.is_ok());
    let entry =
        scene.stores.audit_entries().into_iter().find(|entry| {
            entry.action == AuditAction::PasswordReset && entry.outcome == Outcome::Done
        });
    let entry = entry.expect("an entry");
    assert_eq!(entry.caller.actor, Actor::Operator);
    assert_eq!(entry.subject.as_deref(), Some("Alice"));
    let nobody = Username::parse("nobody").unwrap();
    let refused = admins.reset_password(&nobody, &password(BETTER)).await;
    assert!(matches!(refused, Err(AdminError::NotFound)));
    for (text, problem) in [
        ("", Problem::PasswordMissing),
        ("12345678", Problem::Password(UnusablePassword::Guessable)),
    ] {
        let refused = admins.reset_password(&name, &password(text)).await;
        assert_eq!(
            problems(refused.unwrap_err()),
            [(AdminField::Password, problem)]
        );
    }
    let outcomes = scene.outcomes(AuditAction::PasswordReset);
    let count = |reason: &str| {
        let refused = Outcome::Refused(reason.to_owned());
        outcomes
            .iter()
            .filter(|outcome| **outcome == refused)
            .count()
    };
    assert_eq!(
        (count("not_found"), count("invalid"), outcomes.len()),
        (1, 2, 4)
    );
}

#[tokio::test]
async fn an_unknown_admin_is_not_found_and_a_store_that_fails_is_told() {
    let (scene, root) = with_super_admin().await;
    let admins = &scene.oauth.admins;
    let nobody = AdminId::generate(NOW, scene.random());
    let missing = admins.get(&root, nobody).await;
    assert!(matches!(missing, Err(AdminError::NotFound)));
    scene
        .stores
        .fail(StoreCall::AdminInsert, StoreFault::Away, 1);
    let form = AdminInput {
        password: twice(GOOD),
        ..input("Alice", "alice@example.com", GOOD)
    };
    let failed = admins.create(&root, &form, &origin(1)).await;
    assert!(matches!(failed, Err(AdminError::Store(_))), "{failed:?}");
}
