//! Every golden conversation, played in memory with virtual time.

use std::path::Path;

use conclave_doors::irc::commands::TABLE;
use conclave_transcript::{play, read_all};

use crate::stage::MemoryStage;

/// A file that begins with the name of the command shows it done and refused.
#[test]
fn each_command_of_irc_has_a_transcript() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts/irc");
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    let is_shown = |command: &str| {
        let begins = format!("{}_", command.to_lowercase());
        names.iter().any(|name| name.starts_with(&begins))
    };
    let missing: Vec<_> = TABLE.iter().map(|row| row.name).filter(|name| !is_shown(name)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_transcript_plays_in_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts");
    let mut failures = Vec::new();
    for transcript in read_all(&folder).unwrap() {
        // A runtime each: what one leaves behind cannot reach the next.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let played = runtime.block_on(async {
            let mut stage = MemoryStage::open(transcript.options()).await;
            play(&transcript, &mut stage).await
        });
        failures.extend(played.err());
    }
    let told: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{} not held:\n\n{}", told.len(), told.join("\n"));
}
