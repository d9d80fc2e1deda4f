//! Sending a link to the person, as a message of the requester's.

use std::time::Duration;

use url::Url;

use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::Subject;
use crate::consent_links::service::{check_usable, subject_of};
use crate::consent_links::{ConsentLink, ConsentLinkService, LinkState, Note, SendError};
use crate::email::EmailAddress;
use crate::ports::MessageId;
use crate::token::{Status, Token};

/// Each of them allows to write messages.
const WRITE_MESSAGES: [&str; 2] = ["spark:messages_write", "spark:all"];

/// The sender's token is used at once.
const LEAST_LIFE: Duration = Duration::from_mins(1);

/// What a person is written.
struct Letter<'a> {
    to: &'a EmailAddress,
    url: &'a Url,
    note: Option<&'a Note>,
}

impl Letter<'_> {
    /// Plain text: a note cannot dress up as anything else.
    fn text(&self, requester: &EmailAddress) -> String {
        let note = self.note.map(|note| format!("{note}\n\n"));
        format!(
            "{requester} asks for your consent: their software would use Webex in your name.\n\n\
             {}See what is asked for, and decide: {}",
            note.unwrap_or_default(),
            self.url
        )
    }
}

impl ConsentLinkService {
    /// Sends a stored link, which people reach at `url`, to the person it expects: as
    /// a direct message, with an active token of the requester that may write
    /// messages.
    ///
    /// # Errors
    /// [`SendError`] says why it was not sent.
    pub async fn send(
        &self,
        link: &ConsentLink,
        url: &Url,
        caller: &Caller,
    ) -> Result<MessageId, SendError> {
        let outcome = match self.letter_for(link, url) {
            Ok(letter) => self.deliver(&letter, caller).await,
            Err(refusal) => Err(refusal),
        };
        self.note_sending(caller, subject_of(link), &outcome).await;
        outcome
    }

    /// Sends the link of [`renewal`](Self::renewal), which people reach at `url`, to
    /// the token's person.
    ///
    /// # Errors
    /// [`SendError`] says why it was not sent.
    pub async fn send_renewal(
        &self,
        token: &Token,
        url: &Url,
        caller: &Caller,
    ) -> Result<MessageId, SendError> {
        let outcome = match token.held_email() {
            Some(to) => {
                let note = None;
                self.deliver(&Letter { to, url, note }, caller).await
            }
            None => Err(SendError::AddressLost),
        };
        let subject = Subject::token(token);
        self.note_sending(caller, subject, &outcome).await;
        outcome
    }

    fn letter_for<'a>(&self, link: &'a ConsentLink, url: &'a Url) -> Result<Letter<'a>, SendError> {
        let now = self.parts.clock.now();
        let to = link.expected_email.as_ref();
        let to = to.ok_or(SendError::NobodyNamed)?;
        if link.state(now) == LinkState::Granted {
            return Err(SendError::AlreadyGranted);
        }
        check_usable(link, now).map_err(SendError::Ended)?;
        Ok(Letter {
            to,
            url,
            note: link.note.as_ref(),
        })
    }

    async fn deliver(&self, letter: &Letter<'_>, caller: &Caller) -> Result<MessageId, SendError> {
        let requester = &self.parts.integration.requester;
        if letter.to == requester {
            return Err(SendError::ToSender(requester.clone()));
        }
        let sender = self.sender().await?;
        let access = self
            .broker
            .check_out(sender.id, LEAST_LIFE, caller)
            .await?
            .access_token;
        let text = letter.text(requester);
        self.parts
            .client
            .message_person(&access, letter.to, &text)
            .await
            .map_err(SendError::Provider)
    }

    /// The requester's token that lives longest of those that may write messages.
    async fn sender(&self) -> Result<Token, SendError> {
        let integration = &self.parts.integration;
        let theirs = self.broker.find_by_email(&integration.requester).await?;
        theirs
            .into_iter()
            .filter(|token| token.status == Status::Active && !self.broker.is_parked(token))
            .filter(|token| WRITE_MESSAGES.iter().any(|s| token.scopes.contains(s)))
            .max_by_key(|token| token.access_expires_at)
            .ok_or_else(|| SendError::NoSender {
                requester: integration.requester.clone(),
            })
    }

    async fn note_sending(
        &self,
        caller: &Caller,
        subject: Subject,
        outcome: &Result<MessageId, SendError>,
    ) {
        let result = match outcome {
            Ok(_) => Outcome::Done,
            Err(error @ (SendError::Provider(_) | SendError::Store(_))) => {
                Outcome::Failed(error.reason().to_owned())
            }
            Err(error) => Outcome::Refused(error.reason().to_owned()),
        };
        self.auditor
            .record(caller, AuditAction::ConsentLinkSent, subject, result)
            .await;
    }
}
