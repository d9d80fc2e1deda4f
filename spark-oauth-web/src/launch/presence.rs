//! The process shows itself to others on the store.

use spark_oauth_core::SparkOauth;
use spark_oauth_core::presence::Presence;

/// The presence of this process: its place is the host's name and the process number.
pub(super) fn presence(services: &SparkOauth) -> Presence {
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    let process = std::process::id();
    services.presence(format!("{host}, process {process}"))
}
