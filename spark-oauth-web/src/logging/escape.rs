//! Characters that could forge a line, or steer a terminal that shows one.

use std::fmt::Write;

/// Whether a character must not stand in the log as it is: control characters
/// (line breaks, the escape of terminals), separators of lines and paragraphs, and
/// those that turn the direction of the text around them.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

/// Appends `text`, with every unsafe character escaped as Rust writes it.
pub(super) fn push(line: &mut String, text: &str) {
    for c in text.chars() {
        if is_unsafe(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
}

/// Appends a value: bare where it is one plain word, else in quotes, so that it
/// cannot be taken for another field.
pub(super) fn push_value(line: &mut String, text: &str) {
    let needs_quotes = |c: char| c.is_whitespace() || is_unsafe(c) || "\"=\\".contains(c);
    if !text.is_empty() && !text.contains(needs_quotes) {
        line.push_str(text);
        return;
    }
    line.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            _ if is_unsafe(c) => line.extend(c.escape_default()),
            _ => line.push(c),
        }
    }
    line.push('"');
}

/// Escapes what `serde_json` leaves as it is, within a JSON text.
pub(super) fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            // All of them lie in the plane that four digits reach.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pushed(text: &str) -> String {
        let mut line = String::new();
        push(&mut line, text);
        line
    }

    fn value(text: &str) -> String {
        let mut line = String::new();
        push_value(&mut line, text);
        line
    }

    #[test]
    fn escapes_what_forges_lines_or_steers_terminals() {
        assert_eq!(pushed("a\nb\r\tc"), r"a\nb\r\tc");
        assert_eq!(pushed("\u{1b}[31mred\u{7}"), r"\u{1b}[31mred\u{7}");
        assert_eq!(
            pushed("\u{9b}\u{85}\u{2028}\u{202e}"),
            r"\u{9b}\u{85}\u{2028}\u{202e}"
        );
        assert_eq!(pushed("größer, 日本"), "größer, 日本");
    }

    #[test]
    fn a_value_cannot_be_taken_for_another_field() {
        assert_eq!(value("alice@example.com"), "alice@example.com");
        assert_eq!(value(""), r#""""#);
        assert_eq!(value("a b=c"), r#""a b=c""#);
        assert_eq!(value(r#"a" level="x"#), r#""a\" level=\"x""#);
        assert_eq!(value("a\nb"), r#""a\nb""#);
    }

    proptest! {
        #[test]
        fn nothing_unsafe_comes_through(text in any::<String>()) {
            prop_assert!(!pushed(&text).contains(is_unsafe));
            prop_assert!(!value(&text).contains(is_unsafe));
        }

        #[test]
        fn escaped_json_means_the_same(text in any::<String>()) {
            let escaped = json(&serde_json::to_string(&text).unwrap());
            prop_assert!(!escaped.contains(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}
