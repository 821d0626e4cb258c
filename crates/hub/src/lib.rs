//! Groups that are alive: who is in them, and how what the log committed reaches them.
//!
//! Does not know protocols, sockets or which log it stands on: bytes are made by a [`Wire`], they
//! go out by a [`Sink`], and events come from a `dyn Log`. A group without sessions is only in
//! the log.
//!
//! The way of a message: [`Session`] asks the group, which decides under a short lock and hands
//! the entry to the log; the publisher takes what was committed from the log's stream, applies
//! it, puts it into the tail, and writes it to every [`Outlet`] that stands at the head; a
//! catch-up task serves those that are behind, from the tail or from the log.
//!
//! Locks, in the order in which two may be held: the directory before a group's model before the
//! log's own queue; an outlet's feed before a tail's ring; the directory before what it notes of
//! direct conversations; whichever before the names of a conversation. No other two are ever held at
//! once, and none of them across an await. `Hub::changing`, which is, comes before all.

mod accounts;
mod admission;
mod brake;
mod catch_up;
mod direct;
mod directory;
mod hasher;
mod history;
mod hub;
mod invite;
mod leaving;
mod live_group;
mod membership;
mod messages;
mod model;
mod moderation;
mod outlet;
mod pages;
mod passing;
mod present;
mod publisher;
mod roll;
mod session;
mod steward;
mod sweep;
mod tail;
mod visit;
mod wire;

pub use accounts::{AccountConnection, SignedIn};
pub use admission::{Admission, Joined, Keep, Position, Resumed};
pub use brake::Source;
pub use direct::{Contact, Direct, DirectListed, DirectView};
pub use hasher::HashCost;
pub use hub::{Entropy, Figures, Hub, HubConfig, HubEnd};
pub use invite::{Invite, TOKEN_DIGITS};
pub use live_group::Serial;
pub use membership::{Landed, MemberHere, Membership, Said, Sending};
pub use moderation::GroupListed;
pub use outlet::{Echo, Ended, Going, Outlet, Own, Signal, Sink};
pub use session::{Session, Stretch};
pub use steward::GroupShown;
pub use visit::{Visit, Visitor};
pub use wire::Wire;
