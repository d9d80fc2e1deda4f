//! `admin reset-password NAME`: the way back in.

use crate::harness::{
    Browser, Command, OTHER_PASSWORD, PASSWORD, Server, Setup, Upstream, on_every_store,
};

on_every_store!(a_new_password_works_and_old_sessions_end_while_the_server_runs,);

struct Place {
    _folder: tempfile::TempDir,
    command: Command,
    server: Server,
    admin: Browser,
}

async fn place(setup: &Setup) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), setup, &upstream);
    let server = command.serve().await;
    let admin = server.site.super_admin().await;
    Place {
        _folder: folder,
        command,
        server,
        admin,
    }
}

const RESET: [&str; 3] = ["admin", "reset-password", "ADMIN"];

async fn a_new_password_works_and_old_sessions_end_while_the_server_runs(setup: Setup) {
    let place = place(&setup).await;
    let ended = place
        .command
        .run(&RESET, &format!("{OTHER_PASSWORD}\n"))
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended
            .errors
            .contains("every session of that admin has ended")
    );
    assert!(
        !ended.errors.contains(OTHER_PASSWORD) && ended.out.is_empty(),
        "{ended:?}"
    );
    let page = place.admin.get("/admin/tokens").await;
    assert_eq!(page.status, 303, "{page:?}");
    let browser = place.server.browser();
    assert_eq!(browser.sign_in("admin", PASSWORD).await.status, 401);
    assert_eq!(
        browser.sign_in("admin", OTHER_PASSWORD).await.heading(),
        "Tokens"
    );
    place.server.shut_down().await;
}

#[tokio::test]
async fn a_password_that_may_not_be_set_changes_nothing() {
    let place = place(&Setup::on_disk()).await;
    for (input, words) in [
        ("", "no password was given"),
        ("\n", "no password was given"),
        ("short\n", "at least 8 characters"),
        ("password1\n", "easy to guess"),
        (
            &*format!("{}\n", "a b c d e.".repeat(8)),
            "at most 72 bytes",
        ),
    ] {
        let ended = place.command.run(&RESET, input).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.errors.contains(words), "{ended:?}");
    }
    assert_eq!(place.admin.get("/admin/tokens").await.status, 200);
    let page = place.server.browser().sign_in("admin", PASSWORD).await;
    assert_eq!(page.heading(), "Tokens");
    place.server.shut_down().await;
}

#[tokio::test]
async fn an_unknown_name_is_told_of_before_a_password_is_asked_for() {
    let place = place(&Setup::on_disk()).await;
    let arguments = ["admin", "reset-password", "nobody"];
    let ended = place.command.run(&arguments, "").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.errors.contains("there is no admin nobody"),
        "{ended:?}"
    );
    let arguments = ["admin", "reset-password", "no name"];
    let ended = place.command.run(&arguments, "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    place.server.shut_down().await;
}

#[tokio::test]
async fn before_the_set_up_there_is_nobody_to_reset() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    command.serve().await.shut_down().await;
    let ended = command.run(&RESET, &format!("{PASSWORD}\n")).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains("set-up link"), "{ended:?}");
}
