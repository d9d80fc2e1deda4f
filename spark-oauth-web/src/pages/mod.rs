//! The pages: what each one shows, and nothing about where it comes from.
//!
//! A view struct holds display data that is ready to print, so a page can be
//! rendered and looked at without a store, a provider or a session. Handlers
//! convert into these types and answer `render()`. Templates lie in
//! `templates/`, one per view struct, and share `layout.html`; the stylesheet,
//! the script and the icon are served by [`assets`].
//!
//! `cargo run -p spark-oauth-web --example gallery -- FOLDER` writes every page
//! in its usual and extreme states, to look at in a browser.
//!
//! Three rules keep the content security policy free of `unsafe-inline`, and a
//! test guards them: no inline script, no inline style, no event attribute.

mod admin_detail;
mod admin_list;
pub mod api_docs;
pub mod assets;
mod audit_list;
pub mod audit_words;
mod confirm;
#[cfg(test)]
mod contrast;
mod error;
mod forms;
mod granted;
mod home;
mod key_created;
mod key_detail;
mod key_form;
mod key_list;
mod key_words;
mod layout;
mod link_detail;
mod link_form;
mod link_list;
mod link_words;
mod numbers;
mod overview;
mod profile;
pub mod scope_words;
mod sentence;
mod set_up;
mod sign_in;
mod status;
#[cfg(test)]
mod template_rules;
mod times;
mod token_detail;
mod token_list;

pub use admin_detail::AdminDetailPage;
pub use admin_list::{AdminListPage, AdminRow, Role};
pub use audit_list::{AuditListPage, AuditRow, AuditSearch};
pub use confirm::{ConfirmPage, HiddenField};
pub use error::{ErrorPage, NextStep};
pub use forms::{FieldError, FormErrors};
pub use granted::{GrantedPage, HandOver, Receipt, RoomIds, TokenTexts};
pub use home::{HomePage, InvitationView};
pub use key_created::KeyCreatedPage;
pub use key_detail::KeyDetailPage;
pub use key_form::{KeyFormPage, ScopeChoice};
pub use key_list::{KeyListPage, KeyRow};
pub use key_words::KeyStatus;
pub use layout::{Audience, Flash, FlashKind, Layout, Navigation, Section};
pub use link_detail::LinkDetailPage;
pub use link_form::LinkFormPage;
pub use link_list::{LinkListPage, LinkRow};
pub use link_words::LinkStatus;
pub use overview::{Bar, ExpiryChart, OverviewPage, PauseView, WebhookTroubleView};
pub use profile::ProfilePage;
pub use scope_words::ScopeView;
pub(crate) use sentence::sentence;
pub use set_up::SetUpPage;
pub use sign_in::SignInPage;
pub use status::TokenStatus;
pub use times::TimeView;
pub use token_detail::{LastError, TokenDetailPage};
pub use token_list::{TokenFilter, TokenListPage, TokenRow};
