//! Links that are taken back before their end.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{DAY, begin_from, for_ann, make, open, scene, stored};
use crate::audit::{AuditAction, Outcome};
use crate::consent::ConsentError;
use crate::consent_links::{
    ConsentLink, EndError, LinkInput, LinkProgress, LinkRefusal, LinkState, NotUsable,
};
use crate::ids::ConsentLinkId;
use crate::ports::Clock as _;
use crate::testing::scene::{HOUR, MINUTE, NOW, Scene, answer, caller, person};
use crate::testing::{ProviderCall, Reply, StoreCall, StoreFault};

async fn end(scene: &Scene, link: &ConsentLink) -> Result<ConsentLink, EndError> {
    scene.oauth.links.end(link.id, &caller()).await
}

fn endings(scene: &Scene) -> Vec<Outcome> {
    scene.outcomes(AuditAction::ConsentLinkEnded)
}

fn refused(reason: &str) -> Outcome {
    Outcome::Refused(reason.to_owned())
}

#[tokio::test]
async fn an_open_link_ends_at_once() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    scene.clock.advance(MINUTE);
    let ended = end(&scene, &link).await.unwrap();
    assert_eq!(ended.state(scene.clock.now()), LinkState::Expired);
    assert_eq!(ended.expires_at, NOW + MINUTE);
    assert_eq!(stored(&scene, &link).await, ended);
    let late = open(&scene, &scene.oauth.links.text(&link)).await;
    assert!(
        matches!(late, Err(LinkRefusal::Expired { at }) if at == NOW + MINUTE),
        "{late:?}"
    );
    assert_eq!(endings(&scene), [Outcome::Done]);
    // It is kept as long as any other that has ended.
    scene.clock.advance(89 * DAY + 23 * HOUR);
    assert_eq!(scene.oauth.links.remove_expired().await.unwrap(), 0);
    scene.clock.advance(HOUR);
    assert_eq!(scene.oauth.links.remove_expired().await.unwrap(), 1);
}

#[tokio::test]
async fn a_consent_that_was_begun_before_is_refused_and_costs_no_code() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let begun = begin_from(&scene, &link).await;
    end(&scene, &link).await.unwrap();
    let refused = begun.end(&scene, None).await.unwrap_err();
    assert!(
        matches!(
            refused.error,
            ConsentError::Link(LinkRefusal::Expired { at: NOW })
        ),
        "{refused:?}"
    );
    assert_eq!(scene.client.count(ProviderCall::ExchangeCode), 0);
    assert_eq!(scene.stores.tokens(), []);
    assert_eq!(stored(&scene, &link).await.state(NOW), LinkState::Expired);
}

#[tokio::test]
async fn a_link_that_ends_while_the_code_is_exchanged_takes_no_token() {
    let scene = scene().await;
    for single_use in [true, false] {
        let input = LinkInput {
            single_use,
            ..for_ann()
        };
        let link = make(&scene, input).await;
        let begun = begin_from(&scene, &link).await;
        let gate = Arc::new(Semaphore::new(0));
        scene
            .client
            .on_exchange(Reply::of(answer("access", Some("refresh"))))
            .on_me(Reply::of(person("ann")).behind(&gate));
        let calls = scene.client.count(ProviderCall::Me) + 1;
        let ending = async {
            scene.client.called(ProviderCall::Me, calls).await;
            end(&scene, &link).await.unwrap();
            gate.add_permits(1);
        };
        let (refused, ()) = tokio::join!(begun.end(&scene, None), ending);
        let refused = refused.unwrap_err();
        assert!(
            matches!(
                refused.error,
                ConsentError::Link(LinkRefusal::Expired { at: NOW })
            ),
            "{refused:?}"
        );
        assert_eq!(scene.stores.tokens(), []);
        assert_eq!(stored(&scene, &link).await.state(NOW), LinkState::Expired);
    }
}

#[tokio::test]
async fn a_consent_that_is_being_written_wins() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let (stores, id) = (scene.stores.clone(), link.id);
    let claimed = LinkProgress::Granted {
        at: NOW,
        token: None,
    };
    scene.stores.before(StoreCall::LinkUpdate, move || {
        stores.change_link(id, |link| link.progress = claimed);
    });
    let answer = end(&scene, &link).await;
    assert!(
        matches!(answer, Err(EndError::NotUsable(NotUsable::UsedUp))),
        "{answer:?}"
    );
    let left = stored(&scene, &link).await;
    assert_eq!((left.progress, left.expires_at), (claimed, link.expires_at));
    assert_eq!(endings(&scene), [refused("already_granted")]);
    // It was never written, so that the link is open again, and can be ended.
    scene.clock.advance(ConsentLink::CLAIM_LIFE);
    let now = scene.clock.now();
    let ended = end(&scene, &link).await.unwrap();
    assert_eq!(ended.state(now), LinkState::Expired);
    assert!(!ended.is_usable(now));
}

#[tokio::test]
async fn what_is_noted_after_the_end_does_not_open_the_link_again() {
    let scene = scene().await;
    let link = make(&scene, LinkInput::default()).await;
    let begun = begin_from(&scene, &link).await;
    let (stores, id) = (scene.stores.clone(), link.id);
    // The token is about to be stored, under a link that others may use too.
    scene.stores.before(StoreCall::TokenInsert, move || {
        stores.change_link(id, |link| link.expires_at = NOW);
    });
    let granted = begun.accept(&scene, "ann").await.unwrap();
    let left = stored(&scene, &link).await;
    let token = Some(granted.token.id);
    assert_eq!(left.progress, LinkProgress::Granted { at: NOW, token });
    assert_eq!(left.expires_at, NOW);
    assert!(!left.is_usable(NOW));
}

#[tokio::test]
async fn a_link_that_others_can_use_ends_and_its_answer_stays() {
    let scene = scene().await;
    let granted = make(&scene, LinkInput::default()).await;
    let begun = begin_from(&scene, &granted).await;
    begun.accept(&scene, "ann").await.unwrap();
    let declined = make(&scene, for_ann()).await;
    begin_from(&scene, &declined).await.decline(&scene).await;
    for (link, state) in [
        (granted, LinkState::Granted),
        (declined, LinkState::Declined),
    ] {
        assert!(stored(&scene, &link).await.is_usable(NOW), "{link:?}");
        let ended = end(&scene, &link).await.unwrap();
        assert_eq!((ended.state(NOW), ended.is_usable(NOW)), (state, false));
        assert_eq!(stored(&scene, &link).await, ended);
        let late = open(&scene, &scene.oauth.links.text(&link)).await;
        assert!(
            matches!(late, Err(LinkRefusal::Expired { at: NOW })),
            "{late:?}"
        );
    }
}

#[tokio::test]
async fn what_nobody_can_use_is_not_ended() {
    let scene = scene().await;
    let used = make(&scene, for_ann()).await;
    let begun = begin_from(&scene, &used).await;
    begun.accept(&scene, "ann").await.unwrap();
    let ended = make(&scene, for_ann()).await;
    end(&scene, &ended).await.unwrap();
    scene.clock.advance(MINUTE);
    for (link, why) in [(used, NotUsable::UsedUp), (ended, NotUsable::Expired)] {
        let before = stored(&scene, &link).await;
        let answer = end(&scene, &link).await;
        assert!(
            matches!(&answer, Err(EndError::NotUsable(said)) if *said == why),
            "{answer:?}"
        );
        assert_eq!(stored(&scene, &link).await, before);
    }
    let nobodys = ConsentLinkId::generate(NOW, scene.random());
    let answer = scene.oauth.links.end(nobodys, &caller()).await;
    assert!(matches!(answer, Err(EndError::NotFound)), "{answer:?}");
    let mut outcomes = endings(&scene);
    assert_eq!(outcomes.remove(0), Outcome::Done);
    for reason in ["already_granted", "ended", "not_found"] {
        assert!(outcomes.contains(&refused(reason)), "{outcomes:?}");
    }
    assert_eq!(outcomes.len(), 3);
}

#[tokio::test]
async fn a_store_that_fails_leaves_the_link_open() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    scene
        .stores
        .fail(StoreCall::LinkUpdate, StoreFault::Away, 1);
    let answer = end(&scene, &link).await;
    assert!(matches!(answer, Err(EndError::Store(_))), "{answer:?}");
    assert_eq!(stored(&scene, &link).await, link);
    assert_eq!(endings(&scene), [Outcome::Failed("store".to_owned())]);
    scene
        .stores
        .fail(StoreCall::LinkUpdate, StoreFault::Conflict, 2);
    end(&scene, &link).await.unwrap();
    assert_eq!(stored(&scene, &link).await.state(NOW), LinkState::Expired);
}
