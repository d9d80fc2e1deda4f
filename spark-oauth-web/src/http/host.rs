//! One host name for one application: cookies of `localhost` do not reach
//! `127.0.0.1`, where the provider sends the browser back to.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use url::{Host, Url};

use crate::site::Site;

/// Sends a browser that came under another host name to the public one.
pub(crate) async fn redirect_to_public_host(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let is_public = asked_host(&request, &site).is_none_or(|asked| {
        site.public_url
            .host()
            .is_some_and(|ours| ours.to_owned() == asked)
    });
    if is_public {
        return next.run(request).await;
    }
    tracing::debug!("a request under another host name is redirected");
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        Redirect::temporary(&same_place(&site.public_url, &request)).into_response()
    } else {
        // The body was meant for the other name's cookies: the person begins anew.
        let start = if request.uri().path().starts_with("/admin") {
            "/admin"
        } else {
            "/"
        };
        Redirect::to(&at(&site.public_url, start, None)).into_response()
    }
}

/// The host name that the client asked for; `None` where it named none, or where
/// it cannot be read: then there is no cookie to save either.
fn asked_host(request: &Request, site: &Site) -> Option<Host> {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let by_proxy = peer.is_some_and(|peer| site.trusted_proxies.contains(peer.to_canonical()));
    let forwarded = request
        .headers()
        .get("x-forwarded-host")
        .filter(|_| by_proxy);
    let text = forwarded
        .or_else(|| request.headers().get(header::HOST))
        .and_then(|host| host.to_str().ok())
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(axum::http::uri::Authority::as_str)
        })?;
    let first = text.split(',').next().unwrap_or(text).trim();
    Url::parse(&format!("http://{first}"))
        .ok()?
        .host()
        .map(|host| host.to_owned())
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
        let headers = [("host", "inner"), ("x-forwarded-host", "127.0.0.1")];
        let inner = Some(Host::parse("inner").unwrap());
        assert_eq!(asked_host(&request(&headers), &site(&[])), inner);
        let outer = Some(Host::parse("127.0.0.1").unwrap());
        assert_eq!(asked_host(&request(&headers), &site(&["10.0.0.1"])), outer);
    }

    #[test]
    fn the_place_is_kept() {
        let place = same_place(&site(&[]).public_url, &request(&[]));
        assert_eq!(place, "http://127.0.0.1:3000/admin?a=b%20c");
    }
}
