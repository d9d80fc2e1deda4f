//! The pages of a person who is asked for consent.

mod back;
mod browser;
mod callback;
mod grant;
mod hand_over;
mod home;
mod invitation;
mod receipts;
mod refused;
mod reveal;
mod withdraw;

pub(crate) use home::FirstSight;
pub(crate) use receipts::texts;

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::http::PageError;
use crate::session::{Receipt, Receipts};
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(home::show))
        .route("/consent/{text}", get(invitation::show))
        .route("/auth/spark", post(grant::begin))
        .route(
            "/auth/spark/callback",
            get(callback::complete).head(callback::refuse_head),
        )
        .route(REFUSED, get(refused::show))
        .route("/granted", get(receipts::show))
        .route("/granted/reveal", post(reveal::reveal))
        .route("/granted/withdraw", post(withdraw::withdraw))
        .route(
            "/actions/createAndJoinRoom",
            post(hand_over::create_and_join_room),
        )
        .route("/actions/deleteRoom", post(hand_over::delete_room))
}

/// Where a person reads why a consent was not completed: an address that holds neither
/// code nor state.
const REFUSED: &str = "/auth/spark/refused";

/// Which receipt a form is about.
#[derive(Debug, Deserialize)]
struct ReceiptForm {
    token: Option<String>,
    confirm: Option<String>,
}

/// The receipt that a form names. A session holds only its own: nobody can act on
/// somebody else's token.
fn receipt_of(receipts: &Receipts, named: Option<&str>) -> Result<Receipt, PageError> {
    receipts.named(named).cloned().ok_or_else(|| {
        PageError::new(
            axum::http::StatusCode::NOT_FOUND,
            "This session has no such receipt",
            "It ended with the browser session, or the access was withdrawn. What was granted \
             stays granted until it is withdrawn.",
        )
        .with_step("See what is asked for", "/")
    })
}
