use askama::Template;

use super::{FormErrors, Layout, Role, TimeView};

/// `GET` and a refused `POST /admin/admins/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin_detail.html")]
pub struct AdminDetailPage {
    /// Frame of the page.
    pub layout: Layout,
    /// ID of the admin; also the stem of the form actions.
    pub id: String,
    /// Stored username, for the heading.
    pub name: String,
    /// What the admin may do. The super admin can be neither renamed nor removed here.
    pub role: Role,
    /// When the admin was created.
    pub created: TimeView,
    /// What was typed into `username`, at first the stored one.
    pub username: String,
    /// What was typed into `email`, at first the stored address.
    pub email: String,
    /// What is wrong with the form.
    pub errors: FormErrors,
}

impl AdminDetailPage {
    pub(super) fn is_super_admin(&self) -> bool {
        self.role == Role::SuperAdmin
    }
}
