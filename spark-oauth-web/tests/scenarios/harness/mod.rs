//! The whole application on a free port, the emulator beside it, and a browser.

mod browser;
#[cfg(feature = "otel")]
mod collector;
mod database;
mod form;
mod jar;
mod log;
mod page;
mod process;
mod provider;
mod receiver;
mod rig;
mod routes;
mod service;
mod setup;
mod site;
mod store;
mod until;

pub(crate) use browser::Browser;
#[cfg(feature = "otel")]
pub(crate) use collector::{Collector, Manner};
pub(crate) use database::{Database, WriteLock};
pub(crate) use form::Form;
pub(crate) use page::Page;
pub(crate) use process::{Command, Ended, Server, Waiting};
pub(crate) use provider::Upstream;
pub(crate) use receiver::Receiver;
pub(crate) use rig::Rig;
pub(crate) use routes::{ADMIN_PAGES, STATE_CHANGES, SUPER_ADMIN_ROUTES, path_of};
pub(crate) use service::{DOCUMENT, Service};
pub(crate) use setup::{Setup, journal_directory, journal_is_used};
pub(crate) use site::Site;
pub(crate) use store::on_every_store;
pub(crate) use until::until;

/// Long enough to be nobody's first guess.
pub(crate) const PASSWORD: &str = "tulip harbour 42 quill";
pub(crate) const OTHER_PASSWORD: &str = "gravel onion 77 lantern";

pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const REQUESTER: &str = "requester@example.org";
