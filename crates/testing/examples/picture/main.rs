//! Draws the terminal output of a download as an animated SVG: `just picture`.
//!
//! Arguments: the program and the output file. The embedded server serves a tree on loopback, the program runs in a
//! pseudo-terminal, and its screens become the frames of the SVG.

mod recording;
mod svg;

use std::{env, fs, path::Path, process::Command};

use oxftp_serve::{ServeOptions, Server};

/// The command line shown in the picture.
const TYPED: &str = "oxftp get -r -j 3 --limit-rate 3M ftp://localhost:2121/photos";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<_> = env::args_os().skip(1).collect();
    let [program, picture] = words.as_slice() else { return Err("picture PROGRAM FILE.svg".into()) };
    let (served, here) = (tempfile::tempdir()?, tempfile::tempdir()?);
    create_photos(&served.path().join("photos"))?;
    let server = Server::start(ServeOptions::new(served.path())).await?;
    // The server listens on any free port; the picture shows the usual one.
    let port = format!(":{}/", server.address().port());
    let typed = TYPED.replace(":2121/", &port);
    let mut command = Command::new(fs::canonicalize(program)?);
    command.args(typed.split(' ').skip(1)).current_dir(here.path()).env("TERM", "xterm-256color");
    command.env("HOME", here.path()).env_remove("NO_COLOR");

    let screens = tokio::task::spawn_blocking(move || recording::record(command)).await??;

    fs::write(picture, svg::film(&format!("$ {TYPED}"), &screens).replace(&port, ":2121/"))?;
    Ok(())
}

/// Creates a tree that takes some seconds at the rate limit of the picture.
fn create_photos(directory: &Path) -> std::io::Result<()> {
    for (day, photos) in [("monday", 5), ("tuesday", 4)] {
        fs::create_dir_all(directory.join(day))?;
        for number in 1..=photos {
            let content = vec![number; 1_200_000 + 310_000 * usize::from(number)];
            fs::write(directory.join(day).join(format!("IMG_{number:04}.jpg")), content)?;
        }
    }
    Ok(())
}
