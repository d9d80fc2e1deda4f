//! The way of a token from the store to a service: found and opened, in process.

use std::sync::Arc;
use std::time::Instant;

use spark_oauth_core::TokenId;
use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::TokenStore;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::database::Database;
use crate::figures::Plan;
use crate::pairs::Pairs;
use crate::report::{Aim, Row};

/// How many look up at once.
const READERS: usize = 8;

/// How many different tokens are looked up.
const LOOKED_UP: usize = 10_000;

pub(crate) async fn measure(plan: &Plan, few: &Database, many: &Database) -> Outcome<Vec<Row>> {
    let few = LookUp::on(few).await?;
    let many = LookUp::on(many).await?;
    let rates = Pairs::interleave(
        plan.rounds,
        async || many.rate(plan).await,
        async || few.rate(plan).await,
    )
    .await?;
    let row = Row::ratio(
        "find and open a token: per second with many stored against few",
        &rates,
        ("many/s", "few/s"),
        Aim::AtLeast(0.9),
    );
    Ok(vec![row])
}

#[derive(Clone, Debug)]
struct LookUp {
    tokens: Arc<dyn TokenStore>,
    ring: Arc<KeyRing>,
    ids: Arc<[TokenId]>,
}

impl LookUp {
    async fn on(database: &Database) -> Outcome<Self> {
        Ok(Self {
            tokens: Arc::new(database.open().await?),
            ring: Arc::new(database.ring()?),
            ids: database.some_tokens(LOOKED_UP).collect(),
        })
    }

    async fn rate(&self, plan: &Plan) -> Outcome<f64> {
        let begin = Instant::now();
        let mut readers = JoinSet::new();
        for reader in 0..READERS {
            let (reads, end) = (self.clone(), begin + plan.slice);
            readers.spawn(async move { reads.read_until(end, reader).await });
        }
        let mut found = 0.0;
        while let Some(reader) = readers.join_next().await {
            found += f64::from(reader??);
        }
        Ok(found / begin.elapsed().as_secs_f64())
    }

    async fn read_until(&self, end: Instant, reader: usize) -> Outcome<u32> {
        let mut found = 0;
        let first = reader * self.ids.len() / READERS;
        for id in self.ids.iter().cycle().skip(first) {
            if Instant::now() >= end {
                break;
            }
            let token = self.tokens.get(*id).await?.ok_or("a token is missing")?;
            std::hint::black_box(self.ring.open_access(*id, &token.access)?);
            found += 1;
        }
        Ok(found)
    }
}
