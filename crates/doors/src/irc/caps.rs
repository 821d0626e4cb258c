//! Capabilities: what a client may ask for beyond the old protocol (`IRCv3`), as one table.
//!
//! Does not know what each does: whoever writes lines asks whether a client has it.

use super::written::lines_of;

/// Capabilities that a client has, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Caps(u32);

macro_rules! caps {
    ($($constant:ident $name:literal $value:literal)*) => {
        /// One capability.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "each is named as the specification of that name has it")]
        pub enum Cap { $($constant),* }

        /// Name and value of each, in the order of their bits.
        const TABLE: &[(Cap, &str, &str)] = &[$((Cap::$constant, $name, $value)),*];
    };
}

#[rustfmt::skip]
caps! {
    Batch "batch" ""
    MessageTags "message-tags" ""
    ServerTime "server-time" ""
    EchoMessage "echo-message" ""
    LabeledResponse "labeled-response" ""
    StandardReplies "standard-replies" ""
    AccountNotify "account-notify" ""
    AccountTag "account-tag" ""
    AwayNotify "away-notify" ""
    ExtendedJoin "extended-join" ""
    ExtendedMonitor "extended-monitor" ""
    InviteNotify "invite-notify" ""
    MultiPrefix "multi-prefix" ""
    UserhostInNames "userhost-in-names" ""
    Setname "setname" ""
    Chghost "chghost" ""
    CapNotify "cap-notify" ""
    NoImplicitNames "no-implicit-names" ""
    DraftNoImplicitNames "draft/no-implicit-names" ""
    DraftPreAway "draft/pre-away" ""
    Sasl "sasl" "PLAIN"
    AccountRegistration "draft/account-registration" "custom-account-name"
    MessageRedaction "draft/message-redaction" ""
    ReadMarker "draft/read-marker" ""
    Chathistory "draft/chathistory" ""
    EventPlayback "draft/event-playback" ""
    Multiline "draft/multiline" "max-bytes=4096,max-lines=100"
}

impl Caps {
    /// Whether it is among them.
    pub const fn has(self, cap: Cap) -> bool {
        self.0 & (1 << cap as u32) != 0
    }

    const fn set(&mut self, cap: Cap, is_on: bool) {
        if is_on {
            self.0 |= 1 << cap as u32;
        } else {
            self.0 &= !(1 << cap as u32);
        }
    }

    /// The names of those it holds.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        TABLE.iter().filter(move |(cap, ..)| self.has(*cap)).map(|(_, name, _)| *name)
    }

    /// What a client asks for by `CAP REQ`: names, `-` before what it gives up. All or nothing.
    #[must_use]
    pub fn requested(mut self, names: &str) -> Option<Self> {
        for written in names.split_ascii_whitespace() {
            let (name, is_on) =
                written.strip_prefix('-').map_or((written, true), |name| (name, false));
            let (cap, ..) = TABLE.iter().find(|(_, known, _)| *known == name)?;
            self.set(*cap, is_on);
        }
        // Without the other it means nothing, and clients are told so by asking for both.
        Some(self)
    }
}

/// What `CAP LS` tells, a line each: with values for who speaks version 302, and then in as many
/// lines as it takes.
pub fn offered(is_302: bool, bytes_max: usize) -> Vec<String> {
    let written = TABLE.iter().map(|(_, name, value)| {
        if is_302 && !value.is_empty() { format!("{name}={value}") } else { (*name).to_owned() }
    });
    lines_of(written, bytes_max)
}

#[cfg(test)]
mod tests {
    use conclave_core::limits;

    use super::*;

    #[test]
    fn what_is_asked_for_is_given_whole_or_not_at_all() {
        let caps = Caps::default().requested("multi-prefix batch ").unwrap();
        assert!(caps.has(Cap::MultiPrefix) && caps.has(Cap::Batch));
        assert_eq!(caps.requested("server-time no-such-thing"), None);
        let fewer = caps.requested("-batch").unwrap();
        assert_eq!(fewer.names().collect::<Vec<_>>(), ["multi-prefix"]);
    }

    #[test]
    fn every_bit_of_the_table_is_its_own() {
        for (index, (cap, name, _)) in TABLE.iter().enumerate() {
            assert_eq!(*cap as usize, index, "{name}");
        }
        assert!(TABLE.len() < 32);
    }

    #[test]
    fn what_is_told_of_long_messages_is_what_holds() {
        let (bytes_max, lines_max) = (limits::TEXT_BYTES_MAX, limits::TEXT_LINES_MAX);
        let told = format!("draft/multiline=max-bytes={bytes_max},max-lines={lines_max}");
        assert!(offered(true, 4_096)[0].split(' ').any(|word| word == told));
    }
}
