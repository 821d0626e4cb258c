//! Each load, small and short, on a server that delivers as it should.

use crate::stage::{Served, bench, measure};

const SHORT: &str = "--seconds 0.2 --warm-up 0.05 --settle 0.05";

fn check(load: &str, sent_min: u64, readers: u64) {
    let served = Served::start();
    let (told, is_clean) = measure(&format!("{load} {SHORT}"), served.address);
    let faults = told["faults"].as_object().unwrap();
    assert!(faults.values().all(|count| count == 0), "{told}");
    assert!(is_clean, "{told}");
    let sent = told["sent"].as_u64().unwrap();
    assert!(sent >= sent_min, "{told}");
    assert!(told["delivered"].as_u64().unwrap() >= sent * readers, "{told}");
    assert!(told["latency"]["max_ms"].as_f64().unwrap() > 0.0, "{told}");
    assert_eq!(told["retries"], 0, "{told}");
}

#[test]
fn one_message_at_a_time_is_delivered() {
    check("single --rate 100", 15, 1);
}

#[test]
fn a_big_group_is_delivered_to() {
    check("bigroom --members 20 --rate 200", 30, 19);
}

#[test]
fn many_groups_are_delivered_to() {
    check("rooms --groups 5 --members 3 --rate 2000", 300, 2);
}

#[test]
fn a_flood_is_delivered() {
    check("flood --members 5 --senders 2 --window 16", 16, 4);
    check("flood --members 5 --window 1", 1, 4);
}

#[test]
fn a_writer_and_a_reader_each_are_delivered_to() {
    check("durable --groups 4", 4, 1);
}

#[test]
fn one_who_does_not_read_for_a_while_gets_all_the_same() {
    check("slow --members 5 --senders 2 --rate 500 --stall 0.3", 80, 4);
}

#[test]
fn those_who_only_come_in_are_all_there() {
    for load in ["joinstorm --members 30", "idle --groups 3 --members 4"] {
        check(load, 0, 0);
    }
}

#[test]
fn a_table_tells_what_was_measured() {
    let served = Served::start();
    let load = format!("flood {} --members 3 --senders 1 --runs 3 {SHORT}", served.address);
    let (table, is_clean) = bench(&load).unwrap();
    assert!(is_clean);
    for words in ["delivered ", "latency ms   p50 ", "0 lost, 0 doubled", "\nmedian of 3: "] {
        assert!(table.contains(words), "{words}: {table}");
    }
}

#[test]
fn what_cannot_be_asked_for_is_refused_with_a_sentence() {
    for (words, says) in [
        ("flood 192.0.2.1:5555", "--i-own-this-server"),
        ("flood nowhere", "is no address"),
        ("flood --members 1", "two members"),
        ("flood --members 40000", "at most 30000"),
        ("flood --window 0", "--window is between"),
        ("flood --payload 5", "--payload is between"),
        ("rooms --rate 0", "--rate is above 0"),
        ("rooms --seconds 9999", "--seconds is between"),
        ("rooms --senders 0", "--senders is between"),
        ("rooms --rate 5 --window 5", "cannot be used with"),
        ("single 127.0.0.1:1", "(Connection refused"),
        ("floor --listen 192.0.2.1:0", "another machine"),
    ] {
        let Err(refused) = bench(words) else { panic!("{words} was done") };
        assert!(format!("{refused:#}").contains(says), "{words}: {refused:#}");
    }
}
