//! Several processes on one store.

use crate::harness::{Command, PASSWORD, Setup, Upstream, on_every_store};

on_every_store!(
    of_many_set_ups_at_two_processes_one_wins,
    they_start_at_once_with_one_key_and_work_together,
    two_refreshes_at_two_processes_call_the_provider_once,
);

const PROCESSES: usize = 4;

async fn they_start_at_once_with_one_key_and_work_together(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let servers = command.serve_at_once(PROCESSES).await;

    let keys = std::fs::read_to_string(command.key_file()).unwrap();
    assert_eq!(
        keys.lines().filter(|line| !line.starts_with('#')).count(),
        1
    );
    let entries = std::fs::read_dir(command.key_file().parent().unwrap()).unwrap();
    let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "the configuration and the keys: {names:?}");
    let links: Vec<_> = servers
        .iter()
        .map(|server| server.site.set_up_path())
        .collect();
    assert!(links.iter().all(|link| *link == links[0]), "{links:?}");

    // A consent that begins at one ends at the next; all at the same time.
    let grants = (0..PROCESSES * 3).map(|n| {
        let here = servers[n % PROCESSES].browser();
        let there = servers[(n + 1) % PROCESSES].site.address();
        tokio::spawn(async move {
            let callback = here.callback(&format!("person_{n}@example.com")).await;
            let receipt = here.moved_to(there).open(&callback).await;
            assert_eq!(receipt.heading(), "Access granted", "{receipt:?}");
        })
    });
    for grant in grants.collect::<Vec<_>>() {
        grant.await.unwrap();
    }

    let admin = servers[0].site.super_admin().await;
    for server in &servers {
        let there = admin.moved_to(server.site.address());
        let list = there.open("/admin/tokens").await;
        assert_eq!(
            list.hrefs("/admin/tokens/").len(),
            PROCESSES * 3,
            "{list:?}"
        );
        assert_eq!(
            server.browser().sign_in("admin", PASSWORD).await.heading(),
            "Tokens"
        );
    }
    for server in servers {
        server.shut_down().await;
    }
    command.assert_intact().await;
    assert_eq!(command.count("admins").await, 1);
    assert_eq!(command.count("key_fingerprints").await, 1);
}

async fn two_refreshes_at_two_processes_call_the_provider_once(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let servers = command.serve_at_once(2).await;
    servers[0].browser().grant("alice@example.com").await;
    let admin = servers[0].site.super_admin().await;
    let list = admin.open("/admin/tokens").await;
    let path = list.hrefs("/admin/tokens/").remove(0);
    let there = admin.moved_to(servers[1].site.address());
    let (here, also) = (admin.open(&path).await, there.open(&path).await);
    let (one, other) = tokio::join!(
        admin.submit_only(here.form("/refresh")),
        there.submit_only(also.form("/refresh")),
    );
    one.assert_redirect(&path);
    other.assert_redirect(&path);
    assert_eq!(upstream.stats().refreshes, 1);
    for server in servers {
        server.shut_down().await;
    }
}

/// Each browser sends every request to another process than the one before.
async fn of_many_set_ups_at_two_processes_one_wins(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let servers = command.serve_at_once(2).await;
    let site = servers[0].site.balanced_with([servers[1].site.address()]);
    let path = site.set_up_path();
    let mut ready = Vec::new();
    for n in 0..PROCESSES {
        let browser = site.browser();
        if n % 2 == 0 {
            // The other one is next.
            browser.get("/livez").await;
        }
        let form = browser.open(&path).await.form("/admin/initialize");
        ready.push((browser, form));
    }
    // All have the form before any sends it.
    let sent = ready.into_iter().map(|(browser, form)| {
        tokio::spawn(async move { (browser.submit_only(form).await.status.as_u16(), browser) })
    });
    let mut winners = Vec::new();
    for sent in sent.collect::<Vec<_>>() {
        match sent.await.unwrap() {
            (303, browser) => winners.push(browser),
            (status, _) => assert_eq!(status, 404, "the others are told that it is done"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(command.count("admins").await, 1);
    // The session holds at both.
    for _ in 0..2 {
        assert_eq!(winners[0].get("/admin/tokens").await.status, 200);
    }
    for server in servers {
        server.shut_down().await;
    }
}
