//! The pages of the admin centre: one token, the list and the search, with few and
//! with many tokens stored.

use crate::Outcome;
use crate::connection::Connection;
use crate::database::{Database, PASSWORD};
use crate::figures::Plan;
use crate::figures::turns::{Side, Turns, bare_twin};
use crate::load::{By, Load, post};
use crate::report::{Aim, Row};
use crate::server::Server;

/// How many different tokens are looked up.
const LOOKED_UP: usize = 5_000;

/// How much less may be answered with the large database.
const NO_GROWTH: Aim = Aim::AtLeast(0.9);

pub(crate) async fn measure(plan: &Plan, few: &Database, many: &Database) -> Outcome<Vec<Row>> {
    let ours_few = Ours::start(few).await?;
    let ours_many = Ours::start(many).await?;
    let mut rows = against_bare(plan, few, &ours_few, &ours_many).await?;
    let searches = (0..100).map(|number| format!("/admin/tokens?email=person.{number}%40"));
    let lists = [
        ("the list", vec!["/admin/tokens".to_owned()]),
        ("search by part of an e-mail", searches.collect()),
    ];
    for (name, paths) in lists {
        let side = |ours: &'_ Ours| ours.load(paths.iter().cloned());
        let turns = Turns::take(
            plan,
            &ours_many.side(side(&ours_many)),
            &ours_few.side(side(&ours_few)),
        )
        .await?;
        let what = format!("{name}: requests/s with many stored against few");
        rows.push(turns.row(&what, ("many/s", "few/s"), NO_GROWTH));
    }
    Ok(rows)
}

async fn against_bare(
    plan: &Plan,
    database: &Database,
    few: &Ours<'_>,
    many: &Ours<'_>,
) -> Outcome<Vec<Row>> {
    let path = few
        .token_paths()
        .next()
        .ok_or("a database without tokens")?;
    let bare = bare_twin(&few.server, &path, By::Cookie(&few.cookie), database).await?;
    let bare_side = Side {
        server: &bare,
        load: Load::of_gets(bare.address, few.token_paths(), By::Cookie(&few.cookie)),
    };
    let mut rows = Vec::new();
    for (name, ours) in [("few", few), ("many", many)] {
        let side = ours.side(ours.load(ours.token_paths()));
        let turns = Turns::take(plan, &side, &bare_side).await?;
        let what = format!("token page, {name} stored: requests/s against bare axum");
        rows.push(turns.row(&what, ("ours/s", "bare/s"), Aim::AtLeast(0.7)));
    }
    let turns = Turns::take(
        plan,
        &many.side(many.load(many.token_paths())),
        &few.side(few.load(few.token_paths())),
    )
    .await?;
    let what = "token page: requests/s with many stored against few";
    rows.push(turns.row(what, ("many/s", "few/s"), NO_GROWTH));
    Ok(rows)
}

/// Ours, with an admin who is signed in.
#[derive(Debug)]
struct Ours<'a> {
    database: &'a Database,
    server: Server,
    cookie: String,
}

impl<'a> Ours<'a> {
    async fn start(database: &'a Database) -> Outcome<Self> {
        let server = Server::ours(database, None)?;
        let mut connection = Connection::open(server.address).await?;
        let form = format!("username=admin&password={}", PASSWORD.replace(' ', "+"));
        let request = post(server.address, "/admin/sign-in", None, &form);
        let answer = connection.answer_to(&request).await?;
        let cookie = answer
            .fields("set-cookie")
            .find_map(|cookie| cookie.split(';').next())
            .ok_or("the admin was not signed in")?
            .to_owned();
        Ok(Self {
            database,
            server,
            cookie,
        })
    }

    fn load(&self, paths: impl IntoIterator<Item = String>) -> Load {
        Load::of_gets(self.server.address, paths, By::Cookie(&self.cookie))
    }

    fn side(&self, load: Load) -> Side<'_> {
        Side {
            server: &self.server,
            load,
        }
    }

    fn token_paths(&self) -> impl Iterator<Item = String> {
        let tokens = self.database.some_tokens(LOOKED_UP);
        tokens.map(|id| format!("/admin/tokens/{id}"))
    }
}
