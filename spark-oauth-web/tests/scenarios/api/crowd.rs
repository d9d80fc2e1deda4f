//! Many clients at once.

use std::time::Duration;

use super::Scene;
use crate::harness::{Setup, on_every_store};

const CLIENTS: usize = 200;

on_every_store!(of_many_who_ask_for_an_expired_token_one_refreshes_it);

async fn of_many_who_ask_for_an_expired_token_one_refreshes_it(setup: Setup) {
    let scene = Scene::with(setup).await;
    let path = scene.path("/access-token");
    let old = scene.service.read(&path).await;
    scene
        .rig
        .advance(Duration::from_secs(old["expires_in"].as_u64().unwrap()));
    let clients = (0..CLIENTS).map(|_| {
        let (service, path) = (scene.service.clone(), path.clone());
        tokio::spawn(async move { service.read(&path).await })
    });
    let clients: Vec<_> = clients.collect();
    let mut answers = Vec::new();
    for client in clients {
        answers.push(client.await.unwrap());
    }
    assert_ne!(answers[0]["access_token"], old["access_token"]);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(scene.rig.upstream.stats().refreshes, 1);
}
