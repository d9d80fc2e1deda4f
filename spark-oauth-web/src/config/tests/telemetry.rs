//! Section `telemetry`, and `log.access`.

use super::*;

fn with_telemetry(section: Value) -> Value {
    let mut json = minimal();
    json["telemetry"] = section;
    json
}

#[test]
fn without_the_section_nothing_is_exported() {
    let (config, _) = load(&minimal()).unwrap();
    assert!(config.telemetry.is_none());
    assert!(config.log.access);
}

#[test]
fn the_access_log_can_be_switched_off() {
    let mut json = minimal();
    json["log"] = json!({ "access": false });
    assert!(!load(&json).unwrap().0.log.access);
}

#[cfg(not(feature = "otel"))]
#[test]
fn a_build_without_the_feature_refuses_it() {
    let section = json!({ "endpoint": "http://127.0.0.1:4318", "headers": "key=s3cret" });
    let found = mistakes(load(&with_telemetry(section)));
    assert_eq!(found.len(), 2, "{found:#?}");
    for text in found {
        assert!(text.contains("feature `otel`"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[cfg(feature = "otel")]
mod built_in {
    use super::*;

    fn refusal(section: Value) -> String {
        let found = mistakes(load(&with_telemetry(section)));
        assert_eq!(found.len(), 1, "{found:#?}");
        found.into_iter().next().unwrap()
    }

    #[test]
    fn an_address_is_enough() {
        for base in ["http://127.0.0.1:4318", "https://example.com/otlp/"] {
            let (config, warnings) = load(&with_telemetry(json!({ "endpoint": base }))).unwrap();
            assert_eq!(warnings, []);
            let telemetry = config.telemetry.unwrap();
            let wanted = format!("{}/v1/traces", base.trim_end_matches('/'));
            assert_eq!(telemetry.traces_url(), wanted);
            assert_eq!(telemetry.service_name, "spark-oauth");
            assert!((telemetry.sample_ratio - 1.0).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn headers_are_secrets() {
        let section = json!({ "endpoint": "http://collector.example.com:4318", "headers": "a=b, key=s3cret=" });
        let (config, warnings) = load(&with_telemetry(section)).unwrap();
        assert_eq!(places(&warnings), ["telemetry.headers"]);
        let telemetry = config.telemetry.unwrap();
        assert_eq!(telemetry.headers["key"], "s3cret=");
        assert!(!format!("{telemetry:?} {:?}", telemetry.headers).contains("s3cret"));
        let text = refusal(json!({ "endpoint": "https://example.com", "headers": "a=b,s3cret" }));
        assert!(
            text.contains("entry 2") && !text.contains("s3cret"),
            "{text}"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_to_do() {
        let text = refusal(json!({ "serviceName": "tokens" }));
        assert!(text.starts_with("telemetry.endpoint: missing"), "{text}");
        for endpoint in [
            "collector:4317",
            "grpc://example.com",
            "https://user:pw@example.com",
            "https://example.com/?key=1",
            "https://example.com/v1/traces",
        ] {
            refusal(json!({ "endpoint": endpoint }));
        }
        for ratio in [-0.1, 1.1] {
            refusal(json!({ "endpoint": "https://example.com", "sampleRatio": ratio }));
        }
    }
}
