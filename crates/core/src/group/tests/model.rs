//! A model: several members at once, of whose entries some land, some do not and some are still
//! on their way, against a plain account of who bears or awaits which name.

use std::sync::LazyLock;

use super::*;

/// Some of them the same, each parsed once.
static NAMES: LazyLock<[Name; 9]> = LazyLock::new(|| {
    ["Noya", "NOYA", "Ilan", "llan", "Lian", "Paul", "PauI", "אורי", "אוּרִי"].map(name)
});

#[derive(Clone, Debug)]
enum Step {
    Join(usize, bool),
    Rename(u64, usize),
    Say(u64, Option<u8>),
    SetTopic(u64, u8),
    Leave(u64),
    /// The oldest entry on its way lands.
    Land,
    /// One that is on its way does not.
    GiveUp(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let member = 1..8_u64;
    prop_oneof![
        3 => (0..NAMES.len(), any::<bool>()).prop_map(|(at, has_seat)| Step::Join(at, has_seat)),
        3 => (member.clone(), 0..NAMES.len()).prop_map(|(member, at)| Step::Rename(member, at)),
        3 => (member.clone(), prop::option::of(0..3_u8)).prop_map(|(member, id)| Step::Say(member, id)),
        1 => (member.clone(), 0..3_u8).prop_map(|(member, topic)| Step::SetTopic(member, topic)),
        1 => member.prop_map(Step::Leave),
        8 => Just(Step::Land),
        2 => any::<prop::sample::Index>().prop_map(Step::GiveUp),
    ]
}

#[derive(Default)]
struct Model {
    group: Group,
    in_flight: Vec<Entry>,
    events: Vec<Event>,
    /// Whether something was given up, so that names may be told that never landed.
    has_given_up: bool,
    seat_count: u8,
}

fn rename_to(member: u64, to: &Name) -> Command {
    Command::Rename { member: MemberId(member), to: to.clone() }
}

fn join_as(name: &Name) -> Command {
    Command::Join { name: name.clone(), seat: None, account: None }
}

impl Model {
    fn take(&mut self, step: &Step) {
        match *step {
            Step::Join(at, has_seat) => {
                self.seat_count += u8::from(has_seat);
                let seat = has_seat.then_some(SeatHash([self.seat_count; 32]));
                self.submit(Command::Join { name: NAMES[at].clone(), seat, account: None });
            }
            Step::Rename(member, at) => self.submit(rename_to(member, &NAMES[at])),
            Step::Say(member, id) => {
                self.submit(say(member, id.map(|id| format!("c{id}")).as_deref()));
            }
            Step::SetTopic(member, topic) => {
                let text = Topic::parse(&topic.to_string()).unwrap();
                self.submit(Command::SetTopic { member: MemberId(member), text });
            }
            Step::Leave(member) => self.submit(leave(member)),
            Step::Land if !self.in_flight.is_empty() => {
                let entry = self.in_flight.remove(0);
                self.check_applicable(&entry);
                self.events.push(land(&mut self.group, entry));
            }
            Step::GiveUp(ref index) if !self.in_flight.is_empty() => {
                let entry = self.in_flight.remove(index.index(self.in_flight.len()));
                self.group.give_up(&entry);
                self.has_given_up = true;
            }
            Step::Land | Step::GiveUp(_) => {}
        }
    }

    fn submit(&mut self, command: Command) {
        match self.group.decide(command) {
            Ok(Decision::Append(entry)) => {
                self.group.expect(&entry);
                self.in_flight.push(entry);
            }
            Ok(Decision::Already { seq, at }) => {
                assert!(self.events.iter().any(|event| (event.seq, event.at) == (seq, at)));
            }
            Ok(Decision::InFlight) | Err(_) => {}
        }
    }

    /// What was decided can be applied when its turn comes.
    fn check_applicable(&self, entry: &Entry) {
        let member = self.group.member(entry.member);
        if matches!(entry.kind, Kind::Joined { .. }) {
            assert_eq!(member, None, "{entry:?}");
        } else {
            let member = member.unwrap_or_else(|| panic!("no member: {entry:?}"));
            assert!(self.has_given_up || member.name == entry.name, "{entry:?}");
        }
    }

    /// The names that are borne or awaited, and by whom.
    fn held_names(&self) -> impl Iterator<Item = (MemberId, &Name)> {
        let borne = self.group.members().map(|(id, member)| (id, &member.name));
        let awaited = self.in_flight.iter().filter_map(|entry| match &entry.kind {
            Kind::Joined { .. } => Some((entry.member, &entry.name)),
            Kind::Renamed { to } => Some((entry.member, to)),
            _ => None,
        });
        borne.chain(awaited)
    }

    fn check(&self) {
        for (id, held) in self.held_names() {
            for (other_id, other) in self.held_names() {
                assert!(id == other_id || !held.is_same_as(other), "{held} {other}");
            }
        }
        for name in NAMES.iter() {
            let is_free = self.held_names().all(|(_, held)| !held.is_same_as(name));
            assert_eq!(self.group.decide(join_as(name)).is_ok(), is_free, "{name}");
        }
        for event in &self.events {
            let is_same_send = |other: &&Event| {
                event.entry.client_id().is_some()
                    && other.entry.client_id() == event.entry.client_id()
                    && other.entry.member == event.entry.member
            };
            assert!(self.events.iter().filter(is_same_send).count() <= 1, "{event:?}");
        }
    }

    /// Who reads the log, and who starts from a snapshot, comes to the same.
    fn check_rebuilt(&self) {
        let mut read = Group::default();
        self.events.iter().for_each(|event| read.apply(event));
        let snapshot = self.group.snapshot();
        assert_eq!(Snapshot { next_member: snapshot.next_member, ..read.snapshot() }, snapshot);
        let restored = Group::restore(snapshot.clone());
        assert_eq!(restored.snapshot(), snapshot);
        if !self.in_flight.is_empty() {
            return;
        }
        let members = (1..8).flat_map(|member| {
            let sends = [None, Some("c0"), Some("c1"), Some("c2")].map(|id| say(member, id));
            let renames = NAMES.iter().map(move |to| rename_to(member, to));
            sends.into_iter().chain(renames).chain([leave(member)])
        });
        for command in members.chain(NAMES.iter().map(join_as)) {
            assert_eq!(restored.decide(command.clone()), self.group.decide(command));
        }
        for seat in (1..=self.seat_count).map(|byte| SeatHash([byte; 32])) {
            let holder = self.group.members().find(|(_, member)| member.seat == Some(seat));
            assert_eq!(self.group.seated(&seat), holder);
            assert_eq!(restored.seated(&seat), holder);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_was_decided_can_be_applied_and_no_name_is_borne_twice(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut model = Model::default();
        for step in steps {
            model.take(&step);
            model.check();
        }
        model.check_rebuilt();
        while !model.in_flight.is_empty() {
            model.take(&Step::Land);
            model.check();
        }
        model.check_rebuilt();
        // Nothing is left of what was on its way.
        assert!(model.group.expected.is_empty());
    }
}
