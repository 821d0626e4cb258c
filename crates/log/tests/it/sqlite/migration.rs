//! Data of earlier versions, as the programs of their day left it.

use conclave_core::{
    Account, AccountId, Entry, Kind, MemberId, Name, Origin, Role, Settings, Snapshot,
};
use conclave_log::conformance::{Outcome, Session, group, replay, said};
use conclave_log::{Accounts as _, Log as _, sqlite};

use super::OnSqlite;

/// A folder as a server of that version left it when it was killed.
fn left_behind(sql: &str) -> OnSqlite {
    let subject = OnSqlite::new();
    subject.by_hand().execute_batch(sql).unwrap();
    subject
}

#[tokio::test]
async fn data_of_version_1_is_whole_and_goes_on() {
    let mut subject = left_behind(include_str!("../../golden/version-1.sql"));
    let id = group(5489);
    let session = Session::open(&mut subject).await;
    assert_eq!(session.log.epoch().to_string(), "1d26e6e11b5559e0");
    let events = session.read_all(id).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.entry.name.as_str()).collect();
    assert_eq!(kinds, ["Noya", "Noya", "Noya", "Noya", "Noya", "Noa", "Noa", "Dan", "Dan"]);
    assert!(events.iter().all(|event| event.entry.door.is_none()), "no door was kept");
    let stored = session.log.load(id).await.unwrap().unwrap();
    // Its snapshot knew neither roles nor settings.
    assert_eq!((stored.snapshot, stored.events.len()), (Snapshot::default(), 9));
    let password = stored.founding.password.unwrap();
    assert!(password.as_phc().starts_with("$argon2id$"));
    assert_eq!(stored.founding.alias, None);
    let state = replay(&events);
    let roles = |state: &Snapshot| -> Vec<_> {
        state.members.iter().map(|(id, member)| (id.0, member.role)).collect()
    };
    assert_eq!(roles(&state), [(2, Role::Member)]);
    assert_eq!(roles(&replay(&events[..1])), [(1, Role::Owner)], "who came first made the group");
    assert_eq!(state.settings, Settings::default());
    session.kill().await;
    assert_eq!(sqlite::check(subject.path()).unwrap().problems, [""; 0]);

    let mut session = Session::open(&mut subject).await;
    assert!(session.log.load(id).await.unwrap().is_some());
    let noya = Account::new(AccountId(1), Name::from_log("Noya"));
    let joined = Entry {
        member: MemberId(3),
        name: Name::from_log("Noya"),
        account: Some(noya.clone()),
        door: None,
        kind: Kind::Joined { seat: None, origin: Origin::default(), role: Role::Member },
    };
    for entry in [said("it goes on"), joined] {
        assert!(matches!(session.append_one(id, entry).await, Outcome::Landed(_)));
    }
    assert_eq!(session.log.groups_of(noya).await.unwrap(), [id]);
    session.kill().await;
    let checked = sqlite::check(subject.path()).unwrap();
    assert_eq!((checked.events, checked.problems), (11, vec![]));
}

#[tokio::test]
async fn keys_of_names_that_another_program_made_are_made_anew() {
    let mut subject = OnSqlite::new();
    let session = Session::open(&mut subject).await;
    let name = |typed| Name::parse(typed).unwrap();
    for typed in ["Noya", "Dan"] {
        let new = conclave_log::NewAccount { name: name(typed), password_hash: "$".into() };
        session.log.create_account(new).await.unwrap().unwrap();
    }
    session.kill().await;
    // As if the other Unicode had found nobody to look like Noya, and Dan like somebody else.
    subject
        .by_hand()
        .execute_batch(
            "DELETE FROM account_keys;
             INSERT INTO account_keys VALUES ('shlomo', 2);
             UPDATE meta SET value = 'another' WHERE key = 'name-keys';",
        )
        .unwrap();
    let session = Session::open(&mut subject).await;
    for (typed, found) in [("N0YA", Some(1)), ("dan", Some(2)), ("Shlomo", None)] {
        let account = session.log.find_account(name(typed)).await.unwrap();
        assert_eq!(account.map(|stored| stored.account.id().0), found, "{typed}");
    }
}
