//! The official driver alone, with the concerns of our store.

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, WriteConcern};
use mongodb::{Client, Collection};
use spark_oauth_core::ports::{Clock as _, SystemClock, SystemRandom};
use spark_oauth_core::{EmailAddress, TokenId};
use spark_oauth_store_mongo::testing::TestDatabases;

use crate::Outcome;
use crate::side::{Operation, PAGE, PAGES, Side};
use crate::tokens::CLIENT_ID;
use crate::walk::Walk;

/// How many tokens are changed in turn.
const CHANGED: usize = 500;

/// How many numbers a page looks through: a server that is no `mongod` may read all
/// that fits before it sorts and cuts it.
const WINDOW: i64 = 128;

/// How many tokens a caller may insert.
const INSERTED: i64 = 10_000_000;

/// Queries on the collection of the tokens.
#[derive(Debug)]
pub(crate) struct Bare {
    tokens: Collection<Document>,
    known: Vec<(TokenId, EmailAddress)>,
    walk: Walk,
    /// The documents that are changed, as they are stored.
    changed: Vec<Document>,
    /// The number of the newest token.
    newest: i64,
    before: i64,
    pages: usize,
}

impl Bare {
    pub(super) async fn connect(
        databases: &TestDatabases,
        known: Vec<(TokenId, EmailAddress)>,
    ) -> Outcome<Self> {
        let mut options = ClientOptions::parse(databases.uri()).await?;
        let majority = WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true);
        options.write_concern = Some(majority.build());
        options.read_concern = Some(ReadConcern::majority());
        let client = Client::with_options(options)?;
        let newest = i64::try_from(known.len())?;
        let mut bare = Self {
            tokens: client.database(databases.token_db()).collection("tokens"),
            walk: Walk::through(known.len()),
            known,
            changed: Vec::new(),
            newest,
            before: newest + 1,
            pages: 0,
        };
        for number in 0..CHANGED.min(bare.known.len()) {
            let document = bare.by_id(number).await?;
            bare.changed.push(document);
        }
        Ok(bare)
    }

    async fn by_id(&self, number: usize) -> Outcome<Document> {
        let (id, _) = &self.known[number];
        let found = self.tokens.find_one(doc! { "_id": id.to_string() }).await?;
        Ok(found.ok_or("a token is missing")?)
    }

    async fn by_email(&self, number: usize) -> Outcome {
        let (_, email) = &self.known[number];
        let filter = doc! { "integration": CLIENT_ID, "email_normalized": email.normalized() };
        let found: Vec<_> = self.tokens.find(filter).await?.try_collect().await?;
        if found.len() == 1 {
            Ok(())
        } else {
            Err("not one token has the address".into())
        }
    }

    async fn page(&mut self) -> Outcome {
        let numbers = doc! { "$lt": self.before, "$gt": self.before - WINDOW };
        let found = self.tokens.find(doc! { "seq": numbers });
        let found = found
            .sort(doc! { "seq": -1, "_id": -1 })
            .projection(doc! { "email_grams": 0 })
            .limit(i64::from(PAGE) + 1);
        let found: Vec<_> = found.await?.try_collect().await?;
        let last = found.get(usize::from(PAGE) - 1);
        let last = last.ok_or("a page is not full")?.get_i64("seq")?;
        self.pages = (self.pages + 1) % PAGES;
        self.before = if self.pages > 0 {
            last
        } else {
            self.newest + 1
        };
        Ok(())
    }

    async fn insert(&mut self) -> Outcome {
        self.newest += 1;
        let number = self.newest;
        let id = TokenId::generate(SystemClock.now(), &SystemRandom);
        let email = format!("another.{number}@example.com");
        let mut document = self.changed[0].clone();
        document.insert("_id", id.to_string());
        document.insert("seq", number);
        document.insert("person", format!("another-{number:032}"));
        document.insert("email", &email);
        document.insert("email_grams", pieces(&email));
        document.insert("email_normalized", email);
        self.tokens.insert_one(document).await?;
        Ok(())
    }

    async fn compare_and_set(&mut self, number: usize) -> Outcome {
        let document = &mut self.changed[number];
        let version = document.get_i64("version")?;
        let mut filter = Document::new();
        for name in ["_id", "integration", "person", "version"] {
            filter.insert(name, document.get(name).cloned().unwrap_or(Bson::Null));
        }
        document.insert("version", version + 1);
        document.insert("generation", version + 1);
        let mut set = document.clone();
        set.remove("_id");
        set.remove("seq");
        let done = self.tokens.update_one(filter, doc! { "$set": set }).await?;
        if done.matched_count == 1 {
            Ok(())
        } else {
            Err("a record has another version".into())
        }
    }
}

impl Side for Bare {
    fn split(self, callers: usize) -> Vec<Self> {
        let share = self.changed.len() / callers;
        let callers = (1..).zip(self.changed.chunks_exact(share).take(callers));
        let callers = callers.map(|(caller, changed)| Self {
            tokens: self.tokens.clone(),
            known: self.known.clone(),
            walk: self.walk.clone(),
            changed: changed.to_vec(),
            newest: self.newest + caller * INSERTED,
            before: self.before,
            pages: 0,
        });
        callers.collect()
    }

    async fn run(&mut self, operation: Operation) -> Outcome {
        match operation {
            Operation::ById => {
                let number = self.walk.step();
                self.by_id(number).await?;
            }
            Operation::ByEmail => {
                let number = self.walk.step();
                self.by_email(number).await?;
            }
            Operation::Page => self.page().await?,
            Operation::Insert => self.insert().await?,
            Operation::CompareAndSet => {
                let number = self.walk.step() % self.changed.len();
                self.compare_and_set(number).await?;
            }
        }
        Ok(())
    }
}

/// What the store's index of pieces holds of an address.
fn pieces(email: &str) -> Vec<&str> {
    let mut pieces: Vec<_> = (3..=email.len()).map(|end| &email[end - 3..end]).collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}
