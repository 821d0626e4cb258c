//! Lines of IRC, taken apart here and by `irc-proto`, which shares no line with us.

use conclave_doors::irc::message::Message;
use irc_proto::{Command, Message as Theirs};
use proptest::prelude::*;

/// What stands behind the key of a tag, with its escapes.
fn value() -> impl Strategy<Value = String> {
    let value = prop::option::of(r"([a-z0-9=/+]|\\:|\\s|\\\\|\\r|\\n|ש){0,6}");
    value.prop_map(|value| value.map_or_else(String::new, |value| format!("={value}")))
}

fn line() -> impl Strategy<Value = String> {
    let tags = prop::collection::vec(value(), 0..4);
    let source = prop::option::of("[a-z]{1,6}(![a-z]{1,4}@[a-z.]{1,8})?");
    let words = prop::collection::vec("[a-z#@+*][a-z#:@+*,ש]{0,6}", 0..5);
    let last = prop::option::of("[a-z :,\u{1}ש]{0,12}");
    (tags, source, words, last).prop_map(|(tags, source, words, last)| {
        let mut parts = Vec::new();
        if !tags.is_empty() {
            // Each key once: of several the last counts, which is another rule.
            let keyed = tags.iter().enumerate().map(|(index, value)| format!("k{index}{value}"));
            parts.push(format!("@{}", keyed.collect::<Vec<_>>().join(";")));
        }
        parts.extend(source.map(|source| format!(":{source}")));
        // No command that they know, so that they leave its parameters as they are.
        parts.push("SOMETHING".to_owned());
        parts.extend(words);
        parts.extend(last.map(|last| format!(":{last}")));
        parts.join(" ")
    })
}

proptest! {
    #[test]
    fn a_line_comes_apart_as_it_does_elsewhere(line in line()) {
        let ours = Message::parse(&line);
        let theirs: Theirs = format!("{line}\r\n").parse().unwrap();
        let Command::Raw(command, params) = theirs.command else { panic!("{line:?}") };
        prop_assert_eq!(ours.command, command);
        prop_assert_eq!(ours.params, params);
        prop_assert_eq!(
            ours.source.map(str::to_owned),
            theirs.prefix.map(|prefix| prefix.to_string())
        );
        let tags: Vec<_> = theirs.tags.unwrap_or_default().into_iter().map(|tag| {
            (tag.0, tag.1.unwrap_or_default())
        }).collect();
        let ours: Vec<_> =
            ours.tags.iter().map(|tag| (tag.key.to_owned(), tag.value.to_string())).collect();
        prop_assert_eq!(ours, tags);
    }
}
