//! The law of the search: a record is shown exactly where its address holds the
//! part, whatever characters either is made of, page by page, newest first.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

use proptest::prelude::*;
use spark_oauth_core::EmailAddress;
use spark_oauth_core::conformance::samples::token;
use spark_oauth_core::ports::{PageRequest, TokenFilter};
use spark_oauth_core::token::Token;
use spark_oauth_store_sqlite::SqliteStore;

/// Few different characters, so that parts are found often; among them some that
/// change their length or form with their case, and some that mean something to
/// SQL or to the search index.
fn local_part() -> impl Strategy<Value = String> {
    "[aAbBüÜ%_*.'+^{}ßẞİıΣσςéÉ𝒳-]{1,12}"
}

fn address() -> impl Strategy<Value = EmailAddress> {
    (local_part(), "[abABü]{1,3}\\.[ab]{2}").prop_filter_map("an address", |(local, domain)| {
        EmailAddress::parse(&format!("{local}@{domain}")).ok()
    })
}

fn part() -> impl Strategy<Value = String> {
    "[aAbBüÜ%_*.'+^{}ßẞİıΣσςéÉ𝒳@\"\\\\ -]{1,5}"
}

async fn shown(store: &SqliteStore, part: &str, limit: u16) -> Vec<EmailAddress> {
    let stores = store.stores();
    let filter = TokenFilter {
        email_part: Some(part.to_owned()),
        ..TokenFilter::default()
    };
    let mut request = PageRequest::first(limit.try_into().unwrap());
    let mut shown = Vec::new();
    loop {
        let page = stores.tokens.list(&filter, &request).await.unwrap();
        shown.extend(page.items.into_iter().map(|token| token.email));
        request.after = page.next;
        if request.after.is_none() {
            return shown;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_record_is_shown_where_its_address_holds_the_part(
        addresses in prop::collection::vec(address(), 1..12),
        parts in prop::collection::vec(part(), 1..8),
        limit in 1_u16..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let store = SqliteStore::in_memory().await.unwrap();
            for (number, email) in (0..).zip(&addresses) {
                let token = Token { email: email.clone(), ..token(number) };
                store.stores().tokens.insert(&token).await.unwrap();
            }
            for part in &parts {
                let wanted = EmailAddress::normalize_part(part);
                let expected: Vec<_> = addresses
                    .iter()
                    .rev()
                    .filter(|email| email.search_text().contains(&wanted))
                    .cloned()
                    .collect();
                prop_assert_eq!(shown(&store, part, limit).await, expected, "{:?}", part);
            }
            Ok(())
        })?;
    }
}
