//! Who does something: services that fetch tokens, people, admins, and what befalls
//! machines, the network and the provider.

use std::time::Duration;

use spark_oauth_core::AuthorizationCode;
use spark_oauth_core::TokenId;
use spark_oauth_core::audit::{Caller, Origin};
use spark_oauth_core::consent::{BrowserSecret, Callback, State};
use spark_oauth_core::ports::SeededRandom;
use spark_oauth_core::token::{RefreshTrigger, RevokedBy};
use tokio::time::{sleep, timeout};

use super::provider::End;
use super::replica::Machine;
use super::weather::Trouble;
use super::world::{Running, World};

const SECOND: Duration = Duration::from_secs(1);

/// No call takes longer, whatever happens.
const CALL_LIMIT: Duration = Duration::from_mins(5);

impl World {
    /// A call of a process; `None` where the process ends in the middle of it.
    pub(crate) async fn call<T>(
        &self,
        running: &Running,
        what: &str,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::select! {
            biased;
            () = running.power.cut_off() => None,
            done = timeout(CALL_LIMIT, work) => {
                if done.is_err() {
                    self.violate(format!("a call hangs: {what} at process {}", running.process));
                }
                done.ok()
            }
        }
    }

    /// One of the records that ever were, by chance; rather one that stands.
    pub(crate) fn any_record(&self) -> Option<TokenId> {
        let state = self.state();
        let ids: Vec<_> = if self.roll(|dice| dice.chance(20)) {
            state.ledger.removed.clone()
        } else {
            state.ledger.records.keys().copied().collect()
        };
        let end = u64::try_from(ids.len()).unwrap();
        let chosen = usize::try_from(self.roll(|dice| dice.below(end))).unwrap();
        ids.get(chosen).copied()
    }
}

/// A person goes through the consent page; the callback may come to another replica.
pub(crate) async fn consent(world: &World, person: usize) -> bool {
    let seed = world.roll(|dice| dice.below(u64::MAX));
    let browser = BrowserSecret::generate(&SeededRandom::new(seed));
    let origin = Origin::default();
    let Some(first) = world.anybody() else {
        return false;
    };
    let begun = Box::pin(first.oauth.consents.begin(&browser, &origin));
    let Some(Ok(url)) = world.call(&first, "begin", begun).await else {
        return false;
    };
    let state = url.query_pairs().next().unwrap().1.into_owned();
    let Some(second) = world.anybody() else {
        return false;
    };
    let callback = Callback {
        state: Some(State::from_callback(state)),
        code: Some(AuthorizationCode::new(format!("code-0-{person}"))),
        refusal: None,
        issuer: None,
    };
    let consents = &second.oauth.consents;
    let completed = Box::pin(consents.complete(callback, Some(&browser), &origin));
    let granted = world.call(&second, "complete", completed).await;
    world.note(|| {
        format!(
            "person {person} consents: {:?}",
            granted.as_ref().map(Result::is_ok)
        )
    });
    matches!(granted, Some(Ok(_)))
}

/// A service that fetches tokens, and hangs up now and then.
pub(crate) async fn service(world: World) {
    loop {
        world.wait_between(SECOND / 2, 15 * SECOND).await;
        let (Some(running), Some(id)) = (world.anybody(), world.any_record()) else {
            continue;
        };
        let life = world.plan.access_life;
        let min_life =
            world.roll(|dice| dice.pick(&[Duration::ZERO, life / 4, life / 2, life * 2]));
        let patience = world.roll(|dice| {
            let hangs_up = dice.chance(100);
            hangs_up.then(|| dice.between(Duration::ZERO, 2 * SECOND))
        });
        match patience {
            Some(patience) => {
                let caller = Caller::service("impatient");
                let checked_out = Box::pin(running.oauth.broker.check_out(id, min_life, &caller));
                drop(timeout(patience, checked_out).await);
                world.count("hung up");
            }
            None => world.check_out(&running, id, min_life).await,
        }
    }
}

/// People and admins.
pub(crate) async fn people(world: World) {
    loop {
        world.wait_between(SECOND, 20 * SECOND).await;
        let plan = world.plan.clone();
        let people = u64::try_from(plan.people).unwrap();
        let person = usize::try_from(world.roll(|dice| dice.below(people))).unwrap();
        if world.roll(|dice| dice.chance(plan.consents)) {
            consent(&world, person).await;
        }
        if world.roll(|dice| dice.chance(plan.withdrawals)) {
            world.note(|| format!("person {person} withdraws at the provider"));
            world.state().provider.end_all(person, End::Withdrawn);
            world.count("withdrawn");
        }
        let Some(id) = world.any_record() else {
            continue;
        };
        if world.roll(|dice| dice.chance(plan.revocations)) {
            revoke(&world, id).await;
        } else if world.roll(|dice| dice.chance(plan.removals)) {
            remove(&world, id).await;
        } else if world.roll(|dice| dice.chance(100)) {
            refresh(&world, id).await;
        }
    }
}

async fn revoke(world: &World, id: TokenId) {
    let Some(running) = world.anybody() else {
        return;
    };
    let caller = Caller::service("admin");
    let revoked = Box::pin(running.oauth.broker.revoke(id, RevokedBy::Admin, &caller));
    let revoked = world.call(&running, "revoke", revoked).await;
    world.note(|| format!("an admin revokes: {revoked:?}"));
}

async fn remove(world: &World, id: TokenId) {
    let Some(running) = world.anybody() else {
        return;
    };
    let caller = Caller::service("admin");
    let removed = Box::pin(running.oauth.broker.remove(id, &caller));
    let removed = world.call(&running, "remove", removed).await;
    world.note(|| format!("an admin removes: {:?}", removed.map(|done| done.is_ok())));
}

async fn refresh(world: &World, id: TokenId) {
    let Some(running) = world.anybody() else {
        return;
    };
    let caller = Caller::service("admin");
    let trigger = world.roll(|dice| dice.pick(&[RefreshTrigger::Admin, RefreshTrigger::Api]));
    let refreshed = Box::pin(running.oauth.broker.refresh(id, trigger, &caller));
    let refreshed = world.call(&running, "refresh", refreshed).await;
    world.note(|| {
        format!(
            "{trigger} refreshes: {:?}",
            refreshed.map(|done| done.is_ok())
        )
    });
}

/// In the worst moment, while a token of this person is being refreshed: the person
/// consents anew, or an admin revokes or removes it.
pub(crate) fn interfere(world: &World, person: usize, number: usize) {
    let plan = &world.plan;
    if !world.state().weather.is_stormy {
        return;
    }
    let (consents, revokes, removes) = world.roll(|dice| {
        (
            dice.chance(plan.consents),
            dice.chance(plan.revocations),
            dice.chance(plan.removals),
        )
    });
    let world = world.with_dice(10_000 + u64::try_from(number).unwrap());
    tokio::spawn(async move {
        if consents {
            world.count("consent during a refresh");
            consent(&world, person).await;
        }
        let Some(id) = world.any_record() else {
            return;
        };
        if revokes {
            world.count("revocation during a refresh");
            revoke(&world, id).await;
        } else if removes {
            world.count("removal during a refresh");
            remove(&world, id).await;
        }
    });
}

/// Connections to the store that fail for a while: of one replica or of all.
pub(crate) async fn store_outages(world: World) {
    loop {
        world.wait_between(10 * SECOND, 60 * SECOND).await;
        let replicas = world.plan.replicas;
        let one = world.roll(|dice| {
            let alone = dice.chance(500);
            let chosen = dice.below(u64::try_from(replicas).unwrap());
            alone.then_some(usize::try_from(chosen).unwrap())
        });
        let set = |away| {
            let mut state = world.state();
            match one {
                Some(one) => state.weather.store_away[one] = away,
                None => state.weather.store_away.fill(away),
            }
        };
        world.note(|| format!("the store is away: {one:?}"));
        world.count("store outage");
        set(true);
        let most = world.roll(|dice| dice.pick(&[20, 40, 40, 150]));
        world.wait_between(SECOND, most * SECOND).await;
        set(false);
        world.note(|| "the store is back".to_owned());
    }
}

/// The connection of one replica to the store is down for a moment.
pub(crate) fn cut_off(world: &World, replica: usize) {
    let time = world.roll(|dice| {
        let most = dice.pick(&[20, 20, 150]);
        dice.between(SECOND / 10, most * SECOND)
    });
    if !world.state().weather.is_stormy {
        return;
    }
    world.note(|| format!("the store is away for replica {replica}"));
    world.count("store outage at an answer");
    world.state().weather.store_away[replica] = true;
    let world = world.clone();
    tokio::spawn(async move {
        sleep(time).await;
        world.state().weather.store_away[replica] = false;
    });
}

/// Times in which the provider does not work.
pub(crate) async fn provider_troubles(world: World) {
    loop {
        world.wait_between(20 * SECOND, 90 * SECOND).await;
        let trouble = world.roll(|dice| {
            dice.pick(&[
                Trouble::Down,
                Trouble::TooManyCalls(None),
                Trouble::TooManyCalls(Some(20 * SECOND)),
                Trouble::RefusesIntegration,
            ])
        });
        world.note(|| format!("the provider has a trouble: {trouble:?}"));
        world.count(format!("trouble {trouble:?}"));
        world.state().weather.provider = trouble;
        world.wait_between(5 * SECOND, 60 * SECOND).await;
        world.state().weather.provider = Trouble::None;
    }
}

/// What befalls machines.
pub(crate) async fn machines(world: World, machines: Vec<Machine>) {
    loop {
        world.wait_between(5 * SECOND, 40 * SECOND).await;
        let count = u64::try_from(machines.len()).unwrap();
        let chosen = usize::try_from(world.roll(|dice| dice.below(count))).unwrap();
        let machine = &machines[chosen];
        if world.plan.clock_steps && world.roll(|dice| dice.chance(300)) {
            machine.set_clock();
            world.count("clock set");
        }
        if world.plan.full_disks && world.roll(|dice| dice.chance(300)) {
            machine.disk.set_full(true);
            sleep(20 * SECOND).await;
            machine.disk.set_full(false);
        }
        if world.roll(|dice| dice.chance(150)) {
            machine.stop.notify_waiters();
        }
    }
}
