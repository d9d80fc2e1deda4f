use askama::Template;
use secrecy::{ExposeSecret, SecretString};

use super::{FormErrors, Layout, NextStep, ScopeView, TimeView};

/// `GET /granted` and `POST /granted/reveal`: what was granted in this session.
#[derive(Debug, Template)]
#[template(path = "granted.html")]
pub struct GrantedPage {
    /// Frame of the page.
    pub layout: Layout,
    /// Newest first; empty where nothing was granted in this session.
    pub receipts: Vec<Receipt>,
}

/// One person's consent.
#[derive(Debug)]
pub struct Receipt {
    /// ID of the token record, sent back as the hidden field `token`.
    pub token: String,
    /// Display name of the person, where the provider told one.
    pub name: Option<String>,
    /// E-mail address of the person.
    pub email: String,
    /// What was granted.
    pub scopes: Vec<ScopeView>,
    /// When the access token ends.
    pub access_expires: TimeView,
    /// Whether there is a refresh token.
    pub refreshable: bool,
    /// When the refresh token ends, where known.
    pub refresh_expires: Option<TimeView>,
    /// The tokens; `None` shows a mask and the button "Reveal".
    pub revealed: Option<TokenTexts>,
    /// Handing the token over in a room.
    pub hand_over: HandOver,
    /// The way back to whoever sent the person here.
    pub back: Option<NextStep>,
}

/// Tokens in clear text, for a page that was asked to show them.
#[derive(Debug)]
pub struct TokenTexts {
    /// The access token.
    pub access: SecretString,
    /// The refresh token, where the provider gave one.
    pub refresh: Option<SecretString>,
}

/// How far the hand-over of a token is.
#[derive(Debug)]
pub enum HandOver {
    /// Not done yet: the form that creates the room.
    Form {
        /// E-mail address of the contact who will be invited.
        requester: String,
        /// What was typed into `roomName`.
        room_name: String,
        /// Whether the refresh token goes along (`handoff.includeRefreshToken`).
        includes_refresh_token: bool,
        /// What is wrong with the form.
        errors: FormErrors,
    },
    /// The room exists and holds the message.
    Done {
        /// E-mail address of the contact who was invited.
        requester: String,
        /// Name of the room.
        room_name: String,
        /// What was created.
        ids: RoomIds,
    },
    /// Not possible, with the reason as a sentence, for instance since the
    /// person is the requester.
    Impossible(String),
}

/// IDs that the provider gave at a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomIds {
    /// The room.
    pub room: String,
    /// The requester's membership in it.
    pub membership: String,
    /// The message with the token.
    pub message: String,
}

impl Receipt {
    /// The name, or the address where no name is known.
    pub(super) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.email)
    }
}
