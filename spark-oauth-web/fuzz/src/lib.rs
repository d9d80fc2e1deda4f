//! The fuzz targets. Each takes an input, and panics if the product is faulty.
//!
//! They use public functions only. A test of `spark-oauth-web` runs each over its seeds.

pub mod api;
pub mod app;
pub mod callback;
pub mod configuration;
pub mod consent_link;
pub mod cookies;
pub mod cursor;
pub mod journal;
pub mod key_file;
pub mod provider_answer;

/// A target by the name of its seeds' folder.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 9] = [
    ("api", api::run),
    ("callback", callback::run),
    ("configuration", configuration::run),
    ("consent_link", consent_link::run),
    ("cookies", cookies::run),
    ("cursor", cursor::run),
    ("journal", journal::run),
    ("key_file", key_file::run),
    ("provider_answer", provider_answer::run),
];
