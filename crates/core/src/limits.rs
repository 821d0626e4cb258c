//! Every limit of the product, in one file: unit, default, and what happens at the bound.
//!
//! Does not know who enforces them: a limit stands here even where only one crate reads it, so
//! that they can be read in one sitting. A limit that an operator may change is the default here
//! and an option in the server's configuration.

use std::time::Duration;

/// Longest name, in Unicode code points. A longer one is refused with this number.
pub const NAME_CHARS_MAX: usize = 32;
/// Longest name, in bytes of UTF-8 after normalisation. A longer one is refused.
pub const NAME_BYTES_MAX: usize = 128;
/// Most combining marks on one letter of a name: pointed Hebrew needs three, cantillation four.
pub const NAME_MARKS_MAX: usize = 4;

/// Longest message, in bytes of UTF-8. A longer one is refused with this number, never cut.
pub const TEXT_BYTES_MAX: usize = 4096;
/// Most lines in one message. More are refused with this number.
pub const TEXT_LINES_MAX: usize = 100;
/// Most combining marks in a row in a message; more cover other people's lines and are refused.
pub const TEXT_MARKS_MAX: usize = 16;
/// Longest topic, in bytes of UTF-8. A longer one is refused with this number.
pub const TOPIC_BYTES_MAX: usize = 390;
/// Longest reason for which somebody is removed, in bytes of UTF-8. A longer one is refused.
pub const REASON_BYTES_MAX: usize = 390;
/// Longest mask of a ban or a mute, in bytes of UTF-8. A longer one is refused.
pub const MASK_BYTES_MAX: usize = 200;
/// Masks on one list of a group (bans, mutes, exceptions). The next one is refused until another is
/// taken off: what somebody says is never held against them, who joins is against all.
pub const MASKS_MAX: usize = 100;
/// Invitations of a group that nobody has made use of. One more takes the place of the oldest.
pub const INVITATIONS_MAX: usize = 100;
/// Longest user or host that a door gives for who joins, in bytes. What is longer is cut.
pub const ORIGIN_BYTES_MAX: usize = 64;

/// Longest password of a group, in bytes of UTF-8; refused before it is hashed.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Longest password of an account, in bytes of UTF-8; refused before it is hashed. Longer than a
/// group's, since programs draw them (SASL PLAIN).
pub const ACCOUNT_PASSWORD_BYTES_MAX: usize = 1_024;
/// Longest client id of a send, in bytes. A longer one is refused.
pub const CLIENT_ID_BYTES_MAX: usize = 64;

/// Digits of the shortest group number.
pub const GROUP_ID_DIGITS_MIN: u32 = 4;
/// Digits of the longest group number that is read.
pub const GROUP_ID_DIGITS_MAX: u32 = 18;
/// A length of number is in use until this share of it (one in so many) is taken; then numbers
/// grow by a digit. It keeps guessing a number as hard as it was for the first group.
pub const GROUP_ID_SPARSITY: u64 = 10;

/// Most members of one group. The next one is told that the group is full.
pub const MEMBERS_MAX: usize = 10_000;
/// Longest alias of a group, in bytes of UTF-8. A longer one is refused.
pub const ALIAS_BYTES_MAX: usize = 50;
/// Connections that one member has in a group at once (browser tabs, a phone, IRC clients of one
/// account). At the bound the newest takes the place of the oldest, which is told so.
pub const SESSIONS_PER_MEMBER_MAX: usize = 16;
/// Time in which comings and goings of one group are gathered before they are told: a page that
/// is loaded anew is no news, and a thousand members who vanish at once are told of together.
pub const PRESENCE_GATHERED_FOR: Duration = Duration::from_millis(500);
/// Most events in one answer to who pages through a group. A larger number is taken as this one.
pub const HISTORY_EVENTS_MAX: usize = 500;
/// Bytes of text in one such answer, about. At the bound it holds fewer events, those nearest to
/// the number that was given.
pub const HISTORY_BYTES_MAX: usize = 256 * 1024;

/// Sends of a member that are remembered by client id at the least, whatever their age.
pub const SENDS_KEPT_MIN: usize = 1_000;
/// Sends of a member that are remembered at the most, whatever their age (about 64 bytes each).
/// At 20 messages a second ten minutes are 12,000.
pub const SENDS_KEPT_MAX: usize = 16_384;
/// Age up to which a send is remembered by its client id.
pub const SENDS_KEPT_FOR: Duration = Duration::from_mins(10);

/// Events a page of the log holds at the most.
pub const PAGE_EVENTS_MAX: usize = 128;
/// Bytes of text a page of the log holds at the most (one event more may cross it).
pub const PAGE_BYTES_MAX: usize = 64 * 1024;

/// Appends that wait for the log, all groups together. At the bound the sockets that feed it are
/// not read until there is room.
pub const APPENDS_IN_FLIGHT_MAX: usize = 4_096;
/// Most events in one commit. The rest go into the next.
pub const COMMIT_EVENTS_MAX: usize = 1_024;
/// Least time between the starts of two commits. A commit costs about 100 microseconds of CPU
/// whatever is in it; after a pause the first event commits at once, so a quiet group waits for
/// nothing. Raised: fewer commits under load, more latency.
pub const COMMIT_INTERVAL: Duration = Duration::from_millis(2);
/// Groups that wait for a commit at which it does not wait for its time: to wait saves nothing but
/// the commit's own cost, which is little for so many, and in one group writing to its members.
pub const COMMIT_GROUPS: usize = 32;
/// Events after which a group's snapshot is written anew, at the least (large groups: later, so
/// that snapshots never cost more than the events between them).
pub const SNAPSHOT_EVENTS: u64 = 1_024;
/// Time that a snapshot waits for a commit that takes it along.
pub const SNAPSHOT_WAIT_MAX: Duration = Duration::from_millis(250);
/// Readers of the log at once; the next waits its turn. Each costs up to half a MiB of pages.
pub const LOG_READERS: usize = 3;
/// Pages of the write-ahead log (4 KiB each) that are moved into the database when the writer
/// has nothing else to do.
pub const WAL_PAGES_IDLE: i64 = 1_000;
/// Pages of the write-ahead log that are moved whatever the writer has to do.
pub const WAL_PAGES_BUSY: i64 = 4_000;
/// Pages at which the write-ahead log starts anew, for which readers are waited for: it stays
/// below 64 MiB.
pub const WAL_PAGES_MAX: i64 = 8_000;
/// Newest events of all groups together, as they were committed, at which the log begins to sort them
/// in among those of their group: the more, the more of a group go to one place at once. Each takes
/// 16 bytes of memory, and is read at the start.
pub const FRESH_EVENTS: usize = 16_384;
/// Events of one group in one commit at which they are written where they are to stay, and not
/// sorted in later: fewer are not worth a page of their own.
pub const SORTED_AT_ONCE_MIN: usize = 4;
/// Newest events of that group that are sorted in along with it. With more, all wait to be sorted.
pub const SORTED_BEFORE_MAX: usize = 64;
/// Events that are sorted in at once, between two commits; twice as many as came in since the last
/// time where that is more.
pub const SORT_EVENTS: usize = 256;
/// Events of a deleted group that are taken away between two commits.
pub const PURGE_EVENTS: u64 = 256;
/// Problems that a check of the log tells at the most.
pub const CHECK_PROBLEMS_MAX: usize = 100;

/// Time that a lock on the database held by another process (somebody's `sqlite3`) is waited for.
pub const LOG_BUSY_MAX: Duration = Duration::from_secs(5);
/// Longest wait for readers when the write-ahead log is to start anew: longer than a page takes.
pub const LOG_READERS_WAIT_MAX: Duration = Duration::from_millis(100);

/// Time after which a leaving that the log could not take is tried again.
pub const LEAVE_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Time after something happened in a group before it is tidied: where nobody is behind, what was
/// held for that is let go of.
pub const TIDY_AFTER: Duration = Duration::from_millis(100);
/// Time between two sweeps of the live groups, which let go of what nobody needs.
pub const SWEEP_INTERVAL: Duration = Duration::from_secs(2);
/// Time between two looks for groups that have been empty too long.
pub const RETENTION_INTERVAL: Duration = Duration::from_mins(10);
/// Bytes of the newest events that a live group holds in memory, with their bytes on one wire; each
/// other wire that somebody reads adds up to half of it. A reader further behind reads from the log.
pub const TAIL_BYTES_MAX: usize = 128 * 1024;
/// Age after which the tail lets go of events: readers at the head have long had them, and those
/// behind share what they read of the log.
pub const TAIL_KEPT_FOR: Duration = Duration::from_secs(2);
/// Bytes of pages of a group's log that are kept, until the next sweep, for others who want them.
pub const PAGES_BYTES_MAX: usize = 512 * 1024;
/// Messages of a live group of which it is known where they are: what is shown to one who joins, and
/// more.
pub const MESSAGES_KNOWN: usize = 64;

/// Bytes of answers that wait for a connection. At the bound its input is not read.
pub const ANSWERS_BYTES_MAX: usize = 64 * 1024;
/// A connection whose peer takes no byte for this long while some wait is closed: its TCP is dead.
/// Long, so that a reader that was merely stopped for ten minutes is still there.
pub const STALL_MAX: Duration = Duration::from_mins(15);
/// Members a delivery pass writes to before it lets other tasks run: one or two milliseconds. Each
/// time it does, the runtime wakes a thread that looks for work and finds none.
pub const PASS_YIELD_MEMBERS: usize = 256;

/// Earlier messages shown to one who joins, and by `/history` without a number.
pub const EARLIER_MESSAGES: u32 = 20;
/// Bytes of earlier messages shown at joining to a client that reads with `recv(1024)` (B13): one
/// read of it, so that it never sees half a letter.
pub const EARLIER_BYTES_UNFRAMED: usize = 900;

/// Silence before the menu, by default.
pub const GREETING_DELAY: Duration = Duration::from_millis(250);
/// A first answer without a line end within this time is taken as unframed (B13).
pub const UNFRAMED_AFTER: Duration = Duration::from_millis(200);
/// A connection that has not shown its protocol in this time is closed.
pub const DETECT_MAX: Duration = Duration::from_secs(10);
/// Time to get from the menu into a group on the console.
pub const SIGN_IN_MAX: Duration = Duration::from_mins(2);
/// Wrong IDs and passwords on one console connection before it is closed (B3).
pub const SIGN_IN_TRIES: u32 = 3;
/// Longest line of the console, in bytes: a message and a command's name before it. The rest of
/// a longer line is thrown away and the line refused.
pub const CONSOLE_LINE_BYTES_MAX: usize = TEXT_BYTES_MAX + 64;
/// Longest telnet subnegotiation that is passed over, in bytes. A client that sends a longer one is
/// told so and disconnected: what follows could not be told from text.
pub const TELNET_SUBNEGOTIATION_BYTES_MAX: usize = 1024;

/// Longest message of a WebSocket, in bytes, in however many frames. A client that announces a
/// longer one is told so (close code 1009) and cut off.
pub const WEBSOCKET_MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Longest head of an HTTP request, in bytes. A longer one is answered with status 431.
pub const HTTP_HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most headers of an HTTP request. More are answered with status 431.
pub const HTTP_HEADERS_MAX: usize = 64;
/// Time that the head of an HTTP request may take, from the end of the request before it: a
/// connection that is kept and not used is closed then.
pub const HTTP_HEAD_MAX: Duration = Duration::from_secs(10);
/// Longest body of an HTTP request, in bytes. A longer one is answered with status 413.
pub const HTTP_BODY_BYTES_MAX: usize = 64 * 1024;
/// Time that the body of an HTTP request may take.
pub const HTTP_BODY_MAX: Duration = Duration::from_secs(10);
/// Time that an invitation to a group holds.
pub const INVITE_MAX: Duration = Duration::from_hours(7 * 24);
/// Time between two pings of a WebSocket: less than what middleboxes forget a silent connection in.
pub const PING_INTERVAL: Duration = Duration::from_secs(25);
/// Things that one WebSocket has asked for and that are under way. At the bound it is not read.
pub const SOCKET_UNDER_WAY_MAX: usize = 256;
/// Of these such as take long (passwords, pages of events). At the bound the next waits, and what
/// came after it.
pub const SOCKET_SLOW_MAX: usize = 4;
/// Longest mark that a program puts on what it asks (`ref`), in bytes. A longer one is refused.
pub const REFERENCE_BYTES_MAX: usize = 64;

/// Messages a second from one member, by default; above it the connection is read more slowly.
pub const MESSAGE_RATE: u32 = 20;
/// A burst is this many times the rate.
pub const MESSAGE_BURST: u32 = 5;

/// Connections at the most, all together; the file limit may make it less.
pub const CONNECTIONS_MAX: usize = 16_384;
/// File descriptors kept back from connections: log, listeners, admin.
pub const DESCRIPTORS_RESERVED: usize = 128;
/// Connections that have not signed in are at the most one in so many of all; at the bound the
/// oldest of the address that holds most makes room.
pub const UNSIGNED_SHARE: usize = 4;
/// Connections from one address, by default.
pub const CONNECTIONS_PER_IP: usize = 1_024;

/// Argon2id memory, KiB.
pub const HASH_MEMORY_KIB: u32 = 19_456;
/// Argon2id passes.
pub const HASH_PASSES: u32 = 2;
/// Password checks that wait for a core; the next is told to try again.
pub const HASH_QUEUE_MAX: usize = 128;
/// Longest wait for a core before a sign-in is told to try again.
pub const HASH_WAIT_MAX: Duration = Duration::from_secs(5);

/// Who is refused is told so at a multiple of this time after they asked, so that how long it took
/// says nothing of what is there. Longer than a password check takes.
pub const REFUSAL_STEP: Duration = Duration::from_millis(250);

/// Failed sign-ins of one address before its next ones wait.
pub const GUESSES_PER_SOURCE: u32 = 30;
/// Time in which one failed sign-in of an address is forgiven.
pub const GUESS_FORGIVEN_SOURCE: Duration = Duration::from_secs(30);
/// Failed sign-ins to one group before the next ones wait.
pub const GUESSES_PER_GROUP: u32 = 30;
/// Time in which one failed sign-in to a group is forgiven.
pub const GUESS_FORGIVEN_GROUP: Duration = Duration::from_secs(20);
/// Braked sign-ins go single file, one in this time.
pub const GUESS_INTERVAL: Duration = Duration::from_secs(2);
/// Longest wait in that file; past it the sign-in is told to try again later. Places have their
/// turns one after the other, so this is also how many places can guess at once before somebody
/// from yet another is turned away: 55. Within [`SIGN_IN_MAX`].
pub const GUESS_WAIT_MAX: Duration = Duration::from_secs(110);
/// Failed sign-ins that are counted at the most, so that the brake is off again 80 minutes after
/// the last guess (of an address: 2 hours), however many there were.
pub const GUESSES_COUNTED_MAX: u32 = 240;
/// Addresses and groups whose failures are remembered; past it the stalest is forgotten.
pub const GUESS_KEYS_MAX: usize = 65_536;

/// Accounts made from one address before it has to wait.
pub const ACCOUNTS_PER_SOURCE: u32 = 20;
/// Time in which one account more may be made from an address that has made as many.
pub const ACCOUNT_FORGIVEN: Duration = Duration::from_mins(10);
/// Groups that an account is a member of at the most; the next is refused with this number.
pub const ACCOUNT_GROUPS_MAX: usize = 256;
/// Places that an account has read up to, at the most; past it the one of the earliest time is
/// forgotten.
pub const MARKERS_MAX: usize = 1_024;
/// Direct conversations that one has begun, at the most. The next is refused with this number; what
/// others begin is not counted, so that nobody can be kept from being written to.
pub const DIRECTS_MAX: usize = 512;
/// Direct conversations in one list: those of the newest messages.
pub const DIRECTS_LISTED_MAX: usize = 1_024;

/// Connections that wait to be accepted; a class that comes at once is not turned away.
pub const BACKLOG: i32 = 4096;
/// Pause after a first failure to accept (no descriptors left); doubled up to the longest.
pub const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(10);
/// Longest pause between two failures to accept.
pub const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);
/// Silence after which a peer is asked whether it is there.
pub const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
/// Time between two such questions.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// Questions without an answer after which a connection is dead: a minute in all, so that a member
/// whose machine vanished does not hold its name for hours.
pub const KEEPALIVE_TRIES: u32 = 3;
/// Time between two looks for dead peers that something is on its way to (decision 0004).
pub const GHOSTS_LOOK_INTERVAL: Duration = Duration::from_secs(20);
/// Retransmissions without an answer at which a peer is silent: they double from 0.2 seconds on,
/// so the fifth comes after about 6 seconds.
pub const RETRANSMISSIONS_UNANSWERED: u32 = 5;
/// Probes of a closed window without an answer at which a peer is silent.
pub const PROBES_UNANSWERED: u32 = 4;
/// Looks in a row at which a peer that is silent is dead: a minute and no more, and more than a
/// short failure of our own link.
pub const LOOKS_OF_THE_DEAD: u32 = 3;
/// Time a client that is turned away has to read why.
pub const TURNED_AWAY_MAX: Duration = Duration::from_secs(2);
/// Clients that are turned away at a time and have that; past it one is closed without a word. They
/// live on what [`DESCRIPTORS_RESERVED`] leaves beside log, listeners and admin.
pub const TURNED_AWAY_AT_ONCE: usize = 64;
/// Time the last words have to reach a peer.
pub const FAREWELL_MAX: Duration = Duration::from_secs(5);
/// Time a peer has to close its side after ours is closed.
pub const LINGER_MAX: Duration = Duration::from_secs(1);

/// Tasks of `conclave admin` that a running server does at a time; the next is not answered.
pub const ADMIN_TASKS_MAX: usize = 4;
/// Longest task of `conclave admin`, in bytes.
pub const ADMIN_TASK_BYTES_MAX: u64 = 8 * 1024;
/// Time to send a task of `conclave admin`.
pub const ADMIN_TASK_TIME_MAX: Duration = Duration::from_secs(5);
/// Lines of its answer that wait to be read; a slow reader of an export holds it up.
pub const ADMIN_LINES_WAITING_MAX: usize = 64;

/// Time members have to read that the server stops. Whoever has not by then is cut off.
pub const STOP_GOODBYES_MAX: Duration = Duration::from_millis(2_500);
/// Time the log has to commit what was accepted.
pub const STOP_LOG_MAX: Duration = Duration::from_secs(2);
/// Time a peer has to close its side after ours is closed while the server stops: it has been told.
pub const STOP_LINGER_MAX: Duration = Duration::from_millis(100);
/// Time a clean stop takes at the most.
pub const STOP_MAX: Duration = Duration::from_secs(5);

/// Longest line of IRC, its end included, its tags not. A longer one is refused, never cut.
pub const IRC_LINE_BYTES_MAX: usize = 512;
/// Longest tags of a line of IRC, with the sign before and the space behind them. A line with
/// longer ones is refused.
pub const IRC_TAGS_BYTES_MAX: usize = 4_096;
/// Longest user name of IRC, in bytes. What is longer is shortened: it is shown and nothing more.
pub const IRC_USERNAME_BYTES_MAX: usize = 32;
/// Longest real name of IRC, in bytes. What is longer is shortened: it is shown and nothing more.
pub const IRC_REALNAME_BYTES_MAX: usize = 150;
/// Nicks that one IRC client may watch (`MONITOR`). The next is refused with the list's end.
pub const IRC_WATCHES_MAX: usize = 100;
/// Nicks that were given up and are remembered for `WHOWAS`; past it the oldest is forgotten.
pub const IRC_WHOWAS_MAX: usize = 1_000;
/// Groups that one IRC client is in at the most; the next is refused.
pub const IRC_CHANNELS_MAX: usize = 100;
/// Longest reason for being away, in bytes. What is longer is shortened: it is shown and no more.
pub const IRC_AWAY_BYTES_MAX: usize = 390;
/// Time to register on IRC.
pub const IRC_REGISTRATION_MAX: Duration = Duration::from_mins(1);
/// Silence after which an IRC client is asked for a sign of life.
pub const IRC_PING_AFTER: Duration = Duration::from_secs(90);
/// Time it has to give one before its connection is closed.
pub const IRC_PONG_MAX: Duration = Duration::from_mins(1);
/// Time that one who joined a group by its alias has said nothing for when it is told its number. Not
/// with the answer to joining: its lines are fixed (RFC 1459), and some programs that join wait a
/// second for more of them.
pub const IRC_NUMBER_AFTER: Duration = Duration::from_secs(2);
/// Messages of one group that are taken back at the most; past it the next is refused.
pub const REDACTIONS_MAX: usize = 4_096;
/// Targets of one message, and channels of one `JOIN` or `PART`; more are not looked at.
pub const IRC_TARGETS_MAX: usize = 20;
/// Changes of one `MODE` that take a parameter; more are not looked at.
pub const IRC_MODES_MAX: usize = 12;
/// Longest answer of a SASL exchange, in bytes of base64. A longer one is refused.
pub const SASL_BYTES_MAX: usize = 2_048;
