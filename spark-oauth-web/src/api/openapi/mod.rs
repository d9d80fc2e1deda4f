//! The OpenAPI 3.1 document of the API, made from the code: `utoipa` takes calls,
//! parameters and schemas from beside the handlers, and [`complete`] adds what all
//! calls share.
//!
//! The file `openapi.json` of this crate is a copy for readers and generators. After
//! a change of the API, write it anew:
//!
//! ```text
//! UPDATE_OPENAPI=1 cargo test -p spark-oauth-web --lib openapi
//! ```

mod complete;
pub(super) mod parameters;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::code::Code;
use super::problem::ProblemBody;
use super::{consent_links, documents, people, tokens};

/// The document.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let document = serde_json::to_value(Api::openapi());
    // Texts and numbers, and every key is a text: there is no way to fail.
    complete::complete(document.unwrap_or_default())
});

/// The document of this build.
pub(super) fn document() -> &'static Value {
    &DOCUMENT
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "spark-oauth",
        description = "Access tokens of Webex (formerly Cisco Spark) that are valid now, on behalf \
                       of people who consented once.\n\nEvery call but the documentation wants an \
                       API key in the header `Authorization: Bearer spoa_…`. An admin makes one in \
                       the admin centre, the operator by `spark-oauth-web api-key create`. Errors \
                       are `application/problem+json` (RFC 9457); programs tell them apart by \
                       `code`. A parameter, a field or a body that a call does not know is \
                       refused, and named.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The server that serves this document.")),
    tags(
        (name = "Access tokens", description = "What services come for: a token that is valid now."),
        (name = "Tokens", description = "The stored consents, without their secrets."),
        (name = "Consent links", description = "Asking people for their consent."),
        (name = "Documentation", description = "What you read."),
    ),
    paths(
        tokens::access_token::fetch_access_token,
        people::access_token::fetch_access_token_of,
        tokens::list::list_tokens,
        tokens::get::get_token,
        tokens::refresh::refresh_token,
        tokens::remove::remove_token,
        consent_links::create::create_consent_link,
        consent_links::get::get_consent_link,
        consent_links::send::send_consent_link,
        documents::show_openapi,
        documents::show_docs,
    ),
    components(schemas(ProblemBody, Code, parameters::ScopeText)),
    modifiers(&Security),
)]
struct Api;

/// How a service says who it is.
struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("spoa_ and 72 hexadecimal digits")
            .description(Some(
                "An API key. What it may do is said by its scopes: `tokens:read`, `tokens:use`, \
                 `tokens:write`, `consents:request`; each call names the one that it asks for.",
            ))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}
