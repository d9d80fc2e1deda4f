//! OAuth 2.0 as the provider speaks it: consent, codes, tokens, devices.

pub(crate) mod authorize;
pub(crate) mod authorize_page;
pub(crate) mod client;
pub(crate) mod codes;
pub(crate) mod device;
pub(crate) mod device_page;
mod grant;
pub(crate) mod grants;
pub(crate) mod parameters;
pub(crate) mod pkce;
pub(crate) mod scopes;
pub(crate) mod token_endpoint;
pub(crate) mod tokens;
