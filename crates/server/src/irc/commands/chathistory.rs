//! `CHATHISTORY`: earlier messages of a group, by id and by time (`IRCv3` draft/chathistory).
//!
//! Exact by either, since numbers are dense and times rise strictly within a group. Reads bounded
//! pages of the log, as every reader does.

use conclave_core::{Event, GroupId, Reason, Refusal, Seq, Timestamp, limits};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::encode::{Addressed, Style, lines_of, lines_of_aside, nick_of};
use conclave_doors::irc::history::{Bound, Stretch, Wish};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use conclave_hub::{Direct, Membership};

use super::words;
use crate::irc::client::{Client, contact_of};
use crate::wires::aside;

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let subcommand = message.param(0).unwrap_or("*");
    match Wish::parse(message) {
        Err(problem) => replies.fail("CHATHISTORY", problem.code, &[subcommand], problem.words),
        Ok(Wish::Targets { from, to, limit }) => targets(client, (from, to), limit, replies).await,
        Ok(Wish::Messages { target, stretch, limit }) => {
            let Some(source) = Source::find(client, target).await else {
                let words = "You are in no such channel, and talk to nobody of that name";
                replies.fail("CHATHISTORY", "INVALID_TARGET", &[subcommand, target], words);
                return;
            };
            match events(&source, stretch, limit, client).await {
                Ok(found) => show(client, target, &source, &found, replies),
                Err(refusal) => {
                    let words = words::refused(refusal);
                    replies.fail("CHATHISTORY", "MESSAGE_ERROR", &[subcommand, target], &words);
                }
            }
        }
    }
}

/// What has a history.
pub(in crate::irc) enum Source {
    Group(Membership, Style),
    Direct(Direct, Style),
}

impl Source {
    /// The group or conversation of that name. With whom nobody has talked yet, there is one
    /// without a message.
    pub(super) async fn find(client: &Client, target: &str) -> Option<Self> {
        if let Some(channel) = client.channel(target) {
            let style = client.style(channel.addressed);
            return Some(Self::Group(channel.session.membership().clone(), style));
        }
        if target.starts_with('#') {
            return None;
        }
        let style = client.style(Addressed::ByAlias);
        if let Some(found) = client.direct_with(target).await {
            let direct = client.open_listed(&found).await.ok()?;
            return Some(Self::Direct(direct, style));
        }
        let user = client.user_called(target)?;
        let opened = client.direct(&contact_of(&user)).await;
        opened.ok().map(|direct| Self::Direct(direct, style))
    }

    pub(super) fn id(&self) -> GroupId {
        match self {
            Self::Group(membership, _) => membership.group(),
            Self::Direct(direct, _) => direct.id(),
        }
    }

    /// Takes a message of it back.
    pub(super) async fn redact(&self, seq: Seq, reason: Reason) -> Result<bool, Refusal> {
        match self {
            Self::Group(membership, _) => membership.redact(seq, reason).await,
            Self::Direct(direct, _) => direct.redact(seq, reason).await,
        }
    }

    fn head(&self) -> Seq {
        match self {
            Self::Group(membership, _) => membership.head(),
            Self::Direct(direct, _) => direct.head(),
        }
    }

    async fn before(&self, before: Seq, count: usize) -> Result<Vec<Event>, Refusal> {
        match self {
            Self::Group(membership, _) => membership.events_before(before, count).await,
            Self::Direct(direct, _) => direct.events_before(before, count).await,
        }
    }

    async fn after(&self, after: Seq, count: usize) -> Result<Vec<Event>, Refusal> {
        match self {
            Self::Group(membership, _) => membership.events_after(after, count).await,
            Self::Direct(direct, _) => direct.events_after(after, count).await,
        }
    }

    /// An event as the client is shown it.
    fn lines_of(&self, event: &Event) -> Vec<Written> {
        match self {
            Self::Group(membership, style) => lines_of(&membership.group_name(), event, *style),
            Self::Direct(direct, style) => direct
                .view()
                .map(|view| lines_of_aside(aside(&view, event), *style))
                .unwrap_or_default(),
        }
    }
}

/// Shows events as a batch of that target; as they are where the client knows no batches.
pub(super) fn show(
    client: &Client,
    target: &str,
    source: &Source,
    events: &[Event],
    replies: &mut Replies,
) {
    let lines = events.iter().flat_map(|event| source.lines_of(event));
    in_batch(client, "chathistory", &[target], lines, replies);
}

/// Says lines in a batch of that type; as they are where the client knows no batches.
pub(super) fn in_batch(
    client: &Client,
    kind: &str,
    params: &[&str],
    lines: impl Iterator<Item = Written>,
    replies: &mut Replies,
) {
    if !client.negotiation.caps.has(Cap::Batch) {
        return replies.lines(lines);
    }
    let name = replies.next_batch();
    let begin = replies.from_server("BATCH").param(&format!("+{name}")).param(kind);
    let begin = params.iter().fold(begin, |written, param| written.param(param));
    // The batch is the answer, and bears the label.
    let begin = match replies.take_label() {
        Some(label) if client.negotiation.caps.has(Cap::LabeledResponse) => {
            begin.tag("label", &label)
        }
        _ => begin,
    };
    replies.line(begin);
    // What is in a batch of its own is by that in this one.
    let tagged = |line: Written| if line.is_batched() { line } else { line.tag("batch", &name) };
    replies.lines(lines.map(tagged));
    let end = replies.from_server("BATCH").param(&format!("-{name}"));
    replies.line(end);
}

/// The events of a stretch that the client is shown, in order.
pub(super) async fn events(
    source: &Source,
    stretch: Stretch,
    limit: usize,
    client: &Client,
) -> Result<Vec<Event>, Refusal> {
    let all = Walk { source, with_news: client.negotiation.caps.has(Cap::EventPlayback) };
    let end = source.head().next();
    match stretch {
        Stretch::Latest(None) => all.below(end, Seq::ZERO, limit).await,
        Stretch::Latest(Some(bound)) => {
            let (_, above) = all.around(bound).await?;
            all.below(end, above.minus(1), limit).await
        }
        Stretch::Before(bound) => {
            let (below, _) = all.around(bound).await?;
            all.below(below.next(), Seq::ZERO, limit).await
        }
        Stretch::After(bound) => {
            let (_, above) = all.around(bound).await?;
            all.above(above.minus(1), end, limit).await
        }
        Stretch::Around(bound) => {
            let (below, _) = all.around(bound).await?;
            let mut found = all.below(below.next(), Seq::ZERO, limit / 2).await?;
            let rest = limit.saturating_sub(found.len());
            found.extend(all.above(below, end, rest).await?);
            Ok(found)
        }
        Stretch::Between(first, second) => {
            let (first, second) = (all.around(first).await?, all.around(second).await?);
            if first.0 <= second.0 {
                all.above(first.1.minus(1), second.0.next(), limit).await
            } else {
                all.below(first.0.next(), second.1.minus(1), limit).await
            }
        }
    }
}

/// Number of the first event of a channel or conversation after that time.
pub(in crate::irc) async fn first_after(source: &Source, at: Timestamp) -> Result<Seq, Refusal> {
    let walk = Walk { source, with_news: true };
    walk.first_from(Timestamp::from_ms(at.ms() + 1)).await
}

/// A walk through the log of a group.
struct Walk<'group> {
    source: &'group Source,
    /// Joinings, topics and the like are shown too.
    with_news: bool,
}

impl Walk<'_> {
    fn is_shown(&self, event: &Event) -> bool {
        event.entry.is_message() || self.with_news
    }

    /// The number right below a bound, and the one right above.
    async fn around(&self, bound: Bound) -> Result<(Seq, Seq), Refusal> {
        match bound {
            // The message of another group is no place here: nothing is below it or above.
            Bound::Message(group, _) if group != self.source.id() => Ok((Seq::ZERO, Seq(u64::MAX))),
            Bound::Message(_, seq) => Ok((seq.minus(1), seq.next())),
            Bound::Time(at) => {
                let from = self.first_from(at).await?;
                let above = self.first_from(Timestamp::from_ms(at.ms() + 1)).await?;
                Ok((from.minus(1), above))
            }
        }
    }

    /// Number of the first event that is not before that time. Halves the log until it is found.
    async fn first_from(&self, at: Timestamp) -> Result<Seq, Refusal> {
        let (mut low, mut high) = (Seq(1), self.source.head().next());
        while low < high {
            let middle = Seq(low.0 + (high.0 - low.0) / 2);
            let page = self.source.after(middle.minus(1), 1).await?;
            match page.first() {
                Some(event) if event.at < at => low = middle.next(),
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// The last so many events below `end` and above `floor`.
    async fn below(&self, end: Seq, floor: Seq, limit: usize) -> Result<Vec<Event>, Refusal> {
        let mut end = end.min(self.source.head().next());
        let mut found = Vec::new();
        while found.len() < limit && end > floor.next() {
            let page = self.source.before(end, limits::PAGE_EVENTS_MAX).await?;
            let Some(first) = page.first().map(|event| event.seq) else { break };
            let shown = page.into_iter().rev().filter(|event| self.is_shown(event));
            found.extend(shown.filter(|event| event.seq > floor).take(limit - found.len()));
            end = first;
        }
        found.reverse();
        Ok(found)
    }

    /// The first so many events above `after` and below `end`.
    async fn above(&self, after: Seq, end: Seq, limit: usize) -> Result<Vec<Event>, Refusal> {
        let mut after = after;
        let mut found = Vec::new();
        while found.len() < limit && after.next() < end {
            let page = self.source.after(after, limits::PAGE_EVENTS_MAX).await?;
            let Some(last) = page.last().map(|event| event.seq) else { break };
            let shown = page.into_iter().filter(|event| self.is_shown(event) && event.seq < end);
            found.extend(shown.take(limit - found.len()));
            after = last;
        }
        Ok(found)
    }
}

/// The groups in which something was said between two times, with the time of the newest message.
async fn targets(
    client: &Client,
    (one, other): (Timestamp, Timestamp),
    limit: usize,
    replies: &mut Replies,
) {
    let (from, to) = (one.min(other), one.max(other));
    let mut found = Vec::new();
    let groups = client.channels.iter().map(|channel| {
        let membership = channel.session.membership().clone();
        (channel.name(), Source::Group(membership, client.style(channel.addressed)))
    });
    let mut sources: Vec<_> = groups.collect();
    for listed in client.directs_everywhere().await {
        if let Ok(direct) = client.open_listed(&listed).await {
            let source = Source::Direct(direct, client.style(Addressed::ByAlias));
            sources.push((nick_of(&listed.1.with), source));
        }
    }
    for (name, source) in sources {
        let walk = Walk { source: &source, with_news: false };
        let newest = walk.below(Seq(u64::MAX), Seq::ZERO, 1).await.unwrap_or_default();
        if let Some(event) = newest.first()
            && from < event.at
            && event.at < to
        {
            found.push((event.at, name));
        }
    }
    found.sort();
    if one > other {
        found.reverse();
    }
    found.truncate(limit);
    let server = replies.server().to_owned();
    let lines = found.into_iter().map(|(at, name)| {
        let line = Written::new(&server, "CHATHISTORY").param("TARGETS");
        line.param(&name).param(&at.render_rfc3339())
    });
    in_batch(client, "draft/chathistory-targets", &[], lines, replies);
}
