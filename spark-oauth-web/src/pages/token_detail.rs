use askama::Template;
use secrecy::ExposeSecret;

use super::{Layout, ScopeView, TimeView, TokenStatus, TokenTexts};

/// `GET /admin/tokens/{id}` and `POST …/reveal`.
#[derive(Debug, Template)]
#[template(path = "token_detail.html")]
pub struct TokenDetailPage {
    /// Frame of the page.
    pub layout: Layout,
    /// ID of the record; also the stem of the form actions.
    pub id: String,
    /// Display name of the person, where known.
    pub name: Option<String>,
    /// E-mail address of the person.
    pub email: String,
    /// When another person got the address.
    pub email_lost: Option<TimeView>,
    /// The provider's ID of the person, where known.
    pub person_id: Option<String>,
    /// Client ID of the integration.
    pub integration: String,
    /// What was granted.
    pub scopes: Vec<ScopeView>,
    /// State of the token.
    pub status: TokenStatus,
    /// Why the token is in this state, as a sentence.
    pub reason: Option<String>,
    /// Since when it is in this state.
    pub since: Option<TimeView>,
    /// When the access token ends, where known.
    pub access_expires: Option<TimeView>,
    /// Whether there is a refresh token.
    pub refreshable: bool,
    /// When the refresh token ends, where known.
    pub refresh_expires: Option<TimeView>,
    /// When the person consented, where known.
    pub granted: Option<TimeView>,
    /// When it was last refreshed; `None` for never.
    pub refreshed: Option<TimeView>,
    /// What asked for that refresh, in words.
    pub refreshed_by: Option<&'static str>,
    /// When it is refreshed next without anybody asking; `None` for never.
    pub next_refresh: Option<TimeView>,
    /// How many refreshes failed in a row.
    pub failures: u32,
    /// How often somebody else was faster.
    pub lost_races: u64,
    /// How often a refresh was begun and its end was never written.
    pub interrupted: u64,
    /// What went wrong at the last attempt, unless it succeeded.
    pub last_error: Option<LastError>,
    /// Counts consents, refreshes and revocations of the record.
    pub generation: u64,
    /// Whether refreshing makes sense; a revoked token cannot be refreshed.
    pub can_refresh: bool,
    /// Why a parked token is not refreshed.
    pub parked: Option<String>,
    /// Where the person can consent again, where that is needed.
    pub renewal: Option<String>,
    /// The tokens; `None` shows a mask and the button "Reveal".
    pub revealed: Option<TokenTexts>,
}

/// A failed attempt to refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// What happened, as a sentence.
    pub text: String,
    /// When it happened.
    pub at: TimeView,
    /// The provider's `TrackingID`, to quote to its support.
    pub tracking_id: Option<String>,
}

impl TokenDetailPage {
    /// The name, or the address where no name is known.
    pub(super) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.email)
    }

    /// The text for an unknown expiry of the refresh token.
    const fn no_refresh_expiry(&self) -> &'static str {
        if self.refreshable {
            "not known"
        } else {
            "no refresh token"
        }
    }
}
