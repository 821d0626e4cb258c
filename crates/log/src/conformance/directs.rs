//! Cases of direct conversations: finding, listing, and that nobody finds what was between others.

use conclave_core::{
    Account, AccountId, Entry, GroupId, MemberId, Name, Pair, Party, Seq, VisitorId, limits,
};

use super::Subject;
use super::session::{Outcome, Session, group, joined, said};
use crate::{Accounts as _, Directs as _, Log, LogError, NewAccount, NewDirect, OpenedDirect};

const fn account(id: u64) -> Party {
    Party::Account(AccountId(id))
}

fn member(number: u64, id: u64) -> Party {
    Party::Member(group(number), MemberId(id))
}

/// Opens the conversation of a pair, begun by the first, with the number that is drawn of `entropy`.
async fn open<L: Log>(
    session: &Session<L>,
    (one, other): (Party, Party),
    entropy: u64,
) -> OpenedDirect {
    let pair = Pair::new(one, other);
    let joined = |id| {
        let name = Name::from_log(if id == 1 { "Noya" } else { "Dan" });
        let (member, kind) = (MemberId(id), joined());
        Entry::by(member, name, kind)
    };
    let ids = if pair.is_of_one() { 1..2 } else { 1..3 };
    let (id, joined) = (GroupId::draw_direct(entropy), ids.map(joined).collect());
    session.log.open_direct(NewDirect { id, pair, opened_by: one, joined }).await.unwrap()
}

async fn open_new<L: Log>(session: &Session<L>, parties: (Party, Party), entropy: u64) -> GroupId {
    let opened = open(session, parties, entropy).await;
    let OpenedDirect::At(id) = opened else { panic!("{opened:?}") };
    id
}

/// Whichever of the two asks, and again when the log is opened again; and it is not listed.
pub async fn a_pair_has_one_conversation<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    let pairs = [
        (account(1), account(2)),
        (account(1), account(3)),
        (account(1), account(1)),
        (member(1000, 1), member(1000, 2)),
        (member(1000, 1), member(1000, 12)),
    ];
    let mut ids = Vec::new();
    for (n, (one, other)) in pairs.into_iter().enumerate() {
        assert_eq!(session.log.find_direct(Pair::new(one, other)).await.unwrap(), None);
        let id = open_new(&session, (one, other), n as u64).await;
        assert_eq!(open(&session, (other, one), 99).await, OpenedDirect::At(id));
        assert!(!ids.contains(&id));
        ids.push(id);
    }
    assert_eq!(open(&session, (account(8), account(9)), 0).await, OpenedDirect::NumberTaken);
    for _ in 0..2 {
        for ((one, other), id) in pairs.into_iter().zip(&ids) {
            assert_eq!(session.log.find_direct(Pair::new(one, other)).await.unwrap(), Some(*id));
            let stored = session.log.load(*id).await.unwrap().unwrap();
            assert_eq!(stored.direct, Some(Pair::new(one, other)));
            let count = if one == other { 1 } else { 2 };
            assert_eq!(stored.events.len(), count, "its two have joined");
        }
        let stored = session.log.load(group(1000)).await.unwrap().unwrap();
        assert_eq!((stored.direct, stored.has_directs), (None, true));
        assert_eq!(session.log.count().await.unwrap(), 1);
        let listed = session.log.list(None, 10).await.unwrap();
        assert_eq!(listed.iter().map(|listed| listed.id).collect::<Vec<_>>(), [group(1000)]);
        session.kill().await;
        session = Session::open(subject).await;
    }
}

/// What is appended is told and read like that of a group.
pub async fn a_conversation_is_a_log_like_any_other<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    let id = open_new(&session, (account(1), account(2)), 7).await;
    assert!(session.log.load(id).await.unwrap().is_some());
    let Outcome::Landed(event) = session.append_one(id, said("between us")).await else {
        panic!("it does not land")
    };
    assert_eq!(event.seq, Seq(3));
    session.append_many(id, 300).await;
    let events = session.read_all(id).await.unwrap();
    assert_eq!(events[2..], *session.told(id));
    session.kill().await;
    let mut session = Session::open(subject).await;
    assert_eq!(session.read_all(id).await.unwrap(), events);
    assert!(matches!(session.append_one(id, said("again")).await, Outcome::Landed(_)));
    assert!(session.log.delete(id).await.unwrap());
    assert!(!session.log.delete(id).await.unwrap());
    assert!(matches!(session.log.read(id, Seq(1)).await, Err(LogError::NoSuchGroup)));
    assert_eq!(session.log.find_direct(Pair::new(account(1), account(2))).await.unwrap(), None);
    assert_eq!(session.log.count().await.unwrap(), 0);
}

/// Those of the newest events first, and each with whom it is.
pub async fn conversations_are_listed_by_their_newest_events<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    for typed in ["Noya", "Dan"] {
        let (name, password_hash) = (Name::from_log(typed), "$".into());
        session.log.create_account(NewAccount { name, password_hash }).await.unwrap().unwrap();
    }
    let noya = account(1);
    session.create(group(1000)).await;
    let with = [account(2), noya, account(5)];
    let mut ids = Vec::new();
    for (n, with) in with.into_iter().enumerate() {
        ids.push(open_new(&session, (with, noya), n as u64).await);
    }
    open_new(&session, (account(2), account(5)), 17).await;
    for place in [1, 2, 0] {
        for _ in 0..=place {
            session.append_one(ids[place], said("hi")).await;
        }
    }
    let listed = session.log.directs_of(noya, 10).await.unwrap();
    let found: Vec<_> = listed.iter().map(|direct| (direct.id, direct.with)).collect();
    // The clock stands, and times rise by one with each event of a conversation.
    assert_eq!(found[0], (ids[2], with[2]));
    let mut others = found[1..].to_vec();
    others.sort_unstable();
    let mut expected = vec![(ids[0], with[0]), (ids[1], with[1])];
    expected.sort_unstable();
    assert_eq!(others, expected);
    for direct in &listed {
        let name = direct.account.as_ref().map(|account: &Account| account.name().as_str());
        let expected = match direct.with {
            Party::Account(AccountId(1)) => Some("Noya"),
            Party::Account(AccountId(2)) => Some("Dan"),
            _ => None,
        };
        assert_eq!(name, expected);
        let newest = session.read_all(direct.id).await.unwrap().pop().unwrap();
        assert_eq!((direct.head, direct.last_at), (newest.seq, newest.at));
    }
    assert_eq!(session.log.directs_of(noya, 1).await.unwrap(), listed[..1]);
    assert_eq!(session.log.directs_of(account(9), 10).await.unwrap(), []);
    assert_eq!(session.log.directs_of(member(7777, 1), 10).await.unwrap(), []);
}

/// What was between members is not found by those who have their numbers later.
pub async fn a_deleted_group_takes_the_conversations_of_its_members_with_it<S: Subject>(
    subject: &mut S,
) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    session.create(group(1001)).await;
    let pair = (member(1000, 1), member(1000, 2));
    let id = open_new(&session, pair, 1).await;
    let other = open_new(&session, (member(1001, 1), member(1001, 2)), 2).await;
    session.append_one(id, said("between us")).await;
    let late = session.append(id, said("late"));
    assert!(session.log.delete(group(1000)).await.unwrap());
    session.finish().await;
    if let Outcome::Failed(failure) = session.outcome(late) {
        assert_eq!(failure, crate::AppendFailure::NoSuchGroup);
    }
    for round in 0..2 {
        let none = OpenedDirect::NoSuchGroup;
        if round == 0 {
            assert_eq!(open(&session, pair, 3).await, none);
            session.create(group(1000)).await;
        }
        assert_eq!(session.log.find_direct(Pair::new(pair.0, pair.1)).await.unwrap(), None);
        assert_eq!(session.log.directs_of(pair.0, 10).await.unwrap(), []);
        assert!(session.log.load(id).await.unwrap().is_none());
        assert!(session.log.load(other).await.unwrap().is_some());
        let stored = session.log.load(group(1000)).await.unwrap().unwrap();
        assert!(!stored.has_directs);
        session.kill().await;
        session = Session::open(subject).await;
    }
    let again = open_new(&session, pair, 4).await;
    assert_eq!(session.read_all(again).await.unwrap().len(), 2, "nothing of before");
}

/// And nobody's else.
pub async fn conversations_of_visitors_are_gone_when_the_log_is_opened_again<S: Subject>(
    subject: &mut S,
) {
    let mut session = Session::open(subject).await;
    let visitor = |id| Party::Visitor(VisitorId(id));
    let gone = [
        open_new(&session, (visitor(1), visitor(2)), 1).await,
        open_new(&session, (account(1), visitor(2)), 2).await,
    ];
    let stays = open_new(&session, (account(1), account(2)), 3).await;
    for id in gone.iter().chain([&stays]) {
        assert!(matches!(session.append_one(*id, said("hi")).await, Outcome::Landed(_)));
    }
    session.kill().await;
    let session = Session::open(subject).await;
    for id in gone {
        assert!(session.log.load(id).await.unwrap().is_none());
    }
    assert_eq!(session.read_all(stays).await.unwrap().len(), 3);
    let listed = session.log.directs_of(account(1), 10).await.unwrap();
    assert_eq!(listed.iter().map(|direct| direct.id).collect::<Vec<_>>(), [stays]);
}

/// Whoever others write to has room for all of them.
pub async fn conversations_that_one_begins_are_bounded<S: Subject>(subject: &mut S) {
    let session = Session::open(subject).await;
    let max = limits::DIRECTS_MAX as u64;
    for n in 0..max {
        open_new(&session, (account(1), account(2 + n)), n).await;
    }
    let one_more = account(max + 9);
    assert_eq!(open(&session, (account(1), one_more), max).await, OpenedDirect::TooMany);
    open_new(&session, (one_more, account(1)), max).await;
    let found = open(&session, (account(1), account(2)), max + 1).await;
    assert!(matches!(found, OpenedDirect::At(_)), "what there is is found: {found:?}");
}

/// A conversation that was answered is there with its two, one that was not is whole or not there.
pub async fn a_kill_at_any_moment_keeps_the_conversations_that_were_answered<S: Subject>(
    subject: &mut S,
) {
    for round in 0..6_u64 {
        let mut session = Session::open(subject).await;
        let answered = (account(round), account(100 + round));
        let id = open_new(&session, answered, 2 * round).await;
        session.append(id, said("told or not"));
        let unanswered = (account(200 + round), account(300 + round));
        let asked = tokio::time::timeout(
            std::time::Duration::from_micros(50 * round),
            open(&session, unanswered, 2 * round + 1),
        );
        drop(asked.await);
        session.kill().await;
        session = Session::open(subject).await;
        assert_eq!(open_new(&session, answered, 0).await, id);
        assert!(session.load_joined(id).await >= 2);
        let found = session.log.find_direct(Pair::new(unanswered.0, unanswered.1)).await.unwrap();
        if let Some(found) = found {
            assert_eq!(session.load_joined(found).await, 2);
        }
        session.kill().await;
    }
}

impl<L: Log> Session<L> {
    /// How many events a conversation has.
    async fn load_joined(&self, id: GroupId) -> usize {
        self.log.load(id).await.unwrap().map_or(0, |stored| stored.events.len())
    }
}

/// Not told of by the stream before somebody loads it.
pub async fn opening_a_conversation_tells_the_stream_nothing<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    let id = open_new(&session, (account(1), account(2)), 1).await;
    session.append_many(group(1000), 3).await;
    assert_eq!(session.told(id), []);
}
