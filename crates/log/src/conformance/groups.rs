//! Cases of groups: making, listing, deleting, and what is kept of them.

use conclave_core::{
    Alias, Change, ClientId, Command, Decision, Door, Entry, Farewell, Flag, Founding, Group,
    GroupId, Kind, Listing, Mask, MemberId, Name, Origin, PasswordHash, Power, Reason, Role,
    SeatHash, Seq, Snapshot, Text, Topic,
};

use super::Subject;
use super::session::{Outcome, Session, entry, founding, group, joined, replay, said};
use crate::{AppendFailure, GroupOptions, Log, LogError, NewGroup};

/// The second is told that the number is taken, and changes nothing.
pub async fn a_group_is_made_once<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    assert_eq!(session.log.count().await.unwrap(), 0);
    session.create(group(1000)).await;
    session.append_many(group(1000), 3).await;
    let again = NewGroup { id: group(1000), founding: Founding::default() };
    assert!(!session.log.create(again).await.unwrap());
    assert_eq!(session.log.count().await.unwrap(), 1);
    assert_eq!(session.load(group(1000)).await.unwrap().head(), Seq(3));
    assert!(session.log.load(group(1001)).await.unwrap().is_none());
    assert!(matches!(session.log.read(group(1001), Seq(1)).await, Err(LogError::NoSuchGroup)));
}

/// Also when the log is opened again.
pub async fn options_are_kept<S: Subject>(subject: &mut S) {
    let session = Session::open(subject).await;
    session.create(group(1000)).await;
    let closed = GroupOptions { is_closed: true, is_deleted_when_empty: false };
    let fleeting = GroupOptions { is_closed: false, is_deleted_when_empty: true };
    for options in [closed, fleeting] {
        assert!(session.log.set_options(group(1000), options).await.unwrap());
        let stored = session.log.load(group(1000)).await.unwrap().unwrap();
        assert_eq!(stored.options, options);
    }
    assert!(!session.log.set_options(group(1001), closed).await.unwrap());
    session.kill().await;
    let session = Session::open(subject).await;
    let listed = session.log.list(None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.options).collect::<Vec<_>>(), [fleeting]);
}

/// Whatever its capitals; and is not taken by another.
pub async fn a_group_is_found_by_its_alias<S: Subject>(subject: &mut S) {
    let session = Session::open(subject).await;
    let alias = |typed: &str| Alias::parse(typed).expect("an alias");
    let tea = Founding { alias: Some(alias("Tea-תה")), password: None };
    let new = |number, founding| NewGroup { id: group(number), founding };
    assert!(session.log.create(new(1000, tea.clone())).await.unwrap());
    let capitals = Founding { alias: Some(alias("TEA-תה")), password: None };
    assert!(!session.log.create(new(1002, capitals)).await.unwrap());
    for number in [1004, 1006] {
        assert!(session.log.create(new(number, Founding::default())).await.unwrap());
    }
    session.kill().await;
    let session = Session::open(subject).await;
    assert_eq!(session.log.find(alias("tEA-תה")).await.unwrap(), Some(group(1000)));
    assert_eq!(session.log.find(alias("cake")).await.unwrap(), None);
    let listed = session.log.list(None, 10).await.unwrap();
    let aliases: Vec<_> =
        listed.iter().map(|listed| listed.alias.as_ref().map(Alias::as_str)).collect();
    assert_eq!(aliases, [Some("Tea-תה"), None, None]);
    assert_eq!(session.log.load(group(1000)).await.unwrap().unwrap().founding, tea);
    assert!(session.log.delete(group(1000)).await.unwrap());
    assert_eq!(session.log.find(alias("tea-תה")).await.unwrap(), None);
    assert!(session.log.create(new(1002, tea)).await.unwrap());
}

/// In pages, each with its head.
pub async fn groups_are_listed_by_rising_number<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    let ids = [group(5000), group(1000), group(999_999_999), group(3000)];
    for (place, id) in ids.into_iter().enumerate() {
        session.create(id).await;
        session.append_many(id, place).await;
    }
    let mut listed = Vec::new();
    loop {
        let after = listed.last().map(|last: &crate::Listed| last.id);
        let page = session.log.list(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    let found: Vec<(GroupId, Seq)> = listed.iter().map(|listed| (listed.id, listed.head)).collect();
    let expected = [(ids[1], Seq(1)), (ids[3], Seq(3)), (ids[0], Seq(0)), (ids[2], Seq(2))];
    assert_eq!(found, expected);
    for listed in &listed {
        let last_at = session.told(listed.id).last().map_or(listed.created_at, |event| event.at);
        assert_eq!(listed.last_at, last_at);
    }
    assert_eq!(session.log.count().await.unwrap(), 4);
}

/// Neither events nor a snapshot, nor options.
pub async fn a_deleted_group_leaves_nothing_to_the_next_of_its_number<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    for round in 0..3 {
        session.create(group(1000)).await;
        session.append(group(1000), entry(joined()));
        session.append_many(group(1000), 700).await;
        let snapshot = replay(session.told(group(1000)));
        assert_eq!(snapshot.head, Seq(701), "round {round} starts at 1");
        session.log.keep_snapshot(group(1000), snapshot);
        let options = GroupOptions { is_closed: true, is_deleted_when_empty: true };
        session.log.set_options(group(1000), options).await.unwrap();
        assert!(session.log.delete(group(1000)).await.unwrap());
        assert!(!session.log.delete(group(1000)).await.unwrap());
        assert!(session.log.load(group(1000)).await.unwrap().is_none());
        assert_eq!(session.log.count().await.unwrap(), 0);
        session.start_over(group(1000));
    }
    session.create(group(1000)).await;
    let stored = session.log.load(group(1000)).await.unwrap().unwrap();
    assert_eq!((stored.options, stored.events.len()), (GroupOptions::default(), 0));
    assert_eq!(stored.snapshot, Snapshot::default());
    assert_eq!(session.read_all(group(1000)).await.unwrap(), []);
    session.append_many(group(1000), 1).await;
    assert_eq!(session.told(group(1000)).first().unwrap().seq, Seq(1));
    session.kill().await;
    let session = Session::open(subject).await;
    assert_eq!(session.read_all(group(1000)).await.unwrap().len(), 1);
}

/// Each append ends as landed before or as refused, and none lands in the next group.
pub async fn deleting_refuses_what_is_under_way<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    session.create(group(1001)).await;
    let mut tickets = Vec::new();
    for n in 0..3_000 {
        tickets.push(session.append(group(1000), said(&n.to_string())));
    }
    let other = session.append(group(1001), said("stays"));
    // Asked for at once, so that nothing under way is refused for want of a group.
    let new = NewGroup { id: group(1000), founding: founding(group(1000)) };
    let (is_deleted, is_made) = session
        .ask_while_reading(async |log| tokio::join!(log.delete(group(1000)), log.create(new)))
        .await;
    assert!(is_deleted.unwrap());
    if !is_made.unwrap() {
        session.create(group(1000)).await;
    }
    session.finish().await;
    let outcomes: Vec<Outcome> =
        tickets.into_iter().map(|ticket| session.outcome(ticket)).collect();
    let landed =
        outcomes.iter().take_while(|outcome| matches!(outcome, Outcome::Landed(_))).count();
    for outcome in &outcomes[landed..] {
        assert_eq!(*outcome, Outcome::Failed(AppendFailure::NoSuchGroup));
    }
    assert!(matches!(session.outcome(other), Outcome::Landed(_)));
    assert_eq!(session.read_all(group(1000)).await.unwrap(), []);
}

/// In answers, pages, and when opened again: texts of every script, client ids, seats, doors.
pub async fn every_kind_of_event_survives<S: Subject>(subject: &mut S) {
    let text = |text: &str| Text::from_log(text.to_owned());
    let client_id = |id: &str| Some(ClientId::parse(id).expect("a client id"));
    let kinds = [
        Kind::Joined {
            seat: Some(SeatHash([0xa5; 32])),
            origin: Origin::new(Some("נויה"), "irc"),
            role: Role::Owner,
        },
        Kind::Said { text: text("שָׁלוֹם לכולם"), client_id: client_id("לקוח-1") },
        Kind::Said {
            text: text("two\nlines\tand 👨‍👩‍👧 \u{2067}abc\u{2069}"), client_id: None
        },
        Kind::Action { text: text("waves"), client_id: client_id("' OR 1=1; --") },
        Kind::Topic { text: Topic::from_log("tea".to_owned()) },
        Kind::Topic { text: Topic::default() },
        Kind::Renamed { to: Name::from_log("נויה") },
        Kind::Removed { by: Name::from_log("Dana"), reason: Reason::default() },
        Kind::Removed {
            by: Name::from_log("Dana"), reason: Reason::from_log("ספאם".to_owned())
        },
        Kind::Granted {
            of: MemberId(2),
            name: Name::from_log("Dana"),
            power: Power::Moderator,
            is_given: true,
        },
        Kind::Changed { change: Change::Flag { flag: Flag::Moderated, is_on: true } },
        Kind::Changed { change: Change::Password(Some(PasswordHash::from_phc("$argon2id$1"))) },
        Kind::Changed { change: Change::Listed(Listing::Bans, Mask::from_log("*!*@irc")) },
        joined(),
        Kind::Left(Farewell::default()),
        Kind::Said { text: text(&"ש".repeat(2048)), client_id: client_id(&"x".repeat(64)) },
    ];
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    let doors = Door::ALL.map(Some).into_iter().chain([None]);
    for (kind, door) in kinds.iter().zip(doors.cycle()) {
        session.append(group(1000), Entry { door, ..entry(kind.clone()) });
    }
    session.finish().await;
    let told = session.kill().await.remove(&group(1000)).unwrap();
    let session = Session::open(subject).await;
    let read = session.read_all(group(1000)).await.unwrap();
    assert_eq!(read, told);
    let found: Vec<Kind> = read.into_iter().map(|event| event.entry.kind).collect();
    assert_eq!(found, kinds);
}

/// Whatever of the snapshots was kept.
pub async fn a_snapshot_and_the_events_above_it_are_the_whole<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    let id = group(1000);
    session.create(id).await;
    let mut live = Group::default();
    for round in 0..6_u8 {
        let seat = Some(SeatHash([round; 32]));
        let name = Name::parse(&format!("member {round}")).expect("a name");
        let origin = Origin::new(Some("~user"), "irc");
        let command = Command::Join { name, seat, account: None, origin };
        apply(&mut session, &mut live, id, command).await;
        let member = MemberId(1);
        for change in changes(round) {
            apply(&mut session, &mut live, id, Command::Change { member, change }).await;
        }
        let (target, power) = (MemberId(u64::from(round) + 1), Power::Voice);
        let command = Command::Grant { member, target, power, is_given: true };
        apply(&mut session, &mut live, id, command).await;
        for n in 0..30 {
            let text = Text::parse("hello").expect("a text");
            let client_id = ClientId::parse(&format!("c{round}-{n}"));
            let member = MemberId(u64::from(round) / 2 + 1);
            apply(&mut session, &mut live, id, Command::Say { member, text, client_id }).await;
        }
        let text = Topic::parse(&format!("topic {round}")).expect("a topic");
        let member = MemberId(1);
        apply(&mut session, &mut live, id, Command::SetTopic { member, text }).await;
        session.log.keep_snapshot(id, live.snapshot());
        session.log.forget(id);
        let loaded = session.load(id).await.unwrap();
        assert_eq!(loaded.snapshot(), live.snapshot());
    }
    session.log.stop().await.unwrap();
    session.kill().await;
    let session = Session::open(subject).await;
    assert_eq!(session.load(id).await.unwrap().snapshot(), live.snapshot());
    let again = Command::Say {
        member: MemberId(3),
        text: Text::parse("hello").expect("a text"),
        client_id: ClientId::parse("c5-7"),
    };
    let loaded = session.load(id).await.unwrap();
    assert!(
        matches!(loaded.decide(again), Ok(Decision::Already { .. })),
        "a retry after a restart lands once"
    );
}

/// Changes of every kind, others each round.
fn changes(round: u8) -> Vec<Change> {
    let flag = Flag::ALL.into_iter().nth(usize::from(round)).expect("a flag a round");
    let is_on = flag != Flag::NoExternal;
    let name = Name::parse(&format!("guest {round}")).expect("a name");
    let mut changes = vec![
        Change::Password(Some(PasswordHash::from_phc(&format!("$hash${round}")))),
        Change::MembersMax(std::num::NonZeroU32::new(u32::from(round) + 9)),
    ];
    if flag != Flag::Closed && is_on {
        changes.push(Change::Flag { flag, is_on });
    }
    for next in round + 1..6 {
        // Who comes next comes in, whatever there is against it.
        let name = Name::parse(&format!("member {next}")).expect("a name");
        changes.extend((round == 0).then_some(Change::Invited(name)));
    }
    for listing in Listing::ALL {
        changes.push(Change::Listed(listing, Mask::of_name(&name)));
    }
    changes
}

async fn apply<L: Log>(session: &mut Session<L>, live: &mut Group, id: GroupId, command: Command) {
    let Ok(Decision::Append(entry)) = live.decide(command) else { panic!("it is taken") };
    let Outcome::Landed(event) = session.append_one(id, entry).await else { panic!("it lands") };
    live.apply(&event);
}

/// Of events that are not there, of groups that are not there, or older than what is kept.
pub async fn an_older_or_impossible_snapshot_is_not_kept<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    session.append_many(group(1000), 20).await;
    let events = session.told(group(1000)).to_vec();
    let impossible = Snapshot { head: Seq(21), ..replay(&events) };
    session.log.keep_snapshot(group(2000), replay(&events));
    session.log.keep_snapshot(group(1000), replay(&events[..15]));
    session.log.keep_snapshot(group(1000), replay(&events[..5]));
    session.append_many(group(1000), 1).await;
    session.load(group(1000)).await.unwrap();
    session.log.keep_snapshot(group(1000), Snapshot { head: Seq(500), ..impossible });
    session.append_many(group(1000), 1).await;
    session.load(group(1000)).await.unwrap();
    session.log.stop().await.unwrap();
    session.kill().await;
    let session = Session::open(subject).await;
    assert_eq!(session.load(group(1000)).await.unwrap().head(), Seq(22));
}
