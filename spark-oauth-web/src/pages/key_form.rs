use askama::Template;

use super::{FormErrors, Layout, ScopeView};

/// `GET /admin/keys/new`, and a refused `POST /admin/keys`: the form for a new API key.
#[derive(Debug, Template)]
#[template(path = "key_form.html")]
pub struct KeyFormPage {
    /// Frame of the page.
    pub layout: Layout,
    /// What was typed into `name`; a macro of the template has a `name` of its own.
    pub key_name: String,
    /// All values of `scope`.
    pub scopes: Vec<ScopeChoice>,
    /// What was typed into `emails`, one for each line.
    pub emails: String,
    /// What was typed into `domains`, one for each line.
    pub domains: String,
    /// What was typed into `expires_at`.
    pub expires_at: String,
    /// What was typed into `requests_per_minute`.
    pub requests_per_minute: String,
    /// What is wrong with the form.
    pub errors: FormErrors,
}

/// Something that a key may do, to choose or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeChoice {
    /// What.
    pub scope: ScopeView,
    /// Whether it is chosen.
    pub chosen: bool,
}
