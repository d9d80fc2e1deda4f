//! What the document says of parameters. They are read elsewhere, in
//! [`query`](crate::api::query), [`path`](crate::api::path) and
//! [`parameters`](crate::api::parameters); a test holds both to the same bounds.

use utoipa::{IntoParams, ToSchema};

/// One of our identifiers.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "its fields are documentation")]
pub(in crate::api) struct TokenParameter {
    /// The identifier of a token, as a list shows it.
    #[param(example = "01J9ZQ4X7V3T8K2M5N6P7R8S9T")]
    id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "its fields are documentation")]
pub(in crate::api) struct PersonParameter {
    /// The person's e-mail address, in percent-encoding where that is needed. Only the
    /// case of ASCII letters and the form of the domain (`bücher.example` or
    /// `xn--bcher-kva.example`) do not matter.
    #[param(
        example = "ann@example.com",
        min_length = 3,
        max_length = 254,
        pattern = r#"^[^\s\x00-\x1f\x7f-\x9f<>,;:"()\[\]\\@]+@[^\s\x00-\x1f\x7f-\x9f<>,;:"()\[\]\\@.]+(\.[^\s\x00-\x1f\x7f-\x9f<>,;:"()\[\]\\@.]+)*$"#
    )]
    email: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are documentation")]
pub(in crate::api) struct MinTtlParameter {
    /// How many seconds the token is to live at least. Where the stored one does not,
    /// it is refreshed first.
    #[param(minimum = 0, maximum = 86_400, default = 60)]
    min_ttl: Option<u32>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are documentation")]
pub(in crate::api) struct ScopeParameter {
    /// Only tokens whose granted scopes hold all of these: up to ten, each of which
    /// may be several, separated by a space.
    #[param(style = Form, explode, max_items = 10, value_type = Option<Vec<ScopeText>>)]
    scope: Option<Vec<String>>,
}

/// One to ten scopes, separated by a space.
#[derive(ToSchema)]
#[schema(
    value_type = String,
    example = "spark:rooms_read",
    pattern = r"^[!#-\[\]-~]+( [!#-\[\]-~]+){0,9}$"
)]
#[expect(dead_code, reason = "it is documentation")]
pub(in crate::api) struct ScopeText(String);

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are documentation")]
pub(in crate::api) struct ListParameters {
    /// Only tokens of persons whose e-mail address holds this, without regard to the
    /// case of ASCII letters. An address that belongs to another person by now does not
    /// count.
    #[param(
        max_length = 254,
        pattern = r"^[^\x00-\x1f\x7f]*$",
        example = "@example.com"
    )]
    email: Option<String>,
    /// Only tokens with this status.
    #[param(inline)]
    status: Option<crate::api::record::TokenStatus>,
    /// Only tokens whose access token ends before this time.
    #[param(format = DateTime, example = "2026-11-26T00:00:00Z")]
    expiring_before: Option<String>,
    /// How many tokens at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next_cursor` of the page before, with the same filters. Absent for the first
    /// page.
    #[param(
        min_length = 2,
        max_length = 256,
        pattern = r"^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$"
    )]
    cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are documentation")]
pub(in crate::api) struct RemoveParameters {
    /// Whether Webex is to end the person's authorization first: with it, every token
    /// of the person for the integration ends.
    #[param(default = false)]
    revoke: Option<bool>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "its fields are documentation")]
pub(in crate::api) struct ConditionalHeader {
    /// The `ETag` of the answer that the client has: 304 where it is still the newest.
    #[param(rename = "If-None-Match", example = "\"7\"")]
    if_none_match: Option<String>,
}
