//! The console as the interface describes it, to the letter.

use std::time::Duration;

use conclave_core::{Refusal, Topic, limits};
use conclave_doors::console::ConsoleDoor;
use conclave_doors::{Notice, Reply, Request};

use crate::desk::{Desk, start};

const MENU: &str = "Hello client, please choose an option:\n1. Connect to a group chat.\n\
                    2. Create a group chat.\n3. Exit the server.\n";

#[test]
fn the_menu_is_put_out_at_once() {
    assert_eq!(Desk::new().sees(), MENU);
}

#[test]
fn option_1_connects_to_a_group() {
    let mut desk = Desk::new();
    desk.holds(
        "\
Hello client, please choose an option:
1. Connect to a group chat.
2. Create a group chat.
3. Exit the server.
> 1
Enter your name:
> Bar
Enter group ID:
> 8888
Enter password:
> 1234
You're connected to group chat #8888
> Hi friends
> שלום",
    );
    assert_eq!(desk.requests.len(), 4);
    assert_eq!(desk.requests[0], "join Bar 8888 1234");
    assert_eq!(desk.requests[1], "history 20");
    assert_eq!(desk.requests[2], "say Hi friends");
    assert_eq!(desk.requests[3], "say שלום");
}

#[test]
fn option_2_makes_a_group_and_tells_its_number() {
    Desk::new().holds(
        "\
Hello client, please choose an option:
1. Connect to a group chat.
2. Create a group chat.
3. Exit the server.
> 2
Enter your name:
> Bar
Enter password for the group:
> 1234
The id of the group is: 4711
You're connected to group chat #4711
You can start to talk!
> Hi",
    );
}

#[test]
fn option_3_says_goodbye_and_closes() {
    let mut desk = Desk::new();
    desk.forget();
    assert_eq!(desk.types("3\nanything\n"), "Goodbye.\n");
    assert!(desk.door.is_finished());
    assert!(desk.requests.is_empty());
    assert_eq!(desk.door.poll_timeout(), None);
}

#[test]
fn any_other_choice_shows_the_menu_again() {
    for typed in ["4", "", "11", "1 2", "hello", "/exit", "Exit", "שלוש"] {
        let mut desk = Desk::new();
        desk.forget();
        assert_eq!(desk.types(&format!("{typed}\n")), format!("Invalid option.\n{MENU}"));
    }
}

#[test]
fn wrong_number_and_wrong_password_are_answered_alike_and_the_third_disconnects() {
    for wrong in [["8888", "wrong"], ["9999", "1234"], ["no number", "1234"], ["", ""], ["1", ""]] {
        let mut desk = Desk::new();
        let [number, password] = wrong;
        desk.holds(&format!(
            "\
{MENU}> 1
Enter your name:
> Bar
Enter group ID:
> {number}
Enter password:
> {password}
Sorry, no group has that ID and password. Try again.
Enter group ID:
> {number}
Enter password:
> {password}
Sorry, no group has that ID and password. Try again.
Enter group ID:
> {number}
Enter password:
> {password}
Disconnecting you from the server."
        ));
        assert!(desk.door.is_finished());
    }
}

#[test]
fn a_right_answer_after_a_wrong_one_connects() {
    let mut desk = Desk::new();
    desk.types("1\nBar\n8888\nwrong\n");
    assert_eq!(
        desk.types("8888\n1234\n"),
        "Enter password:\nYou're connected to group chat #8888\n"
    );
}

#[test]
fn a_name_in_use_asks_for_another_and_for_nothing_else() {
    let mut desk = Desk::new();
    desk.types("1\n");
    desk.forget();
    desk.holds(
        "\
> Noya
Enter group ID:
> 8888
Enter password:
> 1234
That name is in use in this group. Choose another.
Enter your name:
> Noya
That name is in use in this group. Choose another.
Enter your name:
> 
A name has at least one character. Choose one.
Enter your name:
> Bar
You're connected to group chat #8888",
    );
    assert_eq!(desk.requests, ["join Noya 8888 1234", "join as Noya", "join as Bar", "history 20"]);
}

#[test]
fn a_name_that_is_not_allowed_is_refused_before_anything_else_is_asked() {
    let long = "x".repeat(33);
    let longer = "x".repeat(100_000);
    for option in ["1", "2"] {
        for typed in ["", "  ", "a\u{7}b", "a\u{202e}b", &long, &longer] {
            let mut desk = Desk::new();
            desk.types(&format!("{option}\n"));
            let answer = desk.types(&format!("{typed}\n"));
            let (why, prompt) = answer.split_once('\n').unwrap();
            assert!(!why.is_empty());
            assert_eq!(prompt, "Enter your name:\n", "{typed:?}");
        }
    }
}

#[test]
fn a_password_that_cannot_be_one_is_asked_for_again_when_a_group_is_made() {
    let long = "x".repeat(257);
    let longer = "x".repeat(100_000);
    for typed in ["", "a\u{7}", &long, &longer] {
        let mut desk = Desk::new();
        desk.types("2\nBar\n");
        let answer = desk.types(&format!("{typed}\n"));
        assert!(answer.ends_with("\nEnter password for the group:\n"), "{answer}");
        assert!(desk.requests.is_empty());
    }
}

#[test]
fn a_paste_of_everything_is_taken_in_order() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.types("1\nBar\n8888\n1234\nhello\n/who\nbye\nExit\nlost\n"),
        format!(
            "{MENU}Enter your name:\nEnter group ID:\nEnter password:\n\
             You're connected to group chat #8888\n\
             * Group chat #8888 has 3 members:\n- Noya (owner)\n- Bar (you)\n- שלמה (voiced, muted, away)\n\
             You chose exit so you left the group.\n"
        )
    );
    let said = |text: &str| format!("say {text}");
    assert_eq!(
        desk.requests[2..],
        [said("hello"), "members".to_owned(), said("bye"), "leave".to_owned()]
    );
    assert!(desk.door.is_finished());
}

#[test]
fn a_topic_is_told_to_one_who_joins() {
    let mut desk = Desk::new();
    desk.topic = Topic::parse("tea").unwrap();
    let answer = desk.types("1\nBar\n8888\n1234\n");
    assert!(answer.ends_with("You're connected to group chat #8888\n* Topic: tea\n"));
}

#[test]
fn refusals_of_an_entrance_go_on_where_it_makes_sense() {
    for (number, says, goes_on) in [
        ("7777", "The group is closed. Choose another.\n", MENU),
        ("6666", "The group is full: it has 10000 members. Try again later.\n", MENU),
        (
            "5555",
            "Too many people are signing in just now. Try again in a moment.\n",
            "Enter password:\n",
        ),
        ("4444", "The server is stopping. Connect again in a moment.\n", ""),
    ] {
        let mut desk = Desk::new();
        desk.types(&format!("1\nBar\n{number}\n"));
        assert_eq!(desk.types("1234\n"), format!("{says}{goes_on}"));
        assert_eq!(desk.door.is_finished(), goes_on.is_empty());
    }
}

#[test]
fn leaving_goes_back_to_the_menu_and_its_time_begins_anew() {
    let mut desk = Desk::in_group();
    desk.waits(limits::SIGN_IN_MAX * 3);
    assert_eq!(desk.types("/leave\n"), format!("You left group chat #8888.\n{MENU}"));
    assert_eq!(desk.door.poll_timeout(), Some(desk.now + limits::SIGN_IN_MAX));
    let answer = desk.types("1\nBar\n8888\n1234\n");
    assert!(answer.ends_with("You're connected to group chat #8888\n"));
}

#[test]
fn exit_in_any_form_leaves_and_closes() {
    for typed in ["Exit", "Exit ", "/exit", "/quit", "/EXIT"] {
        let mut desk = Desk::in_group();
        let answer = desk.types(&format!("{typed}\n"));
        assert_eq!(answer, "You chose exit so you left the group.\n");
        assert_eq!(desk.requests, ["leave"]);
        assert!(desk.door.is_finished());
    }
}

#[test]
fn signing_in_has_a_deadline_and_being_in_a_group_has_none() {
    let mut desk = Desk::new();
    desk.types("1\nBar\n");
    let moment = Duration::from_millis(1);
    assert_eq!(desk.waits(limits::SIGN_IN_MAX.saturating_sub(moment)), "");
    let answer = desk.waits(moment);
    assert_eq!(
        answer,
        "Signing in took too long, so you are being disconnected. \
         Connect again to start over.\n"
    );
    assert!(desk.door.is_finished());
    assert_eq!(Desk::in_group().door.poll_timeout(), None);
}

#[test]
fn time_that_the_server_takes_to_answer_is_not_the_clients() {
    let mut door = ConsoleDoor::new(start());
    door.handle_bytes(start(), b"1\nBar\n8888\n1234\n");
    while door.poll_output().is_some() {}
    assert!(door.poll_timeout().is_none());
    assert!(matches!(door.poll_request(), Some(Request::Join { .. })));
    assert!(door.poll_timeout().is_none());
    let late = start() + limits::SIGN_IN_MAX * 2;
    door.handle_timeout(late);
    assert!(!door.is_finished());
    door.handle_reply(late, Reply::Refused(Refusal::Busy));
    assert!(door.poll_timeout().is_some_and(|at| at <= late), "and then it is over");
}

#[test]
fn the_end_of_input_in_a_group_leaves_it_after_the_last_line() {
    let mut desk = Desk::in_group();
    desk.types("hello\nlast");
    desk.ends();
    assert_eq!(desk.requests, ["say hello", "say last", "leave"]);
    assert!(desk.door.is_finished());
}

#[test]
fn the_end_of_input_before_sign_in_closes() {
    let mut desk = Desk::new();
    desk.types("1\nBar");
    desk.ends();
    assert!(desk.door.is_finished());
    assert!(desk.requests.is_empty());
}

#[test]
fn everything_up_to_the_end_of_input_is_taken_although_a_request_stands_before_it() {
    let mut desk = Desk::new();
    desk.door.handle_bytes(desk.now, b"1\nBar\n8888\n1234\nhello\nbye");
    desk.door.handle_end(desk.now);
    desk.reads(b"");
    assert_eq!(desk.requests[2..], ["say hello", "say bye", "leave"]);
    assert!(desk.door.is_finished());
}

#[test]
fn a_browser_is_sent_away_before_sign_in() {
    for head in [
        "POST / HTTP/1.1\r\nHost: h\r\n\r\n1\r\nBar\r\n8888\r\n1234\r\n",
        "get /g/8888 http/1.0\r\n",
        "\r\n\u{feff}GET / HTTP/1.1\r\n",
        "1\r\nhost: h\r\n",
    ] {
        let mut desk = Desk::new();
        let answer = desk.types(head);
        assert!(answer.ends_with("which does not speak HTTP: open the server's web address.\n"));
        assert!(desk.door.is_finished(), "{head:?}");
        assert!(desk.requests.is_empty());
    }
    let mut desk = Desk::new();
    desk.types(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(10_000)));
    assert!(desk.door.is_finished(), "a long request line");
}

#[test]
fn what_a_browser_says_is_text_in_a_group() {
    let mut desk = Desk::in_group();
    assert_eq!(desk.types("GET / HTTP/1.1\nHost: h\n"), "");
    assert_eq!(desk.requests.len(), 2);
    assert!(!desk.door.is_finished());
}

#[test]
fn notices_are_told_and_followed() {
    let mut desk = Desk::in_group();
    assert_eq!(
        desk.is_told(Notice::NotTaken(Refusal::NotSaved)),
        "Your message was not sent. The server could not save it. Try again later.\n"
    );
    assert_eq!(
        desk.is_told(Notice::GroupEnded),
        format!("* The group was closed, so you are back at the menu.\n{MENU}")
    );
    assert_eq!(desk.door.poll_timeout(), Some(desk.now + limits::SIGN_IN_MAX));
    assert_eq!(
        desk.is_told(Notice::Stopping),
        "* The server is stopping. Connect again in a moment.\n"
    );
    assert!(desk.door.is_finished());
}

#[test]
fn what_was_said_and_not_taken_is_told() {
    let mut desk = Desk::in_group();
    assert!(desk.types("unsaved\n").starts_with("Your message was not sent."));
    assert_eq!(desk.types("saved\n"), "");
    let answer = desk.types("unsaved\n/topic\nunsaved\nExit\n");
    assert_eq!(answer.matches("Your message was not sent.").count(), 2, "{answer}");
    assert!(answer.ends_with("You chose exit so you left the group.\n"), "{answer}");
}
