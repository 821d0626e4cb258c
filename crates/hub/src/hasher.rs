//! Hasher: Argon2id, beside the async threads, a bounded number at a time.
//!
//! Does not know groups. One hash takes a core for about 30 ms and 19 MiB: permits bound the
//! cores, a queue bounds who waits, and whoever waited too long is told to try again.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use conclave_core::{Refusal, limits};
use tokio::sync::Semaphore;

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Hashes at a time.
    pub at_once: usize,
}

impl HashCost {
    /// The cost of the product, on that many cores: one is left for everything else.
    pub fn on_cores(core_count: usize) -> Self {
        Self {
            memory_kib: limits::HASH_MEMORY_KIB,
            passes: limits::HASH_PASSES,
            at_once: core_count.saturating_sub(1).max(1),
        }
    }
}

/// Hashes and verifies passwords.
#[derive(Debug)]
pub(crate) struct Hasher {
    cost: HashCost,
    permits: Arc<Semaphore>,
    queue: Semaphore,
}

impl Hasher {
    pub(crate) fn new(cost: HashCost) -> Self {
        Self {
            cost,
            permits: Arc::new(Semaphore::new(cost.at_once)),
            queue: Semaphore::new(limits::HASH_QUEUE_MAX),
        }
    }

    /// Hashes a password to a PHC string.
    pub(crate) async fn hash(&self, password: &[u8], salt: [u8; 16]) -> Result<Box<str>, Refusal> {
        let password = zeroize::Zeroizing::new(password.to_vec());
        let hash = self
            .run(move |argon2| {
                let hash = argon2.hash_password_with_salt(&password, &salt);
                hash.map(|hash| hash.to_string().into_boxed_str())
            })
            .await?;
        hash.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Refusal::Busy
        })
    }

    /// Whether the password is the one that was hashed. Where it waited for its turn and the
    /// answer is known by then, `known` spares the work.
    pub(crate) async fn verify(
        &self,
        hash: &str,
        password: &[u8],
        known: impl FnOnce() -> bool + Send + 'static,
    ) -> Result<bool, Refusal> {
        let password = zeroize::Zeroizing::new(password.to_vec());
        let hash = hash.to_owned();
        self.run(move |argon2| {
            known()
                || PasswordHash::new(&hash)
                    .is_ok_and(|hash| argon2.verify_password(&password, &hash).is_ok())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let _queued = self.queue.try_acquire().map_err(|_full| Refusal::Busy)?;
        let turn = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(limits::HASH_WAIT_MAX, turn)
            .await
            .map_err(|_elapsed| Refusal::Busy)?
            .map_err(|_closed| Refusal::Stopping)?;
        let argon2 = self.argon2()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&argon2);
            // Held by the thread: a caller that has gone does not free the core.
            drop(permit);
            done
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "a password check ended early");
            Refusal::Busy
        })
    }

    fn argon2(&self) -> Result<Argon2<'static>, Refusal> {
        let params = Params::new(self.cost.memory_kib, self.cost.passes, 1, None);
        let params = params.map_err(|error| {
            tracing::error!(%error, "the cost of password hashes is out of bounds");
            Refusal::Busy
        })?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}
