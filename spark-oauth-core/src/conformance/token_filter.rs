//! What every list of tokens must show of those that a filter asks for.

use std::time::Duration;

use super::listing::assert_listed;
use super::pages::{page_after, to_the_end};
use super::reach::within;
use super::samples::{self, email, later, scopes, token};
use super::tokens::insert_all;
use crate::api_keys::Reach;
use crate::ports::{Stores, TokenFilter};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, RevokedBy, Status, StatusKind, Token};

/// Compares a list with the tokens of these places, which are given oldest first.
pub(super) async fn assert_places(
    stores: &Stores,
    filter: &TokenFilter,
    tokens: &[Token],
    places: &[usize],
) {
    let expected: Vec<_> = places.iter().map(|place| tokens[*place].id).collect();
    assert_listed(stores, filter, tokens, |token| expected.contains(&token.id)).await;
}

fn ending_at(times: &[Timestamp]) -> Vec<Token> {
    (0..)
        .zip(times)
        .map(|(number, end)| Token {
            access_expires_at: *end,
            ..token(number)
        })
        .collect()
}

fn expiring_before(end: Timestamp) -> TokenFilter {
    TokenFilter {
        expiring_before: Some(end),
        ..TokenFilter::default()
    }
}

fn with_scopes(text: &str) -> TokenFilter {
    TokenFilter {
        scopes: scopes(text),
        ..TokenFilter::default()
    }
}

/// What ends before the time is shown, what ends then or later is not, to the
/// millisecond, whatever the status.
pub async fn a_token_expires_before_a_time(stores: &Stores) {
    let milli = Duration::from_millis(1);
    let end = later(60);
    let mut tokens = ending_at(&[end + milli, end, later(59), end, later(0)]);
    tokens[4].status = Status::Revoked {
        by: RevokedBy::Person,
        at: later(1),
    };
    insert_all(stores, &tokens).await;
    for (before, places) in [
        (Timestamp::EPOCH, &[][..]),
        (later(0), &[]),
        (later(0) + milli, &[4]),
        (end, &[2, 4]),
        (end + milli, &[1, 2, 3, 4]),
        (end + milli * 2, &[0, 1, 2, 3, 4]),
    ] {
        assert_places(stores, &expiring_before(before), &tokens, places).await;
    }
}

/// The farthest times are told apart.
pub async fn far_times_are_before_one_another(stores: &Stores) {
    let tokens = ending_at(&samples::TIMES);
    insert_all(stores, &tokens).await;
    for (place, end) in samples::TIMES.into_iter().enumerate() {
        // They stand in the order of their times.
        let earlier: Vec<_> = (0..place).collect();
        assert_places(stores, &expiring_before(end), &tokens, &earlier).await;
    }
}

/// The scopes hold all that are asked for, each as a whole word, in whatever order,
/// and each character for itself.
pub async fn scopes_are_whole_words(stores: &Stores) {
    let granted = [
        "spark:people_read spark:rooms_write",
        "spark:rooms_write",
        "spark:rooms",
        "spark:rooms_read spark:rooms_write2 xspark:rooms_write",
        "",
        "a.c a*c (a|c) [a] a'c",
        "abc aac",
    ];
    let tokens: Vec<_> = (0..)
        .zip(granted)
        .map(|(number, granted)| Token {
            scopes: scopes(granted),
            ..token(number)
        })
        .collect();
    insert_all(stores, &tokens).await;
    for (asked, places) in [
        ("", &[0, 1, 2, 3, 4, 5, 6][..]),
        ("spark:rooms_write", &[0, 1]),
        ("spark:rooms", &[2]),
        ("spark:room", &[]),
        ("rooms_write", &[]),
        ("spark:rooms_write2", &[3]),
        ("spark:ROOMS_write", &[]),
        ("spark:rooms.write", &[]),
        ("spark:rooms_write spark:people_read", &[0]),
        ("spark:people_read spark:rooms_write", &[0]),
        ("spark:rooms spark:rooms_write", &[]),
        ("xspark:rooms_write spark:rooms_read", &[3]),
        ("a.c", &[5]),
        ("a*c", &[5]),
        ("(a|c) [a]", &[5]),
        ("a'c", &[5]),
        ("abc", &[6]),
        ("a%", &[]),
        ("a?c", &[]),
        (".*", &[]),
    ] {
        assert_places(stores, &with_scopes(asked), &tokens, places).await;
    }
}

/// Tokens in every mixture of domain, status, scopes and end.
fn mixed_tokens() -> Vec<Token> {
    let domains = ["example.com", "example.org", "sub.example.com"];
    let statuses = [
        Status::Active,
        Status::NeedsConsent {
            reason: ConsentLoss::RefreshRefused,
            since: later(1),
        },
    ];
    let granted = ["spark:rooms_read", "spark:rooms_read spark:rooms_write"];
    (0..72)
        .map(|number: u32| {
            let digit = number as usize;
            let name = ["Ann", "joanna", "bob"][digit / 12 % 3];
            Token {
                email: email(&format!("{name}-{number}@{}", domains[digit % 3])),
                status: statuses[digit / 3 % 2],
                scopes: scopes(granted[digit / 6 % 2]),
                access_expires_at: later(u64::from(number * 7 % 50)),
                ..token(number)
            }
        })
        .collect()
}

/// All that is asked for must hold, in every combination of conditions.
pub async fn every_condition_on_tokens_must_hold(stores: &Stores) {
    let tokens = mixed_tokens();
    insert_all(stores, &tokens).await;
    let reaches = [
        Reach::everybody(),
        within(&[], &["example.com"]).reach,
        within(&["ann-1@example.org", "bob-24@example.com"], &[]).reach,
        within(
            &["ann-0@example.com", "joanna-13@example.org"],
            &["sub.example.com"],
        )
        .reach,
    ];
    let mut found = 0;
    for reach in reaches {
        for part in [
            None,
            Some(""),
            Some("n"),
            Some("ANN"),
            Some("-1"),
            Some("@example."),
        ] {
            for conditions in 0..8_u32 {
                let is_asked = |bit: u32| conditions & (1 << bit) != 0;
                let filter = TokenFilter {
                    email_part: part.map(str::to_owned),
                    status: is_asked(0).then_some(StatusKind::Active),
                    expiring_before: is_asked(1).then(|| later(30)),
                    scopes: scopes(if is_asked(2) { "spark:rooms_write" } else { "" }),
                    reach: reach.clone(),
                };
                let fits = |token: &Token| filter.fits(token);
                assert_listed(stores, &filter, &tokens, fits).await;
                found += tokens.iter().filter(|token| fits(token)).count();
            }
        }
    }
    assert!(found > 1_000, "the conditions leave something to find");
}

/// Records that come and go between two pages of a filtered list move no other.
pub async fn what_comes_and_goes_moves_no_other_in_a_filtered_list(stores: &Stores) {
    let fitting = |number: u32| Token {
        email: email(&format!("Person-{number}@Example.org")),
        access_expires_at: later(30),
        ..token(number)
    };
    let tokens: Vec<_> = (0..20)
        .map(|number| match number % 2 {
            0 => fitting(number),
            _ => token(number),
        })
        .collect();
    insert_all(stores, &tokens).await;
    let filters = [
        within(&[], &["example.org"]),
        expiring_before(later(31)),
        TokenFilter {
            email_part: Some("person-".to_owned()),
            scopes: scopes("spark:rooms_write"),
            ..within(&[], &["example.org"])
        },
        TokenFilter {
            email_part: Some("example.o".to_owned()),
            ..expiring_before(later(31))
        },
    ];
    let mut first_pages = Vec::new();
    for filter in &filters {
        let page = stores.tokens.list(filter, &page_after(None, 3)).await;
        first_pages.push(page.expect("list must answer"));
    }
    // 18, 16 and 14 were shown; 12 would be the next.
    for gone in [14, 12, 6] {
        let removed = stores.tokens.remove(tokens[gone].id).await;
        assert!(removed.expect("remove must answer"));
    }
    insert_all(stores, &[fitting(100), fitting(101)]).await;
    for (filter, first) in filters.iter().zip(first_pages) {
        let rest = to_the_end(first.next, 2, async |request| {
            let page = stores.tokens.list(filter, &request).await;
            page.expect("list must answer")
        });
        let rest = rest.await;
        let shown: Vec<_> = first
            .items
            .iter()
            .chain(&rest)
            .map(|token| token.id)
            .collect();
        let expected = [18, 16, 14, 10, 8, 4, 2, 0].map(|place: usize| tokens[place].id);
        assert_eq!(shown, expected, "{filter:?}");
    }
}
