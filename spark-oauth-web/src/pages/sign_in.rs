use askama::Template;

use super::{FormErrors, Layout};

/// `GET /admin` and a refused `POST /admin/sign-in`.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Frame of the page.
    pub layout: Layout,
    /// What was typed into `username`.
    pub username: String,
    /// Path to go to after signing in, as the hidden field `next`.
    pub next: Option<String>,
    /// Whether the super admin still has to be created; shows how instead of the form.
    pub needs_set_up: bool,
    /// What is wrong with the form.
    pub errors: FormErrors,
}
