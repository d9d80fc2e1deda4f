//! What every list of tokens must show to a key that is not good for everybody.

use super::listing::list;
use super::samples::{domain, email, token};
use super::token_filter::assert_places;
use super::tokens::insert_all;
use crate::api_keys::Reach;
use crate::integration::ClientId;
use crate::ports::{Stores, TokenFilter};
use crate::token::Token;

pub(super) fn within(emails: &[&str], domains: &[&str]) -> TokenFilter {
    TokenFilter {
        reach: Reach::of(
            emails.iter().map(|text| email(text)),
            domains.iter().map(|text| domain(text)),
        ),
        ..TokenFilter::default()
    }
}

fn with_addresses(addresses: &[&str]) -> Vec<Token> {
    (0..)
        .zip(addresses)
        .map(|(number, address)| Token {
            email: email(address),
            ..token(number)
        })
        .collect()
}

/// A reach of addresses shows those, whatever their case, of every integration, and
/// nobody whose address is like one.
pub async fn a_reach_of_addresses_shows_them(stores: &Stores) {
    let mut tokens = with_addresses(&[
        "Ann@Example.com",
        "ann@example.com",
        "joann@example.com",
        "ann@example.com.au",
        "Zoë@example.org",
        "a%n@example.com",
        "bob@example.com",
    ]);
    tokens[1].integration = ClientId::new("C-another");
    insert_all(stores, &tokens).await;
    for (emails, places) in [
        (&["ANN@EXAMPLE.COM"][..], &[0, 1][..]),
        (&["zOë@example.org"], &[4]),
        (&["zoË@example.org"], &[]),
        (&["a%n@example.com"], &[5]),
        (&["_nn@example.com"], &[]),
        (&["nobody@example.com"], &[]),
        (&["bob@example.com", "ann@example.com", "x@y.z"], &[0, 1, 6]),
    ] {
        assert_places(stores, &within(emails, &[]), &tokens, places).await;
    }
}

/// A reach of domains shows who has an address there, whatever its case; a subdomain,
/// and a name that ends alike, is another domain.
pub async fn a_reach_of_domains_shows_them(stores: &Stores) {
    let tokens = with_addresses(&[
        "ann@example.com",
        "Bob@EXAMPLE.com",
        "ann@sub.example.com",
        "ann@notexample.com",
        "ann@example.com.au",
        "ann@com",
        "example.com@example.org",
        "ann@exämple.com",
        "ann@a_b.com",
        "ann@axb.com",
    ]);
    insert_all(stores, &tokens).await;
    for (domains, places) in [
        (&["example.com"][..], &[0, 1][..]),
        (&["Example.COM"], &[0, 1]),
        (&["sub.example.com"], &[2]),
        (&["com"], &[5]),
        (&["EXÄMPLE.com"], &[7]),
        (&["a_b.com"], &[8]),
        (&["%"], &[]),
        (&["nowhere.example"], &[]),
        (&["com", "example.org", "nowhere.example"], &[5, 6]),
    ] {
        assert_places(stores, &within(&[], domains), &tokens, places).await;
    }
}

/// Who is reached by an address and by a domain is shown once, in pages of every size.
pub async fn who_is_reached_twice_is_shown_once(stores: &Stores) {
    let mut addresses = Vec::new();
    for number in 0..8 {
        addresses.push("ann@example.com".to_owned());
        addresses.push(format!("person-{number}@example.com"));
        addresses.push(format!("person-{number}@example.org"));
        addresses.push("bob@example.net".to_owned());
        addresses.push(format!("person-{number}@example.net"));
    }
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    let mut tokens = with_addresses(&addresses);
    for (number, token) in tokens.iter_mut().enumerate() {
        // Nobody has one consent twice.
        token.integration = ClientId::new(format!("C-{number}"));
    }
    insert_all(stores, &tokens).await;
    let filter = within(
        &["ann@example.com", "bob@example.net"],
        &["example.com", "example.org"],
    );
    let expected: Vec<_> = (0..40).rev().filter(|place| place % 5 != 4).collect();
    let expected: Vec<_> = expected.iter().map(|place| tokens[*place].id).collect();
    for records in [1, 2, 3, 7, 31, 32, 33, u16::MAX] {
        let listed = list(stores, &filter, records).await;
        assert_eq!(listed, expected, "in pages of {records}");
    }
}

/// A reach follows the records: a new address is reached by what it is now.
pub async fn a_reach_follows_what_changes(stores: &Stores) {
    let mut tokens = with_addresses(&["ann@example.com", "bob@example.com", "cy@example.com"]);
    insert_all(stores, &tokens).await;
    tokens[0].email = email("Ann@Example.org");
    let version = stores.tokens.update(&tokens[0]).await;
    tokens[0].version = version.expect("nobody else writes");
    let removed = stores.tokens.remove(tokens.remove(1).id).await;
    assert!(removed.expect("remove must answer"));
    for (filter, places) in [
        (within(&[], &["example.com"]), &[1][..]),
        (within(&[], &["example.org"]), &[0]),
        (within(&["ann@example.com"], &[]), &[]),
        (within(&["ann@example.org"], &[]), &[0]),
        (within(&["bob@example.com"], &[]), &[]),
    ] {
        assert_places(stores, &filter, &tokens, places).await;
    }
}
