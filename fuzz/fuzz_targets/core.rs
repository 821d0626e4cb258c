//! A group under any sequence of commands, of which some land, some do not and some are on their
//! way: what was decided can be applied, no name is borne twice, and who reads the log or starts
//! from a snapshot comes to the same. What people write parses to what parses to itself.

#![no_main]

use conclave_core::{
    Change, ClientId, Command, Decision, Entry, Event, Flag, Group, Kind, Listing, Mask, MemberId,
    Name, Origin, Power, Reason, SeatHash, Snapshot, Text, Timestamp, Topic, limits,
};
use conclave_fuzz::Tape;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut tape = Tape::new(input);
    let mut run = Run::default();
    while !tape.is_at_end() {
        run.take_step(&mut tape);
    }
    run.check_rebuilt();
    while !run.in_flight.is_empty() {
        run.land();
    }
    run.check_rebuilt();
});

#[derive(Default)]
struct Run {
    group: Group,
    in_flight: Vec<Entry>,
    events: Vec<Event>,
}

impl Run {
    fn take_step(&mut self, tape: &mut Tape<'_>) {
        let step = tape.choice(12);
        // Few, so that they meet.
        let member = MemberId(u64::from(tape.byte() % 8));
        match step {
            0 => {
                let seat = Some(tape.byte()).filter(|byte| byte % 2 == 1);
                let Some(name) = name(&tape.text()) else { return };
                let seat = seat.map(|byte| SeatHash([byte; 32]));
                self.submit(Command::Join { name, seat, account: None, origin: Origin::default() });
            }
            1 => {
                let Some(to) = name(&tape.text()) else { return };
                self.submit(Command::Rename { member, to });
            }
            2 | 3 => {
                let client_id = ClientId::parse(&tape.choice(4).to_string()).filter(|_| step == 2);
                let Some(text) = text(&tape.text()) else { return };
                self.submit(Command::Say { member, text, client_id });
            }
            4 => {
                let Some(text) = topic(&tape.text()) else { return };
                self.submit(Command::SetTopic { member, text });
            }
            5 => self.submit(Command::Leave { member, farewell: Default::default() }),
            9 => {
                let target = MemberId(u64::from(tape.byte() % 8));
                let Ok(reason) = Reason::parse(&tape.text()) else { return };
                self.submit(Command::Remove { member, target, reason });
            }
            10 => {
                let target = MemberId(u64::from(tape.byte() % 8));
                let power = if tape.choice(2) == 0 { Power::Moderator } else { Power::Voice };
                let is_given = tape.choice(2) == 0;
                self.submit(Command::Grant { member, target, power, is_given });
            }
            11 => {
                let Some(change) = change(tape) else { return };
                self.submit(Command::Change { member, change });
            }
            6 if !self.in_flight.is_empty() => {
                let entry = self.in_flight.remove(tape.choice(self.in_flight.len()));
                self.group.give_up(&entry);
            }
            _ => self.land(),
        }
        self.check_names();
    }

    fn submit(&mut self, command: Command) {
        match self.group.decide(command.clone()) {
            Ok(Decision::Append(entry)) => {
                self.group.expect(&entry);
                self.in_flight.push(entry);
            }
            Ok(Decision::Already { seq, at }) => {
                assert!(self.events.iter().any(|event| (event.seq, event.at) == (seq, at)));
            }
            Ok(Decision::InFlight) => assert!(!self.in_flight.is_empty()),
            Ok(Decision::Unchanged) => {}
            Err(refusal) => assert_eq!(self.group.decide(command), Err(refusal)),
        }
    }

    fn land(&mut self) {
        if self.in_flight.is_empty() {
            return;
        }
        let entry = self.in_flight.remove(0);
        let is_joining = matches!(entry.kind, Kind::Joined { .. });
        assert_eq!(self.group.member(entry.member).is_none(), is_joining, "{entry:?}");
        let seq = self.group.head().next();
        let at = Timestamp::from_ms(1_000).after(self.group.last_at());
        let event = Event { seq, at, entry };
        self.group.apply(&event);
        assert_eq!((self.group.head(), self.group.last_at()), (seq, at));
        self.events.push(event);
    }

    fn check_names(&self) {
        for (id, member) in self.group.members() {
            let mut others = self.group.members().filter(|(other, _)| *other != id);
            assert!(others.all(|(_, other)| !other.name.is_same_as(&member.name)));
        }
    }

    fn check_rebuilt(&self) {
        let snapshot = self.group.snapshot();
        let mut read = Group::default();
        self.events.iter().for_each(|event| read.apply(event));
        // A number that was given to one who never joined is in no event.
        assert_eq!(Snapshot { next_member: snapshot.next_member, ..read.snapshot() }, snapshot);
        assert_eq!(Group::restore(snapshot.clone()).snapshot(), snapshot);
    }
}

fn change(tape: &mut Tape<'_>) -> Option<Change> {
    let listing = Listing::ALL.into_iter().nth(tape.choice(4))?;
    Some(match tape.choice(4) {
        0 => Change::Flag {
            flag: Flag::ALL.into_iter().nth(tape.choice(6))?,
            is_on: tape.choice(2) == 0,
        },
        1 => Change::Invited(name(&tape.text())?),
        is_added => {
            let mask = Mask::parse(&tape.text()).ok()?;
            assert_eq!(Mask::from_log(mask.as_str()), mask);
            if is_added == 2 {
                Change::Listed(listing, mask)
            } else {
                Change::Unlisted(listing, mask)
            }
        }
    })
}

fn name(typed: &str) -> Option<Name> {
    let name = Name::parse(typed).ok()?;
    assert_eq!(Name::parse(name.as_str()).as_ref(), Ok(&name));
    assert!(name.as_str().len() <= limits::NAME_BYTES_MAX);
    assert!(!name.as_str().contains(char::is_control) && !name.as_str().contains(':'));
    Some(name)
}

fn text(written: &str) -> Option<Text> {
    let text = Text::parse(written).ok()?;
    assert_eq!(Text::parse(text.as_str()).as_ref(), Ok(&text));
    assert!(text.as_str().len() <= limits::TEXT_BYTES_MAX);
    assert!(!text.as_str().contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
    Some(text)
}

fn topic(written: &str) -> Option<Topic> {
    let topic = Topic::parse(written).ok()?;
    assert_eq!(Topic::parse(topic.as_str()).as_ref(), Ok(&topic));
    assert!(!topic.as_str().contains(|c: char| c.is_control() && c != '\t'));
    Some(topic)
}
