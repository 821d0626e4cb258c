//! What every output of a door for terminals is held to, by the tests and by the fuzzer.
//!
//! Does not know what was put in.

/// Takes telnet's own bytes out, by another way than the door's, and looks at what is left.
pub(crate) fn assert_clean(output: &[u8]) {
    let mut text = Vec::new();
    let mut bytes = output.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte == 255 {
            let verb = bytes.next().unwrap();
            assert!((251..=254).contains(&verb));
            bytes.next().unwrap();
        } else {
            text.push(byte);
        }
    }
    let text = String::from_utf8(text).unwrap().replace("\r\n", "\n");
    for line in text.split('\n') {
        assert!(!line.chars().any(|c| c != '\t' && c.is_control()), "{line:?}");
        assert!(!line.starts_with("* Noya"), "{line:?}");
    }
}
