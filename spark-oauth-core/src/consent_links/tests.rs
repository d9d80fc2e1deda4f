//! Links through the services: made, opened, consented under, sent, ended.

mod ending;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use url::Url;

use crate::audit::{AuditAction, Outcome};
use crate::consent::{
    Account, BrowserSecret, Callback, ConsentError, ConsentFailure, Granted, ProviderRefusal, State,
};
use crate::consent_links::{
    ConsentLink, Invitation, LinkError, LinkInput, LinkProblem, LinkProgress, LinkRefusal,
    LinkState, LinkText, Note, ReturnAddress, ReturnRule, ReturnRules, SendError,
};
use crate::ports::{Clock, MessageId, Revocation, SparkErrorKind};
use crate::scopes::Scopes;
use crate::secret::AuthorizationCode;
use crate::testing::scene::{
    HOUR, MINUTE, NOW, Scene, answer, caller, email, integration, origin, person, scene_with,
};
use crate::testing::{ProviderCall, Reply, StoreCall, StoreFault};
use crate::token::{ConsentLoss, Status};

const DAY: Duration = Duration::from_hours(24);

async fn scene() -> Scene {
    let rule = ReturnRule::parse("https://app.example.com").unwrap();
    scene_with(|builder| builder.return_rules(ReturnRules::new([rule]))).await
}

fn for_ann() -> LinkInput {
    LinkInput {
        expected_email: Some(email("ann@example.com")),
        single_use: true,
        ..LinkInput::default()
    }
}

async fn make(scene: &Scene, input: LinkInput) -> ConsentLink {
    let made = scene.oauth.links.create(input, "root", &caller()).await;
    made.unwrap()
}

async fn open(scene: &Scene, text: &LinkText) -> Result<Invitation, LinkRefusal> {
    scene.oauth.links.open(text.as_str()).await
}

async fn stored(scene: &Scene, link: &ConsentLink) -> ConsentLink {
    scene.oauth.links.get(link.id).await.unwrap()
}

/// A consent that was begun from an invitation.
struct Begun {
    browser: BrowserSecret,
    url: Url,
}

async fn begin(scene: &Scene, invitation: &Invitation, account: Account) -> Begun {
    let browser = BrowserSecret::generate(scene.random());
    let consents = &scene.oauth.consents;
    let url = consents
        .begin_invited(invitation, account, &browser, &origin(1))
        .await
        .unwrap();
    Begun { browser, url }
}

async fn begin_from(scene: &Scene, link: &ConsentLink) -> Begun {
    let invitation = open(scene, &scene.oauth.links.text(link)).await.unwrap();
    begin(scene, &invitation, Account::SignedIn).await
}

impl Begun {
    fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    async fn end(
        &self,
        scene: &Scene,
        refusal: Option<ProviderRefusal>,
    ) -> Result<Granted, ConsentFailure> {
        let callback = Callback {
            state: self.parameter("state").map(State::from_callback),
            code: Some(AuthorizationCode::new("the-code")),
            refusal,
            issuer: None,
        };
        let consents = &scene.oauth.consents;
        consents
            .complete(callback, Some(&self.browser), &origin(1))
            .await
    }

    async fn accept(&self, scene: &Scene, who: &str) -> Result<Granted, ConsentFailure> {
        scene
            .client
            .on_exchange(Reply::of(answer("new-access", Some("new-refresh"))))
            .on_me(Reply::of(person(who)));
        self.end(scene, None).await
    }

    async fn decline(&self, scene: &Scene) -> ConsentFailure {
        let refusal = ProviderRefusal::new("access_denied", None);
        self.end(scene, Some(refusal)).await.unwrap_err()
    }
}

#[tokio::test]
async fn a_link_asks_for_what_it_was_made_for() {
    let scene = scene().await;
    let back = ReturnAddress::parse("https://app.example.com/done").unwrap();
    let input = LinkInput {
        scopes: Some(Scopes::parse("spark:people_read").unwrap()),
        note: Some(Note::parse("For the weekly report").unwrap()),
        return_to: Some(back.clone()),
        ..for_ann()
    };
    let link = make(&scene, input).await;
    assert_eq!(link.expires_at, NOW + 7 * DAY);
    assert_eq!(link.state(NOW), LinkState::Open);
    let text = scene.oauth.links.text(&link);
    let invitation = open(&scene, &text).await.unwrap();
    assert_eq!(invitation.scopes.to_string(), "spark:people_read");
    assert_eq!(invitation.note.unwrap().as_str(), "For the weekly report");
    assert_eq!(
        invitation.terms.expected_email,
        Some(email("ann@example.com"))
    );
    assert_eq!(invitation.terms.return_to, Some(back));
    assert_eq!(
        scene.outcomes(AuditAction::ConsentLinkCreated),
        [Outcome::Done]
    );
    let again = open(&scene, &text).await.unwrap();
    assert_eq!(again.terms.text, Some(text), "to look changes nothing");
    assert_eq!(stored(&scene, &link).await, link);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_link_is_said_at_once() {
    let scene = scene().await;
    let input = LinkInput {
        scopes: Some(Scopes::parse("spark:kms").unwrap()),
        return_to: Some(ReturnAddress::parse("https://evil.example/").unwrap()),
        life: Some(90 * DAY + Duration::from_secs(1)),
        ..LinkInput::default()
    };
    let refused = scene.oauth.links.create(input, "root", &caller()).await;
    let Err(LinkError::Invalid(problems)) = refused else {
        panic!("{refused:?}");
    };
    assert!(matches!(
        problems[..],
        [
            LinkProblem::NotRegistered { .. },
            LinkProblem::ReturnNotAllowed(_),
            LinkProblem::Life
        ]
    ));
    assert_eq!(scene.outcomes(AuditAction::ConsentLinkCreated), []);
    for life in [MINUTE, 90 * DAY] {
        let input = LinkInput {
            life: Some(life),
            ..for_ann()
        };
        assert_eq!(make(&scene, input).await.expires_at, NOW + life);
    }
}

#[tokio::test]
async fn the_person_consents_and_the_link_tells_of_the_token() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let begun = begin_from(&scene, &link).await;
    assert_eq!(
        begun.parameter("login_hint").as_deref(),
        Some("ann@example.com")
    );
    assert_eq!(begun.parameter("prompt"), None);
    let granted = begun.accept(&scene, "ann").await.unwrap();
    assert_eq!(granted.terms.link, Some(link.id));
    let link = stored(&scene, &link).await;
    let expected = LinkProgress::Granted {
        at: NOW,
        token: Some(granted.token.id),
    };
    assert_eq!(link.progress, expected);
    let used = open(&scene, &scene.oauth.links.text(&link)).await;
    assert!(
        matches!(used, Err(LinkRefusal::Used { at: NOW })),
        "{used:?}"
    );
}

#[tokio::test]
async fn another_person_is_refused_and_what_they_granted_is_given_back() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let begun = begin_from(&scene, &link).await;
    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    let refused = begun.accept(&scene, "bob").await.unwrap_err();
    assert!(
        matches!(&refused.error, ConsentError::OtherPerson { expected, signed_in }
            if *expected == email("ann@example.com") && *signed_in == email("bob@example.com")),
        "{refused:?}"
    );
    assert!(refused.terms.text.is_some(), "there is a way back");
    assert_eq!(scene.stores.tokens(), [], "nothing is stored");
    assert_eq!(scene.client.count(ProviderCall::Revoke), 1);
    let reason = Outcome::Refused("other_person".to_owned());
    assert_eq!(scene.outcomes(AuditAction::ConsentFailed), [reason]);
    let link = stored(&scene, &link).await;
    assert_eq!(link.state(NOW), LinkState::Open);
    // The person switches the account.
    let text = scene.oauth.links.text(&link);
    let invitation = open(&scene, &text).await.unwrap();
    let begun = begin(&scene, &invitation, Account::Choose).await;
    assert_eq!(begun.parameter("prompt").as_deref(), Some("select_account"));
    begun.accept(&scene, "ann").await.unwrap();
    assert_eq!(stored(&scene, &link).await.state(NOW), LinkState::Granted);
}

#[tokio::test]
async fn to_give_back_never_ends_an_earlier_grant() {
    let scene = scene().await;
    let bobs = scene.token_of("bob", "spark:people_read");
    scene.stores.put_token(bobs.clone());
    let link = make(&scene, for_ann()).await;
    let begun = begin_from(&scene, &link).await;
    begun.accept(&scene, "bob").await.unwrap_err();
    assert_eq!(scene.client.count(ProviderCall::Revoke), 0);
    assert_eq!(scene.token(bobs.id), bobs);
}

#[tokio::test]
async fn of_two_at_once_one_consents_under_a_link_for_one() {
    let scene = scene().await;
    let input = LinkInput {
        single_use: true,
        ..LinkInput::default()
    };
    let link = make(&scene, input).await;
    let (one, two) = (
        begin_from(&scene, &link).await,
        begin_from(&scene, &link).await,
    );
    // Both have their tokens before either is written.
    let gate = Arc::new(Semaphore::new(0));
    for who in ["ann", "bob"] {
        scene
            .client
            .on_exchange(Reply::of(answer(who, Some("r"))))
            .on_me(Reply::of(person(who)).behind(&gate));
    }
    let release = async {
        scene.client.called(ProviderCall::Me, 2).await;
        gate.add_permits(2);
    };
    let (one, two, ()) = tokio::join!(one.end(&scene, None), two.end(&scene, None), release);
    let (granted, refused) = match (one, two) {
        (Ok(granted), Err(refused)) | (Err(refused), Ok(granted)) => (granted, refused),
        both => panic!("{both:?}"),
    };
    assert!(
        matches!(
            refused.error,
            ConsentError::Link(LinkRefusal::Used { at: NOW })
        ),
        "{refused:?}"
    );
    let tokens = scene.stores.tokens();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].id, granted.token.id);
    assert_eq!(scene.client.count(ProviderCall::Revoke), 0);
}

#[tokio::test]
async fn a_used_link_costs_no_code() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let (one, two) = (
        begin_from(&scene, &link).await,
        begin_from(&scene, &link).await,
    );
    one.accept(&scene, "ann").await.unwrap();
    let refused = two.end(&scene, None).await.unwrap_err();
    assert!(matches!(
        refused.error,
        ConsentError::Link(LinkRefusal::Used { .. })
    ));
    assert_eq!(scene.client.count(ProviderCall::ExchangeCode), 1);
}

#[tokio::test]
async fn a_link_for_many_stays_open_to_the_next() {
    let scene = scene().await;
    let link = make(&scene, LinkInput::default()).await;
    for who in ["ann", "bob"] {
        let begun = begin_from(&scene, &link).await;
        let granted = begun.accept(&scene, who).await.unwrap();
        let token = match stored(&scene, &link).await.progress {
            LinkProgress::Granted { token, .. } => token,
            other => panic!("{other:?}"),
        };
        assert_eq!(token, Some(granted.token.id));
    }
    // Somebody declines: it does not undo what others granted.
    begin_from(&scene, &link).await.decline(&scene).await;
    assert_eq!(stored(&scene, &link).await.state(NOW), LinkState::Granted);
}

#[tokio::test]
async fn a_link_that_ends_while_the_person_reads_is_refused() {
    let scene = scene().await;
    let input = LinkInput {
        life: Some(MINUTE),
        ..for_ann()
    };
    let link = make(&scene, input).await;
    let text = scene.oauth.links.text(&link);
    let begun = begin_from(&scene, &link).await;
    scene.clock.advance(MINUTE);
    let refused = begun.end(&scene, None).await.unwrap_err();
    let end = NOW + MINUTE;
    assert!(
        matches!(refused.error, ConsentError::Link(LinkRefusal::Expired { at }) if at == end),
        "{refused:?}"
    );
    let late = open(&scene, &text).await;
    assert!(
        matches!(late, Err(LinkRefusal::Expired { at }) if at == end),
        "{late:?}"
    );
    assert_eq!(scene.stores.tokens(), []);
    assert_eq!(
        stored(&scene, &link).await.state(scene.clock.now()),
        LinkState::Expired
    );
}

#[tokio::test]
async fn who_declines_may_change_their_mind() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let failure = begin_from(&scene, &link).await.decline(&scene).await;
    assert!(matches!(failure.error, ConsentError::Declined));
    assert_eq!(failure.terms.link, Some(link.id));
    assert_eq!(stored(&scene, &link).await.state(NOW), LinkState::Declined);
    let begun = begin_from(&scene, &link).await;
    begun.accept(&scene, "ann").await.unwrap();
    assert_eq!(stored(&scene, &link).await.state(NOW), LinkState::Granted);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_stored_gives_the_link_back() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let begun = begin_from(&scene, &link).await;
    scene
        .stores
        .fail(StoreCall::TokenInsert, StoreFault::Away, 1_000);
    let failed = begun.accept(&scene, "ann").await.unwrap_err();
    assert!(
        matches!(failed.error, ConsentError::NotStored(_)),
        "{failed:?}"
    );
    assert_eq!(failed.error.reason(), "not_stored");
    assert_eq!(stored(&scene, &link).await.progress, LinkProgress::Open);
}

#[tokio::test]
async fn a_link_whose_consent_died_half_way_is_good_again() {
    let scene = scene().await;
    let mut link = make(&scene, for_ann()).await;
    link.progress = LinkProgress::Granted {
        at: NOW,
        token: None,
    };
    scene.stores.stores().links.update(&link).await.unwrap();
    let text = scene.oauth.links.text(&link);
    assert!(matches!(
        open(&scene, &text).await,
        Err(LinkRefusal::Used { .. })
    ));
    assert_eq!(link.state(NOW), LinkState::Granted);
    scene.clock.advance(ConsentLink::CLAIM_LIFE);
    open(&scene, &text).await.unwrap();
    assert_eq!(link.state(scene.clock.now()), LinkState::Open);
    let begun = begin_from(&scene, &link).await;
    begun.accept(&scene, "ann").await.unwrap();
}

#[tokio::test]
async fn a_renewal_revives_the_very_record_and_no_other_person_may() {
    let scene = scene().await;
    let mut token = scene.stored_token();
    token.status = Status::NeedsConsent {
        reason: ConsentLoss::RefreshRefused,
        since: NOW,
    };
    scene.stores.put_token(token.clone());
    let text = scene.oauth.links.renewal(&token);
    let invitation = open(&scene, &text).await.unwrap();
    assert_eq!(invitation.scopes, token.scopes);
    let bob = begin(&scene, &invitation, Account::SignedIn).await;
    scene.client.on_revoke(Reply::of(Revocation::NotPermitted));
    let refused = bob.accept(&scene, "bob").await.unwrap_err();
    assert!(matches!(refused.error, ConsentError::OtherPerson { .. }));
    let ann = begin(&scene, &invitation, Account::SignedIn).await;
    let granted = ann.accept(&scene, "ann").await.unwrap();
    assert!(granted.renewed);
    assert_eq!(granted.token.id, token.id);
    assert_eq!(scene.token(token.id).status, Status::Active);
    scene.clock.advance(7 * DAY);
    let late = open(&scene, &text).await;
    assert!(matches!(late, Err(LinkRefusal::Expired { .. })), "{late:?}");
}

#[tokio::test]
async fn a_person_whose_address_changed_can_consent_again() {
    let scene = scene().await;
    let mut token = scene.stored_token();
    token.email = email("ann.maiden@example.com");
    scene.stores.put_token(token.clone());
    let text = scene.oauth.links.renewal(&token);
    let invitation = open(&scene, &text).await.unwrap();
    let begun = begin(&scene, &invitation, Account::SignedIn).await;
    let granted = begun.accept(&scene, "ann").await.unwrap();
    assert_eq!(granted.token.id, token.id);
    assert_eq!(granted.token.email, email("ann@example.com"));
    // A stored link means whoever has the address today.
    let input = LinkInput {
        expected_email: Some(email("ann.maiden@example.com")),
        ..for_ann()
    };
    let begun = begin_from(&scene, &make(&scene, input).await).await;
    let refused = begun.accept(&scene, "ann").await.unwrap_err();
    assert!(matches!(refused.error, ConsentError::OtherPerson { .. }));
}

#[tokio::test]
async fn links_that_ended_long_ago_are_removed() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let text = scene.oauth.links.text(&link);
    scene.clock.advance(96 * DAY + 23 * HOUR);
    assert_eq!(scene.oauth.links.remove_expired().await.unwrap(), 0);
    scene.clock.advance(HOUR);
    assert_eq!(scene.oauth.links.remove_expired().await.unwrap(), 1);
    assert!(matches!(
        scene.oauth.links.get(link.id).await,
        Err(LinkError::NotFound)
    ));
    assert!(matches!(open(&scene, &text).await, Err(LinkRefusal::Gone)));
}

async fn send(scene: &Scene, link: &ConsentLink) -> Result<MessageId, SendError> {
    let url = Url::parse("https://tokens.example/consent/abc").unwrap();
    scene.oauth.links.send(link, &url, &caller()).await
}

/// A token of the requester.
fn put_requesters_token(scene: &Scene, scopes: &str, status: Status) {
    let mut token = scene.token_of("owner", scopes);
    token.status = status;
    scene.stores.put_token(token);
}

#[tokio::test]
async fn a_link_is_sent_with_a_token_of_the_requester() {
    let scene = scene().await;
    put_requesters_token(
        &scene,
        "spark:messages_write spark:people_read",
        Status::Active,
    );
    let sent = MessageId::new("M1");
    scene.client.on_message_person(Reply::of(sent.clone()));
    let input = LinkInput {
        note: Some(Note::parse("For the report").unwrap()),
        ..for_ann()
    };
    let link = make(&scene, input).await;
    assert_eq!(send(&scene, &link).await.unwrap(), sent);
    let written = scene.client.arguments(ProviderCall::MessagePerson);
    assert_eq!(
        written,
        [
            "ann@example.com\nowner@example.com asks for your consent: their software would use \
             Webex in your name.\n\nFor the report\n\nSee what is asked for, and decide: \
             https://tokens.example/consent/abc"
        ]
    );
    assert_eq!(
        scene.outcomes(AuditAction::ConsentLinkSent),
        [Outcome::Done]
    );
}

#[tokio::test]
async fn a_link_that_cannot_be_sent_says_why() {
    let scene = scene().await;
    let link = make(&scene, for_ann()).await;
    let since = NOW;
    let reason = ConsentLoss::RefreshRefused;
    put_requesters_token(&scene, "spark:rooms_read", Status::Active);
    put_requesters_token(&scene, "spark:all", Status::NeedsConsent { reason, since });
    let refused = send(&scene, &link).await.unwrap_err();
    let requester = integration().requester;
    assert!(
        matches!(&refused, SendError::NoSender { requester: named } if *named == requester),
        "{refused:?}"
    );
    put_requesters_token(&scene, "spark:all", Status::Active);
    let anybodys = make(&scene, LinkInput::default()).await;
    let own = LinkInput {
        expected_email: Some(requester),
        ..LinkInput::default()
    };
    let own = make(&scene, own).await;
    assert!(matches!(
        send(&scene, &anybodys).await,
        Err(SendError::NobodyNamed)
    ));
    assert!(matches!(
        send(&scene, &own).await,
        Err(SendError::ToSender(_))
    ));
    scene
        .client
        .on_message_person(Reply::error(SparkErrorKind::Forbidden));
    assert!(matches!(
        send(&scene, &link).await,
        Err(SendError::Provider(_))
    ));
    begin_from(&scene, &link)
        .await
        .accept(&scene, "ann")
        .await
        .unwrap();
    let link = stored(&scene, &link).await;
    assert!(matches!(
        send(&scene, &link).await,
        Err(SendError::AlreadyGranted)
    ));
    let unanswered = make(&scene, for_ann()).await;
    scene.clock.advance(8 * DAY + HOUR);
    assert!(matches!(
        send(&scene, &unanswered).await,
        Err(SendError::Ended(LinkRefusal::Expired { .. }))
    ));
    let outcomes = scene.outcomes(AuditAction::ConsentLinkSent);
    let mut words: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Refused(reason) | Outcome::Failed(reason) => reason.as_str(),
            Outcome::Done => "done",
        })
        .collect();
    // Entries of one moment are in no order.
    words.sort_unstable();
    assert_eq!(
        words,
        [
            "already_granted",
            "ended",
            "no_sender",
            "nobody_named",
            "provider",
            "to_sender"
        ]
    );
}
