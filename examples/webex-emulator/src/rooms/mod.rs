//! Rooms with their members and messages.

mod answers;
mod room;

use std::collections::HashMap;

use parking_lot::Mutex;
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::answers::{Membership, Message, Room, RoomKind, RoomSnapshot};
use self::room::Entry;
use crate::people::Person;

/// Why nothing happened to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum RoomError {
    /// It does not exist, or the caller is not in it: nobody may tell these apart.
    #[error("there is no such room")]
    NotFound,
    #[error("the person is in the room already")]
    AlreadyMember,
    #[error("the room is locked, and the caller is no moderator")]
    NotModerator,
    #[error("a direct room has two members for good")]
    Direct,
    #[error("there is no such membership")]
    NoMembership,
    #[error("there is no such message")]
    NoMessage,
    #[error("the message was sent by another person")]
    NotSender,
}

/// What is to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) text: Option<String>,
    pub(crate) markdown: Option<String>,
}

#[derive(Debug, Default)]
struct Tables {
    rooms: HashMap<Uuid, Entry>,
    /// The direct room of two people, the smaller ID first.
    direct: HashMap<(Uuid, Uuid), Uuid>,
    /// The room of each message, by the message's Webex ID.
    messages: HashMap<String, Uuid>,
    created: u64,
}

/// All rooms.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    tables: Mutex<Tables>,
}

impl Rooms {
    /// A new room whose creator is its first member.
    pub(crate) fn create(
        &self,
        creator: &Person,
        title: &str,
        locked: bool,
        now: OffsetDateTime,
    ) -> Room {
        let mut tables = self.tables.lock();
        tables.created += 1;
        let entry = Entry::new(tables.created, RoomKind::Group, title, locked, creator, now);
        let room = entry.room.clone();
        tables.rooms.insert(entry.id, entry);
        room
    }

    pub(crate) fn get(&self, room: Uuid, caller: &Person) -> Result<Room, RoomError> {
        self.tables
            .lock()
            .of_member(room, caller)
            .map(|entry| entry.room.clone())
    }

    pub(crate) fn delete(&self, room: Uuid, caller: &Person) -> Result<(), RoomError> {
        let mut tables = self.tables.lock();
        tables.of_member(room, caller)?.check_change(caller)?;
        tables.remove(room);
        Ok(())
    }

    /// Renames a room and, where `locked` says so, locks or unlocks it.
    pub(crate) fn update(
        &self,
        room: Uuid,
        caller: &Person,
        title: &str,
        locked: Option<bool>,
    ) -> Result<Room, RoomError> {
        let mut tables = self.tables.lock();
        let entry = tables.of_member(room, caller)?;
        entry.check_change(caller)?;
        entry.update(caller, title, locked);
        Ok(entry.room.clone())
    }

    /// The rooms that the caller is in, each with the number of its creation.
    pub(crate) fn of(&self, caller: &Person) -> Vec<(u64, Room)> {
        let tables = self.tables.lock();
        let entries = tables.rooms.values().filter(|entry| entry.has(caller));
        entries
            .map(|entry| (entry.number, entry.room.clone()))
            .collect()
    }

    pub(crate) fn add_member(
        &self,
        room: Uuid,
        caller: &Person,
        person: &Person,
        moderator: bool,
        now: OffsetDateTime,
    ) -> Result<Membership, RoomError> {
        let mut tables = self.tables.lock();
        let entry = tables.of_member(room, caller)?;
        if entry.has(person) {
            return Err(RoomError::AlreadyMember);
        }
        entry.check_change(caller)?;
        Ok(entry.join(person, moderator, now))
    }

    /// The members of a room, in the order in which they joined.
    pub(crate) fn members(
        &self,
        room: Uuid,
        caller: &Person,
    ) -> Result<Vec<Membership>, RoomError> {
        let mut tables = self.tables.lock();
        Ok(tables.of_member(room, caller)?.members().to_vec())
    }

    /// The caller's own memberships, each with the number of its room.
    pub(crate) fn memberships_of(&self, caller: &Person) -> Vec<(u64, Membership)> {
        let tables = self.tables.lock();
        let entries = tables.rooms.values();
        entries
            .filter_map(|entry| Some((entry.number, entry.member(caller.id).ok()?.clone())))
            .collect()
    }

    pub(crate) fn membership(
        &self,
        room: Uuid,
        person: Uuid,
        caller: &Person,
    ) -> Result<Membership, RoomError> {
        let mut tables = self.tables.lock();
        let entry = tables.of_member(room, caller);
        entry
            .map_err(|_| RoomError::NoMembership)?
            .member(person)
            .cloned()
    }

    /// Removes the caller from a room, or another person if the caller may change the room.
    /// A room without members is deleted.
    pub(crate) fn remove_member(
        &self,
        room: Uuid,
        person: Uuid,
        caller: &Person,
    ) -> Result<(), RoomError> {
        let mut tables = self.tables.lock();
        let entry = tables.of_member(room, caller);
        let entry = entry.map_err(|_| RoomError::NoMembership)?;
        entry.member(person)?;
        if entry.room.kind == RoomKind::Direct || person != caller.id {
            entry.check_change(caller)?;
        }
        entry.leave(person);
        if entry.members().is_empty() {
            tables.remove(room);
        }
        Ok(())
    }

    pub(crate) fn post(
        &self,
        room: Uuid,
        caller: &Person,
        draft: Draft,
        now: OffsetDateTime,
    ) -> Result<Message, RoomError> {
        self.tables.lock().post(room, caller, draft, now)
    }

    /// The messages of a room, oldest first.
    pub(crate) fn messages(&self, room: Uuid, caller: &Person) -> Result<Vec<Message>, RoomError> {
        let mut tables = self.tables.lock();
        Ok(tables.of_member(room, caller)?.messages().to_vec())
    }

    pub(crate) fn message(&self, id: &str, caller: &Person) -> Result<Message, RoomError> {
        let mut tables = self.tables.lock();
        tables.of_message(id, caller)?.message(id).cloned()
    }

    /// Deletes a message that the caller sent.
    pub(crate) fn delete_message(&self, id: &str, caller: &Person) -> Result<(), RoomError> {
        let mut tables = self.tables.lock();
        let entry = tables.of_message(id, caller)?;
        if entry.message(id)?.person_id != caller.webex_id() {
            return Err(RoomError::NotSender);
        }
        entry.remove_message(id);
        tables.messages.remove(id);
        Ok(())
    }

    /// Posts into the room of just these two, which is created where there is none.
    pub(crate) fn post_direct(
        &self,
        caller: &Person,
        recipient: &Person,
        draft: Draft,
        now: OffsetDateTime,
    ) -> Result<Message, RoomError> {
        let mut guard = self.tables.lock();
        let tables = &mut *guard;
        let pair = (caller.id.min(recipient.id), caller.id.max(recipient.id));
        let id = *tables.direct.entry(pair).or_insert_with(|| {
            tables.created += 1;
            let title = recipient.display_name();
            let mut entry =
                Entry::new(tables.created, RoomKind::Direct, &title, false, caller, now);
            entry.join(recipient, false, now);
            let id = entry.id;
            tables.rooms.insert(id, entry);
            id
        });
        tables.post(id, caller, draft, now)
    }

    pub(crate) fn snapshot(&self) -> Vec<RoomSnapshot> {
        let tables = self.tables.lock();
        let mut entries: Vec<&Entry> = tables.rooms.values().collect();
        entries.sort_unstable_by_key(|entry| entry.number);
        entries.into_iter().map(Entry::snapshot).collect()
    }
}

impl Tables {
    fn of_member(&mut self, room: Uuid, caller: &Person) -> Result<&mut Entry, RoomError> {
        self.rooms
            .get_mut(&room)
            .filter(|entry| entry.has(caller))
            .ok_or(RoomError::NotFound)
    }

    fn of_message(&mut self, id: &str, caller: &Person) -> Result<&mut Entry, RoomError> {
        let room = *self.messages.get(id).ok_or(RoomError::NoMessage)?;
        let entry = self.of_member(room, caller);
        entry.map_err(|_| RoomError::NoMessage)
    }

    fn post(
        &mut self,
        room: Uuid,
        caller: &Person,
        draft: Draft,
        now: OffsetDateTime,
    ) -> Result<Message, RoomError> {
        let message = self.of_member(room, caller)?.post(caller, draft, now);
        self.messages.insert(message.id.clone(), room);
        Ok(message)
    }

    fn remove(&mut self, room: Uuid) {
        if let Some(entry) = self.rooms.remove(&room) {
            for message in entry.messages() {
                self.messages.remove(&message.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::people::People;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn cast() -> (Rooms, Arc<Person>, Arc<Person>, Arc<Person>) {
        let people = People::new(NOW);
        let find = |email| people.find(email).unwrap();
        let [alice, bob, carol] =
            ["alice@example.com", "bob@example.com", "carol@example.com"].map(find);
        (Rooms::default(), alice, bob, carol)
    }

    fn id(rooms: &Rooms) -> Uuid {
        *rooms.tables.lock().rooms.keys().next().unwrap()
    }

    fn draft() -> Draft {
        Draft {
            text: None,
            markdown: Some("**a** <b>".to_owned()),
        }
    }

    #[test]
    fn a_room_is_closed_to_who_is_not_in_it() {
        let (rooms, alice, bob, _) = cast();
        rooms.create(&alice, "Unicorn", false, NOW);
        let room = id(&rooms);
        assert_eq!(rooms.get(room, &bob), Err(RoomError::NotFound));
        assert_eq!(rooms.delete(room, &bob), Err(RoomError::NotFound));
        assert_eq!(
            rooms.post(room, &bob, draft(), NOW),
            Err(RoomError::NotFound)
        );
        rooms.add_member(room, &alice, &bob, false, NOW).unwrap();
        assert_eq!(rooms.get(room, &bob).unwrap().title, "Unicorn");
        let again = rooms.add_member(room, &alice, &bob, false, NOW);
        assert_eq!(again, Err(RoomError::AlreadyMember));
    }

    #[test]
    fn a_locked_room_is_changed_by_moderators_only() {
        let (rooms, alice, bob, carol) = cast();
        rooms.create(&alice, "Locked", true, NOW);
        let room = id(&rooms);
        rooms.add_member(room, &alice, &bob, false, NOW).unwrap();
        let invited = rooms.add_member(room, &bob, &carol, false, NOW);
        assert_eq!(invited, Err(RoomError::NotModerator));
        assert_eq!(rooms.delete(room, &bob), Err(RoomError::NotModerator));
        assert_eq!(rooms.delete(room, &alice), Ok(()));
        assert!(rooms.snapshot().is_empty());
    }

    #[test]
    fn two_people_have_one_direct_room_whoever_writes_first() {
        let (rooms, alice, bob, _) = cast();
        let first = rooms.post_direct(&alice, &bob, draft(), NOW).unwrap();
        let second = rooms.post_direct(&bob, &alice, draft(), NOW).unwrap();
        assert_eq!(first.room_id, second.room_id);
        assert_eq!(first.html.as_deref(), Some("<p>**a** &lt;b&gt;</p>"));
        let snapshot = rooms.snapshot();
        assert_eq!(
            (snapshot[0].members.len(), snapshot[0].messages.len()),
            (2, 2)
        );
        assert_eq!(rooms.delete(id(&rooms), &alice), Err(RoomError::Direct));
    }
}
