//! Lists in which what fits lies far apart, so that every way to it is gone.

use mongodb::bson::{Document, doc};
use spark_oauth_core::api_keys::Reach;
use spark_oauth_core::conformance::samples::{self, domain, email, later, scopes};
use spark_oauth_core::ports::{PageRequest, TokenFilter, TokenStore};
use spark_oauth_core::token::Token;

use super::{Fresh, fresh};

/// Tokens of three domains, with numbers that lie a wide gap apart.
async fn far_apart() -> Option<(Fresh, Vec<Token>)> {
    let fresh = fresh().await?;
    let mut tokens = Vec::new();
    for number in 0..30 {
        let domain = ["example.com", "example.org", "org.example.com"][number as usize % 3];
        let token = Token {
            email: email(&format!("Person-{}@{domain}", number % 10)),
            scopes: scopes(["a b c", "a bb", "b.c"][number as usize / 3 % 3]),
            access_expires_at: later(u64::from(number % 7)),
            ..samples::token(number)
        };
        fresh.store.insert(&token).await.unwrap();
        tokens.push(token);
    }
    let database = fresh.store.0.client.database(&fresh.options.token_db);
    let numbers = database.collection::<Document>("tokens");
    let apart = doc! { "$mul": { "seq": 100_003_i64 } };
    numbers.update_many(doc! {}, apart).await.unwrap();
    Some((fresh, tokens))
}

fn filters() -> Vec<TokenFilter> {
    let reaches = [
        Reach::everybody(),
        Reach::of([], [domain("example.org")]),
        Reach::of([email("person-4@example.org")], []),
        Reach::of(
            [email("person-4@example.org"), email("person-5@example.com")],
            [domain("org.example.com"), domain("example.org")],
        ),
    ];
    let parts = [
        None,
        Some("n-4"),
        Some("Person-4@"),
        Some("person-4@example.org"),
        Some("org"),
    ];
    let wanted = [
        (None, ""),
        (Some(later(3)), ""),
        (None, "b"),
        (Some(later(5)), "a c"),
    ];
    let mut filters = Vec::new();
    for reach in &reaches {
        for part in parts {
            for (expiring_before, granted) in wanted {
                filters.push(TokenFilter {
                    email_part: part.map(ToOwned::to_owned),
                    expiring_before,
                    scopes: scopes(granted),
                    reach: reach.clone(),
                    ..TokenFilter::default()
                });
            }
        }
    }
    filters
}

#[tokio::test]
async fn what_lies_far_apart_is_listed_once_and_in_order() {
    let Some((fresh, tokens)) = far_apart().await else {
        return;
    };
    for filter in filters() {
        let fits = |token: &&Token| filter.fits(token);
        let expected = tokens.iter().rev().filter(fits).map(|token| token.id);
        let expected: Vec<_> = expected.collect();
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let request = PageRequest {
                after,
                limit: 4.try_into().unwrap(),
            };
            let page = TokenStore::list(&fresh.store, &filter, &request)
                .await
                .unwrap();
            listed.extend(page.items.iter().map(|token| token.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, expected, "{filter:?}");
    }
}
