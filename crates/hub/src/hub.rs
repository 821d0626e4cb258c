//! Hub: the groups that are alive, on one log.
//!
//! Doors and drivers hold one hub. Does not know protocols, sockets or which log it stands on; the
//! clock and entropy are handed in. Everything that changes a group goes through
//! [`Hub::submit`], everything that is shown comes from the publisher.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use conclave_core::{
    Account, Alias, Command, Decision, Founding, GroupId, Password, PasswordHash, Refusal, Seq,
    Timestamp, limits,
};
use conclave_log::{Append, Clock, Commits, Log, LogError, NewGroup, Ticket};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::admission::Admission;
use crate::brake::Brake;
use crate::directory::Directory;
use crate::hasher::{HashCost, Hasher};
use crate::live_group::{LiveGroup, Serial};
use crate::model::Answer;
use crate::present::Present;
use crate::publisher;
use crate::sweep::{self, Touched};

/// What a hub is started with.
pub struct HubConfig {
    /// The wall clock, for what is old.
    pub clock: Clock,
    /// Fills a buffer with random bytes fit for secrets.
    pub entropy: Entropy,
    /// What a password's hash costs.
    pub hash_cost: HashCost,
    /// Groups whose last member left this long ago are deleted (B9); `None` keeps them.
    pub empty_groups_kept_for: Option<Duration>,
}

/// Fills a buffer with random bytes.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

impl fmt::Debug for HubConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubConfig").field("hash_cost", &self.hash_cost).finish_non_exhaustive()
    }
}

/// How much there is of what, for whoever runs the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Groups that are alive.
    pub live_groups: usize,
    /// Appends that wait for the log.
    pub appends_under_way: usize,
}

/// Why a hub has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HubEnd {
    /// It was asked to stop.
    Stopped,
    /// The log ended by itself after a write that may or may not be on disk: the process has to
    /// end, and recovers when it starts again.
    LogFailed,
}

/// The groups that are alive.
pub struct Hub {
    log: Arc<dyn Log>,
    config: HubConfig,
    directory: Directory,
    hasher: Hasher,
    brake: Brake,
    accounts: Accounts,
    present: Present,
    /// Key of the digests by which a password vouches; of this process only.
    vouch_key: [u8; 32],
    /// A hash that no password has, checked where there is no group.
    nobodys_hash: OnceLock<Box<str>>,
    /// Places for appends under way.
    appends: Semaphore,
    next_ticket: AtomicU64,
    next_serial: AtomicU64,
    /// Held by whoever changes a group as a whole: closes, opens, deletes, makes one.
    pub(crate) changing: Mutex<()>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    /// The groups that are to be tidied.
    touched: Touched,
    /// Nobody leaves any more: the server is about to stop.
    keeps_members_now: AtomicBool,
    has_stopped: AtomicBool,
    ended: watch::Sender<Option<HubEnd>>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("live_groups", &self.directory.len()).finish_non_exhaustive()
    }
}

/// What became of a command that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Submitted {
    /// It is under way; the answer is told.
    UnderWay,
    /// It had landed before; the answer was not used.
    Already(Seq, Timestamp),
    /// It is so already; the answer was not used.
    Unchanged,
}

impl Hub {
    /// Starts a hub on a log that was just opened.
    pub async fn start(log: Arc<dyn Log>, commits: Commits, config: HubConfig) -> Arc<Self> {
        let mut vouch_key = [0; 32];
        (config.entropy)(&mut vouch_key);
        let hub = Arc::new(Self {
            log,
            directory: Directory::default(),
            hasher: Hasher::new(config.hash_cost),
            brake: Brake::default(),
            accounts: Accounts::default(),
            present: Present::default(),
            vouch_key,
            nobodys_hash: OnceLock::new(),
            appends: Semaphore::new(limits::APPENDS_IN_FLIGHT_MAX),
            next_ticket: AtomicU64::new(1),
            next_serial: AtomicU64::new(1),
            changing: Mutex::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            touched: Touched::default(),
            keeps_members_now: AtomicBool::new(false),
            has_stopped: AtomicBool::new(false),
            ended: watch::Sender::new(None),
            config,
        });
        // Made now, so that the first wrong number takes no longer than the second.
        let mut salt = [0; 16];
        hub.fill(&mut salt);
        if let Ok(hash) = hub.hasher.hash(&vouch_key, salt).await {
            hub.nobodys_hash.get_or_init(|| hash);
        }
        hub.tasks.spawn(publisher::run(Arc::clone(&hub), commits));
        hub.tasks.spawn(sweep::run(Arc::clone(&hub)));
        hub.tasks.spawn(sweep::tidy(Arc::clone(&hub)));
        hub
    }

    /// Makes a group with that password. Its maker is then to join it.
    ///
    /// # Errors
    /// [`Refusal::Busy`] where too many passwords wait to be hashed, [`Refusal::NotSaved`] where
    /// the log cannot take it.
    ///
    /// # Cancel safety
    /// A group may have been made that nobody knows of.
    pub async fn create(self: &Arc<Self>, password: &Password) -> Result<Admission, Refusal> {
        let hash = self.hash(password).await?;
        let founding = Founding { alias: None, password: Some(hash.clone()) };
        let made = self.make(founding).await?.ok_or(Refusal::GroupClosed)?;
        made.live().vouch(hash, self.digest(made.group(), password));
        Ok(made)
    }

    /// Makes a group of that alias, open to all until a moderator sets a password. Nothing where
    /// there is one of that alias.
    ///
    /// # Errors
    /// [`Refusal::NotSaved`] where the log cannot take it.
    ///
    /// # Cancel safety
    /// A group may have been made that nobody is in.
    pub async fn create_alias(
        self: &Arc<Self>,
        alias: Alias,
    ) -> Result<Option<Admission>, Refusal> {
        self.make(Founding { alias: Some(alias), password: None }).await
    }

    /// Whether there is a group of that alias. That is no secret: who asks to make one learns it.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn has_alias(self: &Arc<Self>, alias: &Alias) -> bool {
        self.find(alias).await.is_ok_and(|found| found.is_some())
    }

    /// Hashes a password of a group.
    pub(crate) async fn hash(&self, password: &Password) -> Result<PasswordHash, Refusal> {
        let mut salt = [0; 16];
        self.fill(&mut salt);
        let hash = self.hasher.hash(password.as_bytes(), salt).await?;
        Ok(PasswordHash::from_phc(&hash))
    }

    /// Makes a group; nothing where its alias is taken.
    async fn make(self: &Arc<Self>, founding: Founding) -> Result<Option<Admission>, Refusal> {
        let count = self.log.count().await.map_err(|error| refusal_of(&error))?;
        loop {
            let mut entropy = [0; 8];
            self.fill(&mut entropy);
            let id = GroupId::draw(u64::from_le_bytes(entropy), count);
            let new = NewGroup { id, founding: founding.clone() };
            if self.log.create(new).await.map_err(|error| refusal_of(&error))? {
                tracing::info!(group = %id, "group created");
                let _turn = self.changing.lock().await;
                let live = self.load_anew(id).await?.ok_or(Refusal::GroupClosed)?;
                return Ok(Some(Admission::new(Arc::clone(self), live)));
            }
            if let Some(alias) = &founding.alias
                && self.find(alias).await?.is_some()
            {
                return Ok(None);
            }
        }
    }

    /// Ends when the hub has ended, and tells why.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ended(&self) -> HubEnd {
        let mut ended = self.ended.subscribe();
        loop {
            let end = *ended.borrow_and_update();
            if let Some(end) = end {
                return end;
            }
            if ended.changed().await.is_err() {
                return HubEnd::Stopped;
            }
        }
    }

    /// Notes that the server is about to stop: connections without a seat that end from here on
    /// leave no group. Members would see one another leave before they are told why; who has no seat
    /// is seen off when the server is back.
    pub fn keep_members(&self) {
        self.keeps_members_now.store(true, Ordering::Release);
    }

    /// Whether connections without a seat that end leave no group.
    pub(crate) fn keeps_members(&self) -> bool {
        self.keeps_members_now.load(Ordering::Acquire)
    }

    /// Stops: takes no more appends, commits what was taken, and ends the log.
    ///
    /// # Cancel safety
    /// What was taken may be committed or not; a restart finds the log whole either way.
    pub async fn stop(&self) {
        self.has_stopped.store(true, Ordering::Release);
        self.stopping.cancel();
        self.appends.close();
        for live in self.directory.all() {
            self.keep_snapshot(&live);
        }
        if let Err(error) = self.log.stop().await {
            tracing::error!(%error, "the log did not stop cleanly");
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The epoch of the log.
    pub fn epoch(&self) -> conclave_core::Epoch {
        self.log.epoch()
    }

    /// Whether it takes messages: it is not stopping, and its log has not ended.
    pub fn is_serving(&self) -> bool {
        !self.is_stopping() && self.ended.borrow().is_none()
    }

    /// How much there is of what.
    pub fn figures(&self) -> Figures {
        let free = self.appends.available_permits();
        Figures {
            live_groups: self.directory.len(),
            appends_under_way: limits::APPENDS_IN_FLIGHT_MAX.saturating_sub(free),
        }
    }

    /// Whether it is stopping.
    pub fn is_stopping(&self) -> bool {
        self.has_stopped.load(Ordering::Acquire)
    }

    /// Has the log keep a snapshot of a group, where it has none that is as new.
    pub(crate) fn keep_snapshot(&self, live: &LiveGroup) {
        let model = live.model();
        if model.group.head() > model.snapshot_head {
            self.log.keep_snapshot(live.id, model.group.snapshot());
        }
    }

    /// A number for a session that no other has.
    pub(crate) fn next_serial(&self) -> Serial {
        Serial(self.next_serial.fetch_add(1, Ordering::Relaxed))
    }

    /// The groups that are to be tidied.
    pub(crate) const fn touched(&self) -> &Touched {
        &self.touched
    }

    pub(crate) const fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    pub(crate) fn log(&self) -> &dyn Log {
        &*self.log
    }

    pub(crate) const fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) const fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    pub(crate) const fn brake(&self) -> &Brake {
        &self.brake
    }

    pub(crate) const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(crate) const fn present(&self) -> &Present {
        &self.present
    }

    pub(crate) const fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// The time, by the clock that it was started with.
    pub fn now(&self) -> Timestamp {
        (self.config.clock)()
    }

    pub(crate) const fn empty_groups_kept_for(&self) -> Option<Duration> {
        self.config.empty_groups_kept_for
    }

    pub(crate) fn nobodys_hash(&self) -> &str {
        self.nobodys_hash.get().map_or("", |hash| hash)
    }

    /// Fills a buffer with random bytes.
    pub(crate) fn fill(&self, buffer: &mut [u8]) {
        (self.config.entropy)(buffer);
    }

    /// Digest by which a password of a group vouches for the next one who brings it.
    pub(crate) fn digest(&self, id: GroupId, password: &Password) -> blake3::Hash {
        blake3::Hasher::new_keyed(&self.vouch_key)
            .update(&id.get().to_le_bytes())
            .update(password.as_bytes())
            .finalize()
    }

    /// Digest by which a password of an account vouches for the next who brings it.
    pub(crate) fn digest_of_account(&self, account: &Account, password: &Password) -> blake3::Hash {
        blake3::Hasher::new_keyed(&self.vouch_key)
            .update(b"account")
            .update(&account.id().0.to_le_bytes())
            .update(password.as_bytes())
            .finalize()
    }

    /// The group of that alias; nothing where there is none.
    pub(crate) async fn find(&self, alias: &Alias) -> Result<Option<GroupId>, Refusal> {
        self.log.find(alias.clone()).await.map_err(|error| refusal_of(&error))
    }

    /// Brings a group to life; nothing where there is none.
    pub(crate) async fn load(&self, id: GroupId) -> Result<Option<Arc<LiveGroup>>, Refusal> {
        let loaded = self.directory.load(&*self.log, id).await;
        loaded.map_err(|error| refusal_of(&error))
    }

    /// Has a group decide about a command, and hands what it decides to the log. Waits while too
    /// much is under way: whoever calls reads no more meanwhile.
    ///
    /// # Errors
    /// The rule that forbids it; the answer is dropped then.
    ///
    /// # Cancel safety
    /// Either nothing has happened, or it is under way.
    pub(crate) async fn submit(
        &self,
        live: &LiveGroup,
        command: Command,
        answer: Answer,
    ) -> Result<Submitted, Refusal> {
        let place = self.appends.acquire().await.map_err(|_closed| Refusal::Stopping)?;
        loop {
            let settled = live.settled().notified();
            tokio::pin!(settled);
            {
                let mut model = live.model();
                if live.has_ended() {
                    return Err(Refusal::GroupClosed);
                }
                match model.decide(command.clone())? {
                    // Closed under this lock or before: what is under way when the log has ended
                    // is failed after it.
                    Decision::Append(_) if self.appends.is_closed() => {
                        return Err(Refusal::Stopping);
                    }
                    Decision::Append(entry) => {
                        let ticket = Ticket(self.next_ticket.fetch_add(1, Ordering::Relaxed));
                        model.expect(&entry, ticket, answer);
                        // Under the lock, so that the log's order is the order of decisions.
                        self.log.append(Append { group: live.id, entry, ticket });
                        place.forget();
                        return Ok(Submitted::UnderWay);
                    }
                    Decision::Already { seq, at } => return Ok(Submitted::Already(seq, at)),
                    Decision::Unchanged => return Ok(Submitted::Unchanged),
                    // Nobody will tell any more how it ended.
                    Decision::InFlight if self.ended.borrow().is_some() => {
                        return Err(Refusal::Unknown);
                    }
                    Decision::InFlight => {
                        settled.as_mut().enable();
                    }
                }
            }
            settled.await;
        }
    }

    /// Gives back the places of appends that have ended.
    pub(crate) fn settle_appends(&self, count: usize) {
        self.appends.add_permits(count);
    }

    /// Notes that the log's stream has ended.
    pub(crate) fn log_ended(&self) {
        let end = if self.is_stopping() { HubEnd::Stopped } else { HubEnd::LogFailed };
        self.appends.close();
        self.stopping.cancel();
        self.ended.send_replace(Some(end));
        for live in self.directory.all() {
            publisher::fail_rest(&live);
        }
    }
}

/// What is told of an error of the log to whoever asked; it is logged here.
pub(crate) fn refusal_of(error: &LogError) -> Refusal {
    match error {
        LogError::NoSuchGroup => Refusal::GroupClosed,
        LogError::Stopped => Refusal::Stopping,
        error => {
            tracing::error!(%error, "the log could not do what it was asked");
            Refusal::NotSaved
        }
    }
}
