//! `GET /admin/admins`: the list, and the form to create one.

use std::num::NonZeroU16;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRef, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use spark_oauth_core::admins::{Admin, AdminService};
use spark_oauth_core::ports::{Clock, Cursor, PageRequest};

use super::{path_of, view_of};
use crate::http::{PageError, page};
use crate::pages::{AdminListPage, AdminRow, FormErrors, Layout, Section, TimeView};
use crate::routes::admin::guard::CurrentAdmin;
use crate::state::AppState;

/// How many admins a page shows.
const ROWS: NonZeroU16 = NonZeroU16::new(50).unwrap();

#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    #[serde(default)]
    cursor: String,
}

pub(super) async fn show(
    State(list): State<AdminList>,
    mut current: CurrentAdmin,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, PageError> {
    let cursor = parameters
        .map(|Query(parameters)| parameters.cursor)
        .unwrap_or_default();
    let after = match cursor.as_str() {
        "" => None,
        text => Some(Cursor::parse(text).map_err(|_| {
            PageError::of(StatusCode::BAD_REQUEST).with_step("Show all admins", "/admin/admins")
        })?),
    };
    let layout = current.layout("Admins", Section::Admins).await?;
    page(
        &list
            .draw(layout, &current.admin, after, Typed::default())
            .await?,
    )
}

/// What was typed into the form below the list, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) username: String,
    pub(super) email: String,
    pub(super) errors: FormErrors,
}

/// Draws the list.
#[derive(Clone, Debug)]
pub(super) struct AdminList {
    admins: AdminService,
    clock: Arc<dyn Clock>,
}

impl FromRef<AppState> for AdminList {
    fn from_ref(state: &AppState) -> Self {
        Self {
            admins: FromRef::from_ref(state),
            clock: FromRef::from_ref(state),
        }
    }
}

impl AdminList {
    pub(super) async fn draw(
        &self,
        layout: Layout,
        me: &Admin,
        after: Option<Cursor>,
        typed: Typed,
    ) -> Result<AdminListPage, PageError> {
        let request = PageRequest { after, limit: ROWS };
        let found = self.admins.list(me, &request).await?;
        let now_ms = self.clock.now().as_millis();
        let row = |admin: &Admin| AdminRow {
            href: path_of(admin.id),
            username: admin.username.to_string(),
            email: admin
                .email
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            role: view_of(admin.role),
            created: TimeView::new(admin.created_at.as_millis(), now_ms),
            is_you: admin.id == me.id,
        };
        Ok(AdminListPage {
            layout,
            rows: found.items.iter().map(row).collect(),
            first_page: request.after.is_some().then(|| "/admin/admins".to_owned()),
            next_page: found
                .next
                .map(|next| format!("/admin/admins?cursor={next}")),
            username: typed.username,
            email: typed.email,
            errors: typed.errors,
        })
    }
}
