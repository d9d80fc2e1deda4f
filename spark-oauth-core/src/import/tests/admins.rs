//! What becomes of admins.

use super::*;
use crate::admins::{Admin, Role, SignInError};
use crate::audit::AuditAction;
use crate::secret::Password;
use crate::testing::scene::origin;

fn named<'a>(admins: &'a [Admin], username: &str) -> Option<&'a Admin> {
    admins
        .iter()
        .find(|admin| admin.username.as_str() == username)
}

async fn sign_in(scene: &Scene, username: &str, password: &str) -> Result<Admin, SignInError> {
    let password = Password::new(password);
    scene
        .oauth
        .admins
        .sign_in(username, &password, &origin(1))
        .await
}

#[tokio::test]
async fn admins_sign_in_with_the_old_password_and_the_configured_one_is_super() {
    let scene = scene().await;
    // Shorter and simpler than any that could be set today.
    let old = bcrypt::hash("123456", 4).unwrap();
    let report = import(
        &scene,
        &sample([], [admin(0, "bob", &old), admin(1, "ROOT", &old)]),
    )
    .await;
    assert_eq!((report.admins.read, report.admins.added), (2, 2));
    assert_eq!(told(&report), []);
    let bob = sign_in(&scene, "Bob", "123456").await.unwrap();
    assert_eq!((bob.role, bob.created_at), (Role::Admin, MADE_AT));
    let root = sign_in(&scene, "root", "123456").await.unwrap();
    assert_eq!(root.role, Role::SuperAdmin);
    assert_eq!(root.username.as_str(), "Root", "as in the configuration");
    assert!(sign_in(&scene, "bob", "1234567").await.is_err());
    assert!(scene.oauth.admins.set_up_code().await.unwrap().is_none());
    let imported = scene.stores.audit_entries().into_iter();
    let imported = imported.filter(|entry| entry.action == AuditAction::AdminImported);
    assert_eq!(imported.count(), 2);
}

#[tokio::test]
async fn of_one_username_the_oldest_counts_but_for_the_super_admin() {
    let scene = scene().await;
    let report = import(
        &scene,
        &sample(
            [],
            [
                admin(4, "bob", OTHER_HASH),
                admin(1, "Bob", HASH),
                admin(0, "ROOT", OTHER_HASH),
                admin(3, "Root", HASH),
            ],
        ),
    )
    .await;
    assert_eq!((report.admins.added, report.admins.left_out), (2, 2));
    assert_eq!(
        told(&report),
        [
            (
                Verdict::LeftOut,
                Some("bob"),
                &Remark::UsernameRepeated(id(1))
            ),
            (
                Verdict::LeftOut,
                Some("ROOT"),
                &Remark::UsernameRepeated(id(3))
            ),
        ]
    );
    for admin in scene.stores.admins() {
        assert_eq!(admin.password_hash.as_str(), HASH, "{admin:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_one_by_one_and_stops_nothing() {
    let text = |text: &str| SampleValue::text(text);
    let wrong_type = |field, found| Remark::WrongType {
        field,
        expected: "a text",
        found,
    };
    let cases = [
        ("username", None, Remark::Missing("username")),
        (
            "username",
            Some(SampleValue::Number),
            wrong_type("username", "a number"),
        ),
        ("username", Some(text("ab")), Remark::Username),
        ("username", Some(text("bob@example.com")), Remark::Username),
        ("password", None, Remark::Missing("password")),
        (
            "password",
            Some(SampleValue::Object),
            wrong_type("password", "an object"),
        ),
        ("password", Some(text("123456")), Remark::Hash),
        ("password", Some(text("$2b$04$short")), Remark::Hash),
    ];
    let scene = scene().await;
    let mut records = vec![admin(99, "carol", HASH)];
    for (index, (field, value, _)) in cases.iter().enumerate() {
        let sound = admin(u32::try_from(index).unwrap(), &format!("bob{index}"), HASH);
        records.push(with(sound, field, value.clone()));
    }
    let report = import(&scene, &sample([], records)).await;
    assert_eq!(
        (report.admins.added, report.admins.left_out),
        (1, cases.len() as u64)
    );
    let remarks: Vec<_> = told(&report)
        .into_iter()
        .map(|(.., remark)| remark)
        .collect();
    let expected: Vec<_> = cases.iter().map(|(.., remark)| remark).collect();
    assert_eq!(remarks, expected);
    assert!(named(&scene.stores.admins(), "carol").is_some());
}

#[tokio::test]
async fn an_admin_without_a_usable_address_is_imported_and_told() {
    let scene = scene().await;
    let without = with(admin(0, "bob", HASH), "email", None);
    let odd = with(admin(1, "carol", HASH), "email", SampleValue::Array);
    let report = import(&scene, &sample([], [without, odd])).await;
    assert_eq!((report.admins.added, report.findings.len()), (2, 2));
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.verdict == Verdict::Taken)
    );
    assert!(
        scene
            .stores
            .admins()
            .iter()
            .all(|admin| admin.email.is_none())
    );
}

#[tokio::test]
async fn a_super_admin_without_a_hash_is_led_to_the_set_up() {
    let scene = scene().await;
    let report = import(&scene, &sample([], [admin(0, "Root", "123456")])).await;
    assert_eq!(
        told(&report),
        [(Verdict::LeftOut, Some("Root"), &Remark::SuperAdminHash)]
    );
    assert!(scene.oauth.admins.set_up_code().await.unwrap().is_some());
}

#[tokio::test]
async fn who_is_here_already_stays() {
    let scene = scene().await;
    import(
        &scene,
        &sample([], [admin(0, "Root", HASH), admin(1, "bob", HASH)]),
    )
    .await;
    let before = scene.stores.admins();
    let others = [admin(8, "root", OTHER_HASH), admin(9, "BOB", OTHER_HASH)];
    let report = import(&scene, &sample([], others)).await;
    assert_eq!((report.admins.added, report.admins.left_out), (0, 2));
    assert_eq!(
        told(&report),
        [
            (Verdict::LeftOut, Some("BOB"), &Remark::UsernameTaken),
            (Verdict::LeftOut, Some("root"), &Remark::SuperAdminStands),
        ]
    );
    assert_eq!(scene.stores.admins(), before);
}

#[tokio::test]
async fn an_admin_who_was_renamed_here_is_not_imported_again() {
    let scene = scene().await;
    let sample = sample([], [admin(0, "bob", HASH)]);
    import(&scene, &sample).await;
    let bob = scene.stores.admins()[0].id;
    let robert = crate::admins::Username::parse("robert").unwrap();
    scene
        .stores
        .change_admin(bob, |admin| admin.username = robert);
    let report = import(&scene, &sample).await;
    assert_eq!((report.admins.added, report.admins.already_there), (0, 1));
    assert_eq!(scene.stores.admins().len(), 1);
}
