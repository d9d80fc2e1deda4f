//! Strict JSON: an unknown field is an error.

use serde::de::DeserializeOwned;

/// Reads a JSON value. The error names the place, or every unknown field.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_slice(text);
    let deserializer = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let parsed = serde_ignored::deserialize(deserializer, |path| unknown.push(format!("`{path}`")));
    let parsed = parsed
        .and_then(|parsed| json.end().map(|()| parsed))
        .map_err(|error| match track.path().to_string().as_str() {
            "." => error.to_string(),
            path => format!("`{path}`: {error}"),
        })?;
    if unknown.is_empty() {
        Ok(parsed)
    } else {
        let plural = if unknown.len() == 1 { "" } else { "s" };
        Err(format!("unknown field{plural} {}", unknown.join(", ")))
    }
}
