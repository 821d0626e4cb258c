//! Cases of accounts: making and finding them, what they are members of, and how far they have read.

use conclave_core::{
    Account, AccountId, Entry, Farewell, GroupId, Kind, MemberId, Name, Timestamp, limits,
};

use super::Subject;
use super::session::{Outcome, Session, group, joined, removed};
use crate::{Accounts as _, Log, NewAccount};

fn name(typed: &str) -> Name {
    Name::parse(typed).expect("a name")
}

async fn create(log: &impl Log, typed: &str) -> Option<Account> {
    let password_hash = format!("$hash${typed}").into();
    log.create_account(NewAccount { name: name(typed), password_hash }).await.unwrap()
}

/// In any case, and by look-alikes; and again when the log is opened again.
pub async fn an_account_is_found_by_its_name_and_what_looks_like_it<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    assert!(session.log.find_account(name("Noya")).await.unwrap().is_none());
    let noya = create(&session.log, "Noya").await.unwrap();
    let dan = create(&session.log, "Dan Ill").await.unwrap();
    assert_ne!(noya.id(), dan.id());
    for _ in 0..2 {
        for typed in ["Noya", "noya", "NOYA", "N0YA"] {
            let found = session.log.find_account(name(typed)).await.unwrap().unwrap();
            assert_eq!((found.account.id(), found.account.name()), (noya.id(), noya.name()));
            assert_eq!(&*found.password_hash, "$hash$Noya");
        }
        let found = session.log.find_account(name("dan lll")).await.unwrap().unwrap();
        assert_eq!(found.account.name(), dan.name());
        assert!(session.log.find_account(name("Shlomo")).await.unwrap().is_none());
        session.kill().await;
        session = Session::open(subject).await;
    }
}

/// Of two that ask at once one is told so, whatever the other does.
pub async fn an_account_is_made_once<S: Subject>(subject: &mut S) {
    let session = Session::open(subject).await;
    let (one, other) = tokio::join!(create(&session.log, "Noya"), create(&session.log, "noya"));
    assert!(one.is_some() != other.is_some());
    let first = one.or(other).unwrap();
    assert!(create(&session.log, "N0YA").await.is_none());
    let next = create(&session.log, "Dan").await.unwrap();
    assert!(next.id() > first.id());
}

/// An account that was answered is there, one that was not is whole or not there at all, and
/// numbers go on.
pub async fn a_kill_at_any_moment_keeps_the_accounts_that_were_answered<S: Subject>(
    subject: &mut S,
) {
    let mut ids: Vec<AccountId> = Vec::new();
    for round in 0..6_usize {
        let session = Session::open(subject).await;
        for n in 0..round {
            let made = create(&session.log, &format!("answered {round} {n}")).await.unwrap();
            assert!(!ids.contains(&made.id()), "{made} has a number of its own");
            ids.push(made.id());
        }
        let typed = format!("killed {round}");
        let asked = tokio::time::timeout(
            std::time::Duration::from_micros(50 * round as u64),
            create(&session.log, &typed),
        );
        drop(asked.await);
        session.kill().await;
        let session = Session::open(subject).await;
        for n in 0..round {
            let found = session.log.find_account(name(&format!("answered {round} {n}"))).await;
            assert!(found.unwrap().is_some());
        }
        let account = match session.log.find_account(name(&typed)).await.unwrap() {
            Some(found) => {
                assert_eq!(&*found.password_hash, format!("$hash${typed}"));
                found.account
            }
            None => create(&session.log, &typed).await.unwrap(),
        };
        assert!(!ids.contains(&account.id()));
        ids.push(account.id());
        session.kill().await;
    }
}

async fn land<L: Log>(
    session: &mut Session<L>,
    group: GroupId,
    account: &Account,
    member: u64,
    kind: Kind,
) {
    let (member, name) = (MemberId(member), account.name().clone());
    let entry = Entry { member, name, account: Some(account.clone()), door: None, kind };
    let outcome = session.append_one(group, entry).await;
    assert!(matches!(outcome, Outcome::Landed(_)), "{outcome:?}");
}

/// From its joining to its leaving, whoever ends it; and what it says changes nothing.
pub async fn the_groups_of_an_account_are_those_it_is_in<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    let noya = create(&session.log, "Noya").await.unwrap();
    let dan = create(&session.log, "Dan").await.unwrap();
    for number in 1000..1004 {
        session.create(group(number)).await;
        session.append_many(group(number), 1).await;
        land(&mut session, group(number), &noya, 1, joined()).await;
    }
    land(&mut session, group(1002), &dan, 2, joined()).await;
    land(&mut session, group(1000), &noya, 1, Kind::Left(Farewell::default())).await;
    land(&mut session, group(1001), &noya, 1, removed("Dan")).await;
    land(&mut session, group(1001), &noya, 3, joined()).await;
    land(&mut session, group(1003), &noya, 1, Kind::Renamed { to: name("Noa") }).await;
    land(&mut session, group(1002), &dan, 2, Kind::Left(Farewell::default())).await;
    for _ in 0..2 {
        let groups = session.log.groups_of(noya.clone()).await.unwrap();
        assert_eq!(groups, [group(1001), group(1002), group(1003)]);
        assert_eq!(session.log.groups_of(dan.clone()).await.unwrap(), []);
        session.kill().await;
        session = Session::open(subject).await;
    }
    session.log.delete(group(1001)).await.unwrap();
    session.create(group(1001)).await;
    let groups = session.log.groups_of(noya).await.unwrap();
    assert_eq!(groups, [group(1002), group(1003)], "the next group of that number is another");
}

/// For that account alone, and as high as anybody raised it, also when opened again.
pub async fn a_marker_only_rises<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    let noya = create(&session.log, "Noya").await.unwrap();
    let dan = create(&session.log, "Dan").await.unwrap();
    session.create(group(1000)).await;
    session.create(group(1001)).await;
    let at = Timestamp::from_ms;
    for (ms, expected) in [(500, 500), (400, 500), (500, 500), (700, 700), (0, 700)] {
        let raised = session.log.raise_marker(noya.clone(), group(1000), at(ms)).await.unwrap();
        assert_eq!(raised, Some(at(expected)));
    }
    let nowhere = session.log.raise_marker(noya.clone(), group(7777), at(1)).await.unwrap();
    assert_eq!(nowhere, None);
    session.kill().await;
    session = Session::open(subject).await;
    let markers = session.log.markers(noya.clone()).await.unwrap();
    let found: Vec<_> = markers.iter().map(|marker| (marker.group, marker.at)).collect();
    assert_eq!(found, [(group(1000), at(700))]);
    assert_eq!(session.log.markers(dan).await.unwrap(), []);
    session.log.delete(group(1000)).await.unwrap();
    session.create(group(1000)).await;
    assert_eq!(session.log.markers(noya).await.unwrap(), []);
}

/// The one of the earliest time goes.
pub async fn markers_are_bounded<S: Subject>(subject: &mut S) {
    const MORE: usize = 3;
    let session = Session::open(subject).await;
    let noya = create(&session.log, "Noya").await.unwrap();
    for n in 0..limits::MARKERS_MAX + MORE {
        let id = group(1_000 + n as u64);
        session.create(id).await;
        let at = Timestamp::from_ms(5_000 - i64::try_from(n).unwrap());
        session.log.raise_marker(noya.clone(), id, at).await.unwrap();
    }
    let markers = session.log.markers(noya).await.unwrap();
    assert_eq!(markers.len(), limits::MARKERS_MAX);
    assert_eq!(markers.first().map(|marker| marker.group), Some(group(1_000)));
}
