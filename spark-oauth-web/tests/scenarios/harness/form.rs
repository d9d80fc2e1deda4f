//! A form as a page offers it: only what stands there can be filled in.

use reqwest::Method;
use scraper::{ElementRef, Selector};
use url::Url;

/// A form, filled in with what the page says.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(super) method: Method,
    pub(super) action: Url,
    pub(super) fields: Vec<(String, String)>,
    /// Where it stands.
    pub(super) page: Url,
    /// Names that nobody can type into.
    fixed: Vec<String>,
    /// Values of buttons with a name.
    buttons: Vec<(String, String)>,
    choices: Vec<(String, String)>,
}

fn attribute(element: ElementRef<'_>, name: &str) -> String {
    element.attr(name).unwrap_or_default().to_owned()
}

impl Form {
    pub(super) fn read(form: ElementRef<'_>, page: &Url) -> Self {
        let method = match form.attr("method") {
            Some(method) if method.eq_ignore_ascii_case("post") => Method::POST,
            _ => Method::GET,
        };
        let mut read = Self {
            method,
            action: page.join(form.attr("action").unwrap_or_default()).unwrap(),
            fields: Vec::new(),
            page: page.clone(),
            fixed: Vec::new(),
            buttons: Vec::new(),
            choices: Vec::new(),
        };
        let controls = Selector::parse("input, select, textarea, button").unwrap();
        for control in form.select(&controls) {
            read.take(control);
        }
        read
    }

    fn take(&mut self, control: ElementRef<'_>) {
        let (name, value) = (attribute(control, "name"), attribute(control, "value"));
        if name.is_empty() {
            return;
        }
        if control.attr("readonly").is_some() || control.attr("type") == Some("hidden") {
            self.fixed.push(name.clone());
        }
        match (control.value().name(), control.attr("type")) {
            ("button", _) => self.buttons.push((name, value)),
            ("input", Some("radio" | "checkbox")) => {
                self.choices.push((name.clone(), value.clone()));
                if control.attr("checked").is_some() {
                    self.fields.push((name, value));
                }
            }
            ("select", _) => {
                let options = Selector::parse("option").unwrap();
                for option in control.select(&options) {
                    self.choices
                        .push((name.clone(), attribute(option, "value")));
                }
                let chosen = Selector::parse("option[selected]").unwrap();
                let first = control.select(&options).next();
                let chosen = control.select(&chosen).next().or(first).unwrap();
                self.fields.push((name, attribute(chosen, "value")));
            }
            ("textarea", _) => {
                let text: String = control.text().collect();
                // A line break behind the tag is none of the text's.
                let text = text.strip_prefix('\n').unwrap_or(&text).to_owned();
                self.fields.push((name, text));
            }
            _ => self.fields.push((name, value)),
        }
    }

    /// Fills in a field that a person can fill in.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        assert!(!self.fixed.iter().any(|fixed| fixed == name), "{self:?}");
        let offered = self.choices.iter().any(|(choice, _)| choice == name);
        if offered {
            let choice = (name.to_owned(), value.to_owned());
            assert!(self.choices.contains(&choice), "no {value} in {self:?}");
        }
        let Some(field) = self.fields.iter_mut().find(|(field, _)| field == name) else {
            panic!("no field {name} in {self:?}");
        };
        value.clone_into(&mut field.1);
        self
    }

    /// Ticks a box that the form offers.
    pub(crate) fn tick(mut self, name: &str, value: &str) -> Self {
        let choice = (name.to_owned(), value.to_owned());
        assert!(self.choices.contains(&choice), "no {value} in {self:?}");
        self.fields.push(choice);
        self
    }

    /// All values of a field, such as of boxes that are ticked.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let fields = self.fields.iter().filter(|(field, _)| field == name);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// Presses a button that has a name.
    pub(crate) fn press(mut self, name: &str, value: &str) -> Self {
        let button = (name.to_owned(), value.to_owned());
        assert!(self.buttons.contains(&button), "no {value} in {self:?}");
        self.fields.push(button);
        self
    }

    /// What a field holds.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field.map(|(_, value)| value.as_str())
    }

    /// Writes a field as no browser would.
    pub(crate) fn forge(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Who consents, on the emulator's page.
    pub(crate) fn by_person(self, email: &str) -> Self {
        if self.choices.iter().any(|(_, value)| value == email) {
            self.set("person", email)
        } else {
            self.set("person", "somebody-else").set("email", email)
        }
    }
}
