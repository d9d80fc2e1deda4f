//! Giving documents that stood before what the newer schema has.
//!
//! A document that has it is left alone, so that a migration that was broken off is
//! taken up where it ended, and several processes can share it.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Document, RawDocumentBuf};
use mongodb::{Collection, Cursor};

use super::Databases;
use crate::connect_error::ConnectError;

/// How many documents are read at once.
const BATCH: usize = 1_000;

/// How many are written at once.
const WRITES: usize = 16;

/// Documents that lack something.
pub(super) struct Backfill<'d> {
    pub(super) databases: &'d Databases,
    pub(super) collection: Collection<RawDocumentBuf>,
    /// What those that lack it have in common.
    pub(super) lacking: Document,
    /// What is read of them.
    pub(super) fields: Document,
}

/// What is to become of a document.
pub(super) enum Change {
    /// It is given what it lacks, where it is still as it was read.
    Give {
        unchanged: Document,
        update: Document,
    },
    /// It lacks nothing.
    Leave,
    /// It cannot be read.
    Unreadable,
}

/// What became of the documents.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) given: u64,
    pub(super) unreadable: u64,
    /// Somebody changed them meanwhile.
    missed: u64,
}

impl Backfill<'_> {
    /// Gives each document what it lacks; `observe` hears of each time all were gone
    /// through.
    pub(super) async fn run(
        &self,
        change: impl Fn(&RawDocumentBuf) -> Change,
        observe: impl Fn(&Done),
    ) -> Result<(), ConnectError> {
        loop {
            let done = self.pass(&change).await?;
            observe(&done);
            if done.missed == 0 {
                return Ok(());
            }
        }
    }

    /// Goes through the documents once.
    async fn pass(&self, change: impl Fn(&RawDocumentBuf) -> Change) -> Result<Done, ConnectError> {
        let finding = self.collection.find(self.lacking.clone());
        let finding = finding.projection(self.fields.clone());
        let mut found = self.databases.within(finding).await?;
        let mut done = Done::default();
        loop {
            let batch = self.databases.within(next_batch(&mut found)).await?;
            if batch.is_empty() {
                return Ok(done);
            }
            let changes = batch.iter().map(&change).collect::<Vec<_>>();
            let mut writes = Vec::new();
            for change in changes {
                match change {
                    Change::Give { unchanged, update } => {
                        writes.push(self.write(unchanged, update));
                    }
                    Change::Leave => {}
                    Change::Unreadable => done.unreadable += 1,
                }
            }
            let written = stream::iter(writes).buffer_unordered(WRITES);
            for given in written.try_collect::<Vec<_>>().await? {
                if given {
                    done.given += 1;
                } else {
                    done.missed += 1;
                }
            }
        }
    }

    async fn write(&self, mut unchanged: Document, update: Document) -> Result<bool, ConnectError> {
        unchanged.extend(self.lacking.clone());
        let writing = self.collection.update_one(unchanged, update);
        let written = self.databases.within(writing).await?;
        Ok(written.matched_count > 0)
    }
}

async fn next_batch(
    found: &mut Cursor<RawDocumentBuf>,
) -> mongodb::error::Result<Vec<RawDocumentBuf>> {
    found.take(BATCH).try_collect().await
}
