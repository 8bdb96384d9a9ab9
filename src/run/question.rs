//! Questions: what a run asks a person, who is told of it beside the wait, again and again, until it is answered.

use super::command::Work;
use super::issue::{Asker, label};
use super::run::{Open, Owner, Run, Wait};
use crate::history::{CommandKind, CommandLabel, OpId, QuestionAnswered, Value};
use crate::script::{Answered, Host as _, Level, Notice, Question, Reply, Said};

/// Under this name the row of a question that has a name shows its text.
pub const QUESTION: &str = "question";

impl Run {
    /// Opens a question. Telling its reader, and the timer of the first reminder, are commands of their own beside it.
    pub(super) fn ask_person(&mut self, op: OpId, asker: Asker<'_>, question: Box<Question>) {
        let work = self.wait_work(question.timeout_ms);
        let label = label(CommandKind::Ask, question.name.as_deref().unwrap_or(&question.text));
        let choices = question.choices.iter().map(|choice| Value::from(choice.as_str())).collect();
        let mut shown = vec![("choices", Value::List(choices)), ("show", question.show.clone())];
        if question.name.is_some() {
            shown.push((QUESTION, Value::from(question.text.as_str())));
        }
        let shown = Value::Map(shown.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
        let (notice, remind_ms) = (question.notice.clone(), question.remind_ms);
        self.wait(op, asker, label, Wait::Question(question), work);
        self.show(shown);
        let line = asker.line;
        if let Some(notice) = notice {
            self.notify(op, line, notice);
        }
        self.set_reminder(op, line, remind_ms);
    }

    /// Delivers an answer. One that is no choice, or that nobody waits for any more, changes nothing.
    pub(super) fn answer_question(&mut self, answered: &QuestionAnswered) {
        let (op, choice) = (answered.question, &answered.choice);
        let Some(Wait::Question(question)) = self.open.get(&op).map(|open| &open.wait) else {
            self.world.state.borrow_mut().stretch.dropped = Some(op);
            return;
        };
        if !question.choices.contains(&choice.choice) {
            let text = format!("\"{}\" is no answer to: {}", choice.choice, question.text);
            self.say(Level::Warn, text);
            return;
        }
        let answer =
            Answered { question: question.text.clone(), choice: choice.clone(), at: answered.accepted_at };
        self.world.state.borrow_mut().answers.push(answer);
        self.close(op, Ok(Value::from(choice.choice.as_str())));
    }

    /// The time has come to tell the reader of an open question again.
    pub(super) fn remind(&mut self, op: OpId) {
        let Some(open) = self.open.get(&op) else { return };
        let Wait::Question(question) = &open.wait else { return };
        let (line, remind_ms) = (open.line, question.remind_ms);
        let text = question.text.clone();
        let notice = question.notice.clone();
        let is_telling =
            self.open.values().any(|open| matches!(open.wait, Wait::Notice { question } if question == op));
        match notice {
            // A message that is still on its way is not overtaken by the same one.
            Some(_) if is_telling => {}
            Some(notice) => self.notify(op, line, notice),
            None => self.say(Level::Info, format!("still waits for an answer: {text}")),
        }
        self.set_reminder(op, line, remind_ms);
    }

    /// What a reminder is of: the name of its question, or the text where it has none.
    pub(super) fn question_of(&self, reminder: OpId) -> Option<String> {
        let Wait::Reminder { question } = &self.open.get(&reminder)?.wait else { return None };
        Some(self.open.get(question)?.label.name.clone())
    }

    /// Telling the reader has ended. The question stays open where it failed: others see it in `durun list`.
    pub(super) fn noticed(&self, reply: &Reply) {
        if let Err(failure) = reply {
            self.say(Level::Warn, format!("the question could not be notified: {}", failure.message));
        }
    }

    /// A command ended: where it was a question, what stands beside it ends too.
    pub(super) fn leave_question(&mut self, op: OpId, wait: &Wait) {
        if !matches!(wait, Wait::Question(_)) {
            return;
        }
        let beside: Vec<OpId> = self
            .open
            .iter()
            .filter(|(_, open)| match &open.wait {
                Wait::Notice { question } | Wait::Reminder { question } => *question == op,
                Wait::Effect
                | Wait::Timer
                | Wait::Signal { .. }
                | Wait::Until { .. }
                | Wait::Token { .. }
                | Wait::Lock
                | Wait::Child { .. }
                | Wait::Question(_) => false,
            })
            .map(|(beside, _)| *beside)
            .collect();
        for op in beside {
            self.forget(op);
            self.settle(op);
        }
    }

    fn notify(&mut self, question: OpId, line: Option<u32>, notice: Notice) {
        let Notice { label, input, mut options } = notice;
        // Whoever answers late, or where several are asked, answers this question and no other.
        for answer in &mut options.commands {
            *answer = format!("{answer} --question {question}");
        }
        let work = Work::Effect { input, options, body: None, probe: None };
        // Whoever looks on sees whom it tells of what, and not a step of the script.
        let of = self.open.get(&question).map(|open| format!("notice of {}", open.label.name));
        self.beside(label, (line, of), Wait::Notice { question }, work);
    }

    fn set_reminder(&mut self, question: OpId, line: Option<u32>, remind_ms: Option<i64>) {
        if let Some(ms) = remind_ms {
            let due = self.now().plus_ms(ms);
            let label = label(CommandKind::Remind, "");
            self.beside(label, (line, None), Wait::Reminder { question }, Work::Timer { due, counted: true });
        }
    }

    /// Issues a command that no strand waits for.
    fn beside(
        &mut self,
        label: CommandLabel,
        (line, name): (Option<u32>, Option<String>),
        wait: Wait,
        work: Work,
    ) {
        let op = self.number();
        self.hand_out(op, label.clone(), line, name, work);
        let open = Open { label, line, owner: Owner::Nobody, wait };
        self.open.insert(op, Box::new(open));
    }

    fn say(&self, level: Level, text: String) {
        self.world.log(Said { level, text, fields: Value::Null });
    }
}
