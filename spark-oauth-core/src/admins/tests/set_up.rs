//! The super admin is set up once, and renamed by the configuration.

use super::{GOOD, input, password, problems, twice, with_alice, with_super_admin};
use crate::admins::{
    AdminError, AdminField, NewPassword, Problem, Renaming, Role, SuperAdminSettings,
    UnusablePassword, Username,
};
use crate::audit::{AuditAction, Outcome};
use crate::ports::StoreError;
use crate::secret::SetUpCode;
use crate::testing::scene::{NOW, Scene, email, origin, scene, scene_with};
use crate::testing::{StoreCall, StoreFault};

fn settings(username: &str, text: Option<&str>) -> SuperAdminSettings {
    SuperAdminSettings {
        username: Username::parse(username).unwrap(),
        password: text.map(password),
        email: Some(email("root@example.com")),
    }
}

async fn configured(settings: SuperAdminSettings) -> Scene {
    scene_with(|builder| builder.super_admin(settings)).await
}

async fn code(scene: &Scene) -> SetUpCode {
    let code = scene.oauth.admins.set_up_code().await.unwrap();
    code.expect("the set-up is open")
}

#[tokio::test]
async fn the_link_works_once_and_at_every_replica() {
    let scene = scene().await;
    let other = scene.another_process().await;
    let link = code(&other).await;
    let (admins, given) = (&scene.oauth.admins, twice(GOOD));
    assert!(admins.check_set_up_code(&link).await.is_ok());
    let root = admins
        .set_up(&link, Some(&given), &origin(1))
        .await
        .unwrap();
    assert_eq!(
        (root.role, root.username.as_str()),
        (Role::SuperAdmin, "Root")
    );
    assert_eq!(root.last_sign_in_at, Some(NOW));
    for process in [&scene, &other] {
        let admins = &process.oauth.admins;
        assert!(admins.set_up_code().await.unwrap().is_none());
        let again = admins.set_up(&link, Some(&given), &origin(1)).await;
        assert!(matches!(again, Err(AdminError::AlreadySetUp)), "{again:?}");
    }
    assert_eq!(scene.stores.admins(), [root]);
    let mut outcomes = scene.outcomes(AuditAction::SuperAdminSetUp);
    outcomes.retain(|outcome| *outcome != Outcome::Refused("already_set_up".to_owned()));
    assert_eq!(outcomes, [Outcome::Done]);
}

#[tokio::test]
async fn a_wrong_code_sets_nothing_up() {
    let scene = scene().await;
    let (admins, given) = (&scene.oauth.admins, twice(GOOD));
    for wrong in ["", "made-up"] {
        let wrong = SetUpCode::new(wrong);
        let refused = admins.set_up(&wrong, Some(&given), &origin(1)).await;
        assert!(matches!(refused, Err(AdminError::WrongSetUpCode)));
    }
    assert!(scene.stores.admins().is_empty());
    assert_eq!(
        scene.outcomes(AuditAction::SuperAdminSetUp),
        [Outcome::Refused("wrong_set_up_code".to_owned())],
        "strangers do not fill the audit log"
    );
}

#[tokio::test]
async fn of_two_set_ups_at_once_one_succeeds() {
    let scene = scene().await;
    let other = scene.another_process().await;
    let link = code(&scene).await;
    let (one, two) = (twice(GOOD), twice("walnut 77 bicycle fjord"));
    let (from, also_from) = (origin(1), origin(2));
    let (first, second) = tokio::join!(
        scene.oauth.admins.set_up(&link, Some(&one), &from),
        other.oauth.admins.set_up(&link, Some(&two), &also_from),
    );
    let refused = match (first, second) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("{both:?}"),
    };
    assert!(matches!(refused, AdminError::AlreadySetUp), "{refused:?}");
    assert_eq!(scene.stores.admins().len(), 1);
}

#[tokio::test]
async fn a_usable_password_of_the_configuration_is_taken() {
    let scene = configured(settings("Root", Some(GOOD))).await;
    let admins = &scene.oauth.admins;
    assert!(!admins.set_up_needs_password());
    admins
        .set_up(&code(&scene).await, None, &origin(1))
        .await
        .unwrap();
    let signed_in = admins.sign_in("root", &password(GOOD), &origin(1)).await;
    assert!(signed_in.is_ok());
}

#[tokio::test]
async fn an_unusable_password_of_the_configuration_is_asked_for() {
    let sample = settings("Root", Some("123456"));
    assert_eq!(sample.unusable_password(), Some(UnusablePassword::TooShort));
    let scene = configured(sample).await;
    let admins = &scene.oauth.admins;
    assert!(admins.set_up_needs_password());
    let code = code(&scene).await;
    let missing = [(AdminField::Password, Problem::PasswordMissing)];
    for given in [None, Some(twice(""))] {
        let refused = admins.set_up(&code, given.as_ref(), &origin(1)).await;
        assert_eq!(problems(refused.unwrap_err()), missing);
    }
    let wrong = NewPassword {
        password: password("123456"),
        password_again: password("1234567"),
    };
    let refused = admins.set_up(&code, Some(&wrong), &origin(1)).await;
    assert_eq!(
        problems(refused.unwrap_err()),
        [
            (
                AdminField::Password,
                Problem::Password(UnusablePassword::TooShort)
            ),
            (AdminField::PasswordAgain, Problem::PasswordsDiffer),
        ]
    );
    let given = twice(GOOD);
    assert!(admins.set_up(&code, Some(&given), &origin(1)).await.is_ok());
}

#[tokio::test]
async fn a_name_that_an_admin_has_is_refused_as_such() {
    let (scene, root, _) = with_alice().await;
    // As after an import: admins, and no super admin.
    scene.stores.stores().admins.remove(root.id).await.unwrap();
    let fresh = {
        let stores = scene.stores.stores();
        let client = std::sync::Arc::new(scene.client.clone());
        let integration = crate::testing::scene::integration();
        crate::SparkOauth::builder(integration, client, stores, scene.ring.clone())
            .super_admin(settings("ALICE", Some(GOOD)))
            .build()
            .await
            .unwrap()
    };
    let code = fresh.admins.set_up_code().await.unwrap().unwrap();
    let refused = fresh.admins.set_up(&code, None, &origin(1)).await;
    assert_eq!(
        problems(refused.unwrap_err()),
        [(AdminField::Username, Problem::UsernameTaken)]
    );
}

/// The super admin of another scene's store under a new configuration.
async fn renamed(scene: &Scene, username: &str) -> Result<Renaming, StoreError> {
    let client = std::sync::Arc::new(scene.client.clone());
    let integration = crate::testing::scene::integration();
    let stores = scene.stores.stores();
    let oauth = crate::SparkOauth::builder(integration, client, stores, scene.ring.clone())
        .super_admin(settings(username, None))
        .clock(scene.clock.clone())
        .build()
        .await
        .unwrap();
    oauth.admins.rename_super_admin().await
}

#[tokio::test]
async fn a_changed_name_in_the_configuration_renames() {
    let (scene, root) = with_super_admin().await;
    assert_eq!(renamed(&scene, "Root").await.unwrap(), Renaming::Unneeded);
    let done = renamed(&scene, "Chief").await.unwrap();
    let from = root.username.clone();
    assert_eq!(done, Renaming::Done { from });
    let stored = scene.stores.admins().pop().unwrap();
    assert_eq!(stored.username.as_str(), "Chief");
    assert!(stored.epoch > root.epoch);
    assert_eq!(scene.outcomes(AuditAction::AdminChanged), [Outcome::Done]);
    let recased = renamed(&scene, "CHIEF").await.unwrap();
    assert!(matches!(recased, Renaming::Done { .. }), "{recased:?}");
}

#[tokio::test]
async fn a_taken_name_leaves_the_old_one() {
    let (scene, root, _) = with_alice().await;
    let taken = renamed(&scene, "aLiCe").await.unwrap();
    let keeps = root.username.clone();
    assert_eq!(taken, Renaming::Taken { keeps });
    assert_eq!(scene.stores.admins()[0], root);
}

#[tokio::test]
async fn a_renaming_that_meets_a_sign_in_is_tried_again() {
    let (scene, root) = with_super_admin().await;
    let stores = scene.stores.clone();
    scene.stores.before(StoreCall::AdminUpdate, move || {
        stores.change_admin(root.id, |admin| admin.last_sign_in_at = Some(NOW));
    });
    let done = renamed(&scene, "Chief").await.unwrap();
    assert!(matches!(done, Renaming::Done { .. }), "{done:?}");
    scene
        .stores
        .fail(StoreCall::AdminUpdate, StoreFault::Conflict, 100);
    let refused = renamed(&scene, "Boss").await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
}

#[tokio::test]
async fn there_is_nothing_to_rename_before_the_set_up() {
    let scene = scene().await;
    assert_eq!(renamed(&scene, "Chief").await.unwrap(), Renaming::Unneeded);
    let admins = &scene.oauth.admins;
    assert!(!admins.is_set_up().await.unwrap());
    let by = crate::admins::Admin {
        role: Role::Admin,
        ..with_super_admin().await.1
    };
    let form = input("Alice", "alice@example.com", GOOD);
    let refused = admins.create(&by, &form, &origin(1)).await;
    assert!(matches!(refused, Err(AdminError::NotSuperAdmin)));
}
