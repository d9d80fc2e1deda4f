//! Every page, as everybody sees it.

use crate::browser::{Scripts, in_browser};
use crate::inspection::{Inspection, structure};
use crate::screen::{Scheme, Size, overflow, wrong_ground};
use crate::walk::every_page;

#[tokio::test]
async fn every_page_is_sound_with_scripts() {
    inspect(Scripts::On).await;
}

#[tokio::test]
async fn every_page_is_sound_without_scripts() {
    inspect(Scripts::Off).await;
}

async fn inspect(scripts: Scripts) {
    in_browser(scripts, async |browser| {
        let inspection = Inspection::new(browser);
        let look = async |page: &str| inspection.look(page).await;
        Box::pin(every_page(browser, look)).await;
        inspection.assert_sound();
    })
    .await;
}

/// A page on which everything is wrong that the inspection looks for.
const UNSOUND: &str = "data:text/html,<!doctype html>
    <title>Untitled</title><meta name='viewport' content='user-scalable=no'>
    <style>body { background: %23888; width: 2000px }</style>
    <h1></h1><h3>Deep</h3><nav></nav>
    <input id='name' aria-invalid='true'><input type='password' aria-describedby='none'>
    <label for='other'>Name</label><button></button><a href='%23gone'>Gone</a>
    <img src='data:,'><svg></svg><table></table><b id='name' tabindex='3'>B</b>
    <button style='height: 9px; padding: 0; border: 0; font-size: 8px'>Small</button>
    <p onclick='alert()'>Handler</p>";

#[tokio::test]
async fn the_inspection_finds_what_is_wrong() {
    in_browser(Scripts::On, async |browser| {
        browser.open(UNSOUND).await;
        let found = structure(browser, true).await.join("\n");
        for problem in [
            "the page names no language",
            "the title is Untitled",
            "0 of main",
            "0 of body > header",
            "0 of body > footer",
            "0 of a.skip-link",
            "a navigation without a name",
            "h3 follows h1",
            "an empty heading",
            "a field without a label",
            "no text: <button",
            "a picture without a text",
            "a drawing that is read out",
            "a table without a caption",
            "a password without a purpose",
            "used twice as an ID: name",
            "for names other",
            "aria-describedby names none",
            "an error without a text",
            "a link to nothing",
            "out of the tab order",
            "the page cannot be enlarged",
            "hard to hit",
            "inline: <style",
            "inline: <button style",
            "inline handler",
        ] {
            assert!(found.contains(problem), "{problem} is not in:\n{found}");
        }
        assert!(!overflow(browser, Size::WIDE).await.is_empty());
        assert!(!wrong_ground(browser, Scheme::Light).await.is_empty());
        assert!(!wrong_ground(browser, Scheme::Dark).await.is_empty());
    })
    .await;
}
