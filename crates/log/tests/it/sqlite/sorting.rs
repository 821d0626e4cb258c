//! Events that are fresh, sorted, or on their way from the one to the other.

use conclave_core::{Account, AccountId, Entry, Farewell, GroupId, Kind, Name, Seq, limits};
use conclave_log::conformance::{Outcome, Session, entry, group, joined, rounds, said};
use conclave_log::{Accounts as _, Log as _, SqliteLog, sqlite};

use super::{OnSqlite, stay_fresh};

const GROUPS: u64 = 40;

fn groups() -> impl Iterator<Item = GroupId> {
    (0..GROUPS).map(|n| group(1000 + n))
}

/// How many events lie sorted, and how many fresh.
fn lying(subject: &OnSqlite) -> (i64, i64) {
    let sql = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM fresh)";
    subject.by_hand().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

/// Whether some events lie in both places.
async fn is_under_way(subject: &OnSqlite, session: &Session<SqliteLog>) -> bool {
    let (sorted, fresh) = lying(subject);
    let written = session.log.list(None, 100).await.unwrap();
    let written: u64 = written.iter().map(|group| group.head.0).sum();
    sorted > 0 && sorted + fresh > i64::try_from(written).unwrap()
}

/// Writes to all groups by turns until sorting must have begun, and some more.
async fn write_past_the_limit(session: &mut Session<SqliteLog>) {
    stay_fresh(session, &groups().collect::<Vec<_>>()).await;
    for n in 0..limits::FRESH_EVENTS as u64 / GROUPS + 30 {
        for id in groups() {
            session.append(id, said(&format!("message {n}")));
        }
    }
    session.finish().await;
}

#[tokio::test]
async fn while_events_are_sorted_all_that_was_told_is_read_and_none_twice() {
    let mut subject = OnSqlite::new();
    let mut session = Session::open(&mut subject).await;
    for id in groups() {
        session.create(id).await;
    }
    write_past_the_limit(&mut session).await;
    // A round takes many commits; each is read in.
    let (mut seen_under_way, mut reads) = (false, 0);
    loop {
        for id in groups() {
            let Outcome::Landed(event) = session.append_one(id, said("on")).await else {
                panic!("not saved")
            };
            let head = event.seq.0;
            for from in [head - 300, head - 130, head - 1, head] {
                let page = session.log.read(id, Seq(from)).await.unwrap();
                let expected = (head - from + 1).min(limits::PAGE_EVENTS_MAX as u64);
                let seqs: Vec<u64> = page.iter().map(|event| event.seq.0).collect();
                let dense: Vec<u64> = (from..from + expected).collect();
                assert_eq!(seqs, dense);
                reads += 1;
            }
            // On a busy machine a round may be over before all groups had their turn.
            seen_under_way = seen_under_way || is_under_way(&subject, &session).await;
        }
        if lying(&subject).1 < 8_000 {
            break;
        }
        assert!(reads < 100_000, "never sorted");
    }
    assert!(seen_under_way, "no round was seen under way");
    let checked = session.log.check().await.unwrap();
    assert_eq!(checked.problems, [""; 0]);
}

#[tokio::test]
async fn a_crash_in_the_midst_of_sorting_loses_and_doubles_nothing() {
    let mut subject = OnSqlite::new();
    let mut session = Session::open(&mut subject).await;
    for id in groups() {
        session.create(id).await;
    }
    write_past_the_limit(&mut session).await;
    for round in 0..rounds(1) {
        // Of a group whose copies were not taken away yet, more comes behind those at once.
        for id in groups() {
            for n in 0..6 {
                session.append(id, said(&format!("{n} of round {round}")));
            }
        }
        session.finish().await;
        session.kill().await;
        let checked = sqlite::check(subject.path()).unwrap();
        assert_eq!(checked.problems, [""; 0], "round {round}");
        session = Session::open(&mut subject).await;
        for id in groups() {
            let head = session.load(id).await.unwrap().head();
            assert_eq!(session.read_all(id).await.unwrap().len() as u64, head.0);
        }
    }
    let (sorted, fresh) = lying(&subject);
    assert!(sorted > 0 && fresh > 0, "{sorted} sorted, {fresh} fresh: nothing was under way");
    session.log.stop().await.unwrap();
    session.kill().await;
    let (sorted, fresh) = lying(&subject);
    let checked = sqlite::check(subject.path()).unwrap();
    assert_eq!((checked.events, fresh), (u64::try_from(sorted).unwrap(), 0), "all is in order");
}

#[tokio::test]
async fn what_one_group_says_much_of_at_once_lies_sorted_at_once_and_in_order() {
    let mut subject = OnSqlite::new();
    let mut session = Session::open(&mut subject).await;
    for id in [group(1000), group(2000)] {
        session.create(id).await;
    }
    for _ in 0..10 {
        session.append(group(2000), said("a little"));
        session.append_many(group(1000), 2).await;
        session.append_many(group(1000), 200).await;
        // A commit may have taken the first of them, or the last, alone.
        let little = session.told(group(2000)).len() + limits::SORTED_AT_ONCE_MIN - 1;
        assert!(lying(&subject).1 <= i64::try_from(little).unwrap(), "{:?}", lying(&subject));
        let read = session.read_all(group(1000)).await.unwrap();
        assert_eq!(read, session.told(group(1000)));
    }
    let written = session.told(group(1000)).len() as u64;
    let told = session.read_all(group(1000)).await.unwrap();
    session.kill().await;
    assert_eq!(sqlite::check(subject.path()).unwrap().problems, [""; 0]);
    let mut session = Session::open(&mut subject).await;
    assert_eq!(session.read_all(group(1000)).await.unwrap(), told);
    assert_eq!(session.load(group(1000)).await.unwrap().head(), Seq(written));
    let Outcome::Landed(event) = session.append_one(group(1000), said("on")).await else {
        panic!("not saved")
    };
    assert_eq!(event.seq, Seq(written + 1));
}

#[tokio::test]
async fn the_groups_of_an_account_are_found_wherever_its_events_lie() {
    let mut subject = OnSqlite::new();
    let noya = Account::new(AccountId(1), Name::from_log("Noya"));
    let by_noya = |kind| Entry { account: Some(noya.clone()), ..entry(kind) };
    let mut session = Session::open(&mut subject).await;
    for id in [group(1000), group(2000)] {
        session.create(id).await;
        session.append_one(id, by_noya(joined())).await;
    }
    for round in 0..2 {
        assert_eq!(session.log.groups_of(noya.clone()).await.unwrap(), [group(1000), group(2000)]);
        if round == 0 {
            session.log.stop().await.unwrap();
            session.kill().await;
            session = Session::open(&mut subject).await;
        }
    }
    // Joined among the sorted, left among the fresh.
    session.append_one(group(2000), by_noya(Kind::Left(Farewell::default()))).await;
    assert_eq!(session.log.groups_of(noya.clone()).await.unwrap(), [group(1000)]);
}
