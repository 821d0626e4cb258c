//! What moderators do reaches everyone, and ends what it ends, at every door alike.

use conclave_core::{
    Alias, Change, Door, Flag, Listing, Mask, Origin, Password, Power, Reason, Refusal, Seq,
    Standing, Text,
};
use conclave_hub::{Ended, Keep, Position, Signal};

use crate::stage::{Stage, WIRE, connection, name_of, password, settle, source, words};

fn spam() -> Reason {
    Reason::parse("spam").unwrap()
}

fn tea() -> Alias {
    Alias::parse("tea").unwrap()
}

fn mask(typed: &str) -> Mask {
    Mask::parse(typed).unwrap()
}

fn other_password() -> Password {
    Password::parse("open barley").unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_is_removed_is_shown_out_everywhere_and_its_seat_opens_nothing() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let bar = stage.join(&admission, "Bar", Keep::Seat, 1 << 24).await;
    let seat = bar.seat.clone().unwrap();
    let phone = stage.resume(group, &seat, bar.head, 1 << 24).await;
    settle().await;
    noya.session.remove(bar.session.member(), spam()).await.unwrap();
    noya.say("they are gone").await;
    settle().await;
    for gone in [&bar, &phone] {
        let session = gone.session.serial();
        let door = Some(Door::Console);
        let why = Ended::Removed { by: name_of("Noya"), door, reason: spam() };
        assert_eq!(gone.outlet.take_signals(), [Signal::GroupEnded { group, session, why }]);
        assert!(!gone.read().contains("they are gone"));
        assert_eq!(gone.session.send(words("x"), None).await, Err(Refusal::NotAMember));
        let history = gone.session.events_after(Seq::ZERO, 10).await;
        assert_eq!(history, Err(Refusal::NotAMember));
    }
    let (_pipe, outlet) = connection(1 << 20);
    let position = Position { after: Seq::ZERO, epoch: None };
    let resumed = stage.hub.resume(group, &seat, position, &outlet, &WIRE).await;
    assert_eq!(resumed.map(|_session| ()), Err(Refusal::SeatUnknown));
    assert!(noya.read().contains("Bar removed by Noya: spam"));
}

#[tokio::test(start_paused = true)]
async fn a_password_that_was_changed_opens_nothing_however_far_one_had_come_with_it() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    // It has vouched for itself, and somebody has given it and not joined yet.
    let pending = stage.admit(group).await;
    assert_eq!(noya.session.set_password(Some(&other_password())).await, Ok(true));
    let old = stage.hub.admit(Some(group), &password(), source()).await;
    assert_eq!(old.map(|_admission| ()), Err(Refusal::WrongIdOrPassword));
    let (_pipe, outlet) = connection(1 << 20);
    let joined = pending.join(name_of("Bar"), Keep::Connection, &outlet, &WIRE).await;
    assert_eq!(joined.map(|_session| ()), Err(Refusal::WrongIdOrPassword));
    let again = stage.reopen().await;
    for stage in [&stage, &again] {
        assert!(stage.hub.admit(Some(group), &other_password(), source()).await.is_ok());
        let old = stage.hub.admit(Some(group), &password(), source()).await;
        assert_eq!(old.map(|_admission| ()), Err(Refusal::WrongIdOrPassword));
    }
    let taken_away = noya.session.set_password(None).await;
    assert_eq!(taken_away, Err(Refusal::NeedsAlias));
}

#[tokio::test(start_paused = true)]
async fn who_is_no_moderator_changes_nothing_and_has_nothing_hashed() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let bar = stage.enter(&admission, "Bar").await;
    settle().await;
    let head = bar.session.head();
    let noyas = noya.session.member();
    let not = Err(Refusal::NotAModerator);
    assert_eq!(bar.session.set_password(Some(&other_password())).await, not);
    assert_eq!(bar.session.set_flag(Flag::Closed, true).await, not);
    assert_eq!(bar.session.grant(noyas, Power::Voice, true).await, not);
    assert_eq!(bar.session.change(Change::Listed(Listing::Bans, mask("noya"))).await, not);
    assert_eq!(bar.session.remove(noyas, spam()).await, Err(Refusal::NotAModerator));
    settle().await;
    assert_eq!(bar.session.head(), head);
    assert_eq!(stage.disk.events(group).len() as u64, head.0);
}

#[tokio::test(start_paused = true)]
async fn what_is_so_already_is_told_and_not_written() {
    let stage = Stage::open().await;
    let (_group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let bar = stage.enter(&admission, "Bar").await.session;
    for is_new in [true, false] {
        assert_eq!(noya.session.grant(bar.member(), Power::Moderator, true).await, Ok(is_new));
        assert_eq!(noya.session.set_flag(Flag::TopicLocked, true).await, Ok(is_new));
    }
    assert_eq!(bar.standing(), Some(Standing::Moderator));
    assert!(bar.is_moderator());
    settle().await;
    assert_eq!(noya.session.head(), Seq(4));
}

#[tokio::test(start_paused = true)]
async fn a_group_of_an_alias_is_found_by_it_and_open_until_it_has_a_password() {
    let stage = Stage::open().await;
    assert!(stage.hub.admit_alias(&tea(), None, source()).await.unwrap().is_none());
    let made = stage.hub.create_alias(tea()).await.unwrap().unwrap();
    let capitals = Alias::parse("#TEA").unwrap();
    assert!(stage.hub.create_alias(capitals.clone()).await.unwrap().is_none());
    let noya = stage.enter(&made, "Noya").await;
    assert_eq!(noya.session.standing(), Some(Standing::Moderator));
    assert_eq!(noya.session.group_name().alias, Some(tea()));
    let open = stage.hub.admit_alias(&capitals, None, source()).await.unwrap().unwrap();
    let bar = stage.enter(&open.coming_from(Origin::new(Some("~bar"), "irc")), "Bar").await;
    let members = noya.session.members();
    assert_eq!(members[1].origin, Origin::new(Some("~bar"), "irc"));
    assert!(noya.session.set_password(Some(&password())).await.unwrap());
    let refused = stage.hub.admit_alias(&tea(), None, source()).await;
    assert_eq!(refused.map(|_admission| ()), Err(Refusal::WrongIdOrPassword));
    let wrong = stage.hub.admit_alias(&tea(), Some(&other_password()), source()).await;
    assert_eq!(wrong.map(|_admission| ()), Err(Refusal::WrongIdOrPassword));
    let id = bar.session.group();
    for admitted in [
        stage.hub.admit_alias(&tea(), Some(&password()), source()).await.map(Option::unwrap),
        stage.hub.admit(Some(id), &password(), source()).await,
    ] {
        assert_eq!(admitted.unwrap().group(), id);
    }
    assert!(noya.session.set_password(None).await.unwrap());
    assert!(stage.hub.admit(Some(id), None, source()).await.is_ok());
}

/// P4: a group with a password is in no list, and neither is a secret one nor one of a number.
#[tokio::test(start_paused = true)]
async fn only_open_groups_of_an_alias_are_listed() {
    let stage = Stage::open().await;
    let (_group, numbered) = stage.create().await;
    let _eli = stage.enter(&numbered, "Eli").await;
    let made = stage.hub.create_alias(tea()).await.unwrap().unwrap();
    assert_eq!(stage.hub.open_groups(), [], "nobody is in it");
    let noya = stage.enter(&made, "Noya").await;
    let listed = stage.hub.open_groups();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].name.alias.clone(), listed[0].member_count), (Some(tea()), 1));
    noya.session.set_flag(Flag::Secret, true).await.unwrap();
    assert_eq!(stage.hub.open_groups(), []);
    noya.session.set_flag(Flag::Secret, false).await.unwrap();
    noya.session.set_password(Some(&password())).await.unwrap();
    assert_eq!(stage.hub.open_groups(), []);
}

#[tokio::test(start_paused = true)]
async fn who_is_outside_is_heard_only_where_the_group_says_so() {
    let stage = Stage::open().await;
    let say = async |alias: &Alias| {
        let text = Text::parse("hello in there").unwrap();
        stage.hub.say_from_outside(alias, name_of("Eve"), Origin::default(), text).await
    };
    assert_eq!(say(&tea()).await, Err(Refusal::MembersOnly), "there is no such group");
    let made = stage.hub.create_alias(tea()).await.unwrap().unwrap();
    let noya = stage.enter(&made, "Noya").await;
    assert_eq!(say(&tea()).await, Err(Refusal::MembersOnly));
    noya.session.set_flag(Flag::NoExternal, false).await.unwrap();
    assert_eq!(say(&tea()).await, Ok(()));
    settle().await;
    assert!(noya.read().ends_with("Eve said hello in there\n"));
    noya.session.set_password(Some(&password())).await.unwrap();
    assert_eq!(say(&tea()).await, Err(Refusal::MembersOnly));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_found_with_what_stands_behind_it() {
    let stage = Stage::open().await;
    let (_group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let _dan = stage.enter(&admission, "Dan").await;
    let _cohen = stage.enter(&admission, "Dan Cohen").await;
    settle().await;
    for (written, expected) in [
        ("dan", Some(("Dan", ""))),
        ("Dan Cohen", Some(("Dan Cohen", ""))),
        ("dan cohen  for spam", Some(("Dan Cohen", "for spam"))),
        ("Dan Levi", Some(("Dan", "Levi"))),
        ("Levi", None),
        ("", None),
        ("* *", None),
    ] {
        let found = noya.session.addressed(written);
        let found = found.as_ref().map(|(here, rest)| (here.name.as_str(), *rest));
        assert_eq!(found, expected, "{written:?}");
    }
}
