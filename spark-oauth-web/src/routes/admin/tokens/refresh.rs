//! `POST /admin/tokens/{id}/refresh`.

use axum::extract::{Path, State};
use axum::response::Redirect;
use spark_oauth_core::broker::{Broker, TokenError};
use spark_oauth_core::token::{ConsentLoss, RefreshTrigger};

use super::{path_of, token_id};
use crate::http::PageError;
use crate::pages::{Flash, FlashKind};
use crate::routes::admin::guard::CurrentAdmin;

/// Whatever comes of it is said on the token's page, which shows the rest.
pub(super) async fn refresh(
    State(broker): State<Broker>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
) -> Result<Redirect, PageError> {
    let id = token_id(&id)?;
    let flash = match broker
        .refresh(id, RefreshTrigger::Admin, &current.caller())
        .await
    {
        Ok(refreshed) if refreshed.called => {
            Flash::new(FlashKind::Success, "The token was refreshed.")
        }
        Ok(_) => Flash::new(
            FlashKind::Info,
            "The token was refreshed less than 30 seconds ago, so Webex was not asked again.",
        ),
        Err(error @ (TokenError::NotFound | TokenError::Store(_))) => return Err(error.into()),
        Err(TokenError::NeedsConsent {
            reason: ConsentLoss::NoRefreshToken,
            ..
        }) => Flash::new(
            FlashKind::Error,
            "Webex gave no refresh token for it, so that it cannot be refreshed.",
        ),
        Err(TokenError::NeedsConsent { .. }) => {
            Flash::new(FlashKind::Error, "Webex refused to refresh the token.")
        }
        Err(error) => {
            let page = PageError::from(error);
            let (title, text) = page.words.unwrap_or_else(|| {
                (
                    "The token was not refreshed".to_owned(),
                    "The log says why.".to_owned(),
                )
            });
            Flash::new(FlashKind::Error, format!("{title}. {text}"))
        }
    };
    current.visitor.say(flash).await?;
    Ok(Redirect::to(&path_of(id)))
}
