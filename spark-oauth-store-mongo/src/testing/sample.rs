//! The databases of the Node.js sample, for tests of what reads them.

use mongodb::bson::Document;
use mongodb::{Client, Collection};

use super::{TestDatabases, shared};

/// The two databases of the Node.js sample, under names that nobody else uses.
#[derive(Debug)]
pub struct SampleServer {
    /// The databases, which are dropped with this.
    pub databases: TestDatabases,
    /// Reads and writes them as somebody else.
    pub client: Client,
}

impl SampleServer {
    /// Empty databases on the server that the tests share; `None` where there is no
    /// server, which is told.
    pub async fn new() -> Option<Self> {
        let databases = TestDatabases::on(shared()?);
        let client = Client::with_uri_str(databases.uri()).await.unwrap();
        Some(Self { databases, client })
    }

    /// The sample's tokens.
    pub fn tokens(&self) -> Collection<Document> {
        self.collection(self.databases.token_db())
    }

    /// The sample's admins.
    pub fn admins(&self) -> Collection<Document> {
        self.collection(self.databases.admin_db())
    }

    /// The sample calls each collection after its database.
    fn collection(&self, database: &str) -> Collection<Document> {
        self.client
            .database(database)
            .collection(&format!("{database}Collection"))
    }
}
