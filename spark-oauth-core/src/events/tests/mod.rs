//! Events from the change to the destination, on stores in memory.

mod courier;
mod mailbox;
mod raise;
mod relay;
mod removal;
mod run;

use std::sync::Arc;

use crate::application::SparkOauthBuilder;
use crate::event::{Event, EventKind, EventType};
use crate::events::courier::Courier;
use crate::events::{Destination, Events};
use crate::ids::TokenId;
use crate::ports::{DeliveryOutcome, MockObserver, Observer};
use crate::testing::scene::{Scene, scene_with};
use crate::token::{LastRefresh, RefreshTrigger, Token};

use mailbox::Mailbox;

/// A scene with one destination.
struct Post {
    scene: Scene,
    mailbox: Mailbox,
    courier: Courier,
}

impl Post {
    async fn new() -> Self {
        Self::observed_by(Arc::new(crate::ports::Unobserved)).await
    }

    /// The next process on the same store, with the mailbox behind this endpoint.
    async fn restarted(self, endpoint: &str) -> Self {
        let mailbox = Mailbox::default();
        let destination = Destination::new("box", Arc::new(mailbox.clone())).endpoint(endpoint);
        let configure = |builder: SparkOauthBuilder| builder.destination(destination);
        let scene = Box::pin(self.scene.process_with(2, configure)).await;
        Self {
            courier: courier(&scene),
            scene,
            mailbox,
        }
    }

    async fn observed_by(observer: Arc<dyn Observer>) -> Self {
        let mailbox = Mailbox::default();
        let destination = Destination::new("box", Arc::new(mailbox.clone()));
        let scene = scene_with(|builder| builder.destination(destination).observer(observer)).await;
        Self {
            courier: courier(&scene),
            scene,
            mailbox,
        }
    }

    fn events(&self) -> &Events {
        &self.scene.oauth.events.events
    }

    /// A refresh of this token, as the broker writes it.
    async fn refresh(&self, id: TokenId) -> Event {
        let mut token = self.scene.token(id);
        let event = self
            .events()
            .record(refreshed(&mut token), refreshed_kind());
        self.events().tokens.update(&token).await.unwrap();
        event
    }

    /// Offers what is due now, and waits for how that ends.
    async fn offer(&mut self) {
        while self.courier.sweep().await.unwrap() {}
        self.courier.finish().await;
    }

    async fn relay_and_offer(&mut self) {
        self.events().relay().await.unwrap();
        self.offer().await;
    }
}

fn courier(scene: &Scene) -> Courier {
    let service = scene.oauth.events.clone();
    Courier::new(service.events, service.random)
}

fn refreshed(token: &mut Token) -> &mut Token {
    token.generation += 1;
    token.last_refresh = Some(LastRefresh {
        at: crate::testing::scene::NOW,
        by: RefreshTrigger::Worker,
    });
    token
}

fn refreshed_kind() -> EventKind {
    EventKind::Refreshed {
        by: RefreshTrigger::Worker,
        access_expires_at: crate::testing::scene::NOW,
    }
}

/// An observer that expects these endings of deliveries, so many of each.
fn expecting(endings: &[(DeliveryOutcome, usize)]) -> Arc<dyn Observer> {
    let mut observer = MockObserver::new();
    observer.expect_provider_called().return_const(());
    observer.expect_destination_suspended().return_const(());
    for &(outcome, times) in endings {
        observer
            .expect_delivery_ended()
            .withf(move |destination, ended, _| destination == "box" && *ended == outcome)
            .times(times)
            .return_const(());
    }
    Arc::new(observer)
}

fn types(events: &[Event]) -> Vec<EventType> {
    events.iter().map(|event| event.kind.event_type()).collect()
}
