//! The callback: what is admitted, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use url::Url;

use crate::audit::{AuditAction, Outcome};
use crate::consent::{BrowserSecret, Callback, ConsentError, Granted, ProviderRefusal, State};
use crate::ports::{CallbackClaim, SparkErrorKind, Taken};
use crate::scopes::Scopes;
use crate::secret::AuthorizationCode;
use crate::testing::scene::{HOUR, NOW, Scene, answer, origin, person, scene, scene_with};
use crate::testing::{ProviderCall, Reply, StoreCall, StoreFault};
use crate::timestamp::Timestamp;

/// A consent that was begun.
struct Begun {
    browser: BrowserSecret,
    state: String,
}

async fn begin(scene: &Scene) -> Begun {
    let browser = BrowserSecret::generate(scene.random());
    let url: Url = scene
        .oauth
        .consents
        .begin(&browser, &origin(1))
        .await
        .unwrap();
    let state = url.query_pairs().find(|(key, _)| key == "state").unwrap();
    Begun {
        browser,
        state: state.1.into_owned(),
    }
}

fn callback(state: &str) -> Callback {
    Callback {
        state: Some(State::from_callback(state)),
        code: Some(AuthorizationCode::new("the-code")),
        refusal: None,
        issuer: None,
    }
}

async fn complete(
    scene: &Scene,
    callback: Callback,
    browser: Option<&BrowserSecret>,
) -> Result<Granted, ConsentError> {
    let consents = &scene.oauth.consents;
    let outcome = consents.complete(callback, browser, &origin(1)).await;
    outcome.map_err(|failure| failure.error)
}

fn line_up_a_grant(scene: &Scene) {
    scene
        .client
        .on_exchange(Reply::of(answer("granted-access", Some("granted-refresh"))))
        .on_me(Reply::of(person("ann")));
}

/// Asserts that nothing was asked of the provider and the state is used up.
async fn assert_ended(scene: &Scene, begun: &Begun) {
    assert_eq!(scene.client.calls(), [], "no token request");
    let again = complete(scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(
        matches!(again, Err(ConsentError::StateUnknown)),
        "the state is consumed: {again:?}"
    );
}

#[tokio::test]
async fn a_good_callback_stores_the_token() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    line_up_a_grant(&scene);
    let granted = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    let Granted { token, renewed, .. } = granted.unwrap();
    assert!(!renewed);
    assert_eq!(scene.token(token.id), token);
    let stored = scene.opened(token.id);
    assert_eq!(
        stored,
        ("granted-access".into(), Some("granted-refresh".into()))
    );
    assert_eq!(token.email.as_str(), "ann@example.com");
    assert_eq!(token.person, Some(person("ann").id));
    assert_eq!(token.access_expires_at, NOW + 2 * HOUR);
    assert_eq!(token.refresh_expires_at, Some(NOW + 48 * HOUR));
    assert_eq!(token.granted_at, NOW);
    assert_eq!(scene.outcomes(AuditAction::ConsentGranted), [Outcome::Done]);
}

#[tokio::test]
async fn one_odd_date_moves_no_time_of_a_consent() {
    for date in [NOW + 2 * HOUR, NOW - 6 * HOUR, Timestamp::EPOCH] {
        let scene = scene().await;
        let begun = begin(&scene).await;
        let mut odd = answer("granted-access", Some("granted-refresh"));
        odd.provider_time = Some(date);
        scene.client.on_exchange(Reply::of(odd));
        scene.client.on_me(Reply::of(person("ann")));
        let granted = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
        let token = granted.unwrap().token;
        assert_eq!(token.granted_at, NOW);
        assert_eq!(token.access_expires_at, NOW + 2 * HOUR);
    }
}

#[tokio::test]
async fn without_a_state_nothing_is_looked_at() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    let mut stateless = callback(&begun.state);
    stateless.state = None;
    let refused = complete(&scene, stateless, Some(&begun.browser)).await;
    assert!(matches!(refused, Err(ConsentError::StateMissing)));
    assert_eq!(scene.client.calls(), []);
    assert_eq!(scene.stores.count(StoreCall::ConsentTake), 0);
    assert!(
        scene.stores.audit_entries().is_empty(),
        "strangers do not fill the audit log"
    );
}

#[tokio::test]
async fn an_unknown_state_is_refused() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    let refused = complete(&scene, callback("made-up"), Some(&begun.browser)).await;
    assert!(matches!(refused, Err(ConsentError::StateUnknown)));
    assert_eq!(scene.client.calls(), []);
    assert!(scene.stores.audit_entries().is_empty());
    assert_eq!(scene.stores.consents().len(), 1, "the real one stands");
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_is_delivered_twice_is_exchanged_once_and_gives_one_token() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    line_up_a_grant(&scene);
    line_up_a_grant(&scene);
    let deliver = || complete(&scene, callback(&begun.state), Some(&begun.browser));
    let (one, two) = tokio::join!(deliver(), deliver());
    let (one, two) = (one.unwrap(), two.unwrap());
    let late = deliver().await.unwrap();
    assert_eq!([two.token.id, late.token.id], [one.token.id; 2]);
    let repeated = [one.repeated, two.repeated, late.repeated];
    assert_eq!(repeated.iter().filter(|repeated| !**repeated).count(), 1);
    assert_eq!(scene.client.count(ProviderCall::ExchangeCode), 1);
    assert_eq!(scene.outcomes(AuditAction::ConsentGranted), [Outcome::Done]);
}

#[tokio::test]
async fn a_used_state_is_refused_with_another_code_in_another_browser_and_after_removal() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    line_up_a_grant(&scene);
    let granted = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    let other_code = Callback {
        code: Some(AuthorizationCode::new("another-code")),
        ..callback(&begun.state)
    };
    let refused = complete(&scene, other_code, Some(&begun.browser)).await;
    assert!(
        matches!(refused, Err(ConsentError::StateUnknown)),
        "{refused:?}"
    );
    let other = BrowserSecret::generate(scene.random());
    let refused = complete(&scene, callback(&begun.state), Some(&other)).await;
    assert!(
        matches!(refused, Err(ConsentError::OtherBrowser)),
        "{refused:?}"
    );
    let token = granted.unwrap().token;
    let stores = scene.stores.stores();
    stores.tokens.remove(token.id).await.unwrap();
    let refused = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(
        matches!(refused, Err(ConsentError::StateUnknown)),
        "{refused:?}"
    );
    assert_eq!(scene.client.count(ProviderCall::ExchangeCode), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_delivery_does_not_wait_for_ever_for_a_process_that_is_gone() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    let killed = callback(&begun.state);
    let claim = CallbackClaim {
        state: State::from_callback(&*begun.state).hash(),
        browsers: vec![begun.browser.hash()],
        answer: killed.answer(),
    };
    let taken = scene.stores.stores().consents.take(&claim).await.unwrap();
    assert!(matches!(taken, Taken::First(_)));
    let refused = complete(&scene, killed, Some(&begun.browser)).await;
    assert!(
        matches!(refused, Err(ConsentError::Interrupted)),
        "{refused:?}"
    );
    assert_eq!(scene.client.calls(), []);
}

#[tokio::test]
async fn another_browser_is_refused_and_leaves_the_state_to_its_owner() {
    for mine in [false, true] {
        let scene = scene().await;
        let begun = begin(&scene).await;
        let other = BrowserSecret::generate(scene.random());
        let browser = mine.then_some(&other);
        let refused = complete(&scene, callback(&begun.state), browser).await;
        assert!(matches!(refused, Err(ConsentError::OtherBrowser)));
        assert_eq!(scene.client.calls(), [], "no token request");
        line_up_a_grant(&scene);
        // A cookie of another site under the same name does not get in the way.
        let cookies = [other, begun.browser];
        let consents = &scene.oauth.consents;
        let granted = consents
            .complete(callback(&begun.state), &cookies, &origin(1))
            .await;
        assert!(granted.is_ok());
    }
}

#[tokio::test]
async fn a_stranger_who_knows_a_callback_does_not_fill_the_audit_log() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    for _ in 0..50 {
        let refused = complete(&scene, callback(&begun.state), None).await;
        assert!(matches!(refused, Err(ConsentError::OtherBrowser)));
    }
    assert_eq!(scene.stores.audit_entries().len(), 1);
}

#[tokio::test]
async fn a_consent_ends_after_ten_minutes() {
    let scene = scene().await;
    let (early, late) = (begin(&scene).await, begin(&scene).await);
    scene.clock.advance(Duration::from_millis(10 * 60_000 - 1));
    line_up_a_grant(&scene);
    let granted = complete(&scene, callback(&early.state), Some(&early.browser)).await;
    assert!(granted.is_ok());
    scene.clock.advance(Duration::from_millis(1));
    let refused = complete(&scene, callback(&late.state), Some(&late.browser)).await;
    assert!(matches!(refused, Err(ConsentError::Expired)));
    assert_eq!(scene.client.count(ProviderCall::ExchangeCode), 1);
}

#[tokio::test]
async fn a_person_who_declines_is_told_apart_from_a_provider_that_refuses() {
    for (error, declined) in [("access_denied", true), ("invalid_scope", false)] {
        let scene = scene().await;
        let begun = begin(&scene).await;
        let refusal = Callback {
            code: None,
            refusal: Some(ProviderRefusal::new(error, Some("no\r\nmore"))),
            ..callback(&begun.state)
        };
        let refused = complete(&scene, refusal, Some(&begun.browser)).await;
        match refused.unwrap_err() {
            ConsentError::Declined => assert!(declined),
            ConsentError::ProviderRefused(told) => {
                assert!(!declined);
                assert_eq!(told.description.as_deref(), Some("nomore"));
            }
            other => panic!("{other:?}"),
        }
        assert_ended(&scene, &begun).await;
    }
}

#[tokio::test]
async fn a_refusal_counts_even_beside_a_code() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    let refusal = Callback {
        refusal: Some(ProviderRefusal::new("access_denied", None)),
        ..callback(&begun.state)
    };
    let refused = complete(&scene, refusal, Some(&begun.browser)).await;
    assert!(matches!(refused, Err(ConsentError::Declined)));
    assert_ended(&scene, &begun).await;
}

#[tokio::test]
async fn a_callback_without_a_code_ends_the_consent() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    let mut bare = callback(&begun.state);
    bare.code = None;
    let refused = complete(&scene, bare, Some(&begun.browser)).await;
    assert!(matches!(refused, Err(ConsentError::CodeMissing)));
    assert_eq!(
        scene.outcomes(AuditAction::ConsentFailed),
        [Outcome::Refused("code_missing".into())]
    );
    assert_ended(&scene, &begun).await;
}

/// RFC 9207 section 2.4: compared byte by byte, also where the callback brings an error.
#[tokio::test]
async fn a_callback_of_another_issuer_is_refused() {
    let issuer = "https://idbroker.webex.com/idb";
    for found in [
        None,
        Some(""),
        Some("https://evil.example"),
        Some("https://idbroker.webex.com/idb/"),
        Some("https://IDBROKER.webex.com/idb"),
    ] {
        for refusal in [None, Some(ProviderRefusal::new("access_denied", None))] {
            let scene = scene_with(|builder| builder.issuer(issuer)).await;
            let begun = begin(&scene).await;
            let callback = Callback {
                issuer: found.map(str::to_owned),
                refusal,
                ..callback(&begun.state)
            };
            let refused = complete(&scene, callback, Some(&begun.browser)).await;
            let Err(ConsentError::OtherIssuer {
                expected,
                found: named,
            }) = refused
            else {
                panic!("{found:?}: {refused:?}");
            };
            assert_eq!(expected, issuer);
            assert_eq!(named.as_deref(), found);
            let outcomes = scene.outcomes(AuditAction::ConsentFailed);
            assert_eq!(outcomes, [Outcome::Refused("other_issuer".into())]);
            assert_ended(&scene, &begun).await;
        }
    }
}

#[tokio::test]
async fn an_issuer_counts_only_where_one_is_configured() {
    for (configured, found) in [
        (None, None),
        (None, Some("https://whoever.example")),
        (Some("https://a.example/idb"), Some("https://a.example/idb")),
    ] {
        let scene = scene_with(|builder| match configured {
            Some(issuer) => builder.issuer(issuer),
            None => builder,
        })
        .await;
        let begun = begin(&scene).await;
        line_up_a_grant(&scene);
        let callback = Callback {
            issuer: found.map(str::to_owned),
            ..callback(&begun.state)
        };
        let granted = complete(&scene, callback, Some(&begun.browser)).await;
        granted.unwrap();
    }
}

#[tokio::test]
async fn a_refused_code_is_not_sent_twice() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    scene
        .client
        .on_exchange(Reply::error(SparkErrorKind::GrantRefused));
    let refused = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(matches!(refused, Err(ConsentError::Exchange(_))));
    assert_eq!(scene.client.calls(), [ProviderCall::ExchangeCode]);
    assert!(scene.stores.tokens().is_empty());
}

#[tokio::test]
async fn a_browser_that_hangs_up_still_ends_in_a_stored_token() {
    let scene = Arc::new(scene().await);
    let begun = begin(&scene).await;
    let gate = Arc::new(Semaphore::new(0));
    let granted = answer("granted-access", Some("granted-refresh"));
    scene
        .client
        .on_exchange(Reply::of(granted).behind(&gate))
        .on_me(Reply::of(person("ann")));
    let caller = tokio::spawn({
        let scene = scene.clone();
        async move { complete(&scene, callback(&begun.state), Some(&begun.browser)).await }
    });
    scene.client.called(ProviderCall::ExchangeCode, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    scene.oauth.settle().await;
    assert_eq!(scene.stores.tokens().len(), 1);
    assert_eq!(scene.outcomes(AuditAction::ConsentGranted), [Outcome::Done]);
}

#[tokio::test]
async fn a_client_that_panics_is_an_interruption() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    scene.client.on_exchange(Reply::panic());
    let failed = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(matches!(failed, Err(ConsentError::Interrupted)));
}

#[tokio::test(start_paused = true)]
async fn who_consented_is_asked_again_where_the_fault_may_pass() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    scene
        .client
        .on_exchange(Reply::of(answer("granted-access", None)))
        .on_me(Reply::error(SparkErrorKind::Unavailable {
            retry_after: Some(Duration::from_secs(2)),
        }))
        .on_me(Reply::error(SparkErrorKind::Unreachable))
        .on_me(Reply::of(person("ann")));
    let begun_at = tokio::time::Instant::now();
    let granted = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(granted.is_ok());
    assert_eq!(scene.client.count(ProviderCall::Me), 3);
    assert!(begun_at.elapsed() >= Duration::from_secs(2), "as it asked");
    assert_eq!(scene.client.count(ProviderCall::ExchangeCode), 1);
}

#[tokio::test(start_paused = true)]
async fn who_consented_is_not_asked_for_ever() {
    let long = Some(HOUR);
    for (kind, times) in [
        (SparkErrorKind::Unreachable, 3),
        (SparkErrorKind::TimedOut, 1),
        (SparkErrorKind::Unauthorized, 1),
        (SparkErrorKind::RateLimited { retry_after: long }, 1),
    ] {
        let scene = scene().await;
        let begun = begin(&scene).await;
        scene
            .client
            .on_exchange(Reply::of(answer("granted-access", None)));
        for _ in 0..5 {
            scene.client.on_me(Reply::error(kind));
        }
        let failed = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
        assert!(matches!(failed, Err(ConsentError::PersonUnknown(_))));
        assert_eq!(scene.client.count(ProviderCall::Me), times, "{kind:?}");
    }
}

#[tokio::test]
async fn scopes_that_the_answer_does_not_name_are_those_asked_for() {
    for (named, expected) in [
        (None, "spark:people_read spark:rooms_read"),
        (Some(""), "spark:people_read spark:rooms_read"),
        (Some("spark:people_read"), "spark:people_read"),
    ] {
        let scene = scene().await;
        let begun = begin(&scene).await;
        let mut granted = answer("granted-access", None);
        granted.scopes = named.map(|scopes| Scopes::parse(scopes).unwrap());
        scene
            .client
            .on_exchange(Reply::of(granted))
            .on_me(Reply::of(person("ann")));
        let granted = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
        assert_eq!(granted.unwrap().token.scopes.to_string(), expected);
    }
}

#[tokio::test]
async fn a_store_that_is_down_at_the_callback_asks_nothing_of_the_provider() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    scene
        .stores
        .fail(StoreCall::ConsentTake, StoreFault::Away, 1);
    let failed = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(matches!(failed, Err(ConsentError::Store(_))));
    assert_eq!(scene.client.calls(), []);
    line_up_a_grant(&scene);
    let again = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(again.is_ok(), "the next try works");
}

#[tokio::test(start_paused = true)]
async fn store_failure_after_the_exchange_needs_a_new_consent() {
    let scene = scene().await;
    let begun = begin(&scene).await;
    line_up_a_grant(&scene);
    scene
        .stores
        .fail(StoreCall::TokenInsert, StoreFault::Away, 1_000);
    let failed = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(
        matches!(failed, Err(ConsentError::NotStored(_))),
        "{failed:?}"
    );
    let again = complete(&scene, callback(&begun.state), Some(&begun.browser)).await;
    assert!(
        matches!(again, Err(ConsentError::StateUnknown)),
        "{again:?}"
    );
}
