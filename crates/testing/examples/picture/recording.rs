//! Recording of the screens of a program in a pseudo-terminal.

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
/// The interval between two screens.
pub(crate) const FRAME: Duration = Duration::from_millis(400);

/// Runs the program to its end, and returns the recorded screens and the last one.
pub(crate) fn record(mut command: Command) -> io::Result<Vec<vt100::Screen>> {
    let (ours, theirs) = pseudo_terminal()?;
    let (input, output) = (theirs.try_clone()?, theirs.try_clone()?);
    let mut child = command.stdin(input).stdout(output).stderr(theirs).spawn()?;
    // The command holds file descriptors of the terminal, which would keep it open after the program has ended.
    drop(command);

    let screens = watch(ours)?;

    let status = child.wait()?;
    if status.success() {
        Ok(screens)
    } else {
        Err(io::Error::other(format!("the program ended with {status}")))
    }
}

/// No controlling terminal is needed: the program draws on its stderr.
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
        // Linux returns EIO when the other side is closed.
        let length = terminal.read(&mut block).unwrap_or(0);
        // The progress bars are cleared at the end, so the screen before is the last but one.
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
