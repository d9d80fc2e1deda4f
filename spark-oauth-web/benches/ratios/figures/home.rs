//! `GET /` by visitors without a session.

use crate::Outcome;
use crate::database::Database;
use crate::figures::Plan;
use crate::figures::turns::{Side, Turns, bare_twin};
use crate::load::{By, Load};
use crate::report::{Aim, Row};
use crate::server::Server;

pub(crate) async fn measure(plan: &Plan, database: &Database) -> Outcome<Vec<Row>> {
    let ours = Server::ours(database, None)?;
    let bare = bare_twin(&ours, "/", By::Nobody, database).await?;
    let side = |server| Side {
        server,
        load: Load::of_gets(server.address, ["/".to_owned()], By::Nobody),
    };
    let turns = Turns::take(plan, &side(&ours), &side(&bare)).await?;
    let what = "GET /: requests/s against bare axum";
    Ok(vec![turns.row(
        what,
        ("ours/s", "bare/s"),
        Aim::AtLeast(0.7),
    )])
}
