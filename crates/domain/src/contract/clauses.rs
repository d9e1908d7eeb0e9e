//! The list of all clauses, and what is made of it: a table for each suite, tests for each adapter.

/// The clauses of a port, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __contract_clauses {
    (account_store, $then:ident, $($given:tt)*) => { $crate::$then! { $($given)* {
        an_account_comes_back_as_it_was_made
        an_unknown_name_has_no_account
        names_of_different_case_are_different
        a_taken_name_is_refused_and_its_account_stays
        of_many_who_make_one_name_one_succeeds
        accounts_are_listed_in_order_of_their_names
        a_new_password_raises_the_epoch
        a_new_role_raises_the_epoch
        activity_raises_the_epoch
        what_is_unknown_cannot_be_changed
        the_last_active_superuser_stays_one
        beside_an_active_superuser_another_may_go
        of_superusers_who_go_at_once_one_stays
    } } };
    (comic_archive, $then:ident, $($given:tt)*) => { $crate::$then! { $($given)* {
        a_comic_comes_back_as_it_was_saved
        comics_are_loaded_in_ascending_order_each_once
        what_was_saved_since_is_loaded
        a_comic_saved_while_loading_is_not_missed
        what_is_saved_together_is_seen_together
        a_comic_fetched_later_replaces
        a_comic_fetched_earlier_does_not_replace
        a_comic_from_the_future_is_replaced
        saving_nothing_is_fine
        savers_of_the_same_comics_never_deadlock
        one_holder_has_the_fill_at_a_time
        of_many_who_claim_at_once_one_has_the_fill
        the_holder_renews_the_claim
        a_claim_runs_out
        a_claim_is_given_back_by_its_holder_alone
    } } };
    (comic_source, $then:ident, $($given:tt)*) => { $crate::$then! { $($given)* {
        the_ends_of_the_range_are_comics
        a_comic_has_the_number_asked_for
        a_number_without_a_comic_gives_none
        what_was_answered_is_in_memory
        all_in_memory_ascends_each_once
        a_known_range_stays_known_in_an_outage
        a_comic_in_memory_comes_at_once_in_an_outage
        an_outage_is_not_taken_for_absence
        a_comic_that_hangs_is_given_up_by_the_deadline
        a_range_that_hangs_is_given_up_by_the_deadline
        callers_at_the_same_time_cause_one_fetch
        a_caller_who_leaves_does_not_stop_the_fetch
    } } };
    (secret_provider, $then:ident, $($given:tt)*) => { $crate::$then! { $($given)* {
        required_secrets_are_given
        an_optional_secret_is_given_when_it_is_there
        an_optional_secret_that_is_not_there_is_left_out
        no_other_secret_is_given
        every_missing_secret_is_named
        an_empty_secret_is_not_there
        every_secret_of_the_wrong_type_is_named
        a_rotated_secret_is_seen
        no_value_is_in_an_error
    } } };
    (session_store, $then:ident, $($given:tt)*) => { $crate::$then! { $($given)* {
        a_session_comes_back_as_it_was_kept
        an_unknown_key_has_no_session
        a_session_ends_when_its_time_has_passed
        a_session_that_ended_is_not_revived
        a_time_below_a_second_is_a_time
        touch_prolongs_a_session
        touch_shortens_a_session
        touch_changes_nothing_but_the_time
        touch_makes_no_session
        a_removed_session_is_gone
        a_removed_session_is_not_revived
        removing_what_is_not_there_is_fine
        a_session_removed_while_touched_is_gone
    } } };
    (sign_in_throttle, $then:ident, $($given:tt)*) => { $crate::$then! { $($given)* {
        a_name_at_an_address_has_its_limit
        the_wait_is_above_zero_and_at_most_the_window
        attempts_at_the_same_time_do_not_pass_together
        names_at_an_address_have_limits_of_their_own
        an_address_has_a_limit_whatever_the_names
        one_address_never_holds_up_another
        a_refused_attempt_does_not_prolong_the_wait
        a_refused_attempt_is_not_counted_for_the_address
        an_attempt_that_is_taken_back_does_not_count
        taking_back_leaves_other_attempts
        clearing_forgets_the_name_at_the_address
        clearing_leaves_other_names
        successes_use_up_nothing
    } } };
    (view_counter, $then:ident, $($given:tt)*) => { $crate::$then! { $($given)* {
        a_batch_adds_its_views
        totals_have_every_comic_of_the_batch_and_no_other
        a_batch_applied_again_changes_nothing
        a_lower_number_changes_nothing
        numbers_may_be_left_out
        numbers_go_up_to_the_largest
        writers_have_numbers_of_their_own
        one_batch_sent_many_times_at_once_counts_once
        a_call_that_is_dropped_counts_wholly_or_not
        a_batch_is_seen_wholly_or_not
        writers_at_the_same_time_lose_nothing
        as_many_comics_as_a_batch_holds_are_counted
        counts_beyond_32_bits_are_exact
        comics_that_were_never_viewed_have_no_total
        the_most_viewed_come_first
        comics_of_equal_views_come_by_number
        most_viewed_gives_no_more_than_the_limit
    } } };
    (view_ledger, $then:ident, $($given:tt)*) => { $crate::$then! { $($given)* {
        rows_show_what_was_counted
        only_the_comics_asked_for_are_listed
        bounds_of_views_are_included
        rows_come_in_the_order_asked_for
        pages_forward_give_every_row_once
        pages_back_give_the_same_rows
        a_page_follows_a_row_that_has_gone
        views_do_not_change_a_version
        an_adjustment_keeps_views_that_came_meanwhile
        an_adjustment_changes_the_version
        an_adjustment_of_another_version_is_a_conflict
        a_count_never_falls_below_zero
        a_row_can_be_added
        a_row_that_is_there_is_not_added
        a_row_that_is_not_there_is_not_adjusted
        adjustments_are_made_together_or_not
        a_comic_adjusted_twice_is_a_conflict
        of_many_who_adjust_one_version_one_succeeds
        a_removed_row_is_gone
        removals_are_made_together_or_not
        views_after_a_removal_start_from_zero
        a_row_that_came_back_has_a_version_never_used
        a_removed_comic_counts_as_zero_in_a_repeated_batch
        a_comic_without_views_is_not_most_viewed
        the_history_says_who_did_what
        the_history_comes_latest_first_in_pages
        days_have_the_views_of_batches
        days_are_unmoved_by_what_admins_do
        days_outside_are_left_out
        the_sums_add_up_after_everything_at_once
    } } };
}

/// The table of a suite: what [`contract_tests!`](crate::contract_tests) names its tests after.
#[doc(hidden)]
#[macro_export]
macro_rules! __contract_table {
    ($subject:ty, { $($clause:ident)* }) => {
        /// The clauses, each with its check.
        pub const CLAUSES: &[$crate::contract::Clause<$subject>] = &[
            $($crate::contract::Clause {
                name: stringify!($clause),
                check: |subject, keys| Box::pin($clause(subject, keys)),
            },)*
        ];
    };
}

/// Makes a test of every clause of a port's contract, in a module named after the port.
///
/// First come the attributes that every test gets, then the port, then an expression that is evaluated for
/// each test: a pair of the suite's subject and a guard that lives until the test is over (`()` where
/// nothing has to be cleaned up). Each suite's module says what its subject is.
///
/// ```ignore
/// async fn fixture() -> (Arc<dyn ViewCounter>, ()) {
///     (Arc::new(OurViewCounter::new()), ())
/// }
///
/// xkcd_domain::contract_tests! {
///     #[ignore = "needs a server: scripts/test"]
///     #[tokio::test]
///     view_counter => fixture().await
/// }
/// ```
///
/// The ports are `account_store`, `comic_archive`, `comic_source`, `secret_provider`, `session_store`,
/// `sign_in_throttle`, `view_counter` and `view_ledger`. The attribute that makes a test must be able to run
/// an `async fn`.
#[macro_export]
macro_rules! contract_tests {
    ($(#[$($attribute:tt)*])* $port:ident => $fixture:expr) => {
        mod $port {
            use super::*;

            $crate::__contract_clauses! {
                $port, __contract_test, $port ($fixture) ($(#[$($attribute)*])*)
            }
        }
    };
}

/// The tests of a port, one by one.
#[doc(hidden)]
#[macro_export]
macro_rules! __contract_test {
    ($port:ident $fixture:tt $attributes:tt { $($clause:ident)* }) => {
        $($crate::__contract_test! { @one $port $fixture $attributes $clause })*
    };
    (@one $port:ident ($fixture:expr) ($($attributes:tt)*) $clause:ident) => {
        $($attributes)*
        async fn $clause() {
            let (subject, _guard) = $fixture;
            let random = ::std::hash::RandomState::new();
            let seed = ::std::hash::BuildHasher::hash_one(&random, stringify!($clause));
            let clauses = $crate::contract::$port::CLAUSES;
            $crate::contract::uphold(clauses, stringify!($clause), subject, seed).await;
        }
    };
}
