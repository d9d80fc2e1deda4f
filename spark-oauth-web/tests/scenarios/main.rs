//! The whole application from outside: a browser, the emulator, and now and then
//! the real binary as a process.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod access;
mod access_log;
mod admin_rules;
mod api;
mod api_key_command;
mod api_keys;
mod audit_command;
mod audit_log;
mod audit_trail;
mod callback_delivery;
mod callback_refusals;
mod callback_state;
mod chaos;
mod consent_links;
mod copying;
mod crash;
mod cross_site;
mod hand_over;
mod harness;
mod headers;
mod identity;
mod import;
mod lifecycle;
mod lost_keys;
mod malformed;
mod management;
mod node_sample;
mod odd_tokens;
mod outage;
mod provider_faults;
mod receipts;
mod redirects;
mod refresh;
mod replicas;
mod reset_password;
mod rotation;
mod sealing;
mod secrets;
mod server_outage;
mod sessions;
mod set_up;
mod shutdown;
mod sign_in;
mod start_up;
mod start_up_signals;
mod token_list;
mod tour;
mod trace_context;
#[cfg(feature = "otel")]
mod traces;
mod webhooks;
mod wire;
mod withdraw;
mod wrong_time;
