//! The other end of `classroom_server`: what is typed is sent, what arrives is printed.
//!
//! It runs with `cargo run --example classroom_client`, and takes the server's address as its only
//! argument. Not part of the product. Does not know the menu or any other word of the server: it
//! would do as well for any protocol made of lines.
//!
//! Both `read` calls here block, one for the keyboard and one for the server, and either may have
//! something first. So there are two threads, one for each, and no waiting in turn.

#![expect(clippy::print_stderr, reason = "a terminal is what it is for")]

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::thread;

/// Where the server is unless told otherwise.
const ADDRESS: &str = "127.0.0.1:5555";

fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| ADDRESS.to_owned());
    match chat(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn chat(address: &str) -> io::Result<()> {
    // `socket` and `connect`. The second blocks for TCP's handshake: SYN out, SYN-ACK back, ACK
    // out. It fails at once where nobody listens, and after a long time where nobody answers.
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let incoming = BufReader::new(stream.try_clone()?);

    let printing = thread::spawn(move || {
        let ending = print_lines(incoming);
        if let Err(error) = &ending {
            eprintln!("The connection broke: {error}");
        } else {
            eprintln!("The server has closed the connection.");
        }
        // The other thread is blocked in a read of the keyboard, which nothing can end but a key.
        // So the whole process ends here, and nobody types into a connection that is gone (B5).
        #[expect(clippy::exit, reason = "the only way out of a blocked read of the keyboard")]
        std::process::exit(i32::from(ending.is_err()));
    });

    for line in io::stdin().lock().lines() {
        // The newline is what makes these bytes a message: TCP does not keep pieces apart.
        (&stream).write_all(format!("{}\n", line?).as_bytes())?;
    }
    // Nothing more will be typed. FIN tells the server so; what it still says is printed, and when
    // it has closed its own end, the thread above ends the process.
    stream.shutdown(Shutdown::Write)?;
    printing.join().map_err(|_panic| io::Error::other("the printing thread panicked"))
}

/// Prints what arrives, until the server ends.
fn print_lines(mut incoming: BufReader<TcpStream>) -> io::Result<()> {
    let mut screen = io::stdout();
    let mut line = Vec::new();
    // Blocks until a whole line has arrived; no bytes at all mean that the server has ended.
    while incoming.read_until(b'\n', &mut line)? > 0 {
        screen.write_all(&line)?;
        screen.flush()?;
        line.clear();
    }
    Ok(())
}
