//! Direct conversations: between two, to all their connections, saved before seen, and to nobody
//! else.

use conclave_core::{Account, GroupId, MemberId, Name, Origin, Password, Refusal, Seq, limits};
use conclave_hub::{Contact, Direct, Echo, Keep, Own, Session, Signal, SignedIn, Visit};
use conclave_log::Fault;

use crate::stage::{Client, Stage, WIRE, client_id, connection, name_of, settle, source, words};

async fn register(stage: &Stage, name: &str) -> SignedIn {
    let password = Password::parse("of the account").unwrap();
    stage.hub.register(name_of(name), &password, source()).await.unwrap()
}

async fn sign_in(stage: &Stage, name: &str) -> SignedIn {
    let password = Password::parse("of the account").unwrap();
    stage.hub.verify(Some(name_of(name)), &password, source()).await.unwrap()
}

async fn enter_as(stage: &Stage, signed_in: &SignedIn, group: GroupId, name: &str) -> Client {
    let admission = stage.admit(group).await;
    let (pipe, outlet) = connection(1 << 20);
    let joined = signed_in.join(&admission, name_of(name), &outlet, &WIRE).await.unwrap();
    joined.session.release();
    Client { session: joined.session, seat: None, head: joined.head, pipe, outlet }
}

async fn direct(session: &Session, with: &str) -> Direct {
    let with = session.find(&name_of(with)).unwrap();
    session.direct(with).await.unwrap()
}

async fn tell(session: &Session, with: &str, text: &str) {
    direct(session, with).await.send(words(text), None).await.unwrap();
}

/// What a client was written of direct conversations since it was read last.
fn read_direct(client: &Client) -> Vec<String> {
    let read = client.read();
    read.lines().filter(|line| line.contains(": ")).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn what_two_members_tell_each_other_reaches_them_and_nobody_else() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let dan = stage.enter(&admission, "Dan").await;
    let bar = stage.enter(&admission, "Bar").await;
    settle().await;
    for client in [&noya, &dan, &bar] {
        client.read();
    }
    tell(&noya.session, "dan", "psst").await;
    tell(&dan.session, "NOYA", "what?").await;
    tell(&noya.session, "Dan", "nothing").await;
    tell(&bar.session, "Dan", "hello").await;
    settle().await;
    assert_eq!(
        read_direct(&noya),
        ["Noya -> Dan: said psst", "Noya <- Dan: said what?", "Noya -> Dan: said nothing"]
    );
    assert_eq!(
        read_direct(&dan),
        [
            "Dan <- Noya: said psst",
            "Dan -> Noya: said what?",
            "Dan <- Noya: said nothing",
            "Dan <- Bar: said hello"
        ]
    );
    assert_eq!(read_direct(&bar), ["Bar -> Dan: said hello"]);
    assert_eq!(stage.hub.groups(None, 10).await.unwrap().len(), 1, "it is no group in a list");
    assert!(!stage.lines(group, |_| true).contains("psst"));
}

#[tokio::test(start_paused = true)]
async fn it_is_reached_by_its_two_and_by_nobody_who_knows_its_number() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let dan = stage.enter(&admission, "Dan").await;
    let bar = stage.enter(&admission, "Bar").await;
    tell(&noya.session, "Dan", "psst").await;
    let id = direct(&dan.session, "Noya").await.id();
    let account = register(&stage, "Bar").await;
    let nobody = Refusal::NobodyOfThatName;
    assert_eq!(bar.session.listed_direct(id).await.unwrap_err(), nobody);
    assert_eq!(account.listed_direct(id).await.unwrap_err(), nobody);
    assert_eq!(account.membership(id).await.unwrap_err(), Refusal::NotAMember);
    let (_pipe, outlet) = connection(1 << 20);
    let visit = stage.hub.visit(&outlet);
    assert_eq!(visit.listed_direct(id).await.unwrap_err(), nobody);
    assert!(bar.session.directs().await.unwrap().is_empty());
    let wrong = stage.hub.admit(Some(id), &Password::parse("x").unwrap(), source()).await;
    assert_eq!(wrong.unwrap_err(), Refusal::WrongIdOrPassword);
    for client in [&noya, &dan] {
        assert_eq!(client.session.listed_direct(id).await.unwrap().id(), id);
    }
    assert_eq!(noya.session.direct(MemberId(77)).await.unwrap_err(), nobody);
}

#[tokio::test(start_paused = true)]
async fn it_reaches_every_connection_of_both_accounts_wherever_they_are() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let (noya, dan) = (register(&stage, "Noya").await, register(&stage, "Dan").await);
    let noya_here = enter_as(&stage, &noya, group, "Noya").await;
    let dan_here = enter_as(&stage, &dan, group, "Dan in tea").await;
    let _connected = [
        noya.connect(&noya_here.outlet, &WIRE, Own::Everything),
        dan.connect(&dan_here.outlet, &WIRE, Own::Everything),
    ];
    let (phone_pipe, phone) = connection(1 << 20);
    let _phone = dan.connect(&phone, &WIRE, Own::Everything);
    let (desk_pipe, desk) = connection(1 << 20);
    let _desk = noya.connect(&desk, &WIRE, Own::Everything);
    tell(&noya_here.session, "Dan in tea", "psst").await;
    settle().await;
    assert_eq!(phone_pipe.read_text(), "Dan in tea <- Noya: said psst\n");
    assert_eq!(desk_pipe.read_text(), "Noya -> Dan in tea: said psst\n");
    assert_eq!(read_direct(&dan_here), ["Dan in tea <- Noya: said psst"]);
    assert_eq!(read_direct(&noya_here), ["Noya -> Dan in tea: said psst"]);
    // The same conversation without a group, as a nickname finds it.
    let contact = Contact::account(noya.account().clone(), name_of("Noya"), Origin::CONSOLE);
    let id = direct(&noya_here.session, "Dan in tea").await.id();
    let same = dan.direct(name_of("Dan"), Origin::CONSOLE, &contact).await.unwrap();
    assert_eq!(same.id(), id);
    same.send(words("yes?"), None).await.unwrap();
    settle().await;
    assert_eq!(desk_pipe.read_text(), "Noya <- Dan: said yes?\n");
    drop((noya_here, dan_here, admission));
    same.send(words("where are you?"), None).await.unwrap();
    settle().await;
    assert_eq!(phone_pipe.read_text().lines().count(), 2);
    assert_eq!(desk_pipe.read_text(), "Noya <- Dan: said where are you?\n");
}

#[tokio::test(start_paused = true)]
async fn what_was_said_is_there_after_a_restart_and_goes_on() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = register(&stage, "Noya").await;
    let dan = register(&stage, "Dan").await;
    let noya_here = enter_as(&stage, &noya, group, "Noya").await;
    let _dan_here = enter_as(&stage, &dan, group, "Dan").await;
    let seated = stage.join(&admission, "Bar", Keep::Seat, 1 << 20).await;
    let guest = stage.join(&admission, "Guest", Keep::Seat, 1 << 20).await;
    for n in 0..5 {
        tell(&noya_here.session, "Dan", &format!("to Dan {n}")).await;
        tell(&seated.session, "Guest", &format!("to Guest {n}")).await;
    }
    let (of_accounts, of_members) =
        (direct(&noya_here.session, "Dan").await.id(), direct(&seated.session, "Guest").await.id());
    let seat = seated.seat.clone().unwrap();

    let stage = stage.reopen().await;
    let noya = sign_in(&stage, "Noya").await;
    let listed = noya.directs().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id, &listed[0].with), (of_accounts, &name_of("Dan")));
    let conversation = noya.listed_direct(of_accounts).await.unwrap();
    let events = conversation.events_before(Seq(u64::MAX), 100).await.unwrap();
    let said: Vec<_> = events.iter().filter(|event| event.entry.is_message()).collect();
    assert_eq!(said.len(), 5);
    assert_eq!(listed[0].last_at, said[4].at);
    assert!(said.iter().all(|event| event.entry.account.as_ref() == Some(noya.account())));
    conversation.send(words("again"), None).await.unwrap();

    let bar = stage.resume(group, &seat, Seq(u64::MAX), 1 << 20).await;
    let listed = bar.session.directs().await.unwrap();
    assert_eq!((listed[0].id, &listed[0].with), (of_members, &name_of("Guest")));
    assert_eq!(listed[0].met_in.map(|(group, _)| group), Some(group));
    let again = stage.resume(group, &guest.seat.unwrap(), Seq(u64::MAX), 1 << 20).await;
    settle().await;
    again.read();
    tell(&bar.session, "Guest", "are you back?").await;
    settle().await;
    assert_eq!(read_direct(&again), ["Guest <- Bar: said are you back?"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_shown_that_was_not_saved_and_a_retry_lands_once() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let dan = stage.enter(&admission, "Dan").await;
    let conversation = direct(&noya.session, "Dan").await;
    settle().await;
    noya.read();
    dan.read();
    stage.disk.fail_next(Fault::Full);
    let refused = conversation.send(words("lost"), client_id(1)).await;
    assert_eq!(refused.unwrap_err(), Refusal::NotSaved);
    settle().await;
    assert_eq!((noya.read(), dan.read()), (String::new(), String::new()));
    let first = conversation.send(words("kept"), client_id(1)).await.unwrap();
    let again = direct(&noya.session, "Dan").await.send(words("kept"), client_id(1)).await;
    assert_eq!(again.unwrap(), first);
    settle().await;
    assert_eq!(read_direct(&dan), ["Dan <- Noya: said kept"]);
}

#[tokio::test(start_paused = true)]
async fn it_goes_with_the_first_of_two_members_who_leaves() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let dan = stage.enter(&admission, "Dan").await;
    let bar = stage.enter(&admission, "Bar").await;
    tell(&noya.session, "Dan", "psst").await;
    tell(&noya.session, "Bar", "hello").await;
    let kept = direct(&noya.session, "Dan").await;
    dan.session.leave().await;
    settle().await;
    assert_eq!(stage.disk.events(kept.id()), [], "it is deleted");
    let gone = kept.send(words("still there?"), None).await;
    assert_eq!(gone.unwrap_err(), Refusal::GroupClosed);
    assert_eq!(kept.events_before(Seq(99), 10).await.unwrap_err(), Refusal::GroupClosed);
    let listed = noya.session.directs().await.unwrap();
    assert_eq!(listed.iter().map(|direct| &direct.with).collect::<Vec<_>>(), [&name_of("Bar")]);
    // Another of that name has nothing of it.
    let dan = stage.enter(&admission, "Dan").await;
    assert!(dan.session.directs().await.unwrap().is_empty());
    tell(&noya.session, "Dan", "are you another?").await;
    assert_ne!(direct(&dan.session, "Noya").await.id(), kept.id());
    drop(bar);
    stage.hub.delete(group).await.unwrap();
    settle().await;
    let directs = [direct_ids(&stage, &noya).await, direct_ids(&stage, &dan).await];
    assert_eq!(directs, [vec![], vec![]]);
}

async fn direct_ids(_stage: &Stage, client: &Client) -> Vec<GroupId> {
    let directs = client.session.directs().await.unwrap_or_default();
    directs.into_iter().map(|direct| direct.id).collect()
}

/// How others write to a visitor, which is shown all of its own.
fn contact(visit: &Visit, name: &str) -> Contact {
    visit.visitor().contact(name_of(name), Origin::CONSOLE, &WIRE, Own::Everything)
}

async fn write_as(visit: &Visit, name: &str, to: &Contact) -> Result<Direct, Refusal> {
    visit.direct(name_of(name), Origin::CONSOLE, (&WIRE, Own::Everything), to).await
}

#[tokio::test(start_paused = true)]
async fn a_visitor_is_written_to_in_the_way_it_asked_for_last() {
    let stage = Stage::open().await;
    let (noya_pipe, noya_outlet) = connection(1 << 20);
    let (dan_pipe, dan_outlet) = connection(1 << 20);
    let (noya, dan) = (stage.hub.visit(&noya_outlet), stage.hub.visit(&dan_outlet));
    // Looked up before, used after.
    let (to_noya, to_dan) = (contact(&noya, "Noya"), contact(&dan, "Dan"));
    dan.set_shown(&WIRE, Own::News);
    let direct = write_as(&noya, "Noya", &to_dan).await.unwrap();
    direct.send(words("psst"), None).await.unwrap();
    settle().await;
    noya.set_shown(&WIRE, Own::News);
    direct.send(words("are you there?"), None).await.unwrap();
    let answer = write_as(&dan, "Dan", &to_noya).await.unwrap();
    answer.send(words("yes"), None).await.unwrap();
    settle().await;
    assert_eq!(noya_pipe.read_text(), "Noya -> Dan: said psst\nNoya <- Dan: said yes\n");
    let both = "Dan <- Noya: said psst\nDan <- Noya: said are you there?\n";
    assert_eq!(dan_pipe.read_text(), both);
}

#[tokio::test(start_paused = true)]
async fn visitors_write_to_each_other_while_they_are_here() {
    let stage = Stage::open().await;
    let (noya_pipe, noya_outlet) = connection(1 << 20);
    let (dan_pipe, dan_outlet) = connection(1 << 20);
    let noya = stage.hub.visit(&noya_outlet);
    let dan = stage.hub.visit(&dan_outlet);
    let account = register(&stage, "Bar").await;
    let (bar_pipe, bar_outlet) = connection(1 << 20);
    let _bar = account.connect(&bar_outlet, &WIRE, Own::Everything);
    let to_dan = write_as(&noya, "Noya", &contact(&dan, "Dan")).await.unwrap();
    to_dan.send(words("psst"), None).await.unwrap();
    let bar = Contact::account(account.account().clone(), name_of("Bar"), Origin::CONSOLE);
    let to_bar = write_as(&dan, "Dan", &bar).await.unwrap();
    to_bar.send(words("hello"), None).await.unwrap();
    settle().await;
    assert_eq!(noya_pipe.read_text(), "Noya -> Dan: said psst\n");
    assert_eq!(dan_pipe.read_text(), "Dan <- Noya: said psst\nDan -> Bar: said hello\n");
    assert_eq!(bar_pipe.read_text(), "Bar <- Dan: said hello\n");
    assert_eq!(account.directs().await.unwrap()[0].with, name_of("Dan"));
    assert_eq!(dan.directs().await.unwrap().len(), 2);
    let contact = contact(&dan, "Dan");
    drop(dan);
    settle().await;
    assert_eq!(
        (noya.directs().await.unwrap().len(), account.directs().await.unwrap().len()),
        (0, 0)
    );
    assert_eq!(to_dan.send(words("?"), None).await.unwrap_err(), Refusal::GroupClosed);
    let gone = write_as(&noya, "Noya", &contact).await.unwrap_err();
    assert_eq!(gone, Refusal::NobodyOfThatName);
}

#[tokio::test(start_paused = true)]
async fn who_writes_to_itself_is_written_it_once() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    tell(&noya.session, "Noya", "buy milk").await;
    tell(&noya.session, "Noya", "and tea").await;
    settle().await;
    assert_eq!(read_direct(&noya), ["Noya -> Noya: said buy milk", "Noya -> Noya: said and tea"]);
}

#[tokio::test(start_paused = true)]
async fn both_go_by_the_names_that_they_have_when_it_is_said() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let dan = stage.enter(&admission, "Dan").await;
    tell(&noya.session, "Dan", "one").await;
    noya.session.rename(name_of("Noa")).await.unwrap();
    dan.session.rename(name_of("Noya")).await.unwrap();
    tell(&noya.session, "Noya", "two").await;
    settle().await;
    assert_eq!(read_direct(&dan), ["Dan <- Noya: said one", "Noya <- Noa: said two"]);
    assert_eq!(direct(&dan.session, "Noa").await.head(), Seq(6), "and two changes of name");
}

#[tokio::test(start_paused = true)]
async fn a_stuck_reader_of_a_conversation_misses_nothing_and_delays_nobody() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let dan = stage.join(&admission, "Dan", Keep::Connection, 64).await;
    settle().await;
    dan.read();
    let conversation = direct(&noya.session, "Dan").await;
    let mut expected = Vec::new();
    for n in 0..400 {
        conversation.send(words(&format!("{n}")), None).await.unwrap();
        expected.push(format!("Dan <- Noya: said {n}"));
    }
    settle().await;
    assert_eq!(read_direct(&noya).len(), 400);
    dan.pipe.set_room(1 << 20);
    settle().await;
    tell(&noya.session, "Dan", "the last").await;
    settle().await;
    expected.push("Dan <- Noya: said the last".to_owned());
    let read = dan.read();
    let read: Vec<_> = read.lines().filter(|line| line.contains("<-")).collect();
    assert_eq!(read, expected);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_in_which_nobody_speaks_is_not_alive() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let _dan = stage.enter(&admission, "Dan").await;
    tell(&noya.session, "Dan", "psst").await;
    assert!(format!("{:?}", stage.hub).contains("live_groups: 2"), "{:?}", stage.hub);
    tokio::time::sleep(limits::SWEEP_INTERVAL * 3).await;
    assert!(format!("{:?}", stage.hub).contains("live_groups: 1"), "{:?}", stage.hub);
    tell(&noya.session, "Dan", "psst").await;
    assert_eq!(direct(&noya.session, "Dan").await.head(), Seq(4));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_while_somebody_connects_is_read_or_written_to_it() {
    let stage = Stage::open().await;
    let (noya, dan) = (register(&stage, "Noya").await, register(&stage, "Dan").await);
    let address = |account: &Account, name: &str| {
        let name: Name = name_of(name);
        Contact::account(account.clone(), name, Origin::CONSOLE)
    };
    let to_dan = noya
        .direct(name_of("Noya"), Origin::CONSOLE, &address(dan.account(), "Dan"))
        .await
        .unwrap();
    let talk = async {
        for n in 0..200 {
            to_dan.send(words(&format!("{n}")), None).await.unwrap();
        }
    };
    let connect = async {
        let mut connected = Vec::new();
        for _ in 0..8 {
            tokio::time::sleep(std::time::Duration::from_micros(23_700)).await;
            let (pipe, outlet) = connection(1 << 20);
            let here = dan.connect(&outlet, &WIRE, Own::Everything);
            let from_noya = dan.listed_direct(to_dan.id()).await.unwrap();
            let known = from_noya.events_after(Seq(2), 500).await.unwrap();
            connected.push((pipe, here, known, outlet));
        }
        connected
    };
    let ((), connected) = tokio::join!(talk, connect);
    settle().await;
    for (pipe, _here, known, _outlet) in connected {
        let mut numbers: Vec<usize> = (0..known.len()).collect();
        for line in pipe.read_text().lines() {
            let number: usize = line.rsplit(' ').next().unwrap().parse().unwrap();
            if number >= known.len() {
                numbers.push(number);
            }
        }
        assert_eq!(numbers, (0..200).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_begins_is_bounded_and_what_others_begin_with_it_is_not() {
    let stage = Stage::open().await;
    let noya = register(&stage, "Noya").await;
    let nobody = |n: usize| {
        let account: Account = format!("{} Nobody", n + 100).parse().unwrap();
        Contact::account(account, name_of("Nobody"), Origin::CONSOLE)
    };
    for n in 0..limits::DIRECTS_MAX {
        noya.direct(name_of("Noya"), Origin::CONSOLE, &nobody(n)).await.unwrap();
    }
    let one_more =
        noya.direct(name_of("Noya"), Origin::CONSOLE, &nobody(limits::DIRECTS_MAX)).await;
    assert_eq!(one_more.unwrap_err(), Refusal::TooManyDirects);
    let dan = register(&stage, "Dan").await;
    let contact = Contact::account(noya.account().clone(), name_of("Noya"), Origin::CONSOLE);
    dan.direct(name_of("Dan"), Origin::CONSOLE, &contact).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_shown_its_label_and_its_own_as_it_wants() {
    let stage = Stage::open().await;
    let noya = register(&stage, "Noya").await;
    let dan = register(&stage, "Dan").await;
    let (echoed_pipe, echoed) = connection(1 << 20);
    let (silent_pipe, silent) = connection(1 << 20);
    let (dan_pipe, dan_outlet) = connection(1 << 20);
    let _connected = [
        noya.connect(&echoed, &WIRE, Own::Everything),
        noya.connect(&silent, &WIRE, Own::News),
        dan.connect(&dan_outlet, &WIRE, Own::Everything),
    ];
    let to = Contact::account(dan.account().clone(), name_of("Dan"), Origin::CONSOLE);
    let to_dan = noya.direct(name_of("Noya"), Origin::CONSOLE, &to).await.unwrap();
    to_dan.say(words("psst"), &echoed, Echo::Labelled("17")).await.unwrap();
    to_dan.say(words("hello"), &echoed, Echo::Alike).await.unwrap();
    to_dan.delivered().await;
    assert_eq!(echoed_pipe.read_text(), "[17] Noya -> Dan: said psst\nNoya -> Dan: said hello\n");
    assert_eq!(silent_pipe.read_text(), "");
    assert_eq!(dan_pipe.read_text(), "Dan <- Noya: said psst\nDan <- Noya: said hello\n");
    stage.disk.fail_next(Fault::Full);
    to_dan.say(words("lost"), &echoed, Echo::Labelled("18")).await.unwrap();
    to_dan.delivered().await;
    let refusal = Refusal::NotSaved;
    assert_eq!(echoed.take_signals(), [Signal::NotTaken { group: to_dan.id(), refusal }]);
    assert_eq!(dan_pipe.read_text(), "");
}
