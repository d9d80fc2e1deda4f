//! The visitor of a request: the signed-in admin, and the flash message of the next page.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use spark_oauth_core::AdminId;
use spark_oauth_core::admins::Admin;

use super::sessions::{Session, SessionId, Sessions};
use crate::http::{Cookies, PageError, is_shown};
use crate::pages::Flash;

/// The name of the session's cookie, before any prefix.
const COOKIE: &str = "spark_oauth_session";

/// The maximum number of session cookies that are read: other sites of the host may set some.
const MOST_COOKIES: usize = 4;

/// The session data of a visitor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Visit {
    admin: Option<SignedIn>,
    /// The message that the next page shows once.
    flash: Option<Flash>,
    /// Why the last consent was not completed.
    refusal: Option<Refusal>,
}

/// An admin who signed in. A later epoch of the admin ends the session.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) id: AdminId,
    pub(crate) epoch: u64,
}

/// A consent that was not completed, for a page at an address without its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// The reason code, for the log.
    pub(crate) reason: String,
    /// The request that was refused.
    pub(crate) request_id: Option<String>,
    pub(crate) page: PageError,
}

/// The visitor of this request. A session is stored only when there is something to keep.
#[derive(Debug)]
pub(crate) struct Visitor {
    sessions: Sessions,
    cookies: Cookies,
    session: Option<Session<Visit>>,
    /// Whether the browser shows the response to a person.
    is_shown: bool,
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Sessions: FromRef<S>,
{
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let sessions = Sessions::from_ref(state);
        let cookies = Cookies::from_request_parts(parts, state).await?;
        let mut session = None;
        for (_, value) in cookies.under(COOKIE).take(MOST_COOKIES) {
            if session.is_none()
                && let Some(id) = SessionId::from_cookie(value)
            {
                session = sessions.load(&id).await?;
            }
        }
        Ok(Self {
            sessions,
            cookies,
            session,
            is_shown: is_shown(parts),
        })
    }
}

impl Visitor {
    /// The admin who signed in.
    pub(crate) fn admin(&self) -> Option<SignedIn> {
        self.session.as_ref()?.data().admin
    }

    /// Changes the session data. A session that another request ended stays ended.
    async fn change(&mut self, change: impl Fn(&mut Visit) + Send) -> Result<(), PageError> {
        if let Some(session) = &mut self.session {
            let write = move |visit: &mut Visit| {
                change(visit);
                true
            };
            self.sessions.update(session, write).await?;
            return Ok(());
        }
        let mut visit = Visit::default();
        change(&mut visit);
        self.begin(visit).await
    }

    /// Begins a session with a new ID and ends the earlier one. Only this function sets the
    /// cookie, so that a late response cannot replace a newer ID with an earlier one.
    async fn begin(&mut self, visit: Visit) -> Result<(), PageError> {
        let session = self.sessions.create(visit).await?;
        self.cookies.set(COOKIE, session.id().expose_secret());
        if let Some(earlier) = self.session.replace(session) {
            self.sessions.remove(&earlier).await?;
        }
        Ok(())
    }

    /// Begins the session of an admin.
    pub(crate) async fn sign_in(&mut self, admin: &Admin) -> Result<(), PageError> {
        let earlier = self.session.as_ref().map(|session| session.data().clone());
        let visit = Visit {
            admin: Some(SignedIn {
                id: admin.id,
                epoch: admin.epoch,
            }),
            ..earlier.unwrap_or_default()
        };
        self.begin(visit).await
    }

    /// Ends the session.
    pub(crate) async fn end(&self) -> Result<(), PageError> {
        if let Some(session) = &self.session {
            self.sessions.remove(session).await?;
            self.cookies.remove(COOKIE);
        }
        Ok(())
    }

    /// Sets the message of the next page.
    pub(crate) async fn say(&mut self, flash: Flash) -> Result<(), PageError> {
        self.change(|visit| visit.flash = Some(flash.clone())).await
    }

    /// Takes the message of this page; `None` if no person sees the page.
    pub(crate) async fn take_flash(&mut self) -> Result<Option<Flash>, PageError> {
        let flash = self.session.as_ref().filter(|_| self.is_shown);
        let flash = flash.and_then(|session| session.data().flash.clone());
        if flash.is_some() {
            self.change(|visit| visit.flash = None).await?;
        }
        Ok(flash)
    }

    /// Stores why a consent was not completed.
    pub(crate) async fn keep_refusal(&mut self, refusal: Refusal) -> Result<(), PageError> {
        self.change(|visit| visit.refusal = Some(refusal.clone()))
            .await
    }

    /// Why the last consent was not completed.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.session.as_ref()?.data().refusal.as_ref()
    }
}
