//! Encode: what the events of a group look like on IRC, for all connections who speak alike.
//!
//! Does not know who reads: what makes a difference to the bytes is told by a [`Style`]. Whoever did
//! something appears as `name!name@door`, which is what masks are held against.

use conclave_core::{
    Door, Event, Farewell, GroupId, GroupName, Kind, Manner, Name, Relay, Timestamp,
};

use super::caps::{Cap, Caps};
use super::modes::{self, Mode};
use super::said::Message;
use super::written::{Framing, Written};

/// Host of those whose door is not known.
const HOST_UNKNOWN: &str = "conclave";

/// What makes a difference to how events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Style(u16);

const TIME: u16 = 1;
pub(super) const TAGS: u16 = 2;
const ACCOUNT: u16 = 4;
const EXTENDED_JOIN: u16 = 8;
const BY_ALIAS: u16 = 16;
const TEXT_FRAMES: u16 = 32;
const BINARY_FRAMES: u16 = 64;
const ECHO: u16 = 128;
const REDACTION: u16 = 256;
const EARLIER: u16 = 512;
pub(super) const BATCHED: u16 = 1_024;
pub(super) const MULTILINE: u16 = 2_048;

impl Style {
    /// How many styles there are.
    pub const COUNT: usize = 4_096;

    /// The style of that number, below [`Style::COUNT`].
    pub const fn of_index(index: u16) -> Self {
        Self(index)
    }

    /// Its number.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// How a client is written to that has these capabilities and named the group so.
    pub const fn of(caps: Caps, addressed: Addressed, framing: Framing) -> Self {
        let mut bits = 0;
        if caps.has(Cap::ServerTime) {
            bits |= TIME;
        }
        if caps.has(Cap::MessageTags) {
            bits |= TAGS;
        }
        if caps.has(Cap::AccountTag) {
            bits |= ACCOUNT;
        }
        if caps.has(Cap::ExtendedJoin) {
            bits |= EXTENDED_JOIN;
        }
        if caps.has(Cap::EchoMessage) {
            bits |= ECHO;
        }
        if caps.has(Cap::MessageRedaction) {
            bits |= REDACTION;
        }
        if caps.has(Cap::Multiline) && caps.has(Cap::Batch) {
            bits |= MULTILINE;
        }
        if matches!(addressed, Addressed::ByAlias) {
            bits |= BY_ALIAS;
        }
        match framing {
            Framing::Lines => {}
            Framing::Text => bits |= TEXT_FRAMES,
            Framing::Binary => bits |= BINARY_FRAMES,
        }
        Self(bits)
    }

    /// The same for earlier messages, which must not be taken for new ones: in the batch that
    /// [`earlier_batch`] names for who knows batches, and with their time in the text for whom no
    /// line tells it.
    #[must_use]
    pub const fn earlier(self, caps: Caps) -> Self {
        let batched = if caps.has(Cap::Batch) { BATCHED } else { 0 };
        Self(self.0 | EARLIER | batched)
    }

    pub(super) const fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }

    /// How its lines are told apart.
    pub const fn framing(self) -> Framing {
        if self.has(TEXT_FRAMES) {
            Framing::Text
        } else if self.has(BINARY_FRAMES) {
            Framing::Binary
        } else {
            Framing::Lines
        }
    }

    const fn addressed(self) -> Addressed {
        if self.has(BY_ALIAS) { Addressed::ByAlias } else { Addressed::ByNumber }
    }
}

/// By which of its names a client knows a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressed {
    /// `#8888`.
    ByNumber,
    /// `#tea`; by its number where it has no alias.
    ByAlias,
}

/// A group as a channel.
pub fn channel_of(group: &GroupName, addressed: Addressed) -> String {
    match &group.alias {
        Some(alias) if addressed == Addressed::ByAlias => format!("#{alias}"),
        _ => format!("#{}", group.id),
    }
}

/// A name as a nick: what a nick cannot hold becomes `_`.
pub fn nick_of(name: &Name) -> String {
    name.as_word().into_owned()
}

/// The host of somebody who came by that door.
pub const fn host_of(door: Option<Door>) -> &'static str {
    match door {
        Some(door) => door.word(),
        None => HOST_UNKNOWN,
    }
}

/// Whom something comes from.
pub fn source_of(name: &Name, door: Option<Door>) -> String {
    let nick = name.as_word();
    format!("{nick}!{nick}@{}", host_of(door))
}

/// Whom an event comes from, where it is shown as the doing of the member that it names.
pub(super) fn source_in(event: &Event) -> String {
    source_of(&event.entry.name, event.entry.door)
}

/// Name of the batch in which a client is shown earlier messages of a group unasked: no number, as
/// those of answers are.
pub fn earlier_batch(group: GroupId) -> String {
    format!("earlier-{group}")
}

/// Id of an event that IRC can refer to it by: its group's number and its own.
pub fn msgid_of(group: &GroupName, event: &Event) -> String {
    format!("{}-{}", group.id, event.seq)
}

/// Appends an event as a client of that style is shown it.
pub fn encode_event(group: &GroupName, event: &Event, style: Style, out: &mut Vec<u8>) {
    for line in lines_of(group, event, style) {
        line.render(style.framing(), out);
    }
}

/// The mark of what a client brought about by a command with that label: its first line bears it.
pub fn label_mark(label: &str) -> String {
    format!("{LABEL}={label}")
}

/// The mark of what a client brought about by a command whose answer is that batch.
pub fn batch_mark(name: &str) -> String {
    format!("{BATCH}={name}")
}

const LABEL: &str = "label";
const BATCH: &str = "batch";

fn marked(mut lines: Vec<Written>, mark: &str) -> Vec<Written> {
    match mark.split_once('=') {
        Some((BATCH, name)) => {
            // What is in a batch of its own is by that in this one.
            let within =
                |line: Written| if line.is_batched() { line } else { line.tag(BATCH, name) };
            lines = lines.into_iter().map(within).collect();
        }
        Some((_, label)) => {
            // The first line alone bears it: one answer to one command.
            if let Some(first) = lines.first_mut() {
                *first = first.clone().tag(LABEL, label);
            }
        }
        None => {}
    }
    lines
}

/// Appends an event for the one client that brought it about and put that mark on it.
pub fn encode_marked(
    group: &GroupName,
    event: &Event,
    style: Style,
    mark: &str,
    out: &mut Vec<u8>,
) {
    for line in marked(lines_of(group, event, style), mark) {
        line.render(style.framing(), out);
    }
}

/// Something said in a direct conversation.
#[derive(Clone, Copy, Debug)]
pub struct Aside<'event> {
    /// Number of the conversation.
    pub conversation: GroupId,
    /// Who said it.
    pub from: &'event Name,
    /// To whom.
    pub to: &'event Name,
    /// Whether the one who is shown it said it.
    pub is_own: bool,
    /// What.
    pub event: &'event Event,
}

/// Appends what was said in a direct conversation, with the mark that this client put on it.
pub fn encode_aside(aside: Aside<'_>, mark: Option<&str>, style: Style, out: &mut Vec<u8>) {
    // Who says something to itself is told twice: that it was said, and what was said.
    let is_new = style.has(ECHO) && !style.has(EARLIER);
    let is_twice = aside.is_own && aside.from == aside.to && is_new;
    let lines = lines_of_aside(aside, style);
    let echo = mark.map_or_else(|| lines.clone(), |mark| marked(lines.clone(), mark));
    for line in echo {
        line.render(style.framing(), out);
    }
    if is_twice {
        for line in &lines {
            line.render(style.framing(), out);
        }
    }
}

/// The same as lines.
pub fn lines_of_aside(aside: Aside<'_>, style: Style) -> Vec<Written> {
    let Aside { conversation, to, event, .. } = aside;
    let group = GroupName::from(conversation);
    let to = nick_of(to);
    if let Some(lines) = message_lines(&group, event, style, &to) {
        return lines;
    }
    let begin = |command: &str| begun(&group, event, style, command);
    match &event.entry.kind {
        Kind::Relayed(relay) => tags_alone(&begin, relay, &to, style),
        Kind::Redacted { seq, reason } if style.has(REDACTION) => {
            let line = begin("REDACT").param(&to).param(&format!("{conversation}-{seq}"));
            vec![if reason.is_empty() { line } else { line.last(reason.as_str()) }]
        }
        _ => Vec::new(),
    }
}

/// An event as lines; none where this style does not show it.
pub fn lines_of(group: &GroupName, event: &Event, style: Style) -> Vec<Written> {
    let channel = channel_of(group, style.addressed());
    let name = &event.entry.name;
    let begin = |command: &str| begun(group, event, style, command);
    if let Some(lines) = message_lines(group, event, style, &channel) {
        return lines;
    }
    match &event.entry.kind {
        // Above.
        Kind::Said { .. } | Kind::Action { .. } => Vec::new(),
        Kind::Joined { origin, .. } => {
            let joined = begin("JOIN").param(&channel);
            if !style.has(EXTENDED_JOIN) {
                return vec![joined];
            }
            let account = event.entry.account.as_ref();
            let account = account.map_or("*", |account| account.name().as_str());
            vec![joined.param(account).last(origin.in_full().unwrap_or(name.as_str()))]
        }
        Kind::Left(Farewell { reason, is_from_server: true }) => {
            vec![begin("QUIT").last(reason.as_str())]
        }
        Kind::Left(Farewell { reason, .. }) => {
            let left = begin("PART").param(&channel);
            vec![if reason.is_empty() { left } else { left.last(reason.as_str()) }]
        }
        Kind::Relayed(relay) => tags_alone(&begin, relay, &channel, style),
        Kind::Redacted { seq, reason } => {
            if !style.has(REDACTION) {
                return Vec::new();
            }
            let msgid = format!("{}-{seq}", group.id);
            let line = begin("REDACT").param(&channel).param(&msgid);
            vec![if reason.is_empty() { line } else { line.last(reason.as_str()) }]
        }
        Kind::Renamed { to } => vec![begin("NICK").param(&nick_of(to))],
        Kind::Topic { text } => vec![begin("TOPIC").param(&channel).last(text.as_str())],
        Kind::Removed { by, reason } => {
            let removed = Written::new(&source_of(by, event.entry.door), "KICK");
            let removed = tagged(removed, event.at, style).param(&channel).param(&nick_of(name));
            // Without a reason it is the name of whoever did it, as of old.
            let words = if reason.is_empty() { nick_of(by) } else { reason.as_str().to_owned() };
            vec![removed.last(&words)]
        }
        Kind::Granted { name: of, power, is_given, .. } => {
            modes::lines(&begin("MODE").param(&channel), &[Mode::granted(of, *power, *is_given)])
        }
        Kind::Changed { change } => {
            let mode = Mode::changed(change);
            modes::lines(&begin("MODE").param(&channel), mode.as_slice())
        }
    }
}

/// Begins a line that tells of an event of a group and comes from whoever it is about.
pub(super) fn begun(group: &GroupName, event: &Event, style: Style, command: &str) -> Written {
    let line = begun_without_id(group, event, style, command);
    if style.has(TAGS) { line.tag("msgid", &msgid_of(group, event)) } else { line }
}

/// The same for a line that is not the first of a message.
pub(super) fn begun_without_id(
    group: &GroupName,
    event: &Event,
    style: Style,
    command: &str,
) -> Written {
    let mut line = Written::new(&source_in(event), command);
    if style.has(BATCHED) {
        line = line.tag("batch", &earlier_batch(group.id));
    }
    with_account(tagged(line, event.at, style), event, style)
}

/// What was said as lines; nothing where the event says nothing in words.
fn message_lines(
    group: &GroupName,
    event: &Event,
    style: Style,
    target: &str,
) -> Option<Vec<Written>> {
    let time = time_before(event, style);
    let message = Message {
        group,
        event,
        style,
        target,
        command: "PRIVMSG",
        tags: "",
        cuts: &[],
        before: &time,
        behind: "",
    };
    match &event.entry.kind {
        Kind::Said { text, .. } => Some(message.lines(text)),
        Kind::Action { text, .. } => {
            let before = format!("\u{1}ACTION {time}");
            Some(Message { before: &before, behind: "\u{1}", ..message }.lines(text))
        }
        Kind::Relayed(Relay { manner, text: Some(text), tags, cuts }) => {
            let command = if *manner == Manner::Notice { "NOTICE" } else { "PRIVMSG" };
            Some(
                Message { command, tags: tags.as_str(), cuts: cuts.places(), ..message }
                    .lines(text),
            )
        }
        _ => None,
    }
}

fn with_account(written: Written, event: &Event, style: Style) -> Written {
    match &event.entry.account {
        Some(account) if style.has(ACCOUNT) => written.tag("account", account.name().as_str()),
        _ => written,
    }
}

/// Tags that were sent without words: without them it says nothing.
fn tags_alone(
    begin: &impl Fn(&str) -> Written,
    relay: &Relay,
    target: &str,
    style: Style,
) -> Vec<Written> {
    if !style.has(TAGS) || relay.tags.as_str().is_empty() {
        return Vec::new();
    }
    vec![begin("TAGMSG").param(target).raw_tags(relay.tags.as_str())]
}

/// What stands before an earlier message where no tag tells its time: without it old words look
/// new.
fn time_before(event: &Event, style: Style) -> String {
    if style.has(EARLIER) && !style.has(TIME) {
        format!("[{}] ", event.at.render_minute())
    } else {
        String::new()
    }
}

pub(super) fn tagged(written: Written, at: Timestamp, style: Style) -> Written {
    if style.has(TIME) { written.timed(at) } else { written }
}

#[cfg(test)]
mod tests {
    use conclave_core::{Entry, MemberId, Seq, Text, limits};
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Style = Style::of_index(0);
    const TAGGED: Style = Style::of_index(TIME | TAGS);

    fn encoded(name: &str, kind: Kind, style: Style) -> String {
        let entry = Entry::by(MemberId(1), Name::from_log(name), kind);
        let event = Event { seq: Seq(17), at: Timestamp::from_ms(1_795_183_391_042), entry };
        let mut out = Vec::new();
        encode_event(&GroupName::from(GroupId::new(8888).unwrap()), &event, style, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn words(text: &str) -> Kind {
        Kind::Said { text: Text::parse(text).unwrap(), client_id: None }
    }

    #[test]
    fn what_is_said_reads_as_a_message_of_whoever_said_it() {
        assert_eq!(
            encoded("Noya", words("Hi"), PLAIN),
            ":Noya!Noya@conclave PRIVMSG #8888 :Hi\r\n"
        );
        assert_eq!(
            encoded("Noya Cohen", words("one\n\ntwo"), PLAIN),
            ":Noya_Cohen!Noya_Cohen@conclave PRIVMSG #8888 :one\r\n\
             :Noya_Cohen!Noya_Cohen@conclave PRIVMSG #8888 :two\r\n"
        );
        assert_eq!(
            encoded("Noya", words(":)"), TAGGED),
            "@time=2026-11-20T14:03:11.042Z;msgid=8888-17 :Noya!Noya@conclave PRIVMSG #8888 ::)\r\n"
        );
        let waves = Kind::Action { text: Text::parse("waves").unwrap(), client_id: None };
        assert_eq!(
            encoded("Noya", waves, PLAIN),
            ":Noya!Noya@conclave PRIVMSG #8888 :\u{1}ACTION waves\u{1}\r\n"
        );
    }

    #[test]
    fn a_source_is_the_name_twice_and_the_door() {
        let name = Name::from_log("Noya Cohen");
        for (door, host) in [
            (Some(Door::Console), "console"),
            (Some(Door::Web), "web"),
            (Some(Door::Irc), "irc"),
            (None, "conclave"),
        ] {
            assert_eq!(source_of(&name, door), format!("Noya_Cohen!Noya_Cohen@{host}"));
        }
    }

    #[test]
    fn every_style_has_a_number_of_its_own() {
        for index in 0..Style::COUNT {
            assert_eq!(Style::of_index(u16::try_from(index).unwrap()).index(), index);
        }
    }

    proptest! {
        #[test]
        fn no_line_passes_its_limit_and_every_word_arrives(text in "[ab ש\n]{1,4000}") {
            let Ok(parsed) = Text::parse(&text) else { return Ok(()) };
            let written = encoded("Noya", Kind::Said { text: parsed, client_id: None }, PLAIN);
            let mut arrived = String::new();
            for line in written.split_inclusive("\r\n") {
                prop_assert!(line.len() <= limits::IRC_LINE_BYTES_MAX && line.ends_with("\r\n"));
                let message = crate::irc::message::Message::parse(line.trim_end_matches("\r\n"));
                arrived.push_str(message.params[1]);
            }
            let letters = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(letters(&arrived), letters(&text));
        }
    }
}
