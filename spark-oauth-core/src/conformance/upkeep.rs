//! What every [`TokenStore`](crate::ports::TokenStore) must do with the
//! [`Upkeep`] of a token, and with the events in it.

use super::pages::limit;
use super::samples::{self, NOW, event_of, every_event, full_token, later, process, token};
use super::tokens::{assert_same, insert_all, stored};
use crate::event::EventKind;
use crate::integration::ClientId;
use crate::ports::{Claim, ErrorClass, Stores, TrackingId};
use crate::token::{Lease, Token, Upkeep};

async fn with_events(stores: &Stores, records: u16) -> Vec<Token> {
    stores
        .tokens
        .list_with_events(limit(records))
        .await
        .expect("list must answer")
}

fn telling(number: u32) -> Token {
    Token {
        upkeep: Upkeep {
            events: every_event(number),
            ..Upkeep::default()
        },
        ..token(number)
    }
}

async fn update(stores: &Stores, token: Token) -> Token {
    let version = stores.tokens.update(&token).await;
    let version = version.expect("the version is the stored one");
    Token { version, ..token }
}

/// Each part of the upkeep is kept by itself.
pub async fn every_part_of_the_upkeep_reads_back(stores: &Stores) {
    let none = Upkeep::default;
    let parts = [
        none(),
        Upkeep {
            due_at: Some(later(1)),
            ..none()
        },
        Upkeep {
            retry_at: Some(later(2)),
            ..none()
        },
        Upkeep {
            expiry_warned_at: Some(later(3)),
            ..none()
        },
        Upkeep {
            failures: u32::MAX,
            lost_races: 1,
            interrupted: 2,
            ..none()
        },
        Upkeep {
            lost_races: u64::MAX,
            interrupted: u64::MAX / 2 + 1,
            ..none()
        },
        samples::full_upkeep(7),
    ];
    for (number, upkeep) in (0..).zip(parts) {
        let token = Token {
            upkeep,
            ..token(number)
        };
        insert_all(stores, [&token]).await;
        assert_same(&stored(stores, &token).await, &token, "an upkeep");
    }
}

/// Times of the upkeep are kept to the millisecond, however far they are.
pub async fn times_of_the_upkeep_read_back(stores: &Stores) {
    for (number, at) in (0..).zip(samples::TIMES) {
        let token = Token {
            upkeep: Upkeep {
                due_at: Some(at),
                retry_at: Some(at),
                expiry_warned_at: Some(at),
                events: vec![event_of(
                    number,
                    EventKind::RefreshTokenExpiring {
                        refresh_expires_at: at,
                    },
                )],
                ..Upkeep::default()
            },
            ..token(number)
        };
        insert_all(stores, [&token]).await;
        assert_same(&stored(stores, &token).await, &token, "a far or exact time");
    }
}

/// Events are kept in their order, however many there are and whatever they say.
pub async fn events_read_back_in_their_order(stores: &Stores) {
    let long = EventKind::RefreshFailed {
        class: ErrorClass::Passing,
        summary: "x\u{e9}".repeat(4 * 1024),
        tracking_id: TrackingId::new(&"T".repeat(128)),
        retry_at: None,
    };
    let mut events = every_event(1);
    events.push(event_of(1, long));
    events.extend(every_event(1));
    // Neither the order of their identifiers nor that of their times.
    events.reverse();
    let token = Token {
        upkeep: Upkeep {
            events,
            ..Upkeep::default()
        },
        ..token(1)
    };
    insert_all(stores, [&token]).await;
    assert_same(&stored(stores, &token).await, &token, "many events");
}

/// An update replaces the upkeep as a whole, and can clear it.
pub async fn an_update_replaces_the_upkeep(stores: &Stores) {
    let bare = token(1);
    insert_all(stores, [&bare]).await;
    let full = Token {
        upkeep: samples::full_upkeep(1),
        ..bare
    };
    let full = update(stores, full).await;
    assert_same(&stored(stores, &full).await, &full, "filled");
    let cleared = Token {
        upkeep: Upkeep::default(),
        ..full
    };
    let cleared = update(stores, cleared).await;
    assert_same(&stored(stores, &cleared).await, &cleared, "cleared");
}

/// What is done to a lease leaves the upkeep alone.
pub async fn a_lease_leaves_the_upkeep(stores: &Stores) {
    let token = Token {
        lease: None,
        attempt: None,
        ..full_token(1)
    };
    insert_all(stores, [&token]).await;
    let lease = Lease {
        owner: process(1),
        expires_at: later(60),
    };
    let claimed = stores.tokens.claim(token.id, lease, NOW).await;
    let Ok(Claim::Taken(claimed)) = claimed else {
        panic!("the lease must be free to take: {claimed:?}");
    };
    assert_eq!(claimed.upkeep, token.upkeep, "claimed");
    let extended = stores.tokens.extend_lease(token.id, lease).await;
    assert!(extended.expect("extend must answer").is_some());
    assert_eq!(stored(stores, &token).await.upkeep, token.upkeep);
    let released = stores.tokens.release_lease(token.id, lease.owner).await;
    assert!(released.expect("release must answer"));
    assert_eq!(stored(stores, &token).await.upkeep, token.upkeep);
}

/// Exactly the records with events are listed, each whole, of every integration and
/// status, due or not.
pub async fn records_with_events_are_listed(stores: &Stores) {
    assert!(with_events(stores, 10).await.is_empty());
    let elsewhere = Token {
        integration: ClientId::new("another"),
        ..telling(3)
    };
    let revoked = Token {
        status: crate::token::Status::Revoked {
            by: crate::token::RevokedBy::Admin,
            at: NOW,
        },
        ..telling(4)
    };
    let telling = [telling(1), full_token(2), elsewhere, revoked];
    let silent = Token {
        upkeep: Upkeep {
            events: Vec::new(),
            ..samples::full_upkeep(5)
        },
        ..token(5)
    };
    insert_all(stores, [&silent, &token(6)]).await;
    insert_all(stores, &telling).await;
    let mut listed = with_events(stores, u16::MAX).await;
    listed.sort_by_key(|token| token.id);
    assert_eq!(listed.len(), telling.len());
    for (found, expected) in listed.iter().zip(&telling) {
        assert_same(found, expected, "listed with its events");
    }
}

/// No more records with events are listed than were asked for, and none twice.
pub async fn no_more_records_with_events_are_listed_than_asked_for(stores: &Stores) {
    let tokens: Vec<_> = (0..5).map(telling).collect();
    insert_all(stores, &tokens).await;
    for records in 1..8 {
        let mut ids: Vec<_> = with_events(stores, records)
            .await
            .iter()
            .map(|token| token.id)
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), usize::from(records).min(tokens.len()));
    }
}

/// A record is listed with its events from the write that brings them to the one
/// that takes them away, and a removed one no more.
pub async fn a_list_with_events_follows_what_changes(stores: &Stores) {
    let (silent, gone) = (token(1), telling(2));
    insert_all(stores, [&silent, &gone]).await;
    let removed = stores.tokens.remove(gone.id).await;
    assert!(removed.expect("remove must answer"));
    assert!(with_events(stores, 10).await.is_empty(), "it is gone");
    let events = every_event(1);
    let first = Token {
        upkeep: Upkeep {
            events: events.clone(),
            ..Upkeep::default()
        },
        ..silent
    };
    let mut token = update(stores, first).await;
    for left in (0..events.len()).rev() {
        let listed = with_events(stores, 10).await;
        assert_eq!(listed.len(), 1, "{} events are left", left + 1);
        assert_same(&listed[0], &token, "with the events that are left");
        token.upkeep.events.remove(0);
        token = update(stores, token).await;
    }
    assert!(with_events(stores, 10).await.is_empty(), "nothing is left");
}
