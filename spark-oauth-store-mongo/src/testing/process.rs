//! A server of our own, which never outlives the tests.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs the server, and sends it each signal that a line names. After `TERM` and
/// `KILL` its folder is kept. Where the tests end, in whatever way, so does the
/// standard input: then the server ends too, and its folder goes.
const KEEPER: &str = r#"
cd "$1" || exit 1
shift
"$@" >server.log 2>&1 </dev/null &
server=$!
while read -r signal; do
    kill -"$signal" "$server"
    case $signal in
        TERM | KILL) wait "$server"; exit ;;
    esac
done
kill -TERM "$server"
kill -CONT "$server"
wait "$server"
rm -rf "$PWD"
"#;

const PATIENCE: Duration = Duration::from_mins(1);

/// A server with a data folder and a port, which never outlives the tests.
#[derive(Debug)]
pub struct Server {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    auth: bool,
    keeper: Option<Child>,
}

impl Server {
    /// Starts a server with an empty data folder.
    pub fn start(program: &Path) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("spark-oauth-mongo-")
            .tempdir()
            .unwrap()
            .keep();
        let mut server = Self {
            program: program.to_owned(),
            folder,
            port: free_port(),
            auth: false,
            keeper: None,
        };
        server.start_again();
        server
    }

    /// Its connection string, without credentials.
    pub fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/", self.port)
    }

    /// The same with credentials.
    pub fn uri_as(&self, user: &str, password: &str) -> String {
        format!("mongodb://{user}:{password}@127.0.0.1:{}/", self.port)
    }

    /// From the next start on, only users with credentials are served.
    pub fn demand_credentials(&mut self) {
        self.auth = true;
    }

    /// Starts the server again, with the data it had, and comes back once it
    /// listens.
    pub fn start_again(&mut self) {
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&self.folder)
            .arg(&self.program)
            .args(["--port", &self.port.to_string(), "--storage-path", "data"])
            .args(["--sync-on-commit", "--log-file-max", "8MB"])
            .args(["--cache-size", "256M"])
            .args(self.auth.then_some("--auth"))
            // No settings of whoever runs the tests.
            .env("HOME", &self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the terminal ends the tests, and thereby this.
            .process_group(0)
            .spawn()
            .unwrap();
        self.keeper = Some(keeper);
        self.await_port();
    }

    /// Asks the server to end, and comes back once it has.
    pub fn stop(&mut self) {
        self.end("TERM");
    }

    /// Ends the server as a crash would.
    pub fn kill(&mut self) {
        self.end("KILL");
    }

    /// Lets the server keep its connections and answer nothing.
    pub fn freeze(&mut self) {
        self.signal("STOP");
    }

    /// Lets a frozen server go on.
    pub fn thaw(&mut self) {
        self.signal("CONT");
    }

    fn signal(&mut self, signal: &str) {
        let keeper = self.keeper.as_mut().unwrap();
        writeln!(keeper.stdin.as_mut().unwrap(), "{signal}").unwrap();
    }

    fn end(&mut self, signal: &str) {
        self.signal(signal);
        self.keeper.take().unwrap().wait().unwrap();
    }

    fn await_port(&self) {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let log = self.folder.join("server.log");
            assert!(
                begun.elapsed() < PATIENCE,
                "the server does not listen: {}",
                std::fs::read_to_string(log).unwrap_or_default()
            );
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        } else {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
