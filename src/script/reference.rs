//! The reference of host functions as the program reads it: for each function the names of its parameters, and its first sentences.

use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../docs/reference/host-functions.md");

/// What the page says of the functions, by name.
pub(super) struct Described(BTreeMap<String, Function>);

#[derive(Default)]
struct Function {
    forms: Vec<Vec<Param>>,
    about: String,
}

#[derive(Clone)]
struct Param {
    name: String,
    optional: bool,
}

/// How a host function is written, in each of its forms: `sleep(duration)`.
pub(super) fn headings(name: &str) -> Vec<String> {
    let headings = PAGE.lines().filter_map(|line| line.strip_prefix("### "));
    let forms = headings.flat_map(|heading| heading.split('`').skip(1).step_by(2));
    let is_its = |form: &&str| {
        let before = form.split_once('(').map_or("", |(before, _)| before);
        before.rsplit('.').next() == Some(name)
    };
    forms.filter(is_its).map(str::to_owned).collect()
}

impl Described {
    /// Reads the page.
    pub(super) fn read() -> Self {
        Self::of(PAGE)
    }

    fn of(page: &str) -> Self {
        let mut all: BTreeMap<String, Function> = BTreeMap::new();
        let mut current: Vec<String> = Vec::new();
        for line in page.lines() {
            if let Some(heading) = line.strip_prefix("### ") {
                current.clear();
                for code in heading.split('`').skip(1).step_by(2) {
                    let Some((name, form)) = form(code) else { continue };
                    let function = all.entry(name.clone()).or_default();
                    // `handle.join()` says more than `join()`.
                    if code.contains('.')
                        && code.split_once('(').is_some_and(|(before, _)| before.contains('.'))
                    {
                        function.forms.clear();
                    }
                    function.forms.push(form);
                    if !current.contains(&name) {
                        current.push(name);
                    }
                }
            } else if line.starts_with('#') {
                current.clear();
            } else if !current.is_empty() {
                let ends = line.trim().is_empty();
                for name in &current {
                    if let Some(function) = all.get_mut(name)
                        && !ends
                    {
                        function.about.push_str(line.trim());
                        function.about.push('\n');
                    }
                }
                let said = current.iter().any(|name| all.get(name).is_some_and(|it| !it.about.is_empty()));
                if ends && said {
                    current.clear();
                }
            }
        }
        Self(all)
    }

    /// The first paragraph about a function.
    pub(super) fn about(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |function| function.about.as_str())
    }

    /// How many arguments it takes.
    #[cfg(test)]
    pub(super) fn counts(&self, name: &str) -> BTreeSet<usize> {
        let forms = self.0.get(name).into_iter().flat_map(|function| &function.forms);
        forms
            .flat_map(|form| {
                let least = form.iter().filter(|param| !param.optional).count();
                least..=form.len()
            })
            .collect()
    }

    /// The parameters with the names that the page gives them.
    pub(super) fn named(&self, name: &str, mut params: Vec<(String, String)>) -> Vec<(String, String)> {
        let count = params.len();
        let fits = |form: &&Vec<Param>| {
            form.iter().filter(|param| !param.optional).count() <= count && count <= form.len()
        };
        let form = self.0.get(name).and_then(|function| function.forms.iter().find(fits));
        let mut names: Vec<Param> = form.cloned().unwrap_or_default();
        while names.len() > count
            && let Some(place) = names.iter().rposition(|param| param.optional)
        {
            names.remove(place);
        }
        let mut taken = BTreeSet::new();
        for (place, (name, of)) in params.iter_mut().enumerate() {
            let said = names.get(place).map_or("argument", |param| param.name.as_str());
            // A closure may follow options, or come before them.
            let said = if of == "FnPtr" { "closure" } else { said };
            let said = if of == "Map" && ["closure", "arguments"].contains(&said) { "options" } else { said };
            *name = if taken.insert(said.to_owned()) { said.to_owned() } else { format!("{said}_{place}") };
        }
        params
    }
}

/// A form of a call: `name(parameters)`, with `value.` before it where it is called on a value.
fn form(code: &str) -> Option<(String, Vec<Param>)> {
    let (before, rest) = code.split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    let (target, name) = match before.split_once('.') {
        Some((target, name)) => (Some(target), name),
        None => (None, before),
    };
    if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return None;
    }
    let target = target.map(|target| Param { name: target.to_owned(), optional: false });
    Some((
        name.to_owned(),
        target.into_iter().chain(pieces(inside).iter().map(|piece| param(piece))).collect(),
    ))
}

/// What stands between the commas that are in no bracket and in no closure's list.
fn pieces(inside: &str) -> Vec<String> {
    let (mut pieces, mut depth, mut bars) = (vec![String::new()], 0_i32, false);
    for letter in inside.chars() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '|' => bars = !bars,
            _ => {}
        }
        match pieces.last_mut() {
            Some(_) if letter == ',' && depth == 0 && !bars => pieces.push(String::new()),
            Some(piece) => piece.push(letter),
            None => {}
        }
    }
    pieces.iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

fn param(piece: &str) -> Param {
    let optional =
        piece.contains(" = ") || piece.contains('?') || piece.contains(" or ") && !piece.starts_with("#{");
    let name = if piece.starts_with('|') {
        "closure".to_owned()
    } else if piece.starts_with("#{") {
        "options".to_owned()
    } else if let Some(listed) = piece.strip_prefix('[') {
        let first = listed.split([',', ']']).next().unwrap_or("item");
        if first == "program" { "command".to_owned() } else { format!("{first}s") }
    } else {
        piece
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .next()
            .unwrap_or("_")
            .to_owned()
    };
    Param { name, optional }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_a_list_of_parameters() {
        let page = "### `f(a, b = (), |x, y| …, c?)`, `f(#{one, two})`\n\nWhat it does.\nMore.\n\nNot this.\n\
                    ### `join()`: `handle.join()`\n\nWaits.\n";
        let described = Described::of(page);
        assert_eq!(described.about("f"), "What it does.\nMore.\n");
        assert_eq!(described.counts("f"), BTreeSet::from([1, 2, 3, 4]));
        assert_eq!(described.counts("join"), BTreeSet::from([1]));
        let of = |types: &[&str]| {
            let params = types.iter().map(|of| (String::new(), (*of).to_owned())).collect();
            described.named("f", params).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of(&["?", "FnPtr"]), "a closure");
        assert_eq!(of(&["?", "?", "FnPtr"]), "a b closure");
        assert_eq!(of(&["?", "?", "FnPtr", "?"]), "a b closure c");
    }
}
