//! Routes that need a valid token, at any moment, for months.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use spark_oauth_core::EmailAddress;
use spark_oauth_core::audit::Caller;
use spark_oauth_core::broker::{Broker, CheckedOut};
use spark_oauth_core::ports::{RoomId, SparkClient};
use spark_oauth_core::token::Status;

use crate::AppState;
use crate::failure::Failure;

/// How long a token must live on for what is done here.
const NEEDED_LIFE: Duration = Duration::from_mins(1);

/// The client of the provider, as a part of the state.
#[derive(Clone, Debug)]
pub(crate) struct Webex(pub(crate) Arc<dyn SparkClient>);

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/people/{email}", get(who_is_it))
        .route("/people/{email}/rooms", post(create_room))
}

/// A token of this person that is valid now. The broker refreshes it where it must,
/// once for all who ask at the same time, and notes in the audit log who got it.
async fn token_of(broker: &Broker, email: &str) -> Result<CheckedOut, Failure> {
    let email = EmailAddress::parse(email)?;
    let records = broker.find_by_email(&email).await?;
    // More than one where a person consented to different scopes.
    let record = records
        .iter()
        .find(|record| record.status == Status::Active)
        .or(records.first())
        .ok_or(Failure::Unknown)?;
    Ok(broker
        .check_out(record.id, NEEDED_LIFE, &Caller::service("embed"))
        .await?)
}

#[derive(Debug, Serialize)]
struct Person {
    email: String,
    name: Option<String>,
    /// Seconds for which the token is still good.
    token_good_for: u64,
}

/// `GET /people/{email}`: asks Webex who the token stands for.
async fn who_is_it(
    State(broker): State<Broker>,
    State(Webex(webex)): State<Webex>,
    Path(email): Path<String>,
) -> Result<Json<Person>, Failure> {
    let token = token_of(&broker, &email).await?;
    let person = webex.me(&token.access_token).await?;
    Ok(Json(Person {
        email: person.email.to_string(),
        name: person.display_name,
        token_good_for: token.expires_in.as_secs(),
    }))
}

#[derive(Debug, Deserialize)]
struct NewRoom {
    title: String,
}

#[derive(Debug, Serialize)]
struct Room {
    id: RoomId,
}

/// `POST /people/{email}/rooms`: opens a room in this person's name.
///
/// For a call that the client of the library does not have, take any HTTP client
/// and put `token.access_token.expose_secret()` into its `Authorization` header.
async fn create_room(
    State(broker): State<Broker>,
    State(Webex(webex)): State<Webex>,
    Path(email): Path<String>,
    Json(room): Json<NewRoom>,
) -> Result<Json<Room>, Failure> {
    let token = token_of(&broker, &email).await?;
    let id = webex.create_room(&token.access_token, &room.title).await?;
    Ok(Json(Room { id }))
}
