//! Cases of appends and of the stream of commits.

use conclave_core::{Seq, limits};

use super::Subject;
use super::session::{Outcome, Session, clock_going_back, group, said};
use crate::{AppendFailure, Log as _};

/// Numbers and times do not depend on the clock.
pub async fn numbers_are_dense_and_times_rise_although_the_clock_goes_back<S: Subject>(
    subject: &mut S,
) {
    let mut session = Session::open_with(subject, clock_going_back()).await;
    session.create(group(8888)).await;
    for round in 0..5 {
        let outcomes = session.append_many(group(8888), 3).await;
        for (place, outcome) in outcomes.into_iter().enumerate() {
            let Outcome::Landed(event) = outcome else { panic!("{outcome:?}") };
            assert_eq!(event.seq, Seq(round * 3 + place as u64 + 1));
        }
    }
    let told = session.told(group(8888)).to_vec();
    assert_eq!(session.read_all(group(8888)).await.unwrap(), told);
}

/// Whatever goes on in other groups.
pub async fn appends_land_in_the_order_they_were_handed_in<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    let groups = [group(1000), group(1001), group(1002)];
    for id in groups {
        session.create(id).await;
    }
    let mut tickets = Vec::new();
    for n in 0..300 {
        let id = groups[n % 3 * (n % 2)];
        tickets.push((id, n, session.append(id, said(&n.to_string()))));
    }
    session.finish().await;
    for id in groups {
        let events = session.read_all(id).await.unwrap();
        assert_eq!(events, session.told(id));
        let handed_in = tickets.iter().filter(|(of, ..)| *of == id);
        assert_eq!(events.len(), handed_in.clone().count());
        for (event, (_, n, ticket)) in events.iter().zip(handed_in) {
            assert_eq!(event.entry, said(&n.to_string()));
            assert_eq!(session.outcome(*ticket), Outcome::Landed(event.clone()));
        }
    }
}

/// And harms no other in the same commit.
pub async fn an_append_to_no_group_is_refused<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    let nowhere = session.append(group(2000), said("lost"));
    let somewhere = session.append(group(1000), said("kept"));
    session.finish().await;
    assert_eq!(session.outcome(nowhere), Outcome::Failed(AppendFailure::NoSuchGroup));
    assert!(matches!(session.outcome(somewhere), Outcome::Landed(_)));
    session.create(group(2000)).await;
    assert_eq!(session.read_all(group(2000)).await.unwrap(), []);
}

/// One batch tells of many groups.
pub async fn many_groups_share_a_commit<S: Subject>(subject: &mut S) {
    const GROUPS: u64 = 200;
    let mut session = Session::open(subject).await;
    for n in 0..GROUPS {
        session.create(group(1000 + n)).await;
    }
    for n in 0..GROUPS * 2 {
        session.append(group(1000 + n % GROUPS), said("hello"));
    }
    let mut batches = 0;
    while (0..GROUPS).any(|n| session.told(group(1000 + n)).len() < 2) {
        assert!(session.next_batch().await);
        batches += 1;
    }
    assert!(batches < 20, "{batches} batches for what was handed in at once");
}

/// What is more goes into the next.
pub async fn a_commit_is_bounded<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    let count = limits::COMMIT_EVENTS_MAX * 2 + 7;
    for n in 0..count {
        session.append(group(1000), said(&n.to_string()));
    }
    let mut before = 0;
    while before < count {
        assert!(session.next_batch().await);
        let now = session.told(group(1000)).len();
        assert!(now - before <= limits::COMMIT_EVENTS_MAX);
        before = now;
    }
    assert_eq!(session.read_all(group(1000)).await.unwrap(), session.told(group(1000)));
}

/// A head can move without this process having written.
pub async fn what_was_written_elsewhere_is_told_once<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    session.append_many(group(1000), 2).await;
    session.load(group(1000)).await.unwrap();
    if !subject.write_elsewhere(group(1000), said("theirs")) {
        return;
    }
    while session.told(group(1000)).len() < 3 {
        assert!(session.next_batch().await);
    }
    assert!(subject.write_elsewhere(group(1000), said("theirs again")));
    session.append_many(group(1000), 2).await;
    assert_eq!(session.told(group(1000)).len(), 6);
    assert_eq!(session.read_all(group(1000)).await.unwrap(), session.told(group(1000)));
}

/// What is given and what is told above it are the whole.
pub async fn loading_under_way_leaves_no_gap<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    for _ in 0..20 {
        for n in 0..50 {
            session.append(group(1000), said(&n.to_string()));
        }
        let stored = session.log.load(group(1000)).await.unwrap().unwrap();
        let head = stored.events.last().map_or(stored.snapshot.head, |event| event.seq);
        session.finish().await;
        let mut whole = stored.events;
        whole.extend(session.told(group(1000)).iter().filter(|event| event.seq > head).cloned());
        assert_eq!(whole, session.told(group(1000)));
    }
}

/// Appends work for groups that are not loaded, and loading works again.
pub async fn forgetting_harms_nothing<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    for round in 1..=5 {
        session.append_many(group(1000), 10).await;
        session.log.forget(group(1000));
        session.log.forget(group(4444));
        let loaded = session.load(group(1000)).await.unwrap();
        assert_eq!(loaded.head(), Seq(round * 10));
    }
}
