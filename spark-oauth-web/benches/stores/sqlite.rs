//! SQLite, by our store and by sqlx alone.

mod bare;

use std::sync::Arc;

use spark_oauth_core::keyring::{KeyRing, SealingKey};
use spark_oauth_core::ports::SystemRandom;
use spark_oauth_core::{EmailAddress, TokenId};
use spark_oauth_store_sqlite::SqliteStore;
use tempfile::TempDir;

use self::bare::Bare;
use crate::Outcome;
use crate::fill::fill;
use crate::ours::Ours;
use crate::tokens::token;

/// A file with tokens in it, and a copy of it, so that what one side writes is not
/// in the way of the other.
#[derive(Debug)]
pub(crate) struct SqlitePlace {
    folder: TempDir,
    known: Vec<(TokenId, EmailAddress)>,
}

impl SqlitePlace {
    pub(crate) async fn with_tokens(count: usize) -> Outcome<Self> {
        // Beside the program, on a disk: a folder for temporary files may be in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let store = SqliteStore::open_path(folder.path().join("ours.db")).await?;
        let known = with_tokens(&store, count).await?;
        store.close().await;
        Ok(Self { folder, known })
    }

    pub(crate) async fn ours(&self) -> Outcome<Ours> {
        let store = SqliteStore::open_path(self.folder.path().join("ours.db")).await?;
        Ours::on(Arc::new(store), self.known.clone()).await
    }

    pub(crate) async fn bare(&self) -> Outcome<Bare> {
        let copy = self.folder.path().join("bare.db");
        std::fs::copy(self.folder.path().join("ours.db"), &copy)?;
        Bare::open(&copy, self.known.clone()).await
    }
}

/// Puts so many tokens in, one insertion each.
async fn with_tokens(store: &SqliteStore, count: usize) -> Outcome<Vec<(TokenId, EmailAddress)>> {
    let ring = KeyRing::parse(
        &SealingKey::generate(&SystemRandom).to_base64(),
        Arc::new(SystemRandom),
    )?;
    let mut known = Vec::with_capacity(count);
    let tokens = (0..count).map(|number| {
        let token = token(&ring, number)?;
        known.push((token.id, token.email.clone()));
        Ok(token)
    });
    fill(store, tokens).await?;
    Ok(known)
}
