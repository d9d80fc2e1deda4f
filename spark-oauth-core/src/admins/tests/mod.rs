//! The rules of the admin centre, through its service.

mod manage;
mod profile;
mod set_up;
mod sign_in;

use crate::admins::{Admin, AdminError, AdminField, AdminInput, NewPassword, Problem};
use crate::secret::Password;
use crate::testing::scene::{Scene, origin, scene};

pub(super) const GOOD: &str = "tulip harbour 42 quill";
pub(super) const BETTER: &str = "walnut 77 bicycle fjord";

pub(super) fn password(text: &str) -> Password {
    Password::new(text)
}

pub(super) fn twice(text: &str) -> NewPassword {
    NewPassword {
        password: password(text),
        password_again: password(text),
    }
}

pub(super) fn input(username: &str, email: &str, text: &str) -> AdminInput {
    AdminInput {
        username: username.to_owned(),
        email: email.to_owned(),
        password: twice(text),
    }
}

/// A scene with its super admin, whose password is [`GOOD`].
pub(super) async fn with_super_admin() -> (Scene, Admin) {
    let scene = scene().await;
    let admins = &scene.oauth.admins;
    let code = admins.set_up_code().await.unwrap().expect("a code");
    let given = twice(GOOD);
    let root = admins
        .set_up(&code, Some(&given), &origin(1))
        .await
        .unwrap();
    (scene, root)
}

/// A scene with its super admin and an admin, whose password is [`GOOD`] too.
pub(super) async fn with_alice() -> (Scene, Admin, Admin) {
    let (scene, root) = with_super_admin().await;
    let input = input("Alice", "alice@example.com", GOOD);
    let alice = scene.oauth.admins.create(&root, &input, &origin(1)).await;
    (scene, root, alice.unwrap())
}

/// The wrong fields, sorted by what they are called.
pub(super) fn problems(error: AdminError) -> Vec<(AdminField, Problem)> {
    let AdminError::Invalid(problems) = error else {
        panic!("{error:?}");
    };
    let mut problems: Vec<_> = problems
        .into_iter()
        .map(|problem| (problem.field, problem.problem))
        .collect();
    problems.sort_by_key(|(field, _)| format!("{field:?}"));
    problems
}
