//! What every [`ConsentStore`](crate::ports::ConsentStore) must do.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::races::{assert_one_winner, race};
use super::samples::{self, ADDRESS, NOW, consent, full_link, later, scopes, token};
use crate::consent_links::{LinkText, Terms};
use crate::keyring::Sealed;
use crate::ports::{CallbackClaim, PendingConsent, StoreError, Stores, Taken, UniqueRule};
use crate::timestamp::Timestamp;

async fn insert_all<'c>(stores: &Stores, consents: impl IntoIterator<Item = &'c PendingConsent>) {
    for consent in consents {
        stores
            .consents
            .insert(consent)
            .await
            .expect("a consent with a state of its own must be taken");
    }
}

/// A callback of the browser that began the consent.
fn claim(consent: &PendingConsent) -> CallbackClaim {
    CallbackClaim {
        state: consent.state,
        browsers: vec![consent.browser],
        answer: [7; 32],
    }
}

async fn ask(stores: &Stores, claim: &CallbackClaim) -> Taken {
    let taken = stores.consents.take(claim).await;
    taken.expect("take must answer")
}

async fn take(stores: &Stores, consent: &PendingConsent) -> Option<PendingConsent> {
    match ask(stores, &claim(consent)).await {
        Taken::First(consent) => Some(consent),
        _ => None,
    }
}

async fn count(stores: &Stores, address: IpAddr, now: Timestamp) -> u64 {
    stores
        .consents
        .count_open(address, now)
        .await
        .expect("count must answer")
}

/// Every field is kept.
pub async fn a_consent_reads_back(stores: &Stores) {
    let long = PendingConsent {
        verifier: Sealed::from_bytes(vec![0xff; 8 * 1024]),
        scopes: scopes(""),
        address: Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
        ..consent(1)
    };
    let unknown_address = PendingConsent {
        address: None,
        ..consent(2)
    };
    let mapped = PendingConsent {
        address: Some(IpAddr::V6(Ipv6Addr::new(
            0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0207,
        ))),
        ..consent(3)
    };
    for consent in [consent(0), long, unknown_address, mapped] {
        insert_all(stores, [&consent]).await;
        assert_eq!(take(stores, &consent).await.as_ref(), Some(&consent));
    }
    for (number, at) in (10..).zip(samples::TIMES) {
        let consent = PendingConsent {
            begun_at: at,
            expires_at: at,
            ..consent(number)
        };
        insert_all(stores, [&consent]).await;
        assert_eq!(take(stores, &consent).await.as_ref(), Some(&consent));
    }
}

/// What else was agreed is kept, present or absent; an expected address keeps its case.
pub async fn the_terms_of_a_consent_read_back(stores: &Stores) {
    let full = full_link(1).terms(LinkText::of_verified("AQIDBA-_"));
    let link_alone = Terms {
        link: full.link,
        ..Terms::default()
    };
    let return_alone = Terms {
        return_to: full.return_to.clone(),
        ..Terms::default()
    };
    let email_alone = Terms {
        expected_email: full.expected_email.clone(),
        ..Terms::default()
    };
    let terms = [
        Terms::default(),
        full,
        link_alone,
        return_alone,
        email_alone,
    ];
    for (number, terms) in (0..).zip(terms) {
        let consent = PendingConsent {
            terms,
            ..consent(number)
        };
        insert_all(stores, [&consent]).await;
        let taken = take(stores, &consent).await;
        assert_eq!(taken.as_ref(), Some(&consent));
        let written = |consent: &PendingConsent| {
            let email = consent.terms.expected_email.as_ref();
            email.map(|email| email.as_str().to_owned())
        };
        assert_eq!(taken.as_ref().and_then(written), written(&consent));
    }
}

/// A consent is taken once; one that never was is no error.
pub async fn a_consent_is_taken_once(stores: &Stores) {
    let (one, other) = (consent(1), consent(2));
    insert_all(stores, [&one, &other]).await;
    assert_eq!(take(stores, &consent(3)).await, None, "never begun");
    assert_eq!(take(stores, &one).await.as_ref(), Some(&one));
    assert_eq!(take(stores, &one).await, None, "taken already");
    assert_eq!(
        take(stores, &other).await.as_ref(),
        Some(&other),
        "untouched"
    );
}

/// A consent that many take at once is given to exactly one.
pub async fn a_consent_taken_at_once_is_given_to_one(stores: &Stores) {
    let wanted = consent(1);
    insert_all(stores, [&wanted]).await;
    let answers = race(16, |_| {
        let (store, claim) = (stores.consents.clone(), claim(&wanted));
        async move { store.take(&claim).await.expect("take must answer") }
    })
    .await;
    let is_first = |taken: &Taken| matches!(taken, Taken::First(_));
    assert_one_winner(&answers, is_first, "take the consent");
    for answer in answers {
        let again = Taken::Again {
            consent: wanted.clone(),
            token: None,
        };
        assert!(answer == Taken::First(wanted.clone()) || answer == again);
    }
}

/// A callback of another browser gets nothing and takes nothing; one cookie of several is
/// enough.
pub async fn another_browser_leaves_a_consent_to_its_owner(stores: &Stores) {
    let begun = consent(1);
    insert_all(stores, [&begun]).await;
    let from = |browsers: Vec<[u8; 32]>| CallbackClaim {
        browsers,
        ..claim(&begun)
    };
    for strange in [vec![], vec![[9; 32]], vec![[8; 32], [9; 32], [10; 32]]] {
        assert_eq!(ask(stores, &from(strange)).await, Taken::OtherBrowser);
    }
    assert_eq!(count(stores, ADDRESS, NOW).await, 1, "it is still open");
    let owner = from(vec![[8; 32], [9; 32], begun.browser]);
    assert_eq!(ask(stores, &owner).await, Taken::First(begun.clone()));
    let stranger = ask(stores, &from(vec![[9; 32]])).await;
    assert_eq!(stranger, Taken::OtherBrowser, "also once it is taken");
}

/// A repeated callback gets the token's ID, and a different one gets nothing. A discarded
/// consent is unknown.
pub async fn a_callback_that_comes_again_is_told_of_the_token(stores: &Stores) {
    let (begun, token) = (consent(1), token(1).id);
    insert_all(stores, [&begun]).await;
    let again = |token| Taken::Again {
        consent: begun.clone(),
        token,
    };
    assert_eq!(
        ask(stores, &claim(&begun)).await,
        Taken::First(begun.clone())
    );
    assert_eq!(ask(stores, &claim(&begun)).await, again(None));
    let finish = async |state| {
        let finished = stores.consents.finish(state, token).await;
        finished.expect("finish must answer");
    };
    finish(begun.state).await;
    finish(consent(2).state).await;
    assert_eq!(ask(stores, &claim(&begun)).await, again(Some(token)));
    let other_answer = CallbackClaim {
        answer: [8; 32],
        ..claim(&begun)
    };
    assert_eq!(ask(stores, &other_answer).await, Taken::Unknown);
    for _ in 0..2 {
        let discarded = stores.consents.discard(begun.state).await;
        discarded.expect("discard must answer");
        assert_eq!(ask(stores, &claim(&begun)).await, Taken::Unknown);
    }
}

/// A state stands once, also where it is begun by many at once.
pub async fn a_state_stands_once(stores: &Stores) {
    let answers = race(16, |number| {
        let store = stores.consents.clone();
        let begun = PendingConsent {
            state: consent(1).state,
            ..consent(number)
        };
        async move { store.insert(&begun).await }
    })
    .await;
    assert_one_winner(&answers, Result::is_ok, "begin with a state");
    let losers = answers.iter().filter(|answer| answer.is_err());
    for answer in losers {
        let refused = matches!(answer, Err(StoreError::AlreadyExists(UniqueRule::Id)));
        assert!(refused, "{answer:?}");
    }
}

/// A consent that has expired is still given: its caller judges it.
pub async fn an_expired_consent_is_still_given(stores: &Stores) {
    let expired = PendingConsent {
        begun_at: Timestamp::EPOCH,
        expires_at: Timestamp::from_millis(1),
        ..consent(1)
    };
    insert_all(stores, [&expired]).await;
    assert_eq!(take(stores, &expired).await.as_ref(), Some(&expired));
}

/// The open consents of an address are counted: not those of others, not the
/// expired ones, not the taken ones.
pub async fn open_consents_are_counted_by_address(stores: &Stores) {
    let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let elsewhere = PendingConsent {
        address: Some(v6),
        ..consent(4)
    };
    let unknown = PendingConsent {
        address: None,
        ..consent(5)
    };
    let short = PendingConsent {
        expires_at: later(60),
        ..consent(6)
    };
    let all = [
        &consent(1),
        &consent(2),
        &consent(3),
        &elsewhere,
        &unknown,
        &short,
    ];
    insert_all(stores, all).await;
    assert_eq!(count(stores, ADDRESS, NOW).await, 4);
    assert_eq!(count(stores, v6, NOW).await, 1);
    assert_eq!(
        count(stores, IpAddr::V6(Ipv6Addr::UNSPECIFIED), NOW).await,
        0
    );
    let last_moment = later(60) - Duration::from_millis(1);
    assert_eq!(count(stores, ADDRESS, last_moment).await, 4);
    assert_eq!(count(stores, ADDRESS, later(60)).await, 3, "it has expired");
    assert!(take(stores, &consent(1)).await.is_some());
    assert_eq!(count(stores, ADDRESS, later(60)).await, 2, "it is taken");
}

/// Exactly the expired consents are removed, and counted.
pub async fn expired_consents_are_removed(stores: &Stores) {
    let consents: Vec<_> = (0..5)
        .map(|number| PendingConsent {
            expires_at: later(u64::from(number)),
            ..consent(number)
        })
        .collect();
    insert_all(stores, &consents).await;
    let remove = async |now| {
        let removed = stores.consents.remove_expired(now).await;
        removed.expect("remove must answer")
    };
    assert_eq!(remove(later(2)).await, 3, "0, 1 and 2 have expired");
    assert_eq!(remove(later(2)).await, 0, "they are gone");
    for (number, consent) in consents.iter().enumerate() {
        let left = take(stores, consent).await.is_some();
        assert_eq!(left, number > 2, "consent {number}");
    }
}
