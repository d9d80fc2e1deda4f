//! Deterministic simulation of the lifecycle engine: see `README.md`.

#[cfg(test)]
mod actors;
#[cfg(test)]
mod checkout;
#[cfg(test)]
mod client;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod dice;
#[cfg(test)]
mod dust;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod line;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod power;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod records;
#[cfg(test)]
mod replica;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod store;
#[cfg(test)]
mod weather;
#[cfg(test)]
mod world;
