//! One schedule: calm, storm, calm.

use std::time::Duration;

use spark_oauth_core::testing::MemoryJournals;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::actors;
use super::dust;
use super::plan::{Journals, Sabotage};
use super::replica::Machine;
use super::weather::Trouble;
use super::world::{Shown, World};

/// Runs the schedule of this seed.
pub(crate) fn run(seed: u64, sabotage: Option<Sabotage>, is_traced: bool) -> Shown {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::new(seed, sabotage, is_traced);
        play(&world).await;
        world.shown()
    })
}

async fn play(world: &World) {
    let machines = machines(world);
    let mut lives = JoinSet::new();
    for machine in &machines {
        lives.spawn(machine.clone().run());
    }
    sleep(Duration::from_secs(1)).await;
    for person in 0..world.plan.people {
        let mut is_granted = actors::consent(world, person).await;
        // Begun by one clock, it seems to have expired by another that is an hour apart.
        while world.plan.has_wild_clocks() && !is_granted {
            is_granted = actors::consent(world, person).await;
        }
        if !is_granted {
            world.violate("a consent failed although nothing fails");
        }
    }
    world.state().weather.is_stormy = true;
    {
        let mut actors = actors(world, &machines);
        let end = tokio::time::Instant::now() + world.plan.horizon;
        while tokio::time::Instant::now() < end && !world.is_broken() {
            sleep(Duration::from_secs(5)).await;
        }
        actors.abort_all();
    }
    world.state().weather.calm_down();
    if world.plan.sabotage == Some(Sabotage::DeadProvider) {
        world.state().weather.provider = Trouble::Down;
    }
    world.note(|| "the dust settles".to_owned());
    if !world.is_broken() {
        dust::settle(world, &machines).await;
    }
}

fn machines(world: &World) -> Vec<Machine> {
    let shared = MemoryJournals::new();
    let machine = |replica| {
        let disk = match world.plan.journals {
            Journals::Apart => MemoryJournals::new(),
            Journals::Shared | Journals::Off => shared.clone(),
        };
        Machine::new(world, replica, disk)
    };
    (0..world.plan.replicas).map(machine).collect()
}

fn actors(world: &World, machines: &[Machine]) -> JoinSet<()> {
    let mut actors = JoinSet::new();
    for number in 0..world.plan.clients {
        let number = u64::try_from(number).unwrap();
        actors.spawn(actors::service(world.with_dice(200 + number)));
    }
    actors.spawn(actors::people(world.with_dice(1)));
    actors.spawn(actors::machines(world.with_dice(2), machines.to_vec()));
    if world.plan.store_outages {
        actors.spawn(actors::store_outages(world.with_dice(3)));
    }
    if world.plan.provider_troubles {
        actors.spawn(actors::provider_troubles(world.with_dice(4)));
    }
    actors
}
