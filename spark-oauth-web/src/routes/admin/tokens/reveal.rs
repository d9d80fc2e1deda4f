//! `POST /admin/tokens/{id}/reveal`: the token with its secrets, for this once.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use spark_oauth_core::broker::Broker;
use spark_oauth_core::ports::Clock;

use super::detail::{draw, title};
use super::token_id;
use crate::http::{PageError, no_store, page};
use crate::pages::Section;
use crate::routes::admin::guard::CurrentAdmin;
use crate::routes::people::texts;

pub(super) async fn reveal(
    State(broker): State<Broker>,
    State(clock): State<Arc<dyn Clock>>,
    Path(id): Path<String>,
    current: CurrentAdmin,
) -> Result<Response, PageError> {
    let id = token_id(&id)?;
    let revealed = broker.reveal(id, &current.caller()).await?;
    let token = broker.get(id).await?;
    let layout = current.quiet_layout(&title(&token), Section::Tokens);
    let mut response = page(&draw(layout, &token, clock.now(), Some(texts(&revealed))))?;
    no_store(response.headers_mut());
    Ok(response)
}
