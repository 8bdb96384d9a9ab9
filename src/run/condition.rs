//! Conditions: the predicates of `wait_until`, tested whenever all strands are blocked.

use super::run::{Broken, Run, Wait};
use crate::history::{Failure, OpId, Stuck, Value, kind};
use crate::script::{Meter, Mode, Reply, Rest, Thrown};
use std::rc::Rc;

/// How often the predicates of one stretch may wake a strand.
const MOST_ROUNDS: u32 = 10_000;
/// The operations that a predicate or query may take.
pub(super) const READ_OPERATIONS: u64 = 1_000_000;

impl Run {
    /// Tests the waiting predicates in order of op. The first true one, or one that throws, wakes its strand; where none does,
    /// the first whose time-out has come. False where nothing was woken.
    pub(super) fn test_conditions(&mut self) -> Result<bool, Broken> {
        let mut woken: Option<(OpId, Reply)> = None;
        let waiting = || self.conditions.iter().filter_map(|op| self.open.get_key_value(op));
        for (op, open) in waiting() {
            match self.test(&open.wait) {
                Ok(false) => {}
                Ok(true) => woken = Some((*op, Ok(Value::Bool(true)))),
                Err(failure) => woken = Some((*op, Err(failure))),
            }
            if woken.is_some() {
                break;
            }
        }
        let woken = woken.or_else(|| {
            let late = |wait: &Wait| matches!(wait, Wait::Until { timed_out: true, .. });
            waiting().find(|(_, open)| late(&open.wait)).map(|(op, _)| (*op, Ok(Value::Bool(false))))
        });
        let Some((op, reply)) = woken else { return Ok(false) };
        self.rounds += 1;
        if self.rounds > MOST_ROUNDS {
            return Err(self.too_many_rounds(op).into());
        }
        self.close(op, reply);
        Ok(true)
    }

    /// Whether a condition is true now. What is no condition, or has a held capture, is not.
    pub(super) fn test(&self, wait: &Wait) -> Result<bool, Failure> {
        let predicate = match wait {
            Wait::Until { predicate, .. } if !predicate.is_held() => predicate,
            Wait::Until { .. }
            | Wait::Effect
            | Wait::Timer
            | Wait::Signal { .. }
            | Wait::Token { .. }
            | Wait::Lock
            | Wait::Child { .. }
            | Wait::Question(_)
            | Wait::Notice { .. }
            | Wait::Reminder { .. } => return Ok(false),
        };
        match self.read(predicate, None) {
            Ok(Value::Bool(flag)) => Ok(flag),
            Ok(other) => {
                let message = format!("the predicate of wait_until gave {other}, not true or false");
                Err(Failure { line: predicate.line(), ..Failure::new(kind::FAULT, message) })
            }
            Err(Thrown::Failure(failure)) => Err(failure),
            Err(Thrown::Fault(stuck)) => {
                Err(Failure { line: stuck.line, ..Failure::new(kind::FAULT, stuck.message) })
            }
        }
    }

    /// Runs a closure that only looks.
    pub(super) fn read(
        &self,
        closure: &crate::script::Closure,
        argument: Option<&Value>,
    ) -> Result<Value, Thrown> {
        let fault = |message: &str| Thrown::Failure(Failure::new(kind::FAULT, message));
        let host: Rc<super::world::World> = Rc::clone(&self.world);
        let meter = Meter::new(READ_OPERATIONS);
        let mut strand = self
            .interpreter
            .call(&self.script, host, meter, Mode::ReadOnly, closure, argument)
            .map_err(|message| fault(&message))?;
        loop {
            match strand.resume(Ok(Value::Null)) {
                Rest::Sliced => {}
                Rest::Ended(result) => return result,
                Rest::Asked(_) => return Err(fault("a predicate or query may only look")),
                Rest::OverLimit(limit) => {
                    return Err(fault(&format!("a predicate or query is over a limit: {limit}")));
                }
            }
        }
    }

    fn too_many_rounds(&self, op: OpId) -> Box<Stuck> {
        let line = self.open.get(&op).and_then(|open| open.line);
        Box::new(Stuck {
            kind: kind::FAULT.to_owned(),
            message: format!("wait_until came true {MOST_ROUNDS} times without anything happening outside"),
            file: Some(self.script.source().path.clone()),
            line,
            column: None,
            calls: Vec::new(),
            hint: Some("the script waits in a loop for something that is already true".to_owned()),
        })
    }
}
