//! Cases of what a group decides, and a model of many members at once.

use proptest::prelude::*;

use super::*;
use crate::{AccountId, Change, Door, Flag, Listing, Mask, Reason, Text, limits};

mod model;
mod powers;

fn name(typed: &str) -> Name {
    Name::parse(typed).unwrap()
}

fn client_id(given: &str) -> ClientId {
    ClientId::parse(given).unwrap()
}

fn join(typed: &str) -> Command {
    join_from(typed, Origin::default())
}

fn join_from(typed: &str, origin: Origin) -> Command {
    Command::Join { name: name(typed), seat: None, account: None, origin }
}

fn rename(member: u64, to: &str) -> Command {
    Command::Rename { member: MemberId(member), to: name(to) }
}

fn leave(member: u64) -> Command {
    Command::Leave { member: MemberId(member), farewell: crate::Farewell::default() }
}

fn say(member: u64, given: Option<&str>) -> Command {
    let text = Text::parse("hi").unwrap();
    Command::Say { member: MemberId(member), text, client_id: given.map(client_id) }
}

/// Has an entry decided upon and sent on its way.
fn submit(group: &mut Group, command: Command) -> Entry {
    let decision = group.decide(command);
    let Ok(Decision::Append(entry)) = decision else { panic!("{decision:?}") };
    group.expect(&entry);
    entry
}

fn land(group: &mut Group, entry: Entry) -> Event {
    let seq = group.head().next();
    let at = Timestamp::from_ms(1_000).after(group.last_at());
    let event = Event { seq, at, entry };
    group.apply(&event);
    event
}

fn group_of(names: &[&str]) -> Group {
    let mut group = Group::default();
    for typed in names {
        let entry = submit(&mut group, join(typed));
        land(&mut group, entry);
    }
    group
}

fn names_of(group: &Group) -> Vec<&str> {
    group.members().map(|(_, member)| member.name.as_str()).collect()
}

#[test]
fn members_are_counted_from_one_and_no_number_is_given_twice() {
    let mut group = group_of(&["Noya", "Dan"]);
    let given_up = submit(&mut group, join("Bar"));
    assert_eq!(given_up.member, MemberId(3));
    group.give_up(&given_up);
    assert_eq!(submit(&mut group, join("Bar")).member, MemberId(4));
    let left = submit(&mut group, leave(2));
    land(&mut group, left);
    assert_eq!(submit(&mut group, join("Dan")).member, MemberId(5));
}

#[test]
fn a_name_is_taken_from_the_decision_until_the_member_has_left() {
    let mut group = Group::default();
    let joined = submit(&mut group, join("Paul"));
    for look_alike in ["paul", "PAUL", "PauI", "Pau1"] {
        assert_eq!(group.decide(join(look_alike)), Err(Refusal::NameTaken), "{look_alike}");
    }
    land(&mut group, joined);
    assert_eq!(group.decide(join("PauI")), Err(Refusal::NameTaken));
    let left = submit(&mut group, leave(1));
    assert_eq!(group.decide(join("Paul")), Err(Refusal::NameTaken));
    land(&mut group, left);
    assert!(group.decide(join("PauI")).is_ok());
}

#[test]
fn giving_up_frees_the_name() {
    let mut group = group_of(&["Noya"]);
    let joined = submit(&mut group, join("Dan"));
    group.give_up(&joined);
    let renamed = submit(&mut group, rename(1, "Dan"));
    assert_eq!(group.decide(join("Dan")), Err(Refusal::NameTaken));
    group.give_up(&renamed);
    assert!(group.decide(join("Dan")).is_ok());
    assert_eq!(group.decide(join("Noya")), Err(Refusal::NameTaken));
}

#[test]
fn a_member_may_write_its_own_name_another_way() {
    let mut group = group_of(&["Noya", "Dan"]);
    let renamed = submit(&mut group, rename(1, "NOYA"));
    land(&mut group, renamed);
    assert_eq!(names_of(&group), ["NOYA", "Dan"]);
    assert_eq!(group.decide(join("noya")), Err(Refusal::NameTaken));
    assert_eq!(group.decide(rename(1, "dan")), Err(Refusal::NameTaken));
}

#[test]
fn a_name_that_a_member_comes_back_to_is_not_freed_on_the_way() {
    let mut group = group_of(&["Noya"]);
    let away = submit(&mut group, rename(1, "Dan"));
    let back = submit(&mut group, rename(1, "Noya"));
    land(&mut group, away);
    assert_eq!(group.decide(join("Noya")), Err(Refusal::NameTaken));
    land(&mut group, back);
    assert!(group.decide(join("Dan")).is_ok());
}

#[test]
fn a_name_awaited_twice_is_held_until_both_have_ended() {
    let mut group = group_of(&["Noya"]);
    let once = submit(&mut group, rename(1, "Dan"));
    let twice = submit(&mut group, rename(1, "Dan"));
    group.give_up(&once);
    assert_eq!(group.decide(join("Dan")), Err(Refusal::NameTaken));
    group.give_up(&twice);
    assert!(group.decide(join("Dan")).is_ok());
}

#[test]
fn what_is_said_after_a_rename_bears_the_new_name() {
    let mut group = group_of(&["Noya"]);
    let renamed = submit(&mut group, rename(1, "Dan"));
    assert_eq!(submit(&mut group, say(1, None)).name, name("Dan"));
    group.give_up(&renamed);
    assert_eq!(submit(&mut group, say(1, None)).name, name("Noya"));
}

#[test]
fn who_is_about_to_leave_does_nothing_more() {
    let mut group = group_of(&["Noya"]);
    let left = submit(&mut group, leave(1));
    for command in [say(1, None), say(1, Some("c")), rename(1, "Dan"), leave(1)] {
        assert_eq!(group.decide(command), Err(Refusal::NotAMember));
    }
    group.give_up(&left);
    assert!(group.decide(say(1, None)).is_ok());
    assert_eq!(group.decide(say(2, None)), Err(Refusal::NotAMember));
}

#[test]
fn a_client_id_lands_once() {
    let mut group = group_of(&["Noya", "Dan"]);
    let given_up = submit(&mut group, say(1, Some("c")));
    assert_eq!(group.decide(say(1, Some("c"))), Ok(Decision::InFlight));
    group.give_up(&given_up);
    let said = submit(&mut group, say(1, Some("c")));
    let Event { seq, at, .. } = land(&mut group, said.clone());
    assert_eq!(group.decide(say(1, Some("c"))), Ok(Decision::Already { seq, at }));
    group.give_up(&said);
    assert_eq!(group.decide(say(1, Some("c"))), Ok(Decision::Already { seq, at }));
    // Another member's, or none, is another send.
    for command in [say(2, Some("c")), say(1, Some("C")), say(1, None)] {
        assert!(matches!(group.decide(command), Ok(Decision::Append(_))));
    }
}

#[test]
fn a_seat_finds_its_member_until_it_has_left() {
    let seat = SeatHash([7; 32]);
    let mut group = group_of(&["Dan"]);
    let (name, origin) = (name("Noya"), Origin::default());
    let command = Command::Join { name, seat: Some(seat), account: None, origin };
    let joined = submit(&mut group, command);
    assert_eq!(group.seated(&seat), None);
    land(&mut group, joined);
    let restored = Group::restore(group.snapshot());
    for group in [&group, &restored] {
        assert_eq!(group.seated(&seat).map(|(id, _)| id), Some(MemberId(2)));
        assert_eq!(group.seated(&SeatHash([8; 32])), None);
    }
    let left = submit(&mut group, leave(2));
    land(&mut group, left);
    assert_eq!(group.seated(&seat), None);
}

#[test]
fn an_account_is_one_member_and_travels_with_all_it_does() {
    let account = |id| Account::new(AccountId(id), name("Noya"));
    let join_as = |typed, id| {
        let (name, account) = (name(typed), Some(account(id)));
        Command::Join { name, seat: None, account, origin: Origin::default() }
    };
    let mut group = group_of(&["Dan"]);
    let joined = submit(&mut group, join_as("Noya", 1));
    assert_eq!(group.decide(join_as("Noya on the road", 1)), Ok(Decision::InFlight));
    land(&mut group, joined);
    assert_eq!(group.decide(join_as("Noya on the road", 1)), Err(Refusal::AlreadyAMember));
    assert!(group.decide(join_as("Noya on the road", 2)).is_ok());
    let restored = Group::restore(group.snapshot());
    for group in [&group, &restored] {
        assert_eq!(group.held_by(&account(1)).map(|(id, _)| id), Some(MemberId(2)));
        assert_eq!(group.held_by(&account(2)), None);
    }
    assert_eq!(submit(&mut group, say(2, None)).account, Some(account(1)));
    assert_eq!(submit(&mut group, say(1, None)).account, None);
    let left = submit(&mut group, leave(2));
    assert_eq!(left.account, Some(account(1)));
    land(&mut group, left);
    assert!(group.decide(join_as("Noya", 1)).is_ok());
}

#[test]
fn where_names_are_free_two_may_have_the_same() {
    let mut group = Group::default().with_names_free();
    for _ in 0..2 {
        let joined = submit(&mut group, join("Noya"));
        land(&mut group, joined);
    }
    let renamed = submit(&mut group, Command::Rename { member: MemberId(2), to: name("Dan") });
    land(&mut group, renamed);
    assert!(group.decide(Command::Rename { member: MemberId(1), to: name("Dan") }).is_ok());
}

#[test]
fn a_full_group_takes_nobody_and_those_on_their_way_count() {
    let number = |n: usize| name(&format!("member {n}"));
    let members =
        (1..limits::MEMBERS_MAX).map(|n| (MemberId(n as u64), Member::new(number(n)))).collect();
    let next_member = limits::MEMBERS_MAX as u64;
    let head = Seq(next_member);
    let mut group = Group::restore(Snapshot { head, next_member, members, ..Snapshot::default() });
    let last = submit(&mut group, join("Noya"));
    assert_eq!(group.decide(join("Dan")), Err(Refusal::GroupFull));
    group.give_up(&last);
    assert!(group.decide(join("Dan")).is_ok());
}

#[test]
fn events_about_somebody_who_is_no_member_change_nothing_but_the_head() {
    let mut group = group_of(&["Noya"]);
    let before = group.snapshot();
    let kinds = [
        Kind::Left(crate::Farewell::default()),
        Kind::Renamed { to: name("Dan") },
        Kind::Said { text: Text::parse("hi").unwrap(), client_id: Some(client_id("c")) },
        Kind::Removed { by: name("Noya"), reason: Reason::default() },
        Kind::Granted { of: MemberId(9), name: name("Bar"), power: Power::Voice, is_given: true },
    ];
    for kind in kinds {
        land(&mut group, Entry::by(MemberId(9), name("Bar"), kind));
    }
    assert_eq!(group.head(), Seq(6));
    assert_eq!(group.snapshot().members, before.members);
    assert!(group.decide(join("Dan")).is_ok());
}
