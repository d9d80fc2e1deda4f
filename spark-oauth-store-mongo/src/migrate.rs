//! From whatever schema the databases have to the present one.
//!
//! Several processes may start at once, and nothing locks a database over more
//! than one document. So every step can be taken twice, also at the same time, and
//! the number of the schema only rises, after the steps that lead to it.

mod audit_keys;
mod backfill;
mod first_visits;
mod searches;

use std::pin::Pin;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::error::Error;
use mongodb::{Collection, Database};
use tokio::time::timeout;

use crate::connect_error::{Attempted, ConnectError, code};
use crate::indexes::{self, Place};
use crate::vault::VAULT;

/// How long one collection's indexes may take to build. The server goes on
/// building them after that.
const INDEX_LIMIT: Duration = Duration::from_hours(1);

/// `IndexOptionsConflict` and `IndexKeySpecsConflict`.
const INDEX_CONFLICTS: [i32; 2] = [85, 86];
/// `DuplicateKey`.
const DUPLICATE_KEY: i32 = 11_000;

/// The databases of a store.
#[derive(Clone, Debug)]
pub(crate) struct Databases {
    pub(crate) tokens: Database,
    pub(crate) admins: Database,
    pub(crate) attempted: Attempted,
    pub(crate) limit: Duration,
}

type Work<'d> = Pin<Box<dyn Future<Output = Result<(), ConnectError>> + Send + 'd>>;

/// A step from the schema before to the next.
pub(crate) type Step = for<'d> fn(&'d Databases) -> Work<'d>;

/// The steps, the first of which leads to schema 1. A released step never changes.
const STEPS: &[Step] = &[
    // Of nothing but its indexes, which every start makes.
    |_| Box::pin(async { Ok(()) }),
    |databases| Box::pin(first_visits::plan(databases)),
    |databases| Box::pin(searches::prepare(databases)),
    |databases| Box::pin(audit_keys::name(databases)),
];

/// Brings the databases to the present schema.
pub(crate) async fn bring_up(databases: &Databases) -> Result<(), ConnectError> {
    let steps = steps_ahead(databases, STEPS).await?;
    take(databases, steps).await?;
    // Also where no step is ahead: an operator may have dropped one.
    create_indexes(databases).await?;
    if steps.is_empty() {
        return Ok(());
    }
    reach(databases, STEPS.len()).await
}

async fn steps_ahead<'s>(
    databases: &Databases,
    steps: &'s [Step],
) -> Result<&'s [Step], ConnectError> {
    let found = databases.within(schema(databases).find_one(name())).await?;
    let found = found.map_or(0, |schema| schema.get_i32("version").unwrap_or_default());
    let known = i32::try_from(steps.len()).unwrap_or(i32::MAX);
    usize::try_from(found)
        .ok()
        .and_then(|found| steps.get(found..))
        .ok_or_else(|| ConnectError::NewerSchema {
            admin_db: databases.admins.name().to_owned(),
            found,
            known,
        })
}

async fn take(databases: &Databases, steps: &[Step]) -> Result<(), ConnectError> {
    for step in steps {
        step(databases).await?;
    }
    Ok(())
}

/// Notes that the schema is reached, where it is not a later one already.
async fn reach(databases: &Databases, version: usize) -> Result<(), ConnectError> {
    let version = i32::try_from(version).unwrap_or(i32::MAX);
    let raise = doc! { "$max": { "version": version } };
    let schema = schema(databases);
    let raising = || schema.update_one(name(), raise.clone()).upsert(true);
    match databases.within(raising()).await {
        // Of several who make the document at once, one does; the others find it.
        Err(ConnectError::Server { .. }) => databases.within(raising()).await?,
        answer => answer?,
    };
    Ok(())
}

fn schema(databases: &Databases) -> Collection<Document> {
    databases.admins.collection(VAULT)
}

fn name() -> Document {
    doc! { "_id": "schema" }
}

async fn create_indexes(databases: &Databases) -> Result<(), ConnectError> {
    for wanted in indexes::all() {
        let database = match wanted.place {
            Place::Tokens => &databases.tokens,
            Place::Admins => &databases.admins,
        };
        let collection = database.collection::<Document>(wanted.collection);
        let creating = collection.create_indexes(wanted.indexes).into_future();
        let created = timeout(INDEX_LIMIT, creating).await;
        let created = created.map_err(|_| databases.silent(INDEX_LIMIT))?;
        created.map_err(|error| {
            let collection = format!("{}.{}", database.name(), wanted.collection);
            index_error(databases, collection, &error)
        })?;
    }
    Ok(())
}

fn index_error(databases: &Databases, collection: String, error: &Error) -> ConnectError {
    match code(error) {
        Some(code) if INDEX_CONFLICTS.contains(&code) => ConnectError::Index { collection, code },
        Some(DUPLICATE_KEY) => ConnectError::Duplicates { collection },
        _ => databases.attempted.failed(error),
    }
}

impl Databases {
    /// An operation of the start, within the time limit.
    pub(crate) async fn within<T>(
        &self,
        operation: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, ConnectError> {
        match timeout(self.limit, operation.into_future()).await {
            Ok(answer) => answer.map_err(|error| self.attempted.failed(&error)),
            Err(_) => Err(self.silent(self.limit)),
        }
    }

    fn silent(&self, limit: Duration) -> ConnectError {
        ConnectError::Unreachable {
            hosts: self.attempted.hosts.clone(),
            source: crate::errors::Cause::time_limit(limit),
        }
    }
}
