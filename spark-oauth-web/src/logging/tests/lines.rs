//! What a line looks like, and which events make one.

use std::sync::mpsc;

use proptest::prelude::*;
use serde_json::Value;
use tracing::{debug, error, info, info_span, warn};

use super::super::sink::WAITING_LINES;
use super::*;

/// The `target` that tracing gives the events of this file.
const HERE: &str = module_path!();

#[test]
fn a_line_holds_time_level_target_message_and_fields() {
    let text = logged(&config(), || {
        let span = info_span!(
            "request",
            request_id = "01ABC",
            status = tracing::field::Empty
        );
        let _entered = span.enter();
        span.record("status", 303);
        info!(person = %"alice@example.com", took_ms = 12, "granted access");
    });
    assert_eq!(
        text,
        format!(
            "2025-11-25T13:59:59.123Z  INFO {HERE}: granted access person=alice@example.com \
             took_ms=12 request_id=01ABC status=303\n"
        )
    );
}

#[test]
fn the_inner_span_hides_the_outer_ones_field_of_the_same_name() {
    let text = logged(&config(), || {
        let _outer = info_span!("outer", request_id = 1, outer = true).entered();
        let _inner = info_span!("inner", request_id = 2).entered();
        info!("hello");
    });
    assert!(text.ends_with("hello request_id=2 outer=true\n"), "{text}");
}

#[test]
fn nobody_can_forge_a_line_or_a_field() {
    let evil = "x\n2025-11-25T13:59:59.123Z  INFO forged: \u{1b}[2J\u{9b}31m\r\u{2028}";
    for format in [LogFormat::Text, LogFormat::Json] {
        let text = logged(&LogConfig { format, ..config() }, || {
            let _span = info_span!("request", request_id = %evil).entered();
            warn!(username = evil, debugged = ?evil, "{evil}");
        });
        assert_eq!(text.lines().count(), 1, "{text:?}");
        assert!(!text.trim_end().contains(char::is_control), "{text:?}");
    }
    let text = logged(&config(), || info!(username = "a role=admin", "hello"));
    assert!(
        text.ends_with("hello username=\"a role=admin\"\n"),
        "{text}"
    );
}

#[test]
fn a_line_of_json_is_one_object_with_the_types_of_its_fields() {
    let json = LogConfig {
        format: LogFormat::Json,
        ..config()
    };
    let text = logged(&json, || {
        let _span = info_span!("request", request_id = "01ABC").entered();
        info!(
            count = 3,
            share = 0.5,
            bad = f64::NAN,
            done = true,
            level = "x",
            "hello\nworld"
        );
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({
        "time": "2025-11-25T13:59:59.123Z",
        "level": "INFO",
        "target": HERE,
        "message": "hello\nworld",
        "count": 3,
        "share": 0.5,
        "bad": "NaN",
        "done": true,
        "level_": "x",
        "request_id": "01ABC",
    });
    assert_eq!(line, expected);
    assert!(text.starts_with(r#"{"time":"#), "{text}");
}

proptest! {
    #[test]
    fn every_line_of_json_reads_back(value in any::<String>(), message in any::<String>()) {
        let json = LogConfig { format: LogFormat::Json, ..config() };
        let text = logged(&json, || info!(value, "{message}"));
        let line: Value = serde_json::from_str(text.strip_suffix('\n').unwrap()).unwrap();
        prop_assert_eq!(line["value"].as_str(), Some(value.as_str()));
        prop_assert_eq!(line["message"].as_str(), Some(message.as_str()));
    }
}

#[test]
fn an_error_is_logged_with_its_causes() {
    let error = crate::config::KeyError::Read {
        path: "k".into(),
        source: io::Error::other("disk on fire"),
    };
    let text = logged(&config(), || {
        error!(error = &error as &dyn std::error::Error, "no keys");
    });
    assert!(
        text.contains("error=\"cannot read the keys from k: disk on fire\""),
        "{text}"
    );
}

#[test]
fn a_long_value_is_cut() {
    let text = logged(&config(), || info!(body = "x".repeat(100_000), "hello"));
    assert!(text.len() < 5000, "{}", text.len());
    assert!(text.contains("bytes more)"), "{text}");
}

#[test]
fn the_level_is_ours_and_others_only_warn() {
    let debug = LogConfig {
        level: LevelFilter::DEBUG,
        ..config()
    };
    let act = || {
        debug!("ours");
        info!(target: "sqlx::query", "theirs");
        warn!(target: "sqlx::query", "their warning");
    };
    let text = logged(&debug, act);
    assert!(
        text.contains("ours") && text.contains("their warning"),
        "{text}"
    );
    assert!(!text.contains("theirs"), "{text}");

    let text = logged(
        &LogConfig {
            level: LevelFilter::ERROR,
            ..config()
        },
        act,
    );
    assert_eq!(text, "");
}

#[test]
fn a_request_keeps_its_id_at_every_level() {
    let quiet = LogConfig {
        level: LevelFilter::ERROR,
        ..config()
    };
    let text = logged(&quiet, || {
        let _span = info_span!("request", request_id = "01ABC").entered();
        error!("broken");
    });
    assert!(text.ends_with("broken request_id=01ABC\n"), "{text}");
}

#[test]
fn directives_take_the_place_of_the_level() {
    let searching = LogConfig {
        filter: Some("off,sqlx=trace".to_owned()),
        ..config()
    };
    let text = logged(&searching, || {
        error!("ours");
        tracing::trace!(target: "sqlx::query", "theirs");
    });
    assert!(text.contains("theirs") && !text.contains("ours"), "{text}");

    let wrong = LogConfig {
        filter: Some("a=b=c".to_owned()),
        ..config()
    };
    let outcome = subscriber(&wrong, clock(), io::sink(), false, None).map(|(_, guard)| guard);
    assert!(matches!(outcome, Err(LogError::Filter(_))));
}

#[test]
fn only_a_terminal_gets_colours_and_the_files_never() {
    let folder = tempfile::tempdir().unwrap();
    let config = LogConfig {
        directory: Some(folder.path().to_owned()),
        ..config()
    };
    let captured = Captured::default();
    let (subscriber, guard) = subscriber(&config, clock(), captured.clone(), true, None).unwrap();
    tracing::subscriber::with_default(subscriber, || warn!("hello"));
    drop(guard);
    assert!(
        captured.text().contains("\u{1b}[33m WARN\u{1b}[0m"),
        "{}",
        captured.text()
    );
    let file = folder.path().join("spark-oauth.2025-11-25-13.log");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(
        text.contains(" WARN ") && !text.contains('\u{1b}'),
        "{text}"
    );
}

/// Blocks at the first line until the test lets it go.
struct Stuck {
    captured: Captured,
    release: Option<mpsc::Receiver<()>>,
}

impl Write for Stuck {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(release) = self.release.take() {
            release.recv().unwrap();
        }
        self.captured.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_that_cannot_be_written_in_time_are_counted_and_told() {
    let captured = Captured::default();
    let (let_go, release) = mpsc::channel();
    let stuck = Stuck {
        captured: captured.clone(),
        release: Some(release),
    };
    let (subscriber, guard) = subscriber(&config(), clock(), stuck, false, None).unwrap();
    let sent = WAITING_LINES + 100;
    // Nothing here waits, although nothing is written.
    tracing::subscriber::with_default(subscriber, || (0..sent).for_each(|line| info!(line)));
    let dropped = guard.dropped_lines();
    assert!((99..=100).contains(&dropped), "{dropped}");

    let_go.send(()).unwrap();
    drop(guard);
    let text = captured.text();
    assert_eq!(text.lines().count(), sent - dropped + 1);
    let told = format!("lines were lost here since they came too fast: {dropped}");
    assert!(text.lines().last().unwrap().ends_with(&told), "{text}");
}
