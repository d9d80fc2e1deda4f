//! The routes, one module for each audience, merged in [`router`](crate::router).

pub(crate) mod admin;
pub(crate) mod health;
pub(crate) mod management;
pub(crate) mod people;
mod readiness;
