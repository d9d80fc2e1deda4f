//! The list of tokens, and the search by a part of an e-mail address.

use std::num::NonZeroU16;

use mongodb::bson::{Document, doc};
use spark_oauth_core::ports::{Cursor, Page, PageRequest, StoreError, TokenFilter};
use spark_oauth_core::token::Token;

use crate::MongoStore;
use crate::collection::Selection;
use crate::token_document::TokenDocument;
use crate::token_search::{Search, Way};

/// A place in the list: that of a token, or of none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    seq: i64,
    /// Tokens with the same number and a lower identifier lie behind the place.
    id: Option<String>,
}

impl MongoStore {
    pub(crate) async fn list_tokens(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        let from = self.first_place(page.after.as_ref()).await?;
        let found = match (Search::new(filter), from) {
            (Some(search), Some(from)) => self.search(&search, &from, wanted(page.limit)).await?,
            _ => Vec::new(),
        };
        let page = Page::from_one_more(found, page.limit, |last| Place::of(last).position());
        let items = page.items.into_iter().map(Token::try_from);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// Where a page begins; `None` for a cursor that another store made.
    async fn first_place(&self, after: Option<&Cursor>) -> Result<Option<Place>, StoreError> {
        let place = match after.map(Place::read) {
            Some(None) => return Ok(None),
            Some(Some(place)) if self.sequence().has_met(place.seq) => place,
            // No cursor leads above the newest.
            Some(Some(place)) => Place {
                seq: place.seq.min(self.sequence().highest(self.tokens()).await?),
                ..place
            },
            None => Place {
                seq: self.sequence().highest(self.tokens()).await?,
                id: None,
            },
        };
        Ok(Some(place))
    }

    /// Up to so many tokens from a place on, newest first, whichever way leads to them.
    async fn search(
        &self,
        search: &Search,
        from: &Place,
        wanted: usize,
    ) -> Result<Vec<TokenDocument>, StoreError> {
        let mut found = Vec::new();
        for way in search.ways() {
            found.extend(self.go(search, &way, from.clone(), wanted).await?);
        }
        // Each way is in order, and may cross another.
        found.sort_by(|a, b| (b.seq(), b.id()).cmp(&(a.seq(), a.id())));
        found.dedup_by(|a, b| a.id() == b.id());
        found.truncate(wanted);
        Ok(found)
    }

    /// Up to so many tokens of a way: looks through one window of numbers after the
    /// other, each wider than the one before.
    async fn go(
        &self,
        search: &Search,
        way: &Way,
        mut from: Place,
        wanted: usize,
    ) -> Result<Vec<TokenDocument>, StoreError> {
        let mut found = Vec::new();
        let mut width = search.first_window(wanted);
        loop {
            let floor = if way.is_short() {
                0
            } else {
                from.seq.saturating_sub(width).max(0)
            };
            let rest = wanted - found.len();
            let look = |numbers| search.by_look(way, numbers);
            found.extend(self.window(search, look, &from, floor, rest).await?);
            from = Place {
                seq: floor,
                id: None,
            };
            let rest = wanted - found.len();
            if rest == 0 || floor == 0 {
                return Ok(found);
            }
            // Few have such a part, so that the index of pieces names few.
            if let Some(piece) = search.piece(way) {
                let by_piece = |numbers| search.by_piece(way, piece, numbers);
                found.extend(self.window(search, by_piece, &from, 0, rest).await?);
                return Ok(found);
            }
            width = search.next_window(width);
        }
    }

    /// Up to so many tokens that fit, from a place on, with numbers above `floor`.
    async fn window(
        &self,
        search: &Search,
        filter: impl Fn(Document) -> Document,
        from: &Place,
        floor: i64,
        wanted: usize,
    ) -> Result<Vec<TokenDocument>, StoreError> {
        // A few more for those that have the number of the place and lie before it.
        let mut limit = wanted.saturating_add(usize::from(from.id.is_some()) * 8);
        loop {
            let numbers = doc! { "$lte": from.seq, "$gt": floor };
            let selection = selection(filter(numbers), limit);
            let mut found = self.tokens().select(selection).await?;
            let cut = found.len() == limit;
            found.retain(|token| from.is_before(token) && search.may_show(token));
            if found.len() >= wanted || !cut {
                found.truncate(wanted);
                return Ok(found);
            }
            limit = limit.saturating_mul(2);
        }
    }
}

/// The query for so many of the tokens that fit, newest first.
pub(crate) fn selection(filter: Document, limit: usize) -> Selection {
    Selection {
        filter,
        sort: doc! { "seq": -1, "_id": -1 },
        fields: doc! { "email_grams": 0 },
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    }
}

fn wanted(limit: NonZeroU16) -> usize {
    usize::from(limit.get()) + 1
}

impl Place {
    fn of(token: &TokenDocument) -> Self {
        Self {
            seq: token.seq(),
            id: Some(token.id().to_owned()),
        }
    }

    /// Whether a token lies behind this place.
    fn is_before(&self, token: &TokenDocument) -> bool {
        let behind = self.id.as_deref().is_none_or(|id| token.id() < id);
        token.seq() < self.seq || (token.seq() == self.seq && behind)
    }

    fn position(&self) -> Vec<u8> {
        let id = self.id.as_deref().unwrap_or_default();
        [&self.seq.to_be_bytes(), id.as_bytes()].concat()
    }

    fn read(cursor: &Cursor) -> Option<Self> {
        let (seq, id) = cursor.position().split_first_chunk()?;
        Some(Self {
            seq: i64::from_be_bytes(*seq),
            id: Some(
                std::str::from_utf8(id)
                    .ok()
                    .filter(|id| !id.is_empty())?
                    .to_owned(),
            ),
        })
    }
}
