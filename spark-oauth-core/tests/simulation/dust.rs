//! The laws that hold after the dust has settled: faults have ended, and some time
//! has passed.

use std::time::Duration;

use spark_oauth_core::audit::Caller;
use spark_oauth_core::broker::TokenError;
use spark_oauth_core::token::{RefreshTrigger, Status};
use spark_oauth_core::{Timestamp, TokenId};
use tokio::time::sleep;

use super::replica::Machine;
use super::world::World;

/// How long it may take until everything is well again. A pause for a fault of the
/// integration lasts a quarter of an hour at most, and an admin need not wait for it.
const SETTLING_LIMIT: Duration = Duration::from_mins(20);
const UNDER_WAY: Duration = Duration::from_secs(45);
const ROUND: Duration = Duration::from_secs(7);

/// Sees that each token is valid, or rightly is not.
pub(crate) async fn settle(world: &World, machines: &[Machine]) {
    for machine in machines {
        machine.disk.set_full(false);
    }
    // What is still on its way arrives: to the provider, or to the store.
    sleep(UNDER_WAY).await;
    for _ in 0..SETTLING_LIMIT.as_secs() {
        if world.state().running.iter().all(Option::is_some) {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    let ids: Vec<_> = world.state().ledger.records.keys().copied().collect();
    for id in ids {
        bring_to_rest(world, id).await;
        judge(world, id);
    }
    // What waits in a journal is offered to the store every two seconds.
    for _ in 0..60 {
        if waiting(machines) == 0 {
            return;
        }
        sleep(Duration::from_secs(2)).await;
    }
    world.violate("a journal still holds entries long after the last fault");
}

fn waiting(machines: &[Machine]) -> usize {
    let state = machines[0].world.state();
    let running = state.running.clone();
    drop(state);
    let processes = running.iter().flatten();
    processes
        .map(|running| running.oauth.broker.process())
        .map(|process| {
            let entries = machines.iter().map(|machine| machine.disk.entries(process));
            entries.map(|entries| entries.len()).sum::<usize>()
        })
        .sum()
}

/// Asks for a refresh until one is in the record that came after the last fault, or it
/// is said that there is nothing to ask for.
async fn bring_to_rest(world: &World, id: TokenId) {
    let caller = Caller::service("dust");
    let since = world.now() + world.plan.allowance();
    let before = world
        .state()
        .ledger
        .records
        .get(&id)
        .map_or(0, |record| record.generation);
    for _ in 0..SETTLING_LIMIT.as_secs() / ROUND.as_secs() {
        let Some(running) = world.anybody() else {
            world.violate("no process runs although nothing fails");
            return;
        };
        let broker = &running.oauth.broker;
        let refreshed = Box::pin(broker.refresh(id, RefreshTrigger::Admin, &caller));
        let outcome = world.call(&running, "refresh", refreshed).await;
        world.note(|| format!("dust: {outcome:?}"));
        match outcome {
            Some(Ok(_)) if is_refreshed(world, id, since, before) => return,
            Some(Err(
                TokenError::NeedsConsent { .. } | TokenError::Revoked { .. } | TokenError::NotFound,
            )) => return,
            _ => sleep(ROUND).await,
        }
    }
    world.violate("a token was not refreshed long after the last fault");
}

/// Whether the record was refreshed since then. A caller may have the new tokens
/// before the store has them.
fn is_refreshed(world: &World, id: TokenId, since: Timestamp, before: u64) -> bool {
    let state = world.state();
    let record = state.ledger.records.get(&id);
    record.is_some_and(|record| {
        let last = record.last_refresh;
        let is_later = if world.plan.has_wild_clocks() {
            record.generation > before
        } else {
            last.is_some_and(|last| last.at > since)
        };
        record.attempt.is_none() && is_later
    })
}

fn judge(world: &World, id: TokenId) {
    world.look_at_records();
    let now = world.now();
    let mut state = world.state();
    let Some(record) = state.ledger.records.get(&id).cloned() else {
        return;
    };
    let (access, refresh) = state.ledger.names(&record);
    let grant = &state.provider.grants[refresh.grant];
    let (end, current) = (grant.end, grant.current);
    let lives = !state.provider.access_end(access).has_passed(now);
    let what = if end.is_some() { "dead" } else { "alive" };
    state
        .coverage
        .count(format!("in the end {} and {what}", record.status.kind()));
    drop(state);
    if record.status == Status::Active {
        if end.is_some() || refresh.number != current || !lives {
            world.violate(format!(
                "a token is not valid in the end: {access:?} (lives: {lives}), {refresh:?}, \
                 the provider's is {current}, its grant's end {end:?}"
            ));
        }
        if record.attempt.is_some() {
            world.violate("a marker stands long after the last refresh");
        }
    } else if end.is_none() {
        world.violate("a token is not active in the end although its grant lives");
    }
}
