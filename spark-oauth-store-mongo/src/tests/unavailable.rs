//! While the server is away, every port says so quickly; once it is back, every port
//! works again.

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use spark_oauth_core::conformance::samples::{self, NOW};
use spark_oauth_core::ports::{PageRequest, StoreError, Stores, TokenFilter};
use spark_oauth_core::token::Lease;
use tokio::task::block_in_place;

use crate::MongoStore;
use crate::testing::{self, Server, TestDatabases};

/// How long an operation may take without a server, with what a loaded machine adds.
const SOON: Duration = Duration::from_secs(6);

const FEW: NonZeroU16 = NonZeroU16::new(9).unwrap();

type Call = (&'static str, BoxFuture<'static, Result<(), StoreError>>);

/// A future of an operation, by its name, with a handle of its own.
macro_rules! calls {
    ($stores:expr; $($port:ident.$operation:ident($($argument:expr),*),)+) => {
        [$({
            let port = $stores.$port.clone();
            let call = async move { port.$operation($($argument),*).await.map(drop) };
            (concat!(stringify!($port), ".", stringify!($operation)), call.boxed())
        },)+]
    };
}

fn every_operation(stores: &Stores) -> Vec<Call> {
    let (id, owner) = (samples::unknown_token(), samples::process(1));
    let lease = Lease {
        owner,
        expires_at: samples::later(9),
    };
    let integration = samples::integration;
    let tokens = calls! { stores;
        tokens.insert(&samples::token(1)),
        tokens.get(id),
        tokens.find_by_email(&samples::email("a@example.com")),
        tokens.list(&TokenFilter::default(), &PageRequest::first(FEW)),
        tokens.claim(id, lease, NOW),
        tokens.extend_lease(id, lease),
        tokens.release_lease(id, owner),
        tokens.list_due(&integration(), NOW, FEW),
        tokens.list_with_events(FEW),
        tokens.census(&integration(), NOW),
        tokens.count_expiring(&integration(), NOW, samples::later(9)),
        tokens.remove(id),
    };
    let others = calls! { stores;
        pauses.pause(&integration()),
        pauses.prolong_pause(&samples::pause(9)),
        pauses.clear_pause(&integration(), NOW),
        outbox.add_to_outbox(&samples::outbox_entry(1)),
        outbox.due_in_outbox(NOW, FEW, &[]),
        outbox.resume_outbox("hook", None, NOW),
        outbox.backlog_in_outbox("hook"),
        outbox.reschedule_in_outbox(&samples::outbox_entry(2), NOW),
        outbox.remove_from_outbox(samples::event(3).id, "hook"),
        outbox.count_outbox(),
        processes.announce_process(&samples::process_record(1)),
        processes.processes(),
        processes.withdraw_process(owner),
        processes.remove_expired_processes(NOW),
        consents.remove_expired(NOW),
        sessions.remove_expired(NOW),
        audit.append(&samples::audit_entry(1)),
        vault.ping(),
    };
    tokens.into_iter().chain(others).collect()
}

/// What each operation answered, and how long it took.
async fn ask_all(stores: &Stores) -> Vec<(&'static str, Result<(), StoreError>, Duration)> {
    let asked = every_operation(stores)
        .into_iter()
        .map(|(name, call)| async move {
            let begun = Instant::now();
            (name, call.await, begun.elapsed())
        });
    join_all(asked).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_fails_quickly_and_heals_by_itself() {
    let Some(program) = testing::program() else {
        return;
    };
    let mut server = block_in_place(|| Server::start(&program));
    let databases = TestDatabases::on(&server.uri());
    let store = MongoStore::connect(databases.options()).await.unwrap();
    let stores = store.stores();

    block_in_place(|| server.stop());
    for (name, answer, took) in ask_all(&stores).await {
        assert!(
            matches!(answer, Err(StoreError::Unavailable { .. })),
            "{name} says that there is no server: {answer:?}"
        );
        assert!(took < SOON, "{name} took {took:?}");
    }

    block_in_place(|| server.start_again());
    let returned = Instant::now();
    while stores.vault.ping().await.is_err() {}
    let healed = returned.elapsed();
    assert!(healed < Duration::from_secs(5), "it took {healed:?}");
    for (name, answer, _) in ask_all(&stores).await {
        assert!(answer.is_ok(), "{name}: {answer:?}");
    }
}
