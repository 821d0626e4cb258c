//! Who is given what, and in which order.

use conclave_core::Text;
use conclave_hub::{Keep, Said};

use crate::stage::{Stage, settle};

fn words(text: &str) -> Said {
    Said::Words(Text::parse(text).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_member_sees_what_others_say_and_not_what_it_says() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let (noya, noya_pipe, _) = stage.join(&admission, "Noya", Keep::Connection, 1 << 20).await;
    let (shlomo, shlomo_pipe, _) =
        stage.join(&admission, "Shlomo", Keep::Connection, 1 << 20).await;
    noya.session.say(words("hello")).await.unwrap();
    shlomo.session.say(words("good morning")).await.unwrap();
    noya.session.say(words("how are you")).await.unwrap();
    settle().await;
    assert_eq!(noya_pipe.read_text(), "2 Shlomo joined\n4 Shlomo said good morning\n");
    assert_eq!(shlomo_pipe.read_text(), "3 Noya said hello\n5 Noya said how are you\n");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stops_misses_nothing_and_holds_up_nobody() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let (noya, _, _) = stage.join(&admission, "Noya", Keep::Connection, 1 << 20).await;
    let (_slow, slow_pipe, _) = stage.join(&admission, "Slow", Keep::Connection, 100).await;
    let (_quick, quick_pipe, _) = stage.join(&admission, "Quick", Keep::Connection, 1 << 24).await;
    let mut expected = "3 Quick joined\n".to_owned();
    for n in 0..5_000 {
        let text = format!("{n} {}", "x".repeat(n % 90));
        expected.push_str(&format!("{} Noya said {}\n", n + 4, text.trim_end()));
        noya.session.say(words(&text)).await.unwrap();
    }
    settle().await;
    assert_eq!(format!("3 Quick joined\n{}", quick_pipe.read_text()), expected);
    let mut seen = Vec::new();
    while seen.len() < expected.len() {
        seen.extend(slow_pipe.read(37));
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(String::from_utf8(seen).unwrap(), expected);
}
