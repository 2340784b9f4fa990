//! How each program is told what to do.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use oxftp_testing::servers::Protection;

use crate::{
    content::name,
    job::{Connections, DIRECTORY, FILE, Job, Load, Place, Way},
};

/// A client that is installed.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    path: PathBuf,
    tell: Tell,
}

type Tell = fn(&mut Command, &Job, &Place) -> Option<()>;

/// Finds the clients; names those that are not there.
pub(crate) fn installed(oxftp: &Path, before: Option<&Path>, only: &[String]) -> Vec<Program> {
    let own = std::env::current_exe().unwrap();
    let peers = Path::new("target/peers");
    let all = [
        ("bare FTP", own, bare as Tell),
        ("oxftp", oxftp.to_owned(), self::oxftp),
        ("oxftp -j auto", oxftp.to_owned(), oxftp_auto),
        ("oxftp before", before.unwrap_or(Path::new("oxftp before")).to_owned(), self::oxftp),
        ("curl", in_path("curl"), curl),
        ("lftp", in_path("lftp"), lftp),
        ("rclone", in_path("rclone"), rclone),
        ("ncftp", in_path("ncftpget"), ncftp),
        ("wget", in_path("wget"), wget),
        ("aioftp", peers.join("bin/python"), aioftp),
        ("suppaftp", peers.join("bin/oxftp-bench-suppaftp"), suppaftp),
    ];
    let wanted = |name: &str| only.is_empty() || only.iter().any(|only| only == name);
    let mut found = Vec::new();
    for (name, path, tell) in all {
        // Each runs in a directory of its own.
        let path = std::path::absolute(&path).unwrap_or(path);
        match path.is_file() {
            true if wanted(name) => found.push(Program { name, path, tell }),
            false if wanted(name) && !path.ends_with("oxftp before") => {
                println!("skipped: {name} is not installed (bench/peers does that)");
            }
            _ => {}
        }
    }
    found
}

fn in_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(program));
    found.into_iter().find(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(program))
}

impl Program {
    /// Gives the command that does the job; `None` when the client cannot.
    pub(crate) fn command(&self, job: &Job, place: &Place) -> Option<Command> {
        let mut command = Command::new(&self.path);
        // Nobody's own settings.
        command.env("HOME", place.target()).current_dir(place.target().parent()?);
        (self.tell)(&mut command, job, place)?;
        Some(command)
    }
}

fn is_plain(job: &Job) -> bool {
    job.protection == Protection::Plain
}

fn url(scheme: &str, place: &Place, path: &str) -> String {
    format!("{scheme}://{}@{}:{}/{path}", place.user, place.host, place.port)
}

fn bare(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    let port = place.port.to_string();
    (is_plain(job) && job.is_single()).then_some(())?;
    command.args(["bare", &port, place.user, place.password]);
    match job.load {
        Load::File { way: Way::Down, .. } => command.args(["get", FILE]).arg(place.target().join(FILE)),
        Load::File { way: Way::Up, .. } => command.args(["put", FILE]).arg(place.source().join(FILE)),
        Load::Files { way: Way::Down, count } => {
            command.args(["get-all", DIRECTORY]).arg(place.target().join(DIRECTORY)).arg(count.to_string())
        }
        Load::Files { way: Way::Up, count } => {
            command.args(["put-all", DIRECTORY]).arg(place.source().join(DIRECTORY)).arg(count.to_string())
        }
        Load::Listing { .. } => command.args(["list", DIRECTORY, "-"]),
        Load::Walk { .. } => return None,
    };
    Some(())
}

/// What is to be done over one connection, over as many as it finds best: it must not cost more.
fn oxftp_auto(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    let chosen =
        job.is_single() && matches!(job.load, Load::Files { .. } | Load::File { way: Way::Down, .. });
    chosen.then_some(())?;
    let by_itself = Job { connections: Connections::Auto, ..*job };
    oxftp(command, &by_itself, place)
}

fn oxftp(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    let scheme = if is_plain(job) { "ftp" } else { "ftpes" };
    let url = |path| url(scheme, place, path);
    command.env("OXFTP_PASSWORD", place.password);
    let connections = match job.connections {
        Connections::Fixed(count) => count.to_string(),
        Connections::Auto => "auto".to_owned(),
    };
    match job.load {
        Load::File { way: Way::Down, .. } => {
            command.args(["get", "-j", &connections, "-o"]).arg(place.target().join(FILE)).arg(url(FILE));
            match job.connections {
                Connections::Fixed(segments @ 2..) => command.args(["--segments", &segments.to_string()]),
                _ => command,
            }
        }
        Load::File { way: Way::Up, .. } => command.arg("put").arg(place.source().join(FILE)).arg(url(FILE)),
        Load::Files { way: Way::Down, .. } => {
            command.args(["get", "-r", "-j", &connections, "-d"]).arg(place.target()).arg(url(DIRECTORY))
        }
        Load::Files { way: Way::Up, .. } => {
            command.args(["put", "-r", "-j", &connections]).arg(place.source().join(DIRECTORY)).arg(url(""))
        }
        Load::Listing { .. } => command.args(["ls", "-l", &url(DIRECTORY)]),
        Load::Walk { .. } => command.args(["find", "--type", "f", &url(DIRECTORY)]),
    };
    if !is_plain(job) {
        command.arg("--tls-ca").arg(&place.authority);
    }
    Some(())
}

fn curl(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    let url = |path: &str| url("ftp", place, path);
    command.args(["-sS", "--user"]).arg(format!("{}:{}", place.user, place.password));
    if !is_plain(job) {
        command.args(["--ssl-reqd", "--cacert"]).arg(&place.authority);
    }
    if let Connections::Fixed(2..) | Connections::Auto = job.connections {
        command.args(["--parallel", "--parallel-max", &parallel(job)]);
    }
    match job.load {
        Load::File { way: Way::Down, .. } => command.arg("-o").arg(place.target().join(FILE)).arg(url(FILE)),
        Load::File { way: Way::Up, .. } => command.arg("-T").arg(place.source().join(FILE)).arg(url(FILE)),
        Load::Files { count, way } => {
            let mut config = String::new();
            for number in 0..count {
                let remote = url(&format!("{DIRECTORY}/{}", name(number)));
                let (option, local) = match way {
                    Way::Down => ("output", place.target()),
                    Way::Up => ("upload-file", place.source()),
                };
                let local = local.join(DIRECTORY).join(name(number));
                writeln!(config, "{option} = {}\nurl = {remote}", local.display()).unwrap();
            }
            let path = place.authority.with_file_name("curl.conf");
            std::fs::write(&path, config).unwrap();
            command.args(["--create-dirs", "--ftp-create-dirs", "--config"]).arg(path)
        }
        Load::Listing { .. } => command.arg(url(&format!("{DIRECTORY}/"))),
        Load::Walk { .. } => return None,
    };
    Some(())
}

/// How many connections a client is told to use that cannot find it out.
fn parallel(job: &Job) -> String {
    match job.connections {
        Connections::Fixed(count) => count.to_string(),
        Connections::Auto => "16".to_owned(),
    }
}

fn lftp(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    let (source, target) = (place.source(), place.target());
    let work = match job.load {
        Load::File { way: Way::Down, .. } if !job.is_single() => {
            format!("pget -n {} {FILE} -o {}", parallel(job), target.join(FILE).display())
        }
        Load::File { way: Way::Down, .. } => format!("get {FILE} -o {}", target.join(FILE).display()),
        Load::File { way: Way::Up, .. } => format!("put {} -o {FILE}", source.join(FILE).display()),
        Load::Files { way: Way::Down, .. } => {
            format!("mirror -P {} {DIRECTORY} {}", parallel(job), target.join(DIRECTORY).display())
        }
        Load::Files { way: Way::Up, .. } => {
            format!("mirror -R -P {} {} {DIRECTORY}", parallel(job), source.join(DIRECTORY).display())
        }
        Load::Listing { .. } => format!("cls -l {DIRECTORY}"),
        Load::Walk { .. } => format!("find {DIRECTORY}"),
    };
    let tls = match is_plain(job) {
        true => "set ftp:ssl-allow no".to_owned(),
        false => format!(
            "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:ca-file {}",
            place.authority.display()
        ),
    };
    command.arg("-c").arg(format!(
        "{tls}; open -u {},{} -p {} {}; {work}",
        place.user, place.password, place.port, place.host
    ));
    Some(())
}

fn rclone(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    let obscured = Command::new("rclone").args(["obscure", place.password]).output().ok()?;
    let obscured = String::from_utf8(obscured.stdout).ok()?;
    let (source, target) = (place.source(), place.target());
    let (file, directory) = (format!(":ftp:{FILE}"), format!(":ftp:{DIRECTORY}"));
    match job.load {
        Load::File { way: Way::Down, .. } => command.args(["copyto", &file]).arg(target.join(FILE)),
        Load::File { way: Way::Up, .. } => command.arg("copyto").arg(source.join(FILE)).arg(file),
        Load::Files { way: Way::Down, .. } => command.args(["copy", &directory]).arg(target.join(DIRECTORY)),
        Load::Files { way: Way::Up, .. } => command.arg("copy").arg(source.join(DIRECTORY)).arg(directory),
        Load::Listing { .. } => command.args(["lsf", "--format", "stp", "--separator", " ", &directory]),
        Load::Walk { .. } => command.args(["lsf", "-R", "--files-only", &directory]),
    };
    let parallel = parallel(job);
    command.args(["--config", "", "--transfers", &parallel, "--checkers", &parallel]);
    command.args(["--multi-thread-streams", "0"]);
    command.args(["--ftp-host", place.host, "--ftp-user", place.user, "--ftp-pass", obscured.trim()]);
    command.args(["--ftp-port", &place.port.to_string()]);
    if !is_plain(job) {
        command.args(["--ftp-explicit-tls", "--ca-cert"]).arg(&place.authority);
    }
    Some(())
}

fn ncftp(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    (is_plain(job) && job.is_single()).then_some(())?;
    let program = match job.load {
        Load::File { way: Way::Down, .. } | Load::Files { way: Way::Down, .. } => "ncftpget",
        Load::File { way: Way::Up, .. } | Load::Files { way: Way::Up, .. } => "ncftpput",
        Load::Listing { .. } => "ncftpls",
        Load::Walk { .. } => return None,
    };
    let login = ["-u", place.user, "-p", place.password, "-P", &place.port.to_string()].map(str::to_owned);
    *command = Command::new(program);
    command.env("HOME", place.target()).current_dir(place.target()).args(login);
    match job.load {
        Load::File { way: Way::Down, .. } => command.args(["-V", place.host]).arg(place.target()).arg(FILE),
        Load::File { way: Way::Up, .. } => {
            command.args(["-V", place.host, "."]).arg(place.source().join(FILE))
        }
        Load::Files { way: Way::Down, .. } => {
            command.args(["-V", "-R", place.host]).arg(place.target()).arg(DIRECTORY)
        }
        Load::Files { way: Way::Up, .. } => {
            command.args(["-V", "-R", place.host, "."]).arg(place.source().join(DIRECTORY))
        }
        _ => command.arg("-l").arg(url("ftp", place, &format!("{DIRECTORY}/"))),
    };
    Some(())
}

fn wget(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    job.is_single().then_some(())?;
    let scheme = if is_plain(job) { "ftp" } else { "ftps" };
    let url = |path: &str| format!("{scheme}://{}:{}/{path}", place.host, place.port);
    command.args(["-q", "--user", place.user, "--password", place.password, "--ca-certificate"]);
    command.arg(&place.authority);
    match job.load {
        Load::File { way: Way::Down, .. } => command.arg("-O").arg(place.target().join(FILE)).arg(url(FILE)),
        Load::Files { way: Way::Down, .. } => {
            command.args(["-r", "-nH", "-P"]).arg(place.target()).arg(url(&format!("{DIRECTORY}/")))
        }
        _ => return None,
    };
    Some(())
}

fn aioftp(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    command.args(["-c", include_str!("aioftp.py"), &place.port.to_string(), place.user, place.password]);
    // It knows only what begins with TLS by itself; explicit TLS it does not resume.
    (is_plain(job) && job.is_single() && !matches!(job.load, Load::Walk { .. })).then_some(())?;
    words(command, job, place);
    Some(())
}

fn suppaftp(command: &mut Command, job: &Job, place: &Place) -> Option<()> {
    command.args([&place.port.to_string(), place.user, place.password]).env("CLIENTS", parallel(job));
    if !is_plain(job) {
        command.env("AUTHORITY", &place.authority);
    }
    words(command, job, place);
    Some(())
}

/// What the drivers understand: a verb, a remote and a local path.
fn words(command: &mut Command, job: &Job, place: &Place) {
    match job.load {
        Load::File { way: Way::Down, .. } => command.args(["get", FILE]).arg(place.target().join(FILE)),
        Load::File { way: Way::Up, .. } => command.args(["put", FILE]).arg(place.source().join(FILE)),
        Load::Files { way: Way::Down, .. } => {
            command.args(["get-all", DIRECTORY]).arg(place.target().join(DIRECTORY))
        }
        Load::Files { way: Way::Up, .. } => {
            command.args(["put-all", DIRECTORY]).arg(place.source().join(DIRECTORY))
        }
        Load::Listing { .. } => command.args(["list", DIRECTORY, "-"]),
        Load::Walk { .. } => command.args(["walk", DIRECTORY, "-"]),
    };
}
