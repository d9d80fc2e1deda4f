//! What every [`TokenStore`](crate::ports::TokenStore) must do with leases: who
//! may refresh a token, and nobody else.

use std::time::Duration;

use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, NOW, full_token, later, process, token};
use super::tokens::{assert_same, insert_all, stored};
use crate::ids::ProcessId;
use crate::ports::{Claim, StoreError, Stores};
use crate::timestamp::Timestamp;
use crate::token::{Attempt, Lease, Token};

fn lease(owner: ProcessId, seconds: u64) -> Lease {
    Lease {
        owner,
        expires_at: later(seconds),
    }
}

async fn claim(stores: &Stores, token: &Token, lease: Lease, now: Timestamp) -> Claim {
    stores
        .tokens
        .claim(token.id, lease, now)
        .await
        .expect("claim must answer")
}

async fn claim_taken(stores: &Stores, token: &Token, lease: Lease, now: Timestamp) -> Token {
    match claim(stores, token, lease, now).await {
        Claim::Taken(claimed) => *claimed,
        other => panic!("the lease must be free to take: {other:?}"),
    }
}

async fn assert_held(stores: &Stores, token: &Token, asked: Lease, now: Timestamp, by: Lease) {
    match claim(stores, token, asked, now).await {
        Claim::Held(held) => assert_eq!(held, by, "the answer is the lease that stands"),
        other => panic!("a lease that stands must be respected: {other:?}"),
    }
}

/// A free lease is taken; the answer is the record under it, as it is stored.
pub async fn a_free_lease_is_taken(stores: &Stores) {
    let before = Token {
        lease: None,
        ..full_token(1)
    };
    insert_all(stores, [&before]).await;
    let wanted = lease(process(9), 60);
    let claimed = claim_taken(stores, &before, wanted, NOW).await;
    let expected = Token {
        lease: Some(wanted),
        version: before.version + 1,
        ..before
    };
    assert_same(&claimed, &expected, "the record under its lease");
    assert_same(&stored(stores, &expected).await, &expected, "as stored");
}

/// A lease that stands is respected, and the record stays as it is.
pub async fn a_lease_that_stands_is_respected(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    let first = lease(process(1), 60);
    let claimed = claim_taken(stores, &token, first, NOW).await;
    assert_held(stores, &token, lease(process(2), 90), NOW, first).await;
    assert_same(
        &stored(stores, &token).await,
        &claimed,
        "after a vain claim",
    );
}

/// A lease ends at its time, to the millisecond.
pub async fn an_expired_lease_can_be_taken(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    let (first, second) = (lease(process(1), 60), lease(process(2), 120));
    claim_taken(stores, &token, first, NOW).await;
    let last_moment = first.expires_at - Duration::from_millis(1);
    assert_held(stores, &token, second, last_moment, first).await;
    let claimed = claim_taken(stores, &token, second, first.expires_at).await;
    assert_eq!(claimed.lease, Some(second));
}

/// The owner of a lease may claim it again, and thereby move its end.
pub async fn an_own_lease_is_claimed_again(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    let owner = process(1);
    claim_taken(stores, &token, lease(owner, 60), NOW).await;
    let again = claim_taken(stores, &token, lease(owner, 90), NOW).await;
    assert_eq!(again.lease, Some(lease(owner, 90)));
    assert_eq!(again.version, token.version + 2, "each claim is a write");
}

/// There is no lease of a record that is not there.
pub async fn a_lease_of_nothing_is_missing(stores: &Stores) {
    let removed = token(1);
    insert_all(stores, [&removed]).await;
    let answer = stores.tokens.remove(removed.id).await;
    assert!(answer.expect("remove must answer"));
    for id in [removed.id, samples::unknown_token()] {
        let wanted = lease(process(1), 60);
        let claimed = stores.tokens.claim(id, wanted, NOW).await;
        let claimed = claimed.expect("claim must answer");
        assert!(matches!(claimed, Claim::Missing), "{claimed:?}");
        let extended = stores.tokens.extend_lease(id, wanted).await;
        assert_eq!(extended.expect("extend must answer"), None);
        let released = stores.tokens.release_lease(id, wanted.owner).await;
        assert!(!released.expect("release must answer"));
    }
}

/// Of many who claim a free lease exactly one gets it; the others are told whose.
pub async fn one_of_many_takes_a_free_lease(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    assert_one_claimer(stores, &token, NOW).await;
}

/// Of many who claim an expired lease exactly one gets it.
pub async fn one_of_many_takes_an_expired_lease(stores: &Stores) {
    let token = Token {
        lease: Some(lease(process(1_000), 60)),
        ..token(1)
    };
    insert_all(stores, [&token]).await;
    assert_one_claimer(stores, &token, later(60)).await;
}

async fn assert_one_claimer(stores: &Stores, token: &Token, now: Timestamp) {
    let answers = race(RUNNERS, |number| {
        let (store, id) = (stores.tokens.clone(), token.id);
        let wanted = lease(process(number), 3_600);
        async move {
            let answer = store.claim(id, wanted, now).await;
            (wanted, answer.expect("claim must answer"))
        }
    })
    .await;
    let claimed = |(_, claim): &(Lease, Claim)| matches!(claim, Claim::Taken(_));
    assert_one_winner(&answers, claimed, "take the lease");
    let winner = answers
        .iter()
        .find(|answer| claimed(answer))
        .map(|won| won.0);
    let after = stored(stores, token).await;
    assert_eq!(after.lease, winner);
    assert_eq!(after.version, token.version + 1, "one claim is one write");
    for (_, answer) in &answers {
        if let Claim::Held(held) = answer {
            assert_eq!(
                Some(*held),
                winner,
                "the losers are told whose lease stands"
            );
        }
    }
}

/// A claim is a write: who read before it cannot write what was read.
pub async fn a_claim_ends_earlier_reads(stores: &Stores) {
    let before = token(1);
    insert_all(stores, [&before]).await;
    claim_taken(stores, &before, lease(process(1), 60), NOW).await;
    let answer = stores.tokens.update(&before).await;
    assert!(matches!(answer, Err(StoreError::Conflict)), "{answer:?}");
}

/// A claim leaves the marker of another process, which tells what happened.
pub async fn a_claim_keeps_the_marker(stores: &Stores) {
    let left_behind = Attempt {
        owner: process(1),
        at: NOW,
    };
    let token = Token {
        lease: Some(lease(process(1), 60)),
        attempt: Some(left_behind),
        ..token(1)
    };
    insert_all(stores, [&token]).await;
    let claimed = claim_taken(stores, &token, lease(process(2), 120), later(60)).await;
    assert_eq!(claimed.attempt, Some(left_behind));
}

/// The owner moves the end of its lease, and learns the new version.
pub async fn the_owner_extends_a_lease(stores: &Stores) {
    let token = full_token(1);
    insert_all(stores, [&token]).await;
    let held = token.lease.expect("a full record has a lease");
    let longer = lease(held.owner, 3_600);
    let version = stores.tokens.extend_lease(token.id, longer).await;
    let version = version.expect("extend must answer");
    assert_eq!(version, Some(token.version + 1));
    let expected = Token {
        lease: Some(longer),
        version: token.version + 1,
        ..token
    };
    assert_same(&stored(stores, &expected).await, &expected, "extended");
}

/// Nobody extends a lease of somebody else, or one that nobody holds.
pub async fn only_the_owner_extends_a_lease(stores: &Stores) {
    let (free, held) = (token(1), full_token(2));
    insert_all(stores, [&free, &held]).await;
    for token in [&free, &held] {
        let answer = stores
            .tokens
            .extend_lease(token.id, lease(process(77), 3_600))
            .await;
        assert_eq!(answer.expect("extend must answer"), None);
        assert_same(&stored(stores, token).await, token, "unchanged");
    }
}

/// A lease that ran out is extended while nobody has claimed it, and not after.
pub async fn a_lease_that_ran_out_is_extended_until_it_is_taken(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    let (slow, other) = (process(1), process(2));
    claim_taken(stores, &token, lease(slow, 60), NOW).await;
    let extend = async || {
        let answer = stores.tokens.extend_lease(token.id, lease(slow, 90)).await;
        answer.expect("extend must answer")
    };
    assert!(extend().await.is_some(), "nobody has claimed it meanwhile");
    let claimed = claim_taken(stores, &token, lease(other, 200), later(90)).await;
    assert_eq!(extend().await, None, "it is somebody else's now");
    assert_same(&stored(stores, &token).await, &claimed, "unchanged");
}

/// The owner gives its lease back together with its own marker, and the next may
/// claim.
pub async fn the_owner_releases_a_lease(stores: &Stores) {
    let owner = process(1);
    let token = Token {
        lease: Some(lease(owner, 60)),
        attempt: Some(Attempt { owner, at: NOW }),
        ..full_token(1)
    };
    insert_all(stores, [&token]).await;
    let released = stores.tokens.release_lease(token.id, owner).await;
    assert!(released.expect("release must answer"));
    let expected = Token {
        lease: None,
        attempt: None,
        version: token.version + 1,
        ..token
    };
    assert_same(&stored(stores, &expected).await, &expected, "released");
    let again = stores.tokens.release_lease(expected.id, owner).await;
    assert!(
        !again.expect("release must answer"),
        "it is given back once"
    );
    claim_taken(stores, &expected, lease(process(2), 60), NOW).await;
}

/// Releasing leaves the marker that another process set.
pub async fn releasing_keeps_a_marker_of_somebody_else(stores: &Stores) {
    let owner = process(1);
    let marker = Attempt {
        owner: process(2),
        at: NOW,
    };
    let token = Token {
        lease: Some(lease(owner, 60)),
        attempt: Some(marker),
        ..token(1)
    };
    insert_all(stores, [&token]).await;
    let released = stores.tokens.release_lease(token.id, owner).await;
    assert!(released.expect("release must answer"));
    let after = stored(stores, &token).await;
    assert_eq!((after.lease, after.attempt), (None, Some(marker)));
}

/// Nobody releases a lease of somebody else, or one that nobody holds.
pub async fn only_the_owner_releases_a_lease(stores: &Stores) {
    let stale = process(1);
    let marked = Token {
        attempt: Some(Attempt {
            owner: stale,
            at: NOW,
        }),
        ..token(1)
    };
    let taken_over = Token {
        lease: Some(lease(process(2), 60)),
        ..marked.clone()
    };
    let taken_over = Token {
        id: samples::token(2).id,
        person: samples::token(2).person,
        ..taken_over
    };
    insert_all(stores, [&marked, &taken_over]).await;
    for token in [&marked, &taken_over] {
        let released = stores.tokens.release_lease(token.id, stale).await;
        assert!(!released.expect("release must answer"));
        assert_same(&stored(stores, token).await, token, "unchanged");
    }
}

/// An update writes lease and marker like every other field, so that an answer
/// and the release of its lease are one write.
pub async fn an_update_can_release_a_lease(stores: &Stores) {
    let token = full_token(1);
    insert_all(stores, [&token]).await;
    let change = Token {
        lease: None,
        attempt: None,
        generation: token.generation + 1,
        ..token
    };
    let version = stores.tokens.update(&change).await;
    let version = version.expect("the version is the stored one");
    let after = Token { version, ..change };
    assert_same(
        &stored(stores, &after).await,
        &after,
        "answered and released",
    );
    claim_taken(stores, &after, lease(process(5), 60), NOW).await;
}
