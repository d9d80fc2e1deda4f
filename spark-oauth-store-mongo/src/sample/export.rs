//! One file of an export: a line for each record as `mongoexport` writes it, an array
//! (`--jsonArray`), or records over several lines (`--pretty`).

use std::path::Path;

use serde_json::Value;
use spark_oauth_core::import::SampleRecord;

use super::SampleError;
use super::extended_json::record;

/// What stands in a file, in its order.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) records: Vec<SampleRecord>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// What is no record.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) place: String,
    pub(super) fault: String,
}

/// Reads a file.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Contents, SampleError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy();
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        let values = serde_json::from_slice(bytes).map_err(|error| SampleError::Damaged {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        })?;
        return Ok(numbered(&name, values));
    }
    let lines = by_line(&name, bytes);
    if lines.unreadable.is_empty() {
        return Ok(lines);
    }
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(bytes)
        .into_iter()
        .collect();
    Ok(values.map_or(lines, |values| numbered(&name, values)))
}

fn by_line(name: &str, bytes: &[u8]) -> Contents {
    let mut contents = Contents::default();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let place = format!("{name}, line {}", index + 1);
        match serde_json::from_slice(line) {
            Ok(value) => contents.add(value, place),
            Err(error) => contents.unreadable.push(Unreadable {
                place,
                fault: format!("it is not JSON from column {} on", error.column()),
            }),
        }
    }
    contents
}

fn numbered(name: &str, values: Vec<Value>) -> Contents {
    let mut contents = Contents::default();
    for (index, value) in values.into_iter().enumerate() {
        contents.add(value, format!("{name}, record {}", index + 1));
    }
    contents
}

impl Contents {
    fn add(&mut self, value: Value, place: String) {
        match record(value, &place) {
            Some(record) => self.records.push(record),
            None => self.unreadable.push(Unreadable {
                place,
                fault: "it is not a JSON object".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &[u8]) -> Contents {
        read(Path::new("export/tokens.json"), text).unwrap()
    }

    fn places(contents: &Contents) -> Vec<&str> {
        let records = contents.records.iter();
        records.map(|record| record.place.as_str()).collect()
    }

    #[test]
    fn reads_every_form_that_mongoexport_writes() {
        for text in [
            "{\"email\":\"a\"}\n{\"email\":\"b\"}\n",
            "\u{feff}{\"email\":\"a\"}\r\n\r\n{\"email\":\"b\"}\r\n",
            "[{\"email\":\"a\"},{\"email\":\"b\"}]\n",
            "[\n{\n\"email\":\"a\"},\n{\"email\":\"b\"}\n]",
            "{\n\t\"email\": \"a\"\n}\n{\n\t\"email\": \"b\"\n}\n",
        ] {
            let contents = contents(text.as_bytes());
            assert_eq!(contents.records.len(), 2, "{text}");
            assert!(contents.unreadable.is_empty(), "{text}");
        }
        for text in ["", "\n", "[]"] {
            assert!(contents(text.as_bytes()).records.is_empty());
        }
    }

    #[test]
    fn a_line_that_is_no_record_is_named_and_stops_nothing() {
        let text = b"{\"email\":\"a\"}\n{\"access_token\":\"sesame\n7\n\xff\n{\"email\":\"b\"}\n";
        let contents = contents(text);
        assert_eq!(
            places(&contents),
            ["tokens.json, line 1", "tokens.json, line 5"]
        );
        let shown = format!("{:?}", contents.unreadable);
        assert_eq!(contents.unreadable.len(), 3, "{shown}");
        assert!(!shown.contains("sesame"), "{shown}");
        assert!(
            shown.contains("line 2") && shown.contains("not a JSON object"),
            "{shown}"
        );
    }

    #[test]
    fn an_array_that_was_cut_off_is_an_error_without_a_value() {
        let text = b"[{\"access_token\":\"sesame\"},{\"access_to";
        let error = read(Path::new("tokens.json"), text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(
            matches!(error, SampleError::Damaged { line: 1, .. }),
            "{shown}"
        );
        assert!(!shown.contains("sesame"), "{shown}");
    }
}
