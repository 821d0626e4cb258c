//! Moderate: what a console's member asks of its group as a moderator, carried to the hub.
//!
//! Finds whom a written name means; does not decide who may.

use conclave_core::{Change, Listing, Mask, Name, Reason, Refusal};
use conclave_doors::{Reply, Request};
use conclave_hub::Membership;

pub(super) async fn answer(membership: &Membership, request: Request) -> Result<Reply, Refusal> {
    match request {
        Request::Remove { written } => {
            let (target, why) = membership.addressed(&written).ok_or(Refusal::NoSuchMember)?;
            membership.remove(target.member, Reason::parse(why)?).await?;
            Ok(Reply::Removed)
        }
        Request::Ban { written } => ban(membership, &written).await,
        Request::Grant { whom, power, is_given } => {
            let target = membership.named(&whom).ok_or(Refusal::NoSuchMember)?;
            let is_new = membership.grant(target.member, power, is_given).await?;
            let whom = target.name;
            Ok(if is_new { Reply::Granted { whom, power, is_given } } else { Reply::Unchanged })
        }
        Request::Change { change } => changed(membership, change).await,
        Request::SetPassword { password } => {
            membership.set_password(Some(&password)).await?;
            Ok(Reply::PasswordChanged)
        }
        Request::ShowBans => Ok(Reply::Bans {
            bans: membership.list(Listing::Bans),
            mutes: membership.list(Listing::Mutes),
        }),
        _ => Err(Refusal::NotAMember),
    }
}

async fn changed(membership: &Membership, change: Change) -> Result<Reply, Refusal> {
    let is_new = membership.change(change.clone()).await?;
    Ok(if is_new { Reply::Changed { change } } else { Reply::Unchanged })
}

/// Bans, and removes the member of that name where there is one. Of a pattern nobody is removed: it
/// may hold for more than was thought of.
async fn ban(membership: &Membership, written: &str) -> Result<Reply, Refusal> {
    let target = membership.addressed(written);
    let mask = match &target {
        Some((target, _)) => Mask::of_name(&target.name),
        None if written.contains(['!', '@', '*', '?']) => Mask::parse(written)?,
        None => Mask::of_name(&Name::parse(written)?),
    };
    let why = Reason::parse(target.as_ref().map_or("", |(_, why)| why))?;
    let reply = changed(membership, Change::Listed(Listing::Bans, mask)).await?;
    if let Some((target, _)) = target {
        membership.remove(target.member, why).await?;
    }
    Ok(reply)
}
