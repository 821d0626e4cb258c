//! Moderating: removing, banning, muting, giving powers, and what holds for the group.
//!
//! Does not know who may, nor who is in the group: the hub decides, and finds whom a name means.

use std::num::NonZeroU32;

use conclave_core::{Change, Flag, Listing, Mask, Name, Password, Power, Refusal};

use super::Done;
use super::change::on_or_off;
use crate::Request;
use crate::console::words;

pub(super) fn kick(written: &str) -> Done {
    match written {
        "" => Done::Misused,
        _ => Done::Ask(Request::Remove { written: written.into() }),
    }
}

pub(super) fn ban(written: &str) -> Done {
    match written {
        "" => Done::Misused,
        _ => Done::Ask(Request::Ban { written: written.into() }),
    }
}

pub(super) fn unban(written: &str) -> Done {
    mask(written, |mask| Change::Unlisted(Listing::Bans, mask))
}

pub(super) fn mute(written: &str) -> Done {
    mask(written, |mask| Change::Listed(Listing::Mutes, mask))
}

pub(super) fn unmute(written: &str) -> Done {
    mask(written, |mask| Change::Unlisted(Listing::Mutes, mask))
}

fn mask(written: &str, change: impl FnOnce(Mask) -> Change) -> Done {
    match Mask::parse(written) {
        _ if written.is_empty() => Done::Misused,
        Ok(mask) => Done::Ask(Request::Change { change: change(mask) }),
        Err(problem) => Done::Tell(words::refused(Refusal::Mask(problem))),
    }
}

pub(super) fn voice(written: &str) -> Done {
    grant(written, Power::Voice, true)
}

pub(super) fn devoice(written: &str) -> Done {
    grant(written, Power::Voice, false)
}

pub(super) fn op(written: &str) -> Done {
    grant(written, Power::Moderator, true)
}

pub(super) fn deop(written: &str) -> Done {
    grant(written, Power::Moderator, false)
}

fn grant(written: &str, power: Power, is_given: bool) -> Done {
    name(written, |whom| Request::Grant { whom, power, is_given })
}

pub(super) fn invite(written: &str) -> Done {
    name(written, |name| Request::Change { change: Change::Invited(name) })
}

fn name(written: &str, request: impl FnOnce(Name) -> Request) -> Done {
    match Name::parse(written) {
        _ if written.is_empty() => Done::Misused,
        Ok(name) => Done::Ask(request(name)),
        Err(problem) => Done::Tell(words::refused(Refusal::Name(problem))),
    }
}

pub(super) fn password(written: &str) -> Done {
    match Password::parse(written) {
        _ if written.is_empty() => Done::Misused,
        Ok(password) => Done::Ask(Request::SetPassword { password }),
        Err(problem) => Done::Tell(words::refused(Refusal::Password(problem))),
    }
}

pub(super) fn limit(written: &str) -> Done {
    let count = match written.to_ascii_lowercase().as_str() {
        "off" => None,
        digits => match digits.parse::<NonZeroU32>() {
            Ok(count) => Some(count),
            Err(_) => return Done::Misused,
        },
    };
    Done::Ask(Request::Change { change: Change::MembersMax(count) })
}

pub(super) fn close(argument: &str) -> Done {
    alone(argument, Flag::Closed, true)
}

pub(super) fn open(argument: &str) -> Done {
    alone(argument, Flag::Closed, false)
}

pub(super) fn lock_topic(argument: &str) -> Done {
    alone(argument, Flag::TopicLocked, true)
}

pub(super) fn unlock_topic(argument: &str) -> Done {
    alone(argument, Flag::TopicLocked, false)
}

/// A command without argument: with one, something else was meant.
fn alone(argument: &str, flag: Flag, is_on: bool) -> Done {
    if argument.is_empty() { flag_request(flag, is_on) } else { Done::Misused }
}

pub(super) fn moderate(written: &str) -> Done {
    on_or_off(written, |is_on| request(Flag::Moderated, is_on))
}

pub(super) fn invite_only(written: &str) -> Done {
    on_or_off(written, |is_on| request(Flag::InviteOnly, is_on))
}

fn flag_request(flag: Flag, is_on: bool) -> Done {
    Done::Ask(request(flag, is_on))
}

const fn request(flag: Flag, is_on: bool) -> Request {
    Request::Change { change: Change::Flag { flag, is_on } }
}
