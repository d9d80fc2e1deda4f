//! MongoDB, by our store and by the official driver alone.

mod bare;

use std::sync::Arc;

use spark_oauth_core::keyring::{KeyRing, SealingKey};
use spark_oauth_core::ports::SystemRandom;
use spark_oauth_core::{EmailAddress, TokenId};
use spark_oauth_store_mongo::MongoStore;
use spark_oauth_store_mongo::testing::{TestDatabases, insert_together};

use self::bare::Bare;
use crate::Outcome;
use crate::ours::Ours;
use crate::tokens::token;

/// How many records are written at once.
const AT_ONCE: usize = 1_000;

/// Databases with the same tokens for each side, so that what one writes is not in
/// the way of the other.
#[derive(Debug)]
pub(crate) struct MongoPlace {
    ours: TestDatabases,
    bare: TestDatabases,
    known: Vec<(TokenId, EmailAddress)>,
}

impl MongoPlace {
    /// Databases on the server at `uri` with so many tokens. Their indexes are there
    /// before the tokens are.
    pub(crate) async fn with_tokens(uri: &str, count: usize) -> Outcome<Self> {
        let mut place = Self {
            ours: TestDatabases::on(uri),
            bare: TestDatabases::on(uri),
            known: Vec::with_capacity(count),
        };
        let ours = MongoStore::connect(place.ours.options()).await?;
        let bare = MongoStore::connect(place.bare.options()).await?;
        let key = SealingKey::generate(&SystemRandom).to_base64();
        let ring = KeyRing::parse(&key, Arc::new(SystemRandom))?;
        let numbers: Vec<_> = (0..count).collect();
        for numbers in numbers.chunks(AT_ONCE) {
            let tokens = numbers.iter().map(|number| token(&ring, *number));
            let tokens = tokens.collect::<Outcome<Vec<_>>>()?;
            let first = i64::try_from(place.known.len())? + 1;
            insert_together(&ours, &tokens, first).await;
            if count <= AT_ONCE {
                insert_together(&bare, &tokens, first).await;
            }
            let known = tokens.into_iter().map(|token| (token.id, token.email));
            place.known.extend(known);
        }
        ours.close().await;
        bare.close().await;
        Ok(place)
    }

    pub(crate) async fn ours(&self) -> Outcome<Ours> {
        let store = MongoStore::connect(self.ours.options()).await?;
        Ours::on(Arc::new(store), self.known.clone()).await
    }

    pub(crate) async fn bare(&self) -> Outcome<Bare> {
        Bare::connect(&self.bare, self.known.clone()).await
    }
}
