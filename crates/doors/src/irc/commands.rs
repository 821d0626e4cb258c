//! Commands: what a client may say, as one table: name, fewest parameters, and whether it must have
//! registered before.
//!
//! Does not know what they do: server has a file for each.

/// A command of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as it is written")]
pub enum Command {
    Admin,
    Authenticate,
    Away,
    Batch,
    Cap,
    Chathistory,
    Help,
    Info,
    Invite,
    Ison,
    Join,
    Kick,
    Links,
    List,
    Lusers,
    Markread,
    Mode,
    Monitor,
    Motd,
    Names,
    Nick,
    Notice,
    Part,
    Pass,
    Ping,
    Pong,
    Privmsg,
    Quit,
    Redact,
    Register,
    Setname,
    Tagmsg,
    Time,
    Topic,
    User,
    Userhost,
    Version,
    Who,
    Whois,
    Whowas,
}

/// When a command is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// Once the client has registered.
    Registered,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// How it is written.
    pub name: &'static str,
    /// Which it is.
    pub command: Command,
    /// Fewest parameters.
    pub params_min: usize,
    /// When it is taken.
    pub when: When,
    /// What is written behind it, and what it does: for `HELP`.
    pub help: &'static str,
}

const fn row(
    name: &'static str,
    command: Command,
    params_min: usize,
    when: When,
    help: &'static str,
) -> Row {
    Row { name, command, params_min, when, help }
}

/// All commands, by name.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    row("ADMIN", Command::Admin, 0, When::Registered, "ADMIN: who looks after this server"),
    row("AUTHENTICATE", Command::Authenticate, 1, When::Always, "AUTHENTICATE PLAIN: signs in to an account; your client does it by itself"),
    row("AWAY", Command::Away, 0, When::Always, "AWAY [text]: says that you are away, or back without a text"),
    row("BATCH", Command::Batch, 1, When::Registered, "BATCH +name draft/multiline target, BATCH -name: begins and ends a message of several lines; your client does it by itself"),
    row("CAP", Command::Cap, 1, When::Always, "CAP LS|LIST|REQ|END: what the server and your client can do together"),
    row("CHATHISTORY", Command::Chathistory, 0, When::Registered, "CHATHISTORY BEFORE|AFTER|LATEST|AROUND|BETWEEN #channel bound limit: earlier messages; CHATHISTORY TARGETS time time limit: where there are any"),
    row("HELP", Command::Help, 0, When::Registered, "HELP [command]: tells about a command"),
    row("HELPOP", Command::Help, 0, When::Registered, "HELPOP [command]: the same as HELP"),
    row("INFO", Command::Info, 0, When::Registered, "INFO: what this server is"),
    row("INVITE", Command::Invite, 0, When::Registered, "INVITE nick #channel: lets somebody in past +i, +l and bans; a key is needed all the same"),
    row("ISON", Command::Ison, 1, When::Registered, "ISON nick...: which of them are here"),
    row("JOIN", Command::Join, 1, When::Registered, "JOIN #8888 password: joins the group of that number; JOIN #name makes a channel where there is none"),
    row("KICK", Command::Kick, 2, When::Registered, "KICK #channel nick [reason]: removes somebody; operators only"),
    row("LINKS", Command::Links, 0, When::Registered, "LINKS: the servers of this network, which is one"),
    row("LIST", Command::List, 0, When::Registered, "LIST [#channel|>N|<N|mask]: channels that are open to all"),
    row("LUSERS", Command::Lusers, 0, When::Registered, "LUSERS: how many are here"),
    row("MARKREAD", Command::Markread, 0, When::Registered, "MARKREAD target [timestamp=...]: how far you have read"),
    row("MODE", Command::Mode, 1, When::Registered, "MODE #channel [modes]: b k l i m n s t o v; +k sets the password of the group"),
    row("MONITOR", Command::Monitor, 1, When::Registered, "MONITOR + - C L S: tells when somebody comes and goes"),
    row("MOTD", Command::Motd, 0, When::Registered, "MOTD: the message of the day"),
    row("NAMES", Command::Names, 0, When::Registered, "NAMES #channel: who is in it"),
    row("NICK", Command::Nick, 0, When::Always, "NICK name: what you go by"),
    row("NOTICE", Command::Notice, 0, When::Registered, "NOTICE target text: says something that no program answers"),
    row("PART", Command::Part, 1, When::Registered, "PART #channel [reason]: leaves it"),
    row("PASS", Command::Pass, 1, When::Always, "PASS password: the password of the server, before anything else"),
    row("PING", Command::Ping, 1, When::Always, "PING token: asks for a sign of life"),
    row("PONG", Command::Pong, 0, When::Always, "PONG token: answers PING"),
    row("PRIVMSG", Command::Privmsg, 0, When::Registered, "PRIVMSG target text: says something to a channel or a person"),
    row("QUIT", Command::Quit, 0, When::Always, "QUIT [reason]: leaves the server"),
    row("REDACT", Command::Redact, 0, When::Registered, "REDACT target msgid [reason]: takes a message back"),
    row("REGISTER", Command::Register, 0, When::Always, "REGISTER account|* * password: makes an account, which stays in its groups while you are away"),
    row("SETNAME", Command::Setname, 1, When::Registered, "SETNAME text: changes your real name"),
    row("TAGMSG", Command::Tagmsg, 1, When::Registered, "TAGMSG target: sends tags without a text"),
    row("TIME", Command::Time, 0, When::Registered, "TIME: what time it is here"),
    row("TOPIC", Command::Topic, 1, When::Registered, "TOPIC #channel [text]: shows the topic or sets it"),
    row("USER", Command::User, 4, When::Always, "USER name 0 * realname: who you are"),
    row("USERHOST", Command::Userhost, 1, When::Registered, "USERHOST nick...: where they are"),
    row("VERSION", Command::Version, 0, When::Registered, "VERSION: which program this is"),
    row("WHO", Command::Who, 0, When::Registered, "WHO #channel|mask [%fields]: who is there"),
    row("WHOIS", Command::Whois, 0, When::Registered, "WHOIS nick: who that is"),
    row("WHOWAS", Command::Whowas, 0, When::Registered, "WHOWAS nick [count]: who that was"),
];

/// The row of a command, however it is written.
pub fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_each_row_tells_of_itself() {
        assert!(TABLE.is_sorted_by(|one, next| one.name < next.name));
        for row in TABLE {
            assert!(row.help.starts_with(row.name), "{}", row.name);
            assert_eq!(find(&row.name.to_lowercase()).map(|found| found.name), Some(row.name));
        }
    }
}
