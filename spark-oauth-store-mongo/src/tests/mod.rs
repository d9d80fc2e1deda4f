//! The suite of the ports, and what only the crate itself can see.

mod conformance;
mod connecting;
mod corrupt;
mod outage;
mod plans;
mod sequence;
mod server;

use spark_oauth_core::ports::{Clock as _, Stores, SystemClock, SystemRandom};
use spark_oauth_core::{ProcessId, conformance::Subject};

use tokio::sync::OnceCell;

use crate::{MongoOptions, MongoStore};

/// A store with two databases of its own, which go with it.
struct Fresh {
    store: MongoStore,
    stores: Stores,
    options: MongoOptions,
    server_keeps_freed_values: bool,
}

impl Subject for Fresh {
    fn stores(&self) -> &Stores {
        &self.stores
    }

    fn is_tested(&self, contract: &str) -> bool {
        let needs_freed_values = contract == "updates::a_consent_that_an_update_leaves_is_free";
        if needs_freed_values && self.server_keeps_freed_values {
            server::skip(&format!(
                "{contract}, since this server keeps a unique value that an update has freed"
            ));
            return false;
        }
        true
    }
}

/// Options for two databases that nobody else uses, on the server at `uri`.
fn options(uri: &str) -> MongoOptions {
    let name = ProcessId::generate(SystemClock.now(), &SystemRandom);
    MongoOptions::new(uri)
        .token_db(format!("test_{name}_tokens"))
        .admin_db(format!("test_{name}_admins"))
}

/// Whether the server has the fault.
static KEEPS: OnceCell<bool> = OnceCell::const_new();

/// A new store; `None` where there is no server.
async fn fresh() -> Option<Fresh> {
    let options = options(server::shared()?);
    let store = MongoStore::connect(options.clone()).await.unwrap();
    let probe = || server::keeps_values_that_are_gone(&store.0.client, &options.token_db);
    let keeps = *KEEPS.get_or_init(probe).await;
    Some(Fresh {
        stores: store.stores(),
        store,
        options,
        server_keeps_freed_values: keeps,
    })
}

impl Drop for Fresh {
    fn drop(&mut self) {
        drop_databases(&self.options);
    }
}

/// Removes both databases. The runtime of the test cannot be waited on where this
/// is called, so it is done on one of its own.
fn drop_databases(options: &MongoOptions) {
    let options = options.clone();
    let dropping = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let client = mongodb::Client::with_uri_str(&options.uri).await.unwrap();
            for name in [&options.token_db, &options.admin_db] {
                client.database(name).drop().await.unwrap();
            }
        });
    });
    let dropped = dropping.join();
    assert!(dropped.is_ok() || std::thread::panicking());
}
