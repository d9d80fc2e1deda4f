//! What every [`ConsentLinkStore`](crate::ports::ConsentLinkStore) must do.

use super::pages::{page_after, to_the_end};
use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, full_link, later, link, scopes, unknown_token};
use crate::consent_links::{ConsentLink, LinkProgress, Note};
use crate::ids::ConsentLinkId;
use crate::ports::{Cursor, StoreError, Stores, UniqueRule};
use crate::timestamp::Timestamp;

pub(super) async fn insert_all<'l>(
    stores: &Stores,
    links: impl IntoIterator<Item = &'l ConsentLink>,
) {
    for link in links {
        let inserted = stores.links.insert(link).await;
        inserted.expect("a link with an identifier of its own must be taken");
    }
}

async fn get(stores: &Stores, id: ConsentLinkId) -> Option<ConsentLink> {
    let found = stores.links.get(id).await;
    found.expect("get must answer")
}

async fn list(stores: &Stores, after: Option<Cursor>, records: u16) -> Vec<ConsentLink> {
    to_the_end(after, records, async |request| {
        let page = stores.links.list(&request).await;
        page.expect("list must answer")
    })
    .await
}

async fn remove_expired(stores: &Stores, at: Timestamp) -> u64 {
    let removed = stores.links.remove_expired(at).await;
    removed.expect("remove_expired must answer")
}

/// Every way in which a link can have gone on.
fn every_progress() -> [LinkProgress; 4] {
    [
        LinkProgress::Open,
        LinkProgress::Declined { at: later(1) },
        LinkProgress::Granted {
            at: later(2),
            token: None,
        },
        LinkProgress::Granted {
            at: later(3),
            token: Some(unknown_token()),
        },
    ]
}

/// Every field is kept, present or absent.
pub async fn a_link_reads_back(stores: &Stores) {
    let longest_note = "é".repeat(Note::MAX_LENGTH);
    let longest_address = format!("https://app.example.com/{}", "x".repeat(1_970));
    let mut links = vec![link(0), full_link(1)];
    links.push(ConsentLink {
        scopes: scopes(""),
        note: Some(samples::note(&longest_note)),
        return_to: Some(samples::return_address(&longest_address)),
        ..link(2)
    });
    links.push(ConsentLink {
        note: Some(samples::note("'; DROP TABLE links; -- {$ne: 1} <b>\"\\")),
        single_use: true,
        created_by: String::new(),
        ..link(3)
    });
    insert_all(stores, &links).await;
    for link in links {
        assert_eq!(get(stores, link.id).await, Some(link));
    }
}

/// An expected address keeps its case, although it is compared without.
pub async fn an_expected_address_keeps_its_case(stores: &Stores) {
    let link = full_link(1);
    insert_all(stores, [&link]).await;
    let read = get(stores, link.id)
        .await
        .and_then(|link| link.expected_email);
    assert_eq!(read.expect("it was given").as_str(), "Zoë@Example.com");
}

/// Times are kept to the millisecond, also those of what became of a link.
pub async fn times_of_a_link_read_back(stores: &Stores) {
    for (number, at) in (0..).zip(samples::TIMES) {
        let mut link = ConsentLink {
            created_at: at,
            expires_at: at,
            progress: LinkProgress::Declined { at },
            ..link(number)
        };
        insert_all(stores, [&link]).await;
        assert_eq!(get(stores, link.id).await.as_ref(), Some(&link));
        link.progress = LinkProgress::Granted { at, token: None };
        let version = stores.links.update(&link).await;
        link.version = version.expect("nobody else writes");
        assert_eq!(get(stores, link.id).await, Some(link));
    }
}

/// An identifier stands once, also where many come at once, and the link that stands
/// is left as it is.
pub async fn a_link_stands_once(stores: &Stores) {
    let id = link(0).id;
    let answers = race(RUNNERS, |number| {
        let store = stores.links.clone();
        let link = ConsentLink {
            id,
            created_by: format!("creator {number}"),
            ..link(number)
        };
        async move {
            let answer = store.insert(&link).await;
            (link, answer)
        }
    })
    .await;
    assert_one_winner(&answers, |(_, answer)| answer.is_ok(), "add the link");
    for (_, answer) in answers.iter().filter(|(_, answer)| answer.is_err()) {
        let refused = matches!(answer, Err(StoreError::AlreadyExists(UniqueRule::Id)));
        assert!(refused, "{answer:?}");
    }
    let winner = answers.into_iter().find(|(_, answer)| answer.is_ok());
    assert_eq!(get(stores, id).await, winner.map(|(link, _)| link));
}

/// Pages of every size show every link once, the newest identifier first, in whatever
/// order they were added, also those that have expired.
pub async fn links_are_listed_newest_first(stores: &Stores) {
    assert!(list(stores, None, 5).await.is_empty());
    let mut links: Vec<_> = (0..12).map(link).collect();
    links[3] = full_link(3);
    links[7].expires_at = Timestamp::EPOCH;
    let order = [4, 0, 11, 7, 2, 9, 1, 10, 3, 6, 8, 5];
    insert_all(stores, order.map(|number: usize| &links[number])).await;
    links.reverse();
    for records in [1, 2, 5, 11, 12, 13, u16::MAX] {
        assert_eq!(list(stores, None, records).await, links, "{records}");
    }
}

/// Links that come, go and change between two pages move no other: not even where the
/// one goes that the cursor names.
pub async fn links_that_come_and_go_move_no_other(stores: &Stores) {
    let mut links: Vec<_> = (0..8).map(link).collect();
    for gone in [2, 6, 7] {
        links[gone].expires_at = later(1);
    }
    insert_all(stores, &links).await;
    let first = stores.links.list(&page_after(None, 2)).await;
    let first = first.expect("list must answer");
    assert_eq!(first.items[1].id, links[6].id, "the cursor names it");
    insert_all(stores, [&link(100), &link(101)]).await;
    assert_eq!(remove_expired(stores, later(1)).await, 3);
    let declined = ConsentLink {
        progress: LinkProgress::Declined { at: later(1) },
        ..links[4].clone()
    };
    let changed = stores.links.update(&declined).await;
    changed.expect("nobody else writes");
    let rest = list(stores, first.next, 2).await;
    let rest: Vec<_> = rest.iter().map(|link| link.id).collect();
    assert_eq!(rest, [5, 4, 3, 1, 0].map(|number: usize| links[number].id));
}

/// An update replaces what became of the link and when it ends, raises its version by
/// one, and changes nothing else, whatever the caller's copy says.
pub async fn an_update_changes_what_became_of_a_link(stores: &Stores) {
    let (mut stands, other) = (link(1), full_link(2));
    insert_all(stores, [&stands, &other]).await;
    for (second, progress) in (1..).zip(every_progress().into_iter().rev()) {
        let written = ConsentLink {
            id: stands.id,
            progress,
            version: stands.version,
            expires_at: later(second),
            ..full_link(3)
        };
        let version = stores.links.update(&written).await;
        assert_eq!(version.expect("nobody else writes"), stands.version + 1);
        stands.progress = progress;
        stands.expires_at = later(second);
        stands.version += 1;
        assert_eq!(get(stores, stands.id).await.as_ref(), Some(&stands));
    }
    assert_eq!(get(stores, other.id).await, Some(other));
}

/// An update of another version conflicts, one of an unknown or removed link is not
/// found, and neither changes anything.
pub async fn a_stale_update_of_a_link_is_refused(stores: &Stores) {
    let mut stands = link(1);
    insert_all(stores, [&stands]).await;
    let declined = |version| ConsentLink {
        progress: LinkProgress::Declined { at: later(1) },
        version,
        ..stands.clone()
    };
    for version in [0, 2, 23] {
        let answer = stores.links.update(&declined(version)).await;
        assert!(matches!(answer, Err(StoreError::Conflict)), "{answer:?}");
    }
    assert_eq!(get(stores, stands.id).await.as_ref(), Some(&stands));
    let answer = stores.links.update(&link(2)).await;
    assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    stands.expires_at = later(3_600);
    assert_eq!(remove_expired(stores, stands.expires_at).await, 1);
    let answer = stores.links.update(&stands).await;
    assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    assert_eq!(get(stores, stands.id).await, None, "it is not revived");
}

/// Of many with one version at once, one replaces it: what a single use rests on.
pub async fn one_version_of_a_link_is_replaced_once(stores: &Stores) {
    let stands = link(1);
    insert_all(stores, [&stands]).await;
    let answers = race(RUNNERS, |number| {
        let store = stores.links.clone();
        let link = ConsentLink {
            progress: LinkProgress::Granted {
                at: later(u64::from(number)),
                token: None,
            },
            ..stands.clone()
        };
        async move {
            let answer = store.update(&link).await;
            (link.progress, answer)
        }
    })
    .await;
    assert_one_winner(&answers, |(_, answer)| answer.is_ok(), "replace it");
    let lost =
        |answer: &&(_, Result<u64, StoreError>)| matches!(answer.1, Err(StoreError::Conflict));
    assert_eq!(answers.iter().filter(lost).count() + 1, answers.len());
    let winner = answers.into_iter().find(|(_, answer)| answer.is_ok());
    let read = get(stores, stands.id).await;
    let read = read.expect("the link must be there");
    assert_eq!(Some(read.progress), winner.map(|(progress, _)| progress));
    assert_eq!(read.version, stands.version + 1);
}

/// An end that is brought forward counts for the clearing away, and no longer the one
/// that the link was made with.
pub async fn a_link_whose_end_came_earlier_is_removed_by_it(stores: &Stores) {
    let (stands, other) = (link(1), link(2));
    insert_all(stores, [&stands, &other]).await;
    let mut ended = ConsentLink {
        expires_at: later(1),
        ..stands
    };
    let version = stores.links.update(&ended).await;
    ended.version = version.expect("nobody else writes");
    assert_eq!(remove_expired(stores, later(0)).await, 0);
    assert_eq!(get(stores, ended.id).await.as_ref(), Some(&ended));
    assert_eq!(remove_expired(stores, later(1)).await, 1);
    assert_eq!(get(stores, ended.id).await, None);
    assert_eq!(get(stores, other.id).await, Some(other));
}

/// Of an end and a consent at once one is written, and nothing of the other.
pub async fn an_end_and_a_consent_at_once_exclude_each_other(stores: &Stores) {
    let stands = link(1);
    insert_all(stores, [&stands]).await;
    let answers = race(RUNNERS, |number| {
        let store = stores.links.clone();
        let mut link = stands.clone();
        if number % 2 == 0 {
            link.expires_at = later(1);
        } else {
            link.progress = LinkProgress::Granted {
                at: later(1),
                token: None,
            };
        }
        async move {
            let answer = store.update(&link).await;
            (link, answer)
        }
    })
    .await;
    assert_one_winner(&answers, |(_, answer)| answer.is_ok(), "end or take it");
    let winner = answers.into_iter().find(|(_, answer)| answer.is_ok());
    let expected = winner.map(|(link, version)| ConsentLink {
        version: version.unwrap_or_default(),
        ..link
    });
    assert_eq!(get(stores, stands.id).await, expected);
}

/// Links go when they have expired, whatever became of them; until somebody removes
/// them they are read.
pub async fn expired_links_are_removed(stores: &Stores) {
    let end = later(60);
    let milli = std::time::Duration::from_millis(1);
    let mut links: Vec<_> = (0..)
        .zip(every_progress())
        .map(|(number, progress)| ConsentLink {
            progress,
            expires_at: end,
            ..link(number)
        })
        .collect();
    links.push(ConsentLink {
        expires_at: end + milli,
        ..link(10)
    });
    insert_all(stores, &links).await;
    assert_eq!(remove_expired(stores, Timestamp::EPOCH).await, 0);
    for link in &links {
        assert_eq!(get(stores, link.id).await.as_ref(), Some(link));
    }
    assert_eq!(remove_expired(stores, end).await, 4, "its end has come");
    assert_eq!(remove_expired(stores, end).await, 0);
    for gone in &links[..4] {
        assert_eq!(get(stores, gone.id).await, None);
    }
    assert_eq!(list(stores, None, 10).await, links[4..]);
    insert_all(stores, [&links[0]]).await;
}
