//! The list of tokens, and the search by a part of an e-mail address.

use std::num::NonZeroU16;

use mongodb::bson::{Document, doc};
use spark_oauth_core::EmailAddress;
use spark_oauth_core::ports::{Cursor, Page, PageRequest, StoreError, TokenFilter};
use spark_oauth_core::token::{StatusKind, Token};

use crate::MongoStore;
use crate::collection::Selection;
use crate::grams::Part;
use crate::token_document::TokenDocument;

/// How many numbers the first window holds at least.
const FIRST_WINDOW: i64 = 128;
/// How many, where an address must be looked at.
const FIRST_WALK: i64 = 1_024;
/// How many addresses are looked at by one query at most.
const LAST_WALK: i64 = 65_536;
/// How much wider the next window is.
const WIDER: i64 = 8;

/// A place in the list: that of a token, or of none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    seq: i64,
    /// Tokens with the same number and a lower identifier lie behind the place.
    id: Option<String>,
}

/// What a list asks for.
struct Search {
    status: Option<&'static str>,
    part: Option<Part>,
}

impl MongoStore {
    pub(crate) async fn list_tokens(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        let from = self.first_place(page.after.as_ref()).await?;
        let found = match (Search::new(filter), from) {
            (Some(search), Some(from)) => self.search(&search, from, wanted(page.limit)).await?,
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

    /// Up to so many tokens from a place on, newest first: looks through one window
    /// of numbers after the other, each wider than the one before.
    async fn search(
        &self,
        search: &Search,
        mut from: Place,
        wanted: usize,
    ) -> Result<Vec<TokenDocument>, StoreError> {
        let mut found = Vec::new();
        let mut width = search.first_window(wanted);
        loop {
            let floor = from.seq.saturating_sub(width).max(0);
            let rest = wanted - found.len();
            let look = |numbers| search.by_look(numbers);
            found.extend(self.window(look, &from, floor, rest).await?);
            from = Place {
                seq: floor,
                id: None,
            };
            let rest = wanted - found.len();
            if rest == 0 || floor == 0 {
                return Ok(found);
            }
            // Few have such a part, so that the index of pieces names few.
            if let Some(piece) = search.piece() {
                let by_piece = |numbers| search.by_piece(piece, numbers);
                found.extend(self.window(by_piece, &from, 0, rest).await?);
                return Ok(found);
            }
            width = search.next_window(width);
        }
    }

    /// Up to so many tokens that fit, from a place on, with numbers above `floor`.
    async fn window(
        &self,
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
            found.retain(|token| from.is_before(token));
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

impl Search {
    /// `None` where nothing can fit.
    fn new(filter: &TokenFilter) -> Option<Self> {
        let part = filter.email_part.as_deref().map(EmailAddress::normalize);
        let part = match part.filter(|part| !part.is_empty()) {
            None => None,
            Some(part) => Some(Part::new(&part, EmailAddress::MAX_LENGTH)?),
        };
        let status = filter.status.map(StatusKind::as_str);
        Some(Self { status, part })
    }

    fn first_window(&self, wanted: usize) -> i64 {
        let least = match self.part {
            None => FIRST_WINDOW,
            Some(_) => FIRST_WALK,
        };
        let twice = i64::try_from(wanted).unwrap_or(i64::MAX).saturating_mul(2);
        twice.max(least)
    }

    fn next_window(&self, width: i64) -> i64 {
        let wider = width.saturating_mul(WIDER);
        match self.part {
            None => wider,
            Some(_) => wider.min(LAST_WALK.max(width)),
        }
    }

    fn piece(&self) -> Option<&str> {
        self.part.as_ref()?.piece()
    }

    /// The filter for a window whose addresses are looked at one by one.
    ///
    /// What the index is to be chosen by stands first, here and below: some servers
    /// go by that.
    fn by_look(&self, numbers: Document) -> Document {
        let mut filter = doc! { "seq": numbers };
        filter.extend(self.of_status());
        if let Some(part) = &self.part {
            filter.insert("email_normalized", doc! { "$regex": part.pattern() });
        }
        filter
    }

    /// The filter for what the index of pieces finds.
    fn by_piece(&self, piece: &str, numbers: Document) -> Document {
        let mut filter = doc! { "email_grams": piece, "seq": numbers };
        filter.extend(self.of_status());
        if let Some(part) = self.part.as_ref().filter(|part| !part.is_a_piece()) {
            filter.insert("email_normalized", doc! { "$regex": part.pattern() });
        }
        filter
    }

    fn of_status(&self) -> Document {
        match self.status {
            None => Document::new(),
            Some(status) => doc! { "status.kind": status },
        }
    }
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
