//! How a server starts: what it announces, and what it says where it cannot.

use std::fs;
use std::os::unix::fs::FileExt as _;

use crate::peer::Peer;
use crate::program::{Program, Server, conclave, run};

#[test]
fn each_listener_is_announced_on_a_line_and_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["serve", "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--web", "none"];
    let server = Program::start(&mut conclave(folder.path(), &words));
    let mut ports = Vec::new();
    for _ in 0..2 {
        let line = server.next();
        let port = line.strip_prefix("listening on 127.0.0.1:");
        let port = port.and_then(|line| line.strip_suffix(" (console irc http)"));
        ports.push(port.unwrap_or_else(|| panic!("{line}")).parse::<u16>().unwrap());
    }
    assert_ne!(ports[0], ports[1]);
    server.complains(&["server starting"]);
    server.complains(&["listening", &format!("127.0.0.1:{}", ports[1])]);
    server.signal("INT");
    let ran = server.ran();
    assert_eq!((ran.code, ran.printed.as_str()), (Some(0), ""));
    assert!(folder.path().join("conclave-data/conclave.db").exists(), "the default folder");
}

#[test]
fn a_port_in_use_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (terminals, web) = (server.terminals.to_string(), server.web.to_string());
    for option in [["--listen", &terminals], ["--web", &web]] {
        let words =
            [&["serve", "--data", "other", "--listen", "127.0.0.1:0"][..], &option].concat();
        let ran = run(folder.path(), &words);
        assert_eq!((ran.code, ran.printed.as_str()), (Some(1), ""));
        for part in [option[1], "already in use", "another port"] {
            assert!(ran.complained.contains(part), "{part}: {}", ran.complained);
        }
        assert_eq!(ran.complained.lines().count(), 1, "{}", ran.complained);
    }
    drop(Peer::at_menu(server.terminals));
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let second = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--web", "none"];
    let ran = run(folder.path(), &second);
    assert_eq!((ran.code, ran.printed.as_str()), (Some(1), ""));
    for part in ["data folder data", "in use", "--data"] {
        assert!(ran.complained.contains(part), "{part}: {}", ran.complained);
    }
    assert_eq!(ran.complained.lines().count(), 1, "{}", ran.complained);
    drop(Peer::at_menu(server.terminals));
    server.stop();
}

#[test]
fn what_makes_no_sense_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.toml"), "listne = '127.0.0.1:1'\n").unwrap();
    let check = |words: &[&str], named: &str| {
        let ran = run(folder.path(), words);
        assert_eq!((ran.code, ran.printed.as_str()), (Some(2), ""), "{words:?}");
        assert!(ran.complained.contains(named), "{words:?}: {}", ran.complained);
    };
    check(&["serve", "--bogus"], "--bogus");
    check(&["serve", "--listen", "here"], "--listen");
    check(&["serve", "--web", "here"], "--web here");
    check(&["serve", "--message-rate", "0"], "at least 1");
    check(&["serve", "--connections-per-ip", "many"], "none");
    check(&["serve", "--greeting-delay", "999999"], "--greeting-delay");
    check(&["serve", "--log", "sound=loud=very"], "--log");
    check(&["serve", "--config", "bad.toml"], "listne");
    check(&["serve", "--config", "missing.toml"], "missing.toml");
    check(&["sing"], "sing");
    check(&["admin", "groups", "show", "tea"], "tea");
    check(&[], "Usage");
    let ran = run(folder.path(), &["serve", "--config", "missing.toml"]);
    assert_eq!(ran.complained.matches("No such file").count(), 1, "{}", ran.complained);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("conclave.toml"),
        "listen = '127.0.0.1:0'\nweb = '127.0.0.1:0'\ndata = 'of-the-file'\n\
         server-name = 'of-the-file'\nlog = 'error'\n",
    )
    .unwrap();
    let words = ["serve", "--config", "conclave.toml", "--log", "info"];
    let mut command = conclave(folder.path(), &words);
    command.env("CONCLAVE_DATA", "data").env("CONCLAVE_LOG", "error");
    let server = Server::started(&mut command, folder.path());
    server.program.complains(&["server starting", "data=data", "server_name=of-the-file"]);
}

#[test]
fn data_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    Server::start(folder.path(), &[]).stop();
    let database = folder.path().join("data/conclave.db");
    // The version stands in the header of an SQLite file, at byte 60.
    let file = fs::OpenOptions::new().write(true).open(&database).unwrap();
    file.write_all_at(&99_u32.to_be_bytes(), 60).unwrap();
    let before = fs::read(&database).unwrap();

    let words = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--web", "none"];
    let ran = run(folder.path(), &words);
    assert_eq!((ran.code, ran.printed.as_str()), (Some(1), ""));
    assert!(ran.complained.contains("version 99"), "{}", ran.complained);
    assert!(ran.complained.contains("newer program"), "{}", ran.complained);
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn a_restart_at_once_has_the_same_port() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let address = server.terminals;
    // Connections that the server closes first leave the port in TIME_WAIT.
    let (noya, id) = Peer::creator(address, "Noya");
    let waiting = Peer::at_menu(address);
    server.stop();
    let server = Server::start_at(folder.path(), &address.to_string(), &[]);
    assert_eq!(server.terminals, address);
    drop((noya, waiting));
    let (tal, _) = Peer::creator(address, "Tal");
    drop(tal);
    drop(Peer::member(address, "Noya", &id));
}
