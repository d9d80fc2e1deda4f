//! `GET /granted`: the receipts of this session.

use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::response::Response;
use spark_oauth_core::broker::{Broker, Revealed, TokenError};
use spark_oauth_core::consent::ConsentService;
use spark_oauth_core::handoff::HandOver;
use spark_oauth_core::ports::Clock;
use spark_oauth_core::token::{Status, Token};
use spark_oauth_core::{Timestamp, TokenId};

use super::back::{Ending, back};
use crate::http::{PageError, page};
use crate::pages::{
    FieldError, FormErrors, GrantedPage, HandOver as HandOverView, Layout, Receipt as ReceiptView,
    RoomIds, ScopeView, TimeView, TokenTexts,
};
use crate::session::{Receipt, Receipts, Room, RoomState, Visitor};
use crate::site::Site;
use crate::state::AppState;

pub(super) async fn show(
    State(desk): State<ReceiptDesk>,
    mut visitor: Visitor,
    mut receipts: Receipts,
) -> Result<Response, PageError> {
    let flash = visitor.take_flash().await?;
    let receipts = desk.receipts(&mut receipts, &Extras::default()).await?;
    page(&GrantedPage {
        layout: Layout::people("Access granted").with_flash(flash),
        receipts,
    })
}

/// What a page shows beside the receipts as they stand.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// The secrets of one receipt.
    pub(super) revealed: Option<(TokenId, Revealed)>,
    /// A form of one receipt that was sent and refused.
    pub(super) refused: Option<(TokenId, String, FormErrors)>,
}

/// Draws receipts.
#[derive(Clone, Debug)]
pub(super) struct ReceiptDesk {
    broker: Broker,
    hand_over: HandOver,
    consents: ConsentService,
    clock: Arc<dyn Clock>,
    site: Arc<Site>,
}

impl FromRef<AppState> for ReceiptDesk {
    fn from_ref(state: &AppState) -> Self {
        Self {
            broker: FromRef::from_ref(state),
            hand_over: FromRef::from_ref(state),
            consents: FromRef::from_ref(state),
            clock: FromRef::from_ref(state),
            site: FromRef::from_ref(state),
        }
    }
}

impl ReceiptDesk {
    /// The receipts of this browser whose tokens exist and are not revoked. Removes the other
    /// receipts.
    pub(super) async fn receipts(
        &self,
        receipts: &mut Receipts,
        extras: &Extras,
    ) -> Result<Vec<ReceiptView>, PageError> {
        let now = self.clock.now();
        let mut views = Vec::new();
        let mut gone = Vec::new();
        for receipt in receipts.iter() {
            match self.broker.get(receipt.token).await {
                Ok(token) if !matches!(token.status, Status::Revoked { .. }) => {
                    views.push(self.draw(receipt, &token, extras, now));
                }
                Ok(_) | Err(TokenError::NotFound) => gone.push(receipt.token),
                Err(error) => return Err(error.into()),
            }
        }
        for token in gone {
            receipts.remove(token).await?;
        }
        Ok(views)
    }

    fn draw(
        &self,
        receipt: &Receipt,
        token: &Token,
        extras: &Extras,
        now: Timestamp,
    ) -> ReceiptView {
        let (at, now_ms) = (Timestamp::as_millis, now.as_millis());
        ReceiptView {
            token: token.id.to_string(),
            name: token.display_name.clone(),
            email: token.email.to_string(),
            scopes: ScopeView::list(token.scopes.iter()),
            access_expires: TimeView::new(at(token.access_expires_at), now_ms),
            refreshable: token.refresh.is_some(),
            refresh_expires: TimeView::maybe(token.refresh_expires_at.map(at), now_ms),
            revealed: extras
                .revealed
                .as_ref()
                .filter(|(id, _)| *id == token.id)
                .map(|(_, revealed)| texts(revealed)),
            hand_over: self.draw_hand_over(receipt, token, extras, now),
            back: receipt
                .return_to
                .as_ref()
                .map(|address| back(address, Ending::Granted)),
        }
    }

    fn draw_hand_over(
        &self,
        receipt: &Receipt,
        token: &Token,
        extras: &Extras,
        now: Timestamp,
    ) -> HandOverView {
        let requester = self.consents.integration().requester.to_string();
        let interrupted = match &receipt.room {
            RoomState::Ready(room) => return done(requester, room),
            RoomState::Creating { name, .. } if !receipt.room.is_interrupted(now) => {
                return HandOverView::Impossible(format!(
                    "The room “{name}” is being created. Reload this page in a moment."
                ));
            }
            RoomState::Creating { name, .. } => Some(format!(
                "Creating the room “{name}” was interrupted. If it is in Webex, delete it there \
                 before you create another one."
            )),
            RoomState::Absent => None,
        };
        if !self.hand_over.is_possible(token) {
            return HandOverView::Impossible(SAME_PERSON.to_owned());
        }
        let refused = extras.refused.as_ref().filter(|(id, ..)| *id == token.id);
        HandOverView::Form {
            requester,
            room_name: refused.map(|(_, name, _)| name.clone()).unwrap_or_default(),
            includes_refresh_token: self.site.hands_over_refresh_token,
            errors: refused
                .map(|(.., errors)| errors.clone())
                .or_else(|| interrupted.map(|text| FieldError::form(text).into()))
                .unwrap_or_default(),
        }
    }
}

fn done(requester: String, room: &Room) -> HandOverView {
    HandOverView::Done {
        requester,
        room_name: room.name.clone(),
        ids: RoomIds {
            room: room.id.as_str().to_owned(),
            membership: room.membership.as_str().to_owned(),
            message: room.message.as_str().to_owned(),
        },
    }
}

/// Why a hand-over is not offered.
pub(super) const SAME_PERSON: &str =
    "You are the one who asks, so there is nobody to hand the token to: it is yours already.";

/// The secrets, for a page that was asked to show them.
pub(crate) fn texts(revealed: &Revealed) -> TokenTexts {
    TokenTexts {
        access: revealed.access_token.expose_secret().into(),
        refresh: revealed
            .refresh_token
            .as_ref()
            .map(|token| token.expose_secret().into()),
    }
}
