//! Accounts: proof that somebody gave the password of one, and what it allows: to hold memberships
//! across connections, and to know how far has been read.
//!
//! Only this module makes a [`SignedIn`], of a password. It lets nobody into a group that the
//! account is not a member of: that takes an [`Admission`] as it does from
//! everybody (P4). A wrong name and a wrong password do the same work and end in the same words.
//! Does not know protocols.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{
    Account, AccountId, GroupId, MemberId, Name, Party, Password, Refusal, Timestamp, limits,
};
use conclave_log::{Marker, NewAccount, StoredAccount};

use crate::admission::{Admission, Entering, Joined, Position, Resumed};
use crate::brake::{Source, Target};
use crate::hub::{Hub, refusal_of};
use crate::live_group::{LiveGroup, Serial};
use crate::membership::Membership;
use crate::model::Model;
use crate::outlet::{Outlet, Own, Signal};
use crate::present::{Connected, Shown};
use crate::wire::Wire;

/// Proof that the password of an account was given. Cheap to clone.
#[derive(Clone)]
pub struct SignedIn {
    hub: Arc<Hub>,
    account: Account,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignedIn").field(&self.account).finish()
    }
}

/// What a hub knows of accounts beside what the log has.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    /// Keyed digest of the password that was verified last, for accounts that came lately: it
    /// vouches for the next connection that brings the same, so that a restart of everybody's
    /// client is not hashed one by one twice.
    vouched: Mutex<HashMap<AccountId, blake3::Hash>>,
}

/// Accounts whose passwords vouch; past it all are hashed once more.
const VOUCHED_MAX: usize = 4_096;

impl Accounts {
    fn vouched(&self) -> MutexGuard<'_, HashMap<AccountId, blake3::Hash>> {
        self.vouched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_vouched(&self, id: AccountId, digest: &blake3::Hash) -> bool {
        // `blake3::Hash` compares in constant time.
        self.vouched().get(&id) == Some(digest)
    }

    fn vouch(&self, id: AccountId, digest: blake3::Hash) {
        let mut vouched = self.vouched();
        if vouched.len() >= VOUCHED_MAX {
            vouched.clear();
        }
        vouched.insert(id, digest);
    }
}

impl Hub {
    /// Makes an account, and signs in to it.
    ///
    /// # Errors
    /// [`Refusal::AccountTaken`] where the name is that of another or looks like it;
    /// [`Refusal::TooManyAccounts`] past [`limits::ACCOUNTS_PER_SOURCE`]; [`Refusal::Busy`] where
    /// too many passwords wait to be hashed; [`Refusal::NotSaved`] where the log cannot take it.
    ///
    /// # Cancel safety
    /// The account may have been made: signing in tells.
    pub async fn register(
        self: &Arc<Self>,
        name: Name,
        password: &Password,
        source: Source,
    ) -> Result<SignedIn, Refusal> {
        self.brake().check_making(source)?;
        if self.find_account(name.clone()).await?.is_some() {
            return Err(Refusal::AccountTaken);
        }
        let mut salt = [0; 16];
        self.fill(&mut salt);
        let password_hash = self.hasher().hash(password.as_bytes(), salt).await?;
        // Once more, since many may have waited to be hashed; now it counts.
        self.brake().note_making(source)?;
        let made = self.log().create_account(NewAccount { name, password_hash }).await;
        let account = made.map_err(|error| refusal_of(&error))?.ok_or(Refusal::AccountTaken)?;
        self.accounts().vouch(account.id(), self.digest_of_account(&account, password));
        tracing::info!(account = account.id().0, ?source, "account made");
        Ok(SignedIn { hub: Arc::clone(self), account })
    }

    /// Signs in to an account. `None` for what can be no name: it is refused in the same words and
    /// the same time.
    ///
    /// # Errors
    /// [`Refusal::WrongNameOrPassword`]; [`Refusal::TooManyGuesses`] and [`Refusal::Busy`] before
    /// anything was checked.
    ///
    /// # Cancel safety
    /// Safe: nothing has happened but a check.
    pub async fn verify(
        self: &Arc<Self>,
        name: Option<Name>,
        password: &Password,
        source: Source,
    ) -> Result<SignedIn, Refusal> {
        let target = Target::account(name.as_ref());
        self.brake().pass(source, target).await?;
        let stored = match name {
            Some(name) => self.find_account(name).await?,
            None => None,
        };
        if self.is_password_of_account(stored.as_ref(), password).await?
            && let Some(StoredAccount { account, .. }) = stored
        {
            return Ok(SignedIn { hub: Arc::clone(self), account });
        } else if let Some(StoredAccount { account, .. }) = stored {
            let account = account.id().0;
            tracing::info!(account, ?source, "sign-in refused: the password does not match");
        } else {
            tracing::info!(?source, "sign-in refused: no such account");
        }
        self.brake().note_failure(source, target);
        Err(Refusal::WrongNameOrPassword)
    }

    async fn find_account(&self, name: Name) -> Result<Option<StoredAccount>, Refusal> {
        self.log().find_account(name).await.map_err(|error| refusal_of(&error))
    }

    /// Checks a password; where there is no account, one that nobody has, with the same work.
    async fn is_password_of_account(
        self: &Arc<Self>,
        stored: Option<&StoredAccount>,
        password: &Password,
    ) -> Result<bool, Refusal> {
        let Some(StoredAccount { account, password_hash }) = stored else {
            self.hasher().verify(self.nobodys_hash(), password.as_bytes(), || false).await?;
            return Ok(false);
        };
        let (id, digest) = (account.id(), self.digest_of_account(account, password));
        if self.accounts().is_vouched(id, &digest) {
            return Ok(true);
        }
        let known = {
            let hub = Arc::clone(self);
            move || hub.accounts().is_vouched(id, &digest)
        };
        let is_right = self.hasher().verify(password_hash, password.as_bytes(), known).await?;
        if is_right {
            self.accounts().vouch(id, digest);
        }
        Ok(is_right)
    }
}

impl SignedIn {
    /// Which account it is.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    fn party(&self) -> Party {
        Party::Account(self.account.id())
    }

    /// The groups that the account is a member of, by rising number: what its next connection
    /// takes up, by [`SignedIn::resume`].
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn groups(&self) -> Result<Vec<GroupId>, Refusal> {
        let groups = self.hub.log().groups_of(self.account.clone()).await;
        groups.map_err(|error| refusal_of(&error))
    }

    /// Joins a group under a name, as the account: the membership outlives the connection, until
    /// it is left. Where the account is a member already, that membership is taken up from the
    /// head, under the name that it has. Its other connections are signalled
    /// [`Signal::AccountJoined`].
    ///
    /// # Errors
    /// [`Refusal::NameTaken`] and the like; [`Refusal::TooManyGroups`] past
    /// [`limits::ACCOUNT_GROUPS_MAX`].
    ///
    /// # Cancel safety
    /// It may join all the same.
    pub async fn join(
        &self,
        admission: &Admission,
        name: Name,
        outlet: &Arc<Outlet>,
        wire: &'static dyn Wire,
    ) -> Result<Joined, Refusal> {
        loop {
            let groups = self.groups().await?;
            let is_known = groups.contains(&admission.group());
            if groups.len() >= limits::ACCOUNT_GROUPS_MAX && !is_known {
                return Err(Refusal::TooManyGroups);
            }
            let account = Some(self.account.clone());
            let entering = Entering { name: name.clone(), seat: None, account };
            match admission.enter(entering, outlet, wire).await {
                Err(Refusal::AlreadyAMember) => {}
                Ok(joined) => {
                    self.tell_others(outlet, &Signal::AccountJoined { group: admission.group() });
                    return Ok(joined);
                }
                Err(refusal) => return Err(refusal),
            }
            match self.resume(admission.group(), None, outlet, wire).await {
                // It has left meanwhile.
                Err(Refusal::NotAMember) => {}
                resumed => {
                    return resumed.map(|Resumed { session, head, .. }| Joined {
                        session,
                        seat: None,
                        head,
                    });
                }
            }
        }
    }

    /// Takes up a membership of the account, and its events follow from that place on; from the
    /// head where there is none.
    ///
    /// # Errors
    /// [`Refusal::NotAMember`] where it has none of that group, whether or not there is such a
    /// group.
    ///
    /// # Cancel safety
    /// Safe: nothing has happened, or the session is dropped.
    pub async fn resume(
        &self,
        group: GroupId,
        position: Option<Position>,
        outlet: &Arc<Outlet>,
        wire: &'static dyn Wire,
    ) -> Result<Resumed, Refusal> {
        let (live, _) = self.find(group).await?;
        let find = |model: &Model| model.held_by(&live, &self.account).ok_or(Refusal::NotAMember);
        self.hub.take_up(&live, find, position, outlet, wire).await
    }

    /// The account's membership of a group, without a connection that events flow to.
    ///
    /// # Errors
    /// As [`SignedIn::resume`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn membership(&self, group: GroupId) -> Result<Membership, Refusal> {
        let (live, member) = self.find(group).await?;
        Ok(Membership { hub: Arc::clone(&self.hub), live, member })
    }

    /// A group that the account is a member of, and which.
    async fn find(&self, group: GroupId) -> Result<(Arc<LiveGroup>, MemberId), Refusal> {
        let live = self.hub.load(group).await?.filter(|live| !live.id.is_direct());
        let live = live.ok_or(Refusal::NotAMember)?;
        let member = live.model().held_by(&live, &self.account).ok_or(Refusal::NotAMember)?;
        Ok((live, member))
    }

    /// Makes the connection known as one of the account's, until what is given is dropped: it is
    /// signalled what concerns the account, and direct messages are written to it on that wire, its
    /// own as `own` says.
    /// Past [`limits::SESSIONS_PER_MEMBER_MAX`] the oldest is signalled [`Signal::SignedOut`].
    pub fn connect(
        &self,
        outlet: &Arc<Outlet>,
        wire: &'static dyn Wire,
        own: Own,
    ) -> AccountConnection {
        let (serial, outlet) = (self.hub.next_serial(), Arc::clone(outlet));
        let added = Connected { serial, shown: Shown { outlet, wire, own } };
        if let Some(oldest) = self.hub.present().connect(self.account.id(), added) {
            oldest.shown.outlet.signal(Signal::SignedOut);
        }
        AccountConnection { signed_in: self.clone(), serial }
    }

    /// Notes that all of a group up to that time has been read, and gives up to when it has: that
    /// only rises. `None` where the account is no member of it. Every other connection of the
    /// account is signalled [`Signal::Read`], nobody else.
    ///
    /// # Errors
    /// Where the log cannot take it.
    ///
    /// # Cancel safety
    /// It may be noted.
    pub async fn mark_read(
        &self,
        outlet: &Arc<Outlet>,
        group: GroupId,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Refusal> {
        if self.has_no_part_in(group).await? {
            return Ok(None);
        }
        let raised = self.hub.log().raise_marker(self.account.clone(), group, at).await;
        let raised = raised.map_err(|error| refusal_of(&error))?;
        if let Some(at) = raised {
            self.tell_others(outlet, &Signal::Read { group, at });
        }
        Ok(raised)
    }

    /// Notes that the account goes by another name from here on: each of its other connections is
    /// signalled [`Signal::NameChanged`].
    pub fn note_name_changed(&self, outlet: &Arc<Outlet>) {
        self.tell_others(outlet, &Signal::NameChanged);
    }

    async fn has_no_part_in(&self, group: GroupId) -> Result<bool, Refusal> {
        let Some(live) = self.hub.load(group).await? else { return Ok(true) };
        Ok(live.model().held_by(&live, &self.account).is_none())
    }

    /// Up to when the account has read each group and direct conversation that it has marked.
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn markers(&self) -> Result<Vec<Marker>, Refusal> {
        let markers = self.hub.log().markers(self.account.clone()).await;
        markers.map_err(|error| refusal_of(&error))
    }

    fn tell_others(&self, outlet: &Arc<Outlet>, signal: &Signal) {
        for other in self.hub.present().connections(self.party()) {
            if !Arc::ptr_eq(&other.outlet, outlet) {
                other.outlet.signal(signal.clone());
            }
        }
    }
}

/// A connection that is known as one of an account's, for as long as this lives.
#[derive(Debug)]
pub struct AccountConnection {
    signed_in: SignedIn,
    serial: Serial,
}

impl AccountConnection {
    /// The account.
    pub const fn signed_in(&self) -> &SignedIn {
        &self.signed_in
    }

    /// Has direct messages written on another wire from here on, its own as that says.
    pub fn set_shown(&self, wire: &'static dyn Wire, own: Own) {
        let SignedIn { hub, account } = &self.signed_in;
        hub.present().adjust(account.id(), self.serial, wire, own);
    }
}

impl Drop for AccountConnection {
    fn drop(&mut self) {
        // Its conversations outlive its being there.
        let SignedIn { hub, account } = &self.signed_in;
        hub.present().disconnect(account.id(), self.serial);
    }
}
