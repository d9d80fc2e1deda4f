//! Takes what we sent out of what the provider says.
//!
//! A provider may quote the request in its error, whole or in part. No piece of
//! a token, a code or a secret may reach a log or a page that way.

use std::collections::HashSet;

use url::form_urlencoded;
use zeroize::Zeroizing;

/// The shortest piece of a secret that is recognised, in bytes. A shorter
/// secret is recognised as a whole.
const PIECE: usize = 12;
const MASK: &str = "[redacted]";
/// The longest text that is passed on, in characters.
const MAX_MESSAGE: usize = 300;

/// The secrets of one call.
pub(super) struct Secrets(Vec<Zeroizing<String>>);

impl Secrets {
    pub(super) fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Vec::new();
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            let encoded: Zeroizing<String> =
                Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect());
            if *encoded != text {
                all.push(encoded);
            }
            all.push(Zeroizing::new(text.to_owned()));
        }
        Self(all)
    }

    /// The text in one line, without control characters and without any piece
    /// of a secret, cut to a length that a log and a page can bear. `None`
    /// where nothing is left.
    pub(super) fn message(&self, text: &str) -> Option<String> {
        // Cleaning could join the halves of a secret, and could change one that
        // holds unusual characters: so both before and after.
        let clean = self.redact(&one_line(&self.redact(text)));
        (!clean.is_empty()).then(|| cut(&clean))
    }

    /// Whether the text holds a piece of a secret.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.covered(text.as_bytes()).contains(&true)
    }

    fn redact(&self, text: &str) -> String {
        let covered = self.covered(text.as_bytes());
        let mut out = String::with_capacity(text.len());
        let mut masked = false;
        for (at, c) in text.char_indices() {
            if covered[at..at + c.len_utf8()].contains(&true) {
                if !masked {
                    out.push_str(MASK);
                }
                masked = true;
            } else {
                out.push(c);
                masked = false;
            }
        }
        out
    }

    /// For each byte, whether it belongs to a piece of a secret.
    fn covered(&self, text: &[u8]) -> Vec<bool> {
        let mut covered = vec![false; text.len()];
        for secret in &self.0 {
            let length = secret.len().min(PIECE);
            let pieces: HashSet<&[u8]> = secret.as_bytes().windows(length).collect();
            for (at, window) in text.windows(length).enumerate() {
                if pieces.contains(window) {
                    covered[at..at + length].fill(true);
                }
            }
        }
        covered
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets([redacted])")
    }
}

/// Characters that no one sees, but that change how a line reads.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if !(c.is_control() || c.is_whitespace()) {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_MESSAGE {
        return text.to_owned();
    }
    text.chars().take(MAX_MESSAGE - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quoted_secret_is_masked_whole_in_part_and_encoded() {
        let secrets = Secrets::new(["0123456789abcdef/+", "pin"]);
        for (text, shown) in [
            ("code 0123456789abcdef/+ is bad", "code [redacted] is bad"),
            ("code 456789abcdef… is bad", "code [redacted]… is bad"),
            ("x=0123456789abcdef%2F%2B&y=1", "x=[redacted]&y=1"),
            ("pinpin, 45678", "[redacted], 45678"),
        ] {
            assert_eq!(secrets.message(text).as_deref(), Some(shown), "{text}");
        }
        assert!(secrets.are_in("abc pin"));
        assert!(!secrets.are_in("45678"));
    }

    #[test]
    fn a_secret_broken_over_lines_is_masked_too() {
        let secrets = Secrets::new(["0123456789abcdefghij"]);
        let shown = secrets.message("0123456789\u{200b}abcdefghij").unwrap();
        assert_eq!(shown, "[redacted]");
    }

    #[test]
    fn a_message_is_one_short_line() {
        let none = Secrets::new([]);
        assert_eq!(
            none.message(" a\r\nb\u{1b}[0m \t c\u{202e} ").as_deref(),
            Some("a b [0m c")
        );
        assert_eq!(none.message("\n \u{feff}"), None);
        let long = none.message(&"ü".repeat(10_000)).unwrap();
        assert_eq!(long.chars().count(), MAX_MESSAGE);
        assert!(long.ends_with('…'));
    }

    proptest! {
        #[test]
        fn no_piece_of_a_secret_remains(
            secret in "\\PC{1,40}", before in ".{0,20}", after in ".{0,20}",
        ) {
            // The mask itself may hold a very short secret.
            prop_assume!(!MASK.contains(secret.as_str()));
            let shown = Secrets::new([secret.as_str()])
                .message(&format!("{before}{secret}{after}"))
                .unwrap_or_default();
            prop_assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
