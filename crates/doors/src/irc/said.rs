//! Said: the lines of one message. What has several lines, or does not fit on one of IRC, comes as
//! a batch where the client knows such (`IRCv3` draft/multiline), and line by line elsewhere.
//!
//! Does not know who reads: what makes a difference to the bytes is told by a [`Style`].

use conclave_core::{Event, GroupName, Text};

use super::encode::{BATCHED, MULTILINE, Style, TAGS, begun, begun_without_id, earlier_batch};
use super::encode::{source_in, tagged};
use super::multiline::{CONCAT, KIND};
use super::written::{Written, split_after_words, split_words};

/// A message that is being put on lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'event> {
    pub(super) group: &'event GroupName,
    pub(super) event: &'event Event,
    pub(super) style: Style,
    /// To whom it is said, as a client reads it.
    pub(super) target: &'event str,
    /// `PRIVMSG` or `NOTICE`.
    pub(super) command: &'event str,
    /// The tags of the client that said it.
    pub(super) tags: &'event str,
    /// Where that client cut what is one line.
    pub(super) cuts: &'event [u16],
    /// What stands before each line,
    pub(super) before: &'event str,
    /// and behind it.
    pub(super) behind: &'event str,
}

/// A stretch of a text that goes on a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece<'text> {
    text: &'text str,
    /// It goes on where the one before it ended.
    goes_on: bool,
}

impl Message<'_> {
    /// Its lines. Where they are in no batch, the first alone bears the id, and empty ones, which
    /// IRC cannot say, are left out.
    pub(super) fn lines(self, text: &Text) -> Vec<Written> {
        let Self { group, event, style, target, command, before, behind, .. } = self;
        let first = self.with_tags(begun(group, event, style, command).param(target));
        let room = first.room().saturating_sub(before.len() + behind.len());
        if style.has(MULTILINE) && behind.is_empty() {
            let pieces = pieces(text, self.cuts, room, split_after_words);
            if pieces.len() > 1 {
                return self.in_batch(&pieces);
            }
        }
        let mut first = Some(first);
        let mut lines = Vec::new();
        for piece in pieces(text, self.cuts, room, split_words) {
            if !piece.text.is_empty() {
                let line = first.take().unwrap_or_else(|| {
                    self.with_tags(begun_without_id(group, event, style, command).param(target))
                });
                lines.push(if before.is_empty() && behind.is_empty() {
                    line.last(piece.text)
                } else {
                    line.last(&format!("{before}{}{behind}", piece.text))
                });
            }
        }
        lines
    }

    fn in_batch(self, pieces: &[Piece<'_>]) -> Vec<Written> {
        let Self { group, event, style, target, before, .. } = self;
        let name = format!("lines-{}-{}", group.id, event.seq);
        let begin = begun(group, event, style, "BATCH").param(&format!("+{name}"));
        let mut lines = vec![self.with_tags(begin.param(KIND).param(target))];
        for piece in pieces {
            let line = tagged(self.bare().tag("batch", &name), event.at, style);
            lines.push(if piece.goes_on {
                line.tag(CONCAT, "").last(piece.text)
            } else {
                line.last(&format!("{before}{}", piece.text))
            });
        }
        let end = Written::new(&source_in(event), "BATCH").param(&format!("-{name}"));
        let end = tagged(end, event.at, style);
        let is_within = style.has(BATCHED);
        lines.push(if is_within { end.tag("batch", &earlier_batch(group.id)) } else { end });
        lines
    }

    /// The line without tags and text.
    fn bare(self) -> Written {
        Written::new(&source_in(self.event), self.command).param(self.target)
    }

    fn with_tags(self, line: Written) -> Written {
        if self.style.has(TAGS) { line.raw_tags(self.tags) } else { line }
    }
}

/// A text line by line, cut where its sender cut it, and by `split` where it does not fit.
fn pieces<'text>(
    text: &'text Text,
    cuts: &[u16],
    room: usize,
    split: fn(&str, usize) -> Vec<&str>,
) -> Vec<Piece<'text>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for line in text.lines() {
        let end = from + line.len();
        let inside =
            cuts.iter().map(|cut| usize::from(*cut)).filter(|cut| from < *cut && *cut < end);
        let mut goes_on = false;
        let mut at = from;
        for cut in inside.chain([end]) {
            // One that is in a character, which no sender can have cut, is passed over.
            let Some(part) = text.as_str().get(at..cut) else { continue };
            for piece in split(part, room) {
                pieces.push(Piece { text: piece, goes_on });
                goes_on = true;
            }
            at = cut;
        }
        from = end + 1;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use conclave_core::{
        Cuts, Entry, GroupId, Kind, Manner, MemberId, Name, Relay, Seq, Tags, Timestamp, limits,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::irc::caps::Caps;
    use crate::irc::encode::{Addressed, encode_event};
    use crate::irc::message::Message as Parsed;
    use crate::irc::written::Framing;

    fn encoded(text: &str, cuts: &[u16], caps: &str) -> String {
        let caps = Caps::default().requested(caps).unwrap();
        let style = Style::of(caps, Addressed::ByNumber, Framing::Lines);
        let (text, tags) = (Text::parse(text).ok(), Tags::parse("+a").unwrap());
        let kind =
            Kind::Relayed(Relay { manner: Manner::Words, text, tags, cuts: Cuts::new(cuts) });
        let name = Name::from_log("Noya");
        let entry = Entry::by(MemberId(1), name, kind);
        let event = Event { seq: Seq(17), at: Timestamp::from_ms(1_795_183_391_042), entry };
        let mut out = Vec::new();
        encode_event(&GroupName::from(GroupId::new(8888).unwrap()), &event, style, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn who_knows_long_messages_gets_one_in_a_batch_cut_as_it_was() {
        let written = encoded("\none\ntwo three", &[9], "batch message-tags draft/multiline");
        assert_eq!(
            written.lines().collect::<Vec<_>>(),
            [
                "@msgid=8888-17;+a :Noya!Noya@conclave BATCH +lines-8888-17 draft/multiline #8888",
                "@batch=lines-8888-17 :Noya!Noya@conclave PRIVMSG #8888 :",
                "@batch=lines-8888-17 :Noya!Noya@conclave PRIVMSG #8888 :one",
                "@batch=lines-8888-17 :Noya!Noya@conclave PRIVMSG #8888 :two ",
                "@batch=lines-8888-17;draft/multiline-concat :Noya!Noya@conclave PRIVMSG #8888 :three",
                ":Noya!Noya@conclave BATCH -lines-8888-17",
            ]
        );
    }

    #[test]
    fn who_does_not_gets_its_lines_of_which_the_first_has_the_id() {
        let written = encoded("\none\ntwo three", &[9], "batch message-tags");
        assert_eq!(
            written.lines().collect::<Vec<_>>(),
            [
                "@msgid=8888-17;+a :Noya!Noya@conclave PRIVMSG #8888 :one",
                "@+a :Noya!Noya@conclave PRIVMSG #8888 :two ",
                "@+a :Noya!Noya@conclave PRIVMSG #8888 :three",
            ]
        );
        let one = encoded("one line", &[], "batch draft/multiline");
        assert_eq!(one, ":Noya!Noya@conclave PRIVMSG #8888 :one line\r\n");
    }

    proptest! {
        #[test]
        fn a_batch_is_the_text_whatever_its_cuts(
            text in "[ab ש\n]{1,2000}",
            cuts in prop::collection::vec(0_u16..2_000, 0..6),
        ) {
            let Ok(parsed) = Text::parse(&text) else { return Ok(()) };
            let mut cuts = cuts;
            cuts.sort_unstable();
            let written = encoded(&text, &cuts, "batch message-tags draft/multiline");
            let mut arrived = String::new();
            for (index, line) in written.split_inclusive("\r\n").enumerate() {
                let message = Parsed::parse(line.trim_end_matches("\r\n"));
                let tags = line.strip_prefix('@').map_or(0, |rest| rest.find(' ').unwrap() + 2);
                prop_assert!(line.len() - tags <= limits::IRC_LINE_BYTES_MAX);
                if message.command == "PRIVMSG" {
                    if index > 1 && message.tag(CONCAT).is_none() {
                        arrived.push('\n');
                    }
                    arrived.push_str(message.params[1]);
                }
            }
            prop_assert_eq!(arrived, parsed.as_str());
        }
    }
}
