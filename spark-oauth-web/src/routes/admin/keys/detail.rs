//! `GET /admin/keys/{id}`: one key.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use spark_oauth_core::Timestamp;
use spark_oauth_core::api_keys::{ApiKey, ApiKeyService};
use spark_oauth_core::ports::Clock;

use super::key_id;
use crate::http::{PageError, page};
use crate::pages::{KeyDetailPage, KeyStatus, Layout, Section, TimeView};
use crate::routes::admin::guard::CurrentAdmin;

pub(super) async fn show(
    State(keys): State<ApiKeyService>,
    State(clock): State<Arc<dyn Clock>>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
) -> Result<Response, PageError> {
    let key = keys.get(key_id(&id)?).await?;
    let title = format!("API key {}", key.name);
    let layout = current.layout(&title, Section::Keys).await?;
    page(&draw(layout, &key, clock.now()))
}

fn draw(layout: Layout, key: &ApiKey, now: Timestamp) -> KeyDetailPage {
    let view = |at: Timestamp| TimeView::new(at.as_millis(), now.as_millis());
    KeyDetailPage {
        layout,
        id: key.id.to_string(),
        name: key.name.to_string(),
        status: KeyStatus(key.state(now)),
        scopes: key.scopes.iter().map(Into::into).collect(),
        emails: key.reach.emails().map(str::to_owned).collect(),
        domains: key.reach.domains().map(ToString::to_string).collect(),
        requests_per_minute: key.requests_per_minute.map(|number| number.to_string()),
        created: view(key.created_at),
        created_by: key.created_by.clone(),
        expires: key.expires_at.map(view),
        last_used: key.last_used_at.map(view),
        revoked: key.revoked_at.map(view),
    }
}
