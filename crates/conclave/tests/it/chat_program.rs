//! `conclave chat --plain` with pipes: two who talk, and what they see when the server is gone.

use crate::peer::MENU;
use crate::program::{Program, Server, conclave, run};

struct Pair {
    _folder: tempfile::TempDir,
    server: Server,
    noya: Program,
    shlomo: Program,
}

fn chat(server: &Server, folder: &tempfile::TempDir) -> Program {
    let address = server.terminals.to_string();
    let program = Program::start(&mut conclave(folder.path(), &["chat", "--plain", &address]));
    for line in MENU {
        program.sees(line);
    }
    program
}

/// Two who are in a group.
fn pair() -> Pair {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let mut noya = chat(&server, &folder);
    noya.types("2");
    noya.sees("Enter your name:");
    noya.types("נועה");
    noya.sees("Enter password for the group:");
    noya.types("1234");
    let id = noya.next().strip_prefix("The id of the group is: ").unwrap().to_owned();
    noya.sees(&format!("You're connected to group chat #{id}"));
    noya.sees("You can start to talk!");
    let mut shlomo = chat(&server, &folder);
    for (typed, asked) in [
        ("1", "Enter your name:".to_owned()),
        ("Shlomo", "Enter group ID:".to_owned()),
        (&id, "Enter password:".to_owned()),
        ("1234", format!("You're connected to group chat #{id}")),
    ] {
        shlomo.types(typed);
        shlomo.sees(&asked);
    }
    noya.sees("* Shlomo has connected to the chat room");
    Pair { _folder: folder, server, noya, shlomo }
}

#[test]
fn two_talk_and_one_leaves() {
    let Pair { _folder, server: _server, mut noya, mut shlomo } = pair();
    noya.types("שלום");
    shlomo.sees("נועה: שלום");
    shlomo.types("Hello, how are you?");
    noya.sees("Shlomo: Hello, how are you?");
    shlomo.types("Exit");
    shlomo.sees("You chose exit so you left the group.");
    noya.sees("* Shlomo has left the group");
    let ran = shlomo.ran();
    assert_eq!((ran.code, ran.printed.as_str()), (Some(0), ""));
    // The end of the input leaves as well.
    noya.ends_input();
    assert_eq!(noya.ran().code, Some(0));
}

#[test]
fn a_server_that_was_killed_is_told_and_nobody_is_left_hanging() {
    let Pair { _folder, server, mut noya, mut shlomo } = pair();
    // This one types before it learns that the server is gone.
    noya.signal("STOP");
    server.program.kill();
    noya.types("Is anybody there?");
    noya.signal("CONT");
    for program in [&mut noya, &mut shlomo] {
        assert_eq!(program.ended().code(), Some(1));
        program.complains(&["connection", "server"]);
    }
}

#[test]
fn a_server_that_stops_is_told() {
    let Pair { _folder, server, noya, shlomo } = pair();
    server.stop();
    for program in [noya, shlomo] {
        program.sees("* The server is stopping. Connect again in a moment.");
        program.complains(&["The server has closed the connection."]);
        assert_eq!(program.ran().code, Some(1));
    }
}

#[test]
fn where_no_server_is_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let address = server.terminals.to_string();
    server.stop();
    let ran = run(folder.path(), &["chat", "--plain", &address]);
    assert_eq!((ran.code, ran.printed.as_str()), (Some(1), ""));
    assert!(ran.complained.contains(&address), "{}", ran.complained);
    assert_eq!(ran.complained.lines().count(), 1, "{}", ran.complained);
}
