//! The one `chromedriver` of a test run.

use std::env;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

/// Ends `chromedriver` and its browsers, which are one process group, when the test
/// run ends, however that comes: the pipe of its standard input closes even where the
/// run is killed.
const SUPERVISOR: &str = r#"
"$0" --port=0 &
trap '' TERM
read -r _
kill 0
wait
"#;

/// What `chromedriver` prints before the port it chose.
const STARTED: &str = "started successfully on port ";

/// The names that Chromium is installed under.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A running `chromedriver`, and the browser that it is to start.
#[derive(Debug)]
pub(crate) struct Chromedriver {
    /// Where it takes commands.
    pub(crate) url: String,
    /// The browser.
    pub(crate) browser: PathBuf,
    /// Holds the pipe that keeps the driver alive.
    _supervisor: Child,
}

/// The driver of this run; `None`, once said, where the machine has no browser.
///
/// # Panics
/// With `CI=true`, where there is no browser: there the tests must not pass quietly.
pub(crate) fn chromedriver() -> Option<&'static Chromedriver> {
    static DRIVER: OnceLock<Result<Chromedriver, String>> = OnceLock::new();
    match DRIVER.get_or_init(|| start().inspect_err(|reason| announce(reason))) {
        Ok(driver) => Some(driver),
        Err(reason) if env::var("CI").is_ok_and(|value| value == "true") => {
            panic!("the browser tests cannot run: {reason}")
        }
        Err(_) => None,
    }
}

/// Past the harness, which keeps to itself what a passing test prints.
fn announce(reason: &str) {
    let line = format!("\nno browser test runs: {reason}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}

fn start() -> Result<Chromedriver, String> {
    let driver = on_path("chromedriver").ok_or(
        "there is no chromedriver on the PATH (Debian: apt-get install chromium chromium-driver)",
    )?;
    let browser = BROWSERS
        .into_iter()
        .find_map(on_path)
        .ok_or("there is no Chromium on the PATH (Debian: apt-get install chromium)")?;
    let mut supervisor = Command::new("sh")
        .args(["-c", SUPERVISOR])
        .arg(driver)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("chromedriver does not start: {error}"))?;
    let output = supervisor.stdout.take().ok_or("no standard output")?;
    let port = port_of(output)?;
    Ok(Chromedriver {
        url: format!("http://127.0.0.1:{port}"),
        browser,
        _supervisor: supervisor,
    })
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| Path::is_file(file))
}

/// Reads the port, then keeps the pipe empty: a driver that cannot write stops.
fn port_of(output: impl Read + Send + 'static) -> Result<u16, String> {
    let mut lines = BufReader::new(output);
    let mut said = String::new();
    loop {
        let mut line = String::new();
        let length = lines.read_line(&mut line).map_err(|e| e.to_string())?;
        if length == 0 {
            return Err(format!("chromedriver named no port: {said}"));
        }
        if let Some((_, port)) = line.split_once(STARTED) {
            let port = port.trim().trim_end_matches('.').parse();
            thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
            return port.map_err(|_| format!("chromedriver named no port: {line}"));
        }
        said.push_str(&line);
    }
}
