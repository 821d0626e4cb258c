//! What doors want of the hub and what they are told: the one place where outside words have
//! become inside words.
//!
//! Does not know a protocol, and carries no reference to a group: what a connection may touch is
//! held by whoever runs the door, so a door that is not signed in has nothing to ask with.

use conclave_core::{
    Change, GroupId, Name, Noted, Password, Power, Reason, Refusal, Standing, Text, Topic,
};

/// What a door wants. Each is answered by one [`Reply`] before the next is taken, but for
/// [`Request::Say`] and [`Request::Act`], which are answered only where they fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Make a group with that password and join it. Answered by [`Reply::Joined`] or
    /// [`Reply::Refused`].
    Create {
        /// Name of the member.
        name: Name,
        /// Password of the group.
        password: Password,
    },
    /// Join a group. Answered by [`Reply::Joined`] or [`Reply::Refused`]. After a refusal of the
    /// name ([`Refusal::NameTaken`]) the number and password that were right hold for
    /// [`Request::JoinAs`].
    Join {
        /// Name of the member.
        name: Name,
        /// The group, or `None` where what was typed can be no group's number: it is refused in
        /// the same words and the same time as a wrong one.
        group: Option<GroupId>,
        /// Password of the group.
        password: Password,
    },
    /// Join the group whose number and password were right, by another name.
    JoinAs {
        /// Name of the member.
        name: Name,
    },
    /// Say something. No reply where it is taken.
    Say {
        /// What.
        text: Text,
    },
    /// Do something (`/me`). No reply where it is taken.
    Act {
        /// What.
        text: Text,
    },
    /// Tell one member something, and nobody else. Answered by [`Reply::Told`] once it is durable,
    /// or by [`Reply::Refused`].
    Tell {
        /// To whom, and what. Where names have spaces it can be read in several ways: the first
        /// whose name is a member's holds.
        readings: Vec<(Name, Text)>,
    },
    /// Go by another name. Answered by [`Reply::Renamed`] or [`Reply::Refused`].
    Rename {
        /// The new name.
        to: Name,
    },
    /// Tell the topic. Answered by [`Reply::Topic`].
    ShowTopic,
    /// Set the topic. Answered by [`Reply::Topic`] or [`Reply::Refused`].
    SetTopic {
        /// The new topic; an empty one takes it away.
        text: Topic,
    },
    /// Tell who is in the group. Answered by [`Reply::Members`].
    ShowMembers,
    /// Show earlier messages: the last `count`. They are written to the connection as the reader
    /// reads, before any later event. Answered by [`Reply::History`].
    ShowHistory {
        /// How many.
        count: u32,
        /// Fewer where more would not fit into this many bytes as the door writes them.
        bytes_max: Option<usize>,
    },
    /// Show the member's own messages to it as well, or not (B14). Answered by [`Reply::Echo`].
    SetEcho {
        /// Whether.
        echo: Echo,
    },
    /// Delete the group when its last member has left, or not (B9). Answered by
    /// [`Reply::DeletedWhenEmpty`] or [`Reply::Refused`].
    SetDeletedWhenEmpty {
        /// Whether.
        is_on: bool,
    },
    /// Remove a member. Answered by [`Reply::Removed`] or [`Reply::Refused`].
    Remove {
        /// The member's name, and why behind it, as they were written: names have spaces, so that
        /// where one ends is known where the members are.
        written: Box<str>,
    },
    /// Remove a member, if it is one, and keep its name out; or keep out whom a mask holds for.
    /// Answered by [`Reply::Changed`], [`Reply::Unchanged`] or [`Reply::Refused`].
    Ban {
        /// As [`Request::Remove`] has it.
        written: Box<str>,
    },
    /// Give a member a power, or take it away. Answered by [`Reply::Granted`],
    /// [`Reply::Unchanged`] or [`Reply::Refused`].
    Grant {
        /// The member's name.
        whom: Name,
        /// Which power.
        power: Power,
        /// Given, or taken away.
        is_given: bool,
    },
    /// Change the settings. Answered by [`Reply::Changed`], [`Reply::Unchanged`] or
    /// [`Reply::Refused`].
    Change {
        /// What, to what.
        change: Change,
    },
    /// Change the password. Answered by [`Reply::PasswordChanged`] or [`Reply::Refused`].
    SetPassword {
        /// The new one.
        password: Password,
    },
    /// Tell who is banned or muted. Answered by [`Reply::Bans`].
    ShowBans,
    /// Leave the group. Answered by [`Reply::Left`].
    Leave,
}

/// Whether a member is shown its own messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// Not: the terminal already shows what was typed.
    #[default]
    Off,
    /// As everyone else's.
    On,
}

/// What a door is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The connection is a member. What the door puts out now comes before any event of the
    /// group; the door then asks for earlier messages if it wants them.
    Joined {
        /// The group.
        group: GroupId,
        /// The name it bears.
        name: Name,
        /// Its topic; empty where there is none.
        topic: Topic,
    },
    /// A rule said no.
    Refused(Refusal),
    /// One member was told something; it is shown among the events.
    Told,
    /// It goes by this name now.
    Renamed {
        /// The new name.
        to: Name,
    },
    /// The topic as it is now; empty where there is none.
    Topic {
        /// The topic.
        text: Topic,
    },
    /// Who is in the group, in the order of joining.
    Members(Vec<MemberShown>),
    /// Earlier messages are on their way, this many.
    History {
        /// How many there are to show.
        count: u32,
    },
    /// Whether it is shown its own messages now.
    Echo(Echo),
    /// Whether the group is deleted when its last member has left.
    DeletedWhenEmpty {
        /// Whether.
        is_on: bool,
    },
    /// The member is removed, which an event tells to all.
    Removed,
    /// The settings are changed.
    Changed {
        /// What, to what.
        change: Change,
    },
    /// The password is changed.
    PasswordChanged,
    /// A power was given or taken away.
    Granted {
        /// The member's name.
        whom: Name,
        /// Which power.
        power: Power,
        /// Given, or taken away.
        is_given: bool,
    },
    /// It is so already.
    Unchanged,
    /// Who is banned or muted, oldest first.
    Bans {
        /// Who may not join.
        bans: Vec<Noted>,
        /// Who may not speak.
        mutes: Vec<Noted>,
    },
    /// It is no member any more.
    Left,
}

/// A member as it is shown in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberShown {
    /// Its name.
    pub name: Name,
    /// Whether it is the one who asks.
    pub is_you: bool,
    /// Whether it is connected; a member with a seat may be away.
    pub is_here: bool,
    /// The most of its powers.
    pub standing: Standing,
    /// Whether a mute holds for it.
    pub is_muted: bool,
}

/// What a door is told without having asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something that was said or done was not taken into the log.
    NotTaken(Refusal),
    /// The group was closed or deleted: the connection is in no group any more.
    GroupEnded,
    /// The member was removed: the connection is in no group any more.
    Removed {
        /// Name of who removed it.
        by: Name,
        /// Why; empty where that was not said.
        reason: Reason,
    },
    /// The server stops: say so, and finish.
    Stopping,
}
