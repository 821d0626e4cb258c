//! Telnet (RFC 854): what a telnet client says besides text, byte by byte, and what is answered.
//!
//! Does not know lines or the menu. No option is agreed to, but that passwords are not echoed by
//! a client that showed that it negotiates. Never loops: `DO` and `WILL` are refused once each
//! time they come, refusals are not answered. Nothing of it is kept: a subnegotiation is counted,
//! not stored.

use conclave_core::limits;

use super::encode::{Answers, LineEnd};

/// Begins whatever is not text. No byte of UTF-8.
pub(super) const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SUBNEGOTIATION: u8 = 250;
const ERASE_LINE: u8 = 248;
const ERASE_CHARACTER: u8 = 247;
const ARE_YOU_THERE: u8 = 246;
const INTERRUPT: u8 = 244;
const SUBNEGOTIATION_END: u8 = 240;
/// `EOF` of RFC 1184, the lowest of the commands.
const END_OF_FILE: u8 = 236;

const OPTION_ECHO: u8 = 1;

/// What a byte of the client's meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A byte of text.
    Text(u8),
    /// 0xFF and then a byte that is no command: text in an encoding that is not UTF-8.
    NotTelnet(u8),
    /// The character before is to be forgotten.
    EraseCharacter,
    /// The line before is to be forgotten.
    EraseLine,
    /// Some visible sign of life is asked for.
    AreYouThere,
    /// The user wants out.
    Interrupt,
    /// The client will send no more.
    End,
    /// A subnegotiation that does not end within its bound.
    Overrun,
    /// Nothing, or not yet.
    Nothing,
}

/// Where in the protocol the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    Command,
    /// After `DO`, `DONT`, `WILL` or `WONT`, which is kept.
    Option(u8),
    Subnegotiation(u16),
    SubnegotiationCommand(u16),
}

/// The telnet side of one connection.
#[derive(Debug, Default)]
pub(super) struct Telnet {
    place: Place,
    is_telnet: bool,
    is_hiding: bool,
}

impl Telnet {
    /// Whether the client has shown that it speaks telnet.
    pub(super) const fn is_telnet(&self) -> bool {
        self.is_telnet
    }

    /// Whether the next byte is text if it is not [`IAC`].
    pub(super) const fn is_in_text(&self) -> bool {
        matches!(self.place, Place::Text)
    }

    /// Takes the next byte of the client's, answering it where it must be.
    pub(super) fn handle_byte(&mut self, byte: u8, answers: &mut Answers) -> Told {
        match (self.place, byte) {
            (Place::Text, IAC) => self.go(Place::Command),
            // Clients that send each key as it is pressed leave the editing to the other side.
            (Place::Text, b'\x08' | b'\x7f') if self.is_telnet => Told::EraseCharacter,
            (Place::Text, text) => Told::Text(text),
            (Place::Command, command) => self.handle_command(command, answers),
            (Place::Option(verb), option) => {
                self.place = Place::Text;
                self.answer_option(verb, option, answers);
                Told::Nothing
            }
            (Place::SubnegotiationCommand(_), SUBNEGOTIATION_END) => self.go(Place::Text),
            (Place::Subnegotiation(count) | Place::SubnegotiationCommand(count), _)
                if usize::from(count) >= limits::TELNET_SUBNEGOTIATION_BYTES_MAX =>
            {
                self.place = Place::Text;
                Told::Overrun
            }
            (Place::Subnegotiation(count), IAC) => self.go(Place::SubnegotiationCommand(count + 1)),
            (Place::Subnegotiation(count) | Place::SubnegotiationCommand(count), _) => {
                self.go(Place::Subnegotiation(count + 1))
            }
        }
    }

    fn go(&mut self, place: Place) -> Told {
        self.place = place;
        Told::Nothing
    }

    fn handle_command(&mut self, command: u8, answers: &mut Answers) -> Told {
        self.place = Place::Text;
        if command == IAC {
            return Told::Text(IAC);
        }
        if command < END_OF_FILE {
            return Told::NotTelnet(command);
        }
        self.is_telnet = true;
        answers.set_line_end(LineEnd::CrLf);
        match command {
            WILL | WONT | DO | DONT => self.go(Place::Option(command)),
            SUBNEGOTIATION => self.go(Place::Subnegotiation(0)),
            ERASE_CHARACTER => Told::EraseCharacter,
            ERASE_LINE => Told::EraseLine,
            ARE_YOU_THERE => Told::AreYouThere,
            INTERRUPT => Told::Interrupt,
            END_OF_FILE => Told::End,
            _ => Told::Nothing,
        }
    }

    fn answer_option(&self, verb: u8, option: u8, answers: &mut Answers) {
        match verb {
            // It agrees to what was asked of it.
            DO if option == OPTION_ECHO && self.is_hiding => {}
            DO => answers.telnet(&[IAC, WONT, option]),
            WILL => answers.telnet(&[IAC, DONT, option]),
            _ => {}
        }
    }

    /// Keeps the client from showing what is typed, where it is one that negotiates.
    pub(super) fn hide(&mut self, answers: &mut Answers) {
        if self.is_telnet && !self.is_hiding {
            self.is_hiding = true;
            answers.telnet(&[IAC, WILL, OPTION_ECHO]);
        }
    }

    /// Lets the client show again what is typed, and ends the line whose end it did not show.
    pub(super) fn show(&mut self, answers: &mut Answers) {
        if self.is_hiding {
            self.is_hiding = false;
            answers.telnet(&[IAC, WONT, OPTION_ECHO]);
            answers.line("");
        }
    }
}
