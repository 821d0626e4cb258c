//! Refusal: a rule said no. A value, not an error: it is answered, and everything goes on.
//!
//! Does not know the words of a door: `Display` is for logs and programs, doors have their own.

use crate::{MaskProblem, NameProblem, PasswordProblem, TextProblem, limits};

/// Why something was not done. Nothing of it is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No group has that ID and password. Which of the two was wrong is never told.
    #[error("no group has that ID and password")]
    WrongIdOrPassword,
    /// A member of the group has that name, or one that looks like it.
    #[error("the name is in use in this group")]
    NameTaken,
    /// The name cannot be a name.
    #[error(transparent)]
    Name(#[from] NameProblem),
    /// The text cannot be a message.
    #[error(transparent)]
    Text(#[from] TextProblem),
    /// The password cannot be a password.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// What was typed cannot be a mask.
    #[error(transparent)]
    Mask(#[from] MaskProblem),
    /// The group has [`limits::MEMBERS_MAX`] members.
    #[error("the group is full: it has {} members", limits::MEMBERS_MAX)]
    GroupFull,
    /// Who asks is not, or no longer, a member of the group.
    #[error("you are not a member of the group")]
    NotAMember,
    /// The seat is not one of that group. It may have been left, removed, or unused too long.
    #[error("the seat is not one of that group")]
    SeatUnknown,
    /// Too many sign-ins at once; later it may work.
    #[error("too many people are signing in; try again in a moment")]
    Busy,
    /// Too many failed sign-ins; later it may work.
    #[error("too many failed sign-ins; try again in a minute")]
    TooManyGuesses,
    /// The log could not take it (a full disk); it is definitely not written, and a retry may work.
    #[error("it could not be saved; try again later")]
    NotSaved,
    /// The log ended before it said whether it was written: retry with the same client id.
    #[error("it is not known whether it was saved; try again with the same client id")]
    Unknown,
    /// The group was closed or deleted.
    #[error("the group is closed")]
    GroupClosed,
    /// The server is stopping.
    #[error("the server is stopping; try again in a moment")]
    Stopping,
    /// Only the one who made the group may do this.
    #[error("only the one who made the group may do this")]
    NotTheCreator,
    /// No account has that name and password. Which of the two was wrong is never told.
    #[error("no account has that name and password")]
    WrongNameOrPassword,
    /// An account has that name, or one that looks like it.
    #[error("an account has that name; choose another")]
    AccountTaken,
    /// Too many accounts were made from that address; later it may work.
    #[error("too many accounts were made from your address; try again in an hour")]
    TooManyAccounts,
    /// The account is a member of the group already.
    #[error("your account is a member of the group already")]
    AlreadyAMember,
    /// The account is a member of [`limits::ACCOUNT_GROUPS_MAX`] groups.
    #[error("your account is in {} groups; leave one first", limits::ACCOUNT_GROUPS_MAX)]
    TooManyGroups,
    /// Who asks has begun [`limits::DIRECTS_MAX`] direct conversations.
    #[error("you have begun {} direct conversations, which is the most", limits::DIRECTS_MAX)]
    TooManyDirects,
    /// There is nobody of that name to write to.
    #[error("nobody of that name is here")]
    NobodyOfThatName,
    /// Only moderators may do this.
    #[error("only a moderator of the group may do this")]
    NotAModerator,
    /// Nobody but the owner takes anything from the owner.
    #[error("this cannot be done to the owner of the group")]
    TheOwner,
    /// There is no such member.
    #[error("no member of the group has that name")]
    NoSuchMember,
    /// Who is to be invited is a member.
    #[error("that is the name of a member of the group")]
    NameOfAMember,
    /// A ban holds for who wants to join, speak or change its name.
    #[error("you are banned from the group")]
    Banned,
    /// A mute holds for who wants to speak or change its name.
    #[error("you are muted in the group")]
    Muted,
    /// Only who has a voice may speak just now.
    #[error("only who was given a voice may speak in the group now")]
    NoVoice,
    /// Only moderators set the topic.
    #[error("only a moderator of the group may set the topic")]
    TopicLocked,
    /// Only who is invited may join.
    #[error("only who was invited may join the group; ask a moderator for an invitation")]
    InviteOnly,
    /// Nobody new may join.
    #[error("the group takes nobody new at present; ask a moderator to open it")]
    ClosedToNew,
    /// The group has as many members as its moderators let in.
    #[error("the group has as many members as its moderators let in; try again later")]
    LimitReached,
    /// A list of masks has [`limits::MASKS_MAX`].
    #[error("the list is full: it has {} entries; take one off first", limits::MASKS_MAX)]
    ListFull,
    /// A group that goes by its number has a password and hears its members only.
    #[error("only a group with an alias can be without a password or hear who is not in it")]
    NeedsAlias,
    /// Only members may speak.
    #[error("only members may speak in the group; join it first")]
    MembersOnly,
}
