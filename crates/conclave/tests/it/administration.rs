//! `conclave admin`, on a data folder at rest and on a running server's.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::peer::{MENU, Peer};
use crate::program::{Ran, Server, admin, wait_until};

#[track_caller]
fn done(ran: Ran) -> String {
    assert_eq!(ran.code, Some(0), "{}", ran.complained);
    ran.printed
}

#[track_caller]
fn refused(ran: &Ran, part: &str) {
    assert_eq!((ran.code, ran.printed.as_str()), (Some(1), ""));
    assert!(ran.complained.contains(part), "{}", ran.complained);
}

/// A server with a group in which Noya said two things, Shlomo came, and both are.
fn peopled() -> (TempDir, Server, [Peer; 2], String) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let mut shlomo = Peer::member(server.terminals, "Shlomo", &id);
    noya.sees("* Shlomo has connected to the chat room");
    noya.types("שלום \"friends\"");
    shlomo.sees("Noya: שלום \"friends\"");
    noya.types("/me waves");
    shlomo.sees("** Noya waves");
    noya.types("/topic Plans");
    noya.sees("* Topic: Plans");
    shlomo.sees("* Noya set the topic: Plans");
    (folder, server, [noya, shlomo], id)
}

/// An event as the interface writes it, but for its time, which is looked at on the way.
#[track_caller]
fn without_time(line: &str) -> String {
    let (before, after) = line.split_once("\"at\":\"").unwrap();
    let (at, after) = after.split_once("\",").unwrap();
    let shape: String = at.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{line}");
    format!("{before}{after}")
}

const EXPORTED: [&str; 5] = [
    r#"{"seq":1,"name":"Noya","kind":"joined","role":"owner"}"#,
    r#"{"seq":2,"name":"Shlomo","kind":"joined"}"#,
    r#"{"seq":3,"name":"Noya","kind":"said","text":"שלום \"friends\""}"#,
    r#"{"seq":4,"name":"Noya","kind":"action","text":"waves"}"#,
    r#"{"seq":5,"name":"Noya","kind":"topic","text":"Plans"}"#,
];

/// Looks are alike at rest and on a running server.
fn check_looks(data: &Path, id: &str) {
    let listed = done(admin(data, &["groups", "list"]));
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(listed.starts_with(&format!("{id}  created 20")), "{listed}");
    let shown = done(admin(data, &["groups", "show", id]));
    assert!(shown.contains("topic: Plans"), "{shown}");
    let exported = done(admin(data, &["groups", "export", id]));
    let exported: Vec<String> = exported.lines().map(without_time).collect();
    assert_eq!(exported[..5], EXPORTED);
    assert!(done(admin(data, &["check"])).is_empty(), "nothing but events goes to its output");
    for act in ["show", "export", "close", "open", "delete"] {
        refused(&admin(data, &["groups", act, "1"]), "no group 1");
    }
}

#[test]
fn a_running_server_is_looked_at_and_changed() {
    let (_folder, server, [noya, shlomo], id) = peopled();
    check_looks(&server.data, &id);
    let shown = done(server.admin(&["groups", "show", &id]));
    assert!(shown.ends_with("  topic: Plans\n  Noya\n  Shlomo"), "{shown}");

    done(server.admin(&["groups", "close", &id]));
    for mut peer in [noya, shlomo] {
        peer.sees("* The group was closed, so you are back at the menu.");
        peer.sees_all(&MENU);
        peer.types(&format!("1\nNoya\n{id}\n1234"));
        peer.sees_all(&["Enter your name:", "Enter group ID:", "Enter password:"]);
        let told = peer.next();
        assert!(!told.starts_with("You're connected"), "{told}");
    }
    assert!(done(server.admin(&["groups", "list"])).contains("closed"));
    done(server.admin(&["groups", "open", &id]));
    let mut tal = Peer::member(server.terminals, "Tal", &id);
    tal.sees("* Topic: Plans");
    assert!(tal.next().ends_with("] Noya: שלום \"friends\""));
    assert!(tal.next().ends_with("] ** Noya waves"));

    done(server.admin(&["groups", "delete", &id]));
    tal.sees("* The group was closed, so you are back at the menu.");
    tal.sees_all(&MENU);
    assert_eq!(done(server.admin(&["groups", "list"])), "");
    refused(&server.admin(&["groups", "export", &id]), "no group");
    tal.types(&format!("1\nTal\n{id}\n1234"));
    tal.sees_all(&["Enter your name:", "Enter group ID:", "Enter password:"]);
    tal.sees("Sorry, no group has that ID and password. Try again.");
    server.program.complains(&["group deleted", &id]);
    server.stop();
}

#[test]
fn a_folder_at_rest_is_looked_at_and_changed() {
    let (folder, server, peers, id) = peopled();
    let data = server.data.clone();
    drop(peers);
    server.stop();
    check_looks(&data, &id);
    done(admin(&data, &["groups", "close", &id]));
    assert!(done(admin(&data, &["groups", "list"])).contains("closed"));

    let server = Server::start(folder.path(), &[]);
    let mut tal = Peer::at_menu(server.terminals);
    tal.types(&format!("1\nTal\n{id}\n1234"));
    tal.sees_all(&["Enter your name:", "Enter group ID:", "Enter password:"]);
    let told = tal.next();
    assert!(!told.starts_with("You're connected"), "{told}");
    server.stop();

    done(admin(&data, &["groups", "delete", &id]));
    assert_eq!(done(admin(&data, &["groups", "list"])), "");
    done(admin(&data, &["check"]));
}

#[test]
fn a_backup_of_a_running_server_is_a_whole_data_folder() {
    let (folder, server, [mut noya, mut shlomo], id) = peopled();
    done(server.admin(&["backup", "saved.db"]));
    refused(&server.admin(&["backup", "saved.db"]), "exists");
    noya.types("After the backup");
    shlomo.sees("Noya: After the backup");
    drop((noya, shlomo));
    server.stop();

    // Restored as the handbook says: into an empty folder, under the name of the database.
    let restored = tempfile::tempdir().unwrap();
    fs::create_dir(restored.path().join("data")).unwrap();
    let saved = folder.path().join("saved.db");
    fs::rename(saved, restored.path().join("data/conclave.db")).unwrap();
    let server = Server::start(restored.path(), &[]);
    let mut tal = Peer::member(server.terminals, "Tal", &id);
    tal.sees("* Topic: Plans");
    assert!(tal.next().ends_with("] Noya: שלום \"friends\""));
    assert!(tal.next().ends_with("] ** Noya waves"));
    let mut eli = Peer::member(server.terminals, "Eli", &id);
    tal.sees("* Eli has connected to the chat room");
    tal.types("Back again");
    while eli.next() != "Tal: Back again" {}
    done(server.admin(&["check"]));
    let exported = done(server.admin(&["groups", "export", &id]));
    assert!(!exported.contains("After the backup"), "{exported}");
}

#[test]
fn a_backup_at_rest_is_one_too() {
    let (folder, server, peers, id) = peopled();
    let data = server.data.clone();
    drop(peers);
    server.stop();
    fs::create_dir(folder.path().join("copy")).unwrap();
    done(admin(&data, &["backup", "copy/conclave.db"]));
    let copy = folder.path().join("copy");
    let export = ["groups", "export", &id];
    assert_eq!(done(admin(&copy, &export)), done(admin(&data, &export)));
}

#[test]
fn where_nothing_is_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    refused(&admin(&missing, &["groups", "list"]), "--data");
    assert!(!missing.exists(), "nothing is made by looking");
}

#[test]
fn damage_is_found_by_check() {
    let (folder, server, peers, id) = peopled();
    let data = server.data.clone();
    drop(peers);
    server.stop();
    done(admin(&data, &["check"]));
    let database = folder.path().join("data/conclave.db");
    let mut bytes = fs::read(&database).unwrap();
    let at = bytes.windows(5).position(|window| window == b"waves").expect("it is in there");
    bytes[at] = b'W';
    fs::write(&database, bytes).unwrap();
    let ran = admin(&data, &["check"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.printed.contains(&id), "which group: {}", ran.printed);
    assert!(ran.complained.contains("backup"), "what to do: {}", ran.complained);
}

#[test]
fn the_log_tells_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let log = &server.program;
    log.complains(&["server starting"]);
    log.complains(&["listening", &server.terminals.to_string()]);
    log.complains(&["listening", &server.web.to_string()]);
    let (noya, id) = Peer::creator(server.terminals, "Noya");
    log.complains(&["client connected", "127.0.0.1"]);
    log.complains(&["group created", &id]);
    let mut wrong = Peer::at_menu(server.terminals);
    wrong.types(&format!("1\nBar\n{id}\nsecret-of-bar\n1\nsecret-of-bar"));
    log.complains(&["the password does not match", &id]);
    log.complains(&["no such ID"]);
    drop((noya, wrong));
    log.complains(&["client disconnected", "127.0.0.1"]);
    wait_until(|| log.complaints().matches("client disconnected").count() == 2).unwrap();
    done(server.admin(&["groups", "delete", &id]));
    log.complains(&["group deleted", &id]);
    server.program.signal("TERM");
    log.complains(&["server stopping"]);
    log.complains(&["server stopped"]);
    let all = log.complaints();
    assert!(!all.contains("secret-of-bar") && !all.contains("1234"), "no password: {all}");
    server.stop_by("CONT");
}

#[test]
fn the_log_is_json_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--log-format", "json"]);
    let line = server.program.complains(&["listening", &server.web.to_string()]);
    assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
    assert!(line.contains("\"level\":\"INFO\""), "{line}");
}
