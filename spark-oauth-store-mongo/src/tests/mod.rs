//! The suite of the ports, and what only the crate itself can see.

mod conformance;
mod connecting;
mod corrupt;
mod corrupt_services;
mod migrating;
mod outage;
mod plans;
mod plans_services;
mod reach;
mod sample;
mod sequence;
mod unavailable;

use spark_oauth_core::conformance::Subject;
use spark_oauth_core::ports::Stores;
use tokio::sync::OnceCell;

use crate::testing::{self, TestDatabases};
use crate::{MongoOptions, MongoStore};

/// A store with two databases of its own, which go with it.
struct Fresh {
    store: MongoStore,
    stores: Stores,
    options: MongoOptions,
    _databases: TestDatabases,
    server_keeps_freed_values: bool,
}

impl Subject for Fresh {
    fn stores(&self) -> &Stores {
        &self.stores
    }

    fn is_tested(&self, contract: &str) -> bool {
        let needs_freed_values = contract == "updates::a_consent_that_an_update_leaves_is_free";
        if needs_freed_values && self.server_keeps_freed_values {
            testing::skip(&format!(
                "{contract}, since this server keeps a unique value that an update has freed"
            ));
            return false;
        }
        true
    }
}

/// Whether the server has the fault.
static KEEPS: OnceCell<bool> = OnceCell::const_new();

/// A new store; `None` where there is no server.
async fn fresh() -> Option<Fresh> {
    let databases = TestDatabases::on(testing::shared()?);
    let options = databases.options();
    let store = MongoStore::connect(options.clone()).await.unwrap();
    let probe = || testing::keeps_values_that_are_gone(&store.0.client, &options.token_db);
    let keeps = *KEEPS.get_or_init(probe).await;
    Some(Fresh {
        stores: store.stores(),
        store,
        options,
        _databases: databases,
        server_keeps_freed_values: keeps,
    })
}
