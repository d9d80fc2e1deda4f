//! What is not tested on this machine.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Mutex;

static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Tells once what is skipped and why, also where the tests' output is captured.
pub fn skip(why: &str) {
    if TOLD.lock().unwrap().insert(why.to_owned()) {
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
    }
}
