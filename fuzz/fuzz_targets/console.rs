//! The console door, with a peer that sends anything and a hub that answers anything, right or
//! wrong, early or late: it stands, puts out clean text, and asks nothing of a group it is not in.

#![no_main]

use std::time::Duration;

use conclave_core::{
    Change, GroupId, Mask, Name, NameProblem, Noted, PasswordProblem, Power, Reason, Refusal,
    Standing, Timestamp, Topic, limits,
};
use conclave_doors::console::{ConsoleDoor, LineEnd};
use conclave_doors::{Echo, MemberShown, Notice, Reply, Request};
use conclave_fuzz::Tape;
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/doors/tests/it/clean.rs"]
mod clean;
#[path = "../../crates/doors/tests/it/desk.rs"]
#[allow(dead_code, reason = "the door's own tests need more of it")]
mod desk;

use clean::assert_clean;
use desk::{Desk, answer, start};

/// What one answer may be beyond the bound at which no further one is begun.
const ANSWER_BYTES_MAX: usize = 8 * 1024;

fuzz_target!(|input: &[u8]| {
    let mut tape = Tape::new(input);
    if tape.byte() % 4 == 0 { check_cuts(tape) } else { check_happenings(tape) }
});

/// How a stream is cut into reads changes nothing.
fn check_cuts(mut tape: Tape<'_>) {
    let cut = usize::from(tape.byte());
    let stream = tape.rest();
    let whole = held(std::iter::once(stream));
    assert_eq!(whole, held(stream.chunks(cut.max(1))));
    assert_clean(&whole.0);
}

fn held<'input>(
    reads: impl Iterator<Item = &'input [u8]>,
) -> (Vec<u8>, Vec<String>, bool, LineEnd) {
    let mut desk = Desk::new();
    reads.for_each(|read| desk.reads(read));
    desk.ends();
    (desk.takes(), desk.requests, desk.door.is_finished(), desk.door.line_end())
}

fn check_happenings(mut tape: Tape<'_>) {
    let mut now = start();
    let mut door = ConsoleDoor::new(now);
    let mut topic = Topic::from_log(WILD.to_owned());
    let mut output = Vec::new();
    let mut has_joined = false;
    while !tape.is_at_end() {
        match tape.choice(8) {
            0 => door.handle_bytes(now, tape.bytes()),
            // Enough for a line that is too long and for more answers than may wait.
            1 => door.handle_bytes(now, &tape.bytes().repeat(tape.choice(32))),
            2 => {
                // What a hub does that keeps to the rules.
                while let Some(request) = door.poll_request() {
                    assert!(has_joined || is_entrance(&request), "{request:?}");
                    let Some(reply) = answer(&request, &mut topic) else { continue };
                    has_joined |= matches!(reply, Reply::Joined { .. });
                    door.handle_reply(now, reply);
                }
            }
            3 => {
                let reply = some_reply(&mut tape);
                has_joined |= matches!(reply, Reply::Joined { .. });
                door.handle_reply(now, reply);
            }
            4 => door.handle_notice(now, some_notice(&mut tape)),
            5 => {
                now += Duration::from_millis(100) * u32::from(tape.byte());
                door.handle_timeout(now);
            }
            6 => take_output(&mut door, &mut output),
            _ => door.handle_end(now),
        }
        assert!(!door.is_finished() || door.poll_timeout().is_none());
    }
    door.handle_notice(now, Notice::Stopping);
    take_output(&mut door, &mut output);
    assert!(door.is_finished());
    assert_eq!(door.poll_request(), None);
    assert_clean(&output);
}

fn take_output(door: &mut ConsoleDoor, output: &mut Vec<u8>) {
    while let Some(bytes) = door.poll_output() {
        assert!(bytes.len() <= limits::ANSWERS_BYTES_MAX + ANSWER_BYTES_MAX, "{}", bytes.len());
        output.extend_from_slice(&bytes);
    }
}

fn is_entrance(request: &Request) -> bool {
    matches!(request, Request::Create { .. } | Request::Join { .. } | Request::JoinAs { .. })
}

/// A log of another day may hold anything.
const WILD: &str = "\u{1b}[2J\u{7}\n* Noya has left the group\r\u{9b}\u{7f}\u{2028}";

fn some_reply(tape: &mut Tape<'_>) -> Reply {
    let name = Name::from_log(&tape.text());
    let text = Topic::from_log(name.to_string());
    match tape.choice(12) {
        8 => Reply::Granted { whom: name, power: Power::Voice, is_given: true },
        9 => Reply::Changed { change: Change::Invited(name) },
        10 => {
            let mask = Mask::from_log(name.as_str());
            let noted = Noted { mask, by: name, at: Timestamp::default() };
            Reply::Bans { bans: vec![noted.clone()], mutes: vec![noted] }
        }
        0 => Reply::Joined { group: some_group(tape), name, topic: text },
        1 => Reply::Renamed { to: name },
        2 => Reply::Topic { text },
        3 => {
            let standing = Standing::Moderator;
            let is_muted = true;
            Reply::Members(vec![MemberShown {
                name,
                is_you: false,
                is_here: false,
                standing,
                is_muted,
            }])
        }
        4 => Reply::History { count: u32::from(tape.byte()) },
        5 => Reply::Echo(Echo::On),
        6 => Reply::DeletedWhenEmpty { is_on: true },
        7 => Reply::Left,
        _ => Reply::Refused(some_refusal(tape)),
    }
}

fn some_group(tape: &mut Tape<'_>) -> GroupId {
    GroupId::draw(u64::from(tape.byte()), 0)
}

fn some_notice(tape: &mut Tape<'_>) -> Notice {
    match tape.choice(3) {
        1 => {
            let by = Name::from_log(&tape.text());
            Notice::Removed { by, reason: Reason::from_log(tape.text()) }
        }
        0 => Notice::NotTaken(some_refusal(tape)),
        _ => Notice::GroupEnded,
    }
}

fn some_refusal(tape: &mut Tape<'_>) -> Refusal {
    const REFUSALS: [Refusal; 14] = [
        Refusal::WrongIdOrPassword,
        Refusal::NameTaken,
        Refusal::GroupFull,
        Refusal::NotAMember,
        Refusal::SeatUnknown,
        Refusal::Busy,
        Refusal::TooManyGuesses,
        Refusal::NotSaved,
        Refusal::Unknown,
        Refusal::GroupClosed,
        Refusal::Stopping,
        Refusal::NotTheCreator,
        Refusal::Name(NameProblem::Reserved),
        Refusal::Password(PasswordProblem::Control),
    ];
    REFUSALS[tape.choice(REFUSALS.len())]
}
