//! Whatever stands in a file or in the environment: an answer, never a panic.

use proptest::prelude::*;

use super::*;

/// Any JSON, with our own keys often among it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "(http|https|mongodb|sqlite)://?[a-z@:/?%.]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(any_key(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    let known: Vec<_> = settings()
        .flat_map(|setting| [setting.section().unwrap_or_default(), setting.key()])
        .map(str::to_owned)
        .collect();
    prop_oneof![3 => prop::sample::select(known), 1 => ".{0,10}"]
}

fn any_path() -> impl Strategy<Value = Setting> {
    prop::sample::select(settings().collect::<Vec<_>>())
}

/// A mistake has a place and advice, on one line.
fn assert_clear(result: &Result<(Config, Vec<Warning>), ConfigErrors>) {
    if let Err(errors) = result {
        assert!(!errors.problems().is_empty());
        for problem in errors.problems() {
            assert!(
                !problem.place.is_empty() && !problem.advice.is_empty(),
                "{problem}"
            );
            assert!(
                !problem.to_string().contains(char::is_control),
                "{problem:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_json_gives_an_answer(json in any_json()) {
        assert_clear(&load(&json));
    }

    #[test]
    fn any_text_gives_an_answer(text in "\\PC{0,60}|[\\[\\]{}\",:0-9a-z ]{0,60}") {
        assert_clear(&load_text(&text));
    }

    #[test]
    fn any_value_of_any_setting_gives_an_answer(setting in any_path(), value in any_json()) {
        assert_clear(&load(&with(setting.path(), value)));
    }

    #[test]
    fn any_environment_gives_an_answer(setting in any_path(), value in "\\PC{0,30}") {
        let variable = setting.variable();
        assert_clear(&load_with_environment(&minimal(), &[(variable.as_str(), value.as_str())]));
    }

    #[test]
    fn any_variable_gives_an_answer(name in "SPARK_OAUTH_{1,2}[A-Z_]{0,20}") {
        assert_clear(&load_with_environment(&minimal(), &[(name.as_str(), "x")]));
    }
}
