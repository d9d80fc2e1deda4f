//! Why no message was sent.

use spark_oauth_core::client::ClientError;

/// Why no message was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// spark-oauth gave no token.
    #[error("no token to act with")]
    Token(#[from] ClientError),
    /// Webex could not be reached.
    #[error("Webex cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// Webex refused the message.
    #[error("Webex refused the message with status {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Webex's own words.
        message: String,
    },
    /// The client of Webex cannot be made.
    #[error("the client of Webex cannot be made: {0}")]
    SetUp(String),
}

impl SendError {
    /// What to do next, in a sentence.
    pub fn advice(&self) -> String {
        match self {
            Self::Token(error) => match (error.needs_consent(), error.refusal()) {
                (Some(url), _) => format!("ask the person to open {url}"),
                (None, Some(refusal)) if refusal.status == 401 => {
                    "make a key with `spark-oauth-web api-key create --name … --scope tokens:use`"
                        .to_owned()
                }
                _ if error.is_passing() => "try again in a moment".to_owned(),
                _ => "see what spark-oauth says above".to_owned(),
            },
            Self::Unreachable(_) => "try again in a moment".to_owned(),
            Self::Refused { .. } => {
                "the person's consent must hold spark:messages_write".to_owned()
            }
            Self::SetUp(_) => "compare the addresses".to_owned(),
        }
    }
}
