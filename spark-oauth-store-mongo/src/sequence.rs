//! The order of insertion.
//!
//! Each token has a number, one above the highest that its inserter found, so that
//! a list by it is the newest first whatever the clocks of the processes say. Two
//! that are inserted by two processes in the same moment may get the same number:
//! their identifiers tell which comes first.
//!
//! The number also bounds what a query can find. MongoDB stops reading an index
//! where the page is full, but other servers of its protocol read all that fits
//! before they sort and cut it; so no query names less than both ends of the
//! numbers it is about.

use std::sync::atomic::{AtomicI64, Ordering};

use mongodb::bson::{Document, doc};
use serde::Deserialize;
use spark_oauth_core::ports::StoreError;

use crate::collection::{Records, Selection};
use crate::token_document::TokenDocument;

/// How far the number that a search begins at may lie below the highest.
const NEAR: i64 = 1_024;

/// The highest number that this process has met.
#[derive(Debug, Default)]
pub(crate) struct Sequence(AtomicI64);

#[derive(Deserialize)]
struct Numbered {
    seq: i64,
}

impl Sequence {
    /// A number above that of every token which is there.
    pub(crate) async fn next(&self, tokens: &Records<TokenDocument>) -> Result<i64, StoreError> {
        self.highest(tokens).await?;
        // In this process nobody else gets it.
        Ok(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Whether this process knows of a number at least as high.
    pub(crate) fn has_met(&self, seq: i64) -> bool {
        seq <= self.0.load(Ordering::SeqCst)
    }

    /// The number of the newest token, or one above it.
    pub(crate) async fn highest(&self, tokens: &Records<TokenDocument>) -> Result<i64, StoreError> {
        let known = match self.0.load(Ordering::SeqCst) {
            0 => gallop(tokens).await?,
            known => known,
        };
        let found: Vec<Numbered> = tokens.select_as(newest_from(known)).await?;
        let highest = found.first().map_or(known, |newest| newest.seq);
        let before = self.0.fetch_max(highest, Ordering::SeqCst);
        Ok(before.max(highest))
    }
}

/// The query for the highest number, where it is at least `known`.
pub(crate) fn newest_from(known: i64) -> Selection {
    Selection {
        filter: doc! { "seq": { "$gte": known } },
        sort: doc! { "seq": -1, "_id": -1 },
        fields: only_the_number(),
        limit: 1,
    }
}

/// A number near the highest, found without reading what lies between. Where many
/// tokens were removed it may lie further below, which costs time and nothing else.
async fn gallop(tokens: &Records<TokenDocument>) -> Result<i64, StoreError> {
    let (mut there, mut beyond) = (0, NEAR);
    while stands_near(tokens, beyond).await? {
        (there, beyond) = (beyond, beyond.saturating_mul(2));
    }
    while beyond - there > NEAR {
        let middle = there + (beyond - there) / 2;
        if stands_near(tokens, middle).await? {
            there = middle;
        } else {
            beyond = middle;
        }
    }
    Ok(there)
}

/// Whether a token has one of the numbers from this one on.
async fn stands_near(tokens: &Records<TokenDocument>, from: i64) -> Result<bool, StoreError> {
    let near = doc! { "seq": { "$gte": from, "$lt": from.saturating_add(NEAR) } };
    let found: Option<Numbered> = tokens.find_one_as(near, Some(only_the_number())).await?;
    Ok(found.is_some())
}

fn only_the_number() -> Document {
    doc! { "_id": 0, "seq": 1 }
}
