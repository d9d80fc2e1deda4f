/// What is wrong with one field, or with the form as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field; `None` where no single field is to blame.
    pub field: Option<&'static str>,
    /// A sentence that says what to do.
    pub text: String,
}

impl FieldError {
    /// An error beside the field with this name.
    pub fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            text: text.into(),
        }
    }

    /// An error of the whole form.
    pub fn form(text: impl Into<String>) -> Self {
        Self {
            field: None,
            text: text.into(),
        }
    }
}

/// The errors of a form, in the order of its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormErrors(Vec<FieldError>);

impl FormErrors {
    /// No error: a form that was not sent yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn all(&self) -> &[FieldError] {
        &self.0
    }

    /// First error of the named field.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|error| error.field == Some(field))
            .map(|error| error.text.as_str())
    }

    /// Heading of the summary.
    pub(super) fn heading(&self) -> &'static str {
        if self.0.len() == 1 {
            "There is a problem"
        } else {
            "There are problems"
        }
    }
}

impl From<Vec<FieldError>> for FormErrors {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }
}

impl From<FieldError> for FormErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}
