//! Roll: the members of a group as those who speak alike are told of them.
//!
//! By some doors everyone who comes in is told of everyone who is there; when thousands come at
//! once, most of what that takes is to write the same names again and again. So a roll is kept from
//! one who asks to the next, and has those added who have joined since. Does not know protocols, nor
//! sessions.
//!
//! Invariant: what is kept of a roll is what would be written anew, up to its last member. Joining
//! puts a member behind all others, and changes none; whatever does more ends what is kept.

use conclave_core::{Group, Kind, Member, MemberId};

/// The rolls of a group that are kept.
#[derive(Debug, Default)]
pub(crate) struct Rolls(Vec<Roll>);

#[derive(Debug)]
struct Roll {
    style: u8,
    last: Option<MemberId>,
    words: String,
}

impl Rolls {
    /// Members of a group whose rolls are worth keeping: few are as soon written.
    const MEMBERS_MIN: usize = 64;

    /// Notes that something has happened in the group.
    pub(crate) fn note(&mut self, kind: &Kind) {
        match kind {
            Kind::Joined { .. }
            | Kind::Said { .. }
            | Kind::Action { .. }
            | Kind::Relayed(_)
            | Kind::Redacted { .. }
            | Kind::Topic { .. } => {}
            Kind::Left(_)
            | Kind::Renamed { .. }
            | Kind::Removed { .. }
            | Kind::Granted { .. }
            | Kind::Changed { .. } => self.let_go(),
        }
    }

    /// Keeps none any more.
    pub(crate) fn let_go(&mut self) {
        *self = Self::default();
    }

    /// The members of the group in that style, a word each with a space between them, as `write`
    /// has it: one style is always written alike.
    pub(crate) fn read<T>(
        &mut self,
        group: &Group,
        style: u8,
        write: impl FnMut(&Member, &mut String),
        read: impl FnOnce(&str) -> T,
    ) -> T {
        let is_kept = |roll: &Roll| roll.style == style;
        let mut roll = match self.0.iter().position(is_kept) {
            Some(at) => self.0.swap_remove(at),
            None => Roll { style, last: None, words: String::new() },
        };
        roll.bring_up(group, write);
        let told = read(&roll.words);
        if group.members().len() >= Self::MEMBERS_MIN {
            self.0.push(roll);
        }
        told
    }
}

impl Roll {
    fn bring_up(&mut self, group: &Group, mut write: impl FnMut(&Member, &mut String)) {
        for (id, member) in group.members_after(self.last) {
            if !self.words.is_empty() {
                self.words.push(' ');
            }
            write(member, &mut self.words);
            self.last = Some(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use conclave_core::{Entry, Event, Farewell, Name, Origin, Power, Role, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn write(member: &Member, words: &mut String) {
        words.push_str(if member.is_voiced { "+" } else { "" });
        words.push_str(member.name.as_str());
    }

    /// The kind that this step stands for, and whose it is.
    fn step(group: &Group, choice: u8, whose: usize) -> Option<(MemberId, Name, Kind)> {
        let joined = Kind::Joined { seat: None, origin: Origin::default(), role: Role::Member };
        let id = MemberId(group.head().0 + 1);
        let new = (id, Name::from_log(&format!("m{}", id.0)), joined);
        let Some((id, member)) = group.members().nth(whose % group.members().len().max(1)) else {
            return Some(new);
        };
        let name = member.name.clone();
        let kind = match choice {
            0 => Kind::Left(Farewell::default()),
            1 => Kind::Renamed { to: Name::from_log(&format!("r{}", group.head().0)) },
            2 => {
                let (of, name, power) = (id, name.clone(), Power::Voice);
                Kind::Granted { of, name, power, is_given: !member.is_voiced }
            }
            3 => return None,
            _ => return Some(new),
        };
        Some((id, name, kind))
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_would_be_written_anew(
            steps in prop::collection::vec((0_u8..12, any::<u8>()), 0..300),
        ) {
            let (mut group, mut rolls) = (Group::default(), Rolls::default());
            for (choice, whose) in steps {
                if let Some((member, name, kind)) = step(&group, choice, whose.into()) {
                    rolls.note(&kind);
                    let seq = group.head().next();
                    let at = Timestamp::from_ms(1);
                    group.apply(&Event { seq, at, entry: Entry::by(member, name, kind) });
                } else {
                    let anew = Rolls::default().read(&group, 1, write, str::to_owned);
                    let kept = rolls.read(&group, 1, write, str::to_owned);
                    prop_assert_eq!(kept, anew);
                }
            }
        }
    }

    #[test]
    fn a_roll_is_kept_while_members_only_join() {
        let (mut group, mut rolls) = (Group::default(), Rolls::default());
        let mut written = 0;
        for count in 1..=100 {
            let (member, name, kind) = step(&group, u8::MAX, 0).unwrap();
            rolls.note(&kind);
            let seq = group.head().next();
            let entry = Entry::by(member, name, kind);
            group.apply(&Event { seq, at: Timestamp::from_ms(1), entry });
            written = 0;
            let write = |member: &Member, words: &mut String| {
                written += 1;
                write(member, words);
            };
            let words = rolls.read(&group, 1, write, |words| words.split(' ').count());
            assert_eq!(words, count);
        }
        assert_eq!(written, 1, "each who joined was written once");
    }
}
