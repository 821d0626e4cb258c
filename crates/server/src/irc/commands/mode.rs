//! `MODE`: what holds for a group, and who may do what in it.
//!
//! A group's password is its key, a moderator its operator. What is changed is shown as to everyone,
//! by the group's events; here only what was refused is answered.

use std::num::NonZeroU32;

use conclave_core::{Change, Flag, Listing, Mask, Name, Password, Power, Refusal, Seq, limits};
use conclave_doors::irc::encode::nick_of;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::modes::{self, Mode};
use conclave_doors::irc::numeric::{
    ERR_BANLISTFULL, ERR_CHANOPRIVSNEEDED, ERR_INVALIDMODEPARAM, ERR_NOSUCHNICK,
    ERR_UMODEUNKNOWNFLAG, ERR_UNKNOWNMODE, ERR_USERNOTINCHANNEL, ERR_USERSDONTMATCH, RPL_BANLIST,
    RPL_CHANNELMODEIS, RPL_CREATIONTIME, RPL_ENDOFBANLIST, RPL_ENDOFEXCEPTLIST, RPL_ENDOFINVEXLIST,
    RPL_EXCEPTLIST, RPL_INVEXLIST, RPL_UMODEIS,
};
use conclave_doors::irc::replies::Replies;
use conclave_hub::{MemberHere, Membership};

use super::words;
use crate::irc::client::{Channel, Client};

/// The flags of a group that IRC knows, with their letters.
const FLAGS: [(char, Flag); 5] = [
    ('i', Flag::InviteOnly),
    ('m', Flag::Moderated),
    ('n', Flag::NoExternal),
    ('s', Flag::Secret),
    ('t', Flag::TopicLocked),
];

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let target = message.param(0).unwrap_or_default();
    if !target.starts_with('#') {
        return of_user(client, target, message, replies);
    }
    let Some(channel) = client.channel(target) else {
        return client.refuse_outside(target, replies).await;
    };
    let Some(changes) = message.param(1) else {
        return tell(channel, replies).await;
    };
    let mut arguments = message.params.iter().skip(2).copied();
    // Each change is an event of its own; who made several is told of them at once.
    let is_alone = changes.chars().filter(|letter| !matches!(letter, '+' | '-')).count() < 2;
    let mut set = Vec::new();
    let mut argument_count = 0;
    let mut is_on = true;
    for letter in changes.chars() {
        match letter {
            '+' => is_on = true,
            '-' => is_on = false,
            _ => {
                let mut argument = || {
                    argument_count += 1;
                    arguments.next().filter(|_| argument_count <= limits::IRC_MODES_MAX)
                };
                let mut one = One { client, channel, letter, is_on, is_alone, set: &mut set };
                one.run(&mut argument, replies).await;
            }
        }
    }
    let line = client.line("MODE").param(&channel.name());
    let line = client.with_account(line, client.negotiation.caps);
    replies.lines(modes::lines(&line, &set));
    client.is_unsettled = true;
}

/// One letter of a `MODE`.
struct One<'command> {
    client: &'command Client,
    channel: &'command Channel,
    letter: char,
    is_on: bool,
    /// It is the only one, and shown as to everyone.
    is_alone: bool,
    /// What has changed and is not shown yet.
    set: &'command mut Vec<Mode>,
}

impl One<'_> {
    async fn run<'argument>(
        &mut self,
        argument: &mut impl FnMut() -> Option<&'argument str>,
        replies: &mut Replies,
    ) {
        if let Some((_, flag)) = FLAGS.iter().find(|(letter, _)| *letter == self.letter) {
            let change = Change::Flag { flag: *flag, is_on: self.is_on };
            let set = self.change(change).await;
            return self.tell_refusal(set.err(), replies);
        }
        match self.letter {
            'b' => self.list(Listing::Bans, argument(), replies).await,
            'e' => self.list(Listing::BanExceptions, argument(), replies).await,
            'I' => self.list(Listing::InviteExceptions, argument(), replies).await,
            'k' => self.set_key(argument(), replies).await,
            'l' if !self.is_on => {
                let set = self.change(Change::MembersMax(None)).await;
                self.tell_refusal(set.err(), replies);
            }
            'l' => self.set_limit(argument(), replies).await,
            'o' | 'v' => {
                if let Some(nick) = argument() {
                    self.grant(nick, replies).await;
                }
            }
            letter => replies.numeric(ERR_UNKNOWNMODE, &[&letter.to_string()]),
        }
    }

    async fn change(&mut self, change: Change) -> Result<(), Refusal> {
        let session = &self.channel.session;
        if self.is_alone {
            return session.change(change).await.map(|_is_new| ());
        }
        let mode = Mode::changed(&change);
        if session.change_unshown(change).await? {
            self.set.extend(mode);
        }
        Ok(())
    }

    /// Puts a mask on a list or takes it off; tells the list where there is none.
    async fn list(&mut self, listing: Listing, typed: Option<&str>, replies: &mut Replies) {
        let Some(typed) = typed else { return tell_list(self.channel, listing, replies) };
        let mask = match Mask::parse(typed) {
            Ok(mask) => mask,
            Err(problem) => return self.tell_refusal(Some(problem.into()), replies),
        };
        let change = if self.is_on {
            Change::Listed(listing, mask)
        } else {
            Change::Unlisted(listing, mask)
        };
        let changed = self.change(change).await;
        if changed == Err(Refusal::ListFull) {
            replies.numeric(ERR_BANLISTFULL, &[&self.channel.name(), typed]);
        } else {
            self.tell_refusal(changed.err(), replies);
        }
    }

    async fn set_key(&mut self, key: Option<&str>, replies: &mut Replies) {
        let membership = self.channel.session.membership();
        let change = match (self.is_on, key) {
            (false, _) => membership.password_change(None).await,
            (true, Some(key)) if is_key(key) => match Password::parse(key) {
                Ok(password) => membership.password_change(Some(&password)).await,
                Err(problem) => return self.tell_invalid("*", &problem.to_string(), replies),
            },
            (true, _) => {
                let words = "a key has at least one character, and no spaces or commas";
                return self.tell_invalid("*", words, replies);
            }
        };
        let set = match change {
            Ok(change) => self.change(change).await,
            Err(refusal) => Err(refusal),
        };
        self.tell_refusal(set.err(), replies);
    }

    async fn set_limit(&mut self, typed: Option<&str>, replies: &mut Replies) {
        let typed = typed.unwrap_or_default();
        match typed.parse().ok().and_then(NonZeroU32::new) {
            Some(count) => {
                let set = self.change(Change::MembersMax(Some(count))).await;
                self.tell_refusal(set.err(), replies);
            }
            None => self.tell_invalid(typed, "a limit is a number of at least 1", replies),
        }
    }

    async fn grant(&mut self, nick: &str, replies: &mut Replies) {
        let power = if self.letter == 'o' { Power::Moderator } else { Power::Voice };
        let session = &self.channel.session;
        match member_called(session.membership(), nick) {
            Some(member) if self.is_alone => {
                let granted = session.grant(member.member, power, self.is_on).await;
                self.tell_refusal(granted.err(), replies);
            }
            Some(member) => {
                let granted = session.grant_unshown(member.member, power, self.is_on).await;
                if granted == Ok(true) {
                    self.set.push(Mode::granted(&member.name, power, self.is_on));
                }
                self.tell_refusal(granted.err(), replies);
            }
            None => no_such_member(self.client, self.channel, nick, replies),
        }
    }

    fn tell_invalid(&self, shown: &str, words: &str, replies: &mut Replies) {
        let letter = self.letter.to_string();
        replies.numeric_with(ERR_INVALIDMODEPARAM, &[&self.channel.name(), &letter, shown], words);
    }

    fn tell_refusal(&self, refusal: Option<Refusal>, replies: &mut Replies) {
        if let Some(refusal) = refusal {
            refuse(&self.channel.name(), refusal, replies);
        }
    }
}

/// Says why something was refused to somebody in a group.
pub(super) fn refuse(name: &str, refusal: Refusal, replies: &mut Replies) {
    if refusal == Refusal::NotAModerator {
        replies.numeric(ERR_CHANOPRIVSNEEDED, &[name]);
    } else {
        replies.numeric_with(ERR_CHANOPRIVSNEEDED, &[name], &words::refused(refusal));
    }
}

/// Whether it can be written as the key of a `JOIN`.
fn is_key(typed: &str) -> bool {
    !typed.is_empty() && !typed.contains([' ', ',']) && !typed.starts_with(':')
}

/// The member who bears that name as IRC writes it.
pub(in crate::irc) fn member_called(membership: &Membership, nick: &str) -> Option<MemberHere> {
    if let Ok(name) = Name::parse(nick)
        && let Some(member) = membership.named(&name)
    {
        return Some(member);
    }
    let mut members = membership.members().into_iter();
    members.find(|member| nick_of(&member.name).eq_ignore_ascii_case(nick))
}

/// Says that somebody is not in a group, or not here at all.
pub(super) fn no_such_member(
    client: &Client,
    channel: &Channel,
    nick: &str,
    replies: &mut Replies,
) {
    if client.context.irc.registry().find(nick).is_some() {
        replies.numeric(ERR_USERNOTINCHANNEL, &[nick, &channel.name()]);
    } else {
        replies.numeric(ERR_NOSUCHNICK, &[nick]);
    }
}

/// Tells what holds for a group.
async fn tell(channel: &Channel, replies: &mut Replies) {
    let settings = channel.session.settings();
    let mut modes = String::from("+");
    modes.extend(FLAGS.iter().filter(|(_, flag)| settings.has(*flag)).map(|(letter, _)| letter));
    let has_key = channel.session.has_password();
    if has_key {
        modes.push('k');
    }
    let limit = settings.members_max.map(|count| count.to_string());
    if limit.is_some() {
        modes.push('l');
    }
    let name = channel.name();
    // The password itself is told to nobody.
    let key = has_key.then_some("*");
    let words = [name.as_str(), &modes].into_iter().chain(key).chain(limit.as_deref());
    let words: Vec<&str> = words.collect();
    replies.numeric_bare(RPL_CHANNELMODEIS, &words);
    let first = channel.session.events_after(Seq::ZERO, 1).await.unwrap_or_default();
    if let Some(made) = first.first() {
        let at = (made.at.ms() / 1_000).to_string();
        replies.numeric_bare(RPL_CREATIONTIME, &[&name, &at]);
    }
}

fn tell_list(channel: &Channel, listing: Listing, replies: &mut Replies) {
    let name = channel.name();
    let (one, end) = match listing {
        Listing::BanExceptions => (RPL_EXCEPTLIST, RPL_ENDOFEXCEPTLIST),
        Listing::InviteExceptions => (RPL_INVEXLIST, RPL_ENDOFINVEXLIST),
        Listing::Bans | Listing::Mutes => (RPL_BANLIST, RPL_ENDOFBANLIST),
    };
    for noted in channel.session.list(listing) {
        let at = (noted.at.ms() / 1_000).to_string();
        let by = nick_of(&noted.by);
        replies.numeric_bare(one, &[&name, noted.mask.as_str(), &by, &at]);
    }
    replies.numeric(end, &[&name]);
}

/// One's own modes: `i`, to be found only by who knows one's nick.
fn of_user(client: &Client, target: &str, message: &Message<'_>, replies: &mut Replies) {
    let is_own = Name::parse(target).is_ok_and(|name| name.is_same_as(&client.nick));
    if !is_own {
        if client.context.irc.registry().find(target).is_none() {
            replies.numeric(ERR_NOSUCHNICK, &[target]);
        } else {
            replies.numeric(ERR_USERSDONTMATCH, &[]);
        }
        return;
    }
    let mut changed = String::new();
    let mut is_unknown = false;
    let mut is_on = true;
    for letter in message.param(1).unwrap_or_default().chars() {
        match letter {
            '+' => is_on = true,
            '-' => is_on = false,
            'i' => {
                let mut registry = client.context.irc.registry();
                if let Some(user) = registry.user_mut(client.id)
                    && user.is_invisible != is_on
                {
                    user.is_invisible = is_on;
                    changed.push_str(if is_on { "+i" } else { "-i" });
                }
            }
            _ => is_unknown = true,
        }
    }
    if !changed.is_empty() {
        replies.line(client.line("MODE").param(client.nick.as_str()).last(&changed));
    }
    if is_unknown {
        replies.numeric(ERR_UMODEUNKNOWNFLAG, &[]);
    }
    if message.param(1).is_none() {
        let is_invisible = {
            let registry = client.context.irc.registry();
            registry.user(client.id).is_some_and(|user| user.is_invisible)
        };
        replies.numeric_bare(RPL_UMODEIS, &[if is_invisible { "+i" } else { "+" }]);
    }
}
