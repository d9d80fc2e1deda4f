//! Who may enter: an admin whose session is still of the admin's epoch.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::SparkOauth;
use spark_oauth_core::admins::{Admin, AdminService};
use spark_oauth_core::audit::{Caller, Origin};
use spark_oauth_core::broker::BreakerState;
use spark_oauth_core::ports::PauseReason;

use super::return_path::ReturnPath;
use crate::http::{ClientAddress, NavigationSlot, PageError, explain_pause};
use crate::pages::{Layout, Navigation, Section, sentence};
use crate::routes::readiness::explain_clock;
use crate::session::Visitor;
use crate::state::AppState;

/// The admin who is signed in.
#[derive(Debug)]
pub(super) struct CurrentAdmin {
    pub(super) admin: Admin,
    pub(super) visitor: Visitor,
    pub(super) origin: Origin,
    alert: Option<String>,
}

impl CurrentAdmin {
    pub(super) fn caller(&self) -> Caller {
        Caller {
            actor: self.admin.actor(),
            origin: self.origin.clone(),
        }
    }

    /// The frame of a page, with what the last request has to say.
    pub(super) async fn layout(
        &mut self,
        title: &str,
        section: Section,
    ) -> Result<Layout, PageError> {
        let flash = self.visitor.take_flash().await?;
        Ok(self.quiet_layout(title, section).with_flash(flash))
    }

    /// The frame of a page that says nothing of the last request.
    pub(super) fn quiet_layout(&self, title: &str, section: Section) -> Layout {
        Layout::admin(
            title,
            navigation(&self.admin, Some(section), self.alert.clone()),
        )
    }
}

fn navigation(admin: &Admin, section: Option<Section>, alert: Option<String>) -> Navigation {
    Navigation {
        admin: admin.username.to_string(),
        super_admin: admin.is_super(),
        section,
        alert,
    }
}

/// The alert on every admin page: a rejected integration or a wrong clock needs an
/// operator. Other pauses end automatically.
async fn alert(services: &SparkOauth) -> Option<String> {
    let refused = match services.refreshing().await {
        BreakerState::Open(pause) | BreakerState::HalfOpen(pause)
            if pause.reason == PauseReason::IntegrationRefused =>
        {
            Some(explain_pause(pause.reason).to_owned())
        }
        _ => None,
    };
    let clock = explain_clock(services.clock_state()).map(|problem| sentence(&problem));
    let alerts: Vec<_> = refused.into_iter().chain(clock).collect();
    (!alerts.is_empty()).then(|| alerts.join(" "))
}

async fn current(parts: &mut Parts, state: &AppState) -> Result<Option<CurrentAdmin>, PageError> {
    let visitor = Visitor::from_request_parts(parts, state).await?;
    let Some(signed_in) = visitor.admin() else {
        return Ok(None);
    };
    let admins = AdminService::from_ref(state);
    let Some(admin) = admins.authenticate(signed_in.id, signed_in.epoch).await? else {
        visitor.end().await?;
        return Ok(None);
    };
    let alert = alert(&state.services).await;
    if let Some(slot) = parts.extensions.get::<NavigationSlot>() {
        slot.set(navigation(&admin, None, alert.clone()));
    }
    let Ok(ClientAddress { origin }) = ClientAddress::from_request_parts(parts, state)
        .await
        .map_err(|never: Infallible| match never {});
    Ok(Some(CurrentAdmin {
        admin,
        visitor,
        origin,
        alert,
    }))
}

impl FromRequestParts<AppState> for CurrentAdmin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        match current(parts, state).await {
            Ok(Some(admin)) => Ok(admin),
            Ok(None) => {
                let back = (parts.method == Method::GET)
                    .then(|| parts.uri.path_and_query())
                    .flatten()
                    .and_then(|path| ReturnPath::parse(path.as_str()));
                Err(Redirect::to(&ReturnPath::entrance(back.as_ref())).into_response())
            }
            Err(error) => Err(error.into_response()),
        }
    }
}

impl OptionalFromRequestParts<AppState> for CurrentAdmin {
    type Rejection = PageError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Option<Self>, PageError> {
        current(parts, state).await
    }
}

/// The page of the super admin, asked for by somebody else.
pub(super) fn not_super_admin() -> PageError {
    PageError::new(
        axum::http::StatusCode::FORBIDDEN,
        "Only the super admin may see this",
        "Your account manages tokens. Ask the super admin where something about admins is to \
         change.",
    )
    .with_step("Go to the tokens", "/admin/tokens")
}
