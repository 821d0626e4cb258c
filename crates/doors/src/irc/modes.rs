//! Modes: changes of what holds for a group, and of powers in it, as IRC writes them: letters and
//! arguments.
//!
//! Does not know who changes what, nor whether that may be.

use conclave_core::{Change, Flag, Listing, Mask, Name, Power};

use super::encode::nick_of;
use super::written::Written;

/// One letter of a `MODE`, with its argument where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mode {
    is_on: bool,
    letter: char,
    argument: Option<String>,
}

impl Mode {
    const fn plain(letter: char, is_on: bool) -> Self {
        Self { is_on, letter, argument: None }
    }

    /// A power that was given to a member of that name, or taken from it.
    pub fn granted(of: &Name, power: Power, is_given: bool) -> Self {
        let letter = match power {
            Power::Moderator => 'o',
            Power::Voice => 'v',
        };
        Self { argument: Some(nick_of(of)), ..Self::plain(letter, is_given) }
    }

    /// A change of the settings. Nothing for what IRC does not know, and for invitations, which
    /// concern those who are invited.
    pub fn changed(change: &Change) -> Option<Self> {
        let listed = |listing: &Listing, mask: &Mask, is_on| {
            let letter = match listing {
                Listing::Bans => 'b',
                Listing::BanExceptions => 'e',
                Listing::InviteExceptions => 'I',
                Listing::Mutes => return None,
            };
            // A mask may hold a name with spaces, which no parameter can.
            let written = mask.as_str().replace(char::is_whitespace, "_");
            Some(Self { argument: Some(written), ..Self::plain(letter, is_on) })
        };
        match change {
            Change::Flag { flag, is_on } => {
                let letter = match flag {
                    Flag::Moderated => 'm',
                    Flag::TopicLocked => 't',
                    Flag::InviteOnly => 'i',
                    Flag::Secret => 's',
                    Flag::NoExternal => 'n',
                    Flag::Closed => return None,
                };
                Some(Self::plain(letter, *is_on))
            }
            Change::MembersMax(count) => {
                let argument = count.map(|count| count.to_string());
                Some(Self { argument, ..Self::plain('l', count.is_some()) })
            }
            // The password itself is told to nobody.
            Change::Password(hash) => {
                Some(Self { argument: Some("*".to_owned()), ..Self::plain('k', hash.is_some()) })
            }
            Change::Listed(listing, mask) => listed(listing, mask, true),
            Change::Unlisted(listing, mask) => listed(listing, mask, false),
            Change::Invited(_) => None,
        }
    }

    /// Bytes that it takes on a line at the most.
    fn weight(&self) -> usize {
        // Sign and letter; a space before the argument.
        2 + self.argument.as_ref().map_or(0, |argument| argument.len() + 1)
    }
}

/// Changes on as few lines as hold them, each begun so: the letters in one word, then the
/// arguments.
pub fn lines(begun: &Written, modes: &[Mode]) -> Vec<Written> {
    let mut lines = Vec::new();
    let mut rest = modes;
    while !rest.is_empty() {
        let mut room = begun.room();
        let fit = rest.iter().take_while(|mode| {
            let fits = mode.weight() <= room;
            room = room.saturating_sub(mode.weight());
            fits
        });
        // One that fits on no line is cut where lines are.
        let (taken, after) = rest.split_at(fit.count().max(1));
        lines.push(line(begun, taken));
        rest = after;
    }
    lines
}

fn line(begun: &Written, modes: &[Mode]) -> Written {
    let mut letters = String::new();
    let mut sign = None;
    for mode in modes {
        if sign != Some(mode.is_on) {
            letters.push(if mode.is_on { '+' } else { '-' });
            sign = Some(mode.is_on);
        }
        letters.push(mode.letter);
    }
    let arguments = modes.iter().filter_map(|mode| mode.argument.as_deref());
    arguments.fold(begun.clone().param(&letters), Written::param)
}

#[cfg(test)]
mod tests {
    use conclave_core::limits;

    use super::*;
    use crate::irc::written::Framing;

    fn written(modes: &[Mode]) -> Vec<String> {
        let begun = Written::new("", "MODE").param("#tea");
        let rendered = |line: Written| {
            let mut out = Vec::new();
            line.render(Framing::Lines, &mut out);
            assert!(out.len() <= limits::IRC_LINE_BYTES_MAX);
            String::from_utf8(out).unwrap().trim_end().to_owned()
        };
        lines(&begun, modes).into_iter().map(rendered).collect()
    }

    #[test]
    fn several_changes_are_one_word_of_letters_and_their_arguments_in_order() {
        let noya = Name::from_log("Noya Cohen");
        let modes = [
            Mode::changed(&Change::Flag { flag: Flag::InviteOnly, is_on: true }).unwrap(),
            Mode::granted(&noya, Power::Voice, true),
            Mode::changed(&Change::MembersMax(None)).unwrap(),
            Mode::changed(&Change::Listed(Listing::Bans, Mask::from_log("a b!*@*"))).unwrap(),
        ];
        assert_eq!(written(&modes), ["MODE #tea +iv-l+b Noya_Cohen a_b!*@*"]);
        assert_eq!(written(&[]), [""; 0]);
    }

    #[test]
    fn what_does_not_fit_on_one_line_is_on_several() {
        let mask = |n: usize| Mask::from_log(&format!("{n}{}", "x".repeat(150)));
        let modes: Vec<Mode> =
            (0..5).filter_map(|n| Mode::changed(&Change::Listed(Listing::Bans, mask(n)))).collect();
        let written = written(&modes);
        assert_eq!(written.len(), 2);
        assert!(written.iter().all(|line| line.starts_with("MODE #tea +bb")), "{written:?}");
    }
}
