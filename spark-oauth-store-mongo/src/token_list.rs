//! The list of tokens, and the search by a part of an e-mail address.

use mongodb::bson::{Document, doc};
use spark_oauth_core::EmailAddress;
use spark_oauth_core::ports::{Page, PageRequest, StoreError, TokenFilter};
use spark_oauth_core::token::Token;

use crate::MongoStore;
use crate::collection::Selection;
use crate::grams::{Search, search};
use crate::position::{behind, newest_first, one_more};
use crate::tokens::read_all;

impl MongoStore {
    pub(crate) async fn list_tokens(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        let Some(selection) = selection(filter, page) else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let found = read_all(self.tokens().select(selection).await?)?;
        Ok(Page::from_one_more(found, page.limit, |last| {
            last.id.to_string().into_bytes()
        }))
    }
}

/// The query for a page; `None` where nothing can fit.
pub(crate) fn selection(filter: &TokenFilter, page: &PageRequest) -> Option<Selection> {
    let mut conditions = behind(page.after.as_ref());
    let part = filter.email_part.as_deref().map(EmailAddress::normalize);
    if let Some(part) = part.filter(|part| !part.is_empty()) {
        conditions.extend(with_part(&part)?);
    }
    if let Some(status) = filter.status {
        conditions.insert("status.kind", status.as_str());
    }
    Some(Selection {
        filter: conditions,
        sort: newest_first(),
        without: doc! { "email_grams": 0 },
        limit: one_more(page.limit),
    })
}

fn with_part(part: &str) -> Option<Document> {
    match search(part, EmailAddress::MAX_LENGTH) {
        Search::Nowhere => None,
        Search::Exact(piece) => Some(doc! { "email_grams": piece }),
        Search::Confirmed { pieces, pattern } => Some(doc! {
            "email_grams": { "$all": pieces },
            "email_normalized": { "$regex": pattern },
        }),
    }
}
