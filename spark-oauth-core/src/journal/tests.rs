//! The journal on a real disk.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::ids::{ClockId, ProcessId, TokenId};
use crate::keyring::{KeyRing, SealingKey};
use crate::ports::{Fate, Journal as _, JournalEntry, SeededRandom};
use crate::scopes::Scopes;
use crate::secret::{AccessToken, RefreshToken};
use crate::timestamp::Timestamp;
use crate::token::{LastRefresh, RefreshTrigger};

pub(super) fn process(number: u64) -> ProcessId {
    ProcessId::generate(Timestamp::from_millis(1), &SeededRandom::new(number))
}

pub(super) fn entry(number: u64) -> JournalEntry {
    let random = std::sync::Arc::new(SeededRandom::new(number));
    let at = Timestamp::from_millis(1_764_000_000_000);
    let token = TokenId::generate(at, &*random);
    let ring = KeyRing::new(SealingKey::generate(&SeededRandom::new(9)), random);
    let access = AccessToken::new(format!("access-{number}"));
    let refresh = RefreshToken::new(format!("refresh-{number}"));
    JournalEntry {
        token,
        generation: number,
        scopes: (number != 2).then(|| Scopes::parse("spark:rooms_read").unwrap()),
        clock: (number != 2).then(|| ClockId::from_bytes([7; 16])),
        obtained_at: at,
        access: ring.seal_access(token, &access),
        access_expires_at: at,
        refresh: (number != 2).then(|| ring.seal_refresh(token, &refresh)),
        refresh_expires_at: None,
        last_refresh: LastRefresh {
            at,
            by: RefreshTrigger::Worker,
        },
    }
}

/// A directory of this test's own, which goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("journal-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    async fn open(&self, number: u64) -> FileJournal {
        FileJournal::open(&self.0, process(number)).await.unwrap()
    }

    fn file(&self, number: u64) -> PathBuf {
        self.0.join(format!("{}.journal", process(number)))
    }

    /// What a process leaves that is killed: its file, without its lock.
    fn kill(&self, journal: FileJournal, number: u64) {
        let bytes = fs::read(self.file(number)).unwrap();
        drop(journal);
        fs::write(self.file(number), bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn is_empty(path: &Path) -> bool {
    fs::read(path).unwrap().is_empty()
}

#[tokio::test]
async fn what_a_process_left_behind_is_taken_over_once() {
    let folder = Folder::new("taken-over");
    let (first, second) = (folder.open(1).await, folder.open(2).await);
    let third = folder.open(3).await;
    for number in 1..=3 {
        first.keep(&entry(number)).await.unwrap();
    }
    let gone = entry(2);
    first.remove(gone.token, gone.generation).await.unwrap();
    assert_eq!(first.waiting(), 2);
    assert_eq!(second.take_over().await.unwrap(), [], "it lives");
    assert_eq!(second.fate(process(1)).await, Fate::Unknown);
    folder.kill(first, 1);
    assert_eq!(second.fate(process(1)).await, Fate::Unsettled);
    let taken = second.take_over().await.unwrap();
    assert_eq!(taken[0].process, process(1));
    assert_eq!(taken[0].entries, [entry(1), entry(3)]);
    assert_eq!(third.take_over().await.unwrap(), [], "one is at it");
    assert_eq!(second.take_over().await.unwrap(), []);
    assert_eq!(third.fate(process(1)).await, Fate::Unknown);
    second.let_go(process(1), true).await.unwrap();
    assert_eq!(third.take_over().await.unwrap(), []);
    assert_eq!(third.fate(process(1)).await, Fate::Ended);
    assert_eq!(third.fate(process(9)).await, Fate::Unknown);
}

#[tokio::test]
async fn what_was_not_settled_is_taken_over_again() {
    let folder = Folder::new("again");
    let (first, second) = (folder.open(1).await, folder.open(2).await);
    first.keep(&entry(1)).await.unwrap();
    folder.kill(first, 1);
    assert_eq!(second.take_over().await.unwrap().len(), 1);
    second.let_go(process(1), false).await.unwrap();
    assert_eq!(second.take_over().await.unwrap().len(), 1);
    // A process that ends with what it took over does not take it with it.
    drop(second);
    let third = folder.open(3).await;
    assert_eq!(third.take_over().await.unwrap()[0].entries, [entry(1)]);
}

#[tokio::test]
async fn a_file_goes_when_nothing_waits_and_the_process_ends() {
    let folder = Folder::new("in-good-order");
    let journal = folder.open(1).await;
    let entry = entry(1);
    journal.keep(&entry).await.unwrap();
    assert!(!is_empty(&folder.file(1)));
    journal.remove(entry.token, entry.generation).await.unwrap();
    assert!(is_empty(&folder.file(1)));
    journal.keep(&entry).await.unwrap();
    drop(journal);
    assert!(folder.file(1).exists(), "an entry waits");
    let journal = folder.open(2).await;
    drop(journal);
    assert!(!folder.file(2).exists());
}

#[tokio::test]
async fn a_torn_line_costs_none_before_it() {
    let folder = Folder::new("torn");
    let (first, second) = (folder.open(1).await, folder.open(2).await);
    first.keep(&entry(1)).await.unwrap();
    folder.kill(first, 1);
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(folder.file(1))
        .unwrap();
    let torn = line::kept(process(1), &entry(2));
    file.write_all(&torn[..torn.len() / 2]).unwrap();
    let taken = second.take_over().await.unwrap();
    assert_eq!(taken[0].entries, [entry(1)]);
}

#[tokio::test]
async fn foreign_files_are_left_alone() {
    let folder = Folder::new("foreign");
    let journal = folder.open(1).await;
    fs::write(folder.0.join("README.journal"), "not ours").unwrap();
    fs::write(folder.0.join("notes.txt"), "not ours").unwrap();
    fs::create_dir(folder.file(7)).unwrap();
    assert_eq!(journal.take_over().await.unwrap(), []);
    assert!(folder.0.join("README.journal").exists());
    journal.keep(&entry(1)).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn directory_and_files_are_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new("modes");
    let _journal = folder.open(1).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    assert_eq!(mode(&folder.file(1)), 0o600);
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_named() {
    let folder = Folder::new("unusable");
    fs::write(&folder.0, "a file").unwrap();
    let place = folder.0.join("journal");
    let refused = FileJournal::open(&place, process(1)).await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains(&place.display().to_string()), "{text}");
    assert!(text.contains("name another directory"), "{text}");
    fs::remove_file(&folder.0).unwrap();
}
