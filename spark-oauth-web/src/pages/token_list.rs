use askama::Template;

use super::{Layout, TimeView, TokenStatus};

/// `GET /admin/tokens`.
#[derive(Debug, Template)]
#[template(path = "token_list.html")]
pub struct TokenListPage {
    /// Frame of the page.
    pub layout: Layout,
    /// What the list is narrowed to.
    pub filter: TokenFilter,
    /// One page of tokens.
    pub rows: Vec<TokenRow>,
    /// Link to the first page, unless this is it.
    pub first_page: Option<String>,
    /// Link to the next page, unless this is the last.
    pub next_page: Option<String>,
}

/// The fields `email` and `status` of the search form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenFilter {
    /// Part of an e-mail address; empty for all.
    pub email: String,
    /// Only tokens of this state.
    pub status: Option<TokenStatus>,
}

/// One token in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Link to the token's page.
    pub href: String,
    /// Display name of the person, where known.
    pub name: Option<String>,
    /// E-mail address of the person.
    pub email: String,
    /// State of the token.
    pub status: TokenStatus,
    /// When the access token ends; `None` for a record whose lifetime is unknown.
    pub expires: Option<TimeView>,
    /// When it was last refreshed; `None` for never.
    pub refreshed: Option<TimeView>,
}

impl TokenFilter {
    pub(super) fn is_empty(&self) -> bool {
        self.email.is_empty() && self.status.is_none()
    }

    pub(super) fn is(&self, status: TokenStatus) -> bool {
        self.status == Some(status)
    }
}
