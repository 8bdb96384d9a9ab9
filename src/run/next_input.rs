//! Which input is next: one pure rule for worker, simulation and query alike.
//!
//! The smallest instant goes first, so that what happened while nobody executed is delivered in the order in which it
//! happened. Where instants are equal: cancel, then message by number, then outcome by op, then timer by op. An answer that
//! was accepted counts: it goes before the timer of its question.

use crate::history::{CancelCause, Message, MessageBody, Moment, OpId};
use std::borrow::Borrow;

/// What has arrived and waits to be delivered.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a, T, O> {
    /// Accepted messages.
    pub inbox: &'a [Message],
    /// Timers that are set, due or not.
    pub timers: T,
    /// Outcomes of effects and when they ended.
    pub outcomes: O,
    /// The names of updates that cannot be judged before something else is delivered.
    pub held_updates: &'a [String],
}

/// The next input, by its place in what has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextInput {
    /// A message of the inbox.
    Message(usize),
    /// An outcome.
    Outcome(usize),
    /// A timer that is due.
    Timer(usize),
}

/// The next input at `now`; nothing where all that has arrived is timers in the future. Where `signals` is false only cancels
/// are taken of the messages: the script has come to its end.
pub fn next_input<T, O>(arrived: Arrived<'_, T, O>, now: Moment, signals: bool) -> Option<NextInput>
where
    T: IntoIterator<Item: Borrow<(OpId, Moment)>>,
    O: IntoIterator<Item: Borrow<(OpId, Moment)>>,
{
    let messages = arrived.inbox.iter().enumerate().filter_map(|(place, message)| match &message.body {
        // Nothing more of the script is to run, not even what was due before.
        MessageBody::Cancel { cause: CancelCause::Undo, .. } => {
            Some(((Moment(i64::MIN), 0, message.no.0), NextInput::Message(place)))
        }
        MessageBody::Cancel { .. } => {
            Some(((message.accepted_at, 0, message.no.0), NextInput::Message(place)))
        }
        MessageBody::Update { name, .. } if arrived.held_updates.contains(name) => None,
        MessageBody::Signal { .. }
        | MessageBody::Resolve { .. }
        | MessageBody::Answer { .. }
        | MessageBody::Update { .. }
            if signals =>
        {
            Some(((message.accepted_at, 1, message.no.0), NextInput::Message(place)))
        }
        // What was asked for comes also while the last handlers end.
        MessageBody::Grant { .. } | MessageBody::ChildEnded { .. } => {
            Some(((message.accepted_at, 1, message.no.0), NextInput::Message(place)))
        }
        MessageBody::Signal { .. }
        | MessageBody::Resolve { .. }
        | MessageBody::Answer { .. }
        | MessageBody::Update { .. } => None,
    });
    let outcomes = arrived.outcomes.into_iter().enumerate().map(|(place, outcome)| {
        let (op, ended) = *outcome.borrow();
        ((ended, 2, u64::from(op.0)), NextInput::Outcome(place))
    });
    // What was accepted came in time, whatever the time is now: an upgrade may have moved it.
    let is_answered = |op| signals && arrived.inbox.iter().any(|message| message.body.answers(op));
    let timers = arrived.timers.into_iter().enumerate().filter_map(|(place, timer)| {
        let (op, due) = *timer.borrow();
        let is_next = due <= now && !is_answered(op);
        is_next.then_some(((due, 3, u64::from(op.0)), NextInput::Timer(place)))
    });
    messages.chain(outcomes).chain(timers).min_by_key(|(order, _)| *order).map(|(_, input)| input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{MessageId, MessageNo, Value};

    type Places<'a> = &'a [(OpId, Moment)];
    type All<'a> = Arrived<'a, Places<'a>, Places<'a>>;

    fn signal(no: u64, at: i64) -> Message {
        let body = MessageBody::Signal { name: "s".into(), payload: Value::Null };
        Message { no: MessageNo(no), id: MessageId::default(), accepted_at: Moment(at), body }
    }

    fn cancel(no: u64, at: i64) -> Message {
        let body = MessageBody::Cancel { cause: CancelCause::Request, reason: String::new() };
        Message { body, ..signal(no, at) }
    }

    fn all(arrived: All<'_>, now: i64) -> Option<NextInput> {
        next_input(arrived, Moment(now), true)
    }

    #[test]
    fn the_smallest_instant_goes_first() {
        let inbox = [signal(1, 50)];
        let (timers, outcomes) = ([(OpId(1), Moment(40))], [(OpId(2), Moment(30))]);
        let arrived: All<'_> =
            Arrived { inbox: &inbox, timers: &timers, outcomes: &outcomes, held_updates: &[] };
        assert_eq!(all(arrived, 100), Some(NextInput::Outcome(0)));
        assert_eq!(all(Arrived { outcomes: &[], ..arrived }, 100), Some(NextInput::Timer(0)));
        assert_eq!(all(Arrived { outcomes: &[], timers: &[], ..arrived }, 100), Some(NextInput::Message(0)));
    }

    #[test]
    fn a_termination_that_takes_back_goes_before_all_that_was_due() {
        let undo = MessageBody::Cancel { cause: CancelCause::Undo, reason: String::new() };
        let inbox = [signal(1, 3), Message { body: undo, ..signal(2, 60) }];
        let (timers, outcomes) = ([(OpId(1), Moment(4))], [(OpId(2), Moment(5))]);
        let arrived: All<'_> =
            Arrived { inbox: &inbox, timers: &timers, outcomes: &outcomes, held_updates: &[] };
        assert_eq!(all(arrived, 100), Some(NextInput::Message(1)));
    }

    #[test]
    fn at_one_instant_cancel_then_message_then_outcome_then_timer() {
        let inbox = [signal(1, 7), signal(2, 7), cancel(3, 7)];
        let (timers, outcomes) =
            ([(OpId(1), Moment(7)), (OpId(0), Moment(7))], [(OpId(4), Moment(7)), (OpId(3), Moment(7))]);
        let arrived: All<'_> =
            Arrived { inbox: &inbox, timers: &timers, outcomes: &outcomes, held_updates: &[] };
        assert_eq!(all(arrived, 7), Some(NextInput::Message(2)));
        assert_eq!(all(Arrived { inbox: &inbox[..2], ..arrived }, 7), Some(NextInput::Message(0)));
        assert_eq!(all(Arrived { inbox: &[], ..arrived }, 7), Some(NextInput::Outcome(1)));
        assert_eq!(all(Arrived { inbox: &[], outcomes: &[], ..arrived }, 7), Some(NextInput::Timer(1)));
    }

    #[test]
    fn an_accepted_answer_goes_before_the_timer_of_its_question_while_it_can_be_taken() {
        let choice = crate::history::Choice {
            choice: "yes".into(),
            who: String::new(),
            note: String::new(),
            asked: String::new(),
        };
        let inbox = [Message { body: MessageBody::Answer { question: OpId(1), choice }, ..signal(1, 50) }];
        let timers = [(OpId(1), Moment(40))];
        let arrived: All<'_> = Arrived { inbox: &inbox, timers: &timers, outcomes: &[], held_updates: &[] };
        assert_eq!(all(arrived, 60), Some(NextInput::Message(0)));
        assert_eq!(next_input(arrived, Moment(60), false), Some(NextInput::Timer(0)));
        let other = [(OpId(2), Moment(45))];
        assert_eq!(all(Arrived { timers: &other, ..arrived }, 60), Some(NextInput::Timer(0)));
    }

    #[test]
    fn a_timer_is_never_early_and_an_ending_run_takes_only_cancels() {
        let timers = [(OpId(1), Moment(41))];
        let inbox = [signal(1, 1)];
        let arrived: All<'_> = Arrived { inbox: &inbox, timers: &timers, outcomes: &[], held_updates: &[] };
        assert_eq!(next_input(arrived, Moment(40), false), None);
        assert_eq!(next_input(arrived, Moment(41), false), Some(NextInput::Timer(0)));
        let inbox = [signal(1, 1), cancel(2, 9)];
        assert_eq!(
            next_input(Arrived { inbox: &inbox, ..arrived }, Moment(9), false),
            Some(NextInput::Message(1))
        );
    }
}
