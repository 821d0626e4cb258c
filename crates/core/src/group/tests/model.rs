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
    Remove(u64, u64),
    Grant(u64, u64, Power, bool),
    Change(u64, Change),
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
        1 => member.clone().prop_map(Step::Leave),
        1 => (member.clone(), member.clone()).prop_map(|(by, of)| Step::Remove(by, of)),
        2 => (member.clone(), member.clone(), any::<bool>(), any::<bool>()).prop_map(
            |(by, of, is_voice, is_given)| {
                Step::Grant(by, of, if is_voice { Power::Voice } else { Power::Moderator }, is_given)
            }
        ),
        3 => (member, change()).prop_map(|(by, change)| Step::Change(by, change)),
        8 => Just(Step::Land),
        2 => any::<prop::sample::Index>().prop_map(Step::GiveUp),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let flag = prop::sample::select(Flag::ALL.to_vec());
    let listing = prop::sample::select(Listing::ALL.to_vec());
    let name = (0..NAMES.len()).prop_map(|at| NAMES[at].clone());
    let mask = prop_oneof![
        3 => name.clone().prop_map(|name| Mask::of_name(&name)),
        1 => Just(Mask::parse("*!*@console").unwrap()),
    ];
    prop_oneof![
        2 => (flag, any::<bool>()).prop_map(|(flag, is_on)| Change::Flag { flag, is_on }),
        1 => (0..4_u32).prop_map(|count| Change::MembersMax(std::num::NonZeroU32::new(count))),
        1 => any::<bool>().prop_map(|has| Change::Password(has.then(|| PasswordHash::from_phc("$")))),
        3 => (listing, mask, any::<bool>()).prop_map(|(listing, mask, is_added)| {
            if is_added { Change::Listed(listing, mask) } else { Change::Unlisted(listing, mask) }
        }),
        1 => name.prop_map(Change::Invited),
    ]
}

#[derive(Default)]
struct Model {
    group: Group,
    in_flight: Vec<Entry>,
    events: Vec<Event>,
    /// Who may what after those events.
    plain: Plain,
    /// Whether something was given up, so that names may be told that never landed.
    has_given_up: bool,
    seat_count: u8,
}

/// Who may what, told plainly from the events.
#[derive(Default)]
struct Plain {
    owner: Option<MemberId>,
    moderators: Vec<MemberId>,
    voiced: Vec<MemberId>,
    flags: Vec<Flag>,
    bans: Vec<Mask>,
    mutes: Vec<Mask>,
    exceptions: Vec<Mask>,
    invited: Vec<Name>,
}

impl Plain {
    fn take(&mut self, entry: &Entry) {
        fn set<T: PartialEq>(list: &mut Vec<T>, item: T, is_in: bool) {
            list.retain(|other| *other != item);
            if is_in {
                list.push(item);
            }
        }
        match &entry.kind {
            Kind::Joined { role, .. } => {
                if *role == Role::Owner {
                    self.owner = Some(entry.member);
                    self.moderators.push(entry.member);
                }
                self.invited.retain(|name| !name.is_same_as(&entry.name));
            }
            Kind::Left(_) | Kind::Removed { .. } => {
                set(&mut self.moderators, entry.member, false);
                set(&mut self.voiced, entry.member, false);
                self.owner = self.owner.filter(|owner| *owner != entry.member);
            }
            Kind::Granted { of, power: Power::Voice, is_given, .. } => {
                set(&mut self.voiced, *of, *is_given);
            }
            Kind::Granted { of, is_given, .. } => set(&mut self.moderators, *of, *is_given),
            Kind::Changed { change } => match change {
                Change::Flag { flag, is_on } => set(&mut self.flags, *flag, *is_on),
                Change::Listed(listing, mask) => {
                    self.list(*listing).into_iter().for_each(|list| set(list, mask.clone(), true));
                }
                Change::Unlisted(listing, mask) => {
                    let is_same = |other: &Mask| other.is_same_as(mask);
                    self.list(*listing).into_iter().for_each(|list| list.retain(|m| !is_same(m)));
                }
                Change::Invited(name) => self.invited.push(name.clone()),
                Change::MembersMax(_) | Change::Password(_) => {}
            },
            _ => {}
        }
    }

    fn list(&mut self, listing: Listing) -> Option<&mut Vec<Mask>> {
        match listing {
            Listing::Bans => Some(&mut self.bans),
            Listing::Mutes => Some(&mut self.mutes),
            Listing::BanExceptions => Some(&mut self.exceptions),
            Listing::InviteExceptions => None,
        }
    }
}

fn rename_to(member: u64, to: &Name) -> Command {
    Command::Rename { member: MemberId(member), to: to.clone() }
}

fn join_as(name: &Name) -> Command {
    Command::Join { name: name.clone(), seat: None, account: None, origin: Origin::default() }
}

impl Model {
    fn take(&mut self, step: &Step) {
        match *step {
            Step::Join(at, has_seat) => {
                self.seat_count += u8::from(has_seat);
                let seat = has_seat.then_some(SeatHash([self.seat_count; 32]));
                let (name, origin) = (NAMES[at].clone(), Origin::default());
                self.submit(Command::Join { name, seat, account: None, origin });
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
            Step::Remove(by, of) => {
                let (member, target) = (MemberId(by), MemberId(of));
                self.submit(Command::Remove { member, target, reason: Reason::default() });
            }
            Step::Grant(by, of, power, is_given) => {
                let (member, target) = (MemberId(by), MemberId(of));
                self.submit(Command::Grant { member, target, power, is_given });
            }
            Step::Change(by, ref change) => {
                self.submit(Command::Change { member: MemberId(by), change: change.clone() });
            }
            Step::Land if !self.in_flight.is_empty() => {
                let entry = self.in_flight.remove(0);
                self.check_applicable(&entry);
                self.check_allowed(&entry);
                self.plain.take(&entry);
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
            Ok(Decision::InFlight | Decision::Unchanged) | Err(_) => {}
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

    /// What lands was allowed by what stands before it in the log, and by nothing else.
    fn check_allowed(&self, entry: &Entry) {
        let before = &self.plain;
        let is_moderator = |id: MemberId| before.moderators.contains(&id);
        match &entry.kind {
            Kind::Granted { .. } | Kind::Changed { .. } => {
                assert!(is_moderator(entry.member), "{entry:?}");
            }
            Kind::Removed { .. } => {
                let is_owner = before.owner == Some(entry.member);
                assert!(!before.moderators.is_empty(), "{entry:?}");
                assert!(!is_owner || self.has_given_up || is_moderator(entry.member));
            }
            Kind::Topic { .. } if before.flags.contains(&Flag::TopicLocked) => {
                assert!(is_moderator(entry.member), "{entry:?}");
            }
            Kind::Said { .. } | Kind::Action { .. } if !is_moderator(entry.member) => {
                // By a name of the same letters: names that look alike are of other tests.
                let is_on = |masks: &[Mask]| {
                    masks.contains(&Mask::of_name(&entry.name))
                        || masks.contains(&Mask::parse("*!*@console").unwrap())
                };
                let has_voice = before.voiced.contains(&entry.member);
                assert!(!is_on(&before.mutes), "{entry:?}");
                let is_excepted = !before.exceptions.is_empty();
                assert!(has_voice || is_excepted || !is_on(&before.bans), "{entry:?}");
                assert!(has_voice || !before.flags.contains(&Flag::Moderated), "{entry:?}");
            }
            Kind::Joined { role, .. } => {
                let is_first = self.events.is_empty();
                assert_eq!(*role, if is_first { Role::Owner } else { Role::Member });
                let is_invited = before.invited.iter().any(|name| name.is_same_as(&entry.name));
                assert!(!before.flags.contains(&Flag::Closed), "{entry:?}");
                assert!(
                    is_invited
                        || !before.exceptions.is_empty()
                        || !before.bans.contains(&Mask::of_name(&entry.name)),
                    "{entry:?}"
                );
            }
            _ => {}
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
            assert_eq!(self.group.check_free(name, None).is_ok(), is_free, "{name}");
            if let Ok(Decision::Append(entry)) = self.group.decide(join_as(name)) {
                assert!(is_free, "{entry:?}");
            }
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
            let holder =
                self.group.members().find(|(_, member)| member.seat.as_deref() == Some(&seat));
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
