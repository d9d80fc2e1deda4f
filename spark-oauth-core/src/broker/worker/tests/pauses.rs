//! The provider or the store asks for patience.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn limited(retry_after: Duration) -> Reply<TokenAnswer> {
    let retry_after = Some(retry_after);
    Reply::error(SparkErrorKind::RateLimited { retry_after })
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_waited_for_and_then_one_token_tries() {
    let scene = scene().await;
    let first = due(&scene, "first");
    scene.client.on_refresh(limited(30 * SECOND));
    let worker = Running::begin(&scene, 4);
    let_work(MINUTE).await;
    let tokens = due_many(&scene, 8);
    let_work(MINUTE).await;
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
    for token in &tokens {
        assert_eq!(scene.token(token.id), *token, "it is not to blame");
    }

    scene.clock.advance(30 * SECOND);
    let gate = Arc::new(Semaphore::new(0));
    scene.client.on_refresh(fresh().behind(&gate));
    for _ in 0..8 {
        scene.client.on_refresh(fresh());
    }
    let claims = scene.stores.count(StoreCall::TokenClaim);
    let_work(MINUTE).await;
    assert_eq!(scene.client.count(ProviderCall::Refresh), 2, "one tries");
    assert_eq!(scene.stores.count(StoreCall::TokenClaim), claims + 1);
    gate.add_permits(1);
    let_work(MINUTE).await;
    assert!(tokens.iter().all(|token| is_refreshed(&scene, token)));
    assert!(is_refreshed(&scene, &first));
    worker.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_try_that_fails_waits_again_and_another_token_tries_next() {
    let scene = scene().await;
    due_many(&scene, 4);
    let worker = Running::begin(&scene, 1);
    for round in 1..=3 {
        scene.client.on_refresh(limited(30 * SECOND));
        let_work(MINUTE).await;
        assert_eq!(scene.client.count(ProviderCall::Refresh), round);
        scene.clock.advance(30 * SECOND);
        // What failed once comes due again, behind the others or before them.
        for token in scene.stores.tokens() {
            if token.upkeep.failures > 0 {
                let due_at = Some(scene.clock.now() + HOUR);
                scene
                    .stores
                    .change_token(token.id, |token| token.upkeep.due_at = due_at);
            }
        }
    }
    let tried: Vec<_> = scene.stores.tokens();
    let tried = tried.iter().filter(|token| token.upkeep.failures == 1);
    assert_eq!(tried.count(), 3, "three tokens, once each");
    worker.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_asked_now_and_then_until_it_is_back() {
    let scene = scene().await;
    let tokens = due_many(&scene, 8);
    for _ in 0..8 {
        scene.client.on_refresh(fresh());
    }
    scene.stores.set_away(true);
    let worker = Running::begin(&scene, 4);
    let_work(MINUTE).await;
    let asked = scene.stores.count(StoreCall::TokenListDue);
    assert!((15..=40).contains(&asked), "{asked} times in a minute");
    scene.stores.set_away(false);
    let_work(5 * SECOND).await;
    assert!(tokens.iter().all(|token| is_refreshed(&scene, token)));
    worker.end().await;
}

#[tokio::test(start_paused = true)]
async fn many_claims_that_fail_at_once_are_one_failure_of_the_store() {
    let scene = scene().await;
    let tokens = due_many(&scene, 8);
    for _ in 0..8 {
        scene.client.on_refresh(fresh());
    }
    scene
        .stores
        .fail(StoreCall::TokenClaim, StoreFault::Away, 8);
    let worker = Running::begin(&scene, 4);
    let_work(2 * SECOND).await;
    assert!(tokens.iter().all(|token| is_refreshed(&scene, token)));
    worker.end().await;
}
