//! `conf/README.md` describes what the code reads.

use super::super::{keys, log};
use super::*;

const README: &str = include_str!("../../../../conf/README.md");

#[test]
fn every_setting_stands_in_the_table() {
    for setting in settings() {
        let start = format!("| `{}` |", setting.path());
        let end = format!("| `{}` |", setting.variable());
        let row = README.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("{start} is missing"));
        assert!(row.ends_with(&end), "{row}");
        assert_eq!(row.contains("*secret*"), setting.is_secret(), "{row}");
    }
}

#[test]
fn the_table_holds_nothing_else() {
    let rows = README
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains("__"));
    assert_eq!(rows.count(), settings().count());
}

#[test]
fn the_variables_without_a_key_are_described() {
    for name in [keys::VARIABLE, keys::FILE_VARIABLE, log::FILTER_VARIABLE] {
        assert!(README.contains(&format!("| `{name}` |")), "{name}");
    }
}
