//! Process: what the measured server takes, CPU and memory, as Linux tells it in `/proc`.
//!
//! Does not know what the server does. What cannot be read is not told.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Ticks of `/proc/PID/stat` in a second: the same on every Linux that programs can see.
const TICKS_A_SECOND: u32 = 100;

/// A process that is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) const fn new(pid: u32) -> Self {
        Self(pid)
    }

    /// This process.
    pub(crate) fn own() -> Self {
        Self(std::process::id())
    }

    /// Who listens at an address, where that can be seen: on this machine, of the same user.
    pub(crate) fn listening_at(address: SocketAddr) -> Option<Self> {
        let table = match address.ip() {
            IpAddr::V4(_) => "/proc/net/tcp",
            IpAddr::V6(_) => "/proc/net/tcp6",
        };
        let table = fs::read_to_string(table).ok()?;
        let inode = table.lines().skip(1).find_map(|line| listener(line, address.port()))?;
        let socket = format!("socket:[{inode}]");
        let mut pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, fs::read_dir(entry.path().join("fd")).ok()?))
        });
        let found = pids.find_map(|(pid, files)| {
            let mut targets = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
            targets.any(|target| target.as_os_str() == socket.as_str()).then_some(pid)
        });
        found.map(Self)
    }

    /// CPU that it has used so far, in user and kernel.
    pub(crate) fn cpu(self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        cpu_of(&stat)
    }

    /// Bytes of memory that it holds now.
    pub(crate) fn memory(self) -> Option<u64> {
        // The first counts exactly, the second is what older kernels have.
        let told = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.0))
            .ok()
            .and_then(|text| kib_of(&text, "Rss:"));
        told.or_else(|| {
            kib_of(&fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?, "VmRSS:")
        })
    }
}

/// The inode of a line of `/proc/net/tcp`, where it is of a listener at that port.
fn listener(line: &str, port: u16) -> Option<&str> {
    let mut fields = line.split_whitespace();
    let (_, port_there) = fields.nth(1)?.rsplit_once(':')?;
    let state = fields.nth(1)?;
    let is_it = state == "0A" && u16::from_str_radix(port_there, 16) == Ok(port);
    fields.nth(5).filter(|_| is_it)
}

fn cpu_of(stat: &str) -> Option<Duration> {
    // The name of the program may hold anything; it ends with the last bracket.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let kernel: u32 = fields.next()?.parse().ok()?;
    Some(Duration::from_secs(1) * (user + kernel) / TICKS_A_SECOND)
}

fn kib_of(text: &str, label: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        let stat = "17 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1";
        assert_eq!(cpu_of(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu_of("17 (a"), None);
        assert_eq!(kib_of("Pss: 1 kB\nRss:    2048 kB\n", "Rss:"), Some(2 << 20));
        let line = "   0: 0100007F:15B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000 \
             0        0 4242 1 0000000000000000 100 0 0 10 0";
        assert_eq!(listener(line, 5555), Some("4242"));
        assert_eq!(listener(line, 5556), None);
        assert_eq!(listener(&line.replace(" 0A ", " 01 "), 5555), None);
    }

    #[test]
    fn this_process_is_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let found = Process::listening_at(listener.local_addr().unwrap()).unwrap();
        assert_eq!(found.0, std::process::id());
        assert!(found.cpu().is_some());
        assert!(found.memory().unwrap() > 100_000);
    }
}
