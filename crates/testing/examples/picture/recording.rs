//! A program run in a pseudo-terminal, and what is on the screen meanwhile.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::fd::OwnedFd,
    process::Command,
    time::{Duration, Instant},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// The size of the terminal, in characters.
pub(crate) const COLUMNS: u16 = 92;
pub(crate) const ROWS: u16 = 6;
/// How far apart screens are taken.
pub(crate) const FRAME: Duration = Duration::from_millis(400);

/// Runs to the end, and gives the screens on the way and the one at the end.
pub(crate) fn record(mut command: Command) -> io::Result<Vec<vt100::Screen>> {
    let (ours, theirs) = pseudo_terminal()?;
    let (input, output) = (theirs.try_clone()?, theirs.try_clone()?);
    let mut child = command.stdin(input).stdout(output).stderr(theirs).spawn()?;
    // What the command holds of the terminal would keep it open beyond the program's end.
    drop(command);

    let screens = watch(ours)?;

    let status = child.wait()?;
    if status.success() {
        Ok(screens)
    } else {
        Err(io::Error::other(format!("the program ended with {status}")))
    }
}

/// Nothing of this asks for a controlling terminal: the program draws on whatever its stderr is.
fn pseudo_terminal() -> io::Result<(File, OwnedFd)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&ours, size)?;
    let path = ptsname(&ours, Vec::new())?.into_string().map_err(io::Error::other)?;
    let theirs = OpenOptions::new().read(true).write(true).open(path)?;
    Ok((ours.into(), theirs.into()))
}

fn watch(mut terminal: File) -> io::Result<Vec<vt100::Screen>> {
    let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
    let mut screens = Vec::new();
    let mut due = Instant::now() + FRAME;
    let mut block = [0; 4096];
    loop {
        // Linux says EIO when the other side is closed.
        let length = terminal.read(&mut block).unwrap_or(0);
        // The bars are wiped at the end: what stood before is the last but one.
        if length == 0 || Instant::now() >= due {
            screens.push(parser.screen().clone());
            due += FRAME;
        }
        if length == 0 {
            return Ok(screens);
        }
        parser.process(&block[..length]);
    }
}
