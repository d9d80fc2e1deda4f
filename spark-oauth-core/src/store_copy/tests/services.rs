//! What services have of the store: their keys, and the links that they made.

use super::*;
use crate::api_keys::{
    ApiKey, ApiKeyInput, ApiKeyService, Created, KeyHash, KeyName, KeyScope, Reach,
};
use crate::consent_links::{ConsentLink, LinkProgress};
use crate::ids::{ApiKeyId, ConsentLinkId};
use crate::ports::PageRequest;
use crate::scopes::Scopes;
use crate::testing::scene::email;

impl Move {
    async fn key(&self) -> Created {
        let input = ApiKeyInput {
            name: KeyName::parse("nightly report").unwrap(),
            scopes: vec![KeyScope::TokensUse],
            reach: Reach::of([email("ann@example.org")], []),
            requests_per_minute: None,
            expires_at: None,
        };
        let keys = &self.scene.oauth.api_keys;
        keys.create(input, "root", &caller()).await.unwrap()
    }

    async fn link(&self, progress: LinkProgress) -> ConsentLink {
        let link = ConsentLink {
            id: ConsentLinkId::generate(NOW, self.scene.random()),
            scopes: Scopes::parse("spark:rooms_read").unwrap(),
            note: None,
            expected_email: Some(email("Ann@example.org")),
            return_to: None,
            single_use: true,
            created_at: NOW,
            created_by: "nightly report".to_owned(),
            // It has ended, and what became of it can be read.
            expires_at: NOW,
            progress,
            version: 3,
        };
        let links = self.scene.stores.stores().links;
        links.insert(&link).await.unwrap();
        link
    }

    /// The keys of an application on the target.
    fn keys_there(&self) -> ApiKeyService {
        let stores = self.target.stores();
        let (clock, random) = (self.clock.clone(), Arc::new(SeededRandom::new(11)));
        let detached = Detached::default();
        let auditor = Auditor::new(
            stores.audit,
            clock.clone(),
            random.clone(),
            detached.clone(),
        );
        ApiKeyService::new(stores.api_keys, clock, random, auditor, detached)
    }

    async fn keys_in_the_target(&self) -> Vec<ApiKey> {
        let page = PageRequest::first(100.try_into().unwrap());
        self.target
            .stores()
            .api_keys
            .list(&page)
            .await
            .unwrap()
            .items
    }
}

#[tokio::test]
async fn a_service_goes_on_with_its_key() {
    let moving = moving().await;
    let (good, revoked) = (moving.key().await, moving.key().await);
    let keys = &moving.scene.oauth.api_keys;
    keys.revoke(revoked.key.id, &caller()).await.unwrap();
    let copied = moving.run().await.unwrap();
    assert!(copied.is_complete(), "{copied:?}");
    assert_eq!(tally(&copied, Kind::ApiKeys).copied, 2);
    let there = moving.keys_there();
    let accepted = there.authenticate(good.secret.expose_secret()).await;
    assert_eq!(*accepted.unwrap().unwrap(), good.key);
    let refused = there.authenticate(revoked.secret.expose_secret()).await;
    assert!(refused.unwrap().is_err(), "it stays revoked");
}

#[tokio::test]
async fn links_are_copied_with_what_became_of_them() {
    let moving = moving().await;
    let token = moving.scene.stores.tokens()[0].id;
    let granted = LinkProgress::Granted {
        at: NOW,
        token: Some(token),
    };
    let mut links = Vec::new();
    for progress in [LinkProgress::Open, granted] {
        links.push(moving.link(progress).await);
    }
    links.sort_by_key(|link| link.id);
    let copied = moving.run().await.unwrap();
    assert!(copied.is_complete(), "{copied:?}");
    assert_eq!(tally(&copied, Kind::Links).copied, 2);
    assert_eq!(moving.target.links(), links);

    let again = moving.run().await.unwrap();
    assert_eq!(tally(&again, Kind::Links).stood, 2);
    assert_eq!(tally(&again, Kind::Links).copied, 0);
}

#[tokio::test]
async fn keys_and_links_that_broke_off_are_copied_by_the_next_run() {
    let moving = moving().await;
    moving.key().await;
    moving.link(LinkProgress::Open).await;
    for call in [StoreCall::ApiKeyInsert, StoreCall::LinkGet] {
        moving.target.fail(call, StoreFault::AnswerLost, 1);
        let broken = moving.run().await.unwrap_err();
        assert!(matches!(broken, CopyError::Store(Side::Target, _)));
    }
    let again = moving.run().await.unwrap();
    assert!(again.is_complete(), "{again:?}");
    for kind in [Kind::ApiKeys, Kind::Links] {
        let tally = tally(&again, kind);
        assert_eq!((tally.copied, tally.stood), (0, 1), "{kind}");
    }
}

#[tokio::test]
async fn a_key_or_a_link_that_is_another_in_the_target_is_told_and_stays() {
    let moving = moving().await;
    let keys = [
        moving.key().await.key,
        moving.key().await.key,
        moving.key().await.key,
    ];
    let theirs = [
        ApiKey {
            reach: Reach::everybody(),
            ..keys[0].clone()
        },
        ApiKey {
            hash: KeyHash([7; 32]),
            ..keys[1].clone()
        },
        ApiKey {
            id: ApiKeyId::generate(NOW, moving.scene.random()),
            ..keys[2].clone()
        },
    ];
    let stores = moving.target.stores();
    for key in &theirs {
        stores.api_keys.insert(key).await.unwrap();
    }
    let link = moving.link(LinkProgress::Open).await;
    let declined = ConsentLink {
        progress: LinkProgress::Declined { at: NOW },
        ..link
    };
    stores.links.insert(&declined).await.unwrap();
    let standing = moving.keys_in_the_target().await;

    let copied = moving.run().await.unwrap();
    assert!(!copied.is_complete());
    let differing = &tally(&copied, Kind::ApiKeys).differing;
    assert_eq!(differing.len(), 3, "{differing:?}");
    for (key, reason) in keys.iter().zip([
        "another version",
        "another key under this identifier",
        "this key under another identifier",
    ]) {
        let told = differing.iter().find(|it| it.record == key.id.to_string());
        assert!(told.unwrap().reason.contains(reason), "{differing:?}");
    }
    assert_eq!(moving.keys_in_the_target().await, standing);
    assert_eq!(tally(&copied, Kind::Links).differing.len(), 1);
    assert_eq!(moving.target.links(), [declined]);
}
