//! Why the demo does not start.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use spark_oauth_web::launch::StartError;
use spark_oauth_web::logging::LogError;

/// Why the demo does not start. Every text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Somebody else listens there.
    #[error(
        "port {port} is in use, perhaps by a demo that still runs: end that program, or choose \
         another port: cargo run -p demo -- --port {}",
        another(*.port)
    )]
    PortTaken {
        /// Which port.
        port: u16,
    },
    /// The system does not let us listen.
    #[error("cannot listen on port {port}; choose another one with --port")]
    Listen {
        /// Which port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds something that no demo made.
    #[error(
        "{} is in use for something else: it has files, and no demo made it; choose another \
         folder with --data", .0.display()
    )]
    NotOurFolder(PathBuf),
    /// Another demo runs on this folder.
    #[error(
        "another demo uses {}: end it, or choose another folder with --data", .0.display()
    )]
    FolderInUse(PathBuf),
    /// The path cannot stand in the configuration.
    #[error("{} is no path that can be written in UTF-8; choose another with --data", .0.display())]
    FolderName(PathBuf),
    /// The folder cannot be made, read or emptied.
    #[error("cannot use the folder {}; choose another with --data", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log does not start.
    #[error("cannot start the log")]
    Log(#[from] LogError),
    /// The emulator does not start.
    #[error("cannot start the Webex emulator on port {port}; choose another with --emulator-port")]
    Emulator {
        /// Which port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The application does not start.
    #[error("the application does not start; with --fresh the demo forgets its earlier data")]
    Start(#[from] StartError),
    /// The demo's own configuration is wrong.
    #[error("the demo's configuration is wrong")]
    Config(#[source] Box<dyn Error + Send + Sync>),
}

/// A port that is likely to be free.
const fn another(port: u16) -> u16 {
    match port.checked_add(100) {
        Some(port) => port,
        None => 3100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_says_how_to_choose_another() {
        let text = DemoError::PortTaken { port: 3000 }.to_string();
        assert!(text.contains("port 3000 is in use"), "{text}");
        assert!(text.ends_with("cargo run -p demo -- --port 3100"), "{text}");
        assert!(
            DemoError::PortTaken { port: 65_500 }
                .to_string()
                .ends_with("--port 3100")
        );
    }
}
