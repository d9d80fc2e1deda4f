//! The REST calls, each in a file named after its resource.

pub(crate) mod authorizations;
mod bearer;
mod json_body;
pub(crate) mod memberships;
pub(crate) mod messages;
mod pages;
pub(crate) mod people;
mod query;
pub(crate) mod rooms;
