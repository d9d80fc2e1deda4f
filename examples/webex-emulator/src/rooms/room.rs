//! One room with all that is in it.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::answers::{Membership, Message, Room, RoomKind, RoomSnapshot};
use super::{Draft, RoomError};
use crate::clock::webex_time;
use crate::ids::{self, Kind};
use crate::people::Person;
use crate::random;

#[derive(Debug)]
pub(super) struct Entry {
    /// Rooms are shown in the order of their creation.
    pub(super) number: u64,
    pub(super) id: Uuid,
    pub(super) room: Room,
    /// Where in `members` a person stands.
    positions: HashMap<Uuid, usize>,
    members: Vec<Membership>,
    messages: Vec<Message>,
}

impl Entry {
    pub(super) fn new(
        number: u64,
        kind: RoomKind,
        title: &str,
        is_locked: bool,
        creator: &Person,
        now: OffsetDateTime,
    ) -> Self {
        let id = random::uuid();
        let room = Room {
            id: ids::encode(Kind::Room, id),
            title: title.to_owned(),
            kind,
            is_locked,
            last_activity: webex_time(now),
            creator_id: creator.webex_id(),
            created: webex_time(now),
            owner_id: ids::organization(),
        };
        let mut entry = Self {
            number,
            id,
            room,
            positions: HashMap::new(),
            members: Vec::new(),
            messages: Vec::new(),
        };
        entry.join(creator, is_locked, now);
        entry
    }

    pub(super) fn has(&self, person: &Person) -> bool {
        self.positions.contains_key(&person.id)
    }

    /// Whether `caller`, who is a member, may invite people and delete the room.
    pub(super) fn check_change(&self, caller: &Person) -> Result<(), RoomError> {
        if self.room.kind == RoomKind::Direct {
            return Err(RoomError::Direct);
        }
        let membership = self
            .positions
            .get(&caller.id)
            .and_then(|position| self.members.get(*position));
        if !self.room.is_locked || membership.is_some_and(|membership| membership.is_moderator) {
            Ok(())
        } else {
            Err(RoomError::NotModerator)
        }
    }

    pub(super) fn join(
        &mut self,
        person: &Person,
        is_moderator: bool,
        now: OffsetDateTime,
    ) -> Membership {
        let membership = Membership {
            id: ids::encode_membership(person.id, self.id),
            room_id: self.room.id.clone(),
            person_id: person.webex_id(),
            person_email: person.email.clone(),
            person_display_name: person.display_name(),
            person_org_id: ids::organization(),
            is_moderator,
            is_monitor: false,
            created: webex_time(now),
        };
        self.positions.insert(person.id, self.members.len());
        self.members.push(membership.clone());
        membership
    }

    pub(super) fn post(&mut self, sender: &Person, draft: Draft, now: OffsetDateTime) -> Message {
        let html = draft
            .markdown
            .as_deref()
            .map(|markdown| format!("<p>{}</p>", escaped(markdown)));
        let text = draft
            .text
            .or_else(|| draft.markdown.clone())
            .unwrap_or_default();
        let message = Message {
            id: ids::encode(Kind::Message, random::uuid()),
            room_id: self.room.id.clone(),
            room_type: self.room.kind,
            text,
            markdown: draft.markdown,
            html,
            person_id: sender.webex_id(),
            person_email: sender.email.clone(),
            created: webex_time(now),
        };
        self.room.last_activity.clone_from(&message.created);
        self.messages.push(message.clone());
        message
    }

    pub(super) fn member(&self, person: Uuid) -> Result<&Membership, RoomError> {
        let position = self.positions.get(&person);
        position
            .and_then(|position| self.members.get(*position))
            .ok_or(RoomError::NoMembership)
    }

    pub(super) fn members(&self) -> &[Membership] {
        &self.members
    }

    pub(super) fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub(super) fn message(&self, id: &str) -> Result<&Message, RoomError> {
        let found = self.messages.iter().find(|message| message.id == id);
        found.ok_or(RoomError::NoMessage)
    }

    /// Renames the room, and locks or unlocks it. The person who locks it becomes a moderator.
    pub(super) fn update(&mut self, caller: &Person, title: &str, is_locked: Option<bool>) {
        title.clone_into(&mut self.room.title);
        if let Some(is_locked) = is_locked {
            self.room.is_locked = is_locked;
            let position = self.positions.get(&caller.id).filter(|_| is_locked);
            if let Some(member) = position.and_then(|position| self.members.get_mut(*position)) {
                member.is_moderator = true;
            }
        }
    }

    /// Removes a member and keeps the order of the others.
    pub(super) fn leave(&mut self, person: Uuid) {
        if let Some(gap) = self.positions.remove(&person) {
            self.members.remove(gap);
            for position in self.positions.values_mut().filter(|place| **place > gap) {
                *position -= 1;
            }
        }
    }

    pub(super) fn remove_message(&mut self, id: &str) {
        self.messages.retain(|message| message.id != id);
    }

    pub(super) fn snapshot(&self) -> RoomSnapshot {
        RoomSnapshot {
            room: self.room.clone(),
            members: self.members.clone(),
            messages: self.messages.clone(),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
