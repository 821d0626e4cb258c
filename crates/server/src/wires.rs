//! Wires: how each door writes events, as the hub knows it.
//!
//! The place where doors and the hub meet on the hot path. Knows no connection.

use conclave_core::{Event, GroupName, Passing};
use conclave_doors::api;
use conclave_doors::console::{LineEnd, encode_earlier, encode_event, encode_told};
use conclave_doors::irc::encode::{self as irc, Aside, Style};
use conclave_doors::websocket::encode_text;
use conclave_hub::{DirectView, Wire};

/// The console's wires.
#[derive(Debug)]
pub(crate) enum ConsoleWire {
    /// Events as they happen.
    Live(LineEnd),
    /// Earlier messages, with their time.
    Earlier(LineEnd),
}

static LIVE_LF: ConsoleWire = ConsoleWire::Live(LineEnd::Lf);
static LIVE_CRLF: ConsoleWire = ConsoleWire::Live(LineEnd::CrLf);
static EARLIER_LF: ConsoleWire = ConsoleWire::Earlier(LineEnd::Lf);
static EARLIER_CRLF: ConsoleWire = ConsoleWire::Earlier(LineEnd::CrLf);

impl ConsoleWire {
    /// Events as they happen, with that line end.
    pub(crate) const fn live(line_end: LineEnd) -> &'static Self {
        match line_end {
            LineEnd::Lf => &LIVE_LF,
            LineEnd::CrLf => &LIVE_CRLF,
        }
    }

    /// Earlier messages, with that line end.
    pub(crate) const fn earlier(line_end: LineEnd) -> &'static Self {
        match line_end {
            LineEnd::Lf => &EARLIER_LF,
            LineEnd::CrLf => &EARLIER_CRLF,
        }
    }
}

impl Wire for ConsoleWire {
    fn place(&self) -> usize {
        match self {
            Self::Live(LineEnd::Lf) => 0,
            Self::Live(LineEnd::CrLf) => 1,
            Self::Earlier(LineEnd::Lf) => 2,
            Self::Earlier(LineEnd::CrLf) => 3,
        }
    }

    fn encode(&self, _group: &GroupName, event: &Event, out: &mut Vec<u8>) {
        match self {
            Self::Live(line_end) => encode_event(event, *line_end, out),
            Self::Earlier(line_end) => encode_earlier(event, *line_end, out),
        }
    }

    fn encode_direct(
        &self,
        direct: &DirectView,
        event: &Event,
        _label: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        let (Self::Live(line_end) | Self::Earlier(line_end)) = self;
        encode_told(event, direct.with_at(event), direct.is_own(event), *line_end, out);
    }
}

/// The wire of a WebSocket that JSON goes over.
#[derive(Debug)]
pub(crate) struct WebWire;

/// The one there is.
pub(crate) static WEB: WebWire = WebWire;

impl Wire for WebWire {
    fn place(&self) -> usize {
        8
    }

    fn encode(&self, group: &GroupName, event: &Event, out: &mut Vec<u8>) {
        encode_text(out, |out| api::encode_event(group, event, out));
    }

    fn encode_direct(
        &self,
        direct: &DirectView,
        event: &Event,
        _label: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        if event.entry.is_message() {
            let with = direct.with_at(event);
            encode_text(out, |out| api::encode_direct(direct.met_in, with, event, out));
        }
    }

    fn encode_passing(&self, group: &GroupName, passing: &Passing, out: &mut Vec<u8>) {
        encode_text(out, |out| api::encode_passing(group, passing, out));
    }
}

/// Wires of IRC: one a style.
#[derive(Debug)]
pub(crate) struct IrcWire(Style);

static IRC_WIRES: [IrcWire; Style::COUNT] = {
    let mut wires = [const { IrcWire(Style::of_index(0)) }; Style::COUNT];
    let mut index = 0;
    while index < Style::COUNT {
        #[expect(clippy::indexing_slicing, reason = "the loop's condition bounds the index")]
        #[expect(clippy::cast_possible_truncation, reason = "there are fewer styles")]
        {
            wires[index] = IrcWire(Style::of_index(index as u16));
        }
        index += 1;
    }
    wires
};

/// Where the numbers of IRC's wires begin, above those of all other doors.
const IRC_PLACES: usize = 1_000;

impl IrcWire {
    /// The wire of a style.
    pub(crate) fn of(style: Style) -> &'static Self {
        let [first, ..] = &IRC_WIRES;
        IRC_WIRES.get(style.index()).unwrap_or(first)
    }
}

/// Something said in a direct conversation, as IRC is to show it.
pub(crate) fn aside<'event>(direct: &'event DirectView, event: &'event Event) -> Aside<'event> {
    let is_own = direct.is_own(event);
    let name = &event.entry.name;
    let (from, to) = if is_own { (name, &direct.with) } else { (name, &direct.my_name) };
    Aside { conversation: direct.id, from, to, is_own, event }
}

impl Wire for IrcWire {
    fn place(&self) -> usize {
        IRC_PLACES + self.0.index()
    }

    fn encode(&self, group: &GroupName, event: &Event, out: &mut Vec<u8>) {
        irc::encode_event(group, event, self.0, out);
    }

    fn encode_direct(
        &self,
        direct: &DirectView,
        event: &Event,
        label: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        irc::encode_aside(aside(direct, event), label, self.0, out);
    }

    fn encode_labelled(&self, group: &GroupName, event: &Event, label: &str, out: &mut Vec<u8>) {
        irc::encode_marked(group, event, self.0, label, out);
    }
}
