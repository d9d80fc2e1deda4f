//! The web adapter of spark-oauth: pages for people and admins.

pub mod cli;
pub mod commands;
pub mod config;
mod http;
pub mod launch;
pub mod logging;
pub mod pages;
pub mod prompt;
mod router;
mod routes;
mod session;
mod site;
mod state;
