//! Nobody sees anything of a group it is not in.

use conclave_hub::Keep;
use proptest::prelude::*;

use crate::stage::{Client, Stage, in_virtual_time, settle, topic_of};

#[derive(Clone, Debug)]
enum Step {
    Join { group: usize, room: usize },
    Say { client: usize },
    Act { client: usize, what: u8 },
    Read { client: usize, count: usize },
    Leave { client: usize },
    Close { group: usize },
    Pause,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_usize, 1..400_usize).prop_map(|(group, room)| Step::Join { group, room }),
        8 => (0..16_usize).prop_map(|client| Step::Say { client }),
        2 => (0..16_usize, any::<u8>()).prop_map(|(client, what)| Step::Act { client, what }),
        4 => (0..16_usize, 1..200_usize).prop_map(|(client, count)| Step::Read { client, count }),
        1 => (0..16_usize).prop_map(|client| Step::Leave { client }),
        1 => (0..4_usize).prop_map(|group| Step::Close { group }),
        2 => Just(Step::Pause),
    ]
}

/// What is found in everything of one group, and nowhere else.
fn canary(group: usize) -> String {
    format!("canary{group}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_byte_of_a_group_reaches_who_is_not_in_it(steps in prop::collection::vec(step(), 1..80)) {
        in_virtual_time(async {
            let stage = Stage::open().await;
            let mut groups = Vec::new();
            for _ in 0..4 {
                groups.push(stage.create().await.0);
            }
            let mut clients: Vec<(usize, Client, String)> = Vec::new();
            let mut gone: Vec<(usize, String, crate::pipe::Pipe)> = Vec::new();
            for (n, step) in steps.into_iter().enumerate() {
                let index = |client: usize, clients: &[_]| client.checked_rem(clients.len());
                match step {
                    Step::Join { group, room } => {
                        stage.hub.open(groups[group]).await.unwrap();
                        let admission = stage.admit(groups[group]).await;
                        let name = format!("{} {n}", canary(group));
                        let client = stage.join(&admission, &name, Keep::Connection, room).await;
                        clients.push((group, client, String::new()));
                    }
                    Step::Say { client } => if let Some(client) = index(client, &clients) {
                        let (group, client, _) = &clients[client];
                        // In a group that was closed it is refused.
                        let said = super::stage::words(&canary(*group));
                        let _closed = client.session.say(said).await;
                    },
                    Step::Act { client, what } => if let Some(client) = index(client, &clients) {
                        let (group, client, _) = &clients[client];
                        let text = canary(*group);
                        let _closed = match what % 3 {
                            0 => client.session.set_topic(topic_of(&text)).await,
                            1 => {
                                let wire = &super::stage::WIRE;
                                client.session.show_history(9, None, wire).await.map(drop)
                            }
                            _ => {
                                let to = super::stage::name_of(&format!("{text} {n}"));
                                client.session.rename(to).await
                            }
                        };
                        for member in client.session.members() {
                            assert!(member.name.as_str().starts_with(&text));
                        }
                    },
                    Step::Read { client, count } => if let Some(client) = index(client, &clients) {
                        let (_, client, seen) = &mut clients[client];
                        seen.push_str(&String::from_utf8(client.pipe.read(count)).unwrap());
                    },
                    Step::Leave { client } => if let Some(client) = index(client, &clients) {
                        let (group, client, seen) = clients.swap_remove(client);
                        client.session.leave().await;
                        gone.push((group, seen, client.pipe));
                    },
                    Step::Close { group } => drop(stage.hub.close(groups[group]).await.unwrap()),
                    Step::Pause => settle().await,
                }
            }
            settle().await;
            let there = clients.iter().map(|(group, client, seen)| (*group, seen, &client.pipe));
            let gone = gone.iter().map(|(group, seen, pipe)| (*group, seen, pipe));
            for (group, seen, pipe) in there.chain(gone) {
                let seen = format!("{seen}{}", pipe.read_text());
                for other in (0..4).filter(|other| *other != group) {
                    assert!(!seen.contains(&canary(other)), "in {group}: {seen}");
                }
            }
        });
    }
}
