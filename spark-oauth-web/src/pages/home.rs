use askama::Template;

use super::{Layout, ScopeView};

/// `GET /`: who asks, for what, and what will happen.
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
