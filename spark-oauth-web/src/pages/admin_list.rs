use askama::Template;

use super::{FormErrors, Layout, TimeView};

/// `GET` and a refused `POST /admin/admins`: the list, and the form to create one.
#[derive(Debug, Template)]
#[template(path = "admin_list.html")]
pub struct AdminListPage {
    /// Frame of the page.
    pub layout: Layout,
    /// All admins, the super admin too.
    pub rows: Vec<AdminRow>,
    /// Link to the first page, unless this is it.
    pub first_page: Option<String>,
    /// Link to the next page, unless this is the last.
    pub next_page: Option<String>,
    /// What was typed into `username`.
    pub username: String,
    /// What was typed into `email`.
    pub email: String,
    /// What is wrong with the form.
    pub errors: FormErrors,
}

/// One admin in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminRow {
    /// Link to the admin's page.
    pub href: String,
    /// Username.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// What the admin may do.
    pub role: Role,
    /// When the admin was created.
    pub created: TimeView,
    /// Whether this is who looks at the page.
    pub is_you: bool,
}

/// What an admin may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Manages tokens.
    Admin,
    /// Manages tokens and admins.
    SuperAdmin,
}

impl Role {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::SuperAdmin => "Super admin",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Admin => "plain",
            Self::SuperAdmin => "accent",
        }
    }
}
