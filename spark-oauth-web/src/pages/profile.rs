use askama::Template;

use super::{FormErrors, Layout};

/// `GET` and a refused `POST /admin/profile`.
#[derive(Debug, Template)]
#[template(path = "profile.html")]
pub struct ProfilePage {
    /// Frame of the page.
    pub layout: Layout,
    /// Username, which an admin cannot change.
    pub username: String,
    /// What was typed into `email`, at first the stored address.
    pub email: String,
    /// What is wrong with the form.
    pub errors: FormErrors,
}
