//! Load: how many connections, who sends, how much and how long. Each has a name.
//!
//! Does not know protocols or sockets. The names and numbers are those by which group chat servers
//! were compared before this one was written, so that figures can be set beside one another.

use anyhow::ensure;

use crate::ledger::Shape;
use crate::limits;
use crate::options::LoadOptions;

/// The loads, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Single,
    BigGroup,
    ManyGroups,
    Flood,
    JoinStorm,
    Idle,
    Slow,
    Durable,
}

/// When messages are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// So many a second, all senders together, however fast the server is.
    Rate(f64),
    /// As fast as they are delivered: each sender is so many ahead of its slowest reader.
    Window(u32),
    /// None, but one to each group in the end, to see that all are there.
    Quiet,
}

/// What is put on a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    pub(crate) pace: Pace,
    pub(crate) payload_length: usize,
    pub(crate) seconds: f64,
    pub(crate) warm_up_seconds: f64,
    /// For so many seconds of a slow load one member does not read.
    pub(crate) stall_seconds: f64,
    /// What has not come by then, since the last delivery, is lost.
    pub(crate) patience_seconds: f64,
    /// Silence after which nothing more is expected.
    pub(crate) settle_seconds: f64,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::BigGroup => "bigroom",
            Self::ManyGroups => "rooms",
            Self::Flood => "flood",
            Self::JoinStorm => "joinstorm",
            Self::Idle => "idle",
            Self::Slow => "slow",
            Self::Durable => "durable",
        }
    }

    /// Groups, members of each, those who send, seconds.
    const fn usual(self) -> (u32, u32, u32, f64) {
        match self {
            Self::Single => (1, 2, 1, 10.0),
            Self::BigGroup => (1, 1_000, limits::SENDERS_MAX, 10.0),
            Self::ManyGroups => (500, 4, 4, 10.0),
            Self::Flood => (1, 100, 10, 5.0),
            Self::JoinStorm => (1, 2_000, 1, 0.0),
            Self::Idle => (1_000, 10, 1, 5.0),
            Self::Slow => (1, 100, 10, 10.0),
            Self::Durable => (64, 2, 1, 5.0),
        }
    }

    const fn usual_pace(self) -> Pace {
        match self {
            Self::Single => Pace::Rate(20.0),
            Self::BigGroup => Pace::Rate(50.0),
            Self::ManyGroups => Pace::Rate(10_000.0),
            Self::Slow => Pace::Rate(2_000.0),
            Self::Flood => Pace::Window(64),
            Self::Durable => Pace::Window(1),
            Self::JoinStorm | Self::Idle => Pace::Quiet,
        }
    }
}

impl Load {
    /// A load by its name, with what was asked to be otherwise.
    pub(crate) fn new(kind: Kind, asked: &LoadOptions) -> anyhow::Result<Self> {
        let (groups, members, senders, seconds) = kind.usual();
        let groups = asked.groups.unwrap_or(groups);
        let members = asked.members.unwrap_or(members);
        let senders = asked.senders.unwrap_or(senders).min(members);
        let seconds = asked.seconds.unwrap_or(seconds);
        let pace = match (asked.rate, asked.window, kind.usual_pace()) {
            (Some(rate), _, _) => Pace::Rate(rate),
            (None, Some(window), _) => Pace::Window(window),
            (None, None, usual) => usual,
        };
        let connections = u64::from(groups) * u64::from(members);
        let connections_max = u64::from(limits::CONNECTIONS_MAX);
        ensure!(groups >= 1 && members >= 2, "a load needs a group of two members at the least");
        ensure!(
            connections <= connections_max,
            "{connections} connections are more than a load has: at most {connections_max}"
        );
        ensure!(
            (1..=limits::SENDERS_MAX).contains(&senders),
            "--senders is between 1 and {}",
            limits::SENDERS_MAX
        );
        ensure!(
            (limits::PAYLOAD_BYTES_MIN..=limits::PAYLOAD_BYTES_MAX).contains(&asked.payload),
            "--payload is between {} and {} bytes",
            limits::PAYLOAD_BYTES_MIN,
            limits::PAYLOAD_BYTES_MAX
        );
        for (option, given) in [
            ("seconds", seconds),
            ("warm-up", asked.warm_up),
            ("stall", asked.stall),
            ("patience", asked.patience),
            ("settle", asked.settle),
        ] {
            let is_bounded = (0.0..=limits::SECONDS_MAX).contains(&given);
            ensure!(is_bounded, "--{option} is between 0 and {}", limits::SECONDS_MAX);
        }
        match pace {
            Pace::Rate(rate) => ensure!(
                rate > 0.0 && rate <= limits::RATE_MAX,
                "--rate is above 0 and at most {}",
                limits::RATE_MAX
            ),
            Pace::Window(window) => ensure!(
                (1..=limits::WINDOW_MAX).contains(&window),
                "--window is between 1 and {}",
                limits::WINDOW_MAX
            ),
            Pace::Quiet => {}
        }
        Ok(Self {
            kind,
            shape: Shape { groups, members, senders },
            pace,
            payload_length: asked.payload,
            seconds,
            warm_up_seconds: if pace == Pace::Quiet { 0.0 } else { asked.warm_up },
            patience_seconds: asked.patience,
            settle_seconds: asked.settle,
            stall_seconds: if kind == Kind::Slow { asked.stall } else { 0.0 },
        })
    }

    /// The member that does not read for a while: one who does not send.
    pub(crate) fn staller(&self) -> Option<usize> {
        let has_one = self.stall_seconds > 0.0 && self.shape.members > self.shape.senders;
        has_one.then(|| self.shape.connections() - 1)
    }
}
