//! The secrets of one job: looked up once, put where their placeholders stand, masked in what comes back.

use super::finding::{SecretError, Variables, find};
use super::mask::{Mask, json_text};
use crate::config::{Call, Config, Setting};
use crate::history::{Placeholder, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// How a text is written that secrets are put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// As JSON: a value gets the escapes that JSON wants.
    Json,
}

/// What one job knows of secrets. They are looked up when the first is wanted; that blocks for as long as their files need.
pub struct Secrets {
    run_secret: [u8; 16],
    config: Arc<Config>,
    variables: Variables,
    names: BTreeSet<String>,
    found: OnceLock<Found>,
}

struct Found {
    values: BTreeMap<String, Result<String, SecretError>>,
    mask: Arc<Mask>,
}

impl Secrets {
    /// Those of a run: `names` are the ones that its script has asked for.
    pub fn new(
        run_secret: [u8; 16],
        config: Arc<Config>,
        variables: Variables,
        mut names: BTreeSet<String>,
    ) -> Self {
        names.extend(config.secrets.keys().cloned());
        for activity in config.activities.values() {
            let headers = match &activity.call {
                Some(Call::Url { headers, .. }) => Some(headers),
                Some(Call::Program { .. }) | None => None,
            };
            for setting in activity.env.values().chain(headers.into_iter().flat_map(BTreeMap::values)) {
                match setting {
                    Setting::Secret { name, .. } => drop(names.insert(name.clone())),
                    Setting::Text(_) => {}
                }
            }
        }
        Self { run_secret, config, variables, names, found: OnceLock::new() }
    }

    /// Also those whose placeholders stand in a value.
    #[must_use]
    pub fn with_those_in(mut self, value: &Value) -> Self {
        let mut texts = vec![value];
        while let Some(value) = texts.pop() {
            match value {
                Value::Text(text) => {
                    let all = Placeholder::all_in(text, self.run_secret);
                    self.names.extend(all.into_iter().map(|found| found.name));
                }
                Value::List(items) => texts.extend(items),
                Value::Map(fields) => texts.extend(fields.values()),
                Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Bytes(_) => {}
            }
        }
        self
    }

    /// There are none.
    pub fn none() -> Self {
        Self::new([0; 16], Arc::default(), Arc::new(|_| None), BTreeSet::new())
    }

    /// Looks them up, where that has not been done. Blocks for as long as their files need.
    pub fn look_up(&self) {
        self.found();
    }

    fn found(&self) -> &Found {
        self.found.get_or_init(|| {
            let look = |name: &String| (name.clone(), find(name, &self.config, &self.variables));
            let values: BTreeMap<String, Result<String, SecretError>> = self.names.iter().map(look).collect();
            let known =
                values.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref().ok()?)));
            let mask = Arc::new(Mask::of(known));
            Found { values, mask }
        })
    }

    /// The mask of those that were found.
    pub fn mask(&self) -> Arc<Mask> {
        Arc::clone(&self.found().mask)
    }

    /// The text with its secrets in place.
    ///
    /// # Errors
    /// [`SecretError::Missing`] where one is nowhere.
    pub fn reveal(&self, text: &str, form: Form) -> Result<String, SecretError> {
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for Placeholder { place, name } in Placeholder::all_in(text, self.run_secret) {
            out.push_str(text.get(end..place.start).unwrap_or_default());
            end = place.end;
            let found = self.found().values.get(&name).cloned();
            let value = found.unwrap_or_else(|| find(&name, &self.config, &self.variables))?;
            match form {
                Form::Plain => out.push_str(&value),
                Form::Json => out.push_str(&json_text(&value)),
            }
        }
        out.push_str(text.get(end..).unwrap_or_default());
        Ok(out)
    }

    /// The value with its secrets in place, in all its texts.
    ///
    /// # Errors
    /// [`SecretError::Missing`] where one is nowhere.
    pub fn reveal_in(&self, value: &Value) -> Result<Value, SecretError> {
        Ok(match value {
            Value::Text(text) => Value::Text(self.reveal(text, Form::Plain)?),
            Value::List(items) => {
                Value::List(items.iter().map(|item| self.reveal_in(item)).collect::<Result<_, _>>()?)
            }
            Value::Map(fields) => {
                let revealed = fields.iter().map(|(name, field)| Ok((name.clone(), self.reveal_in(field)?)));
                Value::Map(revealed.collect::<Result<_, SecretError>>()?)
            }
            plain @ (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Bytes(_)) => {
                plain.clone()
            }
        })
    }

    /// Refuses a text in which a secret would stand where others can read it.
    ///
    /// # Errors
    /// [`SecretError::InArguments`].
    pub fn refuse_in(&self, text: &str) -> Result<(), SecretError> {
        match Placeholder::all_in(text, self.run_secret).into_iter().next() {
            Some(Placeholder { name, .. }) => Err(SecretError::InArguments { name }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let variables: Variables = Arc::new(|name| (name == "KEY").then(|| "p\"w\nx".to_owned()));
        Secrets::new([7; 16], Arc::default(), variables, BTreeSet::new())
    }

    #[test]
    fn a_placeholder_of_the_run_is_replaced_and_a_forged_one_is_text() {
        let (mine, forged) = (Placeholder::text([7; 16], "KEY"), Placeholder::text([8; 16], "KEY"));
        let secrets = secrets();
        let revealed = secrets.reveal(&format!("a{mine}{forged}b{mine}"), Form::Plain);
        assert_eq!(revealed, Ok(format!("ap\"w\nx{forged}bp\"w\nx")));
        let json = Value::from([("key", Value::Text(format!("<{mine}>")))]).to_string();
        let json = secrets.reveal(&json, Form::Json).expect("revealed");
        assert_eq!(Value::from_json_text(&json).ok(), Some(Value::from([("key", "<p\"w\nx>".into())])));
        assert!(secrets.refuse_in(&format!("--key={mine}")).is_err());
        assert_eq!(secrets.refuse_in(&forged), Ok(()));
        let missing = secrets.reveal(&Placeholder::text([7; 16], "NO"), Form::Plain);
        assert!(missing.is_err_and(|error| error.to_string().contains("NO")));
    }

    #[test]
    fn those_in_an_input_are_masked_in_what_comes_back() {
        let input = Value::from([("env", Value::List(vec![Placeholder::text([7; 16], "KEY").into()]))]);
        assert_eq!(secrets().mask().text("p\"w\nx".to_owned()), "p\"w\nx");
        let secrets = secrets().with_those_in(&input);
        assert_eq!(secrets.mask().text("p\"w\nx".to_owned()), "⟦secret:KEY⟧");
    }
}
