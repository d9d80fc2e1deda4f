//! The log as a whole.

mod files;
mod lines;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::ManualClock;
use tracing::level_filters::LevelFilter;

use super::*;

/// 2025-11-25T13:59:59.123Z
const NOW: Timestamp = Timestamp::from_millis(1_764_079_199_123);

/// Takes the place of standard error.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn config() -> LogConfig {
    LogConfig {
        level: LevelFilter::INFO,
        filter: None,
        directory: None,
        format: LogFormat::Text,
        keep_days: 14,
        access: true,
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(NOW))
}

/// What stands on standard error after `act` has logged.
fn logged(config: &LogConfig, act: impl FnOnce()) -> String {
    let captured = Captured::default();
    let (subscriber, guard) = subscriber(config, clock(), captured.clone(), false, None).unwrap();
    tracing::subscriber::with_default(subscriber, act);
    drop(guard);
    captured.text()
}
