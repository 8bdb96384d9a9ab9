//! Bodies of steps: what a direct call of theirs came to.

use super::*;

#[test]
fn what_a_call_failed_with_for_good_is_not_tried_again_where_the_body_hands_it_on() {
    for (body, tries) in [
        ("exec([\"nope\"])", 1),
        ("try { exec([\"nope\"]) } catch (e) { throw e; }", 1),
        ("try { exec([\"nope\"]) } catch { throw \"something else\"; }", 3),
    ] {
        let world =
            World::new(|_| Some(Err(Failed::for_good(Failure::new("exec", "there is no program nope")))));
        let options = "#{ retry: #{ first: \"1s\", jitter: 0, attempts: 3 } }";
        let run = world.start("r", &format!("step(\"s\", {options}, || {{ {body} }})"));
        let (mut worker, inputs) = world.worker(&[run]);
        let finished = world.drive(&mut worker, &inputs, 100);
        assert!(
            matches!(finished[..], [(_, Finished::Ended(RunEnd::Failed { .. }))]),
            "{body}: {finished:?}"
        );
        assert_eq!(world.jobs().len(), tries, "{body}");
    }
}
