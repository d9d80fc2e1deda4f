use askama::Template;

use super::{Layout, LinkStatus, ScopeView, TimeView};

/// `GET /admin/links/{id}`.
#[derive(Debug, Template)]
#[template(path = "link_detail.html")]
pub struct LinkDetailPage {
    /// Frame of the page.
    pub layout: Layout,
    /// ID of the record; also the stem of the form actions.
    pub id: String,
    /// Where the person opens it; `None` where nobody can consent under it any more.
    pub url: Option<String>,
    /// Who is expected; `None` for whoever opens it.
    pub expected_email: Option<String>,
    /// Where it stands.
    pub status: LinkStatus,
    /// When the person answered.
    pub answered: Option<TimeView>,
    /// Whose token the consent ended in, and where it is shown.
    pub token: Option<(String, String)>,
    /// What it asks for.
    pub scopes: Vec<ScopeView>,
    /// The lines of the note; empty without one.
    pub note: Vec<String>,
    /// Where the person is led when it is done.
    pub return_to: Option<String>,
    /// Whether it ends with the first consent.
    pub single_use: bool,
    /// When it was made.
    pub created: TimeView,
    /// By whom.
    pub created_by: String,
    /// When it ends by itself.
    pub expires: TimeView,
    /// Since when nobody can consent under it; `None` while somebody can.
    pub ended: Option<TimeView>,
    /// Whether it can be sent as a message.
    pub can_send: bool,
}
