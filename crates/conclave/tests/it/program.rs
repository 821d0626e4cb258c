//! The program as a process: started with options, listened to, signalled, ended.
//!
//! Every wait gives up after a time that only a hang can take. Does not know what is said over TCP.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes that does not hang.
pub(crate) const HANG: Duration = Duration::from_secs(20);

/// A process. It does not outlive the test.
pub(crate) struct Program {
    process: Child,
    keyboard: Option<ChildStdin>,
    printed: Receiver<String>,
    complained: Arc<Mutex<Vec<String>>>,
}

/// How a program ended that was run to its end.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) printed: String,
    pub(crate) complained: String,
}

/// The binary with these words behind it, in that working folder, with nothing in its environment.
pub(crate) fn conclave(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conclave"));
    command.args(words).current_dir(folder).env_clear();
    command
}

/// Runs the binary to its end.
#[track_caller]
pub(crate) fn run(folder: &Path, words: &[&str]) -> Ran {
    Program::start(&mut conclave(folder, words)).ran()
}

impl Program {
    #[track_caller]
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|problem| panic!("{command:?} cannot be started: {problem}"));
        let complained: Arc<Mutex<Vec<String>>> = Arc::default();
        let (out, err) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        let gathered = Arc::clone(&complained);
        thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                lock(&gathered).push(line);
            }
        });
        Self { keyboard: process.stdin.take(), printed: lines_of(out), complained, process }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    #[track_caller]
    pub(crate) fn types(&mut self, line: &str) {
        let keyboard = self.keyboard.as_mut().expect("its keyboard is there");
        keyboard.write_all(format!("{line}\n").as_bytes()).expect("it reads its keyboard");
    }

    /// Closes its standard input.
    pub(crate) fn ends_input(&mut self) {
        self.keyboard = None;
    }

    /// The next line on its standard output.
    #[track_caller]
    pub(crate) fn next(&self) -> String {
        self.printed
            .recv_timeout(HANG)
            .unwrap_or_else(|_| panic!("no further line is printed\n{}", self.complaints()))
    }

    #[track_caller]
    pub(crate) fn sees(&self, expected: &str) {
        assert_eq!(self.next(), expected);
    }

    /// All that stands on its standard error so far.
    pub(crate) fn complaints(&self) -> String {
        lock(&self.complained).join("\n")
    }

    /// Waits for a line on its standard error that has all these words.
    #[track_caller]
    pub(crate) fn complains(&self, words: &[&str]) -> String {
        let mut found = None;
        // Polls until the line is there.
        wait_until(|| {
            let lines = lock(&self.complained);
            found = lines.iter().find(|line| words.iter().all(|word| line.contains(word))).cloned();
            found.is_some()
        })
        .unwrap_or_else(|| panic!("no line with {words:?} in:\n{}", self.complaints()));
        found.unwrap_or_default()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &id]).status();
        assert!(sent.expect("there is a shell").success());
    }

    /// Waits until it has ended.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        // Polls until the process is no more.
        wait_until(|| {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap_or_else(|| panic!("it does not end\n{}", self.complaints()))
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits until it has ended, and tells what it said.
    #[track_caller]
    pub(crate) fn ran(mut self) -> Ran {
        self.ends_input();
        let code = self.ended().code();
        let printed: Vec<String> = self.printed.iter().collect();
        // Polls until the one who reads standard error has come to its end.
        wait_until(|| Arc::strong_count(&self.complained) == 1);
        Ran { code, printed: printed.join("\n"), complained: self.complaints() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail where it has ended by itself, and that is as well.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A server with a terminals' and a web listener on ports of its own.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) terminals: SocketAddr,
    pub(crate) web: SocketAddr,
    pub(crate) data: PathBuf,
}

impl Server {
    /// Starts one on the data folder `data` within `folder`.
    #[track_caller]
    pub(crate) fn start(folder: &Path, options: &[&str]) -> Self {
        Self::start_at(folder, "127.0.0.1:0", options)
    }

    #[track_caller]
    pub(crate) fn start_at(folder: &Path, terminals: &str, options: &[&str]) -> Self {
        let words = ["serve", "--data", "data", "--listen", terminals, "--web", "127.0.0.1:0"];
        let words = [&words, options].concat();
        Self::started(&mut conclave(folder, &words), folder)
    }

    /// The server that this command starts.
    #[track_caller]
    pub(crate) fn started(command: &mut Command, folder: &Path) -> Self {
        let program = Program::start(command);
        let terminals = announced(&program.next(), "(console irc http)");
        let web = announced(&program.next(), "(http irc)");
        Self { program, terminals, web, data: folder.join("data") }
    }

    /// Asks it to stop and waits: a clean end within five seconds.
    #[track_caller]
    pub(crate) fn stop(self) {
        self.stop_by("TERM");
    }

    #[track_caller]
    #[expect(clippy::disallowed_methods, reason = "how long a stop takes is a promise")]
    pub(crate) fn stop_by(mut self, signal: &str) {
        let asked = Instant::now();
        self.program.signal(signal);
        let status = self.program.ended();
        let took = asked.elapsed();
        assert_eq!(status.code(), Some(0), "{}", self.program.complaints());
        assert!(took < Duration::from_secs(5), "it took {took:?}");
        let more: Vec<String> = self.program.printed.iter().collect();
        assert!(more.is_empty(), "standard output holds the announcements and no more: {more:?}");
    }

    /// What the process has in memory, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.program.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Processor time it has used, in hundredths of a second.
    pub(crate) fn processor_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.program.id())).unwrap();
        let (_, after_name) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Runs `conclave admin` on its data folder.
    #[track_caller]
    pub(crate) fn admin(&self, words: &[impl AsRef<OsStr>]) -> Ran {
        admin(&self.data, words)
    }
}

/// Runs `conclave admin` on a data folder.
#[track_caller]
pub(crate) fn admin(data: &Path, words: &[impl AsRef<OsStr>]) -> Ran {
    let mut command = conclave(data.parent().unwrap(), &["admin", "--data"]);
    Program::start(command.arg(data).args(words)).ran()
}

#[track_caller]
fn announced(line: &str, doors: &str) -> SocketAddr {
    let address = line.strip_prefix("listening on ").and_then(|line| line.strip_suffix(doors));
    let address = address.unwrap_or_else(|| panic!("{line:?} announces no {doors}"));
    address.trim_end().parse().unwrap()
}

/// Waits until something holds; nothing where it does not for as long as only a hang takes.
#[expect(clippy::disallowed_methods, reason = "a hang is told by the clock")]
pub(crate) fn wait_until(mut holds: impl FnMut() -> bool) -> Option<()> {
    let deadline = Instant::now() + HANG;
    while !holds() {
        if Instant::now() > deadline {
            return None;
        }
        // Polls until it holds.
        thread::sleep(Duration::from_millis(2));
    }
    Some(())
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.send(line))
    });
    receiver
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that the environment may tell, for a longer run.
#[expect(clippy::disallowed_methods, reason = "the length of a test is no configuration")]
pub(crate) fn number_told(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |told| told.parse().expect("it is a number"))
}
