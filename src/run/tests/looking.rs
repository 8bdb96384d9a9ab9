//! Ruling 16: what looks cannot write, and leaves all as it was.

use super::story::Story;
use super::texts;
use crate::history::Value;

#[test]
fn ruling_16_a_write_to_captures_is_an_error_and_changes_nothing() {
    for write in [
        "n = 5",
        "n += 1",
        "list.push(1)",
        "list[0] = 7",
        "list += 1",
        "list.clear()",
        "map.a = 7",
        "map.z = 7",
        "map.inner.b = 7",
        "map.inner.list.push(1)",
        "map.remove(\"a\")",
        "text += \"x\"",
        "n.bump()",
        "list.for_each(|x| n += x)",
        "change.call()",
        "{ let f = change; f.call() }",
        "fs[0].call()",
    ] {
        let text = format!(
            r#"
            fn bump() {{ this += 1; }}
            let n = 1;
            let list = [3];
            let map = #{{ a: 1, inner: #{{ b: 2, list: [1] }} }};
            let text = "t";
            let change = || n += 1;
            let fs = [change];
            let said = "no error";
            try {{ wait_until(|| {{ [n, list, map, text, change, fs]; {write}; true }}); }} catch (e) {{ said = "error"; }}
            [said, `${{n}} ${{list}} ${{map}} ${{text}}`]
            "#
        );
        let mut story = Story::of(&text);
        story.begin();
        let unchanged = "1 [3] #{\"a\": 1, \"inner\": #{\"b\": 2, \"list\": [1]}} t";
        assert_eq!(*story.result(), texts(&["error", unchanged]), "{write}");
    }
}

#[test]
fn ruling_16_a_captured_function_writes_nothing_either() {
    for write in ["change.call(); true", "fs[0].call(); true", "map.f.call(); true", "curried.call(2); true"]
    {
        let text = format!(
            r"
            let n = 1;
            let change = || n += 1;
            let curried = |by| n += by;
            let fs = [change];
            let map = #{{ f: change }};
            try {{ wait_until(|| {{ {write} }}); }} catch (e) {{ }}
            n
            "
        );
        let mut story = Story::of(&text);
        story.begin();
        assert_eq!(*story.result(), Value::Int(1), "{write}");
    }
}

#[test]
fn ruling_16_what_a_predicate_has_read_can_be_written_as_before() {
    let mut story = Story::of(
        r#"
        fn bump() { this += 1; }
        let n = 1; let list = [3, [4], #{ c: 5 }]; let map = #{ a: 1, inner: #{ b: 2, list: [1] } }; let text = "t";
        let change = || n += 1;
        on_query("all", || [n, list, map, text, change]);
        wait_until(|| [n, list, map, text, change].len() == 5);
        n += 1; n.bump(); change.call();
        list.push(1); list[0] = 7; list[1][0] = 8; list[1].push(9); list[2].c = 10; list[2].d = 11;
        map.a = 7; map.inner.b = 8; map.inner.list[0] = 9; map.inner.list.push(1); map.z = 1;
        text += "x";
        let copy = list; copy[1].push(0);
        `${n} ${list} ${map} ${text}`
        "#,
    );
    story.begin();
    let expected =
        r#"4 [7, [8, 9], #{"c": 10, "d": 11}, 1] #{"a": 7, "inner": #{"b": 8, "list": [9, 1]}, "z": 1} tx"#;
    assert_eq!(*story.result(), Value::from(expected));
}

#[test]
fn ruling_16_a_predicate_may_change_what_is_its_own() {
    for predicate in [
        "let copy = list; copy.push(3); copy[0] = 4; let sum = 0; for x in copy { sum += x; } sum == 9",
        "let sum = 0; list.map(|x| sum += x); sum == 3",
        "begun <= now() && begun.format(\"%Y\").len() == 4 && now() - begun == 0 && begun + \"1h\" > begun",
        "let sum = 0; for x in list.map(|x| x * 2).filter(|x| x > 2) { sum += x; } sum == 4",
        "list.all(|x| x > 0) && list.some(|x| x > 1) && list.contains(2) && list.len() == 2 && list[0] == 1",
        "list.find(|x| x == 2) == 2 && list.reduce(|sum, x| sum + x, 0) == 3 && list.index_of(2) == 1",
        "map.a == 1 && map.keys().len() == 2 && map.values().len() == 2 && \"a\" in map && map.inner.b == 2",
        "let inner = map.inner; inner.b = 3; inner.b + map.inner.b == 5",
        "text.len() == 1 && text.to_upper() == \"T\" && text.contains(\"t\") && text + \"x\" == \"tx\"",
        "twice.call(2) == 4 && `${begun} ${list} ${map}` != \"\" && begun.unix_ms > 0 && begun.in_zone(\"UTC\") == begun",
        "let own = list; own.bump(); own.len() == 3 && double(2) == 4",
    ] {
        let mut story = Story::of(&format!(
            r#"
            fn bump() {{ this.push(1); }}
            fn double(x) {{ let y = x; y += x; y }}
            let list = [1, 2]; let map = #{{ a: 1, inner: #{{ b: 2 }} }}; let text = "t"; let twice = |x| x * 2;
            let begun = now();
            wait_until(|| {{ {predicate} }}, 1)
            "#
        ));
        story.begin();
        assert!(story.end().is_some(), "{predicate}");
        assert_eq!(*story.result(), Value::Bool(true), "{predicate}");
    }
}
