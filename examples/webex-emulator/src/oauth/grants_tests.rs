//! What the grants promise, without HTTP.

use time::Duration;

use super::*;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
const PERSON: Uuid = Uuid::from_u128(1);

fn consent() -> Consent {
    Consent {
        client_id: "C1".to_owned(),
        redirect_uri: "http://a/cb".to_owned(),
        scopes: Arc::new(Scopes::parse("spark:people_read spark:rooms_write").unwrap()),
        person: PERSON,
        code_challenge: None,
    }
}

fn redeem(grants: &Grants, code: &str) -> Result<TokenAnswer, CodeError> {
    let redemption = Redemption {
        code,
        client_id: "C1",
        redirect_uri: Some("http://a/cb"),
        code_verifier: None,
    };
    grants.exchange(redemption, &Settings::default(), NOW)
}

fn refresh_token(answer: &TokenAnswer) -> &str {
    answer.refresh_token.as_deref().unwrap()
}

#[test]
fn using_a_code_twice_ends_what_came_of_it() {
    let grants = Grants::default();
    let code = grants.issue_code(consent(), NOW);
    let answer = redeem(&grants, &code).unwrap();
    assert!(grants.caller(&answer.access_token, NOW).is_some());
    assert!(matches!(redeem(&grants, &code), Err(CodeError::Reused(_))));
    assert!(grants.caller(&answer.access_token, NOW).is_none());
    let refreshed = grants.refresh("C1", refresh_token(&answer), &Settings::default(), NOW);
    assert_eq!(refreshed, Err(RefreshError::Dead));
}

#[test]
fn without_rotation_the_refresh_token_stays_and_the_old_access_token_works_on() {
    let grants = Grants::default();
    let settings = Settings::default();
    let first = grants.grant(&consent(), &settings, NOW);
    let second = grants
        .refresh("C1", refresh_token(&first), &settings, NOW)
        .unwrap();
    assert_eq!(second.refresh_token, first.refresh_token);
    assert_ne!(second.access_token, first.access_token);
    assert!(grants.caller(&first.access_token, NOW).is_some());
    assert!(grants.caller(&second.access_token, NOW).is_some());
}

#[test]
fn re_use_of_a_rotated_refresh_token_ends_the_family() {
    let grants = Grants::default();
    let settings = Settings {
        rotate_refresh_tokens: true,
        ..Settings::default()
    };
    let first = grants.grant(&consent(), &settings, NOW);
    let second = grants
        .refresh("C1", refresh_token(&first), &settings, NOW)
        .unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    for _ in 0..2 {
        let reused = grants.refresh("C1", refresh_token(&first), &settings, NOW);
        assert_eq!(reused, Err(RefreshError::Reused));
    }
    let third = grants.refresh("C1", refresh_token(&second), &settings, NOW);
    assert_eq!(third, Err(RefreshError::Dead));
    assert!(grants.caller(&second.access_token, NOW).is_none());
    assert_eq!(grants.live(), 0);
}

#[test]
fn the_life_of_a_refresh_token_is_renewed_or_counts_down() {
    let later = NOW + Duration::seconds(60);
    for (renew_refresh_ttl, expected) in [(true, 100), (false, 40)] {
        let grants = Grants::default();
        let settings = Settings {
            refresh_ttl_s: 100,
            renew_refresh_ttl,
            ..Settings::default()
        };
        let first = grants.grant(&consent(), &settings, NOW);
        let second = grants
            .refresh("C1", refresh_token(&first), &settings, later)
            .unwrap();
        assert_eq!(second.refresh_token_expires_in, expected);
    }
}

#[test]
fn a_refresh_may_leave_the_refresh_token_out() {
    let grants = Grants::default();
    let settings = Settings {
        omit_refresh_token: true,
        ..Settings::default()
    };
    let first = grants.grant(&consent(), &settings, NOW);
    let token = refresh_token(&first).to_owned();
    assert_eq!(
        grants
            .refresh("C1", &token, &settings, NOW)
            .unwrap()
            .refresh_token,
        None
    );
    assert!(grants.refresh("C1", &token, &settings, NOW).is_ok());
}

#[test]
fn a_second_refresh_may_answer_the_same_access_token() {
    let grants = Grants::default();
    let settings = Settings {
        same_access_token_s: 100,
        access_ttl_s: 1000,
        ..Settings::default()
    };
    let first = grants.grant(&consent(), &settings, NOW);
    let soon = NOW + Duration::seconds(99);
    let second = grants
        .refresh("C1", refresh_token(&first), &settings, soon)
        .unwrap();
    assert_eq!(
        (&second.access_token, second.expires_in),
        (&first.access_token, 901)
    );
    let later = NOW + Duration::seconds(100);
    let third = grants
        .refresh("C1", refresh_token(&first), &settings, later)
        .unwrap();
    assert_ne!(third.access_token, first.access_token);
}

#[test]
fn tokens_die_of_age() {
    let grants = Grants::default();
    let settings = Settings {
        access_ttl_s: 10,
        refresh_ttl_s: 20,
        ..Settings::default()
    };
    let answer = grants.grant(&consent(), &settings, NOW);
    let at = |seconds| NOW + Duration::seconds(seconds);
    assert!(grants.caller(&answer.access_token, at(9)).is_some());
    assert!(grants.caller(&answer.access_token, at(10)).is_none());
    let dead = grants.refresh("C1", refresh_token(&answer), &settings, at(20));
    assert_eq!(dead, Err(RefreshError::Dead));
}

#[test]
fn a_refresh_token_is_bound_to_its_client() {
    let grants = Grants::default();
    let settings = Settings {
        rotate_refresh_tokens: true,
        ..Settings::default()
    };
    let answer = grants.grant(&consent(), &settings, NOW);
    let stranger = grants.refresh("C2", refresh_token(&answer), &settings, NOW);
    assert_eq!(stranger, Err(RefreshError::Dead));
    assert!(
        grants
            .refresh("C1", refresh_token(&answer), &settings, NOW)
            .is_ok()
    );
}

#[test]
fn the_number_of_live_access_tokens_is_bounded() {
    let grants = Grants::default();
    let settings = Settings::default();
    let first = grants.grant(&consent(), &settings, NOW);
    for _ in 0..40 {
        grants
            .refresh("C1", refresh_token(&first), &settings, NOW)
            .unwrap();
    }
    assert_eq!(grants.tables.lock().access.len(), 16);
    assert!(grants.caller(&first.access_token, NOW).is_none());
}

#[test]
fn a_person_withdraws_from_one_client_or_from_all() {
    let grants = Grants::default();
    let settings = Settings::default();
    let one = grants.grant(&consent(), &settings, NOW);
    let other = grants.grant(
        &Consent {
            client_id: "C2".to_owned(),
            ..consent()
        },
        &settings,
        NOW,
    );
    assert_eq!(grants.revoke_of_person(PERSON, Some("C3")), 0);
    assert_eq!(grants.revoke_of_person(PERSON, Some("C1")), 1);
    assert!(grants.caller(&one.access_token, NOW).is_none());
    assert!(grants.caller(&other.access_token, NOW).is_some());
    assert_eq!(grants.list(PERSON).len(), 1);
    assert_eq!(grants.revoke_of_person(PERSON, None), 1);
    assert_eq!(grants.revoke_of_person(PERSON, None), 0);
}
