//! Conformance: the cases that every log passes, whatever it writes to.
//!
//! A log is made known by a [`Subject`]; the macro [`conformance!`](crate::conformance!) makes a
//! test of each case. Does not know any log: what is checked here is what the trait promises, and
//! nothing that a log promises beside it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "these are tests, and a test that cannot go on fails"
)]

mod accounts;
mod crashes;
mod directs;
mod groups;
mod operations;
mod pages;
mod session;
mod telling;

use conclave_core::{Entry, GroupId};

use crate::{Clock, Commits, Fault, Log};

pub use accounts::*;
pub use crashes::*;
pub use directs::*;
pub use groups::*;
pub use operations::{Operation, run_operations};
pub use pages::*;
pub use session::{
    Outcome, Session, clock_going_back, entry, founding, group, joined, removed, replay, said,
    standing_clock,
};
pub use telling::*;

/// Something that a log can be opened on, and that outlives the log.
pub trait Subject: Sized {
    /// The log.
    type Log: Log;

    /// Opens the log on what is there.
    fn open(&mut self, clock: Clock) -> impl Future<Output = (Self::Log, Commits)>;

    /// Has the next commit with appends in it meet a fault.
    fn fail_next(&self, fault: Fault);

    /// A copy, taken while the log runs.
    fn backup(&self, log: &Self::Log) -> impl Future<Output = Self>;

    /// Writes an entry as another process would; `false` where no other process can.
    fn write_elsewhere(&self, group: GroupId, entry: Entry) -> bool;
}

/// How often to do what an ordinary run does `ordinarily` often: `CONCLAVE_LOG_ROUNDS` times that,
/// where the environment tells it.
#[expect(clippy::disallowed_methods, reason = "the length of a test is no configuration")]
pub fn rounds(ordinarily: u32) -> u32 {
    let times = std::env::var("CONCLAVE_LOG_ROUNDS");
    ordinarily * times.map_or(1, |told| told.parse::<u32>().expect("it is a number"))
}

/// Makes a test of each case, for the subject that an expression makes.
#[macro_export]
macro_rules! conformance {
    ($subject:expr) => {
        $crate::conformance_cases! { $subject =>
            numbers_are_dense_and_times_rise_although_the_clock_goes_back,
            appends_land_in_the_order_they_were_handed_in,
            an_append_to_no_group_is_refused,
            many_groups_share_a_commit,
            a_commit_is_bounded,
            what_was_written_elsewhere_is_told_once,
            loading_under_way_leaves_no_gap,
            forgetting_harms_nothing,
            a_group_is_made_once,
            options_are_kept,
            a_group_is_found_by_its_alias,
            groups_are_listed_by_rising_number,
            a_deleted_group_leaves_nothing_to_the_next_of_its_number,
            deleting_refuses_what_is_under_way,
            every_kind_of_event_survives,
            a_snapshot_and_the_events_above_it_are_the_whole,
            an_older_or_impossible_snapshot_is_not_kept,
            pages_are_bounded_in_events,
            pages_are_bounded_in_bytes,
            readers_see_prefixes_while_appends_go_on,
            reopening_finds_all_and_the_same_epoch,
            a_backup_is_whole_and_has_another_epoch,
            a_full_disk_is_told_and_got_over,
            a_crash_before_the_commit_loses_what_nobody_was_told,
            a_crash_after_the_commit_loses_nothing,
            a_kill_at_any_moment_keeps_what_was_told,
            a_slow_disk_loses_nothing,
            stopping_commits_what_was_handed_in,
            what_is_asked_after_the_end_is_answered,
            an_account_is_found_by_its_name_and_what_looks_like_it,
            an_account_is_made_once,
            a_kill_at_any_moment_keeps_the_accounts_that_were_answered,
            the_groups_of_an_account_are_those_it_is_in,
            a_marker_only_rises,
            markers_are_bounded,
            a_pair_has_one_conversation,
            a_conversation_is_a_log_like_any_other,
            conversations_are_listed_by_their_newest_events,
            a_deleted_group_takes_the_conversations_of_its_members_with_it,
            conversations_of_visitors_are_gone_when_the_log_is_opened_again,
            conversations_that_one_begins_are_bounded,
            a_kill_at_any_moment_keeps_the_conversations_that_were_answered,
            opening_a_conversation_tells_the_stream_nothing,
        }
    };
}

/// Makes a test of each case that is named.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($subject:expr => $($case:ident,)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::conformance::$case(&mut $subject).await;
            }
        )*
    };
}
