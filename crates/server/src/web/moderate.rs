//! Moderate: what moderators do, by the words of the API.
//!
//! Decides nothing: the group does. Does not know whether it is asked over a WebSocket or HTTP.

use conclave_core::{Change, Flag, Listing, Mask, Name, Password, Power, Reason, Refusal};
use conclave_doors::api::{BanShown, Bans, Deed, Problem};
use conclave_hub::{MemberHere, Membership};

/// What is to be done, its words parsed.
pub(super) enum Doing {
    Remove { name: Name, reason: Reason },
    Ban { mask: Mask, reason: Reason },
    Grant { name: Name, power: Power, is_given: bool },
    Change(Change),
    Password(Option<Password>),
}

/// Parses what is to be done, to whom, and with which words.
///
/// # Errors
/// Where a name or a text is missing or can be none.
pub(super) fn parse(deed: Deed, name: Option<&str>, text: Option<&str>) -> Result<Doing, Problem> {
    let given = name.filter(|name| !name.is_empty());
    let needed = || given.ok_or_else(|| Problem::Request("give a name".to_owned()));
    let reason = || Reason::parse(text.unwrap_or_default()).map_err(Problem::from);
    let mask = || {
        let mask = Mask::parse(needed()?);
        mask.map_err(|problem| Problem::Request(problem.to_string()))
    };
    let listed = |listing| Ok::<_, Problem>(Doing::Change(Change::Listed(listing, mask()?)));
    let unlisted = |listing| Ok::<_, Problem>(Doing::Change(Change::Unlisted(listing, mask()?)));
    let flag = |flag, is_on| Doing::Change(Change::Flag { flag, is_on });
    let grant = |power, is_given| {
        Ok::<_, Problem>(Doing::Grant { name: Name::parse(needed()?)?, power, is_given })
    };
    Ok(match deed {
        Deed::Kick => Doing::Remove { name: Name::parse(needed()?)?, reason: reason()? },
        Deed::Ban => Doing::Ban { mask: mask()?, reason: reason()? },
        Deed::Unban => unlisted(Listing::Bans)?,
        Deed::Mute => listed(Listing::Mutes)?,
        Deed::Unmute => unlisted(Listing::Mutes)?,
        Deed::Op => grant(Power::Moderator, true)?,
        Deed::Deop => grant(Power::Moderator, false)?,
        Deed::Voice => grant(Power::Voice, true)?,
        Deed::Devoice => grant(Power::Voice, false)?,
        Deed::Password => match text.filter(|text| !text.is_empty()) {
            Some(text) => Doing::Password(Some(Password::parse(text)?)),
            None => Doing::Password(None),
        },
        Deed::Close => flag(Flag::Closed, true),
        Deed::Open => flag(Flag::Closed, false),
        Deed::LockTopic => flag(Flag::TopicLocked, true),
        Deed::UnlockTopic => flag(Flag::TopicLocked, false),
    })
}

/// Does it.
pub(super) async fn carry_out(membership: &Membership, doing: Doing) -> Result<(), Refusal> {
    match doing {
        Doing::Remove { name, reason } => {
            membership.remove(find(membership, &name)?.member, reason).await
        }
        Doing::Ban { mask, reason } => {
            let held = membership.masked(&mask);
            membership.change(Change::Listed(Listing::Bans, mask)).await?;
            for banned in held {
                // Who is a member stays one under a ban: it is to go as well. Of the owner, who
                // cannot be removed, nothing is taken.
                let removed = membership.remove(banned.member, reason.clone()).await;
                match removed {
                    Ok(()) | Err(Refusal::NoSuchMember | Refusal::TheOwner) => {}
                    Err(refusal) => return Err(refusal),
                }
            }
            Ok(())
        }
        Doing::Grant { name, power, is_given } => {
            let member = find(membership, &name)?.member;
            membership.grant(member, power, is_given).await.map(|_is_new| ())
        }
        Doing::Change(change) => membership.change(change).await.map(|_is_new| ()),
        Doing::Password(password) => {
            membership.set_password(password.as_ref()).await.map(|_is_new| ())
        }
    }
}

fn find(membership: &Membership, name: &Name) -> Result<MemberHere, Refusal> {
    membership.named(name).ok_or(Refusal::NoSuchMember)
}

/// The bans of a group, oldest first.
pub(super) fn bans(membership: &Membership) -> Bans {
    let noted = membership.list(Listing::Bans).into_iter();
    let bans = noted.map(|noted| BanShown {
        mask: noted.mask.name().unwrap_or(noted.mask.as_str()).to_owned(),
        by: noted.by.to_string(),
        at: noted.at.render_rfc3339(),
    });
    Bans { bans: bans.collect() }
}
