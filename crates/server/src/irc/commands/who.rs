//! `WHO`: who is in a group, or goes by a nick; with the fields one asks for (`WHOX`).

use conclave_core::{Door, Name};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::encode::{host_of, nick_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{RPL_ENDOFWHO, RPL_WHOREPLY, RPL_WHOSPCRPL};
use conclave_doors::irc::replies::Replies;
use conclave_hub::MemberHere;

use super::names::ranks;
use crate::irc::client::{Channel, Client, UserOfPeer, user_of};

/// Somebody as `WHO` shows them.
struct Shown {
    channel: String,
    username: String,
    host: &'static str,
    nick: String,
    is_away: bool,
    ranks: String,
    realname: String,
    account: Option<Name>,
    idle_s: i64,
}

/// The order in which `WHOX` gives fields, whatever the order they were asked for in.
const FIELDS: &str = "tcuihsnfdlaor";

pub(super) fn run(client: &Client, message: &Message<'_>, replies: &mut Replies) {
    let mask = message.param(0).unwrap_or("*");
    let asked = message.param(1).and_then(|options| options.split_once('%'));
    let found = find(client, mask);
    for shown in &found {
        match asked {
            Some((_, fields)) => tell_fields(client, shown, fields, replies),
            None => tell(client, shown, replies),
        }
    }
    let mask = if mask.is_empty() { "*" } else { mask };
    replies.numeric(RPL_ENDOFWHO, &[mask]);
}

fn find(client: &Client, mask: &str) -> Vec<Shown> {
    if mask.starts_with('#') {
        return client.channel(mask).map(|channel| members(client, channel)).unwrap_or_default();
    }
    let registry = client.context.irc.registry();
    let is_pattern = mask.contains(['*', '?']);
    let mut found: Vec<_> = registry
        .users()
        .filter(|(id, user)| {
            let may_be_found = !user.is_invisible
                || *id == client.id
                || !is_pattern
                || registry.are_neighbours(*id, client.id);
            may_be_found && matches(mask, user.nick.as_str())
        })
        .map(|(_, user)| user.clone())
        .collect();
    drop(registry);
    found.sort_by(|one, other| one.nick.as_str().cmp(other.nick.as_str()));
    let mut shown: Vec<_> =
        found.iter().map(|user| shown(client, user, "*".to_owned(), String::new())).collect();
    if shown.is_empty()
        && let Some((_, member)) = client.member_called(mask)
    {
        shown.push(shown_member(&member, "*".to_owned(), String::new()));
    }
    shown
}

fn members(client: &Client, channel: &Channel) -> Vec<Shown> {
    let called = channel.name();
    let members = channel.session.members();
    let registry = client.context.irc.registry();
    let users: Vec<_> = members
        .iter()
        .map(|member| {
            let user = registry.find_in(channel.session.group(), member.name.as_str());
            user.map(|(_, user)| user.clone())
        })
        .collect();
    drop(registry);
    members
        .iter()
        .zip(users)
        .map(|(member, user)| match user {
            Some(user) => shown(client, &user, called.clone(), ranks_of(member)),
            None => shown_member(member, called.clone(), ranks_of(member)),
        })
        .collect()
}

fn ranks_of(member: &MemberHere) -> String {
    ranks(member.standing, member.is_voiced).to_owned()
}

/// Somebody who is here by another door.
fn shown_member(member: &MemberHere, channel: String, ranks: String) -> Shown {
    Shown {
        channel,
        username: nick_of(&member.name),
        host: host_of(member.origin.door()),
        nick: nick_of(&member.name),
        is_away: !member.is_here,
        ranks,
        realname: member.name.as_str().to_owned(),
        account: None,
        idle_s: 0,
    }
}

fn shown(client: &Client, user: &UserOfPeer, channel: String, ranks: String) -> Shown {
    Shown {
        channel,
        username: user_of(user.called.username()),
        host: host_of(Some(Door::Irc)),
        nick: user.nick.as_str().to_owned(),
        is_away: user.away().is_some(),
        ranks,
        realname: user.called.realname().to_owned(),
        account: user.account.clone(),
        idle_s: (client.now().ms() - user.active_at.ms()).max(0) / 1_000,
    }
}

impl Shown {
    fn flags(&self, client: &Client) -> String {
        let here = if self.is_away { 'G' } else { 'H' };
        let most = if client.negotiation.caps.has(Cap::MultiPrefix) { 2 } else { 1 };
        std::iter::once(here).chain(self.ranks.chars().take(most)).collect()
    }
}

fn tell(client: &Client, shown: &Shown, replies: &mut Replies) {
    let server = &client.context.irc.server;
    let flags = shown.flags(client);
    let words = [&*shown.channel, &shown.username, shown.host, server, &shown.nick, &flags];
    replies.numeric_with(RPL_WHOREPLY, &words, &format!("0 {}", shown.realname));
}

fn tell_fields(client: &Client, shown: &Shown, asked: &str, replies: &mut Replies) {
    let (fields, token) = asked.split_once(',').unwrap_or((asked, ""));
    let flags = shown.flags(client);
    let idle = shown.idle_s.to_string();
    let mut line = replies.begin(RPL_WHOSPCRPL, &[]);
    for field in FIELDS.chars().filter(|field| fields.contains(*field)) {
        line = match field {
            't' => line.param(token),
            'c' => line.param(&shown.channel),
            'u' => line.param(&shown.username),
            // Nobody is told where others connect from.
            'i' => line.param("255.255.255.255"),
            'h' => line.param(shown.host),
            's' => line.param(&client.context.irc.server),
            'n' => line.param(&shown.nick),
            'f' => line.param(&flags),
            'd' => line.param("0"),
            'l' => line.param(&idle),
            'a' => line.param(shown.account.as_ref().map_or("0", Name::as_str)),
            'o' => line.param("n/a"),
            _ => line.last(&shown.realname),
        };
    }
    replies.line(line);
}

/// Whether a nick fits a pattern of `*` and `?`, case aside. Takes at most the product of both
/// lengths, whatever the stars.
pub(super) fn matches(pattern: &str, nick: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let mut fits = vec![false; pattern.len() + 1];
    let mark = |fits: &mut Vec<bool>| {
        // A star fits nothing as well.
        for (index, sign) in pattern.iter().enumerate() {
            if *sign == '*'
                && fits.get(index) == Some(&true)
                && let Some(next) = fits.get_mut(index + 1)
            {
                *next = true;
            }
        }
    };
    if let Some(first) = fits.first_mut() {
        *first = true;
    }
    mark(&mut fits);
    for c in nick.to_lowercase().chars() {
        let mut next = vec![false; pattern.len() + 1];
        for (index, sign) in pattern.iter().enumerate() {
            let was = fits.get(index) == Some(&true);
            let to = if *sign == '*' { index } else { index + 1 };
            let fits_here = was && (matches!(sign, '*' | '?') || *sign == c);
            if let Some(place) = next.get_mut(to) {
                *place |= fits_here;
            }
        }
        mark(&mut next);
        fits = next;
    }
    fits.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_one_expects_and_stars_cost_nothing() {
        for (pattern, nick, expected) in [
            ("*", "noya", true),
            ("*", "", true),
            ("noya", "Noya", true),
            ("no*", "noya", true),
            ("*ya", "noya", true),
            ("n?ya", "noya", true),
            ("n?a", "noya", false),
            ("*o*a*", "noya", true),
            ("", "noya", false),
            ("נו*", "נויה", true),
        ] {
            assert_eq!(matches(pattern, nick), expected, "{pattern} {nick}");
        }
        assert!(!matches(&"*a".repeat(100), &"a".repeat(99)));
    }
}
