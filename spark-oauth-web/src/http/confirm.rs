//! What cannot be undone is asked for twice.

/// Whether a form carries the answer of the confirmation page.
pub(crate) fn is_confirmed(confirm: Option<&str>) -> bool {
    confirm == Some("yes")
}
