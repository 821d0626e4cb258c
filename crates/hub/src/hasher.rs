//! Hasher: Argon2id, beside the async threads, a bounded number at a time.
//!
//! Does not know groups. One hash takes a core for about 30 ms and 19 MiB: permits bound the
//! cores, a queue bounds who waits, and whoever waited too long is told to try again.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash};
use conclave_core::{Refusal, limits};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

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
    memory: Arc<Memory>,
}

/// What hashes work in: one buffer a permit, made once and kept. Given back each time to an
/// allocator that keeps an arena a thread, 19 MiB for each thread that ever hashed would stay:
/// 1,000 groups made in a row left 18 GB.
type Memory = Mutex<Vec<Vec<Block>>>;

impl Hasher {
    pub(crate) fn new(cost: HashCost) -> Self {
        Self {
            cost,
            permits: Arc::new(Semaphore::new(cost.at_once)),
            queue: Semaphore::new(limits::HASH_QUEUE_MAX),
            memory: Arc::default(),
        }
    }

    /// Hashes a password to a PHC string.
    pub(crate) async fn hash(&self, password: &[u8], salt: [u8; 16]) -> Result<Box<str>, Refusal> {
        let password = Zeroizing::new(password.to_vec());
        let cost = self.cost;
        let hash = self.run(move |blocks| cost.hash(&password, &salt, blocks)).await?;
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
        let password = Zeroizing::new(password.to_vec());
        let hash = hash.to_owned();
        self.run(move |blocks| known() || is_hash_of(&hash, &password, blocks)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let _queued = self.queue.try_acquire().map_err(|_full| Refusal::Busy)?;
        let turn = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(limits::HASH_WAIT_MAX, turn)
            .await
            .map_err(|_elapsed| Refusal::Busy)?
            .map_err(|_closed| Refusal::Stopping)?;
        let memory = Arc::clone(&self.memory);
        let done = tokio::task::spawn_blocking(move || {
            let kept = memory.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut blocks = kept.unwrap_or_default();
            let done = work(&mut blocks);
            memory.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
            // Held by the thread: a caller that has gone does not free the core.
            drop(permit);
            done
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "a password check ended early");
            Refusal::Busy
        })
    }
}

impl HashCost {
    fn hash(
        self,
        password: &[u8],
        salt: &[u8],
        blocks: &mut Vec<Block>,
    ) -> Result<Box<str>, password_hash::Error> {
        let params = Params::new(self.memory_kib, self.passes, 1, None)?;
        let salt = Salt::new(salt)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params)?,
            hash: Some(output(params, password, &salt, blocks)?),
            salt: Some(salt),
        };
        Ok(hash.to_string().into_boxed_str())
    }
}

fn is_hash_of(hash: &str, password: &[u8], blocks: &mut Vec<Block>) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let (Ok(params), Some(salt), Some(expected)) = (Params::try_from(&hash), hash.salt, hash.hash)
    else {
        return false;
    };
    // `Output` compares in constant time.
    hash.algorithm == Algorithm::Argon2id.ident()
        && output(params, password, &salt, blocks).is_ok_and(|output| output == expected)
}

fn output(
    params: Params,
    password: &[u8],
    salt: &[u8],
    blocks: &mut Vec<Block>,
) -> Result<Output, password_hash::Error> {
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    blocks.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut bytes = [0; Output::MAX_LENGTH];
    let out = bytes.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
    argon2.hash_password_into_with_memory(password, salt, out, blocks)?;
    Ok(Output::new(out)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: HashCost = HashCost { memory_kib: 64, passes: 1, at_once: 1 };

    #[test]
    fn a_password_is_the_one_that_was_hashed_and_no_other() {
        let mut blocks = Vec::new();
        let hash = COST.hash(b"open sesame", &[7; 16], &mut blocks).unwrap();
        assert!(is_hash_of(&hash, b"open sesame", &mut blocks));
        assert!(!is_hash_of(&hash, b"open sesam", &mut blocks));
        assert!(!is_hash_of("", b"open sesame", &mut blocks));
        assert!(!is_hash_of(&hash.replace("argon2id", "argon2i"), b"open sesame", &mut blocks));
    }

    #[test]
    fn a_hash_is_what_other_programs_make_of_it() {
        use argon2::password_hash::PasswordVerifier as _;
        let hash = COST.hash(b"open sesame", &[7; 16], &mut Vec::new()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let hash = PasswordHash::new(&hash).unwrap();
        assert!(Argon2::default().verify_password(b"open sesame", &hash).is_ok());
    }

    #[tokio::test]
    async fn the_memory_of_a_hash_serves_the_next_one() {
        let hasher = Hasher::new(COST);
        for _ in 0..20 {
            hasher.hash(b"open sesame", [7; 16]).await.unwrap();
        }
        assert_eq!(hasher.memory.lock().unwrap().len(), 1);
    }
}
