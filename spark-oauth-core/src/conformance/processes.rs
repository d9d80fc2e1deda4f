//! What every [`ProcessRegistry`](crate::ports::ProcessRegistry) must do.

use std::time::Duration;

use super::races::{RUNNERS, race};
use super::samples::{self, later, process, process_record};
use crate::ids::ProcessId;
use crate::keyring::KeyFingerprint;
use crate::ports::{ProcessRecord, Stores};
use crate::timestamp::Timestamp;

async fn announce_all<'p>(stores: &Stores, records: impl IntoIterator<Item = &'p ProcessRecord>) {
    for record in records {
        let announced = stores.processes.announce_process(record).await;
        announced.expect("announce must answer");
    }
}

async fn processes(stores: &Stores) -> Vec<ProcessRecord> {
    let processes = stores.processes.processes().await;
    processes.expect("the processes must be answered")
}

async fn withdraw(stores: &Stores, id: ProcessId) -> bool {
    let withdrawn = stores.processes.withdraw_process(id).await;
    withdrawn.expect("withdraw must answer")
}

async fn remove_expired(stores: &Stores, now: Timestamp) -> u64 {
    let removed = stores.processes.remove_expired_processes(now).await;
    removed.expect("remove must answer")
}

/// Every field is kept.
pub async fn a_process_reads_back(stores: &Stores) {
    assert!(processes(stores).await.is_empty());
    let unnamed = ProcessRecord {
        place: String::new(),
        sealing_key: KeyFingerprint::from_bytes([0; KeyFingerprint::LENGTH]),
        ..process_record(2)
    };
    let long = ProcessRecord {
        place: "höst\"\\\n\u{0}x".repeat(1_024),
        sealing_key: KeyFingerprint::from_bytes([0xff; KeyFingerprint::LENGTH]),
        ..process_record(3)
    };
    let records = [process_record(1), unnamed, long];
    announce_all(stores, &records).await;
    assert_eq!(processes(stores).await, records);
}

/// Times are kept to the millisecond, however far they are; who has expired is
/// listed until it is removed.
pub async fn times_of_a_process_read_back(stores: &Stores) {
    let records: Vec<_> = (0..)
        .zip(samples::TIMES)
        .map(|(number, at)| ProcessRecord {
            started_at: at,
            seen_at: at,
            expires_at: at,
            ..process_record(number)
        })
        .collect();
    announce_all(stores, &records).await;
    assert_eq!(processes(stores).await, records);
}

/// Processes are listed by their identifiers, in whatever order they show
/// themselves.
pub async fn processes_are_listed_oldest_first(stores: &Stores) {
    let records: Vec<_> = (0..6).map(process_record).collect();
    for number in [3, 0, 5, 1, 4, 2, 0] {
        announce_all(stores, [&records[number]]).await;
    }
    assert_eq!(processes(stores).await, records);
}

/// Who shows itself again replaces its record, every field of it.
pub async fn a_process_that_shows_itself_again_is_replaced(stores: &Stores) {
    let (before, other) = (process_record(1), process_record(2));
    announce_all(stores, [&before, &other]).await;
    let again = ProcessRecord {
        id: before.id,
        place: "elsewhere".to_owned(),
        started_at: later(10),
        seen_at: later(20),
        expires_at: later(30),
        sealing_key: KeyFingerprint::from_bytes([1; KeyFingerprint::LENGTH]),
    };
    announce_all(stores, [&again]).await;
    assert_eq!(processes(stores).await, [again, other]);
}

/// Who withdraws is gone, once; withdrawing who never was is no error.
pub async fn a_process_withdraws_once(stores: &Stores) {
    let (one, other) = (process_record(1), process_record(2));
    announce_all(stores, [&one, &other]).await;
    assert!(!withdraw(stores, process(3)).await);
    assert!(withdraw(stores, one.id).await);
    assert!(!withdraw(stores, one.id).await, "it goes once");
    assert_eq!(processes(stores).await, [other]);
}

/// Exactly the expired processes are removed, to the millisecond, and counted.
pub async fn expired_processes_are_removed(stores: &Stores) {
    let records: Vec<_> = (0..5)
        .map(|number| ProcessRecord {
            expires_at: later(u64::from(number)),
            ..process_record(number)
        })
        .collect();
    announce_all(stores, &records).await;
    let last_moment = later(2) - Duration::from_millis(1);
    assert_eq!(remove_expired(stores, last_moment).await, 2);
    assert_eq!(processes(stores).await, records[2..]);
    assert_eq!(remove_expired(stores, later(2)).await, 1);
    assert_eq!(remove_expired(stores, later(2)).await, 0, "they are gone");
    assert_eq!(processes(stores).await, records[3..]);
}

/// Processes that show themselves at once all stand, each once.
pub async fn processes_announced_at_once_all_stand(stores: &Stores) {
    let records: Vec<_> = (0..RUNNERS / 4).map(process_record).collect();
    race(RUNNERS, |number| {
        let store = stores.processes.clone();
        let record = records.iter().cycle().nth(number as usize).cloned();
        async move {
            let record = record.expect("a cycle has no end");
            let announced = store.announce_process(&record).await;
            announced.expect("announcing twice is no error");
        }
    })
    .await;
    assert_eq!(processes(stores).await, records);
}
