//! Many tokens in a store whose writes share commits.

use spark_oauth_core::ports::TokenStore;
use spark_oauth_core::token::Token;
use tokio::task::JoinSet;

use crate::Outcome;

/// How many records are written at once.
const AT_ONCE: usize = 256;

/// Puts the tokens in, one insertion each.
pub(crate) async fn fill(
    store: &(impl TokenStore + Clone),
    tokens: impl IntoIterator<Item = Outcome<Token>>,
) -> Outcome {
    let mut writers = JoinSet::new();
    for token in tokens {
        let (token, store) = (token?, store.clone());
        writers.spawn(async move { store.insert(&token).await });
        if writers.len() == AT_ONCE
            && let Some(written) = writers.join_next().await
        {
            written??;
        }
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    Ok(())
}
