//! Messages and enums as JSON schemas.
//!
//! ```text
//! "Position": { "type": "object", "description": "A place in the log.", "required": ["seq", "hash"],
//!               "properties": { "seq": { "type": "string", "format": "uint64", … }, "hash": { "type": "string", … } } }
//! ```

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};
use serde_json::{Map, Value, json};

use super::comments::Comments;

/// Which way a message goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// To the server: nothing may be in it that is not described.
    Request,
    /// From the server: what has no presence of its own is always there.
    Response,
}

/// The schemas made so far, by name.
pub struct Schemas<'a> {
    comments: &'a Comments,
    /// Every message and enum that was referred to.
    pub made: Map<String, Value>,
}

impl<'a> Schemas<'a> {
    /// None yet.
    pub fn new(comments: &'a Comments) -> Self {
        Self { comments, made: Map::new() }
    }

    /// A reference to the message, which is made with all that it refers to.
    pub fn message(&mut self, message: &MessageDescriptor, side: Side) -> Value {
        if !self.made.contains_key(message.name()) {
            // Itself may be in it.
            self.made.insert(message.name().to_owned(), Value::Null);
            let schema = self.object(message, side);
            self.made.insert(message.name().to_owned(), schema);
        }
        reference(message.name())
    }

    fn object(&mut self, message: &MessageDescriptor, side: Side) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in message.fields() {
            properties.insert(field.json_name().to_owned(), self.field(&field, side));
            if side == Side::Response && !field.supports_presence() {
                required.push(field.json_name().to_owned());
            }
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        let mut put = |name: &str, value: Value| schema.as_object_mut().and_then(|schema| schema.insert(name.to_owned(), value));
        put("description", self.comments.at(&message.parent_file(), message.path()).into());
        if side == Side::Request {
            put("additionalProperties", false.into());
        } else {
            put("required", required.into());
            // Where there are several of these they would not go beside each other; no message has several.
            for choice in message.oneofs().filter(|choice| !choice.is_synthetic()) {
                put("oneOf", one_of(&choice));
            }
        }
        schema
    }

    fn field(&mut self, field: &FieldDescriptor, side: Side) -> Value {
        let value = self.value(&field.kind(), side);
        let mut schema = if field.is_list() { json!({ "type": "array", "items": value }) } else { value };
        let said = self.comments.at(&field.parent_message().parent_file(), field.path());
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), said.into());
        }
        schema
    }

    fn value(&mut self, kind: &Kind, side: Side) -> Value {
        match kind {
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::String => json!({ "type": "string" }),
            Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Kind::Double | Kind::Float => json!({ "type": "number" }),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX }),
            Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({ "type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$" }),
            Kind::Uint64 | Kind::Fixed64 => json!({ "type": "string", "format": "uint64", "pattern": "^[0-9]{1,20}$" }),
            Kind::Enum(values) => self.enumeration(values),
            Kind::Message(message) => match message.full_name() {
                "google.protobuf.Timestamp" => json!({ "type": "string", "format": "date-time" }),
                "google.protobuf.Duration" => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$" }),
                _ => self.message(message, side),
            },
        }
    }

    fn enumeration(&mut self, values: &EnumDescriptor) -> Value {
        let file = values.parent_file();
        let names: Vec<String> = values.values().map(|value| value.name().to_owned()).collect();
        let said: Vec<String> =
            values.values().map(|value| format!("- `{}`: {}", value.name(), self.comments.at(&file, value.path()))).collect();
        let description = format!("{}\n\n{}", self.comments.at(&file, values.path()), said.join("\n"));
        self.made.insert(values.name().to_owned(), json!({ "type": "string", "enum": names, "description": description }));
        reference(values.name())
    }
}

/// Exactly one of these is there.
fn one_of(choice: &OneofDescriptor) -> Value {
    choice.fields().map(|field| json!({ "required": [field.json_name()] })).collect()
}

/// A reference to a schema by name.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
