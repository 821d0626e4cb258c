//! Sends: which client ids of a member have landed, and where, so that a retry lands once.
//!
//! Bounded: the last [`limits::SENDS_KEPT_MIN`] of a member are kept and those of the last
//! [`limits::SENDS_KEPT_FOR`], never more than [`limits::SENDS_KEPT_MAX`]. Does not know the log:
//! it is rebuilt by applying events, so it survives a restart.

use std::collections::{HashMap, VecDeque};

use crate::{ClientId, Seq, Timestamp, limits};

/// Where a send is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// On its way into the log.
    InFlight,
    /// In the log.
    At(Seq, Timestamp),
}

/// The sends of one member that had a client id. Most members have none, so that it costs a
/// pointer until the first.
#[derive(Clone, Debug, Default)]
pub struct Sends(Option<Box<Remembered>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Remembered {
    by_client_id: HashMap<ClientId, Sent>,
    /// Those in the log, oldest first.
    landed: VecDeque<ClientId>,
}

impl PartialEq for Sends {
    fn eq(&self, other: &Self) -> bool {
        let nothing = Remembered::default();
        self.0.as_deref().unwrap_or(&nothing) == other.0.as_deref().unwrap_or(&nothing)
    }
}

impl Eq for Sends {}

impl Sends {
    /// Where the send of that client id is, if it is remembered.
    pub fn find(&self, client_id: &ClientId) -> Option<Sent> {
        self.0.as_deref()?.by_client_id.get(client_id).copied()
    }

    /// Notes that a send is on its way.
    pub fn expect(&mut self, client_id: &ClientId) {
        let remembered = self.0.get_or_insert_default();
        remembered.by_client_id.entry(client_id.clone()).or_insert(Sent::InFlight);
    }

    /// Notes that a send did not get into the log.
    pub fn give_up(&mut self, client_id: &ClientId) {
        if self.find(client_id) == Some(Sent::InFlight)
            && let Some(remembered) = &mut self.0
        {
            remembered.by_client_id.remove(client_id);
        }
    }

    /// Notes that a send is in the log, and forgets what is past the bounds. Where it is there
    /// already, the first stands: it is the one that was answered.
    pub fn land(&mut self, client_id: &ClientId, seq: Seq, at: Timestamp) {
        if matches!(self.find(client_id), Some(Sent::At(..))) {
            return;
        }
        let Remembered { by_client_id, landed } = &mut **self.0.get_or_insert_default();
        by_client_id.insert(client_id.clone(), Sent::At(seq, at));
        landed.push_back(client_id.clone());
        let kept_for_ms = i64::try_from(limits::SENDS_KEPT_FOR.as_millis()).unwrap_or(i64::MAX);
        let old_before = Timestamp::from_ms(at.ms().saturating_sub(kept_for_ms));
        while landed.len() > limits::SENDS_KEPT_MIN {
            let Some(oldest) = landed.front() else { break };
            let sent = by_client_id.get(oldest);
            let is_young = matches!(sent, Some(Sent::At(_, sent_at)) if *sent_at >= old_before);
            if is_young && landed.len() <= limits::SENDS_KEPT_MAX {
                break;
            }
            if let Some(oldest) = landed.pop_front() {
                by_client_id.remove(&oldest);
            }
        }
    }

    /// The sends without those that are on their way.
    #[must_use]
    pub fn settled(&self) -> Self {
        let mut settled = self.clone();
        if let Some(remembered) = &mut settled.0 {
            remembered.by_client_id.retain(|_, sent| *sent != Sent::InFlight);
        }
        settled
    }

    /// The sends that are in the log, oldest first: what a snapshot keeps.
    pub fn landed(&self) -> impl Iterator<Item = (&ClientId, Seq, Timestamp)> {
        let landed = self.0.iter().flat_map(|remembered| &remembered.landed);
        landed.filter_map(|client_id| match self.find(client_id)? {
            Sent::At(seq, at) => Some((client_id, seq, at)),
            Sent::InFlight => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_id(n: usize) -> ClientId {
        ClientId::parse(&format!("c{n}")).unwrap()
    }

    fn sends_of(count: usize, ms_apart: i64) -> Sends {
        let mut sends = Sends::default();
        for n in 0..count {
            let at = Timestamp::from_ms(1_000 + i64::try_from(n).unwrap() * ms_apart);
            sends.land(&client_id(n), Seq(n as u64 + 1), at);
        }
        sends
    }

    #[test]
    fn the_last_thousand_sends_are_remembered_however_old() {
        let sends = sends_of(2_000, 1_000_000);
        assert_eq!(sends.landed().count(), limits::SENDS_KEPT_MIN);
        assert_eq!(sends.find(&client_id(999)), None);
        assert!(sends.find(&client_id(1_000)).is_some());
    }

    #[test]
    fn the_sends_of_the_last_ten_minutes_are_remembered_however_many() {
        let sends = sends_of(13_000, 50);
        assert!(sends.find(&client_id(1_000)).is_some());
        assert_eq!(sends.find(&client_id(998)), None, "ten minutes and a moment ago");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        assert_eq!(sends_of(40_000, 1).landed().count(), limits::SENDS_KEPT_MAX);
    }

    #[test]
    fn a_send_that_is_in_the_log_twice_is_where_it_was_first() {
        let mut sends = sends_of(3, 1);
        sends.land(&client_id(0), Seq(9), Timestamp::from_ms(9_000));
        assert_eq!(sends.find(&client_id(0)), Some(Sent::At(Seq(1), Timestamp::from_ms(1_000))));
        assert_eq!(sends.landed().count(), 3);
    }

    #[test]
    fn what_is_settled_has_nothing_on_its_way() {
        let mut sends = sends_of(3, 1);
        let before = sends.clone();
        sends.expect(&client_id(7));
        assert_ne!(sends, before);
        assert_eq!(sends.settled(), before);
    }

    #[test]
    fn a_send_that_was_given_up_is_forgotten_and_one_that_landed_is_not() {
        let mut sends = Sends::default();
        sends.expect(&client_id(1));
        assert_eq!(sends.find(&client_id(1)), Some(Sent::InFlight));
        sends.give_up(&client_id(1));
        assert_eq!(sends.find(&client_id(1)), None);
        sends.land(&client_id(1), Seq(1), Timestamp::from_ms(1));
        sends.give_up(&client_id(1));
        assert_eq!(sends.find(&client_id(1)), Some(Sent::At(Seq(1), Timestamp::from_ms(1))));
    }
}
