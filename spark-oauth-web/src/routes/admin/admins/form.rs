//! The fields that describe an admin.

use serde::Deserialize;
use spark_oauth_core::Password;
use spark_oauth_core::admins::{AdminInput, NewPassword};

#[derive(Deserialize)]
pub(super) struct AdminForm {
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_again: String,
}

impl AdminForm {
    pub(super) fn into_input(self) -> AdminInput {
        AdminInput {
            username: self.username,
            email: self.email,
            password: NewPassword {
                password: Password::new(self.password),
                password_again: Password::new(self.password_again),
            },
        }
    }
}
