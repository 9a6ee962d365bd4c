//! How records of requests and replies are declared: a field, its type and its name on the wire, once.
//!
//! Two macros make plain structs from such a list, and the writing and reading of each field. The one rule: no field
//! that a reply has is lost; what a record does not know, or cannot read, is kept in `more`.

/// Declares records of requests: plain structs with `Default`, whose `body` has the keys that are filled.
macro_rules! requests {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty = $wire:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $kind,)*
            /// Further keys, sent as they are, but for those that a field above fills: the portal shows some bodies
            /// only in part.
            pub more: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// The JSON object that is sent.
            pub(in crate::api::typed) fn body(&self) -> serde_json::Map<String, serde_json::Value> {
                let mut body = self.more.clone();
                $(
                    if let Some(value) = $crate::api::typed::values::ToWire::wire(&self.$field) {
                        body.insert($wire.to_owned(), value);
                    }
                )*
                body
            }

            /// Names of the fields on the wire.
            pub const FIELDS: &'static [&'static str] = &[$($wire),*];
        }

        impl $crate::api::typed::values::ToWire for $name {
            fn wire(&self) -> Option<serde_json::Value> {
                Some(serde_json::Value::Object(self.body()))
            }
        }
    )*};
}

/// Declares records of replies: every field may be absent, and unknown ones are kept.
macro_rules! replies {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty = $wire:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $kind,)*
            /// Fields that are not known here, and those whose value is of another type than theirs, as they came.
            pub more: serde_json::Map<String, serde_json::Value>,
        }

        impl From<serde_json::Map<String, serde_json::Value>> for $name {
            fn from(mut object: serde_json::Map<String, serde_json::Value>) -> Self {
                Self {
                    $($field: $crate::api::typed::values::TakeFrom::take(&mut object, $wire),)*
                    more: object,
                }
            }
        }

        impl $crate::api::typed::values::FromWire for $name {
            fn read(value: &serde_json::Value) -> Option<Self> {
                value.as_object().cloned().map(Self::from)
            }
        }
    )*};
}

pub(super) use {replies, requests};
