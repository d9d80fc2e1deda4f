//! Starting the parts in their order, and ending them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use spark_oauth_web::config::Config;
use spark_oauth_web::launch::{Listening, Overrides, Running};
use tokio::net::TcpListener;
use webex_emulator::{Emulator, EmulatorOptions};

use crate::{DemoError, Folder, Greeting, Options, config, memory};

/// A demo whose ports and folder are taken, and that does not serve yet.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) config: Config,
    folder: Folder,
    emulator: Emulator,
    listener: TcpListener,
}

/// A demo that serves.
#[derive(Debug)]
pub struct Demo {
    running: Running,
    emulator: Emulator,
    folder: Folder,
    reminded: usize,
}

impl Demo {
    /// Takes the ports and the folder, in this order: where a demo runs already,
    /// nothing of it is touched.
    ///
    /// # Errors
    /// [`DemoError`] says what is in the way and what to do.
    pub async fn prepare(options: &Options) -> Result<Prepared, DemoError> {
        let listener = listen(options.port).await?;
        let port = listener
            .local_addr()
            .map_err(|source| DemoError::Listen {
                port: options.port,
                source,
            })?
            .port();
        let folder = Folder::take(&options.data, options.fresh)?;
        let emulator = emulator(options.emulator_port, port).await?;
        let config = config::config(&folder, port, &emulator.base_url())?;
        Ok(Prepared {
            config,
            folder,
            emulator,
            listener,
        })
    }

    /// Prepares a demo and starts it.
    ///
    /// # Errors
    /// [`DemoError`] says what is in the way and what to do.
    pub async fn start(options: &Options) -> Result<Self, DemoError> {
        Self::prepare(options).await?.start().await
    }

    /// Where the pages are.
    pub const fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// The stand-in for Webex.
    pub const fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// The link under which the super admin is set up, until that is done.
    pub fn set_up_link(&self) -> Option<&str> {
        self.running.set_up_link.as_deref()
    }

    /// Of how many tokens of earlier runs the emulator was told.
    pub const fn reminded(&self) -> usize {
        self.reminded
    }

    /// What a newcomer reads.
    pub fn greeting(&self, colours: bool) -> Greeting<'_> {
        Greeting {
            demo: self,
            folder: self.folder.path(),
            colours,
        }
    }

    /// Ends the demo: requests in flight are finished, up to a limit.
    pub async fn shut_down(self) {
        self.running.shut_down().await;
        self.emulator.shutdown().await;
        drop(self.folder);
    }
}

impl Prepared {
    /// Starts the application.
    ///
    /// # Errors
    /// [`DemoError::Start`] says why it does not start.
    pub async fn start(self) -> Result<Demo, DemoError> {
        let Self {
            config,
            folder,
            emulator,
            listener,
        } = self;
        let reminded = memory::remind(emulator.provider(), &config).await?;
        let listening = Listening::on(listener);
        let running = Running::start(&config, listening, Overrides::default()).await?;
        Ok(Demo {
            running,
            emulator,
            folder,
            reminded,
        })
    }
}

async fn listen(port: u16) -> Result<TcpListener, DemoError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => DemoError::PortTaken { port },
            _ => DemoError::Listen { port, source },
        })
}

/// Starts the emulator; on any free port where the wanted one is in use, since
/// nobody has to remember it.
async fn emulator(wanted: u16, port_of_pages: u16) -> Result<Emulator, DemoError> {
    let options = EmulatorOptions {
        port: wanted,
        registration: Some(config::registration(port_of_pages)),
        ..EmulatorOptions::default()
    };
    let started = match Emulator::start(options.clone()).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Emulator::start(EmulatorOptions { port: 0, ..options }).await
        }
        started => started,
    };
    started.map_err(|source| DemoError::Emulator {
        port: wanted,
        source,
    })
}
