//! Section `superAdminAccount`: who manages the admins.

use spark_oauth_core::admins::Username;
use spark_oauth_core::{EmailAddress, Password};

use super::oauth::warn_of_placeholder;
use super::reader::Reader;
use super::schema::Setting;

const USERNAME: Setting = Setting::plain("superAdminAccount.username");
const PASSWORD: Setting = Setting::secret("superAdminAccount.password");
const EMAIL: Setting = Setting::plain("superAdminAccount.email");

pub(super) const SETTINGS: &[Setting] = &[USERNAME, PASSWORD, EMAIL];

/// Section `superAdminAccount`.
#[derive(Clone, Debug)]
pub struct SuperAdminConfig {
    /// The name to sign in with; `admin` by default.
    pub username: Username,
    /// The password as it was written, if one was. Whether it is good enough is for
    /// the rules of core to judge; where it is not, the set-up page asks for one.
    pub password: Option<Password>,
    /// Where to reach the super admin.
    pub email: Option<EmailAddress>,
}

pub(super) fn read(reader: &mut Reader) -> Option<SuperAdminConfig> {
    let username = if reader.is_given(USERNAME) {
        let advice = "give 3 to 20 letters, digits or underscores";
        reader.parsed(USERNAME, advice, Username::parse)
    } else {
        Username::parse("admin").ok()
    };
    let password = reader
        .any_text(PASSWORD)
        .filter(|text| !text.is_empty())
        .map(Password::new);
    let email = reader.parsed(EMAIL, "give an address, or remove it", EmailAddress::parse);
    if let Some(email) = &email {
        let what = "the super admin's e-mail address";
        warn_of_placeholder(reader, EMAIL, email.as_str(), what);
    }
    Some(SuperAdminConfig {
        username: username?,
        password,
        email,
    })
}
