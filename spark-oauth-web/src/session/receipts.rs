//! The receipts of a browser. Each has its own session and cookie.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use spark_oauth_core::TokenId;
use spark_oauth_core::consent_links::ReturnAddress;

use super::room::RoomState;
use super::sessions::{Session, SessionId, Sessions};
use crate::http::{Cookies, PageError};

/// The start of their cookie names, without `__Host-`.
const COOKIE: &str = "spark_oauth_receipt_";

/// The maximum number of receipts of a browser.
const MOST: usize = 10;

/// The maximum number of receipt cookies that a request reads. A browser keeps the cookies
/// of expired receipts until a response removes them.
const MOST_COOKIES: usize = 2 * MOST;

/// A consent given in this browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) token: TokenId,
    pub(crate) room: RoomState,
    /// The return address of the consent link.
    pub(crate) return_to: Option<ReturnAddress>,
}

/// The receipts of this browser, the newest first, one for each token.
#[derive(Debug)]
pub(crate) struct Receipts {
    pub(super) sessions: Sessions,
    cookies: Cookies,
    list: Vec<Session<Receipt>>,
}

impl<S> FromRequestParts<S> for Receipts
where
    S: Send + Sync,
    Sessions: FromRef<S>,
{
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let sessions = Sessions::from_ref(state);
        let cookies = Cookies::from_request_parts(parts, state).await?;
        let mut list: Vec<Session<Receipt>> = Vec::new();
        let sent = cookies.under(COOKIE).filter_map(|(sent, value)| {
            let id = SessionId::from_cookie(value)?;
            (name(&id) == sent).then_some(id)
        });
        let ids: Vec<_> = sent.collect();
        // Browsers send the newest cookie last (RFC 6265 section 5.4).
        for id in ids.iter().rev().take(MOST_COOKIES) {
            match sessions.load(id).await? {
                Some(receipt) => list.push(receipt),
                None => cookies.remove(&name(id)),
            }
        }
        list.sort_by_key(|receipt| std::cmp::Reverse(receipt.begun_at()));
        let mut shown = Vec::new();
        list.retain(|receipt| {
            let token = receipt.data().token;
            let is_new = !shown.contains(&token);
            shown.push(token);
            is_new
        });
        Ok(Self {
            sessions,
            cookies,
            list,
        })
    }
}

impl Receipts {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Receipt> {
        self.list.iter().map(Session::data)
    }

    /// The receipt that a form names. If the form names none, the only receipt.
    pub(crate) fn named(&self, named: Option<&str>) -> Option<&Receipt> {
        match named.filter(|named| !named.is_empty()) {
            Some(named) => {
                let token: TokenId = named.parse().ok()?;
                self.iter().find(|receipt| receipt.token == token)
            }
            None => match self.list.as_slice() {
                [only] => Some(only.data()),
                _ => None,
            },
        }
    }

    /// The session of a receipt.
    pub(super) fn session(&self, token: TokenId) -> Option<Session<Receipt>> {
        let mut found = self.list.iter();
        found.find(|receipt| receipt.data().token == token).cloned()
    }

    /// Adds a receipt with a new session ID. It replaces an earlier receipt of the same token
    /// and keeps its room.
    pub(crate) async fn add(
        &mut self,
        token: TokenId,
        return_to: Option<ReturnAddress>,
    ) -> Result<(), PageError> {
        let earlier = self.session(token);
        let room = earlier.map(|earlier| earlier.data().room.clone());
        let receipt = Receipt {
            token,
            room: room.unwrap_or_default(),
            return_to,
        };
        let added = self.sessions.create(receipt).await?;
        self.cookies
            .set(&name(added.id()), added.id().expose_secret());
        self.remove(token).await?;
        self.list.insert(0, added);
        while self.list.len() > MOST {
            if let Some(oldest) = self.list.last().map(|oldest| oldest.data().token) {
                self.remove(oldest).await?;
            }
        }
        Ok(())
    }

    /// Removes the receipt of a token. Its cookie name is unique, so a concurrent request
    /// that sets another receipt is not affected.
    pub(crate) async fn remove(&mut self, token: TokenId) -> Result<(), PageError> {
        for receipt in self.list.extract_if(.., |held| held.data().token == token) {
            self.sessions.remove(&receipt).await?;
            self.cookies.remove(&name(receipt.id()));
        }
        Ok(())
    }
}

/// The name of a receipt's cookie. A cookie with another name is not one of ours.
fn name(id: &SessionId) -> String {
    format!("{COOKIE}{}", id.mark())
}
