//! History: what `CHATHISTORY` asks for (`IRCv3` draft/chathistory).
//!
//! Does not know where messages are kept: it makes a wish of a message, and whoever has the messages
//! grants it.

use conclave_core::{GroupId, Seq, Timestamp, limits};

use super::message::Message;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish<'message> {
    /// Messages of one group or conversation.
    Messages {
        /// Which, as it was written.
        target: &'message str,
        /// Which of them.
        stretch: Stretch,
        /// At most so many.
        limit: usize,
    },
    /// The groups and conversations with messages of that time.
    Targets {
        /// Between this time
        from: Timestamp,
        /// and that, in either order.
        to: Timestamp,
        /// At most so many.
        limit: usize,
    },
}

/// A stretch of messages. Bounds are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// The newest, of those above the bound where there is one.
    Latest(Option<Bound>),
    /// The nearest below.
    Before(Bound),
    /// The nearest above.
    After(Bound),
    /// As many below as above, and the one of the bound itself.
    Around(Bound),
    /// Those between two, beginning at the first.
    Between(Bound, Bound),
}

/// A place among messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A message's.
    Message(GroupId, Seq),
    /// A time's.
    Time(Timestamp),
}

/// Why a wish is none: the code and the sentence of `FAIL CHATHISTORY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoWish {
    /// The code.
    pub code: &'static str,
    /// The sentence.
    pub words: &'static str,
}

const MISSING: NoWish =
    NoWish { code: "NEED_MORE_PARAMS", words: "CHATHISTORY SUBCOMMAND TARGET BOUND... LIMIT" };
const NO_BOUND: NoWish = NoWish {
    code: "INVALID_PARAMS",
    words: "A bound is msgid=ID or timestamp=YYYY-MM-DDThh:mm:ss.sssZ",
};
const NO_LIMIT: NoWish = NoWish { code: "INVALID_PARAMS", words: "The limit is a number" };
const NO_SUBCOMMAND: NoWish =
    NoWish { code: "INVALID_PARAMS", words: "One of BEFORE AFTER LATEST AROUND BETWEEN TARGETS" };

impl<'message> Wish<'message> {
    /// Reads a wish.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(message: &Message<'message>) -> Result<Self, NoWish> {
        let subcommand = message.param(0).unwrap_or_default().to_ascii_uppercase();
        let param = |index| message.param(index).ok_or(MISSING);
        let bound = |index| parse_bound(param(index)?).ok_or(NO_BOUND);
        let limit = |index| match param(index)?.parse::<usize>() {
            Ok(limit) => Ok(limit.clamp(1, limits::HISTORY_EVENTS_MAX)),
            Err(_unparsed) => Err(NO_LIMIT),
        };
        let target = || param(1);
        let (stretch, limit) = match &*subcommand {
            "LATEST" => match param(2)? {
                "*" => (Stretch::Latest(None), limit(3)?),
                _ => (Stretch::Latest(Some(bound(2)?)), limit(3)?),
            },
            "BEFORE" => (Stretch::Before(bound(2)?), limit(3)?),
            "AFTER" => (Stretch::After(bound(2)?), limit(3)?),
            "AROUND" => (Stretch::Around(bound(2)?), limit(3)?),
            "BETWEEN" => (Stretch::Between(bound(2)?, bound(3)?), limit(4)?),
            "TARGETS" => {
                let time = |index| match parse_bound(param(index)?) {
                    Some(Bound::Time(at)) => Ok(at),
                    _ => Err(NO_BOUND),
                };
                return Ok(Self::Targets { from: time(1)?, to: time(2)?, limit: limit(3)? });
            }
            "" => return Err(MISSING),
            _ => return Err(NO_SUBCOMMAND),
        };
        Ok(Self::Messages { target: target()?, stretch, limit })
    }
}

fn parse_bound(written: &str) -> Option<Bound> {
    if let Some(msgid) = written.strip_prefix("msgid=") {
        let (group, seq) = parse_msgid(msgid)?;
        return Some(Bound::Message(group, seq));
    }
    Timestamp::parse_rfc3339(written.strip_prefix("timestamp=")?).map(Bound::Time)
}

/// Reads the id of a message: its group's number and its own.
pub fn parse_msgid(msgid: &str) -> Option<(GroupId, Seq)> {
    let (group, seq) = msgid.rsplit_once('-')?;
    let is_number = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
    let seq = seq.parse().ok().filter(|_| is_number)?;
    let is_number = !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    // Of a group or of a direct conversation, whose numbers nobody types.
    let group = group.parse().ok().filter(|_| is_number).and_then(GroupId::from_log)?;
    Some((group, Seq(seq)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &Result<Wish<'_>, &str>) {
        let wish = Wish::parse(&Message::parse(line)).map_err(|problem| problem.code);
        assert_eq!(&wish, expected, "{line}");
    }

    #[test]
    fn wishes_are_read_as_the_specification_writes_them() {
        let group = GroupId::new(8888).unwrap();
        let message = |seq| Bound::Message(group, Seq(seq));
        let time = Bound::Time(Timestamp::from_ms(1_795_183_391_042));
        for (written, stretch) in [
            ("LATEST #a * 10", Stretch::Latest(None)),
            ("latest #a msgid=8888-3 10", Stretch::Latest(Some(message(3)))),
            ("BEFORE #a msgid=8888-3 10", Stretch::Before(message(3))),
            ("AFTER #a timestamp=2026-11-20T14:03:11.042Z 10", Stretch::After(time)),
            ("AROUND #a msgid=8888-3 10", Stretch::Around(message(3))),
            (
                "BETWEEN #a msgid=8888-3 timestamp=2026-11-20T14:03:11.042Z 10",
                Stretch::Between(message(3), time),
            ),
        ] {
            let line = format!("CHATHISTORY {written}");
            check(&line, &Ok(Wish::Messages { target: "#a", stretch, limit: 10 }));
        }
    }

    #[test]
    fn what_is_no_wish_is_told_by_its_code() {
        for (written, code) in [
            ("", "NEED_MORE_PARAMS"),
            ("LATEST", "NEED_MORE_PARAMS"),
            ("LATEST #a *", "NEED_MORE_PARAMS"),
            ("LATEST #a * ten", "INVALID_PARAMS"),
            ("BEFORE #a * 10", "INVALID_PARAMS"),
            ("BEFORE #a msgid=x 10", "INVALID_PARAMS"),
            ("BEFORE #a msgid=8888-+3 10", "INVALID_PARAMS"),
            ("WHAT #a * 10", "INVALID_PARAMS"),
            ("TARGETS msgid=8888-3 msgid=8888-4 10", "INVALID_PARAMS"),
        ] {
            check(format!("CHATHISTORY {written}").trim_end(), &Err(code));
        }
    }
}
