//! A stage on which nothing is played: for tests that are only looked through.

use super::stage::{Cast, Plan, Played, Say, Stage, Trouble};
use crate::history::{Moment, Value};
use std::rc::Rc;

/// See the file.
pub(super) struct Empty;

fn nothing<T>() -> Result<T, Trouble> {
    Err(Trouble::new("D1403", "nothing is played here"))
}

impl Stage for Empty {
    fn now(&self) -> Moment {
        Moment(0)
    }

    fn pass(&self, _ms: i64) {}

    fn begin(&self, _plan: &Plan) -> Result<usize, Trouble> {
        nothing()
    }

    fn play(&self, _run: usize, _until: Option<Moment>, _cast: Rc<dyn Cast>) -> Result<(), Trouble> {
        nothing()
    }

    fn say(&self, _run: usize, _say: &Say) -> Result<(), Trouble> {
        nothing()
    }

    fn query(&self, _run: usize, _name: &str, _args: &Value) -> Result<Value, Trouble> {
        nothing()
    }

    fn writes(&self, _run: usize, _word: &str) -> bool {
        false
    }

    fn look(&self, _run: usize) -> Result<Played, Trouble> {
        nothing()
    }
}
