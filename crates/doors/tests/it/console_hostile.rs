//! Whatever comes in, from the peer or from the hub, the door stands and puts out clean text.

use conclave_core::{
    Change, GroupId, Listing, Mask, Name, Noted, Power, Reason, Refusal, Standing, Topic, limits,
};
use conclave_doors::console::ConsoleDoor;
use conclave_doors::{Echo, MemberShown, Notice, Reply, Request};
use proptest::prelude::*;

use crate::clean::assert_clean;
use crate::desk::{Desk, answer, start};

/// Something that happens to a door.
#[derive(Clone, Debug)]
enum Happening {
    Bytes(Vec<u8>),
    End,
    Reply(Reply),
    /// The next request, if there is one, is answered as it should be.
    Answer,
    Notice(Notice),
    Timeout,
    Output,
}

fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"1\n",
        b"2\n",
        b"Bar\n",
        b"8888\n",
        b"1234\n",
        b"\xff\xfd\x01",
        b"\xff\xfa",
        b"\xff\xf0",
        b"/who\n",
        b"/leave\n",
        b"/topic \x1b]0;x\x07\n",
        b"\xc2\x9b\n",
        b"\r",
        b"/help\n",
        b"\n",
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        proptest::sample::select(pieces).prop_map(<[u8]>::to_vec),
        Just(b"1\nBar\n8888\n1234\n".to_vec()),
        Just(vec![b'x'; 5_000]),
    ]
}

fn some_refusal() -> impl Strategy<Value = Refusal> {
    proptest::sample::select(vec![
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
        Refusal::NobodyOfThatName,
        Refusal::TooManyDirects,
        Refusal::NotAModerator,
        Refusal::Banned,
        Refusal::ListFull,
        Refusal::Name(conclave_core::NameProblem::Reserved),
        Refusal::Password(conclave_core::PasswordProblem::Control),
    ])
}

/// A log of another day may hold anything.
const WILD: &str = "\u{1b}[2J\u{7}\n* Noya has left the group\r\u{9b}\u{7f}\u{2028}";

fn some_reply() -> impl Strategy<Value = Reply> {
    let group = GroupId::new(8888).unwrap();
    let name = Name::from_log(WILD);
    let topic = Topic::from_log(WILD.to_owned());
    let standing = Standing::Moderator;
    let member =
        MemberShown { name: name.clone(), is_you: false, is_here: false, standing, is_muted: true };
    let mask = Mask::from_log(WILD);
    let noted =
        Noted { mask: mask.clone(), by: name.clone(), at: conclave_core::Timestamp::default() };
    prop_oneof![
        some_refusal().prop_map(Reply::Refused),
        proptest::sample::select(vec![
            Reply::Joined { group, name: name.clone(), topic: topic.clone() },
            Reply::Granted { whom: name.clone(), power: Power::Voice, is_given: true },
            Reply::Changed { change: Change::Listed(Listing::Bans, mask) },
            Reply::Changed { change: Change::Invited(name.clone()) },
            Reply::Bans { bans: vec![noted.clone()], mutes: vec![noted] },
            Reply::Removed,
            Reply::Unchanged,
            Reply::PasswordChanged,
            Reply::Renamed { to: name },
            Reply::Topic { text: topic },
            Reply::Members(vec![member]),
            Reply::History { count: 0 },
            Reply::History { count: 9 },
            Reply::Echo(Echo::On),
            Reply::DeletedWhenEmpty { is_on: true },
            Reply::Left,
            Reply::Told,
        ]),
    ]
}

fn some_happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => some_bytes().prop_map(Happening::Bytes),
        6 => Just(Happening::Answer),
        4 => Just(Happening::Output),
        3 => some_reply().prop_map(Happening::Reply),
        1 => some_refusal().prop_map(|refusal| Happening::Notice(Notice::NotTaken(refusal))),
        1 => Just(Happening::Notice(Notice::GroupEnded)),
        1 => Just(Happening::Notice(Notice::Removed {
            by: Name::from_log(WILD),
            reason: Reason::from_log(WILD.to_owned()),
        })),
        1 => Just(Happening::Timeout),
    ]
}

fn is_entrance(request: &Request) -> bool {
    matches!(request, Request::Create { .. } | Request::Join { .. } | Request::JoinAs { .. })
}

proptest! {
    #[test]
    fn whatever_happens_the_door_stands_and_asks_nothing_of_a_group_it_is_not_in(
        happenings in proptest::collection::vec(some_happening(), 0..60),
        ends in any::<bool>(),
    ) {
        let mut now = start();
        let mut door = ConsoleDoor::new(now);
        let mut topic = Topic::from_log(WILD.to_owned());
        let mut output = Vec::new();
        let mut is_in_group = false;
        let mut happenings = happenings;
        if ends {
            happenings.push(Happening::End);
        }
        for happening in happenings {
            match happening {
                Happening::Bytes(bytes) => door.handle_bytes(now, &bytes),
                Happening::End => door.handle_end(now),
                Happening::Reply(reply) => {
                    is_in_group |= matches!(reply, Reply::Joined { .. });
                    door.handle_reply(now, reply);
                }
                Happening::Answer => {
                    if let Some(request) = door.poll_request() {
                        prop_assert!(is_in_group || is_entrance(&request), "{request:?}");
                        if let Some(reply) = answer(&request, &mut topic) {
                            is_in_group |= matches!(reply, Reply::Joined { .. });
                            door.handle_reply(now, reply);
                        }
                    }
                }
                Happening::Notice(notice) => door.handle_notice(now, notice),
                Happening::Timeout => {
                    now = door.poll_timeout().unwrap_or(now);
                    door.handle_timeout(now);
                }
                Happening::Output => output.extend(door.poll_output().into_iter().flatten()),
            }
        }
        door.handle_notice(now, Notice::Stopping);
        while let Some(bytes) = door.poll_output() {
            output.extend_from_slice(&bytes);
        }
        prop_assert!(door.is_finished());
        prop_assert_eq!(door.poll_timeout(), None);
        prop_assert!(door.poll_request().is_none());
        assert_clean(&output);
    }

    #[test]
    fn hostile_bytes_in_a_group_come_back_clean(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut desk = Desk::in_group();
        desk.reads(&bytes);
        desk.reads(b"\n/topic \x1b]52;c;\x07\xc2\x9b31m\n/topic\n/nick \x1b[0m\n");
        assert_clean(&desk.takes());
    }
}

#[test]
fn answers_that_wait_stop_the_reading_and_none_is_lost() {
    let mut desk = Desk::in_group();
    let count = 3_000;
    desk.door.handle_bytes(desk.now, "/help\n".repeat(count).as_bytes());
    let first = desk.door.poll_output().unwrap();
    assert!(first.len() < limits::ANSWERS_BYTES_MAX + 2_000);
    let mut text = String::from_utf8(first.to_vec()).unwrap();
    while let Some(more) = desk.door.poll_output() {
        assert!(more.len() < limits::ANSWERS_BYTES_MAX + 2_000);
        text.push_str(str::from_utf8(&more).unwrap());
    }
    assert_eq!(text.matches("/exit ").count(), count);
}

#[test]
fn nobody_signed_in_can_make_a_request_of_a_group() {
    for typed in ["hello", "/who", "/history", "/me x", "/nick x", "/topic x", "/leave", "/echo on"]
    {
        for before in ["", "1\n", "2\n", "1\nBar\n", "1\nBar\n8888\n", "1\nNoya\n8888\n1234\n"] {
            let mut desk = Desk::new();
            desk.types(before);
            desk.requests.clear();
            desk.types(&format!("{typed}\n"));
            let entrances = ["create", "join", "history 20"];
            let is_entrance =
                |asked: &String| entrances.iter().any(|begin| asked.starts_with(begin));
            assert!(desk.requests.iter().all(is_entrance), "{:?}", desk.requests);
        }
    }
}
