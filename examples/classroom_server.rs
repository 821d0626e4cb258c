//! The assignment on `std::net` alone: group chats over TCP, blocking, a thread a client.
//!
//! Read this before the product: it is the same idea in one file, with nothing between the program
//! and the operating system. It runs with `cargo run --example classroom_server`, and takes the
//! address to listen on as its only argument. Not part of the product, and does not know it.
//!
//! # The handshake, call by call
//!
//! | call | what it asks of the operating system | does it block? |
//! |---|---|---|
//! | `TcpListener::bind` | `socket`, `bind`, `listen`: take a port, and have connections queue there | no |
//! | `listener.accept` | the next connection that has finished TCP's handshake | until there is one |
//! | `stream.read` | bytes that the client sent | until there is one, or the client has ended |
//! | `stream.write` | take these bytes and send them | while the client's receive window and the send buffer are full |
//! | drop of a stream | `close`: send FIN, after what was written | no |
//!
//! TCP's handshake itself (SYN, SYN-ACK, ACK) is done by the operating system: when `accept` gives
//! a stream, it is over. TCP is a stream of bytes and has no messages. What makes a message here
//! is the newline at its end, which is this program's protocol at the application layer.
//!
//! # What always holds
//!
//! - A client that has not given a group's password has no way to its members.
//! - All members get the messages of a group in the same order: who sends holds the lock.
//!
//! # What it leaves to the product
//!
//! Messages are lost when the process ends, passwords stand in memory as they were typed, a thread
//! a client costs megabytes where a task costs a kilobyte, and a member who stops reading holds up
//! the others until [`WRITE_TIMEOUT`] has passed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its console tells what happens")]

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Where it listens unless told otherwise: this machine alone. Port 0 means any free port.
const ADDRESS: &str = "127.0.0.1:5555";
/// Longest line in bytes. A client that sends a longer one is told so and disconnected.
const LINE_BYTES_MAX: u64 = 4096;
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 32;
/// Wrong IDs and passwords before a client is disconnected.
const TRIES: u32 = 3;
/// How long a member may hold up the others by not reading. Without it, for ever.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

const MENU: &str = "Hello client, please choose an option:\n\
    1. Connect to a group chat.\n\
    2. Create a group chat.\n\
    3. Exit the server.";
const WRONG_OPTION: &str = "Invalid option.";
const WRONG_ID_OR_PASSWORD: &str = "Sorry, no group has that ID and password. Try again.";

fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| ADDRESS.to_owned());
    match listen(&address) {
        Ok(listener) => take_clients(&listener),
        Err(error) => {
            let hint = "Is another server running there? Give another address, or port 0 for any";
            eprintln!("cannot listen on {address}: {error}. {hint}");
            ExitCode::FAILURE
        }
    }
}

/// Takes a port, and says which.
fn listen(address: &str) -> io::Result<TcpListener> {
    // Three system calls in one: `socket` makes an endpoint, `bind` gives it the address, `listen`
    // makes the operating system answer handshakes and queue the connections. None of them waits.
    // Rust sets SO_REUSEADDR before `bind` on Unix, so that a restart right after a stop works.
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Takes clients for as long as the process runs.
fn take_clients(listener: &TcpListener) -> ! {
    let groups = Groups::default();
    loop {
        // Blocks this thread until a client has connected: so everything else has threads of its
        // own, and this one does nothing but wait for the next client.
        match listener.accept() {
            Ok((stream, peer)) => {
                let groups = groups.clone();
                // A thread that ends with a panic ends alone; the others go on.
                let spawned = thread::Builder::new().spawn(move || serve(stream, peer, &groups));
                if let Err(error) = spawned {
                    // The stream was moved into the thread that is not, and is closed by that.
                    println!("client {peer} turned away: {error}");
                }
            }
            // The client gave up while it was queued, or this process has no descriptor left.
            // Neither is a reason to end; the pause keeps the second from turning in a circle.
            Err(error) => {
                println!("a connection failed before it began: {error}");
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// Everything about one client, from the menu to its end, in a thread of its own.
fn serve(stream: TcpStream, peer: SocketAddr, groups: &Groups) {
    println!("client {peer} connected");
    let ending = match Client::new(stream) {
        Ok(mut client) => client.run(groups).err().map(|error| format!(": {error}")),
        Err(error) => Some(format!(": {error}")),
    };
    // Dropping the last handle of the stream has closed the connection.
    println!("client {peer} disconnected{}", ending.unwrap_or_default());
}

/// A connected client: what it sends is read here, and by nobody else.
struct Client {
    /// Reads large pieces from the socket and gives them out line by line.
    reader: BufReader<TcpStream>,
    /// The same socket once more, to write to.
    writer: TcpStream,
}

impl Client {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        // Small messages go out at once, instead of waiting for more to fill a packet.
        stream.set_nodelay(true)?;
        let writer = stream.try_clone()?;
        Ok(Self { reader: BufReader::new(stream), writer })
    }

    /// The menu, and what is chosen from it.
    fn run(&mut self, groups: &Groups) -> io::Result<()> {
        loop {
            self.tell(MENU)?;
            // Nothing more comes: the client has closed its end.
            let Some(choice) = self.line()? else { return Ok(()) };
            let seat = match choice.trim() {
                "1" => self.connect(groups)?,
                "2" => self.create(groups)?,
                "3" => return self.tell("Goodbye."),
                _ => {
                    self.tell(WRONG_OPTION)?;
                    continue;
                }
            };
            let Some(seat) = seat else { return Ok(()) };
            return self.chat(groups, &seat);
        }
    }

    /// Option 1: into a group that exists, by its ID and password.
    fn connect(&mut self, groups: &Groups) -> io::Result<Option<Seat>> {
        let Some(mut name) = self.ask_name()? else { return Ok(None) };
        for tries_left in (0..TRIES).rev() {
            let Some(id) = self.ask("Enter group ID:")? else { return Ok(None) };
            let Some(password) = self.ask("Enter password:")? else { return Ok(None) };
            // What is no number can be no group's ID, and is answered like a wrong one.
            let id: u32 = id.trim().parse().unwrap_or(0);
            loop {
                match groups.join(id, &password, &name, &self.writer)? {
                    Joining::Joined => return Ok(Some(Seat { group: id, name })),
                    Joining::NameTaken => {
                        self.tell("That name is in use in this group. Choose another.")?;
                        match self.ask_name()? {
                            Some(other) => name = other,
                            None => return Ok(None),
                        }
                    }
                    // Which of the two was wrong is not told: it would help to guess.
                    Joining::Wrong => break,
                }
            }
            if tries_left > 0 {
                self.tell(WRONG_ID_OR_PASSWORD)?;
            }
        }
        self.tell("Disconnecting you from the server.")?;
        Ok(None)
    }

    /// Option 2: a new group, with an ID that the server draws.
    fn create(&mut self, groups: &Groups) -> io::Result<Option<Seat>> {
        let Some(name) = self.ask_name()? else { return Ok(None) };
        let password = loop {
            match self.ask("Enter password for the group:")? {
                Some(password) if password.is_empty() => self.tell("It cannot be empty.")?,
                Some(password) => break password,
                None => return Ok(None),
            }
        };
        let Some(group) = groups.create(password, &name, &self.writer)? else {
            self.tell("There is no group ID left. Try again another day.")?;
            return Ok(None);
        };
        println!("group {group} created");
        Ok(Some(Seat { group, name }))
    }

    /// The chat itself: what this client types goes to the others, until it leaves. What the others
    /// type is written to it by their threads.
    fn chat(&mut self, groups: &Groups, seat: &Seat) -> io::Result<()> {
        let ending = self.pass_on(groups, seat);
        // However it ended, the others are told, and the name is free again.
        groups.leave(seat);
        if matches!(ending, Ok(Leaving::ByChoice)) {
            self.tell("You chose exit so you left the group.")?;
        }
        ending.map(|_| ())
    }

    fn pass_on(&mut self, groups: &Groups, seat: &Seat) -> io::Result<Leaving> {
        while let Some(text) = self.line()? {
            match text.as_str() {
                "" => {}
                "Exit" | "/exit" => return Ok(Leaving::ByChoice),
                text => groups.send(seat, &format!("{}: {text}", seat.name)),
            }
        }
        Ok(Leaving::ByEnd)
    }

    /// Asks for a name until it is one.
    fn ask_name(&mut self) -> io::Result<Option<String>> {
        loop {
            let Some(typed) = self.ask("Enter your name:")? else { return Ok(None) };
            let name = typed.trim();
            if (1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
                return Ok(Some(name.to_owned()));
            }
            self.tell(&format!("A name has 1 to {NAME_CHARS_MAX} characters. Choose another."))?;
        }
    }

    /// Asks a question; nothing where the client has closed its end instead of answering.
    fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        self.tell(question)?;
        self.line()
    }

    /// Writes a line to this client.
    fn tell(&mut self, line: &str) -> io::Result<()> {
        // `write` gives the bytes to the operating system, which sends them when it can. It blocks
        // only while the send buffer is full, and may take a part; `write_all` calls it until all
        // is taken. That it returned does not mean that the client has read it.
        self.writer.write_all(format!("{line}\n").as_bytes())
    }

    /// Reads a line, without its end; nothing where the client has closed its end.
    fn line(&mut self) -> io::Result<Option<String>> {
        // `read` blocks until there is a byte, and gives what has arrived: half a line, or three.
        // The reader keeps what is past the newline for the next call. `take` bounds the memory
        // that a client without a newline can make this server use.
        let mut bytes = Vec::new();
        self.reader.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() as u64 > LINE_BYTES_MAX {
            self.tell(&format!("A line has at most {LINE_BYTES_MAX} bytes. Disconnecting you."))?;
            return Err(io::Error::other("its line was too long"));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            self.tell("That is not UTF-8 text. Disconnecting you.")?;
            return Err(io::Error::other("it sent what is not UTF-8"));
        };
        // Without the line end, `\n` or `\r\n`, and without any other control character: those
        // could move the cursor and change the colours of somebody else's terminal.
        Ok(Some(text.chars().filter(|letter| !letter.is_control()).collect()))
    }
}

/// Which member of which group a client is.
struct Seat {
    group: u32,
    name: String,
}

/// How a client left its group.
enum Leaving {
    /// It typed `Exit`.
    ByChoice,
    /// Its connection ended.
    ByEnd,
}

/// What came of joining a group.
enum Joining {
    Joined,
    NameTaken,
    /// No such group, or not its password.
    Wrong,
}

/// All groups, by ID: shared by the threads, one at a time.
#[derive(Clone, Default)]
struct Groups(Arc<Mutex<HashMap<u32, Group>>>);

/// A group: its password, and who is in it.
struct Group {
    password: String,
    members: Vec<Member>,
}

/// A member: its name, and where to write what the others say.
struct Member {
    name: String,
    writer: TcpStream,
}

impl Groups {
    /// Makes a group with one member and tells it the ID; nothing where all are taken.
    fn create(&self, password: String, name: &str, writer: &TcpStream) -> io::Result<Option<u32>> {
        let mut groups = self.lock();
        // Four digits, from a random place on the first that is free.
        let start = random();
        let mut ids = (0..9_000_u64).map(|step| 1_000 + (start.wrapping_add(step) % 9_000) as u32);
        let Some(id) = ids.find(|id| !groups.contains_key(id)) else { return Ok(None) };

        let mut group = Group { password, members: Vec::new() };
        group.admit(name, writer, &format!(
            "The id of the group is: {id}\nYou're connected to group chat #{id}\nYou can start to talk!"
        ))?;
        groups.insert(id, group);
        Ok(Some(id))
    }

    /// Takes a client into a group, where the ID and the password are right.
    fn join(&self, id: u32, password: &str, name: &str, writer: &TcpStream) -> io::Result<Joining> {
        let mut groups = self.lock();
        let group = groups.get_mut(&id).filter(|group| group.password == password);
        let Some(group) = group else { return Ok(Joining::Wrong) };
        // Compared without regard to case: `noya` must not be taken for `Noya`.
        let is_name = |member: &Member| member.name.to_lowercase() == name.to_lowercase();
        if group.members.iter().any(is_name) {
            return Ok(Joining::NameTaken);
        }
        group.admit(name, writer, &format!("You're connected to group chat #{id}"))?;
        group.tell_all_but(name, &format!("* {name} has connected to the chat room"));
        Ok(Joining::Joined)
    }

    /// Gives a member's line to all others of its group, and of no other.
    fn send(&self, seat: &Seat, line: &str) {
        if let Some(group) = self.lock().get_mut(&seat.group) {
            group.tell_all_but(&seat.name, line);
        }
    }

    /// Takes a member out, and tells the others.
    fn leave(&self, seat: &Seat) {
        if let Some(group) = self.lock().get_mut(&seat.group) {
            group.members.retain(|member| member.name != seat.name);
            group.tell_all_but(&seat.name, &format!("* {} has left the group", seat.name));
        }
    }

    /// Waits until no other thread has the groups. What a thread that panicked has left is whole:
    /// no step between two changes can fail.
    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Group>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    /// Tells a client that it is in, and from then on what the others say. Under the lock, so that
    /// no message of theirs comes before.
    fn admit(&mut self, name: &str, mut writer: &TcpStream, welcome: &str) -> io::Result<()> {
        writer.write_all(format!("{welcome}\n").as_bytes())?;
        self.members.push(Member { name: name.to_owned(), writer: writer.try_clone()? });
        Ok(())
    }

    /// Writes a line to every member but one. It is the sender's thread that writes, and it blocks
    /// while a member's buffers are full: the price of having no queue.
    fn tell_all_but(&mut self, name: &str, line: &str) {
        let bytes = format!("{line}\n").into_bytes();
        for member in self.members.iter_mut().filter(|member| member.name != name) {
            if member.writer.write_all(&bytes).is_err() {
                // It is gone, or has not read for too long and may have half a line. Its own
                // thread waits in `read`, which this ends; then that thread takes it out.
                drop(member.writer.shutdown(Shutdown::Both));
            }
        }
    }
}

/// A number that nobody can foretell: the standard library has no generator, but draws random keys
/// for its hash maps.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
