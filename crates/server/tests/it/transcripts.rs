//! Every golden conversation, played in memory with virtual time.

use std::path::Path;

use conclave_transcript::{play, read_all};

use crate::stage::MemoryStage;

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
