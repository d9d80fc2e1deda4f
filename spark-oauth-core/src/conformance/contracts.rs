//! Every contract, stamped into one test for each store.

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
                long_texts_read_back,
                an_address_keeps_its_case,
                a_generation_keeps_its_64_bits,
                a_record_is_added_with_its_version,);
            $crate::__store_contracts!(uniqueness:
                an_identifier_stands_once,
                a_consent_stands_once,
                granted_scopes_may_become_those_of_another_record,
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
                a_lost_address_finds_nothing,
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
            $crate::__store_contracts!(inventory:
                an_empty_store_is_walked,
                tokens_are_walked_oldest_first,
                tokens_that_come_and_go_move_no_other,
                entries_are_walked_oldest_first,
                admins_are_walked,
                consents_are_walked,
                api_keys_are_walked,
                links_are_walked,
                keys_and_links_that_come_move_no_other,
                pauses_are_walked,
                the_outbox_is_walked,);
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
            $crate::__store_contracts!(token_filter:
                a_token_expires_before_a_time,
                far_times_are_before_one_another,
                scopes_are_whole_words,
                every_condition_on_tokens_must_hold,
                what_comes_and_goes_moves_no_other_in_a_filtered_list,);
            $crate::__store_contracts!(reach:
                a_reach_of_addresses_shows_them,
                a_reach_of_domains_shows_them,
                who_is_reached_twice_is_shown_once,
                a_reach_follows_what_changes,);
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
                a_name_renamed_into_at_once_stands_once,
                a_rename_keeps_usernames_unique,);
            $crate::__store_contracts!(admin_list:
                admins_are_listed_by_username,
                admins_that_come_and_go_move_no_other,);
            $crate::__store_contracts!(consents:
                a_consent_reads_back,
                the_terms_of_a_consent_read_back,
                a_consent_is_taken_once,
                a_consent_taken_at_once_is_given_to_one,
                another_browser_leaves_a_consent_to_its_owner,
                a_callback_that_comes_again_is_told_of_the_token,
                a_state_stands_once,
                an_expired_consent_is_still_given,
                open_consents_are_counted_by_address,
                expired_consents_are_removed,);
            $crate::__store_contracts!(api_keys:
                a_key_reads_back,
                times_of_a_key_read_back,
                a_key_stands_once,
                a_hash_taken_at_once_stands_once,
                an_unknown_key_is_no_record,
                a_key_that_ended_is_still_found,
                keys_are_listed_newest_first,
                keys_that_come_move_no_other,
                a_revoked_key_keeps_its_time,
                a_key_revoked_at_once_has_one_time,
                the_last_use_is_the_latest,
                uses_and_a_revocation_at_once_all_stand,);
            $crate::__store_contracts!(links:
                a_link_reads_back,
                an_expected_address_keeps_its_case,
                times_of_a_link_read_back,
                a_link_stands_once,
                links_are_listed_newest_first,
                links_that_come_and_go_move_no_other,
                an_update_changes_what_became_of_a_link,
                a_stale_update_of_a_link_is_refused,
                one_version_of_a_link_is_replaced_once,
                a_link_whose_end_came_earlier_is_removed_by_it,
                an_end_and_a_consent_at_once_exclude_each_other,
                expired_links_are_removed,);
            $crate::__store_contracts!(sessions:
                a_session_reads_back,
                the_end_of_a_session_reads_back,
                an_unknown_session_is_no_record,
                an_expired_session_is_not_loaded,
                a_session_key_stands_once,
                replacing_changes_a_session,
                a_changed_session_is_not_replaced,
                replacing_never_revives_a_session,
                expired_sessions_are_removed,);
            $crate::__store_contracts!(audit:
                every_action_reads_back,
                every_actor_reads_back,
                every_particular_reads_back,
                times_of_entries_read_back,
                long_texts_of_entries_read_back,
                an_entry_is_never_changed,
                entries_are_listed_newest_first,
                entries_that_come_move_no_other,
                entries_appended_at_once_all_stand,);
            $crate::__store_contracts!(audit_search:
                each_condition_is_kept,
                a_span_is_kept_to_the_millisecond,
                far_times_are_found,
                every_condition_must_hold,
                a_search_of_entries_is_shown_page_by_page,
                the_last_page_of_a_search_has_no_cursor,
                a_search_is_in_the_order_of_appending,);
            $crate::__store_contracts!(audit_names:
                an_actor_is_found_by_its_name,
                keys_of_one_name_are_told_apart,
                a_search_does_not_regard_case,
                a_search_compares_the_whole,);
            $crate::__store_contracts!(audit_retention:
                entries_before_a_time_are_removed,
                far_entries_are_removed,
                no_more_entries_are_removed_than_asked_for,
                a_removed_entry_leaves_the_search,
                entries_that_go_move_no_other,
                an_entry_removed_at_once_is_counted_once,);
            $crate::__store_contracts!(vault:
                a_new_store_knows_no_key,
                a_fingerprint_is_remembered_once,
                a_fingerprint_added_at_once_stands_once,
                the_first_nonce_stays,
                a_nonce_offered_at_once_is_the_same_for_all,
                a_store_answers_a_ping,);
            $crate::__store_contracts!(upkeep:
                every_part_of_the_upkeep_reads_back,
                times_of_the_upkeep_read_back,
                events_read_back_in_their_order,
                an_update_replaces_the_upkeep,
                a_lease_leaves_the_upkeep,
                records_with_events_are_listed,
                no_more_records_with_events_are_listed_than_asked_for,
                a_list_with_events_follows_what_changes,);
            $crate::__store_contracts!(due:
                the_longest_due_comes_first,
                a_record_comes_due_at_its_time,
                far_times_come_due,
                a_record_without_a_time_is_never_due,
                a_record_of_every_status_can_be_due,
                another_integration_is_not_due,
                a_leased_record_is_left_out,
                no_more_due_records_are_listed_than_asked_for,
                records_of_one_time_are_all_due,
                what_is_due_follows_what_changes,
                many_workers_share_what_is_due,);
            $crate::__store_contracts!(census:
                an_empty_census_counts_nothing,
                every_status_is_counted,
                records_of_other_integrations_are_counted,
                the_census_follows_what_changes,
                the_census_is_right_after_many_changes_at_once,
                a_census_tells_what_is_due,
                a_span_ends_before_its_end,
                only_active_records_expire,
                far_times_expire,);
            $crate::__store_contracts!(pauses:
                a_pause_reads_back,
                times_of_a_pause_read_back,
                an_unknown_integration_has_no_pause,
                a_pause_that_has_passed_still_stands,
                a_pause_is_prolonged,
                a_pause_is_never_shortened,
                pauses_of_integrations_are_apart,
                the_pause_that_ends_last_stays,
                a_pause_is_cleared,
                a_prolonged_pause_is_not_cleared,
                a_pause_cleared_at_once_is_cleared_by_one,
                a_pause_prolonged_while_it_is_cleared_stays,);
            $crate::__store_contracts!(outbox:
                an_entry_reads_back,
                times_of_entries_read_back,
                an_entry_stands_once,
                a_destination_is_compared_as_it_is,
                an_entry_added_at_once_stands_once,
                the_longest_due_entry_comes_first,
                an_entry_is_rescheduled,
                only_what_was_seen_is_rescheduled,
                one_of_many_reschedules_an_entry,
                an_entry_is_removed_once,
                entries_are_counted, entries_of_some_destinations_are_left_out,
                waiting_entries_are_resumed, a_backlog_is_answered,);
            $crate::__store_contracts!(processes:
                a_process_reads_back,
                times_of_a_process_read_back,
                processes_are_listed_oldest_first,
                a_process_that_shows_itself_again_is_replaced,
                a_process_withdraws_once,
                expired_processes_are_removed,
                processes_announced_at_once_all_stand,);
            $crate::__store_contracts!(readers:
                a_read_sees_every_write_that_was_answered,
                a_record_that_changes_under_its_readers_is_whole,
                a_record_removed_under_its_readers_is_whole_or_gone,
                an_admin_removed_under_its_readers_is_whole_or_gone,
                a_session_ended_under_its_readers_is_whole_or_gone,);
            $crate::__store_contracts!(cursors:
                a_foreign_cursor_harms_no_list_of_tokens,
                a_foreign_cursor_harms_no_list_of_admins,
                a_foreign_cursor_harms_no_list_within_a_reach,
                a_foreign_cursor_harms_no_list_of_api_keys,
                a_foreign_cursor_harms_no_list_of_links,
                a_foreign_cursor_harms_no_audit_log,);
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
    /// The modules of contracts, with their sources.
    const MODULES: &[(&str, &str)] = &[
        ("admin_list", include_str!("admin_list.rs")),
        ("admins", include_str!("admins.rs")),
        ("api_keys", include_str!("api_keys.rs")),
        ("audit", include_str!("audit.rs")),
        ("audit_names", include_str!("audit_names.rs")),
        ("audit_retention", include_str!("audit_retention.rs")),
        ("audit_search", include_str!("audit_search.rs")),
        ("census", include_str!("census.rs")),
        ("consents", include_str!("consents.rs")),
        ("cursors", include_str!("cursors.rs")),
        ("due", include_str!("due.rs")),
        ("inventory", include_str!("inventory.rs")),
        ("leases", include_str!("leases.rs")),
        ("links", include_str!("links.rs")),
        ("listing", include_str!("listing.rs")),
        ("lookups", include_str!("lookups.rs")),
        ("outbox", include_str!("outbox.rs")),
        ("pauses", include_str!("pauses.rs")),
        ("processes", include_str!("processes.rs")),
        ("reach", include_str!("reach.rs")),
        ("readers", include_str!("readers.rs")),
        ("search", include_str!("search.rs")),
        ("sessions", include_str!("sessions.rs")),
        ("token_filter", include_str!("token_filter.rs")),
        ("tokens", include_str!("tokens.rs")),
        ("uniqueness", include_str!("uniqueness.rs")),
        ("updates", include_str!("updates.rs")),
        ("upkeep", include_str!("upkeep.rs")),
        ("usernames", include_str!("usernames.rs")),
        ("vault", include_str!("vault.rs")),
    ];

    /// The names that `store_conformance!` stamps for a module.
    fn stamped(module: &str) -> Vec<&'static str> {
        let source = include_str!("contracts.rs");
        let opening = format!("__store_contracts!({module}:");
        let (_, names) = source.split_once(&opening).unwrap_or_default();
        let (names, _) = names.split_once(");").unwrap_or_default();
        names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// A contract that nobody stamps is never tested.
    #[test]
    fn every_contract_is_stamped() {
        for (module, source) in MODULES {
            let mut written: Vec<_> = source
                .lines()
                .filter_map(|line| line.strip_prefix("pub async fn "))
                .filter_map(|rest| rest.split('(').next())
                .collect();
            let mut stamped = stamped(module);
            written.sort_unstable();
            stamped.sort_unstable();
            assert_eq!(stamped, written, "in the module {module}");
        }
    }

    #[test]
    fn every_module_of_contracts_is_looked_at() {
        let public: Vec<_> = include_str!("mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("pub mod "))
            .map(|rest| rest.trim_end_matches(';'))
            .filter(|module| *module != "samples")
            .collect();
        let known: Vec<_> = MODULES.iter().map(|(module, _)| *module).collect();
        assert_eq!(known, public);
    }
}
