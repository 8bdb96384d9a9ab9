//! How the structs that stores hold are written: one part flat among the other fields, and nothing at the end that only says what is usual.

/// Reads and writes a struct of which one part lies flat among the other fields: first the fields of the part, then the others, at last those
/// that are left out from where on all have their default. With names it reads them in any order.
macro_rules! flat {
    ($whole:ident {
        $part:ident: $of:ident { $($(#[$inner_attribute:meta])* $inner:ident: $inner_type:ty),+ $(,)? },
        $($(#[$attribute:meta])* $field:ident: $type:ty),+ $(,)?
    } $($last:ident: $last_type:ty),* $(,)?) => {
        const _: () = {
            #[derive(serde::Deserialize)]
            struct Read {
                $($(#[$inner_attribute])* $inner: $inner_type,)+
                $($(#[$attribute])* $field: $type,)+
                $(#[serde(default)] $last: $last_type,)*
            }

            impl<'de> serde::Deserialize<'de> for $whole {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let read = Read::deserialize(deserializer)?;
                    Ok(Self {
                        $part: $of { $($inner: read.$inner,)+ },
                        $($field: read.$field,)+
                        $($last: read.$last,)*
                    })
                }
            }

            $crate::history::flat::lean!($whole { $($inner: $part.$inner,)+ $($field: $field,)+ } $($last,)*);
        };
    };
}

/// Writes a struct: the fields in this order, which must be that of its reader; the last ones only up to the last that has not its default.
macro_rules! lean {
    ($whole:ident { $($name:ident: $($path:ident).+),+ $(,)? } $($last:ident),* $(,)?) => {
        impl serde::Serialize for $whole {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;
                let always = [$(stringify!($name)),+].len();
                let last: &[bool] = &[$($crate::history::flat::is_usual(&self.$last)),*];
                let left = &mut (0..last.iter().rposition(|is_usual| !is_usual).map_or(0, |place| place + 1));
                let mut fields = serializer.serialize_struct(stringify!($whole), always + left.len())?;
                $(fields.serialize_field(stringify!($name), &self.$($path).+)?;)+
                $(if left.next().is_some() {
                    fields.serialize_field(stringify!($last), &self.$last)?;
                })*
                fields.end()
            }
        }
    };
}

pub(super) use {flat, lean};

/// Whether a field need not be written.
pub(super) fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
