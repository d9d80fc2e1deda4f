//! The store goes away while the provider answers, and comes back.

use reqwest::Method;
use spark_oauth_store_mongo::testing;
use tokio::task::spawn_blocking;

use super::clients::Clients;
use super::world::World;
use crate::harness::{Setup, WriteLock, until};

/// What can be taken away.
pub(super) enum Store {
    /// A file: somebody else writes to it for longer than the application waits.
    File,
    /// A server of the test's own: it is stopped.
    Server(Option<testing::Server>),
}

/// A store that is away.
pub(super) enum Away<'a> {
    File(WriteLock),
    Server(&'a mut Option<testing::Server>),
}

impl Store {
    /// A server, and what the application reaches it with; `None` where there is no
    /// server that may be stopped, which is told.
    pub(super) async fn on_mongodb() -> Option<(Setup, Self)> {
        let program = testing::program()?;
        let start = move || testing::Server::start(&program);
        let server = spawn_blocking(start).await.unwrap();
        let setup = Setup::on_mongodb_at(server.uri());
        Some((setup, Self::Server(Some(server))))
    }

    /// Takes the store away from a process that has asked the provider, and comes back
    /// once the answer lies in a journal and clients have heard of it.
    pub(super) async fn take_away(&mut self, world: &World, clients: &Clients) -> Away<'_> {
        // The answer is to come.
        world.upstream.provider.clear_faults();
        let empty = async || (!world.journal_is_used()).then_some(());
        until("the store has every answer", empty).await;
        let mut held = world.upstream.hold(Method::POST, "/v1/access_token");
        held.arrived().await;
        let heard_before = clients.store_away();
        let away = match self {
            Self::File => Away::File(world.command.database().await.lock().await),
            Self::Server(server) => {
                work_on(server, testing::Server::stop).await;
                Away::Server(server)
            }
        };
        held.release();
        let kept = async || world.journal_is_used().then_some(());
        until("a journal keeps the new tokens", kept).await;
        let heard = async || (clients.store_away() > heard_before).then_some(());
        until("clients hear that the store is away", heard).await;
        away
    }
}

impl Away<'_> {
    pub(super) async fn bring_back(self) {
        match self {
            Self::File(lock) => lock.release().await,
            Self::Server(server) => work_on(server, testing::Server::start_again).await,
        }
    }
}

/// Everybody else goes on meanwhile.
async fn work_on(place: &mut Option<testing::Server>, work: fn(&mut testing::Server)) {
    let mut server = place.take().unwrap();
    let worked = spawn_blocking(move || {
        work(&mut server);
        server
    });
    *place = Some(worked.await.unwrap());
}
