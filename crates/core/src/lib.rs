//! The model of Conclave: what a group, a member, an event, a command and a refusal are.
//!
//! This crate does not know sockets, SQL, protocols, threads, the clock or randomness: time and
//! entropy are parameters. Everything that holds for every door and every log stands here.

pub mod account;
pub mod command;
pub mod direct;
pub mod event;
pub mod group;
pub mod group_name;
pub mod id;
pub mod identity;
pub mod limits;
pub mod mask;
pub mod name;
pub mod passing;
pub mod password;
pub mod reason;
pub mod refusal;
pub mod relay;
pub mod role;
pub mod seat;
pub mod sends;
pub mod settings;
pub mod text;
pub mod timestamp;

pub use account::{Account, AccountId};
pub use command::{Command, Decision};
pub use direct::{Pair, Party, VisitorId};
pub use event::{Entry, Event, Farewell, Kind};
pub use group::{Founding, Group, Member, Snapshot, TopicSet};
pub use group_name::{Alias, GroupName};
pub use id::{ClientId, Epoch, GroupId, MemberId, Seq};
pub use identity::{Door, Identity, Origin};
pub use mask::{Mask, MaskProblem};
pub use name::{Name, NameProblem};
pub use passing::{Passing, Typing};
pub use password::{Password, PasswordHash, PasswordProblem};
pub use reason::Reason;
pub use refusal::Refusal;
pub use relay::{Cuts, Manner, Relay, Tags};
pub use role::{Power, Role, Standing};
pub use seat::{SeatHash, SeatSecret};
pub use settings::{Change, Flag, Listing, Lock, Noted, Settings};
pub use text::{Text, TextProblem, Topic};
pub use timestamp::Timestamp;
