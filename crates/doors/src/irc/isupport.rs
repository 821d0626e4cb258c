//! What the server tells of itself at registration (005), as clients look it up.
//!
//! Does not know the configuration: what an operator chose is handed in.

use conclave_core::limits;

/// Tokens on one line at the most.
const TOKENS_MAX: usize = 13;

/// The tokens, line by line.
pub fn lines(network: &str) -> Vec<Vec<String>> {
    let name_chars = limits::NAME_CHARS_MAX;
    let targets = limits::IRC_TARGETS_MAX;
    let tokens = [
        format!("AWAYLEN={}", limits::IRC_AWAY_BYTES_MAX),
        "CASEMAPPING=ascii".to_owned(),
        format!("CHANLIMIT=#:{}", limits::IRC_CHANNELS_MAX),
        "CHANMODES=Ibe,k,l,imnst".to_owned(),
        format!("CHANNELLEN={}", limits::ALIAS_BYTES_MAX + 1),
        "CHANTYPES=#".to_owned(),
        format!("CHATHISTORY={}", limits::HISTORY_EVENTS_MAX),
        "ELIST=U".to_owned(),
        "EXCEPTS=e".to_owned(),
        "INVEX=I".to_owned(),
        format!("KICKLEN={}", limits::TOPIC_BYTES_MAX),
        format!("MODES={}", limits::IRC_MODES_MAX),
        format!("MONITOR={}", limits::IRC_WATCHES_MAX),
        "MSGREFTYPES=msgid,timestamp".to_owned(),
        format!("NETWORK={}", network.replace(' ', "_")),
        format!("NICKLEN={name_chars}"),
        "PREFIX=(ov)@+".to_owned(),
        "SAFELIST".to_owned(),
        "STATUSMSG=@+".to_owned(),
        format!(
            "TARGMAX=NAMES:1,LIST:1,KICK:{targets},WHOIS:1,USERHOST:10,PRIVMSG:{targets},NOTICE:{targets},\
             TAGMSG:{targets},JOIN:{targets},PART:{targets},MONITOR:"
        ),
        format!("TOPICLEN={}", limits::TOPIC_BYTES_MAX),
        format!("USERLEN={}", limits::IRC_USERNAME_BYTES_MAX),
        "UTF8ONLY".to_owned(),
        "WHOX".to_owned(),
    ];
    tokens.chunks(TOKENS_MAX).map(<[String]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_thirteen_tokens_stand_on_a_line_and_none_has_a_space() {
        for line in lines("My Network") {
            assert!(line.len() <= 13);
            assert!(line.iter().all(|token| !token.contains(' ')), "{line:?}");
            assert!(line.iter().map(|token| token.len() + 1).sum::<usize>() < 400);
        }
    }
}
