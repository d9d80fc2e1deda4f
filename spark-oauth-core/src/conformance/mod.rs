//! The test suite that every store must pass.
//!
//! Each MUST in the docs of the [ports](crate::ports) is a *contract*: a function
//! that takes the stores, uses them through their ports alone and panics where
//! they do not keep it. [`store_conformance!`](crate::store_conformance) makes one
//! test of each, every one with a fresh store:
//!
//! ```text
//! // tests/conformance.rs of the crate of a store; needs tokio with the features
//! // `macros` and `rt-multi-thread` among the dev-dependencies.
//! use spark_oauth_core::ports::Stores;
//! use spark_oauth_core::store_conformance;
//!
//! async fn fresh() -> Stores {
//!     Stores::of(MyStore::new())
//! }
//!
//! store_conformance!(my_store, fresh().await);
//! ```
//!
//! `cargo test` then names what does not hold, as in
//! `my_store::leases::one_of_many_takes_a_free_lease`.
//!
//! Not tested here, since no port can show it: that a write which was answered
//! outlives the process and the power. Every store tests that by its own means.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a contract that is not kept panics, like every test"
)]

pub mod admin_list;
pub mod admins;
pub mod audit;
pub mod consents;
pub mod leases;
pub mod listing;
pub mod lookups;
mod pages;
mod races;
pub mod samples;
pub mod search;
pub mod sessions;
pub mod tokens;
pub mod uniqueness;
pub mod updates;
pub mod usernames;
pub mod vault;

use crate::ports::Stores;

/// What a contract is tested on: the stores, and perhaps something that must live
/// as long as they do, such as a temporary folder.
pub trait Subject: Send {
    /// The stores.
    fn stores(&self) -> &Stores;

    /// Whether a contract is tested on this subject, by its name with its module
    /// (`updates::an_update_…`): for a store that needs a server which not every
    /// machine has, or whose server here has a known fault. Whoever says no prints
    /// why, and fails where nothing may be left out.
    fn is_tested(&self, contract: &str) -> bool {
        let _ = contract;
        true
    }
}

impl Subject for Stores {
    fn stores(&self) -> &Stores {
        self
    }
}

/// With `None` nothing is tested: see [`is_tested`](Subject::is_tested).
impl<S: Subject> Subject for Option<S> {
    fn stores(&self) -> &Stores {
        self.as_ref()
            .expect("nothing is tested where there is no store")
            .stores()
    }

    fn is_tested(&self, contract: &str) -> bool {
        self.as_ref()
            .is_some_and(|subject| subject.is_tested(contract))
    }
}

impl<G: Send> Subject for (Stores, G) {
    fn stores(&self) -> &Stores {
        &self.0
    }
}

/// Makes one test of each contract.
///
/// The first argument names the module of the tests. The second is an expression
/// that makes a fresh, empty store: a [`Stores`](crate::ports::Stores), a pair of it
/// and a guard, or an `Option` of either; it may `.await`, and sees what is in scope
/// where the macro stands.
#[macro_export]
macro_rules! store_conformance {
    ($module:ident, $fresh:expr) => {
        mod $module {
            use super::*;

            async fn fresh() -> impl $crate::conformance::Subject {
                $fresh
            }

            $crate::__store_contracts!(tokens:
                a_full_record_reads_back,
                a_bare_record_reads_back,
                every_status_reads_back,
                every_lineage_reads_back,
                times_read_back_to_the_millisecond,
                sealed_values_read_back_byte_by_byte,
                texts_read_back_as_written,
                an_address_keeps_its_case,
                a_generation_keeps_its_64_bits,
                a_record_is_added_with_its_version,);
            $crate::__store_contracts!(uniqueness:
                an_identifier_stands_once,
                a_consent_stands_once,
                another_consent_is_another_record,
                records_without_a_person_never_collide,
                one_consent_added_at_once_stands_once,
                records_added_at_once_all_stand,
                a_record_is_removed_once,
                an_unknown_identifier_is_no_record,);
            $crate::__store_contracts!(lookups:
                a_consent_is_found_by_exactly_its_scopes,
                a_person_is_found_with_every_scope,
                an_address_is_found_whatever_its_case,
                a_removed_record_leaves_nothing,);
            $crate::__store_contracts!(updates:
                an_update_replaces_every_field,
                an_update_clears_what_may_be_absent,
                an_update_is_found_by_its_new_values,
                a_consent_that_an_update_leaves_is_free,
                an_update_of_another_version_conflicts,
                an_update_of_a_removed_record_is_not_found,
                an_update_into_another_consent_is_refused,
                compare_and_set_loses_no_update,
                one_version_is_replaced_once,);
            $crate::__store_contracts!(leases:
                a_free_lease_is_taken,
                a_lease_that_stands_is_respected,
                an_expired_lease_can_be_taken,
                an_own_lease_is_claimed_again,
                a_lease_of_nothing_is_missing,
                one_of_many_takes_a_free_lease,
                one_of_many_takes_an_expired_lease,
                a_claim_ends_earlier_reads,
                a_claim_keeps_the_marker,
                the_owner_extends_a_lease,
                only_the_owner_extends_a_lease,
                a_lease_that_ran_out_is_extended_until_it_is_taken,
                the_owner_releases_a_lease,
                releasing_keeps_a_marker_of_somebody_else,
                only_the_owner_releases_a_lease,
                an_update_can_release_a_lease,);
            $crate::__store_contracts!(listing:
                an_empty_list_has_one_page,
                the_newest_record_comes_first,
                pages_show_every_record_once,
                the_last_page_has_no_cursor,
                a_cursor_can_be_used_again,
                a_list_by_status_shows_that_status,
                records_that_come_move_no_other,
                records_that_go_move_no_other,
                a_change_does_not_move_a_record,
                who_stays_is_shown_once_while_others_come_and_go,);
            $crate::__store_contracts!(search:
                a_part_is_found_wherever_it_stands,
                an_empty_part_is_in_every_address,
                a_short_part_is_found,
                a_part_is_found_whatever_its_case,
                every_piece_of_an_address_finds_it,
                each_character_stands_for_itself,
                a_part_longer_than_any_address_finds_nothing,
                a_part_and_a_status_must_both_fit,
                a_search_follows_what_changes,
                a_search_forgets_what_was_removed,
                a_search_is_shown_page_by_page,);
            $crate::__store_contracts!(admins:
                an_admin_reads_back,
                times_of_an_admin_read_back,
                an_unknown_admin_is_no_record,
                a_username_is_found_whatever_its_case,
                an_update_replaces_an_admin,
                a_stale_update_of_an_admin_is_refused,
                compare_and_set_of_an_admin_loses_no_update,
                a_removed_admin_leaves_nothing,);
            $crate::__store_contracts!(usernames:
                a_username_stands_once,
                a_username_taken_at_once_stands_once,
                an_admin_identifier_stands_once,
                there_is_one_super_admin,
                a_super_admin_set_up_at_once_stands_once,
                a_rename_keeps_usernames_unique,);
            $crate::__store_contracts!(admin_list:
                admins_are_listed_by_username,
                admins_that_come_and_go_move_no_other,);
            $crate::__store_contracts!(consents:
                a_consent_reads_back,
                a_consent_is_taken_once,
                a_consent_taken_at_once_is_given_to_one,
                a_state_stands_once,
                an_expired_consent_is_still_given,
                open_consents_are_counted_by_address,
                expired_consents_are_removed,);
            $crate::__store_contracts!(sessions:
                a_session_reads_back,
                the_end_of_a_session_reads_back,
                an_unknown_session_is_no_record,
                an_expired_session_is_not_loaded,
                a_session_key_stands_once,
                saving_replaces_a_session,
                saving_never_revives_a_session,
                expired_sessions_are_removed,);
            $crate::__store_contracts!(audit:
                every_action_reads_back,
                every_actor_reads_back,
                every_particular_reads_back,
                times_of_entries_read_back,
                entries_are_listed_newest_first,
                entries_that_come_move_no_other,
                entries_appended_at_once_all_stand,);
            $crate::__store_contracts!(vault:
                a_new_store_knows_no_key,
                a_fingerprint_is_remembered_once,
                a_fingerprint_added_at_once_stands_once,
                the_first_nonce_stays,
                a_nonce_offered_at_once_is_the_same_for_all,
                a_store_answers_a_ping,);
        }
    };
}

/// One module of tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_contracts {
    ($contracts:ident: $($contract:ident,)+) => {
        mod $contracts {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $contract() {
                    let subject = super::fresh().await;
                    let name = concat!(stringify!($contracts), "::", stringify!($contract));
                    if !$crate::conformance::Subject::is_tested(&subject, name) {
                        return;
                    }
                    let stores = $crate::conformance::Subject::stores(&subject);
                    $crate::conformance::$contracts::$contract(stores).await;
                }
            )+
        }
    };
}

#[cfg(test)]
mod tests {
    /// A contract that nobody stamps is never tested.
    #[test]
    fn every_contract_is_stamped() {
        let stamped = include_str!("mod.rs");
        let sources = [
            include_str!("admin_list.rs"),
            include_str!("admins.rs"),
            include_str!("audit.rs"),
            include_str!("consents.rs"),
            include_str!("leases.rs"),
            include_str!("listing.rs"),
            include_str!("lookups.rs"),
            include_str!("search.rs"),
            include_str!("sessions.rs"),
            include_str!("tokens.rs"),
            include_str!("uniqueness.rs"),
            include_str!("updates.rs"),
            include_str!("usernames.rs"),
            include_str!("vault.rs"),
        ];
        for line in sources.iter().flat_map(|source| source.lines()) {
            let Some(rest) = line.strip_prefix("pub async fn ") else {
                continue;
            };
            let name = rest.split('(').next().unwrap_or_default();
            assert!(
                stamped.contains(&format!("                {name},")),
                "{name} is missing in store_conformance!"
            );
        }
    }
}
