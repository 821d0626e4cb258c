//! Looking: who is here, and what was said before.
//!
//! Changes nothing.

use conclave_core::limits;

use super::Done;
use crate::Request;

pub(super) fn who(_argument: &str) -> Done {
    Done::Ask(Request::ShowMembers)
}

pub(super) fn bans(_argument: &str) -> Done {
    Done::Ask(Request::ShowBans)
}

/// Any number is taken: it is read from the log as fast as the reader reads.
pub(super) fn history(argument: &str) -> Done {
    let is_number = argument.bytes().all(|byte| byte.is_ascii_digit());
    let count = match argument {
        "" => limits::EARLIER_MESSAGES,
        // More than can be counted is more than there are.
        digits if is_number => digits.parse().unwrap_or(u32::MAX),
        _ => 0,
    };
    if count == 0 {
        return Done::Misused;
    }
    Done::Ask(Request::ShowHistory { count, bytes_max: None })
}
