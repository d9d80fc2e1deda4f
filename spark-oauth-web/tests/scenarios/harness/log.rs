//! What the application logs while a test runs.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::ports::Clock;
use spark_oauth_web::config::LogConfig;
use spark_oauth_web::logging::{self, LogGuard};
use spark_oauth_web::telemetry::SpanLayer;
use tokio::sync::watch;
use tracing::subscriber::DefaultGuard;

/// The lines so far. All that a test does runs on its own thread, and so do the
/// application and the emulator, so that the log of one test is its own.
pub(crate) struct Log {
    lines: watch::Receiver<String>,
    // In the order in which they must go.
    _default: DefaultGuard,
    _guard: LogGuard,
}

struct Lines(watch::Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.send_modify(|lines| lines.push_str(&text));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(super) fn start(
        config: &LogConfig,
        clock: Arc<dyn Clock>,
        spans: Option<SpanLayer>,
    ) -> Self {
        let (sender, lines) = watch::channel(String::new());
        let subscriber = logging::subscriber(config, clock, Lines(sender), false, spans);
        let (subscriber, guard) = subscriber.unwrap();
        Self {
            lines,
            _default: tracing::subscriber::set_default(subscriber),
            _guard: guard,
        }
    }

    /// Waits for a line that holds all of these texts, and answers it.
    pub(crate) async fn line(&self, texts: &[&str]) -> String {
        let fits = |line: &&str| texts.iter().all(|text| line.contains(text));
        let mut lines = self.lines.clone();
        let found = tokio::time::timeout(
            Duration::from_secs(20),
            lines.wait_for(|lines| lines.lines().any(|line| fits(&line))),
        );
        if let Ok(lines) = found.await {
            return lines.unwrap().lines().find(fits).unwrap().to_owned();
        }
        panic!("no line with {texts:?} in\n{}", self.so_far());
    }

    /// The lines of a request, once it was answered.
    pub(crate) async fn request(&self, request_id: &str) -> Vec<String> {
        self.line(&[request_id, "answered status="]).await;
        let lines = self.so_far();
        let own = lines.lines().filter(|line| line.contains(request_id));
        own.map(str::to_owned).collect()
    }

    /// Everything so far. What was logged just now may still be on its way.
    pub(crate) fn so_far(&self) -> String {
        self.lines.borrow().clone()
    }
}
