//! The shelf: the compiled programs that the runs of this thread were of lately. Who starts one script often, compiles it once.

use crate::history::Program;
use crate::script::Script;
use std::cell::RefCell;
use std::rc::Rc;

/// So many programs are kept; those of live runs live on without it.
const KEPT: usize = 32;

thread_local! {
    /// The one that was used last comes last.
    static SHELF: RefCell<Vec<(Program, Rc<Script>)>> = const { RefCell::new(Vec::new()) };
}

/// The program as it was compiled before, or as it is compiled now.
///
/// # Errors
/// Those of compiling.
pub(super) fn compiled<E>(
    program: &Program,
    compile: impl FnOnce() -> Result<Rc<Script>, E>,
) -> Result<Rc<Script>, E> {
    let known = SHELF.with_borrow_mut(|shelf| {
        let place = shelf.iter().rposition(|(known, _)| known == program)?;
        shelf.get_mut(place..)?.rotate_left(1);
        shelf.last().map(|(_, script)| Rc::clone(script))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let script = compile()?;
    SHELF.with_borrow_mut(|shelf| {
        if shelf.len() >= KEPT {
            shelf.remove(0);
        }
        shelf.push((program.clone(), Rc::clone(&script)));
    });
    Ok(script)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::ScriptHash;
    use crate::script::{Interpreter, Source};
    use std::collections::BTreeMap;

    fn program(text: &str) -> Program {
        Program { path: "/a.rhai".to_owned(), main: ScriptHash::of(text), modules: BTreeMap::new() }
    }

    /// Whether it had to be compiled.
    fn is_new(text: &str) -> bool {
        let mut is_new = false;
        let script = compiled(&program(text), || {
            is_new = true;
            let (path, main) = ("/a.rhai".to_owned(), text.to_owned());
            Script::compile(&Interpreter::new(), Source { path, main, modules: BTreeMap::new() })
        });
        assert_eq!(script.expect("compiles").source().main, text);
        is_new
    }

    #[test]
    fn what_was_used_lately_is_compiled_once_and_the_rest_again() {
        assert!(is_new("0") && !is_new("0"));
        for number in 1..KEPT {
            assert!(is_new(&number.to_string()));
        }
        assert!(!is_new("0"), "as many as there is place for");
        assert!(is_new("1 + 1"));
        assert!(!is_new("0") && is_new("1"), "who was used longest ago has left");
        let failed: Result<_, ()> = compiled(&program("broken"), || Err(()));
        assert!(failed.is_err() && is_new("broken"));
    }
}
