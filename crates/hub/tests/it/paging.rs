//! Paging through a group by a membership: the events beside a number, bounded, and for members only.

use conclave_core::{Event, Refusal, Seq, limits};
use conclave_hub::Keep;

use crate::stage::{Stage, client_id, settle, words};

fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq.0).collect()
}

#[tokio::test(start_paused = true)]
async fn pages_on_both_sides_of_a_number_meet_without_gap_or_double() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    for n in 0..699 {
        noya.say(&format!("{n}")).await;
    }
    settle().await;
    let session = &noya.session;
    for (number, count) in [(1, 10), (2, 1), (129, 128), (129, 129), (300, 500), (700, 1), (701, 9)]
    {
        let before = session.events_before(Seq(number), count).await.unwrap();
        let first = number.saturating_sub(count as u64).max(1);
        assert_eq!(numbers(&before), (first..number).collect::<Vec<_>>(), "before {number}");
        let after = session.events_after(Seq(number - 1), count).await.unwrap();
        let end = (number + count as u64).min(701);
        assert_eq!(numbers(&after), (number..end).collect::<Vec<_>>(), "after {number}");
    }
    let newest = session.events_before(Seq(u64::MAX), 10_000).await.unwrap();
    assert_eq!(numbers(&newest), (201..=700).collect::<Vec<_>>(), "no more than may be asked for");
    assert_eq!(session.events_after(Seq(u64::MAX), 5).await, Ok(vec![]));
    assert_eq!(session.events_before(Seq(0), 5).await, Ok(vec![]));
    assert_eq!(session.events_before(Seq(9), 0).await, Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_page_of_long_messages_holds_the_nearest_of_them() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    for _ in 0..299 {
        noya.say(&"x".repeat(limits::TEXT_BYTES_MAX)).await;
    }
    settle().await;
    let bytes = |events: &[Event]| events.iter().map(|event| event.entry.weight()).sum::<usize>();
    let before = noya.session.events_before(Seq(301), 300).await.unwrap();
    assert_eq!(before.last().map(|event| event.seq), Some(Seq(300)));
    let after = noya.session.events_after(Seq(0), 300).await.unwrap();
    assert_eq!(after.first().map(|event| event.seq), Some(Seq(1)));
    for page in [before, after] {
        assert!(page.windows(2).all(|pair| pair[0].seq.next() == pair[1].seq));
        let bound = limits::HISTORY_BYTES_MAX;
        assert!((bound / 2..=bound).contains(&bytes(&page)), "{} bytes", bytes(&page));
    }
}

#[tokio::test(start_paused = true)]
async fn a_seat_does_without_a_connection_what_a_member_may() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let seated = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = seated.seat.clone().unwrap();
    drop(seated);
    let membership = stage.hub.seat(group, &seat).await.unwrap();
    let landed = membership.send(words("hello"), client_id(1)).await.unwrap();
    assert_eq!(membership.send(words("hello"), client_id(1)).await, Ok(landed));
    let page = membership.events_after(Seq(2), 10).await.unwrap();
    assert_eq!(numbers(&page), [3]);
    membership.leave().await;
    settle().await;
    assert_eq!(noya.read(), "2 Seated joined\n3 Seated said hello\n4 Seated left\n");
    // Who has left does and reads nothing more.
    assert_eq!(membership.send(words("x"), None).await, Err(Refusal::NotAMember));
    assert_eq!(membership.events_after(Seq(0), 10).await, Err(Refusal::NotAMember));
    assert_eq!(membership.events_before(Seq(9), 10).await, Err(Refusal::NotAMember));
    assert_eq!(stage.hub.close(group).await, Ok(true));
    assert_eq!(noya.session.events_after(Seq(0), 10).await, Err(Refusal::GroupClosed));
}
