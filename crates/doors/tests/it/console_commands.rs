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
    for typed in ["/frobnicate", "/", "/ help", "/joining 8888", "/privmsg Noya hi"] {
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
For everyone:
/help [COMMAND]  explains commands
/who             shows who is here
/history [N]     shows what was said
/me ACTION       tells what you do
/msg NAME TEXT   tells one alone
/nick NAME       changes your name
/topic [TEXT]    shows or sets the topic
/echo on|off     shows your messages
/banlist         shows bans and mutes
/leave           goes back to the menu
/exit            leaves the server
//TEXT           says a line with a /
For moderators:
/kick NAME [WHY] removes a member
/ban NAME [WHY]  removes and keeps out
/unban NAME      takes a ban back
/mute NAME       lets them only read
/unmute NAME     lets them speak again
/voice NAME      gives a voice
/devoice NAME    takes the voice away
/op NAME         makes a moderator
/deop NAME       a moderator no more
/invite NAME     lets a name in once
/password NEW    changes the password
/close           lets nobody new in
/open            lets people in again
/limit N|off     limits the members
/moderate on|off only voices speak
/lock-topic      only you set the topic
/unlock-topic    all set the topic
/invite-only on|off
                 only invited join
/delete-when-empty on|off
                 deletes at the end
/help COMMAND tells more of one.
";
    for typed in ["/help", "/?", "/HELP", "/commands"] {
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
    let usage = "That command is typed like this: /msg NAME TEXT\n";
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
fn help_explains_one_command() {
    check("/help me", "", "/me ACTION\nTells the group what you do.\n");
    let who = "/who\nShows who is in the group, and what each may do.\nAlso: /names, /users\n";
    for typed in ["/help who", "/help /who", "/help NAMES"] {
        check(typed, "", who);
    }
    check(
        "/help frobnicate",
        "",
        "There is no such command, so nothing was sent. \
         Type /help for the commands, or // to send a line that begins with /\n",
    );
}

#[test]
fn moderators_ask_for_what_they_may_do() {
    check("/kick Noya Cohen for spam", "remove Noya Cohen for spam", "");
    check("/kick Eve", "remove Eve", "Nobody in the group has that name. See /who for who is.\n");
    check("/ban Eve", "ban Eve", "* You banned Eve\n");
    check("/ban *!*@irc", "ban *!*@irc", "* You banned *!*@irc\n");
    check("/unban Eve", "change Unlisted(Bans, Mask(\"Eve!*@*\"))", "* You unbanned Eve\n");
    check("/mute Eve", "change Listed(Mutes, Mask(\"Eve!*@*\"))", "* You muted Eve\n");
    check("/unmute Eve", "change Unlisted(Mutes, Mask(\"Eve!*@*\"))", "* You unmuted Eve\n");
    check("/op Noya", "give moderator Noya", "* You made Noya a moderator\n");
    check("/deop Noya", "take moderator Noya", "* That is so already.\n");
    check("/voice Noya", "give voice Noya", "* You gave Noya a voice\n");
    check("/devoice Noya", "take voice Noya", "* That is so already.\n");
    check("/invite Eve", "change Invited(Name(\"Eve\"))", "* You invited Eve\n");
    check(
        "/password open sesame",
        "password open sesame",
        "* You changed the password. Tell it to those who are to join from now on.\n",
    );
    check(
        "/close",
        "change Flag { flag: Closed, is_on: true }",
        "Only a moderator of the group may do that. Ask one.\n",
    );
    check("/limit 20", "change MembersMax(Some(20))", "* You set the limit of members to 20\n");
    check("/limit off", "change MembersMax(None)", "* You took away the limit of members\n");
    check(
        "/lock-topic",
        "change Flag { flag: TopicLocked, is_on: true }",
        "* You locked the topic: only moderators can set it\n",
    );
    check(
        "/moderate off",
        "change Flag { flag: Moderated, is_on: false }",
        "* You let everyone speak again\n",
    );
    check(
        "/banlist",
        "bans",
        "* Banned:\n- Eve (by Noya, 2026-11-20 14:03)\n- *!*@irc (by Noya, 2026-11-20 14:03)\n\
         * Muted:\n- Gil (by Noya, 2026-11-20 14:03)\n",
    );
}

#[test]
fn what_a_moderator_writes_wrongly_is_told_and_not_asked_for() {
    for (typed, usage) in [
        ("/kick", "/kick NAME [WHY]"),
        ("/ban", "/ban NAME [WHY]"),
        ("/unban", "/unban NAME"),
        ("/op", "/op NAME"),
        ("/invite", "/invite NAME"),
        ("/password", "/password NEW"),
        ("/close now", "/close"),
        ("/limit 0", "/limit N|off"),
        ("/limit -1", "/limit N|off"),
        ("/moderate", "/moderate on|off"),
    ] {
        check(typed, "", &format!("That command is typed like this: {usage}\n"));
    }
    check(
        &format!("/mute {}", "x".repeat(201)),
        "",
        "That is neither a name nor a pattern such as *!*@irc of at most 200 bytes. Try again.\n",
    );
    let long = "x".repeat(257);
    check(
        &format!("/password {long}"),
        "",
        "That password is too long: a password has at most 256 bytes. Choose a shorter one.\n",
    );
}

#[test]
fn who_shows_the_members() {
    let members = "* Group chat #8888 has 3 members:\n- Noya (owner)\n- Bar (you)\n- שלמה (voiced, muted, away)\n";
    for typed in ["/who", "/names", "/users"] {
        check(typed, "members", members);
    }
}

#[test]
fn history_takes_any_number() {
    let none = "There are no earlier messages.\n";
    let usage = "That command is typed like this: /history [N]\n";
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
    check("/me", "", "That command is typed like this: /me ACTION\n");
}

#[test]
fn nick_renames() {
    let mut desk = Desk::in_group();
    assert_eq!(desk.types("/nick Baruch\n"), "* You are now known as Baruch\n");
    assert_eq!(desk.types("/nick Noya\n"), "That name is in use in this group. Choose another.\n");
    assert_eq!(desk.requests.len(), 2);
    check("/nick", "", "That command is typed like this: /nick NAME\n");
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
    check("/echo", "", "That command is typed like this: /echo on|off\n");
    check("/echo loud", "", "That command is typed like this: /echo on|off\n");
}
