//! Where the value of a secret is: a file, a variable of the executing process, a credential of systemd.

use crate::config::{Config, SecretSource};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// The environment of the executing process: the value of a variable, by name.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The largest secret, in bytes.
const LARGEST: usize = 64 * 1024;
/// Names the directory with systemd's credentials.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Why a secret cannot be put in its place. No message has the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not where it was looked for.
    #[error("the secret {name} is missing: {why}")]
    Missing {
        /// Its name.
        name: String,
        /// Where it was looked for, and what to do.
        why: String,
    },
    /// An argument of a process is no place for it.
    #[error("the secret {name} in an argument would be visible in `ps`; use env or stdin")]
    InArguments {
        /// Its name.
        name: String,
    },
}

/// The value of a secret. Blocks for as long as its file needs.
pub(super) fn find(name: &str, config: &Config, variables: &Variables) -> Result<String, SecretError> {
    let missing = |why: String| SecretError::Missing { name: name.to_owned(), why };
    let value = match config.secrets.get(name) {
        None => variables(name).ok_or_else(|| missing(nowhere(name, config)))?,
        Some(SecretSource::Variable(variable)) => variables(variable).ok_or_else(|| {
            missing(format!(
                "the executing process has no environment variable {variable}{}",
                said_by(config)
            ))
        })?,
        Some(SecretSource::File(path)) => {
            read(path).map_err(|why| missing(format!("{why}{}", said_by(config))))?
        }
        Some(SecretSource::Systemd(credential)) => {
            let directory = variables(CREDENTIALS).ok_or_else(|| {
                missing(format!(
                    "it is a credential of systemd, and ${CREDENTIALS} is not set{}; \
                     LoadCredential= in the unit of durun gives one",
                    said_by(config)
                ))
            })?;
            read(&Path::new(&directory).join(credential))
                .map_err(|why| missing(format!("{why}{}", said_by(config))))?
        }
    };
    if value.is_empty() {
        return Err(missing("it is empty".to_owned()));
    }
    Ok(value)
}

fn nowhere(name: &str, config: &Config) -> String {
    let file = config.file.as_ref().map_or("durun.toml".to_owned(), |file| file.display().to_string());
    format!(
        "the executing process has no environment variable {name}, and no [secrets] of {file} says where it is"
    )
}

fn said_by(config: &Config) -> String {
    config.file.as_ref().map(|file| format!(" ([secrets] of {})", file.display())).unwrap_or_default()
}

/// The content of a file without one line's end at its end.
fn read(path: &Path) -> Result<String, String> {
    let no = |why: String| format!("{}: {why}", path.display());
    let file = std::fs::File::open(path).map_err(|error| no(error.to_string()))?;
    if !file.metadata().is_ok_and(|file| file.is_file()) {
        return Err(no("it is no file".to_owned()));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| no(error.to_string()))?;
    if bytes.len() > LARGEST {
        return Err(no(format!("it is longer than {LARGEST} bytes")));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| no("it is no UTF-8 text".to_owned()))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn found(source: Option<SecretSource>, variables: &[(&str, &str)]) -> Result<String, String> {
        let known: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let variables: Variables = Arc::new(move |name| {
            known.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        });
        let mut config = Config { file: Some(PathBuf::from("/p/durun.toml")), ..Config::default() };
        config.secrets.extend(source.map(|source| ("KEY".to_owned(), source)));
        find("KEY", &config, &variables).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_where_the_configuration_says_else_the_variable_of_its_name() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("key");
        std::fs::write(&path, "of a file\r\n").expect("written");
        let directory = folder.path().display().to_string();
        let credentials = [("CREDENTIALS_DIRECTORY", directory.as_str()), ("KEY", "no")];
        assert_eq!(found(None, &[("KEY", "a")]), Ok("a".to_owned()));
        let other = SecretSource::Variable("OTHER".to_owned());
        assert_eq!(found(Some(other), &[("KEY", "a"), ("OTHER", "b")]), Ok("b".to_owned()));
        assert_eq!(found(Some(SecretSource::File(path)), &[]), Ok("of a file".to_owned()));
        let systemd = || Some(SecretSource::Systemd("key".to_owned()));
        assert_eq!(found(systemd(), &credentials), Ok("of a file".to_owned()));
        for (message, words) in [
            (found(None, &[]), "no environment variable KEY, and no [secrets] of /p/durun.toml"),
            (found(None, &[("KEY", "")]), "it is empty"),
            (found(systemd(), &[]), "$CREDENTIALS_DIRECTORY is not set"),
            (found(Some(SecretSource::File("/no/such".into())), &[]), "/no/such: No such file"),
            (found(Some(SecretSource::File("/".into())), &[]), "it is no file"),
            (found(Some(SecretSource::Variable("OTHER".to_owned())), &[]), "variable OTHER ([secrets] of"),
        ] {
            let message = message.expect_err("refused");
            assert!(
                message.starts_with("the secret KEY is missing: ") && message.contains(words),
                "{message}"
            );
        }
    }
}
