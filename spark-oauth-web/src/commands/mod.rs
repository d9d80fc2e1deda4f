//! What the binary does, one command in one file.

mod api_key;
mod audit_export;
mod copy;
mod import;
mod reset_password;
mod rotate_key;
mod serve;
mod signals;
mod spinner;
mod trouble;
mod with_application;

pub use api_key::api_key;
pub use audit_export::export_audit;
pub use copy::copy;
pub use import::import;
pub use reset_password::reset_password;
pub use rotate_key::rotate_key;
pub use serve::serve;
pub use signals::Signals;
pub use trouble::complain;
