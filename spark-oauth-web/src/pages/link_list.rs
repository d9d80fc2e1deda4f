use askama::Template;

use super::{Layout, LinkStatus, TimeView};

/// `GET /admin/links`.
#[derive(Debug, Template)]
#[template(path = "link_list.html")]
pub struct LinkListPage {
    /// Frame of the page.
    pub layout: Layout,
    /// One page of consent links.
    pub rows: Vec<LinkRow>,
    /// Link to the first page, unless this is it.
    pub first_page: Option<String>,
    /// Link to the next page, unless this is the last.
    pub next_page: Option<String>,
}

/// One consent link in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// Link to its page.
    pub href: String,
    /// Who is expected, in words.
    pub person: String,
    /// Where it stands.
    pub status: LinkStatus,
    /// How many permissions it asks for, in words.
    pub scopes: String,
    /// When it was made.
    pub created: TimeView,
    /// By whom.
    pub created_by: String,
    /// When it ends.
    pub expires: TimeView,
}
