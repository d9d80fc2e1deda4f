//! One host name for one application: cookies of `localhost` do not reach
//! `127.0.0.1`, where the provider sends the browser back to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::http_client;
use url::{Host, Url};

use crate::http::PageError;
use crate::site::Site;

/// The longest host name that a page or the log repeats, in characters.
const SHOWN: usize = 100;

/// What [`require_public_host`] knows: the site, and whether it has warned.
#[derive(Clone, Debug)]
pub(crate) struct PublicHost {
    site: Arc<Site>,
    warned: Arc<AtomicBool>,
}

impl PublicHost {
    pub(crate) fn new(site: Arc<Site>) -> Self {
        Self {
            site,
            warned: Arc::default(),
        }
    }
}

/// Passes requests for the public host name to the handler, and redirects between loopback
/// names. Any other name gets 421 (RFC 9110 section 15.5.20): behind a proxy that does not
/// pass on the public name, a redirect would loop.
pub(crate) async fn require_public_host(
    State(public): State<PublicHost>,
    request: Request,
    next: Next,
) -> Response {
    let site = &public.site;
    let Some(asked) = asked_host(&request, site) else {
        return next.run(request).await;
    };
    let same_name = site
        .public_url
        .host()
        .is_some_and(|ours| same_host(&ours.to_owned(), &asked));
    if same_name && !is_rooted(&asked) {
        next.run(request).await
    } else if same_name || (is_loopback(&asked) && http_client::is_loopback(&site.public_url)) {
        tracing::debug!("a request under another name of this host is redirected");
        redirect(&site.public_url, &request)
    } else {
        refuse(&public, &asked)
    }
}

fn redirect(public_url: &Url, request: &Request) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        Redirect::temporary(&same_place(public_url, request)).into_response()
    } else {
        // The body was meant for the other name's cookies: the person begins anew.
        let start = if request.uri().path().starts_with("/admin") {
            "/admin"
        } else {
            "/"
        };
        Redirect::to(&at(public_url, start, None)).into_response()
    }
}

fn refuse(public: &PublicHost, asked: &Host) -> Response {
    let asked: String = asked.to_string().chars().take(SHOWN).collect();
    let public_url = &public.site.public_url;
    if public.warned.swap(true, Ordering::Relaxed) {
        tracing::debug!(host = asked, "request for an unknown host name rejected");
    } else {
        tracing::warn!(
            host = asked,
            public_url = %public_url,
            "request for an unknown host name rejected: if it came through a proxy, configure \
             the proxy to pass on the header Host, or to send X-Forwarded-Host from an address \
             in server.trustedProxies; this warning is logged once"
        );
    }
    PageError::new(
        StatusCode::MISDIRECTED_REQUEST,
        "This is not the address of this service",
        format!(
            "The request was for the host “{asked}”. This service is at {public_url}. If you \
             operate it: the proxy in front must pass on the header Host, or send \
             X-Forwarded-Host from an address in server.trustedProxies."
        ),
    )
    .with_step("Open this service", public_url.as_str())
    .into_response()
}

/// Whether two names are equal, apart from a trailing dot (the DNS root).
fn same_host(one: &Host, other: &Host) -> bool {
    match (one, other) {
        (Host::Domain(one), Host::Domain(other)) => {
            one.trim_end_matches('.') == other.trim_end_matches('.')
        }
        _ => one == other,
    }
}

/// Whether a name ends in a dot (the DNS root). A browser treats it as another host with
/// separate cookies.
fn is_rooted(host: &Host) -> bool {
    matches!(host, Host::Domain(name) if name.ends_with('.'))
}

fn is_loopback(host: &Host) -> bool {
    let name = host.to_string();
    let url = Url::parse(&format!("http://{}", name.trim_end_matches('.')));
    url.is_ok_and(|url| http_client::is_loopback(&url))
}

/// The host name that the client asked for; `None` where it named none, or where
/// it cannot be read: then there is no cookie to save either.
fn asked_host(request: &Request, site: &Site) -> Option<Host> {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let by_proxy = peer.is_some_and(|peer| site.trusted_proxies.contains(peer.to_canonical()));
    let headers = request.headers();
    let authority = request.uri().authority();
    by_proxy
        .then(|| forwarded_host(headers))
        .flatten()
        .or_else(|| headers.get(header::HOST)?.to_str().ok())
        .or_else(|| authority.map(axum::http::uri::Authority::as_str))
        .and_then(parse_host)
}

/// The host name that the client requested from the first proxy, by `X-Forwarded-Host` or
/// `Forwarded` (RFC 7239): each proxy appends its own value.
fn forwarded_host(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let listed = text("x-forwarded-host")
        .map(first)
        .filter(|host| !host.is_empty());
    listed.or_else(|| {
        let pairs = first(text("forwarded")?).split(';');
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        let (_, host) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("host"))?;
        Some(host.trim().trim_matches('"'))
    })
}

fn first(list: &str) -> &str {
    list.split(',').next().unwrap_or_default().trim()
}

fn parse_host(text: &str) -> Option<Host> {
    let url = Url::parse(&format!("http://{}", text.trim())).ok()?;
    url.host().map(|host| host.to_owned())
}

fn same_place(public_url: &Url, request: &Request) -> String {
    at(public_url, request.uri().path(), request.uri().query())
}

fn at(public_url: &Url, path: &str, query: Option<&str>) -> String {
    let mut url = public_url.clone();
    url.set_path(path);
    url.set_query(query);
    url.into()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::config::TrustedProxies;

    fn site(proxies: &[&str]) -> Site {
        Site {
            public_url: Url::parse("http://127.0.0.1:3000").unwrap(),
            trusted_proxies: TrustedProxies::parse(proxies.iter().copied()).unwrap(),
            hsts: None,
            placeholders: Vec::new(),
            hands_over_refresh_token: false,
        }
    }

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut request = Request::builder().uri("/admin?a=b%20c");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 9))));
        request
    }

    #[test]
    fn ports_and_case_do_not_make_another_name() {
        let asked = |host| asked_host(&request(&[("host", host)]), &site(&[]));
        assert_eq!(
            asked("127.0.0.1:39999"),
            Some(Host::parse("127.0.0.1").unwrap())
        );
        assert_eq!(
            asked("LocalHost:3000"),
            Some(Host::parse("localhost").unwrap())
        );
        assert_eq!(asked_host(&request(&[]), &site(&[])), None);
    }

    #[test]
    fn only_a_trusted_proxy_says_what_the_client_asked_for() {
        let inner = ("host", "inner");
        let asked = |host: &str| Some(Host::parse(host).unwrap());
        for (headers, trusted) in [
            (vec![inner, ("x-forwarded-host", "127.0.0.1")], "127.0.0.1"),
            // Each proxy of a chain adds what it was asked for.
            (
                vec![
                    inner,
                    ("x-forwarded-host", "Tokens.example.com:8443, 10.0.0.1"),
                ],
                "tokens.example.com",
            ),
            (vec![inner, ("x-forwarded-host", "")], "inner"),
            (
                vec![
                    inner,
                    (
                        "forwarded",
                        "for=192.0.2.1;proto=https;Host=\"[::1]:8443\", for=x;host=y",
                    ),
                ],
                "[::1]",
            ),
            (vec![inner, ("forwarded", "for=192.0.2.1")], "inner"),
            // Without X-Forwarded-Proto, nothing is missing.
            (
                vec![("host", "tokens.example.com:443")],
                "tokens.example.com",
            ),
        ] {
            let request = request(&headers);
            assert_eq!(
                asked_host(&request, &site(&["10.0.0.1"])),
                asked(trusted),
                "{headers:?}"
            );
            let direct = headers[0].1.split(':').next().unwrap();
            assert_eq!(
                asked_host(&request, &site(&[])),
                asked(direct),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn names_of_one_host_are_the_same() {
        let host = |text: &str| parse_host(text).unwrap();
        for (one, other, same) in [
            ("tokens.example.com", "TOKENS.example.com:80", true),
            ("tokens.example.com.", "tokens.example.com", true),
            ("bücher.example", "xn--bcher-kva.example", true),
            ("[::1]", "[0:0:0:0:0:0:0:1]:3000", true),
            ("127.0.0.1", "127.1", true),
            ("tokens.example.com", "example.com", false),
            ("127.0.0.1", "localhost", false),
        ] {
            assert_eq!(same_host(&host(one), &host(other)), same, "{one} {other}");
        }
        for text in ["", ":3000", "not a host", "a b", "[::1", "%"] {
            assert_eq!(parse_host(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_place_is_kept() {
        let place = same_place(&site(&[]).public_url, &request(&[]));
        assert_eq!(place, "http://127.0.0.1:3000/admin?a=b%20c");
    }
}
