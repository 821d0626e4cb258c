//! Golden conversations: the format of `tests/transcripts/**/*.chat`, and the player of them.
//!
//! Does not know a socket, a clock or any part of the product: it plays over a [`Stage`], and the
//! same files run in memory with virtual time and over TCP against the real binary. Its one piece
//! of knowledge is how a person gets from the menu into a group ([`PASSWORD`]), so that a file
//! about something else need not tell it.
//!
//! Invariants: a file that was played to its end asserted everything that anybody saw in it; and
//! what the parser took can be played (who is named was opened, what is reused was captured).
//!
//! # The format
//!
//! A file holds one promise and is named by it. Its first line is a comment that names the rows
//! held. Between a name and its sign any number of spaces may stand; after the sign stands one,
//! and the rest of the line counts to its last character.
//!
//! | line | means |
//! |---|---|
//! | `# words` | a comment |
//! | `# in memory only` | (with `: why`) not played over TCP, as it waits for long or needs to be alone |
//! | `# with --message-rate 2` | the server is started with these options |
//! | `@noya console at menu` | opens a connection; the menu must be seen |
//! | `@noya console at once` | opens a connection and waits for nothing |
//! | `@noya console in 8888` | opens a connection and brings it into a group: the first such line makes the group, later ones join it. `8888` stands for its real number from here on, wherever it stands alone among digits. The member is called `Noya`, or otherwise by `@noya console in 8888 as נועה`. `in {x}` joins the group of a captured number |
//! | `noya > text` | types a line |
//! | `noya >> text` | sends these bytes and no line end |
//! | `noya < line` | this is the next line that is seen |
//! | `noya << line` | this line is seen; lines before it are passed over |
//! | `noya ..` | nothing is to be seen |
//! | `noya closed` | the server closes the connection; nothing is seen before |
//! | `noya closed at last` | the server closes the connection, whatever is seen before |
//! | `noya hangs up` | the client closes its connection |
//! | `noya ends its input` | the client closes its half of the connection and goes on reading |
//! | `+ 250ms` | time passes (`ms`, `s`, `min`) |
//! | `restart` | the server is stopped and started again on the same data |
//!
//! In text: `\t`, `\r`, `\n`, `\\`, `\{`, `\xff` (a byte), `\u{202e}` (a character); `{5000 * x}`
//! is five thousand times `x`. In what is seen: `{x}` takes at least one character, as few as do,
//! and is the same wherever it stands again, also in what is typed; `{any}` takes anything, also
//! nothing; `{digit}` takes a digit; `{time}` takes a minute such as `2026-11-20 14:03`. A carriage
//! return before the line end is seen as `\r`.
//!
//! While a file has only opened connections, those who are in a group see by themselves who comes
//! in after them; later it is told in the file. When the file ends, nobody who is still connected
//! has anything to see or has been closed.

mod failure;
mod files;
mod parse;
mod play;
mod stage;
mod template;

pub use failure::{Failure, NotATranscript};
pub use files::read_all;
pub use parse::{Runs, Transcript};
pub use play::{PASSWORD, play};
pub use stage::{Read, Stage, StageError};
