//! Flow: how what is said in a direct conversation reaches every connection of its two.
//!
//! A connection has a place in a conversation only while something of it is to be written. The
//! publisher alone gives and takes places, under no lock: it is the one that moves the head, so a
//! place that it takes away at the head misses nothing. Whoever connects and then reads the
//! conversation up to its head misses nothing either: what is committed later finds it connected.

use std::sync::Arc;

use conclave_core::{Party, Seq};

use crate::hub::Hub;
use crate::live_group::{LiveGroup, Reader};
use crate::outlet::{Cursor, Labelled, Outlet, Own};
use crate::wire::Wire;

/// Gives every connection of the two a place at `next`, where it has none.
pub(crate) fn gather(hub: &Hub, live: &Arc<LiveGroup>, next: Seq) {
    let Some(two) = &live.two else { return };
    let readers = live.readers();
    let mut added: Vec<Reader> = Vec::new();
    let parties = [two.pair.low(), two.pair.high()];
    let count = if two.pair.is_of_one() { 1 } else { 2 };
    for party in parties.into_iter().take(count) {
        let Some(member) = two.pair.member_of(party) else { continue };
        for (outlet, wire, own) in connections_of(hub, party) {
            // To who writes to itself all is its own, and it is told all the same.
            let own = if two.pair.is_of_one() { Own::Everything } else { own };
            let is_there =
                |reader: &Reader| reader.member == member && Arc::ptr_eq(&reader.outlet, &outlet);
            if readers.iter().chain(&added).any(is_there) {
                continue;
            }
            let (session, group) = (hub.next_serial(), Arc::clone(live));
            outlet.attach(Cursor { session, group, next, member, wire, own, is_held: false });
            added.push(Reader { session, member, outlet });
        }
    }
    if !added.is_empty() {
        live.add_readers(added);
    }
}

/// Puts labels where those who set them have their places in the conversation; without a place
/// there is nobody to show it to.
pub(crate) fn find_sessions(live: &LiveGroup, labelled: &mut Vec<(Arc<Outlet>, Labelled)>) {
    if live.two.is_none() || labelled.is_empty() {
        return;
    }
    let readers = live.readers();
    labelled.retain_mut(|(outlet, label)| {
        let is_its =
            |reader: &&Reader| reader.member == label.member && Arc::ptr_eq(&reader.outlet, outlet);
        let found = readers.iter().find(is_its).map(|reader| reader.session);
        label.session = found.unwrap_or(label.session);
        found.is_some()
    });
}

/// Takes the places away of those who have been written everything.
pub(crate) fn let_go(live: &LiveGroup) {
    let head = live.tail().head();
    live.retain_readers(|reader| !reader.outlet.detach_if_past(reader.session, head));
}

/// The connections on which a party is there, what each is written in, and what of its own it is
/// shown: all, since that it is shown is how who said it knows that it was saved, but where the
/// connection wants no echo of its messages.
fn connections_of(hub: &Hub, party: Party) -> Vec<(Arc<Outlet>, &'static dyn Wire, Own)> {
    match party {
        Party::Account(_) | Party::Visitor(_) => {
            let connections = hub.present().connections(party).into_iter();
            connections.map(|there| (there.outlet, there.wire, there.own)).collect()
        }
        Party::Member(group, member) => {
            let Some(home) = hub.directory().find(group) else { return Vec::new() };
            let readers = home.readers();
            let of_member = readers.iter().filter(|reader| reader.member == member);
            of_member
                .filter_map(|reader| {
                    let (wire, own) = reader.outlet.written_in(reader.session)?;
                    let own = if own == Own::News { Own::News } else { Own::Everything };
                    Some((Arc::clone(&reader.outlet), wire, own))
                })
                .collect()
        }
    }
}
