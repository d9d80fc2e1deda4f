//! The journal of another process: a torn or foreign file does not prevent start-up.
//!
//! The input is the file. A line that begins with `{` is given a right checksum, so that
//! what stands behind it is reached too.

use std::fs;
use std::sync::LazyLock;

use super::app::RUNTIME;
use sha2::{Digest as _, Sha256};
use spark_oauth_core::ProcessId;
use spark_oauth_core::journal::FileJournal;
use spark_oauth_core::ports::{Clock as _, Journal as _, SystemClock, SystemRandom};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    journal: FileJournal,
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let own = ProcessId::generate(SystemClock.now(), &SystemRandom);
    let journal = RUNTIME.block_on(FileJournal::open(folder.path(), own));
    let journal = journal.expect("a journal");
    Place { folder, journal }
});

fn with_checksums(input: &[u8]) -> Vec<u8> {
    let lines = input.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let json = line.strip_suffix(b"\n").unwrap_or(line);
        if !json.starts_with(b"{") {
            return line.to_vec();
        }
        let digest = Sha256::digest(json);
        let first = digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        let hex = format!("{first:016x}");
        [hex.as_bytes(), b" ", line].concat()
    });
    lines.collect::<Vec<_>>().concat()
}

/// Runs one input.
pub fn run(input: &[u8]) {
    // An empty file is one whose process is still starting up.
    if input.is_empty() {
        return;
    }
    let Place { folder, journal } = &*PLACE;
    let other: ProcessId = "01J9ZQ4X7V3T8K2M5N6P7R8S9T".parse().expect("a process");
    let file = folder.path().join(format!("{other}.journal"));
    fs::write(&file, with_checksums(input)).expect("a file");
    RUNTIME.block_on(async {
        let left = journal.take_over().await.expect("what is left");
        for left in left {
            journal.let_go(left.process, true).await.expect("an end");
        }
    });
    drop(fs::remove_file(&file));
}
