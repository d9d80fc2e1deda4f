//! What the variables mean, and which are refused.

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Proxies, InvalidProxies> {
    Proxies::from_variables(|name| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

/// The proxy for `url`, as text.
fn proxy(variables: &[(&str, &str)], url: &str) -> Option<String> {
    let proxies = read(variables).unwrap();
    proxies.of(&Url::parse(url).unwrap()).map(Url::to_string)
}

#[test]
fn each_scheme_has_its_variable_in_both_cases() {
    let (http, https) = ("http://a.example/", "https://a.example/");
    for (variables, of_http, of_https) in [
        (&[][..], None, None),
        (&[("HTTP_PROXY", "http://p:1")], Some("http://p:1/"), None),
        (&[("http_proxy", "http://p:1")], Some("http://p:1/"), None),
        (&[("HTTPS_PROXY", "p:1")], None, Some("http://p:1/")),
        (&[("https_proxy", " https://p\n")], None, Some("https://p/")),
        (
            &[("ALL_PROXY", "p:1")],
            Some("http://p:1/"),
            Some("http://p:1/"),
        ),
        (
            &[("all_proxy", "socks5h://p:1"), ("HTTP_PROXY", "q:2")],
            Some("http://q:2/"),
            Some("socks5h://p:1"),
        ),
        (
            &[("HTTP_PROXY", "p:1"), ("http_proxy", "q:2")],
            Some("http://q:2/"),
            None,
        ),
        (
            &[("HTTP_PROXY", "p:1"), ("http_proxy", "")],
            Some("http://p:1/"),
            None,
        ),
        (&[("HTTP_PROXY", " ")], None, None),
        (
            &[("HTTP_PROXY", "u:p%40ss@p:1")],
            Some("http://u:p%40ss@p:1/"),
            None,
        ),
        (
            &[("HTTP_PROXY", "http://[::1]:3128")],
            Some("http://[::1]:3128/"),
            None,
        ),
        // A CGI program's HTTP_PROXY is a header of whoever asks.
        (
            &[
                ("REQUEST_METHOD", "GET"),
                ("HTTP_PROXY", "evil"),
                ("HTTPS_PROXY", "p:1"),
            ],
            None,
            Some("http://p:1/"),
        ),
        (
            &[("REQUEST_METHOD", "GET"), ("http_proxy", "p:1")],
            Some("http://p:1/"),
            None,
        ),
    ] {
        assert_eq!(proxy(variables, http).as_deref(), of_http, "{variables:?}");
        assert_eq!(
            proxy(variables, https).as_deref(),
            of_https,
            "{variables:?}"
        );
    }
}

#[test]
fn this_machine_is_never_proxied() {
    let everything = [("ALL_PROXY", "http://p:1")];
    for (host, is_this) in [
        ("127.0.0.1:3000", true),
        ("127.8.9.10", true),
        ("[::1]:3000", true),
        ("[::ffff:127.0.0.1]", true),
        ("0.0.0.0:3000", true),
        ("[::]", true),
        ("localhost", true),
        ("LOCALHOST:3000", true),
        ("localhost.", true),
        ("app.localhost", true),
        ("notlocalhost", false),
        ("localhost.example.com", false),
        ("127.0.0.1.example.com", false),
        ("128.0.0.1", false),
        ("10.0.0.1", false),
        ("[fe80::1]", false),
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}/");
            assert_eq!(proxy(&everything, &url).is_none(), is_this, "{url}");
        }
    }
}

#[test]
fn no_proxy_names_hosts_networks_and_ports() {
    for (list, host, is_direct) in [
        ("*", "a.example", true),
        ("a.example", "a.example", true),
        ("a.example", "b.a.example", true),
        ("a.example", "ba.example", false),
        (".a.example", "a.example", true),
        (".a.example", "b.a.example", true),
        ("*.a.example", "b.a.example", true),
        ("A.Example.", "a.example", true),
        ("a.example", "a.example.", true),
        ("b\u{fc}cher.example", "xn--bcher-kva.example", true),
        ("x, a.example ,y", "a.example", true),
        ("x a.example", "a.example", true),
        ("x,,a.example,", "a.example", true),
        ("10.0.0.0/8", "10.1.2.3", true),
        ("10.0.0.0/8", "11.1.2.3", false),
        ("192.0.2.7", "192.0.2.7", true),
        ("192.0.2.7", "192.0.2.70", false),
        ("fd56:9122:70e4:1::/64", "[fd56:9122:70e4:1::7]", true),
        ("2001:db8::1", "[2001:db8::1]", true),
        ("[2001:db8::1]", "[2001:db8::1]", true),
        ("a.example:8080", "a.example:8080", true),
        ("a.example:8080", "a.example", false),
        ("a.example:80", "a.example", true),
        ("192.0.2.7:8080", "192.0.2.7:8080", true),
        ("[2001:db8::1]:8080", "[2001:db8::1]:8080", true),
        ("a_b.example", "a_b.example", true),
        ("", "a.example", false),
    ] {
        for name in ["NO_PROXY", "no_proxy"] {
            let variables = [("ALL_PROXY", "http://p:1"), (name, list)];
            let found = proxy(&variables, &format!("http://{host}/"));
            assert_eq!(found.is_none(), is_direct, "{list} {host}");
        }
    }
}

#[test]
fn what_is_not_understood_is_named_without_its_value() {
    for value in [
        "ftp://user:sesame@p:1",
        "htp://user:sesame@p:1",
        "socks://user:sesame@p:1",
        "socks6://user:sesame@p:1",
        "pac+https://user:sesame@p/",
        "http://user:sesame@p:99999",
        "http://user:sesame@",
        "socks5://",
        "http://user:sesame@p/proxy.pac",
        "http://user:sesame@p?x",
        "http://user:sesame@p q",
        "://user:sesame@p",
    ] {
        for name in ["HTTP_PROXY", "https_proxy", "ALL_PROXY"] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{value}: {error}");
            assert!(!error.contains("sesame"), "{error}");
        }
    }
    for list in [
        "192.168.",
        "a*b.example",
        "10.0.0.0/33",
        "http://a.example",
        "a.example:port",
    ] {
        let error = read(&[("NO_PROXY", list)]).unwrap_err().to_string();
        assert!(
            error.starts_with("NO_PROXY: ") && error.contains(list),
            "{error}"
        );
    }
    let all = [
        ("HTTP_PROXY", "ftp://a"),
        ("https_proxy", "ftp://b"),
        ("NO_PROXY", "/"),
    ];
    assert_eq!(read(&all).unwrap_err().faults().count(), 3);
}

#[test]
fn credentials_are_not_shown() {
    let variables = [
        ("HTTP_PROXY", "http://user:sesame@p:1"),
        ("HTTPS_PROXY", "socks5://user:sesame@q:2"),
        ("NO_PROXY", "a.example"),
    ];
    let proxies = read(&variables).unwrap();
    assert_eq!(
        proxies.to_string(),
        "http://p:1 for http, socks5://q:2 for https"
    );
    let debug = format!("{proxies:?}");
    assert!(
        debug.contains("a.example") && !debug.contains("sesame"),
        "{debug}"
    );
    assert_eq!(Proxies::none().to_string(), "none");
    let both = read(&[("ALL_PROXY", "http://user:sesame@p:1")]).unwrap();
    assert_eq!(both.to_string(), "http://p:1");
}
