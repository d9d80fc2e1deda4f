use askama::Template;
use secrecy::{ExposeSecret, SecretString};

use super::{Layout, ScopeView};

/// The answer to `POST /admin/keys`: the one time a key is shown.
#[derive(Debug, Template)]
#[template(path = "key_created.html")]
pub struct KeyCreatedPage {
    /// Frame of the page.
    pub layout: Layout,
    /// What the key is called.
    pub name: String,
    /// The key.
    pub secret: SecretString,
    /// What it may do.
    pub scopes: Vec<ScopeView>,
    /// Link to the key's page.
    pub href: String,
}
