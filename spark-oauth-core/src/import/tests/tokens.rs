//! What becomes of tokens.

use std::time::Duration;

use super::*;
use crate::audit::{Actor, AuditAction};
use crate::broker::CheckedOut;
use crate::email::InvalidEmail;
use crate::import::token_candidate::MAX_TOKEN;
use crate::testing::Reply;
use crate::testing::scene::{NOW, answer, caller};
use crate::token::Status;

#[tokio::test]
async fn a_token_is_sealed_and_counts_as_ended() {
    let scene = scene().await;
    let report = import(&scene, &sample([token(0, " Ann@Example.com ", "1")], [])).await;
    assert_eq!((report.tokens.read, report.tokens.added), (1, 1));
    assert_eq!(told(&report), []);
    let [stored] = scene.stores.tokens().try_into().unwrap();
    let texts = ("access-1".to_owned(), Some("refresh-1".to_owned()));
    assert_eq!(scene.opened(stored.id), texts);
    assert_eq!(stored.email.as_str(), "Ann@Example.com");
    assert_eq!(stored.integration, integration().client_id);
    assert_eq!(stored.scopes, integration().scopes);
    assert_eq!(
        (stored.person.clone(), stored.status),
        (None, Status::Active)
    );
    let now = crate::ports::Clock::now(&*scene.clock);
    assert!(stored.access_expires_at.has_passed(now));
    assert_eq!(stored.granted_at, MADE_AT);
    assert_eq!(stored.refresh_expires_at, None);
    assert!(is_due_soon(&stored, now));
    let [entry] = scene.stores.audit_entries().try_into().unwrap();
    assert_eq!(entry.action, AuditAction::TokenImported);
    assert_eq!(entry.caller.actor, Actor::Operator);
    assert_eq!(entry.token, Some(stored.id));
}

#[tokio::test]
async fn a_token_is_refreshed_before_its_first_use() {
    let scene = scene().await;
    import(&scene, &sample([token(0, "ann@example.com", "1")], [])).await;
    let [stored] = scene.stores.tokens().try_into().unwrap();
    let answer = answer("new-access", Some("new-refresh"));
    scene.client.on_refresh(Reply::of(answer));
    let caller = caller();
    let checked_out = scene
        .oauth
        .broker
        .check_out(stored.id, Duration::ZERO, &caller);
    let CheckedOut { access_token, .. } = checked_out.await.unwrap();
    assert_eq!(access_token.expose_secret(), "new-access");
    let [used] = scene.client.refresh_tokens().try_into().unwrap();
    assert_eq!(used.expose_secret(), "refresh-1");
}

#[tokio::test]
async fn of_one_person_the_newest_counts_wherever_it_stands() {
    let scene = scene().await;
    let report = import(
        &scene,
        &sample(
            [
                token(1, "ann@example.com", "2"),
                token(9, "ANN@example.com", "3"),
                token(0, "Ann@example.com", "1"),
                token(5, "bob@example.com", "4"),
            ],
            [],
        ),
    )
    .await;
    assert_eq!(report.tokens.added, 2);
    assert_eq!(report.tokens.left_out, 2);
    assert_eq!(
        told(&report),
        [
            (
                Verdict::LeftOut,
                Some("ann@example.com"),
                &Remark::Older(id(9))
            ),
            (
                Verdict::LeftOut,
                Some("Ann@example.com"),
                &Remark::Older(id(9))
            ),
        ]
    );
    let stored = scene.stores.tokens();
    let ann = stored
        .iter()
        .find(|token| token.email.as_str() == "ANN@example.com");
    assert_eq!(scene.opened(ann.unwrap().id).0, "access-3");
}

#[tokio::test]
async fn a_newer_record_that_is_broken_gives_way_to_an_older_one() {
    let scene = scene().await;
    let broken = with(token(9, "ann@example.com", "2"), "refresh_token", None);
    let report = import(
        &scene,
        &sample([broken, token(0, "ann@example.com", "1")], []),
    )
    .await;
    assert_eq!((report.tokens.added, report.tokens.left_out), (1, 1));
    let [stored] = scene.stores.tokens().try_into().unwrap();
    assert_eq!(scene.opened(stored.id).0, "access-1");
}

#[tokio::test]
async fn a_record_that_stands_twice_is_imported_once() {
    let scene = scene().await;
    let twice = [
        token(0, "ann@example.com", "1"),
        token(0, "ann@example.com", "1"),
    ];
    let report = import(&scene, &sample(twice, [])).await;
    assert_eq!(report.tokens.added, 1);
    assert_eq!(
        told(&report),
        [(Verdict::LeftOut, Some("ann@example.com"), &Remark::Repeated)]
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_one_by_one_and_stops_nothing() {
    let text = |text: String| SampleValue::text(text);
    let wrong_type = |field, found| Remark::WrongType {
        field,
        expected: "a text",
        found,
    };
    let cases = [
        ("email", None, Remark::Missing("email")),
        ("email", Some(SampleValue::Null), Remark::Missing("email")),
        ("email", Some(text("  ".into())), Remark::Missing("email")),
        (
            "email",
            Some(SampleValue::Array),
            wrong_type("email", "an array"),
        ),
        (
            "email",
            Some(text("ann".into())),
            Remark::Email(InvalidEmail::Malformed),
        ),
        ("access_token", None, Remark::Missing("access_token")),
        (
            "access_token",
            Some(SampleValue::Object),
            wrong_type("access_token", "an object"),
        ),
        (
            "access_token",
            Some(text("a b".into())),
            Remark::NotAToken("access_token"),
        ),
        (
            "access_token",
            Some(text("a".repeat(MAX_TOKEN + 1))),
            Remark::TooLong {
                field: "access_token",
                length: MAX_TOKEN + 1,
                most: MAX_TOKEN,
            },
        ),
        ("refresh_token", None, Remark::Missing("refresh_token")),
        (
            "refresh_token",
            Some(text(String::new())),
            Remark::Missing("refresh_token"),
        ),
        (
            "refresh_token",
            Some(SampleValue::Number),
            wrong_type("refresh_token", "a number"),
        ),
        (
            "refresh_token",
            Some(text("r".repeat(MAX_TOKEN + 1))),
            Remark::TooLong {
                field: "refresh_token",
                length: MAX_TOKEN + 1,
                most: MAX_TOKEN,
            },
        ),
    ];
    let scene = scene().await;
    let mut records = vec![token(99, "bob@example.com", "9")];
    for (index, (field, value, _)) in cases.iter().enumerate() {
        let email = format!("ann{index}@example.com");
        let sound = token(u32::try_from(index).unwrap(), &email, "1");
        records.push(with(sound, field, value.clone()));
    }
    let report = import(&scene, &sample(records, [])).await;
    assert_eq!(report.tokens.added, 1);
    assert_eq!(report.tokens.left_out, cases.len() as u64);
    let remarks: Vec<_> = told(&report)
        .into_iter()
        .map(|(.., remark)| remark)
        .collect();
    let expected: Vec<_> = cases.iter().map(|(.., remark)| remark).collect();
    assert_eq!(remarks, expected);
    assert_eq!(scene.stores.tokens().len(), 1);
}

#[tokio::test]
async fn several_faults_of_one_record_are_all_told_and_count_once() {
    let scene = scene().await;
    let empty = record("tokens", id(0), []);
    let report = import(&scene, &sample([empty], [])).await;
    assert_eq!((report.tokens.left_out, report.findings.len()), (1, 3));
}

#[tokio::test]
async fn the_longest_token_is_imported() {
    let scene = scene().await;
    let longest = "a".repeat(MAX_TOKEN);
    let record = token(0, "ann@example.com", "1");
    let record = with(record, "access_token", SampleValue::text(longest.as_str()));
    let report = import(&scene, &sample([record], [])).await;
    assert_eq!(report.tokens.added, 1);
    assert_eq!(scene.opened(scene.stores.tokens()[0].id).0, longest);
}

#[tokio::test]
async fn what_is_only_odd_is_imported_and_told() {
    let scene = scene().await;
    let odd = token(0, "ann@example.com", "1");
    let odd = with(odd, "expires_in", SampleValue::text("1209599"));
    let odd = with(odd, "refresh_token_expires_in", None);
    let odd = with(odd, "message", SampleValue::text("refused"));
    let odd = with(odd, "errors", SampleValue::Array);
    let odd = with(odd, "trackingId", SampleValue::text("ROUTER_1"));
    let report = import(&scene, &sample([odd], [])).await;
    assert_eq!((report.tokens.added, report.tokens.left_out), (1, 0));
    let wrong_type = Remark::WrongType {
        field: "expires_in",
        expected: "a number",
        found: "a text",
    };
    let ann = Some("ann@example.com");
    assert_eq!(
        told(&report),
        [
            (Verdict::Taken, ann, &wrong_type),
            (
                Verdict::Taken,
                ann,
                &Remark::Missing("refresh_token_expires_in")
            ),
            (
                Verdict::Taken,
                ann,
                &Remark::ErrorFields("message, errors, trackingId".to_owned())
            ),
        ]
    );
}

#[tokio::test]
async fn an_address_that_is_confirmed_for_a_person_is_not_given_to_an_imported_record() {
    let scene = scene().await;
    let mut known = scene.token_of("ann", "spark:people_read");
    known.profile.email_confirmed_at = Some(NOW);
    scene.stores.put_token(known.clone());
    let sample = sample([token(0, known.email.as_str(), "1")], []);
    let report = import(&scene, &sample).await;
    assert_eq!(report.tokens.added, 1);
    let tokens = scene.stores.tokens();
    let holders: Vec<_> = tokens
        .iter()
        .filter(|token| token.held_email().is_some())
        .map(|token| token.id)
        .collect();
    assert_eq!((tokens.len(), holders), (2, vec![known.id]));
}
