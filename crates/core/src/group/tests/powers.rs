//! Cases of who may come in, speak and change what.

use super::*;

fn remove(member: u64, target: u64) -> Command {
    let reason = Reason::parse("spam").unwrap();
    Command::Remove { member: MemberId(member), target: MemberId(target), reason }
}

fn grant(member: u64, target: u64, power: Power, is_given: bool) -> Command {
    Command::Grant { member: MemberId(member), target: MemberId(target), power, is_given }
}

fn op(member: u64, target: u64) -> Command {
    grant(member, target, Power::Moderator, true)
}

fn change(member: u64, change: Change) -> Command {
    Command::Change { member: MemberId(member), change }
}

fn flag(member: u64, flag: Flag, is_on: bool) -> Command {
    change(member, Change::Flag { flag, is_on })
}

fn mask(typed: &str) -> Mask {
    Mask::parse(typed).unwrap()
}

fn ban(member: u64, typed: &str) -> Command {
    change(member, Change::Listed(Listing::Bans, mask(typed)))
}

fn mute(member: u64, typed: &str) -> Command {
    change(member, Change::Listed(Listing::Mutes, mask(typed)))
}

fn invite(member: u64, typed: &str) -> Command {
    change(member, Change::Invited(name(typed)))
}

fn topic(member: u64, text: &str) -> Command {
    Command::SetTopic { member: MemberId(member), text: Topic::parse(text).unwrap() }
}

fn outside(typed: &str) -> Command {
    let text = Text::parse("hi").unwrap();
    Command::SayFromOutside { name: name(typed), origin: Origin::default(), text }
}

/// Has it done at once.
fn have_done(group: &mut Group, command: Command) {
    let entry = submit(group, command);
    land(group, entry);
}

fn refusal(group: &Group, command: Command) -> Option<Refusal> {
    group.decide(command).err()
}

/// Noya made it (1), Dan moderates (2), Bar is there (3).
fn moderated_group() -> Group {
    let mut group = group_of(&["Noya", "Dan", "Bar"]);
    have_done(&mut group, op(1, 2));
    group
}

/// The same of an alias, without a password.
fn open_group() -> Group {
    let founding = Founding { alias: Alias::parse("tea"), password: None };
    let mut group = Group::restore_founded(founding, Snapshot::default());
    for typed in ["Noya", "Dan", "Bar"] {
        have_done(&mut group, join(typed));
    }
    have_done(&mut group, op(1, 2));
    group
}

fn standings(group: &Group) -> Vec<Standing> {
    group.members().map(|(_, member)| member.standing()).collect()
}

#[test]
fn who_made_the_group_owns_it_and_names_moderators() {
    let mut group = moderated_group();
    assert_eq!(standings(&group), [Standing::Owner, Standing::Moderator, Standing::Member]);
    have_done(&mut group, grant(2, 3, Power::Voice, true));
    assert_eq!(standings(&group)[2], Standing::Voiced);
    assert_eq!(group.decide(op(1, 2)), Ok(Decision::Unchanged));
    have_done(&mut group, grant(1, 2, Power::Moderator, false));
    assert_eq!(standings(&group)[1], Standing::Member);
}

#[test]
fn nobody_takes_anything_from_the_owner_but_the_owner() {
    let mut group = moderated_group();
    let taken =
        [remove(2, 1), grant(2, 1, Power::Moderator, false), ban(2, "N0YA"), mute(2, "noya")];
    for command in taken {
        assert_eq!(refusal(&group, command), Some(Refusal::TheOwner));
    }
    have_done(&mut group, ban(2, "*!*@console"));
    have_done(&mut group, mute(2, "noy?"));
    assert!(group.decide(say(1, None)).is_ok());
    have_done(&mut group, grant(1, 1, Power::Moderator, false));
    assert_eq!(standings(&group)[0], Standing::Member);
    assert_eq!(refusal(&group, say(1, None)), Some(Refusal::Muted));
    have_done(&mut group, remove(2, 1));
    assert_eq!(names_of(&group), ["Dan", "Bar"]);
}

#[test]
fn who_is_no_moderator_changes_nothing() {
    let group = moderated_group();
    let commands = [
        remove(3, 2),
        remove(3, 3),
        op(3, 3),
        grant(3, 3, Power::Voice, true),
        ban(3, "dan"),
        mute(3, "dan"),
        flag(3, Flag::Moderated, true),
        flag(3, Flag::Closed, true),
        change(3, Change::MembersMax(None)),
        change(3, Change::Password(Some(PasswordHash::from_phc("$")))),
    ];
    for command in commands {
        assert_eq!(refusal(&group, command.clone()), Some(Refusal::NotAModerator), "{command:?}");
    }
    assert_eq!(refusal(&group, op(9, 3)), Some(Refusal::NotAMember));
    assert_eq!(refusal(&group, op(1, 9)), Some(Refusal::NoSuchMember));
}

#[test]
fn who_is_removed_is_no_member_and_may_come_back() {
    let mut group = moderated_group();
    let entry = submit(&mut group, remove(2, 3));
    let expected = Kind::Removed { by: name("Dan"), reason: Reason::parse("spam").unwrap() };
    assert_eq!((entry.member, &entry.kind), (MemberId(3), &expected));
    assert_eq!(refusal(&group, say(3, None)), Some(Refusal::NotAMember));
    assert_eq!(refusal(&group, remove(1, 3)), Some(Refusal::NoSuchMember));
    land(&mut group, entry);
    have_done(&mut group, join("Bar"));
    assert!(group.decide(say(4, None)).is_ok());
}

#[test]
fn a_ban_keeps_out_and_keeps_silent_until_it_is_taken_off() {
    let mut group = moderated_group();
    have_done(&mut group, ban(2, "bar"));
    for command in [say(3, None), say(3, Some("c")), rename(3, "Baz"), topic(3, "tea")] {
        assert_eq!(refusal(&group, command), Some(Refusal::Banned));
    }
    have_done(&mut group, leave(3));
    for typed in ["Bar", "BAR"] {
        assert_eq!(refusal(&group, join(typed)), Some(Refusal::Banned), "{typed}");
    }
    assert_eq!(group.decide(ban(2, "BAR")), Ok(Decision::Unchanged));
    have_done(&mut group, change(2, Change::Unlisted(Listing::Bans, mask("bar"))));
    have_done(&mut group, join("Bar"));
    assert!(group.decide(say(4, None)).is_ok());
}

#[test]
fn a_ban_holds_by_where_one_comes_from() {
    let mut group = moderated_group();
    have_done(&mut group, ban(1, "*!*@irc"));
    let from_irc = || Origin::new(Some("e"), "irc");
    assert_eq!(refusal(&group, join_from("Eve", from_irc())), Some(Refusal::Banned));
    assert!(group.decide(join("Eve")).is_ok());
    have_done(&mut group, change(1, Change::Listed(Listing::BanExceptions, mask("eve"))));
    assert!(group.decide(join_from("Eve", from_irc())).is_ok());
}

#[test]
fn a_mute_holds_for_who_comes_back_and_a_voice_does_not_help() {
    let mut group = moderated_group();
    have_done(&mut group, mute(2, "bar"));
    have_done(&mut group, leave(3));
    have_done(&mut group, join("Bar"));
    have_done(&mut group, grant(2, 4, Power::Voice, true));
    assert!(group.is_muted(MemberId(4)));
    for command in [say(4, None), rename(4, "Baz"), topic(4, "tea")] {
        assert_eq!(refusal(&group, command), Some(Refusal::Muted));
    }
    have_done(&mut group, change(2, Change::Unlisted(Listing::Mutes, mask("bar"))));
    assert!(group.decide(say(4, None)).is_ok());
}

#[test]
fn a_name_that_is_muted_mutes_who_takes_it() {
    let mut group = moderated_group();
    have_done(&mut group, mute(2, "baz"));
    have_done(&mut group, rename(3, "Baz"));
    assert_eq!(refusal(&group, say(3, None)), Some(Refusal::Muted));
}

#[test]
fn where_only_some_may_speak_a_voice_or_a_moderator_is_needed() {
    let mut group = moderated_group();
    have_done(&mut group, flag(2, Flag::Moderated, true));
    assert_eq!(refusal(&group, say(3, None)), Some(Refusal::NoVoice));
    assert!(group.decide(say(2, None)).is_ok());
    assert!(group.decide(rename(3, "Baz")).is_ok());
    have_done(&mut group, grant(2, 3, Power::Voice, true));
    assert!(group.decide(say(3, None)).is_ok());
    have_done(&mut group, ban(2, "bar"));
    assert!(group.decide(say(3, None)).is_ok(), "a voice is heard over a ban");
}

#[test]
fn a_locked_topic_is_the_moderators() {
    let mut group = moderated_group();
    have_done(&mut group, topic(3, "tea"));
    let set = group.topic_set().cloned();
    assert_eq!(set, Some(TopicSet { by: name("Bar"), at: group.last_at() }));
    have_done(&mut group, flag(2, Flag::TopicLocked, true));
    assert_eq!(refusal(&group, topic(3, "cake")), Some(Refusal::TopicLocked));
    have_done(&mut group, topic(2, "cake"));
    assert_eq!(group.topic().as_str(), "cake");
}

#[test]
fn an_invitation_lets_in_once_past_ban_limit_and_need_of_one() {
    let mut group = moderated_group();
    have_done(&mut group, flag(1, Flag::InviteOnly, true));
    assert_eq!(refusal(&group, join("Eve")), Some(Refusal::InviteOnly));
    assert_eq!(refusal(&group, invite(3, "Eve")), Some(Refusal::NotAModerator));
    assert_eq!(refusal(&group, invite(2, "Bar")), Some(Refusal::NameOfAMember));
    have_done(&mut group, ban(1, "eve"));
    have_done(&mut group, change(1, Change::MembersMax(std::num::NonZeroU32::new(3))));
    have_done(&mut group, invite(2, "Eve"));
    let mut restored = Group::restore(group.snapshot());
    for group in [&mut group, &mut restored] {
        have_done(group, join("EVE"));
        have_done(group, leave(4));
        assert_eq!(refusal(group, join("Eve")), Some(Refusal::Banned), "it is used up");
    }
}

#[test]
fn an_invitation_by_a_member_lets_nobody_past_anything() {
    let mut group = moderated_group();
    have_done(&mut group, ban(1, "eve"));
    assert_eq!(group.decide(invite(3, "Eve")), Ok(Decision::Unchanged));
    assert_eq!(refusal(&group, join("Eve")), Some(Refusal::Banned));
}

#[test]
fn a_limit_counts_those_on_their_way() {
    let mut group = moderated_group();
    have_done(&mut group, change(1, Change::MembersMax(std::num::NonZeroU32::new(4))));
    let fourth = submit(&mut group, join("Eve"));
    assert_eq!(refusal(&group, join("Gil")), Some(Refusal::LimitReached));
    group.give_up(&fourth);
    assert!(group.decide(join("Gil")).is_ok());
    have_done(&mut group, change(1, Change::MembersMax(None)));
    have_done(&mut group, flag(1, Flag::Closed, true));
    assert_eq!(refusal(&group, join("Gil")), Some(Refusal::ClosedToNew));
    assert!(group.decide(say(3, None)).is_ok());
}

#[test]
fn a_group_of_a_number_keeps_a_password_and_hears_its_members_only() {
    let group = moderated_group();
    for change_of in [Change::Password(None), Change::Flag { flag: Flag::NoExternal, is_on: false }]
    {
        assert_eq!(refusal(&group, change(1, change_of)), Some(Refusal::NeedsAlias));
    }
    assert_eq!(refusal(&group, outside("Eve")), Some(Refusal::MembersOnly));
}

#[test]
fn who_is_outside_is_heard_where_the_group_says_so() {
    let mut group = open_group();
    assert_eq!(refusal(&group, outside("Eve")), Some(Refusal::MembersOnly));
    have_done(&mut group, flag(1, Flag::NoExternal, false));
    assert_eq!(submit(&mut group, outside("Eve")).member, MemberId::OUTSIDE);
    assert_eq!(refusal(&group, outside("Bar")), Some(Refusal::NameTaken));
    have_done(&mut group, mute(1, "eve"));
    assert_eq!(refusal(&group, outside("Eve")), Some(Refusal::Muted));
    have_done(&mut group, flag(1, Flag::Moderated, true));
    assert_eq!(refusal(&group, outside("Gil")), Some(Refusal::NoVoice));
    let hash = PasswordHash::from_phc("$1");
    have_done(&mut group, flag(1, Flag::Moderated, false));
    have_done(&mut group, change(1, Change::Password(Some(hash.clone()))));
    assert_eq!(refusal(&group, outside("Gil")), Some(Refusal::MembersOnly));
    assert_eq!(group.password(), Some(&hash));
    have_done(&mut group, change(1, Change::Password(None)));
    assert_eq!(group.password(), None);
    assert_eq!(group.decide(change(1, Change::Password(None))), Ok(Decision::Unchanged));
}

#[test]
fn who_comes_into_an_empty_open_group_of_an_alias_is_its_moderator() {
    let mut group = open_group();
    have_done(&mut group, flag(1, Flag::InviteOnly, true));
    have_done(&mut group, leave(1));
    have_done(&mut group, leave(2));
    assert_eq!(refusal(&group, join("Eve")), Some(Refusal::InviteOnly));
    let last = submit(&mut group, leave(3));
    assert_eq!(group.decide(join("Eve")), Ok(Decision::InFlight), "it hangs on who is leaving");
    land(&mut group, last);
    let first = submit(&mut group, join("Eve"));
    assert_eq!(refusal(&group, join("Eve")), Some(Refusal::NameTaken));
    land(&mut group, first);
    assert_eq!(standings(&group), [Standing::Moderator]);
    have_done(&mut group, flag(4, Flag::InviteOnly, false));
    have_done(&mut group, change(4, Change::Password(Some(PasswordHash::from_phc("$1")))));
    have_done(&mut group, leave(4));
    have_done(&mut group, join("Gil"));
    assert_eq!(standings(&group), [Standing::Member], "it has a password");
}

#[test]
fn a_group_of_a_number_has_the_owner_who_made_it_and_no_other() {
    let mut group = group_of(&["Noya"]);
    have_done(&mut group, leave(1));
    have_done(&mut group, join("Noya"));
    assert_eq!(standings(&group), [Standing::Member]);
}

#[test]
fn of_those_who_come_first_together_one_is_the_owner() {
    let mut group = Group::default();
    let first = submit(&mut group, join("Noya"));
    assert_eq!(group.decide(join("Dan")), Ok(Decision::InFlight));
    group.give_up(&first);
    have_done(&mut group, join("Dan"));
    have_done(&mut group, join("Noya"));
    assert_eq!(standings(&group), [Standing::Owner, Standing::Member]);
}

#[test]
fn while_a_power_changes_whoever_asks_waits_and_whoever_leaves_does_not() {
    let mut group = moderated_group();
    let deop = submit(&mut group, grant(1, 2, Power::Moderator, false));
    for command in [say(1, None), ban(2, "bar"), remove(2, 3), join("Eve"), rename(3, "Baz")] {
        assert_eq!(group.decide(command), Ok(Decision::InFlight));
    }
    assert!(matches!(group.decide(leave(3)), Ok(Decision::Append(_))));
    group.give_up(&deop);
    assert!(matches!(group.decide(ban(2, "bar")), Ok(Decision::Append(_))));
    let deop = submit(&mut group, grant(1, 2, Power::Moderator, false));
    land(&mut group, deop);
    assert_eq!(refusal(&group, ban(2, "bar")), Some(Refusal::NotAModerator));
}

#[test]
fn a_member_costs_little_memory() {
    // Before there were roles and origins it was 128: what is rare is behind a pointer.
    assert!(size_of::<Member>() <= 72, "{}", size_of::<Member>());
    assert!(size_of::<Kind>() <= 48, "{}", size_of::<Kind>());
}

#[test]
fn nothing_is_held_for_what_is_no_longer_on_its_way() {
    let mut group = moderated_group();
    let joins: Vec<_> = (0..100).map(|n| submit(&mut group, join(&format!("Pupil {n}")))).collect();
    for join in joins {
        land(&mut group, join);
    }
    assert_eq!(group.expected.capacity(), 0);
}

#[test]
fn an_entry_tells_the_door_of_whoever_did_it() {
    let mut group = Group::default();
    let doors = [("Noya", Door::Console), ("Wendy", Door::Web), ("Dan", Door::Irc)];
    for (typed, door) in doors {
        let entry = submit(&mut group, join_from(typed, Origin::of_door(door)));
        assert_eq!(entry.door, Some(door));
        land(&mut group, entry);
    }
    for (member, (_, door)) in (1..).zip(doors) {
        let entry = submit(&mut group, say(member, None));
        assert_eq!(entry.door, Some(door));
        land(&mut group, entry);
    }
    let removal = submit(&mut group, remove(1, 3));
    assert_eq!((removal.member, removal.door), (MemberId(3), Some(Door::Console)));
    land(&mut group, removal);
    have_done(&mut group, join_from("Eve", Origin::new(None, "elsewhere")));
    assert_eq!(submit(&mut group, say(4, None)).door, None);
}
