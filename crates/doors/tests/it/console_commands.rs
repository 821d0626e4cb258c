//! Commands of a member on the console.

use crate::desk::Desk;

/// Types a line in a group and compares the one request it makes, or none, and the answer.
fn check(typed: &str, request: &str, answer: &str) {
    let mut desk = Desk::in_group();
    assert_eq!(desk.types(&format!("{typed}\n")), answer, "{typed:?}");
    assert_eq!(desk.requests.join("\n"), request, "{typed:?}");
}

#[test]
fn a_line_is_a_message_and_two_slashes_send_one() {
    check("hello", "say hello", "");
    check("  hello", "say   hello", "");
    check("//help", "say /help", "");
    check("Exit now", "say Exit now", "");
    check("exit", "say exit", "");
    check("", "", "");
    check(" \t ", "", "");
    check("\u{7}", "", "");
}

#[test]
fn an_unknown_command_is_told_and_never_sent() {
    for typed in ["/frobnicate", "/", "/ help", "/join 8888", "/privmsg Noya hi"] {
        check(
            typed,
            "",
            "There is no such command, so nothing was sent. \
             Type /help for the commands, or // to send a line that begins with /\n",
        );
    }
}

#[test]
fn help_lists_every_command() {
    let help = "\
/help                      shows these commands (also /?, /commands)
/who                       shows who is in the group (also /names, /users)
/history [N]               shows the last N messages, 20 without a number
/me ACTION                 tells the group what you do
/msg NAME TEXT             tells one member something, and nobody else (also /query, /w, /tell)
/nick NAME                 gives you another name
/topic [TEXT]              shows the topic or sets it; - takes it away
/echo on|off               shows you your own messages, or not
/delete-when-empty on|off  deletes the group when its last member has left, or not
/leave                     leaves the group, back to the menu (also /part, /close)
/exit                      leaves the group and the server (also /quit)
//TEXT                     sends a line that begins with /
";
    for typed in ["/help", "/?", "/HELP", "/commands", "/help me"] {
        check(typed, "", help);
    }
}

#[test]
fn msg_tells_one_member_whose_name_may_have_spaces() {
    for typed in ["/msg Noya hi", "/w  Noya   hi", "/query Noya hi", "/TELL Noya hi"] {
        check(typed, "tell Noya: hi", "");
    }
    check(
        "/msg Noya Cohen hi there",
        "tell Noya Cohen hi: there | Noya Cohen: hi there | Noya: Cohen hi there",
        "",
    );
    check("/msg Noya *", "tell Noya: *", "");
    let usage = "That command is written so: /msg NAME TEXT\n";
    for typed in ["/msg", "/msg Noya", "/msg Noya \u{7}", "/msg  "] {
        check(typed, "", usage);
    }
    check("/msg @Noya hi", "", "Nobody of that name is in the group. Type /who to see who is.\n");
    check(
        &format!("/msg N {}", "x".repeat(4_097)),
        "",
        "That message is too long: a message has at most 4096 bytes. Send it in parts.\n",
    );
}

#[test]
fn who_shows_the_members() {
    let members = "* Group chat #8888 has 3 members:\n- Noya\n- Bar (you)\n- שלמה (away)\n";
    for typed in ["/who", "/names", "/users"] {
        check(typed, "members", members);
    }
}

#[test]
fn history_takes_any_number() {
    let none = "There are no earlier messages.\n";
    let usage = "That command is written so: /history [N]\n";
    for (typed, count) in [
        ("/history", "20"),
        ("/history 1", "1"),
        ("/history  500 ", "500"),
        ("/history 99999999999999999999", "4294967295"),
    ] {
        check(typed, &format!("history {count}"), none);
    }
    for typed in ["/history 0", "/history all", "/history -1", "/history 1 2"] {
        check(typed, "", usage);
    }
}

#[test]
fn me_acts() {
    check("/me waves", "act waves", "");
    check("/me", "", "That command is written so: /me ACTION\n");
}

#[test]
fn nick_renames() {
    let mut desk = Desk::in_group();
    assert_eq!(desk.types("/nick Baruch\n"), "* You are now known as Baruch\n");
    assert_eq!(desk.types("/nick Noya\n"), "That name is in use in this group. Choose another.\n");
    assert_eq!(desk.requests.len(), 2);
    check("/nick", "", "That command is written so: /nick NAME\n");
    check(
        &format!("/nick {}", "x".repeat(33)),
        "",
        "That name is too long: a name has at most 32 characters. Choose a shorter one.\n",
    );
}

#[test]
fn topic_is_shown_set_and_taken_away() {
    let mut desk = Desk::in_group();
    desk.holds(
        "\
> /topic
* There is no topic.
> /topic tea at five
* Topic: tea at five
> /topic
* Topic: tea at five
> /topic -
* There is no topic.",
    );
    check(
        &format!("/topic {}", "x".repeat(391)),
        "",
        "That topic is too long: a topic has at most 390 bytes. Choose a shorter one.\n",
    );
}

#[test]
fn options_are_on_or_off() {
    check("/echo on", "echo On", "* Your own messages are shown to you from now on.\n");
    check("/echo OFF", "echo Off", "* Your own messages are not shown to you from now on.\n");
    check(
        "/delete-when-empty on",
        "delete when empty true",
        "Only the one who made the group may do that.\n",
    );
    check("/echo", "", "That command is written so: /echo on|off\n");
    check("/echo loud", "", "That command is written so: /echo on|off\n");
}
