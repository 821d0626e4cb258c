//! Invite: what a member gives to somebody who is to come in without being told the password.
//!
//! A token tells when it ends and is sealed with what is kept of the group's password, so that the
//! server remembers none and a new password ends them all. Whoever has one may come in as with the
//! password; bans and the like hold for it all the same. Does not know how it is handed over.

use std::fmt::Write as _;
use std::sync::Arc;

use conclave_core::{GroupId, Refusal, Timestamp, limits};
use tokio::time::Instant;

use crate::admission::{Admission, hold_back};
use crate::brake::{Source, Target};
use crate::hub::Hub;
use crate::live_group::LiveGroup;
use crate::membership::Membership;

/// A token, and when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// The token: [`TOKEN_DIGITS`] hexadecimal digits.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Digits of a token: the minute in which it ends, and the seal.
pub const TOKEN_DIGITS: usize = 2 * (size_of::<u32>() + SEAL_BYTES);
/// Bytes of a seal: enough that nobody finds one by trying.
const SEAL_BYTES: usize = 16;
const MINUTE_MS: i64 = 60_000;

impl Membership {
    /// A token that lets in whoever has it, for [`limits::INVITE_MAX`].
    ///
    /// # Errors
    /// [`Refusal::NotAMember`], [`Refusal::GroupClosed`].
    pub fn invite(&self) -> Result<Invite, Refusal> {
        self.check()?;
        let lasts_ms = i64::try_from(limits::INVITE_MAX.as_millis()).unwrap_or(i64::MAX);
        let ends_ms = self.hub.now().ms().saturating_add(lasts_ms);
        let minute = u32::try_from(ends_ms / MINUTE_MS).unwrap_or(u32::MAX);
        let mut token = String::with_capacity(TOKEN_DIGITS);
        for byte in minute.to_be_bytes().into_iter().chain(seal(&self.live, minute)) {
            // Writing to a string cannot fail.
            let _written = write!(token, "{byte:02x}");
        }
        Ok(Invite { token, expires_at: Timestamp::from_ms(i64::from(minute) * MINUTE_MS) })
    }

    /// Lets in somebody beside oneself, such as a program that is to speak in the group.
    ///
    /// # Errors
    /// [`Refusal::NotAModerator`].
    pub fn admit_another(&self) -> Result<Admission, Refusal> {
        self.check()?;
        if self.is_moderator() {
            Ok(Admission::new(Arc::clone(&self.hub), Arc::clone(&self.live)))
        } else {
            Err(Refusal::NotAModerator)
        }
    }
}

impl Hub {
    /// Lets in who gives a token of a group. `None` for what can be no number: it is refused in the
    /// same words.
    ///
    /// # Errors
    /// [`Refusal::WrongIdOrPassword`], as for a wrong password; [`Refusal::TooManyGuesses`].
    ///
    /// # Cancel safety
    /// Safe: nothing has happened but a check.
    pub async fn admit_invited(
        self: &Arc<Self>,
        id: Option<GroupId>,
        token: &str,
        source: Source,
    ) -> Result<Admission, Refusal> {
        let target = Target::Group(id);
        self.brake().pass(source, target).await?;
        let asked_at = Instant::now();
        if let Some(id) = id
            && let Some((minute, given)) = parse(token)
            && i64::from(minute) * MINUTE_MS > self.now().ms()
            && let Some(live) = self.load(id).await?
            && live.is_open(&live.model())
            && is_same(seal(&live, minute), given)
        {
            return Ok(Admission::new(Arc::clone(self), live));
        }
        tracing::info!(?source, "sign-in refused: the invitation does not hold");
        self.brake().note_failure(source, target);
        Err(hold_back(asked_at, Refusal::WrongIdOrPassword).await)
    }
}

/// What proves that a token is ours, for that group and minute.
fn seal(live: &LiveGroup, minute: u32) -> [u8; SEAL_BYTES] {
    let password = live.password();
    let secret = password.as_ref().map_or("", |hash| hash.as_phc());
    let key = blake3::derive_key("conclave 2026-11-21 invitations to a group", secret.as_bytes());
    let mut seal = [0; SEAL_BYTES];
    blake3::Hasher::new_keyed(&key)
        .update(&live.id.get().to_le_bytes())
        .update(&minute.to_le_bytes())
        .finalize_xof()
        .fill(&mut seal);
    seal
}

/// Whether two seals are the same, in the same time whatever they are.
fn is_same(one: [u8; SEAL_BYTES], other: [u8; SEAL_BYTES]) -> bool {
    one.iter().zip(other).fold(0, |differing, (one, other)| differing | (one ^ other)) == 0
}

fn parse(token: &str) -> Option<(u32, [u8; SEAL_BYTES])> {
    if token.len() != TOKEN_DIGITS || !token.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let (minute, seal) = token.split_at_checked(2 * size_of::<u32>())?;
    let seal = u128::from_str_radix(seal, 16).ok()?;
    Some((u32::from_str_radix(minute, 16).ok()?, seal.to_be_bytes()))
}
