use askama::Template;

use super::{KeyStatus, Layout, ScopeView, TimeView};

/// `GET /admin/keys`.
#[derive(Debug, Template)]
#[template(path = "key_list.html")]
pub struct KeyListPage {
    /// Frame of the page.
    pub layout: Layout,
    /// One page of keys.
    pub rows: Vec<KeyRow>,
    /// Link to the first page, unless this is it.
    pub first_page: Option<String>,
    /// Link to the next page, unless this is the last.
    pub next_page: Option<String>,
}

/// One API key in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Link to the key's page.
    pub href: String,
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub status: KeyStatus,
    /// What it may do.
    pub scopes: Vec<ScopeView>,
    /// Whose tokens it is good for, in few words.
    pub reach: String,
    /// When it was made.
    pub created: TimeView,
    /// Who made it.
    pub created_by: String,
    /// When it ends by itself; `None` for never.
    pub expires: Option<TimeView>,
    /// When it was last used; `None` for never.
    pub last_used: Option<TimeView>,
}
