//! Config: what `conclave serve` can be told, by flag, by environment, by file, in that order of
//! precedence; and what holds where it is told nothing.
//!
//! The only place where configuration is read. Does not know what is done with it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use conclave_core::limits;
use serde::Deserialize;

/// Options of `conclave serve`.
#[derive(Args, Clone, Debug, Default)]
pub struct Serve {
    /// Listen there for terminals; who stays silent is greeted with the menu. May be repeated.
    /// [default: 127.0.0.1:5555]
    #[arg(long, value_name = "ADDR:PORT", env = "CONCLAVE_LISTEN", value_delimiter = ',')]
    pub listen: Option<Vec<SocketAddr>>,
    /// Listen there for browsers; never speaks first. May be repeated; `none` for none.
    /// [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT", env = "CONCLAVE_WEB", value_delimiter = ',')]
    pub web: Option<Vec<String>>,
    /// Folder where everything is kept; made if missing. [default: ./conclave-data]
    #[arg(long, value_name = "DIR", env = "CONCLAVE_DATA")]
    pub data: Option<PathBuf>,
    /// Name the server gives itself. [default: the host's name]
    #[arg(long, value_name = "NAME", env = "CONCLAVE_SERVER_NAME")]
    pub server_name: Option<String>,
    /// Silence before the menu, in milliseconds. [default: 250]
    #[arg(long, value_name = "MS", env = "CONCLAVE_GREETING_DELAY")]
    pub greeting_delay: Option<u64>,
    /// Messages a second from one member, with a burst of five times that; above it the member is
    /// read more slowly. `none` for no rate. [default: 20]
    #[arg(long, value_name = "N|none", env = "CONCLAVE_MESSAGE_RATE")]
    pub message_rate: Option<Count>,
    /// Connections from one address; `none` for as many as come. [default: 1024]
    #[arg(long, value_name = "N|none", env = "CONCLAVE_CONNECTIONS_PER_IP")]
    pub connections_per_ip: Option<Count>,
    /// Password that IRC clients have to give (`PASS`) before they may register. [default: none]
    #[arg(long, value_name = "PASSWORD", env = "CONCLAVE_IRC_PASSWORD", hide_env_values = true)]
    pub irc_password: Option<String>,
    /// Let IRC clients make accounts before their connection is complete. [default: false]
    #[arg(long, env = "CONCLAVE_IRC_REGISTER_EARLY")]
    pub irc_register_early: bool,
    /// Delete a group when its last member left that many hours ago; `none` keeps it.
    /// [default: none]
    #[arg(long, value_name = "HOURS|none", env = "CONCLAVE_KEEP_EMPTY_GROUPS")]
    pub keep_empty_groups: Option<Count>,
    /// How the log on standard error is written. [default: text]
    #[arg(long, value_name = "text|json", env = "CONCLAVE_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What is logged: error, warn, info, debug, trace, or a filter. [default: info]
    #[arg(long, value_name = "LEVEL", env = "CONCLAVE_LOG")]
    pub log: Option<String>,
    /// A TOML file with these options (`greeting-delay = 250`); flags and environment go first.
    #[arg(long, value_name = "FILE", env = "CONCLAVE_CONFIG")]
    pub config: Option<PathBuf>,
}

/// The same options in a file. Fields are as in [`Serve`].
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct InFile {
    listen: Option<OneOrMore<SocketAddr>>,
    web: Option<OneOrMore<String>>,
    data: Option<PathBuf>,
    server_name: Option<String>,
    greeting_delay: Option<u64>,
    message_rate: Option<Count>,
    connections_per_ip: Option<Count>,
    irc_password: Option<String>,
    #[serde(default)]
    irc_register_early: bool,
    keep_empty_groups: Option<Count>,
    log_format: Option<LogFormat>,
    log: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> From<OneOrMore<T>> for Vec<T> {
    fn from(given: OneOrMore<T>) -> Self {
        match given {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more,
        }
    }
}

/// A number, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NumberOrWord")]
pub enum Count {
    /// No limit.
    None,
    /// So many, at least one.
    Of(u32),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrWord {
    Number(u32),
    Word(String),
}

impl TryFrom<NumberOrWord> for Count {
    type Error = String;

    fn try_from(given: NumberOrWord) -> Result<Self, String> {
        match given {
            NumberOrWord::Number(number) => number.to_string().parse(),
            NumberOrWord::Word(word) => word.parse(),
        }
    }
}

impl std::str::FromStr for Count {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        if given == "none" {
            return Ok(Self::None);
        }
        match given.parse() {
            Ok(0) | Err(_) => Err("give a number of at least 1, or none".to_owned()),
            Ok(count) => Ok(Self::Of(count)),
        }
    }
}

impl Count {
    const fn number(self) -> Option<u32> {
        match self {
            Self::None => None,
            Self::Of(count) => Some(count),
        }
    }
}

/// How the log on standard error is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// An object a line, for programs.
    Json,
}

/// What a server runs with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Listeners that greet.
    pub listen: Vec<SocketAddr>,
    /// Listeners that never speak first.
    pub web: Vec<SocketAddr>,
    /// Where everything is kept.
    pub data: PathBuf,
    /// The name it gives itself.
    pub server_name: String,
    /// Silence before the menu.
    pub greeting_delay: Duration,
    /// Messages a second from one member; `None` for as many as come.
    pub message_rate: Option<u32>,
    /// Connections from one address; `None` for as many as come.
    pub connections_per_ip: Option<usize>,
    /// Password that IRC clients have to give; `None` for none.
    pub irc_password: Option<String>,
    /// IRC clients may make accounts before their connection is complete.
    pub irc_register_early: bool,
    /// How long a group without members is kept; `None` for ever.
    pub empty_groups_kept_for: Option<Duration>,
    /// How the log on standard error is written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: String,
}

/// What a server was told makes no sense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {file} cannot be read: {source}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not understood.
    #[error("the configuration file {file} is not understood: {problem}")]
    NotUnderstood {
        /// The file.
        file: PathBuf,
        /// Where and why.
        problem: String,
    },
    /// A web address is none.
    #[error("--web {0}: give an address and a port, for example 127.0.0.1:8080, or none")]
    NotAWebAddress(String),
    /// The server would hear nobody.
    #[error("there is nothing to listen on: give at least one --listen or --web address")]
    NoListeners,
    /// The greeting delay is out of bounds.
    #[error("--greeting-delay {0}: give at most 60000 milliseconds")]
    GreetingDelay(u64),
}

impl Config {
    /// Puts together what was told and what holds otherwise.
    ///
    /// # Errors
    /// Where something that was told makes no sense.
    pub fn resolve(told: Serve) -> Result<Self, ConfigError> {
        let file = match &told.config {
            Some(file) => read(file)?,
            None => InFile::default(),
        };
        let web = told
            .web
            .or_else(|| file.web.map(Vec::from))
            .unwrap_or_else(|| vec!["127.0.0.1:8080".to_owned()]);
        let web = web
            .iter()
            .filter(|address| *address != "none")
            .map(|address| {
                address.parse().map_err(|_unparsed| ConfigError::NotAWebAddress(address.clone()))
            })
            .collect::<Result<Vec<SocketAddr>, _>>()?;
        let listen = told
            .listen
            .or_else(|| file.listen.map(Vec::from))
            .unwrap_or_else(|| vec![SocketAddr::from(([127, 0, 0, 1], 5555))]);
        if listen.is_empty() && web.is_empty() {
            return Err(ConfigError::NoListeners);
        }
        let greeting_delay = match told.greeting_delay.or(file.greeting_delay) {
            None => limits::GREETING_DELAY,
            Some(ms) if ms <= 60_000 => Duration::from_millis(ms),
            Some(ms) => return Err(ConfigError::GreetingDelay(ms)),
        };
        let message_rate = told
            .message_rate
            .or(file.message_rate)
            .map_or(Some(limits::MESSAGE_RATE), Count::number);
        let connections_per_ip = told
            .connections_per_ip
            .or(file.connections_per_ip)
            .map_or(Some(limits::CONNECTIONS_PER_IP), |count| count.number().map(|n| n as usize));
        let hours = told.keep_empty_groups.or(file.keep_empty_groups).and_then(Count::number);
        Ok(Self {
            listen,
            web,
            data: told.data.or(file.data).unwrap_or_else(|| PathBuf::from("conclave-data")),
            server_name: told.server_name.or(file.server_name).unwrap_or_else(host_name),
            greeting_delay,
            message_rate,
            connections_per_ip,
            irc_password: told.irc_password.or(file.irc_password),
            irc_register_early: told.irc_register_early || file.irc_register_early,
            empty_groups_kept_for: hours.map(|hours| Duration::from_hours(u64::from(hours))),
            log_format: told.log_format.or(file.log_format).unwrap_or_default(),
            log: told.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
        })
    }
}

fn read(file: &PathBuf) -> Result<InFile, ConfigError> {
    let written = std::fs::read_to_string(file)
        .map_err(|source| ConfigError::Unreadable { file: file.clone(), source })?;
    toml::from_str(&written).map_err(|error| ConfigError::NotUnderstood {
        file: file.clone(),
        problem: error.to_string().trim_end().to_owned(),
    })
}

/// The host's name, as Linux tells it.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "conclave".to_owned() } else { name.to_owned() }
}

/// Fills a buffer with random bytes of the operating system.
///
/// Without randomness no password and no seat would be safe: the process ends there.
#[expect(clippy::expect_used, reason = "there is no going on without randomness")]
pub(crate) fn fill_from_system(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives random bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_in_file(written: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("conclave.toml");
        std::fs::write(&file, written).unwrap();
        Config::resolve(Serve { config: Some(file), ..Serve::default() })
    }

    #[test]
    fn without_a_word_the_defaults_of_the_interface_hold() {
        let config = Config::resolve(Serve::default()).unwrap();
        assert_eq!(config.listen, ["127.0.0.1:5555".parse().unwrap()]);
        assert_eq!(config.web, ["127.0.0.1:8080".parse().unwrap()]);
        assert_eq!(config.data, PathBuf::from("conclave-data"));
        assert_eq!(config.greeting_delay, Duration::from_millis(250));
        assert_eq!(config.message_rate, Some(20));
        assert_eq!(config.connections_per_ip, Some(1024));
        assert_eq!(config.empty_groups_kept_for, None);
        assert!(!config.server_name.is_empty());
    }

    #[test]
    fn a_file_tells_what_no_flag_tells() {
        let written = "listen = ['127.0.0.1:0', '[::1]:0']\nweb = 'none'\nmessage-rate = 'none'\n\
                       connections-per-ip = 5\nserver-name = 'aula'\nlog-format = 'json'\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("conclave.toml");
        std::fs::write(&file, written).unwrap();
        let config = Config::resolve(Serve {
            config: Some(file),
            connections_per_ip: Some(Count::Of(7)),
            ..Serve::default()
        })
        .unwrap();
        assert_eq!(config.listen.len(), 2);
        assert_eq!(config.web, []);
        assert_eq!(config.message_rate, None);
        assert_eq!(config.connections_per_ip, Some(7), "a flag goes before the file");
        assert_eq!(config.server_name, "aula");
        assert_eq!(config.log_format, LogFormat::Json);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_name() {
        for (written, named) in [
            ("lisen = '127.0.0.1:1'", "lisen"),
            ("message-rate = 0", "at least 1"),
            ("web = 'here'", "--web here"),
            ("listen = []\nweb = 'none'", "nothing to listen on"),
            ("greeting-delay = 999999", "--greeting-delay"),
        ] {
            let problem = told_in_file(written).unwrap_err().to_string();
            assert!(problem.contains(named), "{written}: {problem}");
        }
    }
}
