//! Section `superAdminAccount`: who manages the admins.

use spark_oauth_core::admins::{SuperAdminSettings, Username};
use spark_oauth_core::{EmailAddress, Password};

use super::oauth::warn_of_placeholder;
use super::reader::Reader;
use super::schema::Setting;

const USERNAME: Setting = Setting::plain("superAdminAccount.username");
const PASSWORD: Setting = Setting::secret("superAdminAccount.password");
const EMAIL: Setting = Setting::plain("superAdminAccount.email");

pub(super) const SETTINGS: &[Setting] = &[USERNAME, PASSWORD, EMAIL];

/// Reads the super admin; the username is `admin` by default. A password that the
/// rules of core refuse is no mistake: the set-up page asks for another.
pub(super) fn read(reader: &mut Reader) -> Option<SuperAdminSettings> {
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
    let settings = SuperAdminSettings {
        username: username?,
        password,
        email,
    };
    if let Some(why) = settings.unusable_password() {
        let text = format!("not used ({why}); the set-up page asks for another");
        reader.warn(PASSWORD, text);
    }
    Some(settings)
}
