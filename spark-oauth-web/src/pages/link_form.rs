use askama::Template;

use super::{FormErrors, Layout, ScopeChoice};

/// `GET /admin/links/new`, and a refused `POST /admin/links`: the form for a new consent
/// link.
#[derive(Debug, Template)]
#[template(path = "link_form.html")]
pub struct LinkFormPage {
    /// Frame of the page.
    pub layout: Layout,
    /// What was typed into `expected_email`.
    pub expected_email: String,
    /// All values of `scope`: what the integration is registered for.
    pub scopes: Vec<ScopeChoice>,
    /// What was typed into `note`.
    pub note: String,
    /// What was typed into `expires_at`.
    pub expires_at: String,
    /// Whether `single_use` is ticked.
    pub single_use: bool,
    /// What was typed into `return_to`; `None` where the configuration allows no place.
    pub return_to: Option<String>,
    /// What is wrong with the form.
    pub errors: FormErrors,
}
