//! IRC clients that read slowly or not at all for a while: none is let go for it, and none misses
//! anything.

use std::time::Duration;

use conclave_server::Listens;
use conclave_transcript::Read;
use proptest::prelude::*;

use crate::pipe::Client;
use crate::stage::MemoryStage;

/// Messages that are several times what may be on its way to a connection.
const MESSAGES: usize = 600;
const WITHOUT_RATE: [&str; 2] = ["--message-rate", "none"];

/// A client by what it has seen.
struct Irc {
    client: Client,
    seen: Vec<u8>,
}

impl Irc {
    async fn enter(stage: &MemoryStage, nick: &str) -> Self {
        let client = stage.connect_to(Listens::Greeting);
        let mut irc = Self { client, seen: Vec::new() };
        irc.write(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nJOIN #tea\r\n")).await;
        while !irc.has_seen(" 366 ") {
            irc.read().await;
        }
        irc.seen.clear();
        irc
    }

    /// A client of the account `noya`, which is in the channel, and is made where it is to be.
    async fn enter_account(stage: &MemoryStage, is_made: bool) -> Self {
        let mut irc = Self { client: stage.connect_to(Listens::Greeting), seen: Vec::new() };
        irc.write("CAP REQ :sasl batch server-time draft/account-registration\r\n").await;
        if is_made {
            irc.write("NICK noya\r\nUSER noya 0 * :Noya\r\nCAP END\r\n").await;
            irc.write("REGISTER noya * :correct horse\r\nJOIN #tea\r\n").await;
        } else {
            let password = "AUTHENTICATE bm95YQBub3lhAGNvcnJlY3QgaG9yc2U=\r\n";
            irc.write(&format!("AUTHENTICATE PLAIN\r\n{password}")).await;
            while !irc.has_seen(" 903 ") {
                irc.read().await;
            }
            irc.write("NICK noya\r\nUSER noya 0 * :Noya\r\nCAP END\r\n").await;
        }
        irc
    }

    async fn write(&mut self, line: &str) {
        self.client.write(line.as_bytes()).await.unwrap();
    }

    async fn read(&mut self) {
        match self.client.read(Duration::from_secs(1)).await {
            Read::Bytes(bytes) => self.seen.extend(bytes),
            Read::Nothing => {}
            Read::Closed => panic!("closed: {}", String::from_utf8_lossy(&self.seen)),
        }
    }

    async fn read_until(&mut self, words: &str) {
        while !self.has_seen(words) {
            self.read().await;
        }
    }

    fn has_seen(&self, words: &str) -> bool {
        String::from_utf8_lossy(&self.seen).contains(words)
    }

    /// What was said in the channel, in the order in which it was seen.
    fn said(&self) -> Vec<String> {
        let seen = String::from_utf8(self.seen.clone()).unwrap();
        let lines = seen.lines().filter_map(|line| line.split_once(" PRIVMSG #tea :"));
        lines.map(|(_, text)| text.split(' ').next().unwrap().to_owned()).collect()
    }

    /// What it was told by somebody alone, in the order in which it was seen.
    fn told(&self) -> Vec<String> {
        let seen = String::from_utf8_lossy(&self.seen);
        // Of the last line there may be no more than its beginning.
        let lines = seen.split_inclusive("\r\n").filter(|line| line.ends_with("\r\n"));
        let told = lines.filter_map(|line| line.split_once(" PRIVMSG noya :"));
        told.map(|(_, text)| text.split([' ', '\r']).next().unwrap().to_owned()).collect()
    }

    /// Tells the account so many messages.
    async fn tell_many(&mut self, count: usize) -> Vec<String> {
        let numbers: Vec<String> = (0..count).map(|number| format!("n{number};")).collect();
        for number in &numbers {
            self.write(&format!("PRIVMSG noya :{number} {}\r\n", "x".repeat(380))).await;
        }
        self.write("PING told\r\n").await;
        while !self.has_seen(":told") {
            self.read().await;
        }
        numbers
    }

    /// Reads as slowly as one may, a little each so often, until the last message has come. It is
    /// asked for signs of life, and gives them when it comes to read of it.
    async fn read_slowly(&mut self, count: usize, every: Duration, last: &str) {
        let mut pings = 0;
        while !self.has_seen(last) {
            tokio::time::sleep(every).await;
            self.seen.extend(self.client.read_at_most(count));
            let asked = String::from_utf8_lossy(&self.seen).matches("PING :").count();
            if asked > pings {
                pings = asked;
                self.write("PONG :x\r\n").await;
            }
            assert!(!self.has_seen("ERROR"), "{}", String::from_utf8_lossy(&self.seen));
        }
    }
}

/// Says so many messages, all of which another sees at once.
async fn talk(noya: &mut Irc, quick: &mut Irc, count: usize) -> Vec<String> {
    let numbers: Vec<String> = (0..count).map(|number| format!("n{number};")).collect();
    for number in &numbers {
        noya.write(&format!("PRIVMSG #tea :{number} {}\r\n", "x".repeat(380))).await;
    }
    while !quick.has_seen(&format!(" :{} ", numbers[count - 1])) {
        quick.read().await;
    }
    numbers
}

/// Makes the account, which is told something, says that it is there, and goes.
async fn be_away(stage: &MemoryStage, dan: &mut Irc) {
    let mut noya = Irc::enter_account(stage, true).await;
    noya.read_until(" 366 ").await;
    dan.write("PRIVMSG noya :seen;\r\n").await;
    noya.read_until("seen;").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    noya.write("PING x\r\n").await;
    noya.read_until(":x\r\n").await;
}

async fn options() -> MemoryStage {
    MemoryStage::open(&WITHOUT_RATE.map(str::to_owned)).await
}

#[tokio::test(start_paused = true)]
async fn who_reads_nothing_for_ten_minutes_holds_up_nobody_and_then_gets_all() {
    let stage = options().await;
    let mut noya = Irc::enter(&stage, "noya").await;
    let mut quick = Irc::enter(&stage, "quick").await;
    let mut slow = Irc::enter(&stage, "slow").await;
    let mut numbers = talk(&mut noya, &mut quick, MESSAGES).await;
    assert_eq!(quick.said(), numbers);
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        noya.write("PING x\r\n").await;
        quick.write("PING x\r\n").await;
    }
    noya.write("PRIVMSG #tea :last;\r\n").await;
    numbers.push("last;".to_owned());
    while !slow.has_seen("last;") {
        slow.read().await;
    }
    assert_eq!(slow.said(), numbers);
    // It answers from here on as anybody does.
    slow.write("PING here\r\n").await;
    while !slow.has_seen(":here") {
        slow.read().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_waits_behind_what_is_not_read_yet_is_no_ping_timeout() {
    let stage = options().await;
    let mut noya = Irc::enter(&stage, "noya").await;
    let mut quick = Irc::enter(&stage, "quick").await;
    let mut slow = Irc::enter(&stage, "slow").await;
    let numbers = talk(&mut noya, &mut quick, MESSAGES).await;
    // It takes several minutes, and nothing at all while it is asked and while that is waited for.
    tokio::time::sleep(Duration::from_mins(3)).await;
    slow.read_slowly(1_500, Duration::from_secs(1), "n599;").await;
    assert!(slow.has_seen("PING :"), "it was asked");
    assert_eq!(slow.said(), numbers);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_more_than_it_reads_is_read_no_further_and_loses_nothing() {
    let stage = options().await;
    let mut slow = Irc::enter(&stage, "slow").await;
    // More answers than may wait, so most of the questions wait.
    slow.write(&"HELP\r\n".repeat(300)).await;
    slow.write("PING last\r\n").await;
    slow.read_slowly(4_000, Duration::from_secs(5), ":last").await;
    let seen = String::from_utf8(slow.seen.clone()).unwrap();
    assert_eq!(seen.matches(" 706 ").count(), 300, "each question is answered");
}

#[tokio::test(start_paused = true)]
async fn what_is_told_while_one_is_shown_what_one_missed_comes_after_it_and_once() {
    let stage = options().await;
    let mut dan = Irc::enter(&stage, "dan").await;
    be_away(&stage, &mut dan).await;
    let mut numbers = dan.tell_many(MESSAGES).await;
    let mut noya = Irc::enter_account(&stage, false).await;
    // It has begun to be shown them, and reads no further for now.
    while !noya.has_seen("n0;") {
        noya.seen.extend(noya.client.read_at_most(100));
        tokio::task::yield_now().await;
    }
    dan.write("PRIVMSG noya :later;\r\nPRIVMSG noya :last;\r\nPING x\r\n").await;
    numbers.extend(["later;".to_owned(), "last;".to_owned()]);
    dan.read_until(":x\r\n").await;
    noya.read_until("last;\r\n").await;
    assert_eq!(noya.told(), numbers);
    let seen = String::from_utf8(noya.seen).unwrap();
    let (batch, live) = seen.split_once(" BATCH -earlier-").unwrap();
    assert!(batch.contains("n599;") && !batch.contains("later;"));
    assert!(live.contains("later;"), "what is new is in no batch of what is not");
}

#[tokio::test(start_paused = true)]
async fn who_goes_while_it_is_shown_what_it_missed_is_shown_it_at_the_next_connection() {
    let stage = options().await;
    let mut dan = Irc::enter(&stage, "dan").await;
    be_away(&stage, &mut dan).await;
    let numbers = dan.tell_many(MESSAGES).await;
    dan.write("PRIVMSG #tea :to all;\r\nPING all\r\n").await;
    dan.read_until(":all\r\n").await;
    for read in [0, 2_000, 100_000] {
        let mut noya = Irc::enter_account(&stage, false).await;
        while noya.seen.len() < read {
            noya.seen.extend(noya.client.read_at_most(1_000));
            tokio::task::yield_now().await;
        }
    }
    let mut noya = Irc::enter_account(&stage, false).await;
    noya.read_until("n599;").await;
    assert_eq!(noya.told(), numbers);
    assert_eq!(noya.said(), ["to"]);
    // It has read them: who says something has.
    tokio::time::sleep(Duration::from_secs(1)).await;
    noya.write("PING x\r\n").await;
    noya.read_until(":x\r\n").await;
    drop(noya);
    dan.write("PRIVMSG noya :new;\r\n").await;
    let mut noya = Irc::enter_account(&stage, false).await;
    noya.read_until("new;").await;
    assert_eq!(noya.told(), ["new;"]);
    assert_eq!(noya.said(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn of_a_long_conversation_that_was_never_read_the_newest_is_shown_and_how_to_ask_for_more() {
    let stage = options().await;
    let mut dan = Irc::enter(&stage, "dan").await;
    let mut noya = Irc::enter_account(&stage, true).await;
    noya.read_until(" 366 ").await;
    drop(noya);
    let numbers = dan.tell_many(MESSAGES).await;
    let mut noya = Irc::enter_account(&stage, false).await;
    noya.read_until("n599;").await;
    assert_eq!(noya.told(), numbers[100..]);
    let seen = String::from_utf8(noya.seen.clone()).unwrap();
    let (_, asked) = seen.split_once("/quote CHATHISTORY ").unwrap();
    let (asked, _) = asked.split_once(" shows").unwrap();
    noya.seen.clear();
    noya.write(&format!("CHATHISTORY {asked}\r\n")).await;
    noya.read_until("n99;").await;
    assert_eq!(noya.told(), numbers[..100]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn however_one_reads_one_sees_what_the_others_see(
        steps in prop::collection::vec((1_usize..9_000, 0_u64..800), 4..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let stage = options().await;
            let mut noya = Irc::enter(&stage, "noya").await;
            let mut quick = Irc::enter(&stage, "quick").await;
            let mut slow = Irc::enter(&stage, "slow").await;
            let numbers = talk(&mut noya, &mut quick, 300).await;
            for (count, pause_s) in steps {
                tokio::time::sleep(Duration::from_secs(pause_s)).await;
                slow.seen.extend(slow.client.read_at_most(count));
            }
            while !slow.has_seen("n299;") {
                slow.read().await;
            }
            assert_eq!(quick.said(), numbers);
            assert_eq!(slow.said(), numbers);
        });
    }
}
