//! Characters that nobody sees, or that change how others are seen.

/// Whether a character has no place in a text that people read and compare: control
/// characters, marks of direction, separators of lines, spaces without a width.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

/// Whether there is something to see. Joiners have a place within a text, such as in an
/// emoji, and show nothing alone.
pub(crate) fn is_visible(text: &str) -> bool {
    let joins = |character| matches!(character, '\u{200c}' | '\u{200d}');
    text.chars()
        .any(|character| !is_hidden(character) && !joins(character) && !character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_a_text_around_is_hidden_and_letters_of_all_the_world_are_not() {
        for character in [
            '\u{202e}', '\u{2066}', '\u{2028}', '\u{200b}', '\u{feff}', '\n',
        ] {
            assert!(is_hidden(character), "{character:?}");
        }
        let read = "Zoë, 山田, محمد, می‌خواهم, 👩\u{200d}💻 – “ok”";
        assert!(!read.chars().any(is_hidden));
        assert!(is_visible(read));
        for nothing in ["", " ", "\u{200d}", "\u{200b} \u{200c}"] {
            assert!(!is_visible(nothing), "{nothing:?}");
        }
    }
}
