//! A process is told to end in the middle of its background refreshes.

use reqwest::Method;

use crate::harness::{Command, PASSWORD, Setup, Upstream, on_every_store, until};

on_every_store!(the_end_of_a_process_loses_no_refresh);

/// How many people have granted access.
const PEOPLE: usize = 12;

/// How often the process ends.
const ENDS: usize = 3;

async fn the_end_of_a_process_loses_no_refresh(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    upstream.provider.update_settings(|settings| {
        settings.rotate_refresh_tokens = true;
        settings.access_ttl_s = 4;
    });
    let setup = setup.set("refresh.margin", 0.5);
    let command = Command::new(folder.path(), &setup, &upstream);
    let mut server = command.serve().await;
    server.site.super_admin().await;
    for person in 0..PEOPLE {
        let email = format!("person_{person}@example.com");
        server.browser().grant(&email).await;
    }
    for _ in 0..ENDS {
        let goal = upstream.stats().refreshes + PEOPLE as u64;
        let many = async || (upstream.stats().refreshes >= goal).then_some(());
        until("the worker refreshes", many).await;
        let mut held = upstream.hold(Method::POST, "/v1/access_token");
        held.arrived().await;
        server.terminate();
        server.line("stopping").await;
        held.release();
        let (code, log) = server.ended().await;
        assert_eq!(code, Some(0), "{log}");
        assert!(
            !log.contains("given up") && !log.contains("cut off"),
            "{log}"
        );
        server = command.serve().await;
    }
    assert_eq!(upstream.stats().refresh_reuses, 0);
    let admin = server.browser();
    admin.sign_in("admin", PASSWORD).await;
    let active = admin.open("/admin/tokens?status=active").await;
    assert_eq!(active.hrefs("/admin/tokens/").len(), PEOPLE, "{active:?}");
    let log = server.shut_down().await;
    assert!(!log.contains("was interrupted"), "{log}");
}
