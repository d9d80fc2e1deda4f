//! A text that cannot grow without bound.

use std::fmt;

/// No value in the log is longer, in bytes: a foreign body or name may be endless.
const LIMIT: usize = 4096;

/// Collects text up to a limit and counts the rest.
#[derive(Debug, Default)]
pub(super) struct Capped {
    text: String,
    cut: usize,
}

impl Capped {
    /// The text of `value`, cut where it is too long.
    pub(super) fn of(value: impl fmt::Display) -> String {
        let mut capped = Self::default();
        // Collecting never fails; a value whose own `Display` does is cut there.
        let _ = fmt::write(&mut capped, format_args!("{value}"));
        capped.finish()
    }

    fn finish(self) -> String {
        match self.cut {
            0 => self.text,
            cut => format!("{}… ({cut} bytes more)", self.text),
        }
    }
}

impl fmt::Write for Capped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = if self.cut == 0 {
            LIMIT - self.text.len()
        } else {
            0
        };
        let kept = text.floor_char_boundary(room);
        self.text.push_str(&text[..kept]);
        self.cut += text.len() - kept;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_short_text_and_cuts_long_text_between_characters() {
        assert_eq!(Capped::of("short"), "short");
        assert_eq!(Capped::of("x".repeat(LIMIT)), "x".repeat(LIMIT));
        let cut = Capped::of(format_args!("x{}{}", "ü".repeat(LIMIT), "tail"));
        assert!(
            cut.starts_with("xüü") && cut.ends_with("ü… (4102 bytes more)"),
            "{cut}"
        );
    }
}
