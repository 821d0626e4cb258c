//! Check: what clients saw and were told, held against what the log has.
//!
//! I1 what was answered with ok is in the log; I2 nothing is there twice; I3, I4, I5 whatever was
//! shown is what the log has, in its order and without a gap; I6 nothing of another group was; I9
//! what was refused is not there.

use std::collections::{BTreeMap, HashMap};

use conclave_core::{Event, Kind, MemberId, Name, Seq};

use super::world::{Outcome, Stream, World};
use crate::stage::lines_of;

/// What a stream is to show, from its beginning to the head of the log.
pub(super) fn expected_lines(world: &World, stream: &Stream) -> Vec<String> {
    let events = world.disk().events(world.groups[stream.group]);
    let is_shown = |event: &Event| {
        event.seq > stream.after && !(stream.is_own_left_out && event.entry.member == stream.member)
    };
    lines_of(&events, is_shown).split_inclusive('\n').map(str::to_owned).collect()
}

/// Holds everything against the logs.
pub(super) fn check(world: &World) {
    let history = world.history();
    for stream in &history.streams {
        check_stream(world, stream);
    }
    for (index, group) in world.groups.iter().enumerate() {
        let events = world.disk().events(*group);
        check_log(&events);
        let mut found: HashMap<&str, Vec<Seq>> = HashMap::new();
        for event in &events {
            if let Kind::Said { text, .. } = &event.entry.kind {
                found.entry(text.as_str()).or_default().push(event.seq);
            }
        }
        for (text, sent) in history.sent.iter().filter(|(_, sent)| sent.group == index) {
            let at = found.get(text.as_str()).map_or(&[][..], Vec::as_slice);
            let is_kept = match sent.outcome {
                Outcome::Ok(seq) => at == [seq],
                Outcome::Fail => at.is_empty(),
                Outcome::Unknown => at.len() <= 1,
            };
            assert!(is_kept, "{text:?} was answered with {:?} and is at {at:?}", sent.outcome);
        }
    }
}

fn check_stream(world: &World, stream: &Stream) {
    let expected = expected_lines(world, stream);
    for (index, line) in stream.lines.iter().enumerate() {
        assert_eq!(
            Some(line),
            expected.get(index),
            "line {index} of c{}, member {:?} of {}, after {}",
            stream.client,
            stream.member,
            world.groups[stream.group],
            stream.after,
        );
        for other in (0..world.groups.len()).filter(|other| *other != stream.group) {
            assert!(!line.contains(&format!("canary{other}")), "{line:?} in {}", stream.group);
        }
    }
}

/// A log is dense, its times rise, whoever does something is a member, and no two bear one name.
fn check_log(events: &[Event]) {
    let mut members: BTreeMap<MemberId, Name> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.seq, Seq(index as u64 + 1));
        assert!(index == 0 || events[index - 1].at < event.at, "{event:?}");
        let member = event.entry.member;
        if matches!(event.entry.kind, Kind::Joined { .. }) {
            let former = members.insert(member, event.entry.name.clone());
            assert_eq!(former, None, "{event:?}");
        }
        assert_eq!(members.get(&member), Some(&event.entry.name), "{event:?}");
        match &event.entry.kind {
            Kind::Left(_) | Kind::Removed { .. } => drop(members.remove(&member)),
            Kind::Renamed { to } => drop(members.insert(member, to.clone())),
            _ => {}
        }
        if let Some(name) = members.get(&member) {
            let bearers = members.values().filter(|other| other.is_same_as(name)).count();
            assert_eq!(bearers, 1, "{event:?}");
        }
    }
}
