//! Section `handoff`: what the requester is handed in a room.

use super::reader::Reader;
use super::schema::Setting;

const INCLUDE_REFRESH_TOKEN: Setting = Setting::plain("handoff.includeRefreshToken");

pub(super) const SETTINGS: &[Setting] = &[INCLUDE_REFRESH_TOKEN];

/// Section `handoff`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandoffConfig {
    /// Whether the message in the room also holds the refresh token, as the
    /// Node.js sample's did.
    pub include_refresh_token: bool,
}

pub(super) fn read(reader: &mut Reader) -> HandoffConfig {
    let include_refresh_token = reader.boolean(INCLUDE_REFRESH_TOKEN).unwrap_or_default();
    if include_refresh_token {
        let text = "the refresh token leaves the vault: whoever refreshes with it may end the \
                    token that is kept here; set it to false unless a service needs it";
        reader.warn(INCLUDE_REFRESH_TOKEN, text);
    }
    HandoffConfig {
        include_refresh_token,
    }
}
