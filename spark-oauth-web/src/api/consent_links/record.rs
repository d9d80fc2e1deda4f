//! A consent link as the API shows it.

use serde::Serialize;
use spark_oauth_core::consent_links::{ConsentLink, LinkState};
use spark_oauth_core::token::Token;
use utoipa::ToSchema;

use crate::api::state::ApiState;

/// A link under which a person is asked to consent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsentLink)]
pub(in crate::api) struct LinkRecord {
    /// Its identifier, a ULID.
    #[schema(examples("01JAZ0Q9M4R2V6X8C1B3D5F7H9"))]
    id: String,
    /// What to send to the person. To open it consents to nothing and uses nothing up.
    #[schema(
        format = "uri",
        examples("https://tokens.example.com/consent/AVsx3AbCdEf")
    )]
    url: String,
    /// What became of it.
    state: State,
    /// What the person is asked for.
    #[schema(examples("spark:people_read"))]
    scopes: Vec<String>,
    /// What the person reads beside it.
    #[schema(required)]
    note: Option<String>,
    /// Who is to consent; null for whoever opens it.
    #[schema(required, examples("ann@example.com"))]
    expected_email: Option<String>,
    /// Where the person is led when it is done.
    #[schema(required, format = "uri")]
    return_to: Option<String>,
    /// Whether it ends with the first consent.
    single_use: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// By which admin or API key.
    created_by: String,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: String,
    /// The token that the last consent under it ended in; null before, after the token
    /// was removed, and where the key may not see it: the address of its person belongs
    /// to another person by now.
    #[schema(required)]
    token_id: Option<String>,
    /// Whose token that is.
    #[schema(required)]
    email: Option<String>,
}

/// What became of a consent link.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentLinkState)]
enum State {
    /// It waits for the person.
    Open,
    /// The person consented.
    Granted,
    /// The person declined, and may still change their mind.
    Declined,
    /// It ended unanswered.
    Expired,
}

impl From<LinkState> for State {
    fn from(state: LinkState) -> Self {
        match state {
            LinkState::Open => Self::Open,
            LinkState::Granted => Self::Granted,
            LinkState::Declined => Self::Declined,
            LinkState::Expired => Self::Expired,
        }
    }
}

impl LinkRecord {
    pub(super) fn new(state: &ApiState, link: &ConsentLink, token: Option<&Token>) -> Self {
        let text = state.links().text(link);
        Self {
            id: link.id.to_string(),
            url: state.site().consent_url(&text).into(),
            state: link.state(state.links().now()).into(),
            scopes: link.scopes.iter().map(str::to_owned).collect(),
            note: link.note.as_ref().map(ToString::to_string),
            expected_email: link.expected_email.as_ref().map(ToString::to_string),
            return_to: link.return_to.as_ref().map(ToString::to_string),
            single_use: link.single_use,
            created_at: link.created_at.to_string(),
            created_by: link.created_by.clone(),
            expires_at: link.expires_at.to_string(),
            token_id: token.map(|token| token.id.to_string()),
            email: token.and_then(Token::held_email).map(ToString::to_string),
        }
    }
}
