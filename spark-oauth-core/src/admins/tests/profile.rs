//! An admin changes the own profile.

use super::{BETTER, GOOD, password, problems, twice, with_alice};
use crate::admins::{AdminError, AdminField, NewPassword, Problem, ProfileInput, UnusablePassword};
use crate::audit::{AuditAction, Outcome};
use crate::email::InvalidEmail;
use crate::testing::scene::origin;

fn form(current: &str, email: &str, new: &str) -> ProfileInput {
    ProfileInput {
        current_password: password(current),
        email: email.to_owned(),
        password: twice(new),
    }
}

#[tokio::test]
async fn the_current_password_lets_change_address_and_password() {
    let (scene, _, alice) = with_alice().await;
    let admins = &scene.oauth.admins;
    let only_email = form(GOOD, "new@example.com", "");
    let changed = admins.change_profile(&alice, &only_email, &origin(1)).await;
    let changed = changed.unwrap();
    assert_eq!(changed.email.as_ref().unwrap().as_str(), "new@example.com");
    assert_eq!(changed.password_hash, alice.password_hash);
    assert_eq!(changed.epoch, alice.epoch + 1, "every session ends");
    assert_eq!(changed.username, alice.username);
    let both = form(GOOD, "new@example.com", BETTER);
    admins
        .change_profile(&changed, &both, &origin(1))
        .await
        .unwrap();
    let signed_in = admins.sign_in("alice", &password(BETTER), &origin(1)).await;
    assert!(signed_in.is_ok());
    assert_eq!(
        scene.outcomes(AuditAction::AdminChanged),
        [Outcome::Done, Outcome::Done]
    );
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let (scene, _, alice) = with_alice().await;
    let mut wrong = form("not it", "nobody", "12345678");
    wrong.password = NewPassword {
        password: password("12345678"),
        password_again: password("123456789"),
    };
    let admins = &scene.oauth.admins;
    let refused = admins.change_profile(&alice, &wrong, &origin(1)).await;
    assert_eq!(
        problems(refused.unwrap_err()),
        [
            (AdminField::CurrentPassword, Problem::CurrentPasswordWrong),
            (AdminField::Email, Problem::Email(InvalidEmail::Malformed)),
            (
                AdminField::Password,
                Problem::Password(UnusablePassword::Guessable)
            ),
            (AdminField::PasswordAgain, Problem::PasswordsDiffer),
        ]
    );
    assert_eq!(scene.stores.admins().pop().unwrap(), alice);
}

#[tokio::test]
async fn guessing_the_current_password_is_slowed_down_like_a_sign_in() {
    let (scene, _, alice) = with_alice().await;
    let admins = &scene.oauth.admins;
    let guess = form("not it", "alice@example.com", "");
    let from = origin(9);
    for _ in 0..10 {
        let refused = admins.change_profile(&alice, &guess, &from).await;
        assert!(matches!(refused, Err(AdminError::Invalid(_))));
    }
    let right = form(GOOD, "alice@example.com", "");
    let throttled = admins.change_profile(&alice, &right, &from).await;
    assert!(matches!(throttled, Err(AdminError::Throttled { .. })));
    let elsewhere = admins.change_profile(&alice, &right, &origin(10)).await;
    assert!(elsewhere.is_ok());
}

#[tokio::test]
async fn a_session_of_a_removed_admin_changes_nothing() {
    let (scene, root, alice) = with_alice().await;
    let admins = &scene.oauth.admins;
    admins.remove(&root, alice.id, &origin(1)).await.unwrap();
    let form = form(GOOD, "alice@example.com", "");
    let refused = admins.change_profile(&alice, &form, &origin(1)).await;
    assert!(matches!(refused, Err(AdminError::NotFound)));
}
