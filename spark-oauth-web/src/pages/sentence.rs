//! Texts of errors on pages.

/// The text of an error, which begins in lower case, as a sentence of a page.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_letter_changes() {
        assert_eq!(sentence("a URL is wrong"), "A URL is wrong");
        assert_eq!(sentence(""), "");
        assert_eq!(sentence("éa"), "Éa");
    }
}
