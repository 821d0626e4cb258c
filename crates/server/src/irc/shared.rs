//! What all IRC connections share: the registry of who is there, and what the server says of itself.
//!
//! The registry's lock is held for a look or a change, never across a wait, and no other lock is
//! taken under it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::Timestamp;
use conclave_doors::irc::registry::Registry;

use super::peer::Peer;
use crate::config::Config;

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    registry: Mutex<Registry<Peer>>,
    /// The server's name, as lines bear it.
    pub(crate) server: Arc<str>,
    /// The password that a client has to give (`PASS`), where there is one.
    pub(crate) password: Option<String>,
    /// Accounts may be made before a connection is complete.
    pub(crate) registers_early: bool,
    /// When the server started.
    pub(crate) started_at: Timestamp,
}

impl Shared {
    pub(crate) fn new(config: &Config, started_at: Timestamp) -> Self {
        Self {
            registry: Mutex::default(),
            server: name_of_server(&config.server_name).into(),
            password: config.irc_password.clone(),
            registers_early: config.irc_register_early,
            started_at,
        }
    }

    /// Who is there.
    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry<Peer>> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server's name as lines can bear it: one word that is no nick.
fn name_of_server(given: &str) -> String {
    let kept: String = given
        .chars()
        .map(|c| if c.is_whitespace() { '-' } else { c })
        .filter(|c| !c.is_control() && !matches!(c, '!' | '@' | ':' | ',' | '*' | '?'))
        .collect();
    // Clients tell servers from people by the point.
    if kept.contains('.') { kept } else { format!("{kept}.local") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_name_with_a_point_and_without_signs() {
        for (given, expected) in [
            ("My.Little.Server", "My.Little.Server"),
            ("laptop", "laptop.local"),
            ("our class: 8", "our-class-8.local"),
            ("", ".local"),
        ] {
            assert_eq!(name_of_server(given), expected, "{given:?}");
        }
    }
}
