//! Settings row: a group's settings as they lie in its snapshot, in JSON that a person can read.
//!
//! Does not know snapshots. Invariant: what was written is what is read.

use std::num::NonZeroU32;

use conclave_core::{Change, Flag, Listing, Lock, Mask, Name, PasswordHash, Settings, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct WrittenSettings {
    /// Those that are on.
    flags: Vec<String>,
    members_max: Option<NonZeroU32>,
    lock: WrittenLock,
    lists: Vec<(String, Vec<WrittenMask>)>,
    invitations: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenLock {
    AsMade,
    Open,
    Password(String),
}

/// Mask, who put it there, and when.
type WrittenMask = (String, String, i64);

/// Writes settings down.
pub(super) fn render(settings: &Settings) -> WrittenSettings {
    let list = |listing: Listing| {
        let masks = settings.list(listing).iter().map(|noted| {
            (noted.mask.as_str().to_owned(), noted.by.as_str().to_owned(), noted.at.ms())
        });
        (listing.word().to_owned(), masks.collect())
    };
    let on = Flag::ALL.into_iter().filter(|flag| settings.has(*flag));
    let invitations = settings.invitations().iter();
    WrittenSettings {
        flags: on.map(|flag| flag.word().to_owned()).collect(),
        members_max: settings.members_max,
        lock: match &settings.lock {
            Lock::AsMade => WrittenLock::AsMade,
            Lock::Open => WrittenLock::Open,
            Lock::Password(hash) => WrittenLock::Password(hash.as_phc().to_owned()),
        },
        lists: Listing::ALL.into_iter().map(list).collect(),
        invitations: invitations.map(|name| name.as_str().to_owned()).collect(),
    }
}

/// Reads what [`render`] wrote; nothing for what it cannot have written.
pub(super) fn parse(written: &WrittenSettings) -> Option<Settings> {
    let mut settings = Settings::default();
    let nobody = Name::from_log("");
    let at = Timestamp::default();
    let mut on = Vec::new();
    for word in &written.flags {
        on.push(Flag::of_word(word)?);
    }
    for flag in Flag::ALL {
        settings.apply(&Change::Flag { flag, is_on: on.contains(&flag) }, &nobody, at);
    }
    settings.members_max = written.members_max;
    settings.lock = match &written.lock {
        WrittenLock::AsMade => Lock::AsMade,
        WrittenLock::Open => Lock::Open,
        WrittenLock::Password(hash) => Lock::Password(PasswordHash::from_phc(hash)),
    };
    for (word, masks) in &written.lists {
        let listing = Listing::of_word(word)?;
        for (mask, by, at) in masks {
            let change = Change::Listed(listing, Mask::from_log(mask));
            settings.apply(&change, &Name::from_log(by), Timestamp::from_ms(*at));
        }
    }
    for name in &written.invitations {
        settings.apply(&Change::Invited(Name::from_log(name)), &nobody, at);
    }
    Some(settings)
}
