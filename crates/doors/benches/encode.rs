//! What it costs to write an event as bytes, for each door that has a way of its own.
//!
//! `cargo bench -p conclave-doors`; `cargo test` runs each once, to see that it still works.

use std::hint::black_box;

use conclave_core::{Entry, Event, Kind, MemberId, Name, Seq, Text, Timestamp};
use conclave_doors::api::EventShown;
use conclave_doors::console::{LineEnd, encode_earlier, encode_event};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// A message of 100 bytes, as the loads of `conclave bench` send.
fn event() -> Event {
    let kind = Kind::Said { text: Text::from_log("x".repeat(100)), client_id: None };
    let entry = Entry::by(MemberId(1), Name::from_log("Noya"), kind);
    Event { seq: Seq(17), at: Timestamp::from_ms(1_795_183_391_042), entry }
}

fn measure(bencher: Bencher<'_, '_>, encode: impl Fn(&Event, &mut Vec<u8>) + Sync) {
    let event = event();
    let mut out = Vec::with_capacity(4_096);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        out.clear();
        encode(black_box(&event), &mut out);
        black_box(out.len())
    });
}

#[divan::bench]
fn console_live(bencher: Bencher<'_, '_>) {
    measure(bencher, |event, out| encode_event(event, LineEnd::Lf, out));
}

#[divan::bench]
fn console_earlier(bencher: Bencher<'_, '_>) {
    measure(bencher, |event, out| encode_earlier(event, LineEnd::Lf, out));
}

#[divan::bench]
fn json(bencher: Bencher<'_, '_>) {
    measure(bencher, |event, out| {
        // Writing into memory does not fail.
        drop(serde_json::to_writer(out, &EventShown::from(event)));
    });
}
