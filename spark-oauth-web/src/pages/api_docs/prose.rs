//! Texts with names in backticks, as Markdown has them.

/// A paragraph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose(pub Vec<Piece>);

/// A part of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether it is a name, to be set as code.
    pub is_code: bool,
}

impl Prose {
    /// Reads one paragraph.
    pub fn of(text: &str) -> Self {
        let pieces = text.split('`').enumerate().map(|(index, piece)| Piece {
            text: piece.replace('\n', " "),
            is_code: index % 2 == 1,
        });
        Self(pieces.filter(|piece| !piece.text.is_empty()).collect())
    }

    /// Reads paragraphs, which empty lines separate.
    pub fn paragraphs(text: &str) -> Vec<Self> {
        let paragraphs = text.split("\n\n").map(str::trim);
        paragraphs
            .filter(|text| !text.is_empty())
            .map(Self::of)
            .collect()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_words() {
        let read = Prose::paragraphs("Send `a` and\n`b`.\n\n\n`c`");
        let text = |prose: &Prose| {
            let pieces = prose.0.iter().map(|piece| {
                let Piece { text, is_code } = piece;
                if *is_code {
                    format!("<{text}>")
                } else {
                    text.clone()
                }
            });
            pieces.collect::<String>()
        };
        assert_eq!(
            read.iter().map(text).collect::<Vec<_>>(),
            ["Send <a> and <b>.", "<c>"]
        );
        assert!(Prose::of("").is_empty());
    }
}
