use askama::Template;
use secrecy::{ExposeSecret, SecretString};

use super::{FormErrors, Layout};

/// `GET` and a refused `POST /admin/initialize`.
#[derive(Debug, Template)]
#[template(path = "set_up.html")]
pub struct SetUpPage {
    /// Frame of the page.
    pub layout: Layout,
    /// Set-up code from the link, sent back as the hidden field `code`.
    pub code: SecretString,
    /// Username of the super admin, from the configuration.
    pub username: String,
    /// E-mail address of the super admin, from the configuration.
    pub email: String,
    /// Whether the configuration holds no usable password, so that the page asks for one.
    pub asks_password: bool,
    /// What is wrong with the form.
    pub errors: FormErrors,
}
