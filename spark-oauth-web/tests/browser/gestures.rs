//! What a person does with a browser. Whatever is not there makes the test fail, and
//! is named.

use thirtyfour::prelude::*;

use crate::browser::Browser;

impl Browser {
    /// Goes to an address.
    pub(crate) async fn open(&self, address: impl AsRef<str>) {
        self.driver.goto(address.as_ref()).await.unwrap();
    }

    /// Waits for the page with this heading.
    pub(crate) async fn at(&self, heading: &str) {
        let heading = format!("//h1[normalize-space()={}]", literal(heading));
        self.single(&heading).await;
    }

    /// Waits until the page says something.
    pub(crate) async fn reads(&self, text: &str) {
        self.wait_for(&saying(text)).await;
    }

    /// Presses the button whose name begins so.
    pub(crate) async fn press(&self, name: &str) {
        self.button(name).await.click().await.unwrap();
    }

    /// The button whose name begins so.
    pub(crate) async fn button(&self, name: &str) -> WebElement {
        let name = literal(name);
        self.single(&format!("//button[starts-with(normalize-space(), {name})]"))
            .await
    }

    /// Follows the link whose text begins so.
    pub(crate) async fn follow(&self, text: &str) {
        let text = literal(text);
        let link = format!("//a[starts-with(normalize-space(), {text})]");
        self.single(&link).await.click().await.unwrap();
    }

    /// Where the link leads whose text begins so.
    pub(crate) async fn href_of(&self, text: &str) -> String {
        let text = literal(text);
        let link = format!("//a[starts-with(normalize-space(), {text})]");
        let link = self.single(&link).await;
        link.attr("href").await.unwrap().unwrap_or_default()
    }

    /// Types into the field with this label, in place of what stands there.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The field with this label.
    pub(crate) async fn field(&self, label: &str) -> WebElement {
        let label = literal(label);
        self.single(&format!("//*[@id=//label[normalize-space()={label}]/@for]"))
            .await
    }

    /// Chooses from a list.
    pub(crate) async fn select(&self, label: &str, option: &str) {
        let list = self.field(label).await;
        let option = format!(".//option[normalize-space()={}]", literal(option));
        list.find(By::XPath(option))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    }

    /// Ticks the choice whose label holds this text.
    pub(crate) async fn choose(&self, text: &str) {
        let label = format!(
            "//label[contains(normalize-space(), {})]//input",
            literal(text)
        );
        self.single(&label).await.click().await.unwrap();
    }

    /// The error beside a field, which the field must name as its description.
    pub(crate) async fn error_of(&self, label: &str) -> String {
        let field = self.field(label).await;
        assert_eq!(
            field.attr("aria-invalid").await.unwrap().as_deref(),
            Some("true")
        );
        let description = field
            .attr("aria-describedby")
            .await
            .unwrap()
            .unwrap_or_default();
        let id = description
            .split_whitespace()
            .find(|id| id.ends_with("-error"))
            .unwrap_or_else(|| panic!("{label} is not described by its error"));
        self.text_of(&format!("#{id}")).await
    }

    /// The text of the one element that a CSS selector finds, shown or not.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        let element = self.driver.query(By::Css(selector)).single().await.unwrap();
        element
            .prop("textContent")
            .await
            .unwrap()
            .unwrap_or_default()
    }

    /// The source of the page as it stands.
    pub(crate) async fn source(&self) -> String {
        self.driver.source().await.unwrap()
    }

    /// The path of the page.
    pub(crate) async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    /// What a script answers. Not the page's: it runs in spite of its policy, and
    /// where scripts are off.
    pub(crate) async fn ask<T: serde::de::DeserializeOwned>(&self, script: &str) -> T {
        let answer = self.driver.execute(script, []).await.unwrap();
        serde_json::from_value(answer.json().clone())
            .unwrap_or_else(|error| panic!("{error}: {:?}", answer.json()))
    }

    async fn wait_for(&self, xpath: &str) -> WebElement {
        let query = self.driver.query(By::XPath(xpath.to_owned()));
        query
            .first()
            .await
            .unwrap_or_else(|error| panic!("no {xpath}: {error}"))
    }

    async fn single(&self, xpath: &str) -> WebElement {
        let query = self.driver.query(By::XPath(xpath.to_owned()));
        query
            .single()
            .await
            .unwrap_or_else(|error| panic!("not one {xpath}: {error}"))
    }
}

/// The innermost elements that say something, on the page proper.
fn saying(text: &str) -> String {
    let text = literal(text);
    format!(
        "//main//*[contains(normalize-space(), {text})][not(*[contains(normalize-space(), {text})])]"
    )
}

/// A text in `XPath`, which knows no escapes.
fn literal(text: &str) -> String {
    let quote = if text.contains('\'') { '"' } else { '\'' };
    format!("{quote}{text}{quote}")
}
