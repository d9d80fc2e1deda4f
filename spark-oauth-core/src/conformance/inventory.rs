//! What every [`Inventory`](crate::ports::Inventory) must do.
//!
//! That a record which cannot be read stands in its place is not tested here: no
//! port can damage one. Every store tests it by its own means.

use std::fmt::Debug;

use super::pages::{page_after, to_the_end};
use super::samples::{
    admin, api_key, audit_entry, consent, full_api_key, full_link, full_token, later, link,
    outbox_entry, pause, super_admin, token,
};
use super::tokens::insert_all;
use super::{api_keys, links};
use crate::consent_links::{ConsentLink, LinkProgress};
use crate::integration::ClientId;
use crate::ports::{CallbackClaim, Found, Page, PageRequest, Pause, StoreError, Stores, Taken};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, Status, Token};

/// The sizes of pages that every walk is made in.
const SIZES: [u16; 6] = [1, 2, 3, 8, 9, u16::MAX];

async fn walk<T>(
    records: u16,
    mut read: impl AsyncFnMut(PageRequest) -> Result<Page<Found<T>>, StoreError>,
) -> Vec<T> {
    let found = to_the_end(None, records, async |request| {
        read(request).await.expect("a walk must answer")
    });
    let read = found.await.into_iter();
    read.map(|found| found.expect("every record can be read"))
        .collect()
}

async fn tokens(stores: &Stores, records: u16) -> Vec<Token> {
    walk(records, async |page| {
        stores.inventory.walk_tokens(&page).await
    })
    .await
}

/// That a walk gives each of these records once, whatever the order.
async fn assert_walked<T: Debug + PartialEq>(
    expected: &[T],
    mut read: impl AsyncFnMut(PageRequest) -> Result<Page<Found<T>>, StoreError>,
) {
    for records in SIZES {
        let walked = walk(records, &mut read).await;
        assert_eq!(walked.len(), expected.len(), "in pages of {records}");
        for record in expected {
            assert!(walked.contains(record), "{record:?} in {walked:?}");
        }
    }
}

/// An empty store has one empty page of everything.
pub async fn an_empty_store_is_walked(stores: &Stores) {
    let (inventory, page) = (&stores.inventory, page_after(None, 3));
    let tokens = inventory.walk_tokens(&page).await;
    let audit = inventory.walk_audit(&page).await;
    let outbox = inventory.walk_outbox(&page).await;
    let tokens = tokens.expect("a walk must answer");
    assert!(tokens.items.is_empty() && tokens.next.is_none());
    let audit = audit.expect("a walk must answer");
    assert!(audit.items.is_empty() && audit.next.is_none());
    let outbox = outbox.expect("a walk must answer");
    assert!(outbox.items.is_empty() && outbox.next.is_none());
    let keys = inventory.walk_api_keys(&page).await;
    let keys = keys.expect("a walk must answer");
    assert!(keys.items.is_empty() && keys.next.is_none());
    let links = inventory.walk_links(&page).await;
    let links = links.expect("a walk must answer");
    assert!(links.items.is_empty() && links.next.is_none());
}

/// Tokens come the oldest first, whatever their integration and status, in pages of
/// every size.
pub async fn tokens_are_walked_oldest_first(stores: &Stores) {
    let mut expected: Vec<_> = (0..9).map(token).collect();
    expected[2] = full_token(2);
    expected[4].integration = ClientId::new("C-another");
    expected[5].status = Status::NeedsConsent {
        reason: ConsentLoss::RefreshRefused,
        since: expected[5].obtained_at,
    };
    insert_all(stores, &expected).await;
    for records in SIZES {
        assert_eq!(tokens(stores, records).await, expected, "{records}");
    }
}

/// Tokens that come, go and change between two pages move no other.
pub async fn tokens_that_come_and_go_move_no_other(stores: &Stores) {
    let all: Vec<_> = (0..10).map(token).collect();
    insert_all(stores, &all).await;
    let mut walked = Vec::new();
    let mut after = None;
    for round in 0..2 {
        let page = page_after(after.as_ref(), 3);
        let page = stores.inventory.walk_tokens(&page).await;
        let page = page.expect("a walk must answer");
        walked.extend(page.items.into_iter().flatten().map(|token| token.id));
        after = page.next;
        // 0, 1 and 2 were given in the first round, 3, 4 and 5 in the second.
        for gone in [[1, 2], [5, 7]][round] {
            let removed = stores.tokens.remove(all[gone].id).await;
            assert!(removed.expect("remove must answer"));
        }
        let changed = stores.tokens.update(&all[[0, 8][round]]).await;
        changed.expect("nobody else writes");
        let newcomer = token(100 + u32::try_from(round).expect("a small number"));
        insert_all(stores, &[newcomer]).await;
    }
    let rest = to_the_end(after, 2, async |page| {
        let page = stores.inventory.walk_tokens(&page).await;
        page.expect("a walk must answer")
    });
    walked.extend(rest.await.into_iter().flatten().map(|token| token.id));
    let old: Vec<_> = all.iter().map(|token| token.id).collect();
    walked.retain(|id| old.contains(id));
    let expected = [0, 1, 2, 3, 4, 5, 6, 8, 9].map(|number| old[number]);
    assert_eq!(walked, expected);
}

/// The entries of the audit log come the oldest first.
pub async fn entries_are_walked_oldest_first(stores: &Stores) {
    let entries: Vec<_> = (0..9).map(audit_entry).collect();
    for entry in &entries {
        let appended = stores.audit.append(entry).await;
        appended.expect("append must answer");
    }
    for records in SIZES {
        let walked = walk(records, async |page| {
            stores.inventory.walk_audit(&page).await
        });
        assert_eq!(walked.await, entries, "in pages of {records}");
    }
}

/// Every admin is given once.
pub async fn admins_are_walked(stores: &Stores) {
    let mut admins: Vec<_> = (0..8).rev().map(admin).collect();
    admins.push(super_admin(9));
    for admin in &admins {
        let inserted = stores.admins.insert(admin).await;
        inserted.expect("no rule is broken");
    }
    assert_walked(&admins, async |page| {
        stores.inventory.walk_admins(&page).await
    })
    .await;
}

/// Every consent is given once, also one that has expired.
pub async fn consents_are_walked(stores: &Stores) {
    let mut consents: Vec<_> = (0..9).map(consent).collect();
    consents[3].expires_at = consents[3].begun_at;
    for consent in &consents {
        let inserted = stores.consents.insert(consent).await;
        inserted.expect("no rule is broken");
    }
    let answered = consents.remove(5);
    let claim = CallbackClaim {
        state: answered.state,
        browsers: vec![answered.browser],
        answer: [7; 32],
    };
    let taken = stores.consents.take(&claim).await;
    assert_eq!(taken.expect("take must answer"), Taken::First(answered));
    assert_walked(&consents, async |page| {
        stores.inventory.walk_consents(&page).await
    })
    .await;
}

/// Every API key is given once, also one that has ended.
pub async fn api_keys_are_walked(stores: &Stores) {
    let mut keys: Vec<_> = (0..8).rev().map(api_key).collect();
    keys.push(full_api_key(9));
    keys[2].expires_at = Some(Timestamp::EPOCH);
    api_keys::insert_all(stores, &keys).await;
    assert_walked(&keys, async |page| {
        stores.inventory.walk_api_keys(&page).await
    })
    .await;
}

/// Every consent link is given once, also one that has expired.
pub async fn links_are_walked(stores: &Stores) {
    let mut links: Vec<_> = (0..8).rev().map(link).collect();
    links.push(full_link(9));
    links[2].expires_at = Timestamp::EPOCH;
    links::insert_all(stores, &links).await;
    assert_walked(&links, async |page| {
        stores.inventory.walk_links(&page).await
    })
    .await;
}

/// Keys and links that come between two pages move no other.
pub async fn keys_and_links_that_come_move_no_other(stores: &Stores) {
    let (keys, links) = ((0..6).map(api_key), (0..6).map(link));
    let (keys, links): (Vec<_>, Vec<_>) = (keys.collect(), links.collect());
    api_keys::insert_all(stores, &keys).await;
    links::insert_all(stores, &links).await;
    let page = page_after(None, 4);
    let first_keys = stores.inventory.walk_api_keys(&page).await;
    let first_links = stores.inventory.walk_links(&page).await;
    let first_keys = first_keys.expect("a walk must answer");
    let first_links = first_links.expect("a walk must answer");
    api_keys::insert_all(stores, &[api_key(100), api_key(101)]).await;
    links::insert_all(stores, &[link(100), link(101)]).await;
    let revoked = stores.api_keys.revoke(keys[0].id, later(1)).await;
    revoked.expect("revoke must answer");
    let declined = ConsentLink {
        progress: LinkProgress::Declined { at: later(1) },
        ..links[0].clone()
    };
    let changed = stores.links.update(&declined).await;
    changed.expect("nobody else writes");
    let more_keys = to_the_end(first_keys.next, 2, async |page| {
        let page = stores.inventory.walk_api_keys(&page).await;
        page.expect("a walk must answer")
    });
    let more_links = to_the_end(first_links.next, 2, async |page| {
        let page = stores.inventory.walk_links(&page).await;
        page.expect("a walk must answer")
    });
    let walked = first_keys.items.into_iter().chain(more_keys.await);
    let walked: Vec<_> = walked.flatten().map(|key| key.id).collect();
    for key in &keys {
        let given = walked.iter().filter(|id| **id == key.id).count();
        assert_eq!(given, 1, "{:?}", key.id);
    }
    let walked = first_links.items.into_iter().chain(more_links.await);
    let walked: Vec<_> = walked.flatten().map(|link| link.id).collect();
    for link in &links {
        let given = walked.iter().filter(|id| **id == link.id).count();
        assert_eq!(given, 1, "{:?}", link.id);
    }
}

/// Every pause is given once, of whichever integration.
pub async fn pauses_are_walked(stores: &Stores) {
    let names = ["C1", "c1", "C10", "é", "\u{1f511}", "C\"", " "];
    let pauses = names.map(|name| Pause {
        integration: ClientId::new(name),
        ..pause(60)
    });
    for pause in &pauses {
        let begun = stores.pauses.prolong_pause(pause).await;
        begun.expect("prolong must answer");
    }
    assert_walked(&pauses, async |page| {
        stores.inventory.walk_pauses(&page).await
    })
    .await;
}

/// Every entry of the outbox is given once, due or not.
pub async fn the_outbox_is_walked(stores: &Stores) {
    let mut entries: Vec<_> = (0..9).map(outbox_entry).collect();
    // One event to two destinations.
    entries[1].event = entries[0].event.clone();
    "another".clone_into(&mut entries[1].destination);
    for entry in &entries {
        let added = stores.outbox.add_to_outbox(entry).await;
        assert!(added.expect("add must answer"));
    }
    assert_walked(&entries, async |page| {
        stores.inventory.walk_outbox(&page).await
    })
    .await;
}
