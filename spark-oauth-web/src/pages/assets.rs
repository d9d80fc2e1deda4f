//! Stylesheet, script and icon, served from memory.
//!
//! Each path holds a hash of the content, so browsers keep the file for a year
//! and still see a new one at once.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

/// A year, the longest that RFC 9111 caches are asked to keep anything.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Ask again each time.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "app",
        "css",
        "text/css; charset=utf-8",
        include_str!("../../assets/app.css"),
    )
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "app",
        "js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/app.js"),
    )
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "icon",
        "svg",
        "image/svg+xml",
        include_str!("../../assets/icon.svg"),
    )
});

struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    body: &'static str,
    file_name: String,
    url: String,
    etag: String,
}

impl Asset {
    fn new(
        stem: &'static str,
        extension: &'static str,
        content_type: &'static str,
        body: &'static str,
    ) -> Self {
        let digest = Sha256::digest(body.as_bytes());
        // 48 bits tell versions of one file apart; nothing else is asked of them.
        let hash = digest
            .iter()
            .take(6)
            .fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        let hash = format!("{hash:012x}");
        let file_name = format!("{stem}.{hash}.{extension}");
        Self {
            stem,
            extension,
            content_type,
            body,
            url: format!("/assets/{file_name}"),
            file_name,
            etag: format!("\"{hash}\""),
        }
    }

    /// Whether the file name is this asset's, in this or another version.
    fn is_version(&self, file_name: &str) -> bool {
        file_name
            .strip_prefix(self.stem)
            .and_then(|rest| rest.strip_suffix(self.extension))
            .is_some_and(|hash| hash.len() > 1 && hash.starts_with('.') && hash.ends_with('.'))
    }

    fn answer(&self, file_name: &str, headers: &HeaderMap) -> Response {
        // While a new version is rolled out, a page of one replica may ask another
        // for its stylesheet. A slightly different one is better than none, but
        // must not be kept under the wrong name.
        let caching = if file_name == self.file_name {
            FOREVER
        } else {
            REVALIDATE
        };
        let unchanged = headers
            .get(IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|tags| tags.split(',').any(|tag| self.is_tag(tag)));
        let tag = [(CACHE_CONTROL, caching)];
        if unchanged {
            return (StatusCode::NOT_MODIFIED, tag, [(ETAG, self.etag.as_str())]).into_response();
        }
        (
            tag,
            [
                (ETAG, self.etag.as_str()),
                (CONTENT_TYPE, self.content_type),
            ],
            self.body,
        )
            .into_response()
    }

    /// Weak comparison, as RFC 9110 section 13.1.2 asks for `If-None-Match`.
    fn is_tag(&self, tag: &str) -> bool {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag
    }
}

/// Path of the stylesheet.
pub fn stylesheet() -> &'static str {
    &STYLESHEET.url
}

/// Path of the script.
pub fn script() -> &'static str {
    &SCRIPT.url
}

/// Path of the icon.
pub fn icon() -> &'static str {
    &ICON.url
}

/// Every asset as path and content, for those who write the pages to disk.
pub fn all() -> [(&'static str, &'static str); 3] {
    [&STYLESHEET, &SCRIPT, &ICON].map(|asset| (asset.url.as_str(), asset.body))
}

/// Serves the assets under `/assets/`.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/assets/{file}", get(serve))
}

async fn serve(Path(file_name): Path<String>, headers: HeaderMap) -> Response {
    let assets: [&Asset; 3] = [&STYLESHEET, &SCRIPT, &ICON];
    assets
        .into_iter()
        .find(|asset| asset.is_version(&file_name))
        .map_or_else(
            || (StatusCode::NOT_FOUND, "no such asset\n").into_response(),
            |asset| asset.answer(&file_name, &headers),
        )
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Method, Request};
    use tower::ServiceExt;

    use super::*;

    async fn request(method: Method, path: &str, tag: Option<&str>) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        router::<()>()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    async fn body(response: Response) -> String {
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn each_asset_is_kept_for_a_year_under_its_own_type() {
        let expected = [
            (stylesheet(), "text/css; charset=utf-8"),
            (script(), "text/javascript; charset=utf-8"),
            (icon(), "image/svg+xml"),
        ];
        for (url, content_type) in expected {
            let response = request(Method::GET, url, None).await;
            assert_eq!(response.status(), StatusCode::OK, "{url}");
            assert_eq!(response.headers()[CONTENT_TYPE], content_type);
            assert_eq!(response.headers()[CACHE_CONTROL], FOREVER);
            let (_, text) = all().into_iter().find(|(path, _)| *path == url).unwrap();
            assert_eq!(body(response).await, text);
        }
    }

    #[tokio::test]
    async fn a_head_request_gets_the_headers_alone() {
        let response = request(Method::HEAD, stylesheet(), None).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CACHE_CONTROL], FOREVER);
        assert_eq!(body(response).await, "");
    }

    #[tokio::test]
    async fn a_known_tag_is_answered_with_not_modified() {
        let first = request(Method::GET, script(), None).await;
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        for tag in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"other\", {tag}"),
            "*".to_owned(),
        ] {
            let again = request(Method::GET, script(), Some(&tag)).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{tag}");
            assert_eq!(body(again).await, "");
        }
        let other = request(Method::GET, script(), Some("\"other\"")).await;
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn another_version_gets_the_present_content_but_is_not_kept() {
        let response = request(Method::GET, "/assets/app.0123456789ab.css", None).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CACHE_CONTROL], REVALIDATE);
    }

    #[tokio::test]
    async fn other_names_are_not_found() {
        for path in [
            "/assets/app.css",
            "/assets/icon.svg.map",
            "/assets/app.a.svg",
            "/assets/app..css/x",
        ] {
            let response = request(Method::GET, path, None).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn the_hash_follows_the_content() {
        let one = Asset::new("app", "css", "text/css", "a{}");
        let other = Asset::new("app", "css", "text/css", "b{}");
        assert_ne!(one.url, other.url);
        assert_ne!(one.etag, other.etag);
    }
}
