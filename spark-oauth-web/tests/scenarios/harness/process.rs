//! The real binary, as a process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use spark_oauth_core::ProcessId;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use super::rig::install_crypto;
use super::setup::{PUBLIC_URL, Setup};
use super::store::{Store, database};
use super::{Browser, Database, Site, Upstream};

/// How long a process may take for anything that is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// How to call the binary in one folder.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    folder: PathBuf,
    environment: Vec<(String, String)>,
    upstream: Upstream,
    store: Store,
}

/// A process that serves.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) site: Site,
    child: Child,
    /// Kept open: nothing that is printed may fail.
    lines: Lines<BufReader<ChildStdout>>,
    log: Log,
}

/// What a process writes to standard error.
#[derive(Debug)]
struct Log {
    text: watch::Receiver<String>,
    reader: JoinHandle<()>,
}

impl Log {
    fn read(stderr: ChildStderr) -> Self {
        let (sender, text) = watch::channel(String::new());
        let reader = tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Some(line) = lines.next_line().await.unwrap() {
                sender.send_modify(|text| text.extend([&*line, "\n"]));
            }
        });
        Self { text, reader }
    }

    async fn line(&mut self, text: &str) {
        let written = self.text.wait_for(|log| log.contains(text));
        let written = tokio::time::timeout(PATIENCE, written).await;
        drop(written.expect("the line is written in time").unwrap());
    }

    /// Everything, once the process has closed it.
    async fn whole(&mut self) -> String {
        (&mut self.reader).await.unwrap();
        self.text.borrow().clone()
    }
}

/// A process that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl Command {
    /// The binary in a folder of its own, which it calls its working directory.
    pub(crate) fn new(folder: &Path, setup: &Setup, upstream: &Upstream) -> Self {
        install_crypto();
        std::fs::create_dir_all(folder.join("conf")).unwrap();
        std::fs::write(folder.join("conf/config.json"), setup.text()).unwrap();
        Self {
            folder: folder.to_owned(),
            environment: setup.environment(folder, &upstream.base_url()),
            upstream: upstream.clone(),
            store: setup.store.clone(),
        }
    }

    /// The binary with a file of somebody else, and with nothing else set but the
    /// provider, the store and a port that is free.
    pub(crate) fn with_file(folder: &Path, text: &str, upstream: &Upstream) -> Self {
        install_crypto();
        std::fs::create_dir_all(folder.join("conf")).unwrap();
        std::fs::write(folder.join("conf/config.json"), text).unwrap();
        let environment = [
            ("SPARK_OAUTH__PROVIDER__APIBASE", upstream.base_url()),
            (
                "SPARK_OAUTH__STORE",
                "sqlite:data/spark-oauth.db".to_owned(),
            ),
            ("SPARK_OAUTH__SERVER__PORT", "0".to_owned()),
        ];
        Self {
            folder: folder.to_owned(),
            environment: environment
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
            upstream: upstream.clone(),
            store: Store::Disk,
        }
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_spark-oauth-web"));
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs the binary to its end, with a standard input.
    pub(crate) async fn run(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.command(arguments).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A process that wants no input may be gone already.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output());
        let output = output.await.expect("the process ended").unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the binary with a standard output that nobody reads.
    pub(crate) async fn run_unread(&self, arguments: &[&str]) -> Ended {
        let mut child = self.command(arguments).spawn().unwrap();
        drop((child.stdin.take(), child.stdout.take()));
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output());
        let output = output.await.expect("the process ended").unwrap();
        Ended {
            code: output.status.code(),
            out: String::new(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts a command that is not expected to come to its end.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Waiting {
        let mut child = self.command(arguments).spawn().unwrap();
        let log = Log::read(child.stderr.take().unwrap());
        Waiting { child, log }
    }

    /// Starts to serve, and waits until it listens.
    pub(crate) async fn serve(&self) -> Server {
        self.spawn().listening().await
    }

    fn spawn(&self) -> Starting {
        let mut child = self.command(&[]).spawn().unwrap();
        let log = Log::read(child.stderr.take().unwrap());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Starting {
            child,
            lines,
            log,
            upstream: self.upstream.clone(),
        }
    }

    /// Starts to serve several times at once.
    pub(crate) async fn serve_at_once(&self, count: usize) -> Vec<Server> {
        let mut starting = Vec::new();
        for _ in 0..count {
            starting.push(self.spawn());
        }
        let mut servers = Vec::new();
        for server in starting {
            servers.push(server.listening().await);
        }
        servers
    }

    /// How many records of a kind are stored, as somebody else counts them.
    pub(crate) async fn count(&self, kind: &str) -> u64 {
        self.store.count(&self.folder, kind).await
    }

    /// That a file of records was not harmed. Where a server keeps them, that is its
    /// own affair.
    pub(crate) async fn assert_intact(&self) {
        if let Store::Disk = self.store {
            let database = self.database().await;
            assert_eq!(database.texts("PRAGMA integrity_check").await, ["ok"]);
            let half = "SELECT 'half' FROM pragma_foreign_key_check";
            assert_eq!(database.texts(half).await, [""; 0]);
        }
    }

    /// The records on disk, as SQL sees them.
    pub(crate) async fn database(&self) -> Database {
        Database::open(&database(&self.folder)).await
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        super::setup::key_file(&self.folder)
    }
}

/// A process that waits for something.
#[derive(Debug)]
pub(crate) struct Waiting {
    child: Child,
    log: Log,
}

impl Waiting {
    pub(crate) fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Waits until it has written a line with this text to standard error.
    pub(crate) async fn line(&mut self, text: &str) {
        self.log.line(text).await;
    }

    pub(crate) async fn ended(&mut self) -> Ended {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait());
        Ended {
            code: ended.await.expect("the process ended").unwrap().code(),
            out: String::new(),
            errors: self.log.whole().await,
        }
    }
}

fn send(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id().expect("it runs")).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

#[derive(Debug)]
struct Starting {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    log: Log,
    upstream: Upstream,
}

impl Starting {
    async fn listening(mut self) -> Server {
        let line = self.line().await;
        let address = line
            .strip_prefix("spark-oauth listens on http://")
            .unwrap_or_else(|| panic!("{line}"));
        let address: SocketAddr = address.parse().unwrap();
        let public = Url::parse(PUBLIC_URL).unwrap();
        let mut server = Server {
            site: Site::new(self.upstream, public, address, None),
            child: self.child,
            lines: self.lines,
            log: self.log,
        };
        server.site.set_up_link = server.read_set_up_link().await;
        server
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line());
        match line.await.expect("the process listens in time").unwrap() {
            Some(line) => line,
            None => panic!("the process ended: {}", self.log.whole().await),
        }
    }
}

impl Server {
    /// The second line, which stands there while there is no super admin.
    async fn read_set_up_link(&mut self) -> Option<Url> {
        let admin = self.browser().get("/admin").await;
        if !admin.content().contains("set-up link") {
            return None;
        }
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line());
        let line = line.await.expect("a second line").unwrap().unwrap();
        let address = line.strip_prefix("Set up the super admin: ");
        Some(Url::parse(address.unwrap_or_else(|| panic!("{line}"))).unwrap())
    }

    pub(crate) fn browser(&self) -> Browser {
        self.site.browser()
    }

    /// What other processes on the store call this one.
    pub(crate) async fn process(&self) -> ProcessId {
        let mut text = self.log.text.clone();
        let name = |line: &str| {
            let (_, fields) = line.split_once("listening ")?;
            let (_, name) = fields.split_once("process=")?;
            name.split_whitespace().next()?.parse().ok()
        };
        let told = text.wait_for(|log| log.lines().any(|line| name(line).is_some()));
        let told = tokio::time::timeout(PATIENCE, told).await;
        let log = told.expect("the process tells its name").unwrap();
        log.lines().find_map(name).unwrap()
    }

    /// Asks the process to end.
    pub(crate) fn terminate(&self) {
        send(&self.child, Signal::TERM);
    }

    /// Ends the process at once, as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
    }

    /// Waits for the end, and answers the exit code and what was written to
    /// standard error.
    pub(crate) async fn ended(&mut self) -> (Option<i32>, String) {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait());
        let code = ended.await.expect("the process ended").unwrap().code();
        (code, self.log.whole().await)
    }

    /// Ends the process in an orderly way, and answers what it wrote to standard error.
    pub(crate) async fn shut_down(mut self) -> String {
        self.terminate();
        let (code, log) = self.ended().await;
        assert_eq!(code, Some(0), "{log}");
        log
    }

    /// Waits until it has written a line with this text.
    pub(crate) async fn line(&mut self, text: &str) {
        self.log.line(text).await;
    }
}
