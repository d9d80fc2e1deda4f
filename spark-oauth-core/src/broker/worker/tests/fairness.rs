//! Broken and slow tokens do not keep the others waiting.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_place_is_filled_again_as_soon_as_one_call_ends() {
    let scene = scene().await;
    due_many(&scene, 10);
    let gate = Arc::new(Semaphore::new(0));
    for _ in 0..10 {
        scene.client.on_refresh(fresh().behind(&gate));
    }
    let _worker = Running::begin(&scene, 3);
    for under_way in 3..10 {
        let_work(MINUTE).await;
        assert_eq!(scene.client.count(ProviderCall::Refresh), under_way);
        gate.add_permits(1);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_fail_wait_longer_each_time_while_the_others_are_refreshed() {
    let scene = scene().await;
    let broken = due_many(&scene, 5);
    for _ in &broken {
        // An answer that nobody documented is the token's own trouble.
        scene
            .client
            .on_refresh(Reply::error(SparkErrorKind::Unexpected));
    }
    let worker = Running::begin(&scene, 1);
    let_work(MINUTE).await;
    assert_eq!(scene.client.count(ProviderCall::Refresh), 5);
    for token in &broken {
        let token = scene.token(token.id);
        assert_eq!(token.upkeep.failures, 1);
        assert!(token.upkeep.due_at.unwrap() >= NOW + Duration::from_secs(5));
    }
    let good = due(&scene, "good");
    scene.client.on_refresh(fresh());
    let_work(MINUTE).await;
    worker.end().await;
    assert!(is_refreshed(&scene, &good));
    assert_eq!(scene.client.count(ProviderCall::Refresh), 6);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_do_not_open_move_out_of_the_way() {
    let scene = scene().await;
    let sealed_elsewhere = due_many(&scene, 40);
    let another = scene.token_of("x", "spark:rooms_read");
    for token in &sealed_elsewhere {
        let sealed = another.refresh.clone();
        scene
            .stores
            .change_token(token.id, |token| token.refresh = sealed);
    }
    let good = due(&scene, "good");
    scene.client.on_refresh(fresh());
    let worker = Running::begin(&scene, 1);
    let_work(MINUTE).await;
    worker.end().await;
    assert!(is_refreshed(&scene, &good));
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
    for token in &sealed_elsewhere {
        let token = scene.token(token.id);
        assert!(token.upkeep.due_at.unwrap() > NOW);
        assert_eq!((token.upkeep.failures, token.lease), (1, None));
    }
    assert_eq!(scene.stores.count(StoreCall::TokenClaim), 41, "once each");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_due_though_it_was_just_refreshed_is_left_alone() {
    let scene = scene().await;
    let token = due(&scene, "ann");
    scene.stores.change_token(token.id, |token| {
        let by = RefreshTrigger::Checkout;
        token.last_refresh = Some(LastRefresh { at: NOW, by });
    });
    let worker = Running::begin(&scene, 1);
    let_work(MINUTE).await;
    worker.end().await;
    assert_eq!(scene.client.count(ProviderCall::Refresh), 0);
    assert_eq!(scene.stores.count(StoreCall::TokenClaim), 1);
    assert!(due_at(&scene, &token) > NOW);
    assert_eq!(scene.token(token.id).upkeep.failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_another_process_holds_keeps_nobody_waiting() {
    let scene = scene().await;
    let held = due(&scene, "held");
    let good = due(&scene, "good");
    let owner = scene.stranger();
    scene.stores.change_token(held.id, |token| {
        token.lease = Some(crate::token::Lease {
            owner,
            expires_at: NOW + MINUTE,
        });
    });
    scene.client.on_refresh(fresh());
    let worker = Running::begin(&scene, 1);
    let_work(MINUTE).await;
    worker.end().await;
    assert!(is_refreshed(&scene, &good));
    assert_eq!(due_at(&scene, &held), NOW, "it is the other's to move on");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_panics_costs_one_token_some_time() {
    let scene = scene().await;
    let token = due(&scene, "ann");
    scene.client.on_refresh(Reply::panic());
    let worker = Running::begin(&scene, 1);
    let_work(MINUTE).await;
    assert!(!worker.task.is_finished());
    // The lease of the refresh that ended early lasts a little.
    scene.clock.advance(2 * MINUTE);
    scene.client.on_refresh(fresh());
    let_work(MINUTE).await;
    worker.end().await;
    assert!(is_refreshed(&scene, &token));
}
