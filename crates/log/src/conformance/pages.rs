//! Cases of reading.

use conclave_core::{Event, Seq, limits};

use super::Subject;
use super::session::{Session, group, said};
use crate::Log;

/// And empty past the head.
pub async fn pages_are_bounded_in_events<S: Subject>(subject: &mut S) {
    const COUNT: usize = 300;
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    session.append_many(group(1000), COUNT).await;
    let told = session.told(group(1000)).to_vec();
    let most = limits::PAGE_EVENTS_MAX;
    for from in [0, 1, 2, 128, 129, 200, 299, 300, 301, 302, u64::MAX] {
        let page = session.log.read(group(1000), Seq(from)).await.unwrap();
        let first = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX).min(COUNT);
        assert_eq!(page, told[first..(first + most).min(COUNT)], "from {from}");
    }
}

/// One event more may cross the bound, and an event is never left out.
pub async fn pages_are_bounded_in_bytes<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    let text = "x".repeat(limits::TEXT_BYTES_MAX - 1);
    for _ in 0..50 {
        session.append(group(1000), said(&text));
    }
    session.finish().await;
    let page = session.log.read(group(1000), Seq(1)).await.unwrap();
    let bytes = page.len() * text.len();
    assert!(bytes < limits::PAGE_BYTES_MAX + limits::TEXT_BYTES_MAX, "{bytes}");
    assert!(bytes > limits::PAGE_BYTES_MAX / 2, "{bytes}");
    assert_eq!(session.read_all(group(1000)).await.unwrap().len(), 50);
}

/// Events that are appended while readers look on.
const FOLLOWED: usize = 1_000;

/// No reader sees a gap, a double or a change, whenever it looks.
pub async fn readers_see_prefixes_while_appends_go_on<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    for n in 0..FOLLOWED {
        session.append(group(1000), said(&n.to_string()));
    }
    let (first, second) = tokio::join!(follow(&session.log, 7), follow(&session.log, 128));
    session.finish().await;
    for seen in [first, second] {
        assert_eq!(seen, session.told(group(1000)));
    }
}

async fn follow<L: Log>(log: &L, stride: usize) -> Vec<Event> {
    let mut seen: Vec<Event> = Vec::new();
    while seen.len() < FOLLOWED {
        let page = log.read(group(1000), Seq(seen.len() as u64 + 1)).await.unwrap();
        if page.is_empty() {
            tokio::task::yield_now().await;
        }
        seen.extend(page.into_iter().take(stride));
    }
    seen
}
