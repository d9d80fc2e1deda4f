//! JSON schemas in words, and bodies that fit them.

use serde_json::{Map, Value, json};

use super::{Field, Prose};

/// The schemas of a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schemas<'d>(pub(super) &'d Value);

impl<'d> Schemas<'d> {
    /// The schema itself, where only its name stands.
    pub(super) fn resolve(self, schema: &'d Value) -> &'d Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next()) {
            return self.resolve(&self.0["components"]["schemas"][name]);
        }
        // Something, or nothing.
        let alternatives = schema["oneOf"].as_array().map(Vec::as_slice);
        let something = |schema: &&Value| schema["type"] != "null";
        match alternatives.and_then(|schemas| schemas.iter().find(something)) {
            Some(schema) => self.resolve(schema),
            None => schema,
        }
    }

    /// What may stand there, in a few words.
    pub(super) fn kind(self, schema: &'d Value) -> String {
        let nullable = is_nullable(schema);
        let schema = self.resolve(schema);
        let mut words = match type_of(schema) {
            "array" => format!("list of {}", self.kind(&schema["items"])),
            "string" => string_kind(schema).to_owned(),
            "integer" => "whole number".to_owned(),
            "boolean" => "true or false".to_owned(),
            other => other.to_owned(),
        };
        if let Some(choices) = schema["enum"].as_array().filter(|all| all.len() < 8) {
            let choices: Vec<_> = choices.iter().filter_map(Value::as_str).collect();
            words = format!("one of {}", choices.join(", "));
        }
        if let (Some(from), Some(to)) = (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
            words = format!("{words} from {from} to {to}");
        }
        if nullable {
            words.push_str(", or null");
        }
        match &schema["default"] {
            Value::Null => words,
            usual => format!("{words}; {usual} where absent"),
        }
    }

    /// The fields of an object, also of those in it and in lists of it.
    pub(super) fn fields(self, schema: &'d Value) -> Vec<Field> {
        let schema = self.resolve(schema);
        let mut found = Vec::new();
        self.collect("", schema, &mut found);
        found
    }

    fn collect(self, prefix: &str, schema: &'d Value, found: &mut Vec<Field>) {
        let required = schema["required"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let resolved = self.resolve(field);
            let about = [&field["description"], &resolved["description"]];
            let about = about
                .iter()
                .find_map(|text| text.as_str())
                .unwrap_or_default();
            found.push(Field {
                name: format!("{prefix}{name}"),
                place: String::new(),
                required: required.iter().any(|required| required == name),
                kind: self.kind(field),
                about: Prose::of(about),
            });
            let (inner, mark) = match type_of(resolved) {
                "array" => (self.resolve(&resolved["items"]), "[]."),
                _ => (resolved, "."),
            };
            self.collect(&format!("{prefix}{name}{mark}"), inner, found);
        }
    }

    /// A value that fits.
    pub(super) fn sample(self, schema: &'d Value) -> Value {
        let given = |schema: &Value| {
            let example = schema["examples"].get(0).or_else(|| schema.get("example"));
            example.cloned()
        };
        if let Some(example) = given(schema) {
            return example;
        }
        if is_nullable(schema) {
            return Value::Null;
        }
        let schema = self.resolve(schema);
        if let Some(example) = given(schema) {
            return example;
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        match type_of(schema) {
            "object" => {
                let required = schema["required"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let fields = schema["properties"].as_object().into_iter().flatten();
                let fields = fields.filter(|(name, _)| required.iter().any(|is| is == *name));
                let fields = fields.map(|(name, field)| (name.clone(), self.sample(field)));
                fields.collect::<Map<_, _>>().into()
            }
            "array" => json!([self.sample(&schema["items"])]),
            "integer" => 1.into(),
            "boolean" => true.into(),
            _ if schema["format"] == "date-time" => "2026-11-25T09:30:00.000Z".into(),
            _ => "…".into(),
        }
    }
}

/// The type, or the first one that is not `null`.
fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            names
                .into_iter()
                .find(|name| *name != "null")
                .unwrap_or("null")
        }
        _ => "object",
    }
}

fn is_nullable(schema: &Value) -> bool {
    let has_null = |list: &Value, is_null: &dyn Fn(&Value) -> bool| {
        list.as_array().is_some_and(|list| list.iter().any(is_null))
    };
    has_null(&schema["type"], &|name| name == "null")
        || has_null(&schema["oneOf"], &|schema| schema["type"] == "null")
}

fn string_kind(schema: &Value) -> &'static str {
    match schema["format"].as_str() {
        Some("date-time") => "time (RFC 3339)",
        Some("uri" | "uri-reference") => "address",
        _ => "text",
    }
}
