//! What every [`SessionStore`](crate::ports::SessionStore) must do.

use std::time::Duration;

use super::races::{assert_one_winner, race};
use super::samples::{self, NOW, later, session};
use crate::ports::{SessionKey, SessionRecord, StoreError, Stores, UniqueRule};
use crate::timestamp::Timestamp;

async fn create_all<'s>(stores: &Stores, sessions: impl IntoIterator<Item = &'s SessionRecord>) {
    for session in sessions {
        stores
            .sessions
            .create(session)
            .await
            .expect("a session with a key of its own must be taken");
    }
}

async fn load(stores: &Stores, key: SessionKey, now: Timestamp) -> Option<SessionRecord> {
    stores
        .sessions
        .load(key, now)
        .await
        .expect("load must answer")
}

async fn replace(stores: &Stores, previous: &[u8], session: &SessionRecord) -> bool {
    stores
        .sessions
        .replace(previous, session)
        .await
        .expect("replace must answer")
}

async fn remove(stores: &Stores, key: SessionKey) -> bool {
    stores
        .sessions
        .remove(key)
        .await
        .expect("remove must answer")
}

/// The data are bytes of any length and content.
pub async fn a_session_reads_back(stores: &Stores) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let large = every_byte.iter().copied().cycle().take(8 * 1024).collect();
    for (number, data) in (0..).zip([Vec::new(), every_byte, large]) {
        let session = SessionRecord {
            data,
            ..session(number)
        };
        create_all(stores, [&session]).await;
        assert_eq!(load(stores, session.key, NOW).await, Some(session));
    }
}

/// The end is kept to the millisecond, however far it is.
pub async fn the_end_of_a_session_reads_back(stores: &Stores) {
    let before = Timestamp::from_millis(i64::MIN);
    for (number, expires_at) in (0..).zip(samples::TIMES).skip(1) {
        let session = SessionRecord {
            expires_at,
            ..session(number)
        };
        create_all(stores, [&session]).await;
        assert_eq!(load(stores, session.key, before).await, Some(session));
    }
}

/// A session that never was, or of another key, is no error.
pub async fn an_unknown_session_is_no_record(stores: &Stores) {
    create_all(stores, [&session(1)]).await;
    let unknown = session(2);
    assert_eq!(load(stores, unknown.key, NOW).await, None);
    assert!(!remove(stores, unknown.key).await);
    assert!(!replace(stores, &unknown.data, &unknown).await);
    assert_eq!(
        load(stores, unknown.key, NOW).await,
        None,
        "replacing creates none"
    );
}

/// A session ends at its time, to the millisecond.
pub async fn an_expired_session_is_not_loaded(stores: &Stores) {
    let session = session(1);
    create_all(stores, [&session]).await;
    let last_moment = session.expires_at - Duration::from_millis(1);
    assert!(load(stores, session.key, last_moment).await.is_some());
    assert!(
        load(stores, session.key, session.expires_at)
            .await
            .is_none()
    );
    assert!(load(stores, session.key, later(100_000)).await.is_none());
}

/// A key stands once, also where many create it at once.
pub async fn a_session_key_stands_once(stores: &Stores) {
    let answers = race(16, |number| {
        let store = stores.sessions.clone();
        let same = SessionRecord {
            key: session(1).key,
            ..session(number)
        };
        async move { (number, store.create(&same).await) }
    })
    .await;
    assert_one_winner(&answers, |(_, answer)| answer.is_ok(), "create a session");
    for (number, answer) in answers {
        match answer {
            Ok(()) => {
                let stands = load(stores, session(1).key, NOW).await;
                let data = stands.map(|session| session.data);
                assert_eq!(data, Some(session(number).data), "the winner's data");
            }
            Err(error) => {
                let refused = matches!(error, StoreError::AlreadyExists(UniqueRule::Id));
                assert!(refused, "{error:?}");
            }
        }
    }
}

/// Replacing changes data and expiry.
pub async fn replacing_changes_a_session(stores: &Stores) {
    let (before, other) = (session(1), session(2));
    create_all(stores, [&before, &other]).await;
    let after = SessionRecord {
        data: b"changed".to_vec(),
        expires_at: later(9_999),
        ..before
    };
    assert!(replace(stores, &before.data, &after).await);
    assert_eq!(load(stores, after.key, later(5_000)).await, Some(after));
    assert_eq!(load(stores, other.key, NOW).await, Some(other), "untouched");
}

/// A session that was changed meanwhile is not replaced, so that no change is lost; of
/// many who replace the same data one does.
pub async fn a_changed_session_is_not_replaced(stores: &Stores) {
    let first = session(1);
    create_all(stores, [&first]).await;
    let with = |data: &[u8]| SessionRecord {
        data: data.to_vec(),
        ..session(1)
    };
    for wrong in [&b""[..], b"other", &first.data[..first.data.len() - 1]] {
        assert!(!replace(stores, wrong, &with(b"lost")).await);
    }
    assert_eq!(load(stores, first.key, NOW).await.as_ref(), Some(&first));
    assert!(replace(stores, &first.data, &first).await, "the same again");
    let answers = race(16, |number| {
        let (store, previous) = (stores.sessions.clone(), first.data.clone());
        let next = with(&number.to_be_bytes());
        async move {
            let replaced = store.replace(&previous, &next).await;
            (next, replaced.expect("replace must answer"))
        }
    })
    .await;
    assert_one_winner(&answers, |(_, replaced)| *replaced, "replace a session");
    let winner = answers.into_iter().find(|(_, replaced)| *replaced);
    let left = load(stores, first.key, NOW).await;
    assert_eq!(left, winner.map(|(next, _)| next));
}

/// Replacing never revives a session that was ended, also where both come at once.
pub async fn replacing_never_revives_a_session(stores: &Stores) {
    let ended = session(1);
    create_all(stores, [&ended]).await;
    assert!(remove(stores, ended.key).await);
    assert!(!remove(stores, ended.key).await, "it ends once");
    assert!(!replace(stores, &ended.data, &ended).await);
    assert_eq!(load(stores, ended.key, NOW).await, None);

    let contested = session(2);
    create_all(stores, [&contested]).await;
    race(16, |number| {
        let (store, session) = (stores.sessions.clone(), contested.clone());
        async move {
            if number == 8 {
                let removed = store.remove(session.key).await;
                assert!(removed.expect("remove must answer"));
            } else {
                let replaced = store.replace(&session.data, &session).await;
                replaced.expect("replace must answer");
            }
        }
    })
    .await;
    assert_eq!(load(stores, contested.key, NOW).await, None);
}

/// Exactly the expired sessions are removed, and counted.
pub async fn expired_sessions_are_removed(stores: &Stores) {
    let sessions: Vec<_> = (0..5)
        .map(|number| SessionRecord {
            expires_at: later(u64::from(number)),
            ..session(number)
        })
        .collect();
    create_all(stores, &sessions).await;
    let remove = async |now| {
        let removed = stores.sessions.remove_expired(now).await;
        removed.expect("remove must answer")
    };
    assert_eq!(remove(later(2)).await, 3, "0, 1 and 2 have expired");
    assert_eq!(remove(later(2)).await, 0, "they are gone");
    for (number, session) in sessions.iter().enumerate() {
        let left = load(stores, session.key, NOW).await.is_some();
        assert_eq!(left, number > 2, "session {number}");
    }
}
