//! Databases that one test has for itself.

use mongodb::Client;
use mongodb::bson::Document;
use spark_oauth_core::ProcessId;
use spark_oauth_core::ports::{Clock as _, SystemClock, SystemRandom};

use crate::MongoOptions;

/// Two databases that nobody else uses. They are dropped with this, whatever is in
/// them.
#[derive(Debug)]
pub struct TestDatabases {
    options: MongoOptions,
}

impl TestDatabases {
    /// Names for two databases on the server at `uri`.
    pub fn on(uri: &str) -> Self {
        let name = ProcessId::generate(SystemClock.now(), &SystemRandom);
        let options = MongoOptions::new(uri)
            .token_db(format!("test_{name}_tokens"))
            .admin_db(format!("test_{name}_admins"));
        Self { options }
    }

    /// What a store in them is connected with.
    pub fn options(&self) -> MongoOptions {
        self.options.clone()
    }

    /// The connection string of the server.
    pub fn uri(&self) -> &str {
        &self.options.uri
    }

    /// The name of the database of tokens and consents.
    pub fn token_db(&self) -> &str {
        &self.options.token_db
    }

    /// The name of the database of admins and what goes with them.
    pub fn admin_db(&self) -> &str {
        &self.options.admin_db
    }

    /// How many documents a collection holds, in both databases together.
    pub async fn count(&self, collection: &str) -> u64 {
        let client = Client::with_uri_str(self.uri()).await.unwrap();
        let mut count = 0;
        for name in [self.token_db(), self.admin_db()] {
            let records = client.database(name).collection::<Document>(collection);
            count += records.count_documents(Document::new()).await.unwrap();
        }
        client.shutdown().immediate(true).await;
        count
    }
}

impl Drop for TestDatabases {
    /// The runtime of a test cannot be waited on here, so it is done on one of its own.
    fn drop(&mut self) {
        let options = self.options.clone();
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let client = Client::with_uri_str(&options.uri).await.unwrap();
                for name in [&options.token_db, &options.admin_db] {
                    client.database(name).drop().await.unwrap();
                }
            });
        });
        let dropped = dropping.join();
        assert!(dropped.is_ok() || std::thread::panicking());
    }
}
