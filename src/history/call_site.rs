//! A call that led to an error: which function was called, in which line of which file.

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A call on the way to an error. Stored as name and line, and the file where it is not the script's own: so it was stored
/// before there were files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSite {
    /// The function that was called; `closure` where it has no name, `throw` where it was thrown again.
    pub name: String,
    /// The line of the call, from 1.
    pub line: u32,
    /// The imported module in which it is called; nothing for the script itself.
    pub file: Option<String>,
}

impl Serialize for CallSite {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(if self.file.is_some() { 3 } else { 2 })?;
        tuple.serialize_element(&self.name)?;
        tuple.serialize_element(&self.line)?;
        if let Some(file) = &self.file {
            tuple.serialize_element(file)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for CallSite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements)
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = CallSite;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("name and line of a call, perhaps its file")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<CallSite, A::Error> {
        let missing = |place| A::Error::invalid_length(place, &self);
        let name = elements.next_element()?.ok_or_else(|| missing(0))?;
        let line = elements.next_element()?.ok_or_else(|| missing(1))?;
        let file = elements.next_element::<Option<String>>()?.flatten();
        Ok(CallSite { name, line, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_stored_before_there_were_files_is_read_and_written_as_it_was() {
        let old = rmp_serde::to_vec_named(&vec![("charge".to_owned(), 7_u32)]).expect("encodes");
        let calls: Vec<CallSite> = rmp_serde::from_slice(&old).expect("decodes");
        assert_eq!(calls, [CallSite { name: "charge".to_owned(), line: 7, file: None }]);
        assert_eq!(rmp_serde::to_vec_named(&calls).expect("encodes"), old);
    }

    #[test]
    fn a_call_in_a_module_keeps_its_file() {
        let call = CallSite { name: "pay".to_owned(), line: 2, file: Some("lib/pay".to_owned()) };
        let bytes = rmp_serde::to_vec_named(&vec![call.clone(), call.clone()]).expect("encodes");
        assert_eq!(rmp_serde::from_slice::<Vec<CallSite>>(&bytes).expect("decodes"), [call.clone(), call]);
        assert!(rmp_serde::from_slice::<CallSite>(&rmp_serde::to_vec("no").expect("encodes")).is_err());
    }
}
