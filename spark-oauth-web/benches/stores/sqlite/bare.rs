//! sqlx alone, with the durability of our store.

use std::path::Path;
use std::sync::Arc;

use spark_oauth_core::ports::{Clock as _, SystemClock, SystemRandom};
use spark_oauth_core::{EmailAddress, TokenId};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow, SqliteSynchronous};
use sqlx::{Column as _, ConnectOptions as _, Row as _, Sqlite, SqliteConnection};
use sqlx::{TypeInfo as _, ValueRef as _};
use tokio::sync::Mutex;

use crate::Outcome;
use crate::side::{Operation, PAGE, PAGES, Side};
use crate::tokens::CLIENT_ID;
use crate::walk::Walk;

/// How many tokens are changed in turn.
const CHANGED: usize = 500;

/// A value of a row, as SQLite keeps it.
#[derive(Clone, Debug)]
enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row of the table, whatever columns that has.
type Record = Vec<Value>;

/// A connection that callers take turns at.
type Shared = Arc<Mutex<SqliteConnection>>;

/// How many tokens a caller may insert.
const INSERTED: usize = 10_000_000;

/// Statements on two connections: one that reads, one that writes.
#[derive(Debug)]
pub(crate) struct Bare {
    read: Shared,
    write: Shared,
    statements: Arc<Statements>,
    known: Vec<(TokenId, EmailAddress)>,
    walk: Walk,
    /// The records that are changed, as they are stored.
    changed: Vec<Record>,
    places: Places,
    before: i64,
    pages: usize,
    inserted: usize,
}

#[derive(Debug)]
struct Statements {
    by_id: String,
    by_email: String,
    page: String,
    insert: String,
    update: String,
}

/// Where some columns stand in a record.
#[derive(Clone, Copy, Debug)]
struct Places {
    seq: usize,
    id: usize,
    person: usize,
    email: usize,
    email_normalized: usize,
    version: usize,
    generation: usize,
}

impl Bare {
    pub(super) async fn open(path: &Path, known: Vec<(TokenId, EmailAddress)>) -> Outcome<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            // As our store sets them; they cost time where something is written.
            .pragma("secure_delete", "ON")
            .pragma("journal_size_limit", "16777216")
            .pragma("cache_size", "-1024")
            .disable_statement_logging();
        let mut read = options.clone().pragma("query_only", "ON").connect().await?;
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info('tokens')")
                .fetch_all(&mut read)
                .await?;
        let mut bare = Self {
            read: Arc::new(Mutex::new(read)),
            write: Arc::new(Mutex::new(options.connect().await?)),
            statements: Arc::new(Statements::on(&columns)),
            places: Places::among(&columns)?,
            walk: Walk::through(known.len()),
            known,
            changed: Vec::new(),
            before: i64::MAX,
            pages: 0,
            inserted: 0,
        };
        for number in 0..CHANGED.min(bare.known.len()) {
            let record = bare.by_id(number).await?;
            bare.changed.push(record);
        }
        Ok(bare)
    }

    async fn by_id(&mut self, number: usize) -> Outcome<Record> {
        let (id, _) = &self.known[number];
        let row = query(&self.statements.by_id).bind(id.to_string());
        record(&row.fetch_one(&mut *self.read.lock().await).await?)
    }

    async fn by_email(&mut self, number: usize) -> Outcome {
        let (_, email) = &self.known[number];
        let rows = query(&self.statements.by_email)
            .bind(CLIENT_ID)
            .bind(email.normalized());
        let rows = rows.fetch_all(&mut *self.read.lock().await).await?;
        let records = rows.iter().map(record).collect::<Outcome<Vec<_>>>()?;
        if records.len() == 1 {
            Ok(())
        } else {
            Err("not one token has the address".into())
        }
    }

    async fn page(&mut self) -> Outcome {
        let rows = query(&self.statements.page)
            .bind(self.before)
            .bind(i64::from(PAGE) + 1);
        let rows = rows.fetch_all(&mut *self.read.lock().await).await?;
        let records = rows.iter().map(record).collect::<Outcome<Vec<_>>>()?;
        let last = records.get(usize::from(PAGE) - 1);
        let last = last.ok_or("a page is not full")?;
        self.pages = (self.pages + 1) % PAGES;
        self.before = match last[self.places.seq] {
            Value::Integer(seq) if self.pages > 0 => seq,
            _ => i64::MAX,
        };
        Ok(())
    }

    async fn insert(&mut self) -> Outcome {
        self.inserted += 1;
        let number = self.inserted;
        let id = TokenId::generate(SystemClock.now(), &SystemRandom);
        let email = format!("another.{number}@example.com");
        let mut record = self.changed[0].clone();
        record[self.places.seq] = Value::Null;
        record[self.places.id] = Value::Text(id.to_string());
        record[self.places.person] = Value::Text(format!("another-{number:032}"));
        record[self.places.email] = Value::Text(email.clone());
        record[self.places.email_normalized] = Value::Text(email);
        let insert = bind_all(query(&self.statements.insert), record);
        insert.execute(&mut *self.write.lock().await).await?;
        Ok(())
    }

    async fn compare_and_set(&mut self, number: usize) -> Outcome {
        let record = &mut self.changed[number];
        let Value::Integer(version) = record[self.places.version] else {
            return Err("a record has no version".into());
        };
        record[self.places.version] = Value::Integer(version + 1);
        record[self.places.generation] = Value::Integer(version + 1);
        let update = bind_all(query(&self.statements.update), record.clone()).bind(version);
        let done = update.execute(&mut *self.write.lock().await).await?;
        if done.rows_affected() == 1 {
            Ok(())
        } else {
            Err("a record has another version".into())
        }
    }
}

impl Side for Bare {
    fn split(self, callers: usize) -> Vec<Self> {
        let share = self.changed.len() / callers;
        let callers = self.changed.chunks_exact(share).take(callers).enumerate();
        let callers = callers.map(|(caller, changed)| Self {
            read: self.read.clone(),
            write: self.write.clone(),
            statements: self.statements.clone(),
            known: self.known.clone(),
            walk: self.walk.clone(),
            changed: changed.to_vec(),
            places: self.places,
            before: i64::MAX,
            pages: 0,
            inserted: (caller + 1) * INSERTED,
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

impl Statements {
    fn on(columns: &[String]) -> Self {
        let all = columns.join(", ");
        let places: Vec<_> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
        let sets: Vec<_> = columns
            .iter()
            .zip(&places)
            .filter(|(column, _)| !matches!(&***column, "seq" | "id"))
            .map(|(column, place)| format!("{column} = {place}"))
            .collect();
        let place = |name: &str| {
            let at = columns.iter().position(|column| column == name);
            format!("?{}", at.unwrap_or_default() + 1)
        };
        Self {
            by_id: format!("SELECT {all} FROM tokens WHERE id = ?1"),
            by_email: format!(
                "SELECT {all} FROM tokens WHERE integration = ?1 AND email_normalized = ?2 \
                 ORDER BY seq DESC"
            ),
            page: format!("SELECT {all} FROM tokens WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"),
            insert: format!("INSERT INTO tokens ({all}) VALUES ({})", places.join(", ")),
            update: format!(
                "UPDATE tokens SET {} WHERE id = {} AND version = ?{}",
                sets.join(", "),
                place("id"),
                columns.len() + 1
            ),
        }
    }
}

impl Places {
    fn among(columns: &[String]) -> Outcome<Self> {
        let place = |name: &str| {
            let at = columns.iter().position(|column| column == name);
            at.ok_or_else(|| format!("the table of the tokens has no column {name}"))
        };
        Ok(Self {
            seq: place("seq")?,
            id: place("id")?,
            person: place("person")?,
            email: place("email")?,
            email_normalized: place("email_normalized")?,
            version: place("version")?,
            generation: place("generation")?,
        })
    }
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// Every statement is made of our own words and the names of our own columns.
fn query(statement: &str) -> Query<'_> {
    sqlx::query(sqlx::AssertSqlSafe(statement))
}

fn bind_all(query: Query<'_>, record: Record) -> Query<'_> {
    record.into_iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// What a caller of the driver does at least: takes the values out.
fn record(row: &SqliteRow) -> Outcome<Record> {
    let values = row.columns().iter().map(|column| {
        let at = column.ordinal();
        let raw = row.try_get_raw(at)?;
        // The type of a null is that of its column.
        if raw.is_null() {
            return Ok(Value::Null);
        }
        Ok(match raw.type_info().name() {
            "INTEGER" => Value::Integer(row.try_get(at)?),
            "TEXT" => Value::Text(row.try_get(at)?),
            "BLOB" => Value::Bytes(row.try_get(at)?),
            other => return Err(format!("a column holds {other}").into()),
        })
    });
    values.collect()
}
