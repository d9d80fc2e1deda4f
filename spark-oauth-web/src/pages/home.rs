use askama::Template;

use super::{Layout, ScopeView, TimeView};

/// `GET /`, `GET /consent/{text}`: who asks, for what, and what will happen.
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// Frame of the page.
    pub layout: Layout,
    /// E-mail address of the contact who asks.
    pub requester: String,
    /// What is asked for.
    pub scopes: Vec<ScopeView>,
    /// Settings that still hold a sample value, for instance `oauth.clientID`.
    pub placeholders: Vec<String>,
    /// Whether this session already holds receipts to go back to.
    pub has_receipts: bool,
    /// What the link says beside it; `None` on the first page.
    pub invitation: Option<InvitationView>,
}

/// What a consent link says to the person who opens it.
#[derive(Debug)]
pub struct InvitationView {
    /// The text of the link, sent back as the hidden field `link`.
    pub text: String,
    /// The lines of the note; empty without one.
    pub note: Vec<String>,
    /// Who is to consent, where that is said.
    pub expected_email: Option<String>,
    /// When the link ends.
    pub expires: TimeView,
    /// Whether it ends with the first consent.
    pub single_use: bool,
    /// The hidden field `account`, where Webex is to ask for the account.
    pub account: Option<&'static str>,
}

impl HomePage {
    /// Stands for the requester in the round picture.
    pub(super) fn initial(&self) -> String {
        self.requester
            .chars()
            .take(1)
            .flat_map(char::to_uppercase)
            .collect()
    }
}
