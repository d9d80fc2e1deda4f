//! Webhooks as a receiver sees them.

mod payloads;
mod sending;

use spark_oauth_core::event::{Event, EventKind, EventToken};
use spark_oauth_core::ports::SystemRandom;
use spark_oauth_core::{ClientId, EmailAddress, EventId, PersonId, Timestamp, TokenId};

const NOW: Timestamp = Timestamp::from_millis(1_764_028_800_123);

fn event(kind: EventKind) -> Event {
    let of_integration = matches!(kind, EventKind::Paused { .. } | EventKind::Resumed);
    let token = EventToken {
        id: TokenId::generate(NOW, &SystemRandom),
        person: Some(PersonId::new("person-alice")),
        email: Some(EmailAddress::parse("alice@example.com").unwrap()),
        generation: 4,
    };
    Event {
        id: EventId::generate(NOW, &SystemRandom),
        at: NOW,
        integration: ClientId::new("C1"),
        token: (!of_integration).then_some(token),
        kind,
    }
}
