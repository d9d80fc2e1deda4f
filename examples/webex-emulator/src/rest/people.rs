//! `/v1/people`

use axum::Json;

use super::bearer::Bearer;
use crate::errors::ApiError;
use crate::oauth::scopes::PEOPLE_READ;
use crate::people::PersonAnswer;

/// `GET /v1/people/me`
pub(crate) async fn me(caller: Bearer) -> Result<Json<PersonAnswer>, ApiError> {
    caller.require(PEOPLE_READ)?;
    Ok(Json(PersonAnswer::from(&*caller.person)))
}
