//! What the question for the due tokens costs with many that are not.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spark_oauth_core::ports::{Clock as _, SystemClock, TokenStore};
use spark_oauth_core::{ClientId, Timestamp};

use crate::pairs::{Pairs, median};
use crate::place::{Kind, Place};
use crate::report::{Aim, Row};
use crate::tokens::CLIENT_ID;
use crate::{FEW, Outcome, Plan, SOME_DUE};

/// What a worker with 64 calls at once asks for.
const LIMIT: NonZeroU16 = NonZeroU16::new(1_024).unwrap();

/// Longer ago than any token is due.
const LONG_AGO: Duration = Duration::from_hours(30 * 24);

pub(crate) async fn measure(
    plan: &Plan,
    kind: Kind,
    few: &Place,
    many: &Place,
) -> Outcome<Vec<Row>> {
    let stores = (few.way().open().await?, many.way().open().await?);
    let now = SystemClock.now();
    let mut rows = Vec::new();
    for (now, due) in [(now - LONG_AGO, 0), (now, SOME_DUE)] {
        let few = Question::of(stores.0.stores().tokens, now, due);
        let many = Question::of(stores.1.stores().tokens, now, due);
        few.turn(plan.slice).await?;
        many.turn(plan.slice).await?;
        let times = Pairs::interleave(
            plan.rounds * 2,
            async || many.turn(plan.slice / 2).await,
            async || few.turn(plan.slice / 2).await,
        )
        .await?;
        let what = format!(
            "{}, {due} due: time of the question with {} tokens against {}",
            kind.name(),
            plan.many,
            FEW
        );
        rows.push(Row::ratio(
            what,
            &times,
            ("many_us", "few_us"),
            Aim::AtMost(1.2),
        ));
    }
    stores.0.close().await;
    stores.1.close().await;
    Ok(rows)
}

struct Question {
    store: Arc<dyn TokenStore>,
    integration: ClientId,
    now: Timestamp,
    due: usize,
}

impl Question {
    fn of(store: Arc<dyn TokenStore>, now: Timestamp, due: usize) -> Self {
        Self {
            store,
            integration: ClientId::new(CLIENT_ID),
            now,
            due,
        }
    }

    /// Asks again and again; the median, in microseconds.
    async fn turn(&self, time: Duration) -> Outcome<f64> {
        let end = Instant::now() + time;
        let mut took = Vec::new();
        while Instant::now() < end {
            let begun = Instant::now();
            let due = self
                .store
                .list_due(&self.integration, self.now, LIMIT)
                .await?;
            took.push(begun.elapsed());
            if due.len() != self.due {
                return Err(format!("{} tokens are due", due.len()).into());
            }
        }
        Ok(median(took.iter().map(|took| took.as_secs_f64() * 1e6)))
    }
}
