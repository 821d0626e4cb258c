//! Sign-in: from the menu to the door of a group.
//!
//! Does not know groups, and has nothing to ask of one: all it can produce is an [`Entrance`].
//! Invariant: what a stage holds has been answered rightly; a wrong answer asks again for that
//! and for no more.

use std::time::Instant;

use conclave_core::{GroupId, Name, NameProblem, Password, PasswordProblem, Refusal, limits};

use super::encode::Answers;
use super::lines::Line;
use super::telnet::Telnet;
use super::{browser, words};
use crate::Request;

/// What one who is not signed in can ask of the hub.
#[derive(Debug)]
pub(super) enum Entrance {
    Create { name: Name, password: Password },
    Join { name: Name, group: Option<GroupId>, password: Password },
    JoinAs { name: Name },
}

impl From<Entrance> for Request {
    fn from(entrance: Entrance) -> Self {
        match entrance {
            Entrance::Create { name, password } => Self::Create { name, password },
            Entrance::Join { name, group, password } => Self::Join { name, group, password },
            Entrance::JoinAs { name } => Self::JoinAs { name },
        }
    }
}

/// What follows an answer.
#[derive(Debug)]
pub(super) enum Next {
    /// The next was asked.
    Wait,
    /// The hub is to be asked.
    Enter(Entrance),
    /// The connection is to be closed.
    Finish,
}

/// What has been asked for last.
#[derive(Debug)]
enum Stage {
    Menu,
    NameToJoin,
    NameToCreate,
    Group {
        name: Name,
    },
    Password {
        name: Name,
        group: Option<GroupId>,
    },
    NewPassword {
        name: Name,
    },
    /// Number and password were right, the name was not free.
    OtherName,
}

/// How far one has come who is not signed in.
#[derive(Debug)]
pub(super) struct SignIn {
    stage: Stage,
    deadline: Instant,
    failure_count: u32,
}

impl SignIn {
    /// Shows the menu.
    pub(super) fn open(now: Instant, answers: &mut Answers) -> Self {
        answers.line(words::MENU);
        Self { stage: Stage::Menu, deadline: now + limits::SIGN_IN_MAX, failure_count: 0 }
    }

    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the group that is joined is one that was made for it.
    pub(super) const fn is_creating(&self) -> bool {
        matches!(self.stage, Stage::NewPassword { .. })
    }

    /// Takes the answer to what was asked last.
    pub(super) fn handle_line(
        &mut self,
        line: &Line,
        answers: &mut Answers,
        telnet: &mut Telnet,
    ) -> Next {
        telnet.show(answers);
        // `None` where it is too long for anything that is asked for here.
        let typed = match line {
            Line::Whole(bytes) if browser::is_http(bytes) => return refuse_http(answers),
            Line::TooLong(head) if browser::begins_http(head) => return refuse_http(answers),
            Line::TooLong(_) => None,
            Line::Whole(bytes) => {
                let Ok(typed) = str::from_utf8(bytes) else {
                    answers.line(words::NOT_UTF8);
                    return self.ask(answers, telnet);
                };
                Some(typed)
            }
        };
        let stage = std::mem::replace(&mut self.stage, Stage::Menu);
        self.stage = match stage {
            Stage::Menu => match typed.map(trim) {
                Some("1") => Stage::NameToJoin,
                Some("2") => Stage::NameToCreate,
                Some("3") => {
                    answers.line(words::GOODBYE);
                    return Next::Finish;
                }
                _ => {
                    answers.line(words::INVALID_OPTION);
                    Stage::Menu
                }
            },
            Stage::NameToJoin => match parse_name(typed, answers) {
                Some(name) => Stage::Group { name },
                None => Stage::NameToJoin,
            },
            Stage::NameToCreate => match parse_name(typed, answers) {
                Some(name) => Stage::NewPassword { name },
                None => Stage::NameToCreate,
            },
            // What can be no number goes the way of a wrong one, so that neither is told apart.
            Stage::Group { name } => {
                Stage::Password { name, group: typed.and_then(|typed| typed.parse().ok()) }
            }
            Stage::Password { name, group } => {
                // What can be no password is a wrong one.
                let Some(Ok(password)) = typed.map(Password::parse) else {
                    return self.refuse(Some(name), answers, telnet);
                };
                self.stage = Stage::Password { name: name.clone(), group };
                return Next::Enter(Entrance::Join { name, group, password });
            }
            Stage::NewPassword { name } => {
                match typed.map_or(Err(PasswordProblem::TooLong), Password::parse) {
                    Ok(password) => {
                        self.stage = Stage::NewPassword { name: name.clone() };
                        return Next::Enter(Entrance::Create { name, password });
                    }
                    Err(problem) => answers.line(&words::refused(problem.into())),
                }
                Stage::NewPassword { name }
            }
            Stage::OtherName => {
                self.stage = Stage::OtherName;
                if let Some(name) = parse_name(typed, answers) {
                    return Next::Enter(Entrance::JoinAs { name });
                }
                Stage::OtherName
            }
        };
        self.ask(answers, telnet)
    }

    /// Takes the refusal of the entrance that was asked for.
    pub(super) fn handle_refusal(
        &mut self,
        refusal: Refusal,
        answers: &mut Answers,
        telnet: &mut Telnet,
    ) -> Next {
        let stage = std::mem::replace(&mut self.stage, Stage::Menu);
        if refusal == Refusal::WrongIdOrPassword {
            let name = if let Stage::Password { name, .. } = stage { Some(name) } else { None };
            return self.refuse(name, answers, telnet);
        }
        answers.line(&words::refused(refusal));
        self.stage = match (refusal, stage) {
            (Refusal::Stopping, _) => return Next::Finish,
            (Refusal::NameTaken | Refusal::Name(_), Stage::NewPassword { .. }) => {
                Stage::NameToCreate
            }
            (Refusal::NameTaken | Refusal::Name(_), _) => Stage::OtherName,
            (Refusal::GroupClosed | Refusal::GroupFull | Refusal::NotAMember, _) => Stage::Menu,
            // Moderators do not let in who comes by that name or that way.
            (
                Refusal::Banned
                | Refusal::InviteOnly
                | Refusal::ClosedToNew
                | Refusal::LimitReached,
                _,
            ) => Stage::Menu,
            // It may go better in a moment: what was asked last is asked again.
            (_, stage) => stage,
        };
        self.ask(answers, telnet)
    }

    /// Number or password was wrong. Where the name is not known any more, all is asked again.
    fn refuse(&mut self, name: Option<Name>, answers: &mut Answers, telnet: &mut Telnet) -> Next {
        self.failure_count += 1;
        if self.failure_count >= limits::SIGN_IN_TRIES {
            answers.line(words::DISCONNECTING);
            return Next::Finish;
        }
        answers.line(&words::refused(Refusal::WrongIdOrPassword));
        self.stage = name.map_or(Stage::Menu, |name| Stage::Group { name });
        self.ask(answers, telnet)
    }

    fn ask(&self, answers: &mut Answers, telnet: &mut Telnet) -> Next {
        let question = match self.stage {
            Stage::Menu => words::MENU,
            Stage::NameToJoin | Stage::NameToCreate | Stage::OtherName => words::ENTER_NAME,
            Stage::Group { .. } => words::ENTER_GROUP,
            Stage::Password { .. } => words::ENTER_PASSWORD,
            Stage::NewPassword { .. } => words::ENTER_NEW_PASSWORD,
        };
        if matches!(self.stage, Stage::Password { .. } | Stage::NewPassword { .. }) {
            telnet.hide(answers);
        }
        answers.line(question);
        Next::Wait
    }
}

fn refuse_http(answers: &mut Answers) -> Next {
    answers.line(words::NOT_HTTP);
    Next::Finish
}

/// Some terminals begin what is piped into them with a byte order mark.
fn trim(typed: &str) -> &str {
    typed.trim_start_matches('\u{feff}').trim()
}

fn parse_name(typed: Option<&str>, answers: &mut Answers) -> Option<Name> {
    match typed.map_or(Err(NameProblem::TooLong), Name::parse) {
        Ok(name) => Some(name),
        Err(problem) => {
            answers.line(&words::refused(problem.into()));
            None
        }
    }
}
