//! Where to go after signing in: one of our own pages, whatever a link says.

use url::form_urlencoded;

/// Where an admin arrives without a return path.
pub(super) const START: &str = "/admin/tokens";

/// A path of the admin centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReturnPath(String);

impl ReturnPath {
    /// Takes a path of a page in the admin centre; anything else is none: another
    /// host in any spelling, a path that climbs, a control character.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (path, _) = text.split_once('?').unwrap_or((text, ""));
        let page = path.strip_prefix("/admin/")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
        let is_page = !page.is_empty() && page.chars().all(plain) && !page.contains("//");
        let printable = text.len() <= 512 && text.bytes().all(|b| b.is_ascii_graphic());
        let enters = !matches!(page, "sign-in" | "sign-out" | "initialize");
        (is_page && printable && enters && !text.contains('\\')).then(|| Self(text.to_owned()))
    }

    /// The path.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The sign-in page, which leads on to this path.
    pub(super) fn entrance(back: Option<&Self>) -> String {
        match back.filter(|back| back.as_str() != START) {
            None => "/admin".to_owned(),
            Some(back) => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("next", back.as_str())
                    .finish();
                format!("/admin?{query}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_pages_of_the_admin_centre() {
        for path in [
            "/admin/tokens",
            "/admin/tokens/01ABC",
            "/admin/tokens?email=a%40b&status=",
        ] {
            assert_eq!(
                ReturnPath::parse(path).map(|path| path.0).as_deref(),
                Some(path)
            );
        }
    }

    #[test]
    fn leads_nowhere_else() {
        for path in [
            "",
            "/",
            "/admin",
            "/admin/",
            "//evil.example",
            "/admin//evil.example",
            "/admin/../x",
            "/admin/\\evil.example",
            "https://evil.example/admin/tokens",
            "/admin/tokens\r\nSet-Cookie: a=b",
            "/admin/tokens?a=\\",
            "/admin/sign-out",
            "/admin/%2e%2e/x",
        ] {
            assert_eq!(ReturnPath::parse(path), None, "{path:?}");
        }
    }

    #[test]
    fn the_usual_page_needs_no_word() {
        assert_eq!(
            ReturnPath::entrance(ReturnPath::parse(START).as_ref()),
            "/admin"
        );
        let profile = ReturnPath::parse("/admin/profile");
        assert_eq!(
            ReturnPath::entrance(profile.as_ref()),
            "/admin?next=%2Fadmin%2Fprofile"
        );
    }
}
