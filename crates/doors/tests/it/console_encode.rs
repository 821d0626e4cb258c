//! Events as the console shows them.

use conclave_core::{
    Entry, Event, Farewell, Kind, MemberId, Name, Origin, Reason, Role, Seq, Text, Timestamp, Topic,
};
use conclave_doors::console::{LineEnd, encode_earlier, encode_event, encode_told};

fn event(name: &str, kind: Kind) -> Event {
    let entry = Entry::by(MemberId(1), Name::from_log(name), kind);
    Event { seq: Seq(1), at: Timestamp::from_ms(1_795_183_391_042), entry }
}

fn said(text: &str) -> Kind {
    Kind::Said { text: Text::from_log(text.to_owned()), client_id: None }
}

fn acted(text: &str) -> Kind {
    Kind::Action { text: Text::from_log(text.to_owned()), client_id: None }
}

fn topic(text: &str) -> Kind {
    Kind::Topic { text: Topic::from_log(text.to_owned()) }
}

fn check(name: &str, kind: Kind, live: &str, earlier: &str) {
    let event = event(name, kind);
    let mut out = Vec::new();
    encode_event(&event, LineEnd::Lf, &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), live);
    let mut out = Vec::new();
    encode_earlier(&event, LineEnd::CrLf, &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), earlier);
}

#[test]
fn events_are_shown_as_the_interface_says() {
    check("Noya", said("Hi"), "Noya: Hi\n", "[2026-11-20 14:03] Noya: Hi\r\n");
    check("נויה", said("שלום"), "נויה: שלום\n", "[2026-11-20 14:03] נויה: שלום\r\n");
    check(
        "Shlomo",
        Kind::Joined { seat: None, origin: Origin::default(), role: Role::Owner },
        "* Shlomo has connected to the chat room\n",
        "[2026-11-20 14:03] * Shlomo has connected to the chat room\r\n",
    );
    check(
        "Shoham",
        Kind::Left(Farewell::default()),
        "* Shoham has left the group\n",
        "[2026-11-20 14:03] * Shoham has left the group\r\n",
    );
    check(
        "Bar",
        Kind::Renamed { to: Name::from_log("Baruch") },
        "* Bar is now known as Baruch\n",
        "[2026-11-20 14:03] * Bar is now known as Baruch\r\n",
    );
    check(
        "Bar",
        topic("tea"),
        "* Bar set the topic: tea\n",
        "[2026-11-20 14:03] * Bar set the topic: tea\r\n",
    );
    check(
        "Bar",
        topic(""),
        "* Bar took the topic away\n",
        "[2026-11-20 14:03] * Bar took the topic away\r\n",
    );
    check(
        "Eve",
        Kind::Removed { by: Name::from_log("Noya"), reason: Reason::default() },
        "* Eve was removed from the group by Noya\n",
        "[2026-11-20 14:03] * Eve was removed from the group by Noya\r\n",
    );
    check(
        "Eve",
        Kind::Removed { by: Name::from_log("Noya"), reason: Reason::from_log("spam".to_owned()) },
        "* Eve was removed from the group by Noya: spam\n",
        "[2026-11-20 14:03] * Eve was removed from the group by Noya: spam\r\n",
    );
}

#[test]
fn no_line_of_a_message_forges_another_sender_or_a_notice() {
    check(
        "Eve",
        said("a\nNoya: b\n* Noya has left the group"),
        "Eve: a\nEve: Noya: b\nEve: * Noya has left the group\n",
        "[2026-11-20 14:03] Eve: a\r\n[2026-11-20 14:03] Eve: Noya: b\r\n\
         [2026-11-20 14:03] Eve: * Noya has left the group\r\n",
    );
    check(
        "Eve",
        acted("has left the group\nlies"),
        "** Eve has left the group\n** Eve lies\n",
        "[2026-11-20 14:03] ** Eve has left the group\r\n[2026-11-20 14:03] ** Eve lies\r\n",
    );
}

#[test]
fn no_control_character_leaves_whatever_a_log_holds() {
    let bad = "\u{1b}]0;x\u{7}\r\u{9b}6n\u{85}\u{2028}\u{2029}\u{7f}\0\u{202e}";
    let kept = "]0;x6n";
    check(
        &format!("E{bad}\nve"),
        said(&format!("{bad}\t.")),
        &format!("E{kept}ve: {kept}\t.\n"),
        &format!("[2026-11-20 14:03] E{kept}ve: {kept}\t.\r\n"),
    );
    check(
        "Eve",
        topic(&format!("{bad}\nx")),
        &format!("* Eve set the topic: {kept}x\n"),
        &format!("[2026-11-20 14:03] * Eve set the topic: {kept}x\r\n"),
    );
}

#[test]
fn what_one_tells_another_looks_like_nothing_a_member_says() {
    let told = |kind: Kind, is_own: bool| {
        let with = Name::from_log(if is_own { "Dan" } else { "Noya" });
        let mut out = Vec::new();
        encode_told(&event("Noya", kind), &with, is_own, LineEnd::Lf, &mut out);
        String::from_utf8(out).unwrap()
    };
    for (kind, to_the_other, to_oneself) in [
        (said("psst"), "* Noya (to you): psst\n", "* to Dan: psst\n"),
        (said("a\nb"), "* Noya (to you): a\n* Noya (to you): b\n", "* to Dan: a\n* to Dan: b\n"),
        (said("\u{1b}[2J"), "* Noya (to you): [2J\n", "* to Dan: [2J\n"),
        (acted("waves"), "** Noya (to you) waves\n", "** to Dan: waves\n"),
        (Kind::Left(Farewell::default()), "", ""),
        (Kind::Renamed { to: Name::from_log("Noa") }, "", ""),
    ] {
        assert_eq!(told(kind.clone(), false), to_the_other);
        assert_eq!(told(kind, true), to_oneself);
    }
}
