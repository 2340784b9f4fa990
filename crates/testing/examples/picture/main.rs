//! Draws what a terminal shows while the program downloads a tree: `just picture`.
//!
//! Wants the program and the file to write. A server of its own serves the tree on loopback, the program runs in a
//! pseudo-terminal, and what is seen there becomes an SVG that moves.

mod recording;
mod svg;

use std::{env, fs, path::Path, process::Command};

use oxftp_serve::{ServeOptions, Server};

/// What the readers of the picture are told was typed.
const TYPED: &str = "oxftp get -r -j 3 --limit-rate 3M ftp://localhost:2121/photos";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<_> = env::args_os().skip(1).collect();
    let [program, picture] = words.as_slice() else { return Err("picture PROGRAM FILE.svg".into()) };
    let (served, here) = (tempfile::tempdir()?, tempfile::tempdir()?);
    lay_photos(&served.path().join("photos"))?;
    let server = Server::start(ServeOptions::new(served.path())).await?;
    // Any port that is free is listened on, and the usual one shown.
    let port = format!(":{}/", server.address().port());
    let typed = TYPED.replace(":2121/", &port);
    let mut command = Command::new(fs::canonicalize(program)?);
    command.args(typed.split(' ').skip(1)).current_dir(here.path()).env("TERM", "xterm-256color");
    command.env("HOME", here.path()).env_remove("NO_COLOR");

    let screens = tokio::task::spawn_blocking(move || recording::record(command)).await??;

    fs::write(picture, svg::film(&format!("$ {TYPED}"), &screens).replace(&port, ":2121/"))?;
    Ok(())
}

/// Makes a tree that takes some seconds at the rate of the picture.
fn lay_photos(directory: &Path) -> std::io::Result<()> {
    for (day, photos) in [("monday", 5), ("tuesday", 4)] {
        fs::create_dir_all(directory.join(day))?;
        for number in 1..=photos {
            let content = vec![number; 1_200_000 + 310_000 * usize::from(number)];
            fs::write(directory.join(day).join(format!("IMG_{number:04}.jpg")), content)?;
        }
    }
    Ok(())
}
