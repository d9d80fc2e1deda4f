//! What a service is given under its key, and what the audit log says of it.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;
use std::time::Duration;

use super::*;
use crate::api_keys::{
    ApiKeyInput, Created, DomainName, KeyName, KeyRefusal, KeyScope, Reach, WrongKeyText,
};
use crate::audit::{Actor, AuditAction, AuditEntry, Origin, Outcome};
use crate::broker::TokenError;
use crate::consent_links::LinkInput;
use crate::email::EmailAddress;
use crate::ids::{ApiKeyId, TokenId};
use crate::ports::{PageRequest, Revocation, TokenFilter};
use crate::scopes::Scopes;
use crate::testing::scene::{HOUR, MINUTE, NOW, Scene, answer, caller, email, scene};
use crate::testing::{ProviderCall, Reply, StoreCall, StoreFault};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, RevokedBy, Status, Token};

const CALL: &str = "GET /api/v1/tokens/{id}";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

fn call() -> ApiCall {
    ApiCall {
        name: CALL.into(),
        origin: Origin {
            address: Some(ADDRESS),
            request_id: None,
        },
    }
}

async fn key(scene: &Scene, reach: Reach, expires_at: Option<Timestamp>) -> Created {
    let input = ApiKeyInput {
        name: KeyName::parse("nightly report").unwrap(),
        scopes: vec![KeyScope::TokensRead, KeyScope::TokensUse],
        reach,
        requests_per_minute: None,
        expires_at,
    };
    let created = scene.oauth.api_keys.create(input, "root", &caller()).await;
    created.unwrap()
}

/// A key of another service. Its texts are drawn alike, so it takes a later one.
async fn key_of_another_service() -> Created {
    let elsewhere = scene().await;
    for _ in 0..5 {
        key(&elsewhere, Reach::everybody(), None).await;
    }
    key(&elsewhere, Reach::everybody(), None).await
}

async fn enter(scene: &Scene, credential: Credential<'_>) -> Result<Admitted, NotAdmitted> {
    scene
        .oauth
        .api_access
        .authenticate(credential, call())
        .await
}

async fn admitted(scene: &Scene, reach: Reach) -> Admitted {
    let created = key(scene, reach, None).await;
    let text = created.secret.expose_secret();
    enter(scene, Credential::Key(text)).await.unwrap()
}

async fn refusal(scene: &Scene, credential: Credential<'_>) -> AccessRefusal {
    refusal_with_key(scene, credential).await.0
}

/// Why a call is not let in, and which key it came with.
async fn refusal_with_key(
    scene: &Scene,
    credential: Credential<'_>,
) -> (AccessRefusal, Option<ApiKeyId>) {
    let denied = enter(scene, credential).await.unwrap_err();
    match denied.source {
        AccessError::Refused(refusal) => (refusal, denied.key.map(|key| key.id)),
        other => panic!("{other:?}"),
    }
}

/// What the audit log says of calls that were refused.
fn refused(scene: &Scene) -> Vec<AuditEntry> {
    let entries = scene.stores.audit_entries().into_iter();
    entries
        .filter(|entry| entry.action == AuditAction::ApiCalled)
        .collect()
}

fn only_ann() -> Reach {
    Reach::of([email("ann@example.com")], [])
}

#[tokio::test]
async fn every_key_that_is_not_good_is_refused_with_an_entry() {
    let scene = scene().await;
    let good = key(&scene, Reach::everybody(), None).await;
    let ended = key(&scene, Reach::everybody(), Some(NOW + HOUR)).await;
    let revoked = key(&scene, Reach::everybody(), None).await;
    let by = caller();
    scene
        .oauth
        .api_keys
        .revoke(revoked.key.id, &by)
        .await
        .unwrap();
    scene.clock.advance(HOUR);

    let text = good.secret.expose_secret();
    let (body, last) = text.split_at(text.len() - 1);
    let mistyped = format!("{body}{}", if last == "0" { "1" } else { "0" });
    let elsewhere = key_of_another_service().await;
    let wrong = |text| AccessRefusal::Key(KeyRefusal::Text(text));
    let cases = [
        (Credential::Missing, AccessRefusal::KeyMissing, None),
        (Credential::Key("x"), wrong(WrongKeyText::Malformed), None),
        (
            Credential::Key(&mistyped),
            wrong(WrongKeyText::Checksum),
            None,
        ),
        (
            Credential::Key(ended.secret.expose_secret()),
            AccessRefusal::Key(KeyRefusal::Expired),
            Some(&ended),
        ),
        (
            Credential::Key(revoked.secret.expose_secret()),
            AccessRefusal::Key(KeyRefusal::Revoked),
            Some(&revoked),
        ),
        (
            Credential::Key(elsewhere.secret.expose_secret()),
            AccessRefusal::Key(KeyRefusal::Unknown),
            None,
        ),
        (Credential::InUrl("x"), AccessRefusal::KeyInUrl, None),
        (
            Credential::InUrl(text),
            AccessRefusal::KeyInUrl,
            Some(&good),
        ),
    ];
    for (number, (credential, expected, whose)) in cases.into_iter().enumerate() {
        let known = whose.map(|created| created.key.id);
        let told = refusal_with_key(&scene, credential).await;
        assert_eq!(told, (expected, known));
        let entries = refused(&scene);
        assert_eq!(entries.len(), number + 1, "{expected}");
        let outcome = Outcome::Refused(expected.reason().to_owned());
        let actor = whose.map_or(Actor::Unauthenticated, |created| Actor::ApiKey {
            id: created.key.id,
            name: "nightly report".to_owned(),
        });
        let told = |entry: &&AuditEntry| entry.outcome == outcome && entry.caller.actor == actor;
        let told: Vec<_> = entries.iter().filter(told).collect();
        assert_eq!(told.len(), 1, "{expected}");
        assert_eq!(told[0].api_key, known);
        assert_eq!(told[0].caller.origin, call().origin);
        assert_eq!(told[0].subject.as_deref(), Some(CALL));
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_and_again_makes_one_entry_a_second() {
    let scene = scene().await;
    for _ in 0..50 {
        refusal(&scene, Credential::Missing).await;
    }
    assert_eq!(refused(&scene).len(), 1);
    let service = admitted(&scene, Reach::everybody()).await;
    for _ in 0..50 {
        scene.oauth.api_access.rate_limited(&service).await;
    }
    assert_eq!(refused(&scene).len(), 2);
    tokio::time::advance(Duration::from_secs(1)).await;
    refusal(&scene, Credential::Missing).await;
    assert_eq!(refused(&scene).len(), 3);
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let scene = scene().await;
    let service = admitted(&scene, Reach::everybody()).await;
    let access = &scene.oauth.api_access;
    let allowed = access.authorize(&service, KeyScope::TokensUse).await;
    assert_eq!(allowed, Ok(()));
    for _ in 0..2 {
        let refused = access.authorize(&service, KeyScope::TokensWrite).await;
        assert_eq!(
            refused,
            Err(AccessRefusal::ScopeMissing(KeyScope::TokensWrite))
        );
    }
    // Whose key it is is known, so that each is told.
    let entries = refused(&scene);
    assert_eq!(entries.len(), 2);
    let outcome = Outcome::Refused("insufficient_scope".to_owned());
    assert_eq!(entries[1].outcome, outcome);
    assert_eq!(entries[1].caller, *service.caller());
}

#[tokio::test]
async fn another_persons_token_is_refused_and_left_out_of_lists() {
    let scene = scene().await;
    let anns = scene.stored_token();
    let bobs = scene.token_of("bob", "spark:rooms_read");
    scene.stores.put_token(bobs.clone());
    let service = admitted(&scene, only_ann()).await;
    let access = &scene.oauth.api_access;

    let page = PageRequest::first(NonZeroU16::new(10).unwrap());
    let filter = TokenFilter {
        reach: Reach::everybody(),
        ..TokenFilter::default()
    };
    let list = access.list_tokens(&service, filter, &page).await.unwrap();
    let ids: Vec<_> = list.items.iter().map(|token| token.id).collect();
    assert_eq!(ids, [anns.id]);
    assert!(access.token(&service, anns.id).await.is_ok());

    let none = Scopes::default();
    let bob = email("bob@example.com");
    let results = [
        access.token(&service, bobs.id).await.map(drop),
        access.check_out(&service, bobs.id, MINUTE).await.map(drop),
        access.refresh(&service, bobs.id).await.map(drop),
        access.remove(&service, bobs.id, true).await,
        access
            .check_out_of(&service, &bob, &none, MINUTE)
            .await
            .map(drop),
        access
            .check_out_of(&service, &email("nobody@example.com"), &none, MINUTE)
            .await
            .map(drop),
    ];
    for result in results {
        let refusal = AccessRefusal::PersonNotAllowed;
        assert!(
            matches!(&result, Err(AccessError::Refused(is)) if *is == refusal),
            "{result:?}"
        );
    }
    let entries = refused(&scene);
    let about = |token| entries.iter().filter(|entry| entry.token == token).count();
    assert_eq!((about(Some(bobs.id)), about(None)), (4, 2));
    assert_eq!(scene.client.calls(), []);
}

#[tokio::test]
async fn a_domain_covers_whoever_has_an_address_in_it() {
    let scene = scene().await;
    let token = scene.stored_token();
    let domain = DomainName::parse(token.email.domain()).unwrap();
    let service = admitted(&scene, Reach::of([], [domain])).await;
    let valid = scene.oauth.api_access.check_out(&service, token.id, MINUTE);
    let valid = valid.await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "old-access");
    scene.oauth.settle().await;
    let entries = scene.stores.audit_entries();
    let is_fetch = |entry: &&AuditEntry| entry.action == AuditAction::TokenCheckedOut;
    let fetched = entries.iter().find(is_fetch);
    assert_eq!(fetched.unwrap().caller, *service.caller());
}

struct Persons {
    scene: Scene,
    service: Admitted,
}

impl Persons {
    async fn new() -> Self {
        let scene = scene().await;
        let service = admitted(&scene, only_ann()).await;
        Self { scene, service }
    }

    fn token(&self, scopes: &str, status: Status) -> TokenId {
        let token = Token {
            status,
            ..self.scene.token_of("ann", scopes)
        };
        self.scene.stores.put_token(token.clone());
        token.id
    }

    async fn fetch(&self, scopes: &str) -> Result<TokenId, AccessError> {
        let scopes = Scopes::parse(scopes).unwrap();
        let ann = email("Ann@Example.com");
        let access = &self.scene.oauth.api_access;
        let valid = access.check_out_of(&self.service, &ann, &scopes, MINUTE);
        valid.await.map(|valid| valid.id)
    }
}

/// The refresh on the way may narrow what is granted.
#[tokio::test]
async fn a_token_that_does_not_cover_the_scopes_any_more_is_not_the_answer() {
    let persons = Persons::new().await;
    let id = persons.token("a b", Status::Active);
    let stores = &persons.scene.stores;
    stores.change_token(id, |token| token.access_expires_at = NOW);
    let mut narrowed = answer("new-access", None);
    narrowed.scopes = Some(Scopes::parse("a").unwrap());
    persons.scene.client.on_refresh(Reply::of(narrowed));
    let refused = persons.fetch("b").await.unwrap_err();
    assert!(
        matches!(refused, AccessError::PersonNotFound),
        "{refused:?}"
    );
    assert_eq!(persons.fetch("a").await.unwrap(), id);
}

#[tokio::test]
async fn a_person_is_found_by_address_and_scopes() {
    let persons = Persons::new().await;
    let found = persons.fetch("").await;
    assert!(matches!(found, Err(AccessError::PersonNotFound)));
    let rooms = persons.token("rooms", Status::Active);
    assert_eq!(persons.fetch("").await.unwrap(), rooms);
    let both = persons.token("people rooms", Status::Active);
    assert_eq!(persons.fetch("people").await.unwrap(), both);
    let found = persons.fetch("mail").await;
    assert!(matches!(found, Err(AccessError::PersonNotFound)));
}

/// Consents of one person, the earlier first: scopes and whether each is active.
#[tokio::test]
async fn the_newest_active_consent_that_covers_the_scopes_is_answered() {
    let lost = Status::NeedsConsent {
        reason: ConsentLoss::RefreshRefused,
        since: NOW,
    };
    for (consents, asked, expected) in [
        // The configuration asked for more, and the person consented again.
        (&[("a b", true), ("a b c", true)][..], "a b", Some(1)),
        (&[("a b", true), ("a b c", true)], "", Some(1)),
        (&[("a b", true), ("a b c", true)], "c", Some(1)),
        // It asked for less.
        (&[("a b c", true), ("a b", true)], "a", Some(1)),
        (&[("a b c", true), ("a b", true)], "c", Some(0)),
        // Scopes that overlap.
        (&[("a b", true), ("b c", true)], "b", Some(1)),
        (&[("a b", true), ("b c", true)], "a c", None),
        // A valid token that covers the scopes is worth more than a newer one that is lost.
        (&[("a b", true), ("a b c", false)], "a", Some(0)),
        (&[("a b", false), ("a b c", false)], "a", Some(1)),
    ] {
        let persons = Persons::new().await;
        let mut ids = Vec::new();
        for (number, (scopes, active)) in consents.iter().enumerate() {
            let id = persons.token(scopes, if *active { Status::Active } else { lost });
            let granted_at = NOW + u32::try_from(number).unwrap() * MINUTE;
            persons
                .scene
                .stores
                .change_token(id, |token| token.granted_at = granted_at);
            ids.push(id);
        }
        let found = match persons.fetch(asked).await {
            Ok(id) | Err(AccessError::Token { id, .. }) => Some(id),
            Err(AccessError::PersonNotFound) => None,
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(
            found,
            expected.map(|place: usize| ids[place]),
            "{consents:?} {asked}"
        );
    }
}

#[tokio::test]
async fn no_token_of_a_former_owner_is_answered_for_an_address() {
    let persons = Persons::new().await;
    let lost = Status::NeedsConsent {
        reason: ConsentLoss::RefreshRefused,
        since: NOW,
    };
    let former = persons.token("people rooms", Status::Active);
    let owner = Token {
        email: email("ann@example.com"),
        ..persons.scene.token_of("bob", "people")
    };
    persons.scene.stores.put_token(owner.clone());
    for (place, status) in [Status::Active, lost].into_iter().enumerate() {
        for marked in [false, true] {
            // What a crash leaves between two writes is right too.
            persons.scene.stores.change_token(former, |token| {
                token.profile.email_lost_at = marked.then_some(NOW);
            });
            persons.scene.stores.change_token(owner.id, |token| {
                token.status = status;
                token.profile.email_confirmed_at = Some(NOW + MINUTE);
            });
            let broader = persons.fetch("rooms").await;
            assert!(
                matches!(broader, Err(AccessError::PersonNotFound)),
                "{broader:?}"
            );
            match persons.fetch("people").await {
                Ok(id) if place == 0 => assert_eq!(id, owner.id),
                Err(AccessError::Token {
                    id,
                    source: TokenError::NeedsConsent { .. },
                    ..
                }) => {
                    assert_eq!((id, place), (owner.id, 1));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let access = &persons.scene.oauth.api_access;
    let service = &persons.service;
    let by_id = [
        access.token(service, former).await.map(drop),
        access.check_out(service, former, MINUTE).await.map(drop),
        access.refresh(service, former).await.map(drop),
        access.remove(service, former, true).await,
    ];
    for refused in by_id {
        let expected = AccessRefusal::PersonNotAllowed;
        assert!(matches!(refused, Err(AccessError::Refused(is)) if is == expected));
    }
    let page = PageRequest::first(10.try_into().unwrap());
    let seen = access
        .list_tokens(service, TokenFilter::default(), &page)
        .await
        .unwrap();
    assert_eq!(
        seen.items.iter().map(|token| token.id).collect::<Vec<_>>(),
        [owner.id]
    );
    let unlimited = admitted(&persons.scene, Reach::everybody()).await;
    let valid = access.check_out(&unlimited, former, MINUTE).await.unwrap();
    assert_eq!((valid.id, valid.email), (former, None));
}

#[tokio::test]
async fn an_address_of_two_persons_is_ambiguous_whatever_their_scopes() {
    let persons = Persons::new().await;
    let mut ids = vec![persons.token("people rooms", Status::Active)];
    let other = Token {
        email: email("ann@example.com"),
        ..persons.scene.token_of("bob", "people")
    };
    persons.scene.stores.put_token(other.clone());
    ids.push(other.id);
    ids.sort();
    for scopes in ["people", "rooms"] {
        match persons.fetch(scopes).await {
            Err(AccessError::Ambiguous(found)) => assert_eq!(found, ids),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_active_token_counts_before_all_others_and_each_says_why() {
    let persons = Persons::new().await;
    let by = RevokedBy::Person;
    let revoked = persons.token("rooms", Status::Revoked { by, at: NOW });
    let found = persons.fetch("").await.unwrap_err();
    let is_revoked =
        |id, source: &TokenError| id == revoked && matches!(source, TokenError::Revoked { .. });
    assert!(matches!(&found, AccessError::Token { id, source, .. } if is_revoked(*id, source)));

    let reason = ConsentLoss::RefreshRefused;
    let lost = persons.token("people", Status::NeedsConsent { reason, since: NOW });
    let found = persons.fetch("").await.unwrap_err();
    match &found {
        AccessError::Token {
            id,
            source: TokenError::NeedsConsent { .. },
            renewal: Some(link),
        } => {
            assert_eq!(*id, lost);
            let opened = persons.scene.oauth.links.open(link.as_str()).await.unwrap();
            assert_eq!(opened.scopes, Scopes::parse("people").unwrap());
        }
        other => panic!("{other:?}"),
    }
    let outcomes = persons.scene.outcomes(AuditAction::TokenCheckedOut);
    let refused = |reason: &str| Outcome::Refused(reason.to_owned());
    assert_eq!(outcomes, [refused("revoked"), refused("needs_consent")]);

    let active = persons.token("mail", Status::Active);
    assert_eq!(persons.fetch("").await.unwrap(), active);
}

#[tokio::test]
async fn removing_revokes_first_where_that_is_asked_for() {
    let scene = scene().await;
    let token = scene.stored_token();
    let service = admitted(&scene, only_ann()).await;
    let access = &scene.oauth.api_access;

    scene.client.on_revoke(Reply::of(Revocation::NotPermitted));
    let refused = access.remove(&service, token.id, true).await;
    assert!(matches!(refused, Err(AccessError::RevocationNotPermitted)));
    scene.client.on_revoke(Reply::of(Revocation::NotConfirmed));
    let refused = access.remove(&service, token.id, true).await;
    assert!(matches!(refused, Err(AccessError::RevocationNotConfirmed)));
    assert!(access.token(&service, token.id).await.is_ok());

    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    scene
        .stores
        .fail(StoreCall::TokenRemove, StoreFault::Away, 1);
    let failed = access.remove(&service, token.id, true).await;
    assert!(
        matches!(failed, Err(AccessError::Token { .. })),
        "{failed:?}"
    );

    // It is revoked by now, and asking again removes it.
    access.remove(&service, token.id, true).await.unwrap();
    let gone = access.remove(&service, token.id, false).await;
    let is_gone = |error: &AccessError| {
        matches!(
            error,
            AccessError::Token {
                source: TokenError::NotFound,
                ..
            }
        )
    };
    assert!(is_gone(&gone.unwrap_err()));
    assert_eq!(scene.client.count(ProviderCall::Revoke), 3);
}

#[tokio::test]
async fn a_key_for_some_persons_asks_these_alone() {
    let scene = scene().await;
    let access = scene.oauth.api_access.clone();
    let domain = DomainName::parse("example.com").unwrap();
    let limited = admitted(&scene, Reach::of([], [domain])).await;
    let link_for = |email: Option<&str>| LinkInput {
        expected_email: email.map(|text| EmailAddress::parse(text).unwrap()),
        ..LinkInput::default()
    };
    for (wrong, refusal) in [
        (None, AccessRefusal::PersonUnnamed),
        (Some("ann@example.org"), AccessRefusal::PersonNotAllowed),
    ] {
        let refused = access.create_link(&limited, link_for(wrong)).await;
        assert!(matches!(refused, Err(AccessError::Refused(told)) if told == refusal));
    }
    assert_eq!(scene.stores.links(), []);
    let own = link_for(Some("ann@example.com"));
    let made = access.create_link(&limited, own).await.unwrap();
    assert_eq!(made.created_by, "nightly report");
    let (read, token) = access.link(&limited, made.id).await.unwrap();
    assert_eq!((read, token), (made, None));
    // What others made is not for this key.
    let everybody = admitted(&scene, Reach::everybody()).await;
    let anybodys = access.create_link(&everybody, link_for(None)).await;
    let refused = access.link(&limited, anybodys.unwrap().id).await;
    assert!(matches!(
        refused,
        Err(AccessError::Refused(AccessRefusal::PersonUnnamed))
    ));
    assert_eq!(refused_reasons(&scene), ["person_not_allowed"; 3]);
}

fn refused_reasons(scene: &Scene) -> Vec<String> {
    let reason = |entry: AuditEntry| match entry.outcome {
        Outcome::Refused(reason) => reason,
        other => panic!("{other:?}"),
    };
    refused(scene).into_iter().map(reason).collect()
}
