//! The engine on a store, as the binary puts it together, with its journal.

use std::sync::Arc;

use spark_oauth_core::journal::FileJournal;
use spark_oauth_core::ports::{Clock as _, SystemClock, SystemRandom};
use spark_oauth_core::{
    ClientId, ClientSecret, EmailAddress, Integration, ProcessId, RedirectUri, Scopes, SparkOauth,
};
use tempfile::TempDir;

use crate::Outcome;
use crate::place::{Open, Way};
use crate::progress::Progress;
use crate::provider::Provider;
use crate::tokens::{CLIENT_ID, SCOPES};

/// The services, what they work on, and what tells how far they are.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) services: SparkOauth,
    pub(crate) store: Open,
    pub(crate) progress: Arc<Progress>,
    _journal: TempDir,
}

impl Engine {
    pub(crate) async fn start(way: &Way, provider: Arc<Provider>) -> Outcome<Self> {
        let store = way.open().await?;
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let process = ProcessId::generate(SystemClock.now(), &SystemRandom);
        let journal = FileJournal::open(folder.path(), process).await?;
        let progress = Arc::new(Progress::default());
        let building = SparkOauth::builder(integration()?, provider, store.stores(), way.ring()?)
            .journal(Arc::new(journal))
            .observer(progress.clone());
        Ok(Self {
            services: building.build().await?,
            store,
            progress,
            _journal: folder,
        })
    }

    /// Waits for what is under way, and closes the store.
    pub(crate) async fn stop(self) {
        self.services.settle().await;
        self.store.close().await;
    }
}

fn integration() -> Outcome<Integration> {
    Ok(Integration {
        client_id: ClientId::new(CLIENT_ID),
        client_secret: ClientSecret::new("the-secret-of-the-benchmark"),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:3000/auth/spark/callback")?,
        scopes: Scopes::parse(SCOPES)?,
        requester: EmailAddress::parse("requester@example.com")?,
    })
}
