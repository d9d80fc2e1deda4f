use askama::Template;

use super::{KeyStatus, Layout, ScopeView, TimeView};

/// `GET /admin/keys/{id}`.
#[derive(Debug, Template)]
#[template(path = "key_detail.html")]
pub struct KeyDetailPage {
    /// Frame of the page.
    pub layout: Layout,
    /// ID of the record; also the stem of the form actions.
    pub id: String,
    /// What the key is called.
    pub name: String,
    /// Where it stands.
    pub status: KeyStatus,
    /// What it may do.
    pub scopes: Vec<ScopeView>,
    /// The people for whose tokens it is good.
    pub emails: Vec<String>,
    /// The domains of the people for whose tokens it is good.
    pub domains: Vec<String>,
    /// How many requests a minute it may make; `None` for any number.
    pub requests_per_minute: Option<String>,
    /// When it was made.
    pub created: TimeView,
    /// Who made it.
    pub created_by: String,
    /// When it ends by itself; `None` for never.
    pub expires: Option<TimeView>,
    /// When it was last used; `None` for never.
    pub last_used: Option<TimeView>,
    /// When it was revoked.
    pub revoked: Option<TimeView>,
}

impl KeyDetailPage {
    pub(super) fn is_for_everybody(&self) -> bool {
        self.emails.is_empty() && self.domains.is_empty()
    }
}
