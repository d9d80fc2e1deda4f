//! The processes that are measured: ours and what it is compared with.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::Outcome;
use crate::bare::Role;
use crate::database::{CLIENT_SECRET, Database};
use crate::load::{By, get};
use crate::tokens::{CLIENT_ID, SCOPES};
use crate::usage;

/// How long a process may take to listen or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server in a process of its own. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the release binary on a database, as in production: with the sample's
    /// log level, and its log in files.
    pub(crate) fn ours(database: &Database, emulator: Option<&Self>) -> Outcome<Self> {
        let address = free_address()?;
        let mut server = Self::launch_ours(database, emulator, address)?;
        server.await_line()?;
        Ok(server)
    }

    /// The same, without waiting until it listens.
    pub(crate) fn launch_ours(
        database: &Database,
        emulator: Option<&Self>,
        address: SocketAddr,
    ) -> Outcome<Self> {
        let provider = emulator.map_or(address, |emulator| emulator.address);
        let folder = database.folder();
        let config = json!({
            "server": {
                "host": address.ip().to_string(),
                "port": address.port(),
                "management": free_address()?.to_string(),
            },
            "oauth": {
                "clientID": CLIENT_ID,
                "clientSecret": CLIENT_SECRET,
                "contactEmail": "requester@example.com",
                "redirectURIUnencoded": format!("http://{address}/auth/spark/callback"),
                "scope": SCOPES,
            },
            "provider": { "apiBase": format!("http://{provider}/v1") },
            "store": format!("sqlite:{}", database.path().display()),
            "superAdminAccount": { "username": "admin" },
            "log": { "directory": folder.join("logs") },
            "logLevel": "info",
        });
        let path = folder.join(format!("config-{}.json", address.port()));
        fs::write(&path, config.to_string())?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_spark-oauth-web"));
        command
            .arg("--config")
            .arg(&path)
            .env("SPARK_OAUTH_KEYS", database.keys())
            .current_dir(folder);
        Self::spawn(command, folder, address)
    }

    /// Starts this very program in one of the roles that ours is compared with.
    pub(crate) fn bare(role: Role, argument: impl AsRef<OsStr>, folder: &Path) -> Outcome<Self> {
        let mut server = Self::launch_bare(role, argument, folder, free_address()?)?;
        server.await_line()?;
        Ok(server)
    }

    /// The same, without waiting until it listens.
    pub(crate) fn launch_bare(
        role: Role,
        argument: impl AsRef<OsStr>,
        folder: &Path,
        address: SocketAddr,
    ) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("serve")
            .arg(role.name())
            .arg(address.to_string())
            .arg(argument);
        Self::spawn(command, folder, address)
    }

    fn spawn(mut command: Command, folder: &Path, address: SocketAddr) -> Outcome<Self> {
        let stderr = folder.join(format!("stderr-{}.log", address.port()));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr)?)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("a process without an output")?;
        Ok(Self {
            child,
            stdout: BufReader::new(stdout),
            stderr,
            address,
        })
    }

    /// Waits for the line that says that the server listens.
    fn await_line(&mut self) -> Outcome {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        if line.contains(&self.address.to_string()) {
            Ok(())
        } else {
            Err(format!("a server did not start; it said: {}", self.said()?).into())
        }
    }

    fn said(&self) -> io::Result<String> {
        fs::read_to_string(&self.stderr)
    }

    /// How long it takes from now until the server answers `GET path` with 200.
    pub(crate) fn time_to_answer(&self, begin: Instant, path: &str) -> Outcome<Duration> {
        use std::io::{Read as _, Write as _};

        let request = get(self.address, path, By::Nobody);
        while begin.elapsed() < PATIENCE {
            let Ok(mut stream) = std::net::TcpStream::connect(self.address) else {
                std::thread::sleep(Duration::from_micros(100));
                continue;
            };
            stream.write_all(&request)?;
            let mut status = [0; 12];
            stream.read_exact(&mut status)?;
            let elapsed = begin.elapsed();
            return if status.ends_with(b" 200") {
                Ok(elapsed)
            } else {
                Err("the first answer was an error".into())
            };
        }
        Err(format!("a server did not listen in time; it said: {}", self.said()?).into())
    }

    /// The processor time of all threads so far, of user and system.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        usage::processor(self.child.id())
    }

    /// The memory that the process has in use, in MiB (`VmRSS`).
    pub(crate) fn resident_mib(&self) -> Outcome<f64> {
        usage::resident_mib(self.child.id())
    }

    /// Ends the server as an operator would, and waits for it.
    pub(crate) fn stop(mut self) -> Outcome {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.ok_or("a process without a number")?, Signal::TERM)?;
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begin.elapsed() > PATIENCE {
                return Err("a server did not stop in time".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on at the moment.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}
