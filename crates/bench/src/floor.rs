//! Floor: the smallest server that can bear the loads: what the kernel takes, and hardly more.
//!
//! One thread, one epoll: all that is ready is read and put behind each member's output, then each
//! member with output is written to once. It understands the console's dialogue as far as the
//! loads speak it: options 1 and 2 with whole lines, any password. It knows no names, keeps
//! nothing, checks nothing, and shows nobody their own messages. Not for people.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Protocol, Socket, Type};

use crate::limits;

const LISTENER: Token = Token(usize::MAX);
const STOP: Token = Token(usize::MAX - 1);
const EVENTS_A_TURN: usize = 1_024;
/// Connections that wait to be taken: a storm of them is one of the loads.
const BACKLOG: i32 = 4_096;
/// Output that waits for one member; past it the member is dropped.
const OUTPUT_BYTES_MAX: usize = 256 << 20;
/// Buffers that are kept for use again, and how large they may be.
const SPARE_MAX: usize = 128;
const SPARE_BYTES_MAX: usize = 128 * 1024;
/// Number of the first group.
const FIRST_GROUP: u32 = 1_000;

/// What stands before each message, since names are not known.
const SPEAKER: &[u8] = b"m: ";
const MENU: &[u8] = b"1. Connect to a group chat.\n2. Create a group chat.\n3. Exit the server.\n";

/// The smallest server.
#[derive(Debug)]
pub struct Floor {
    listener: TcpListener,
    poll: Poll,
    members: Vec<Option<Member>>,
    free: Vec<usize>,
    groups: HashMap<u32, Vec<usize>>,
    next_group: u32,
    buffer: Vec<u8>,
    /// Members with output.
    dirty: Vec<usize>,
    /// Buffers of members who have none left, so that idle ones hold none and busy ones need not
    /// grow theirs each time.
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Member {
    socket: TcpStream,
    /// A line that has no end yet.
    input: Vec<u8>,
    output: Vec<u8>,
    place: Place,
    is_dirty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Menu,
    /// Making a group, so many lines to go.
    Creating(u8),
    /// Joining: the name is awaited.
    Name,
    Group,
    Password(u32),
    In(u32),
}

/// Ends a [`Floor`] from another thread.
#[derive(Debug)]
pub struct Stop(Waker);

impl Stop {
    /// Has [`Floor::run`] return.
    pub fn stop(&self) -> io::Result<()> {
        self.0.wake()
    }
}

impl Floor {
    /// Listens.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let mut listener = TcpListener::from_std(socket.into());
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            listener,
            poll,
            members: Vec::new(),
            free: Vec::new(),
            groups: HashMap::new(),
            next_group: FIRST_GROUP,
            buffer: vec![0; limits::READ_BYTES],
            dirty: Vec::new(),
            spare: Vec::new(),
        })
    }

    /// Where it listens.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What ends it.
    pub fn stop(&self) -> io::Result<Stop> {
        Waker::new(self.poll.registry(), STOP).map(Stop)
    }

    /// Serves until it is stopped.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_A_TURN);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                match event.token() {
                    STOP => return Ok(()),
                    LISTENER => self.accept(),
                    Token(number) => {
                        if event.is_readable() || event.is_read_closed() || event.is_error() {
                            self.read(number, event.is_read_closed() || event.is_error());
                        }
                        if event.is_writable() {
                            self.note_output(number);
                        }
                    }
                }
            }
            for number in std::mem::take(&mut self.dirty) {
                self.write(number);
            }
        }
    }

    fn accept(&mut self) {
        // No connection waits any more, or there are too many: either way nothing is to be done.
        while let Ok((mut socket, _)) = self.listener.accept() {
            let number = self.free.pop().unwrap_or(self.members.len());
            let interest = Interest::READABLE | Interest::WRITABLE;
            let is_registered = socket.set_nodelay(true).is_ok()
                && self.poll.registry().register(&mut socket, Token(number), interest).is_ok();
            let output = MENU.to_vec();
            let member =
                Member { socket, input: Vec::new(), output, place: Place::Menu, is_dirty: false };
            let member = is_registered.then_some(member);
            match self.members.get_mut(number) {
                Some(place) => *place = member,
                None => self.members.push(member),
            }
            if is_registered {
                self.note_output(number);
            } else {
                self.free.push(number);
            }
        }
    }

    fn read(&mut self, number: usize, is_ended: bool) {
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(Some(member)) = self.members.get_mut(number) {
            match member.socket.read(&mut buffer) {
                Ok(0) => {
                    self.drop_member(number);
                    break;
                }
                Ok(count) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    self.take(number, bytes);
                    if count < buffer.len() && !is_ended {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.drop_member(number);
                    break;
                }
            }
        }
        self.buffer = buffer;
    }

    /// Takes what was read: lines of the dialogue, or messages.
    fn take(&mut self, number: usize, bytes: &[u8]) {
        let Some(Some(member)) = self.members.get_mut(number) else { return };
        let mut kept = std::mem::take(&mut member.input);
        let mut rest = bytes;
        if !kept.is_empty() {
            kept.extend_from_slice(bytes);
            rest = &kept;
        }
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(at + 1);
            rest = after;
            let Some(Some(member)) = self.members.get(number) else { return };
            match member.place {
                Place::In(group) => self.tell(group, number, line),
                place => self.answer(number, place, line),
            }
        }
        if let Some(Some(member)) = self.members.get_mut(number)
            && !rest.is_empty()
            && rest.len() <= limits::LINE_BYTES_MAX
        {
            member.input = rest.to_vec();
        }
    }

    fn tell(&mut self, group: u32, speaker: usize, line: &[u8]) {
        let Self { groups, members, dirty, spare, .. } = self;
        for number in groups.get(&group).into_iter().flatten().filter(|number| **number != speaker)
        {
            let Some(Some(member)) = members.get_mut(*number) else { continue };
            if member.output.capacity() == 0 {
                member.output = spare.pop().unwrap_or_default();
            }
            member.output.extend_from_slice(SPEAKER);
            member.output.extend_from_slice(line);
            if !std::mem::replace(&mut member.is_dirty, true) {
                dirty.push(*number);
            }
        }
    }

    fn answer(&mut self, number: usize, place: Place, line: &[u8]) {
        let typed = line.trim_ascii();
        let next = match (place, typed) {
            (Place::Menu, b"1") => Place::Name,
            (Place::Menu, b"2") => Place::Creating(2),
            (Place::Menu, b"3") => return self.drop_member(number),
            (Place::Menu, _) => Place::Menu,
            (Place::Name, _) => Place::Group,
            (Place::Group, _) => {
                let group = str::from_utf8(typed).ok().and_then(|typed| typed.parse().ok());
                Place::Password(group.unwrap_or_default())
            }
            (Place::Password(group), _) if self.groups.contains_key(&group) => Place::In(group),
            (Place::Password(_), _) => {
                self.say(number, b"Sorry, no group has that ID and password. Try again.\n");
                Place::Group
            }
            (Place::Creating(2), _) => Place::Creating(1),
            (Place::Creating(_), _) => {
                let group = self.next_group;
                self.next_group += 1;
                Place::In(group)
            }
            (Place::In(group), _) => Place::In(group),
        };
        if let Some(Some(member)) = self.members.get_mut(number) {
            member.place = next;
        }
        if let Place::In(group) = next {
            self.groups.entry(group).or_default().push(number);
            self.say(number, format!("You're connected to group chat #{group}\n").as_bytes());
        }
    }

    fn say(&mut self, number: usize, line: &[u8]) {
        if let Some(Some(member)) = self.members.get_mut(number) {
            member.output.extend_from_slice(line);
        }
        self.note_output(number);
    }

    fn note_output(&mut self, number: usize) {
        if let Some(Some(member)) = self.members.get_mut(number)
            && !member.output.is_empty()
            && !std::mem::replace(&mut member.is_dirty, true)
        {
            self.dirty.push(number);
        }
    }

    fn write(&mut self, number: usize) {
        let Some(Some(member)) = self.members.get_mut(number) else { return };
        member.is_dirty = false;
        match member.socket.write(&member.output) {
            Ok(count) if count == member.output.len() => {
                let mut spare = std::mem::take(&mut member.output);
                if self.spare.len() < SPARE_MAX && spare.capacity() <= SPARE_BYTES_MAX {
                    spare.clear();
                    self.spare.push(spare);
                }
            }
            Ok(count) => {
                // The kernel has taken what it could: it will tell when there is room again.
                member.output.drain(..count);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.drop_member(number),
        }
        if let Some(Some(member)) = self.members.get(number)
            && member.output.len() > OUTPUT_BYTES_MAX
        {
            self.drop_member(number);
        }
    }

    fn drop_member(&mut self, number: usize) {
        let Some(place) = self.members.get_mut(number) else { return };
        let Some(member) = place.take() else { return };
        self.free.push(number);
        if let Place::In(group) = member.place
            && let Some(members) = self.groups.get_mut(&group)
        {
            members.retain(|other| *other != number);
            if members.is_empty() {
                self.groups.remove(&group);
            }
        }
    }
}
