//! Reads a secret from the text of a file or a variable.
//!
//! Editors, shells and orchestrators add invisible characters. A byte order mark at the
//! start and one line end at the end are removed. Any other invisible character is an
//! error, since the secret would not be the intended one.

use spark_oauth_core::is_hidden;

/// Why a text is not a secret. Shows nothing of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnusableSecret {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// The text has several lines.
    #[error("it has more than one line: the first ends with the character U+{:04X}", u32::from(*.0))]
    Lines(char),
    /// The text starts or ends with a space.
    #[error("it begins or ends with a space (the character U+{:04X})", u32::from(*.0))]
    Space(char),
    /// The text has an invisible character.
    #[error("it holds the invisible character U+{:04X}{}", u32::from(*.0), name(*.0))]
    Invisible(char),
}

/// The secret in a text.
pub(crate) fn secret_in(text: &str) -> Result<&str, UnusableSecret> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text
        .strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text);
    let hidden = |character: &char| is_hidden(*character);
    if let Some(character) = text.chars().find(hidden) {
        return Err(match character {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => UnusableSecret::Lines(character),
            _ => UnusableSecret::Invisible(character),
        });
    }
    let ends = [text.chars().next(), text.chars().next_back()];
    match ends.into_iter().flatten().find(|end| end.is_whitespace()) {
        Some(space) => Err(UnusableSecret::Space(space)),
        None if text.is_empty() => Err(UnusableSecret::Empty),
        None => Ok(text),
    }
}

const fn name(character: char) -> &'static str {
    match character {
        '\0' => " (NUL)",
        '\t' => " (tab)",
        '\u{200b}' => " (zero width space)",
        '\u{feff}' => " (byte order mark)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_and_a_byte_order_mark_are_removed() {
        for text in [
            "sesame",
            "sesame\n",
            "sesame\r\n",
            "\u{feff}sesame",
            "\u{feff}sesame\r\n",
        ] {
            assert_eq!(secret_in(text), Ok("sesame"), "{text:?}");
        }
        for text in ["open sesame", "ö§🔑", "a  b"] {
            assert_eq!(secret_in(text), Ok(text));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused_and_named() {
        let lines = "it has more than one line: the first ends with the character";
        for (text, expected) in [
            ("", "it is empty".to_owned()),
            ("\n", "it is empty".to_owned()),
            ("\u{feff}\r\n", "it is empty".to_owned()),
            ("sesame\n\n", format!("{lines} U+000A")),
            ("sesame\r\n\r\n", format!("{lines} U+000D")),
            ("sesame\n# my password\n", format!("{lines} U+000A")),
            ("sesame\r", format!("{lines} U+000D")),
            ("sesame\r\r\n", format!("{lines} U+000D")),
            ("sesame\u{2028}", format!("{lines} U+2028")),
            (
                "sesame \n",
                "it begins or ends with a space (the character U+0020)".to_owned(),
            ),
            (
                "\u{a0}sesame",
                "it begins or ends with a space (the character U+00A0)".to_owned(),
            ),
            (
                "ses\0ame",
                "it holds the invisible character U+0000 (NUL)".to_owned(),
            ),
            (
                "sesame\t",
                "it holds the invisible character U+0009 (tab)".to_owned(),
            ),
            (
                "ses\u{200b}ame",
                "it holds the invisible character U+200B (zero width space)".to_owned(),
            ),
            (
                "\u{feff}\u{feff}sesame",
                "it holds the invisible character U+FEFF (byte order mark)".to_owned(),
            ),
        ] {
            let refused = secret_in(text).unwrap_err().to_string();
            assert_eq!(refused, expected, "{text:?}");
            assert!(!refused.contains("sesame"));
        }
    }
}
