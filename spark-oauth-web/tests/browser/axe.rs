//! The checks of axe-core, where somebody has put it at hand.

use std::env;
use std::fs;
use std::sync::OnceLock;

use crate::browser::{Browser, Scripts};
use crate::inspection::strings;

const FILE: &str = "SPARK_OAUTH_AXE";

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      done(violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ html }) => `${id}, ${help}: ${html.slice(0, 120)}`))));
";

/// What axe finds wrong with the page; nothing where axe is not at hand, or cannot
/// run.
pub(crate) async fn violations(browser: &Browser) -> Vec<String> {
    let Some(axe) = source().filter(|_| browser.scripts == Scripts::On) else {
        return Vec::new();
    };
    // The page's policy does not apply to what the driver runs.
    browser.driver.execute(axe, []).await.unwrap();
    let answer = browser.driver.execute_async(RUN, []).await.unwrap();
    strings(answer.json())
}

fn source() -> Option<&'static str> {
    static SOURCE: OnceLock<Option<String>> = OnceLock::new();
    SOURCE
        .get_or_init(|| {
            let path = env::var_os(FILE)?;
            let text = fs::read_to_string(&path);
            Some(text.unwrap_or_else(|error| panic!("{FILE} {}: {error}", path.display())))
        })
        .as_deref()
}
