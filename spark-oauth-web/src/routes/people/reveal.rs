//! `POST /granted/reveal`: the receipt with the tokens shown.

use axum::extract::State;
use axum::response::Response;
use spark_oauth_core::audit::{Actor, Caller};
use spark_oauth_core::broker::Broker;

use super::receipts::{Extras, ReceiptDesk};
use super::{ReceiptForm, receipt_of};
use crate::http::{ClientAddress, PageError, PageForm, no_store, page};
use crate::pages::{GrantedPage, Layout};
use crate::session::Receipts;

pub(super) async fn reveal(
    State(broker): State<Broker>,
    State(desk): State<ReceiptDesk>,
    client: ClientAddress,
    mut receipts: Receipts,
    PageForm(form): PageForm<ReceiptForm>,
) -> Result<Response, PageError> {
    let receipt = receipt_of(&receipts, form.token.as_deref())?;
    let caller = Caller {
        actor: Actor::Person { email: None },
        origin: client.origin,
    };
    let revealed = broker.reveal(receipt.token, &caller).await?;
    let extras = Extras {
        revealed: Some((receipt.token, revealed)),
        refused: None,
    };
    let receipts = desk.receipts(&mut receipts, &extras).await?;
    let mut response = page(&GrantedPage {
        layout: Layout::people("Access granted"),
        receipts,
    })?;
    no_store(response.headers_mut());
    Ok(response)
}
