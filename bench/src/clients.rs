//! Command lines of the clients for each scenario.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use oxftp_testing::servers::Protection;

use crate::{
    files::name,
    scenario::{Connections, DIRECTORY, Direction, FILE, Scenario, Setup, Workload},
};

/// An installed client.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    path: PathBuf,
    build_arguments: BuildArguments,
}

type BuildArguments = fn(&mut Command, &Scenario, &Setup) -> Option<()>;

/// Finds the clients, and prints those that are not installed.
pub(crate) fn installed(oxftp: &Path, before: Option<&Path>, only: &[String]) -> Vec<Program> {
    let own = std::env::current_exe().unwrap();
    let peers = Path::new("target/peers");
    let all = [
        ("baseline", own, baseline as BuildArguments),
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
    for (name, path, build_arguments) in all {
        // Each client runs in its own directory.
        let path = std::path::absolute(&path).unwrap_or(path);
        match path.is_file() {
            true if wanted(name) => found.push(Program { name, path, build_arguments }),
            false if wanted(name) && !path.ends_with("oxftp before") => {
                println!("skipped: {name} is not installed; run bench/peers");
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
    /// Returns the command for this scenario; `None` if the client does not support it.
    pub(crate) fn command(&self, scenario: &Scenario, setup: &Setup) -> Option<Command> {
        let mut command = Command::new(&self.path);
        // No configuration of the user is read.
        command.env("HOME", setup.target()).current_dir(setup.target().parent()?);
        (self.build_arguments)(&mut command, scenario, setup)?;
        Some(command)
    }
}

fn is_plain(scenario: &Scenario) -> bool {
    scenario.protection == Protection::Plain
}

fn url(scheme: &str, setup: &Setup, path: &str) -> String {
    format!("{scheme}://{}@{}:{}/{path}", setup.user, setup.host, setup.port)
}

fn baseline(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    let port = setup.port.to_string();
    (is_plain(scenario) && scenario.is_single()).then_some(())?;
    command.args(["baseline", &port, setup.user, setup.password]);
    match scenario.workload {
        Workload::File { direction: Direction::Down, .. } => {
            command.args(["get", FILE]).arg(setup.target().join(FILE))
        }
        Workload::File { direction: Direction::Up, .. } => {
            command.args(["put", FILE]).arg(setup.source().join(FILE))
        }
        Workload::Files { direction: Direction::Down, count } => {
            command.args(["get-all", DIRECTORY]).arg(setup.target().join(DIRECTORY)).arg(count.to_string())
        }
        Workload::Files { direction: Direction::Up, count } => {
            command.args(["put-all", DIRECTORY]).arg(setup.source().join(DIRECTORY)).arg(count.to_string())
        }
        Workload::Listing { .. } => command.args(["list", DIRECTORY, "-"]),
        Workload::Tree { .. } => return None,
    };
    Some(())
}

/// Runs the scenarios of one connection with automatic connections, which must not be slower.
fn oxftp_auto(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    let chosen = scenario.is_single()
        && matches!(
            scenario.workload,
            Workload::Files { .. } | Workload::File { direction: Direction::Down, .. }
        );
    chosen.then_some(())?;
    let by_itself = Scenario { connections: Connections::Auto, ..*scenario };
    oxftp(command, &by_itself, setup)
}

fn oxftp(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    let scheme = if is_plain(scenario) { "ftp" } else { "ftpes" };
    let url = |path| url(scheme, setup, path);
    command.env("OXFTP_PASSWORD", setup.password);
    let connections = match scenario.connections {
        Connections::Fixed(count) => count.to_string(),
        Connections::Auto => "auto".to_owned(),
    };
    match scenario.workload {
        Workload::File { direction: Direction::Down, .. } => {
            command.args(["get", "-j", &connections, "-o"]).arg(setup.target().join(FILE)).arg(url(FILE));
            match scenario.connections {
                Connections::Fixed(segments @ 2..) => command.args(["--segments", &segments.to_string()]),
                _ => command,
            }
        }
        Workload::File { direction: Direction::Up, .. } => {
            command.arg("put").arg(setup.source().join(FILE)).arg(url(FILE))
        }
        Workload::Files { direction: Direction::Down, .. } => {
            command.args(["get", "-r", "-j", &connections, "-d"]).arg(setup.target()).arg(url(DIRECTORY))
        }
        Workload::Files { direction: Direction::Up, .. } => {
            command.args(["put", "-r", "-j", &connections]).arg(setup.source().join(DIRECTORY)).arg(url(""))
        }
        Workload::Listing { .. } => command.args(["ls", "-l", &url(DIRECTORY)]),
        Workload::Tree { .. } => command.args(["find", "--type", "f", &url(DIRECTORY)]),
    };
    if !is_plain(scenario) {
        command.arg("--tls-ca").arg(&setup.authority);
    }
    Some(())
}

fn curl(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    let url = |path: &str| url("ftp", setup, path);
    command.args(["-sS", "--user"]).arg(format!("{}:{}", setup.user, setup.password));
    if !is_plain(scenario) {
        command.args(["--ssl-reqd", "--cacert"]).arg(&setup.authority);
    }
    if let Connections::Fixed(2..) | Connections::Auto = scenario.connections {
        command.args(["--parallel", "--parallel-max", &parallel(scenario)]);
    }
    match scenario.workload {
        Workload::File { direction: Direction::Down, .. } => {
            command.arg("-o").arg(setup.target().join(FILE)).arg(url(FILE))
        }
        Workload::File { direction: Direction::Up, .. } => {
            command.arg("-T").arg(setup.source().join(FILE)).arg(url(FILE))
        }
        Workload::Files { count, direction } => {
            let mut config = String::new();
            for number in 0..count {
                let remote = url(&format!("{DIRECTORY}/{}", name(number)));
                let (option, local) = match direction {
                    Direction::Down => ("output", setup.target()),
                    Direction::Up => ("upload-file", setup.source()),
                };
                let local = local.join(DIRECTORY).join(name(number));
                writeln!(config, "{option} = {}\nurl = {remote}", local.display()).unwrap();
            }
            let path = setup.authority.with_file_name("curl.conf");
            std::fs::write(&path, config).unwrap();
            command.args(["--create-dirs", "--ftp-create-dirs", "--config"]).arg(path)
        }
        Workload::Listing { .. } => command.arg(url(&format!("{DIRECTORY}/"))),
        Workload::Tree { .. } => return None,
    };
    Some(())
}

/// Returns the number of connections for clients that cannot choose it themselves.
fn parallel(scenario: &Scenario) -> String {
    match scenario.connections {
        Connections::Fixed(count) => count.to_string(),
        Connections::Auto => "16".to_owned(),
    }
}

fn lftp(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    let (source, target) = (setup.source(), setup.target());
    let work = match scenario.workload {
        Workload::File { direction: Direction::Down, .. } if !scenario.is_single() => {
            format!("pget -n {} {FILE} -o {}", parallel(scenario), target.join(FILE).display())
        }
        Workload::File { direction: Direction::Down, .. } => {
            format!("get {FILE} -o {}", target.join(FILE).display())
        }
        Workload::File { direction: Direction::Up, .. } => {
            format!("put {} -o {FILE}", source.join(FILE).display())
        }
        Workload::Files { direction: Direction::Down, .. } => {
            format!("mirror -P {} {DIRECTORY} {}", parallel(scenario), target.join(DIRECTORY).display())
        }
        Workload::Files { direction: Direction::Up, .. } => {
            format!("mirror -R -P {} {} {DIRECTORY}", parallel(scenario), source.join(DIRECTORY).display())
        }
        Workload::Listing { .. } => format!("cls -l {DIRECTORY}"),
        Workload::Tree { .. } => format!("find {DIRECTORY}"),
    };
    let tls = match is_plain(scenario) {
        true => "set ftp:ssl-allow no".to_owned(),
        false => format!(
            "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:ca-file {}",
            setup.authority.display()
        ),
    };
    command.arg("-c").arg(format!(
        "{tls}; open -u {},{} -p {} {}; {work}",
        setup.user, setup.password, setup.port, setup.host
    ));
    Some(())
}

fn rclone(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    let obscured = Command::new("rclone").args(["obscure", setup.password]).output().ok()?;
    let obscured = String::from_utf8(obscured.stdout).ok()?;
    let (source, target) = (setup.source(), setup.target());
    let (file, directory) = (format!(":ftp:{FILE}"), format!(":ftp:{DIRECTORY}"));
    match scenario.workload {
        Workload::File { direction: Direction::Down, .. } => {
            command.args(["copyto", &file]).arg(target.join(FILE))
        }
        Workload::File { direction: Direction::Up, .. } => {
            command.arg("copyto").arg(source.join(FILE)).arg(file)
        }
        Workload::Files { direction: Direction::Down, .. } => {
            command.args(["copy", &directory]).arg(target.join(DIRECTORY))
        }
        Workload::Files { direction: Direction::Up, .. } => {
            command.arg("copy").arg(source.join(DIRECTORY)).arg(directory)
        }
        Workload::Listing { .. } => command.args(["lsf", "--format", "stp", "--separator", " ", &directory]),
        Workload::Tree { .. } => command.args(["lsf", "-R", "--files-only", &directory]),
    };
    let parallel = parallel(scenario);
    command.args(["--config", "", "--transfers", &parallel, "--checkers", &parallel]);
    command.args(["--multi-thread-streams", "0"]);
    command.args(["--ftp-host", setup.host, "--ftp-user", setup.user, "--ftp-pass", obscured.trim()]);
    command.args(["--ftp-port", &setup.port.to_string()]);
    if !is_plain(scenario) {
        command.args(["--ftp-explicit-tls", "--ca-cert"]).arg(&setup.authority);
    }
    Some(())
}

fn ncftp(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    (is_plain(scenario) && scenario.is_single()).then_some(())?;
    let program = match scenario.workload {
        Workload::File { direction: Direction::Down, .. }
        | Workload::Files { direction: Direction::Down, .. } => "ncftpget",
        Workload::File { direction: Direction::Up, .. }
        | Workload::Files { direction: Direction::Up, .. } => "ncftpput",
        Workload::Listing { .. } => "ncftpls",
        Workload::Tree { .. } => return None,
    };
    let login = ["-u", setup.user, "-p", setup.password, "-P", &setup.port.to_string()].map(str::to_owned);
    *command = Command::new(program);
    command.env("HOME", setup.target()).current_dir(setup.target()).args(login);
    match scenario.workload {
        Workload::File { direction: Direction::Down, .. } => {
            command.args(["-V", setup.host]).arg(setup.target()).arg(FILE)
        }
        Workload::File { direction: Direction::Up, .. } => {
            command.args(["-V", setup.host, "."]).arg(setup.source().join(FILE))
        }
        Workload::Files { direction: Direction::Down, .. } => {
            command.args(["-V", "-R", setup.host]).arg(setup.target()).arg(DIRECTORY)
        }
        Workload::Files { direction: Direction::Up, .. } => {
            command.args(["-V", "-R", setup.host, "."]).arg(setup.source().join(DIRECTORY))
        }
        _ => command.arg("-l").arg(url("ftp", setup, &format!("{DIRECTORY}/"))),
    };
    Some(())
}

fn wget(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    scenario.is_single().then_some(())?;
    let scheme = if is_plain(scenario) { "ftp" } else { "ftps" };
    let url = |path: &str| format!("{scheme}://{}:{}/{path}", setup.host, setup.port);
    command.args(["-q", "--user", setup.user, "--password", setup.password, "--ca-certificate"]);
    command.arg(&setup.authority);
    match scenario.workload {
        Workload::File { direction: Direction::Down, .. } => {
            command.arg("-O").arg(setup.target().join(FILE)).arg(url(FILE))
        }
        Workload::Files { direction: Direction::Down, .. } => {
            command.args(["-r", "-nH", "-P"]).arg(setup.target()).arg(url(&format!("{DIRECTORY}/")))
        }
        _ => return None,
    };
    Some(())
}

fn aioftp(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    command.args(["-c", include_str!("aioftp.py"), &setup.port.to_string(), setup.user, setup.password]);
    // aioftp supports only implicit TLS, and does not resume explicit TLS sessions.
    (is_plain(scenario) && scenario.is_single() && !matches!(scenario.workload, Workload::Tree { .. }))
        .then_some(())?;
    arguments(command, scenario, setup);
    Some(())
}

fn suppaftp(command: &mut Command, scenario: &Scenario, setup: &Setup) -> Option<()> {
    command.args([&setup.port.to_string(), setup.user, setup.password]).env("CLIENTS", parallel(scenario));
    if !is_plain(scenario) {
        command.env("AUTHORITY", &setup.authority);
    }
    arguments(command, scenario, setup);
    Some(())
}

/// Adds the arguments of the drivers: a verb, a remote path and a local path.
fn arguments(command: &mut Command, scenario: &Scenario, setup: &Setup) {
    match scenario.workload {
        Workload::File { direction: Direction::Down, .. } => {
            command.args(["get", FILE]).arg(setup.target().join(FILE))
        }
        Workload::File { direction: Direction::Up, .. } => {
            command.args(["put", FILE]).arg(setup.source().join(FILE))
        }
        Workload::Files { direction: Direction::Down, .. } => {
            command.args(["get-all", DIRECTORY]).arg(setup.target().join(DIRECTORY))
        }
        Workload::Files { direction: Direction::Up, .. } => {
            command.args(["put-all", DIRECTORY]).arg(setup.source().join(DIRECTORY))
        }
        Workload::Listing { .. } => command.args(["list", DIRECTORY, "-"]),
        Workload::Tree { .. } => command.args(["walk", DIRECTORY, "-"]),
    };
}
