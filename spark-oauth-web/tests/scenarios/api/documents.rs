//! The API's description of itself.

use crate::harness::{DOCUMENT, Rig, Service};

#[tokio::test]
async fn the_served_document_is_the_one_in_the_repository_and_needs_no_key() {
    let rig = Rig::start().await;
    let service = Service::new(rig.browser(), None);
    let served = service.read("/openapi.json").await;
    assert!(served == *DOCUMENT, "openapi.json is stale");
    assert_eq!(served["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_page_shows_every_call_and_every_code() {
    let rig = Rig::start().await;
    let page = Service::new(rig.browser(), None).get("/docs").await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.heading(), "HTTP API");
    let text = page.text();
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        assert!(text.contains(path), "{path}");
        for operation in operations.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert_eq!(page.all(&format!("article#{id}")).len(), 1, "{id}");
        }
    }
    let codes = &DOCUMENT["components"]["schemas"]["Code"]["enum"];
    for code in codes.as_array().unwrap() {
        let code = code.as_str().unwrap();
        assert_eq!(page.all(&format!("[id={code}]")).len(), 1, "{code}");
    }
    // Every link within the page leads somewhere.
    for href in page.hrefs("#") {
        assert_eq!(page.all(&href).len(), 1, "{href}");
    }
    let samples = page.all(".sample").join("\n");
    assert!(
        samples.contains("curl 'http://127.0.0.1:3000/api/v1/tokens"),
        "{samples}"
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
}
