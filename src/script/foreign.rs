//! The words of other languages for what this one calls otherwise.

/// Their words, and those that are meant.
const WORDS: &[(&[&str], &str)] = &[
    (&["push_back", "add"], "push"),
    (&["capitalize", "to_uppercase", "toUpperCase", "upcase", "upper", "uppercase"], "to_upper"),
    (&["downcase", "lower", "lowercase", "toLowerCase", "to_lowercase"], "to_lower"),
    (&["count", "length", "size"], "len"),
    (&["delete"], "remove"),
    (&["endsWith", "endswith", "end_with"], "ends_with"),
    (&["find_index", "indexOf", "position"], "index_of"),
    (&["has", "hasKey", "has_key", "include", "includes"], "contains"),
    (&["isEmpty", "empty"], "is_empty"),
    (&["parseFloat", "to_f", "float"], "parse_float"),
    (&["parseInt", "to_i", "Number", "integer"], "parse_int"),
    (&["reversed"], "reverse"),
    (&["sorted"], "sort"),
    (&["startsWith", "startswith", "start_with"], "starts_with"),
    (&["strip"], "trim"),
    (&["str", "toString", "to_str", "to_s"], "to_string"),
    (&["substr", "substring"], "sub_string"),
    (&["system", "shell", "bash", "run_command", "popen"], "sh"),
    (&["spawn_process", "execute", "subprocess"], "exec"),
    (&["println", "puts", "printf", "echo"], "print"),
    (&["delay", "pause", "setTimeout", "sleep_ms", "usleep", "wait", "wait_for"], "sleep"),
    (&["date", "datetime", "strftime", "time"], "now"),
    (&["open"], "read_file"),
    (&["slice"], "extract"),
    (&["die", "abort", "raise", "panic", "error", "throw_error"], "fail"),
    (&["fetch", "curl"], "http_get"),
    (&["getenv", "get_env"], "env"),
    (&["readFile", "read_to_string"], "read_file"),
    (&["writeFile"], "write_file"),
    (&["randint", "random_integer", "rand_int"], "random_int"),
    (&["uuid4", "uuid_v4", "new_uuid"], "uuid"),
    (&["waitForSignal", "receive", "await_signal"], "wait_signal"),
    (&["json_parse", "from_json"], "parse_json"),
];

/// Things of other languages that are no functions here, and what there is instead.
const THINGS: &[(&[&str], &str)] = &[
    (
        &["retry", "timeout", "deadline"],
        "it is an option of calls: activity(name, input, #{ retry: 3, timeout: \"30s\" })",
    ),
    (&["axios", "requests", "urllib"], "a server is asked so: http_get(url), http_post(url, #{ … })"),
    (&["console"], "print(value) writes into the run's log"),
    (
        &["os", "subprocess", "child_process"],
        "programs are called so: exec([\"ls\", \"-l\"]), or sh(\"ls | wc -l\") with a shell",
    ),
    (&["JSON", "json"], "parse_json(text) reads JSON, value.to_json() writes a map as JSON"),
    (
        &[
            "rm", "mv", "cp", "mkdir", "rmdir", "touch", "chmod", "ls", "cat", "tar", "rsync", "git", "ssh",
            "docker",
        ],
        "programs are called so: exec([\"rm\", \"-f\", path]), or sh(\"rm -f *.tmp\") with a shell",
    ),
    (&["None", "nil", "undefined", "NULL"], "nothing is written ()"),
    (&["True", "TRUE"], "it is written true"),
    (&["False", "FALSE"], "it is written false"),
    (
        &["args", "argv", "inputs", "params"],
        "what the run was started with is input: input.name for -i name=…",
    ),
];

/// What there is instead of a thing of another language.
pub(super) fn instead(word: &str) -> Option<&'static str> {
    THINGS.iter().find(|(words, _)| words.contains(&word)).map(|(_, hint)| *hint)
}

/// How a list becomes one text.
pub(super) const JOIN: &str = "A list becomes one text so: let text = \"\"; for word in list { if text != \"\" { text += \",\"; } text += word; }";

/// A list, and what it is called in messages of a run.
const LISTS: &[&str] = &["a list", "array"];
/// What numbers are called.
const NUMBERS: &[&str] = &["a whole number", "a number", "int", "float"];

/// Methods and fields that something does not have, by what it is, and how it is had.
const OF_KINDS: &[(&[&str], &[&str], &str)] = &[
    (&["text"], &["to_int"], "a whole number is read out of text by parse_int(text)"),
    (&["text"], &["to_float"], "a number is read out of text by parse_float(text)"),
    (&["text"], &["push", "concat"], "text is put together with +: text += \"more\", or `${one}${other}`"),
    (&["text"], &["format"], "text with values in it stands between backticks: `total: ${x}`"),
    (
        &["text"],
        &["map", "filter", "for_each", "reduce", "some", "all"],
        "a text is no list: text.split(\",\") makes one, and so does .lines of what a process gives",
    ),
    (&["text", "the result of a process", "process result"], &["join"], JOIN),
    (LISTS, &["join"], JOIN),
    (LISTS, &["append"], "one more item is added so: list.push(item)"),
    (
        LISTS,
        &["to_upper", "to_lower", "split", "starts_with", "ends_with", "replace", "trim"],
        "of each item: for item in list { … }, or list.map(|item| …)",
    ),
    (LISTS, &["keys", "values"], "a list has its items alone: for (item, place) in list { … }"),
    (NUMBERS, &["len", "trim", "split"], "as text: value.to_string()"),
    (
        &["the result of a process", "process result"],
        &["trim", "split", "to_upper", "to_lower", "starts_with", "ends_with", "replace", "index_of"],
        "its text is .stdout, its lines are .lines",
    ),
];

/// How that is had for which something of a kind has no method or field.
pub(super) fn of_kind(kind: &str, name: &str) -> Option<&'static str> {
    let is_it =
        |(kinds, names, _): &&(&[&str], &[&str], &str)| kinds.contains(&kind) && names.contains(&name);
    OF_KINDS.iter().find(is_it).map(|(_, _, hint)| *hint)
}

/// What closures are given.
pub(super) const CLOSURES: &str = "map, filter and the like hand over an item, and where it stands: |item| …, or |item, place| …; reduce what there is so far, and an item: |sum, item| …; sort two items";

/// How parts of texts and lists are had.
pub(super) const PART: &str = "a part of a text is text.sub_string(0, 2), one of a list is list.extract(0, 2): where it begins, and how many";

/// Options as other tools call them, and what each is called here, the first that the call has.
const OPTIONS: &[(&[&str], &[&str])] = &[
    (&["attempts", "max_attempts", "max_retries", "max_tries", "retries", "tries"], &["retry", "attempts"]),
    (&["backoff", "backoff_factor", "multiplier"], &["factor"]),
    (&["delay", "initial_interval", "interval", "wait"], &["first", "every"]),
    (&["max_delay", "max_interval"], &["max"]),
    (&["dir", "directory", "workdir", "working_dir"], &["cwd"]),
    (&["environment", "envs", "vars"], &["env"]),
    (&["input"], &["stdin"]),
    (&["data", "payload"], &["json", "body"]),
    (&["expires", "time_limit", "ttl"], &["timeout"]),
    (&["default", "fallback", "on_timeout"], &["otherwise"]),
    (&["concurrency", "limit", "max_parallel", "workers"], &["max", "max_concurrent"]),
    (&["compensate", "on_rollback", "rollback"], &["undo"]),
    (&["idempotency_key", "unique"], &["key", "once"]),
    (&["options"], &["choices"]),
];

/// The option of a call that is meant by what another tool calls so.
pub(super) fn option<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let (_, names) = OPTIONS.iter().find(|(words, _)| words.contains(&word))?;
    names.iter().find_map(|name| known.iter().find(|known| *known == name)).copied()
}

/// What is meant by a word of another language.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, meant)| *meant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Interpreter;
    use std::collections::BTreeSet;

    #[test]
    fn an_option_is_that_of_the_call() {
        use super::super::calls::{OF_ALL, OF_HTTP, OF_PROCESS};
        let of_retry = ["first", "factor", "max", "attempts"];
        assert_eq!(option("retries", OF_ALL), Some("retry"));
        assert_eq!(option("max_attempts", &of_retry), Some("attempts"));
        assert_eq!((option("workdir", OF_PROCESS), option("workdir", OF_ALL)), (Some("cwd"), None));
        assert_eq!((option("delay", &of_retry), option("delay", &["every"])), (Some("first"), Some("every")));
        assert_eq!((option("data", OF_HTTP), option("timeout", OF_ALL)), (Some("json"), None));
    }

    #[test]
    fn what_is_meant_is_there_and_the_foreign_word_is_not() {
        let all: BTreeSet<String> = Interpreter::new()
            .engine()
            .gen_fn_signatures(true)
            .iter()
            .filter_map(|signature| signature.split('(').next().map(str::to_owned))
            .chain(super::super::calls::names().map(|name| (*name).to_owned()))
            .collect();
        for (words, meant) in WORDS {
            assert!(all.contains(*meant), "{meant}");
            for word in *words {
                assert!(!all.contains(*word), "{word} is a word of the language");
            }
        }
        assert_eq!((meant("upcase"), meant("trim")), (Some("to_upper"), None));
    }
}
