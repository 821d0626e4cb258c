//! Cases and properties of names.

use proptest::prelude::*;

use super::*;

fn name(typed: &str) -> Name {
    Name::parse(typed).unwrap_or_else(|problem| panic!("{typed:?}: {problem}"))
}

#[test]
fn names_are_shown_in_one_form() {
    for (typed, shown) in [
        ("Noya", "Noya"),
        ("  Noya  ", "Noya"),
        ("Bar\u{a0}", "Bar"),
        ("Bar  \u{3000} Levi", "Bar Levi"),
        ("Ｎｏｙａ", "Noya"),
        ("Rene\u{301}", "René"),
        ("client12", "client12"),
        ("12", "12"),
        ("_x_", "_x_"),
        ("O'Brien-Smith Jr.", "O'Brien-Smith Jr."),
        ("noya[away]", "noya[away]"),
        ("אורי", "אורי"),
        ("אוּרִי", "אוּרִי"),
        // The shin of the presentation forms comes apart.
        ("\u{fb2a}רה", "ש\u{5c1}רה"),
        ("ג׳ון", "ג׳ון"),
        ("ג'ון", "ג'ון"),
        ("מנכ״ל", "מנכ״ל"),
        ("רס\"ן לוי", "רס\"ן לוי"),
        ("בן־דוד", "בן־דוד"),
        ("דני2", "דני2"),
        ("Noya נויה", "Noya נויה"),
        ("נויה (Noya)", "נויה (Noya)"),
        ("أحمد Ahmad", "أحمد Ahmad"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("Дима", "Дима"),
        ("Ελένη", "Ελένη"),
        ("田中さん Tanaka", "田中さん Tanaka"),
        ("ノア", "ノア"),
        // Korean as macOS spells it.
        ("\u{1112}\u{1161}\u{11ab}", "한"),
        ("प्रिया", "प्रिया"),
        ("Nguyễn", "Nguyễn"),
        ("🙂", "🙂"),
        ("🦀 Noya 🇮🇱", "🦀 Noya 🇮🇱"),
        ("👍🏽", "👍🏽"),
    ] {
        assert_eq!(name(typed).as_str(), shown, "{typed:?}");
    }
}

fn check_refused(all_typed: &[&str], problem: NameProblem) {
    for typed in all_typed {
        assert_eq!(Name::parse(typed).err(), Some(problem), "{typed:?}");
    }
}

#[test]
fn a_name_has_something_to_see_and_nothing_else() {
    check_refused(&["", " ", "\t\r\n", "\u{a0}\u{3000}"], NameProblem::Empty);
    // A23: bidi controls turn around what stands beside the name.
    check_refused(&["\u{202e}gpj.exe", "a\u{2067}b", "a\u{200f}b"], NameProblem::Invisible);
    // A24: joiners, hyphens and fillers tell names apart that look the same.
    let joined = ["ad\u{200d}min", "No\u{200c}ya", "No\u{200b}ya", "No\u{ad}ya", "a\u{34f}b"];
    check_refused(&joined, NameProblem::Invisible);
    let fillers = ["\u{115f}", "\u{3164}", "\u{ffa0}", "\u{2800}", "a\u{e0061}", "\u{feff}a"];
    check_refused(&fillers, NameProblem::Invisible);
    check_refused(&["❤\u{fe0f}", "👨\u{200d}👩\u{200d}👧"], NameProblem::Invisible);
    let controls = ["a\tb", "a\nb", "\u{1b}[31m", "a\0", "a\u{85}b", "a\u{2028}b"];
    check_refused(&controls, NameProblem::Invisible);
    let others = ["\u{e000}", "a\u{fffd}", "a\u{378}", "a\u{640}b", "\u{fdd0}", "a·b", "\"״"];
    check_refused(&others, NameProblem::NotAllowed);
    check_refused(&["x\u{332}\u{333}\u{33f}\u{305}\u{30a}"], NameProblem::TooManyMarks);
}

#[test]
fn a_name_cannot_be_taken_for_a_line_a_notice_or_a_command() {
    let colons = ["a:", "Noya: hi", "a：b", "a\u{a789} b", "a\u{2236}b", "a\u{5c3}"];
    check_refused(&colons, NameProblem::Sign);
    let asterisks = ["*", "* Noya", "a*", "＊ Noya", "\u{2217} Noya", "✱ Noya"];
    check_refused(&asterisks, NameProblem::Sign);
    check_refused(&["a,b", "a!b@c", "who?", "@noya", "!x"], NameProblem::Sign);
    let ranks = ["/exit", "//", "#8888", "[2026]", "&local", "+v", "~own", "%half", "$x"];
    check_refused(&ranks, NameProblem::Beginning);
    let signs = ["--> x", "<noya> hi", ">", "(a)", "\"a\"", ".", "'", "־א", "｜", "→", "─", "|"];
    check_refused(&signs, NameProblem::Beginning);
    check_refused(&["\u{301}a", "\u{5b0}a", "\u{a8}a"], NameProblem::Beginning);
}

#[test]
fn a_name_does_not_mix_alphabets_to_imitate() {
    // Cyrillic а and о, Greek Α, Hebrew ס in Latin words.
    let words = ["аdmin", "nоya", "Αdmin", "nסya", "אוריb"];
    check_refused(&words, NameProblem::MixedScripts);
    // Words of alphabets that have most of their letters in common with Latin.
    check_refused(&["Дима Dima", "Ελένη Eleni", "Дима Ελένη"], NameProblem::MixedScripts);
}

#[test]
fn names_of_the_server_are_kept_for_it() {
    let plain = ["server", "Server", "SYSTEM", "admin", "conclave", "Moderator", "מערכת", "מנהל"];
    check_refused(&plain, NameProblem::Reserved);
    let strewn = ["Admin.", "ad min", "a.d.m.i.n", "ádmin", "_system_", "מַנְהֵל", "ａｄｍｉｎ"];
    check_refused(&strewn, NameProblem::Reserved);
    check_refused(&["adrnin", "Conc1ave", "0perator", "ConcIave"], NameProblem::Reserved);
}

#[test]
fn a_name_and_its_look_alikes_are_the_same() {
    for (one, other) in [
        ("Noya", "noya"),
        ("Noya", "NOYA"),
        ("René", "Rene\u{301}"),
        ("Noya", "Ｎｏｙａ"),
        ("Bar", "Bar\u{a0}"),
        ("Phi|ip", "Philip"),
        ("PhiIip", "Philip"),
        ("Paul", "PauI"),
        ("Paul", "Pau1"),
        ("Bob", "B0b"),
        ("Amit", "Arnit"),
        // Latin alpha in it.
        ("ChanServ", "Chɑnserv"),
        // Whole words of other scripts that look Latin, in capitals and in small letters.
        ("MAX", "МАХ"),
        ("BOBA", "ВОВА"),
        ("ANNA", "ΑΝΝΑ"),
        ("cocoa", "сосоа"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδοσ"),
        ("οδος", "οδοσ"),
        ("Irit", "ırit"),
        // Pointed or not is a way to write the same name.
        ("אוּרִי", "אורי"),
        ("נוֹיָה", "נויה"),
        ("מֹשֶׁ֖ה", "משה"),
        ("مُحَمَّد", "محمد"),
    ] {
        assert!(name(one).is_same_as(&name(other)), "{one} {other}");
        assert!(name(other).is_same_as(&name(one)), "{other} {one}");
    }
}

#[test]
fn other_names_are_not_the_same() {
    for (one, other) in [
        ("Noya", "Noyah"),
        ("Ilan", "Lian"),
        ("Lia", "Ila"),
        ("iris", "lris"),
        ("René", "Rene"),
        ("אורי", "אורית"),
        ("דני", "דן"),
        ("🙂", "🙃"),
        ("Bar Levi", "BarLevi"),
        ("client1", "client2"),
        ("user0", "user1"),
        ("serve", "server2"),
        ("שרה", "שרון"),
        // Alike in capitals only, and not written in them.
        ("BOBA", "вова"),
    ] {
        assert!(!name(one).is_same_as(&name(other)), "{one} {other}");
    }
}

#[test]
fn a_name_is_as_long_as_the_limit_and_no_longer() {
    for (letter, count) in [("a", 32), ("א", 32), ("🦀", 32), ("e\u{301}", 32)] {
        assert!(Name::parse(&letter.repeat(count)).is_ok(), "{letter}");
        assert_eq!(Name::parse(&letter.repeat(count + 1)), Err(NameProblem::TooLong), "{letter}");
    }
    assert_eq!(Name::parse(&"\u{301}".repeat(8_192)), Err(NameProblem::TooLong));
    assert!(Name::parse("x\u{332}\u{333}\u{33f}\u{305}").is_ok());
}

#[test]
fn a_name_of_a_log_is_kept_as_it_is() {
    let stored = Name::from_log("* old: name");
    assert_eq!(stored.as_str(), "* old: name");
    assert_eq!(Name::from_log("").key().as_ref(), "");
}

/// What is typed as a name, with what is special frequent.
fn typed() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        ' ', '\u{a0}', ':', '*', '/', '\u{200d}', '\u{202e}', '\u{fe0f}', '\u{301}', '\u{a8}',
        '\u{5b0}', '\u{5bc}', 'א', 'י', 'ס', 'a', 'I', 'l', '1', 'о', 'Ω', 'ß', 'ς', 'İ', '：',
        'Ａ', '\u{1112}', '\u{1161}', '\u{fb2a}', '🦀', '\u{fdfa}', '\u{1c4}', '\u{345}',
    ]);
    let plain = prop::sample::select(vec!['a', 'b', 'N', 'o', '2', '-', '.']);
    let any_char = prop_oneof![3 => special, 4 => plain, 1 => any::<char>()];
    prop::collection::vec(any_char, 0..12).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_name_that_was_shown_parses_to_itself(typed in typed()) {
        let Ok(parsed) = Name::parse(&typed) else { return Ok(()) };
        let again = Name::parse(parsed.as_str());
        prop_assert_eq!(again.as_ref(), Ok(&parsed));
        let stored = Name::from_log(parsed.as_str());
        prop_assert!(stored.keys().eq(parsed.keys()));
        prop_assert!(parsed.keys().all(|key| !key.is_empty()));
    }

    #[test]
    fn everything_in_a_name_is_seen(typed in typed()) {
        let Ok(parsed) = Name::parse(&typed) else { return Ok(()) };
        let is_unseen = |c: char| {
            c.is_control()
                || c.is_whitespace() && c != ' '
                || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}')
        };
        prop_assert!(!parsed.as_str().contains(is_unseen), "{:?}", parsed);
        prop_assert!(!parsed.as_str().contains([':', '*', ',', '!', '?', '@']), "{:?}", parsed);
        prop_assert!((1..=32).contains(&parsed.as_str().chars().count()));
    }

    #[test]
    fn case_and_form_do_not_tell_names_apart(typed in typed()) {
        let Ok(parsed) = Name::parse(&typed) else { return Ok(()) };
        let shown = parsed.as_str();
        for other in [
            unicode_normalization::UnicodeNormalization::nfd(shown).collect::<String>(),
            shown.to_uppercase(),
            shown.to_lowercase(),
            format!("\u{3000}{shown} "),
        ] {
            if let Ok(other) = Name::parse(&other) {
                prop_assert!(other.is_same_as(&parsed), "{:?} {:?}", other, parsed);
            }
        }
    }
}
