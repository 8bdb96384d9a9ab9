//! The inbox of a run: what its executor was told and its script has not heard, each message once, however often it is told.

use crate::history::{Entry, Message, MessageBody, MessageId, MessageNo};
use std::collections::{BTreeSet, VecDeque};
use std::ops::Deref;

/// So many of the last messages are known again when they are told once more, after they were heard.
const REMEMBERED: usize = 1024;

/// What was told and not heard, in the order in which it was told.
#[derive(Default)]
pub(super) struct Inbox {
    messages: Vec<Message>,
    waiting: BTreeSet<(MessageId, MessageNo)>,
    seen: VecDeque<(MessageId, MessageNo)>,
}

impl Inbox {
    /// Takes a message in, unless it is known. An update that was refused may come again under its id, with another number.
    pub(super) fn accept(&mut self, message: Message) {
        let is_update = matches!(message.body, MessageBody::Update { .. });
        let is_it =
            |(id, no): &(MessageId, MessageNo)| *id == message.id && (!is_update || *no == message.no);
        let of_its_id = (message.id, MessageNo(0))..=(message.id, MessageNo(u64::MAX));
        if self.waiting.range(of_its_id).any(is_it) || self.seen.iter().any(is_it) {
            return;
        }
        self.remember(message.id, message.no);
        self.waiting.insert((message.id, message.no));
        self.messages.push(message);
    }

    /// The message at a place is heard, or given up.
    pub(super) fn remove(&mut self, place: usize) -> Message {
        let message = self.messages.remove(place);
        self.waiting.remove(&(message.id, message.no));
        self.remember(message.id, message.no);
        message
    }

    /// Gives up the others.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&Message) -> bool) {
        self.messages.retain(is_kept);
        self.waiting = self.messages.iter().map(|message| (message.id, message.no)).collect();
    }

    /// What a history has was delivered, by whomever: a process that had the run before, and hears of it late, does not deliver it again.
    pub(super) fn heard(&mut self, history: &[Entry]) {
        let messages = history.iter().rev().filter_map(|entry| entry.fact.message());
        let latest: Vec<_> = messages.take(REMEMBERED / 2).collect();
        latest.into_iter().rev().for_each(|(no, id, _)| self.remember(id, no));
    }

    fn remember(&mut self, id: MessageId, no: MessageNo) {
        self.seen.push_back((id, no));
        if self.seen.len() > REMEMBERED {
            self.seen.pop_front();
        }
    }
}

impl Deref for Inbox {
    type Target = [Message];

    fn deref(&self) -> &[Message] {
        &self.messages
    }
}

impl IntoIterator for Inbox {
    type Item = Message;
    type IntoIter = std::vec::IntoIter<Message>;

    fn into_iter(self) -> Self::IntoIter {
        self.messages.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Moment, Value};

    fn message(number: u64, body: MessageBody) -> Message {
        let id = MessageId::of_key("message", &number.to_string());
        Message { no: MessageNo(number), id, accepted_at: Moment(1), body }
    }

    fn signal(number: u64) -> Message {
        message(number, MessageBody::Signal { name: "s".to_owned(), payload: Value::Null })
    }

    #[test]
    fn what_waits_is_known_again_however_much_waits_and_what_was_heard_for_long() {
        let mut inbox = Inbox::default();
        let most = 3 * REMEMBERED;
        let numbers = || 0..u64::try_from(most).expect("few");
        for round in 0..3 {
            numbers().for_each(|number| inbox.accept(signal(number)));
            assert_eq!(inbox.len(), most, "round {round}");
        }
        // Under the number of its offer, too.
        inbox.accept(Message { no: MessageNo(9_999), ..signal(0) });
        assert_eq!(inbox.len(), most);
        let heard = inbox.remove(1);
        inbox.accept(heard);
        assert_eq!(inbox.len(), most - 1, "it was heard just now");
        inbox.retain(|message| message.no.0 == 0);
        inbox.accept(signal(0));
        assert_eq!(inbox.len(), 1);
    }

    #[test]
    fn an_update_that_was_refused_comes_again_under_another_number() {
        let mut inbox = Inbox::default();
        let update = |no| {
            let body = MessageBody::Update { name: "u".to_owned(), argument: Value::Null };
            Message { no: MessageNo(no), ..message(1, body) }
        };
        for no in [1, 1, 2] {
            inbox.accept(update(no));
        }
        assert_eq!(inbox.iter().map(|message| message.no.0).collect::<Vec<_>>(), [1, 2]);
    }
}
