//! What every search by a part of an e-mail address must find.

use super::listing::{assert_listed, list};
use super::samples::{email, later, token};
use super::tokens::insert_all;
use crate::ports::{Stores, TokenFilter};
use crate::token::{ConsentLoss, Status, StatusKind, Token};

fn part(text: &str) -> TokenFilter {
    TokenFilter {
        email_part: Some(text.to_owned()),
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

/// Looks for each part, and compares with what the rule of the port says.
async fn assert_parts(stores: &Stores, tokens: &[Token], parts: &[&str]) {
    for text in parts {
        let filter = part(text);
        assert_listed(stores, &filter, tokens, |token| filter.fits(token)).await;
    }
}

/// A part is found at the beginning, in the middle and at the end.
pub async fn a_part_is_found_wherever_it_stands(stores: &Stores) {
    let tokens = with_addresses(&[
        "alice@example.com",
        "malice@example.org",
        "bob@alice.example",
        "carol@example.com",
    ]);
    insert_all(stores, &tokens).await;
    let parts = [
        "alice",
        "lice@exa",
        "example",
        ".com",
        "alice@example.com",
        "alice@example.com.",
        "bob@",
        "nobody",
    ];
    assert_parts(stores, &tokens, &parts).await;
}

/// An empty part is in every address.
pub async fn an_empty_part_is_in_every_address(stores: &Stores) {
    let tokens = with_addresses(&["alice@example.com", "bob@example.com"]);
    insert_all(stores, &tokens).await;
    assert_listed(stores, &part(""), &tokens, |_| true).await;
}

/// Parts of one and two characters are found too.
pub async fn a_short_part_is_found(stores: &Stores) {
    let tokens = with_addresses(&["al@b.de", "xä@b.fr", "qq@xy.de", "zß@b.de"]);
    insert_all(stores, &tokens).await;
    let parts = [
        "a", "q", "b", "@", ".", "de", "al", "ä", "xä", "ÄÄ", "ß", "%", "_", "qqq", "9", "é",
    ];
    assert_parts(stores, &tokens, &parts).await;
}

/// ASCII case does not matter; in other alphabets it does, since it also matters for
/// whether two addresses are the same. Of a domain both forms are found.
pub async fn a_part_is_found_whatever_its_case(stores: &Stores) {
    let tokens = with_addresses(&[
        "Alice.MÜLLER@Example.com",
        "ЖУК.иванов@example.com",
        "ΟΔΟΣ@example.gr",
        "İstanbul@example.tr",
        "ångström@example.se",
        "kate@example.com",
        "Ann@bücher.example",
        "bob@xn--bcher-kva.example",
        "carol@faß.example",
        "dora@例え.テスト",
    ]);
    insert_all(stores, &tokens).await;
    let parts = [
        "müller",
        "MÜLLER",
        "ALICE.mü",
        "жук",
        "ИВАНОВ",
        "УК.И",
        "οδοσ",
        "ΔΟΣ@E",
        "Σ",
        "İSTA",
        "ÅNG",
        "M",
        "Ж",
        "\u{212A}ate",
        "bücher",
        "@BÜCHER.EXAMPLE",
        "ANN@BÜCHER",
        "xn--bcher",
        "ob@xn--bcher-kva.e",
        "n@bü",
        "faß",
        "fass",
        "xn--fa-hia",
        "例え",
        "@例え.テスト",
        "え",
        "ÅN",
        "Ü",
    ];
    assert_parts(stores, &tokens, &parts).await;
}

/// Every piece of an address finds it, of whatever length.
pub async fn every_piece_of_an_address_finds_it(stores: &Stores) {
    let address = "M\u{fc}.\u{3a9}_5%*'x@Ex-a+m.com";
    let tokens = with_addresses(&[address, "somebody@elsewhere.org"]);
    insert_all(stores, &tokens).await;
    let characters: Vec<char> = address.chars().collect();
    for length in 1..=characters.len() {
        for piece in characters.windows(length) {
            let piece: String = piece.iter().collect();
            let found = list(stores, &part(&piece), 10).await;
            assert!(
                found.contains(&tokens[0].id),
                "{piece:?} is a part of {address:?}"
            );
        }
    }
}

/// Each character stands for itself, also where it means something in SQL, in
/// regular expressions or in a query language for texts.
pub async fn each_character_stands_for_itself(stores: &Stores) {
    let tokens = with_addresses(&[
        "a%b@example.com",
        "a_b@example.com",
        "a.b@example.com",
        "a*b@example.com",
        "axb@example.com",
        "ab@example.com",
        "a?b@example.com",
        "a'b@example.com",
        "a^b$@example.com",
        "a|b@example.com",
        "a{2}b@example.com",
        "a+b@example.com",
        "near@and.or.not",
        "-minus@example.com",
    ]);
    insert_all(stores, &tokens).await;
    let parts = [
        "a%b",
        "a_b",
        "a.b",
        "a*b",
        "a?b",
        "a'b",
        "a^b",
        "b$@",
        "a|b",
        "a{2}",
        "a+b",
        "%",
        "_",
        "*",
        "'",
        "%b",
        "_b",
        "a%",
        "%b@",
        "___",
        "...",
        ".*",
        ".*@",
        "a.*b",
        "^a",
        "com$",
        "a\\",
        "\\",
        "\\%",
        "a\\_b",
        "\"",
        "\"\"",
        "a\"b",
        "a\"b@ex",
        "\"a\"",
        "and",
        "or",
        "not",
        "near",
        "NEAR(a",
        "and.or.not",
        "-minus",
        "email:a",
        "email : a",
        "a OR b",
        "a b",
        "(a",
        "a)",
        "[a-z]",
        "' OR '1'='1",
        "; --",
        "/*",
        "$where",
        "{$ne:1}",
        "\u{0}",
        "a\u{0}b",
        "\n",
        "a*",
    ];
    assert_parts(stores, &tokens, &parts).await;
}

/// A part longer than any address is in none, and no error.
pub async fn a_part_longer_than_any_address_finds_nothing(stores: &Stores) {
    let tokens = with_addresses(&["alice@example.com"]);
    insert_all(stores, &tokens).await;
    for length in [255, 1_025, 100_000] {
        let long = "a".repeat(length);
        let found = list(stores, &part(&long), 10).await;
        assert!(found.is_empty(), "{length} characters");
    }
}

/// Part and status must both fit.
pub async fn a_part_and_a_status_must_both_fit(stores: &Stores) {
    let lost = Status::NeedsConsent {
        reason: ConsentLoss::RefreshRefused,
        since: later(1),
    };
    let addresses = ["alice@a.com", "bob@a.com", "alice@b.com", "bob@b.com"];
    let mut tokens = with_addresses(&[addresses, addresses].concat());
    for token in &mut tokens[4..] {
        token.status = lost;
    }
    insert_all(stores, &tokens).await;
    for text in ["alice", "al", "b", "@a.com", "active", "act", "nee", "x"] {
        for kind in StatusKind::ALL {
            let filter = TokenFilter {
                email_part: Some(text.to_owned()),
                status: Some(kind),
                ..TokenFilter::default()
            };
            assert_listed(stores, &filter, &tokens, |token| {
                token.status.kind() == kind && token.email.normalized().contains(text)
            })
            .await;
        }
    }
}

/// A search follows the records: what was changed is found by what it holds now.
pub async fn a_search_follows_what_changes(stores: &Stores) {
    let mut tokens = with_addresses(&["alice@example.com", "bob@example.com", "carol@example.com"]);
    insert_all(stores, &tokens).await;
    let update = async |token: &mut Token| {
        let version = stores.tokens.update(token).await;
        token.version = version.expect("nobody else writes");
    };
    tokens[0].email = email("renamed@example.org");
    update(&mut tokens[0]).await;
    let parts = ["alice", "renamed", "bob", "example", "al", "re", "n"];
    assert_parts(stores, &tokens, &parts).await;
    tokens[1].status = Status::NeedsConsent {
        reason: ConsentLoss::NoRefreshToken,
        since: later(1),
    };
    update(&mut tokens[1]).await;
    assert_parts(stores, &tokens, &parts).await;
    for text in ["bob", "bo", "example"] {
        for kind in StatusKind::ALL {
            let filter = TokenFilter {
                email_part: Some(text.to_owned()),
                status: Some(kind),
                ..TokenFilter::default()
            };
            assert_listed(stores, &filter, &tokens, |token| {
                token.status.kind() == kind && token.email.normalized().contains(text)
            })
            .await;
        }
    }
}

/// What was removed is found no more, leaves no gap, and is not mistaken for who
/// comes after it.
pub async fn a_search_forgets_what_was_removed(stores: &Stores) {
    let numbers = 0..10;
    let addresses: Vec<_> = numbers.map(|n| format!("person-{n}@example.com")).collect();
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    let mut tokens = with_addresses(&addresses);
    insert_all(stores, &tokens).await;
    for gone in [9, 8, 6, 5, 3, 0] {
        let removed = stores.tokens.remove(tokens.remove(gone).id).await;
        assert!(removed.expect("remove must answer"));
    }
    let newcomer = Token {
        email: email("newcomer@example.org"),
        ..token(10)
    };
    insert_all(stores, [&newcomer]).await;
    tokens.push(newcomer);
    let parts = [
        "person-", "person-9", "person-7", "newcomer", "example", "-9", "-7", "9", "pe",
    ];
    assert_parts(stores, &tokens, &parts).await;
}

/// A search shows its few records among many, page by page.
pub async fn a_search_is_shown_page_by_page(stores: &Stores) {
    let tokens: Vec<_> = (0..120)
        .map(|number| Token {
            email: if number % 20 == 7 {
                email(&format!("Needle-{number}@example.com"))
            } else {
                email(&format!("hay-{number}@example.com"))
            },
            ..token(number)
        })
        .collect();
    insert_all(stores, &tokens).await;
    assert_parts(
        stores,
        &tokens,
        &["needle", "NEEDLE-", "ne", "hay", "@example.com"],
    )
    .await;
}
