//! Each command and option that a page mentions exists.

use super::{pages, root};
use crate::harness::Home;
use std::collections::BTreeMap;

/// The pieces of a page that are set as code: lines of blocks, and what stands between backticks.
fn codes(text: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut is_inside = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_inside = !is_inside;
        } else if is_inside {
            // What a script says is not said to a shell.
            let code = line.split(" #").next().unwrap_or_default();
            all.push((index + 1, code.to_owned()));
        } else {
            all.extend(line.split('`').skip(1).step_by(2).map(|code| (index + 1, code.to_owned())));
        }
    }
    all
}

/// The words of each call of durun in a piece of code, up to what ends a command of a shell.
fn calls(code: &str) -> Vec<Vec<String>> {
    let ends = |word: &&str| ["&&", "||", "|", ";", "--"].contains(word) || word.starts_with(['>', '#', '<']);
    let words: Vec<&str> = code.split_whitespace().collect();
    let places = words.iter().enumerate().filter(|(_, word)| **word == "durun").map(|(place, _)| place + 1);
    places
        .map(|place| {
            words.iter().skip(place).take_while(|word| !ends(word)).map(|word| clean(word)).collect()
        })
        .collect()
}

fn clean(word: &str) -> String {
    word.trim_matches(|letter| "[]();,.'\"".contains(letter)).to_owned()
}

/// What the help of a command, or of one of its own, says.
fn help(home: &Home, known: &mut BTreeMap<String, String>, words: &[&str]) -> String {
    known
        .entry(words.join(" "))
        .or_insert_with(|| {
            let all: Vec<&str> = words.iter().copied().chain(["--help"]).collect();
            home.durun(&all).stdout()
        })
        .clone()
}

fn has_word(help: &str, wanted: &str) -> bool {
    help.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')).any(|word| word == wanted)
}

#[test]
fn each_command_and_option_that_a_page_mentions_exists() {
    let home = Home::new();
    let mut known = BTreeMap::new();
    let general = help(&home, &mut known, &[]);
    let is_command = |word: &str| {
        general.lines().any(|line| line.starts_with("  ") && line.split_whitespace().next() == Some(word))
    };
    let (mut wrong, mut looked) = (Vec::new(), 0);
    // The reference of the command line is made from what help says.
    for page in pages().iter().filter(|page| !page.ends_with("reference/cli.md")) {
        let text = std::fs::read_to_string(root().join(page)).expect("a page");
        for (line, words) in codes(&text)
            .iter()
            .flat_map(|(line, code)| calls(code).into_iter().map(move |words| (*line, words)))
        {
            let Some(first) =
                words.first().filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase()))
            else {
                continue;
            };
            if !is_command(first) {
                wrong.push(format!("{page}:{line}: there is no durun {first}"));
                continue;
            }
            looked += 1;
            let mut said = help(&home, &mut known, &[first.as_str()]);
            if let Some(second) = words.get(1).filter(|word| {
                said.contains("Commands:") && word.chars().all(|letter| letter.is_ascii_lowercase())
            }) {
                if !has_word(&said, second) {
                    wrong.push(format!("{page}:{line}: durun {first} has no {second}"));
                    continue;
                }
                said += &help(&home, &mut known, &[first.as_str(), second.as_str()]);
            }
            for option in words.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                let option = option.split(['=', '|', '/']).next().unwrap_or_default();
                if !has_word(&said, option) && !has_word(&general, option) {
                    wrong.push(format!("{page}:{line}: durun {first} has no {option}"));
                }
            }
        }
    }
    assert!(looked > 100, "only {looked} mentions: does the reading still work?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn calls_are_found_in_code() {
    let text = "a `durun list --all` b\n```console\n$ cd x && durun status r -o json | cat\n```\n";
    let words: Vec<_> = codes(text).iter().flat_map(|(_, code)| calls(code)).collect();
    assert_eq!(words, [vec!["list", "--all"], vec!["status", "r", "-o", "json"]]);
}
