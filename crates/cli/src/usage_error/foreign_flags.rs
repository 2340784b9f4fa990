//! Flags of other programs, and what to use instead.

/// Flags of curl, lftp, ncftp, wget, rclone, rsync and coreutils, with a hint for each.
struct ForeignFlag {
    /// The commands that the hint is for; none for all that have no such flag themselves.
    verbs: &'static [&'static str],
    flags: &'static [&'static str],
    hint: &'static str,
}

/// Returns a hint for a flag that the command does not have. `word` is the word of the command line that contains it.
pub(super) fn find(verb: &str, flag: &str, word: &str) -> Option<&'static str> {
    let word = word.split('=').next().unwrap_or_default();
    let names = |entry: &&ForeignFlag, name: &str| entry.flags.contains(&name);
    let of_verb = || FOREIGN_FLAGS.iter().filter(|entry| entry.verbs.contains(&verb));
    let of_all = || FOREIGN_FLAGS.iter().filter(|entry| entry.verbs.is_empty());
    // The whole word first: -nH is one flag of wget, and clap takes it for -n and -H.
    let entry = of_verb()
        .find(|entry| names(entry, word))
        .or_else(|| of_all().find(|entry| names(entry, word)))
        .or_else(|| of_verb().find(|entry| names(entry, flag)))
        .or_else(|| of_all().find(|entry| names(entry, flag)))?;
    Some(entry.hint)
}

const fn of(
    verbs: &'static [&'static str],
    flags: &'static [&'static str],
    hint: &'static str,
) -> ForeignFlag {
    ForeignFlag { verbs, flags, hint }
}

const ALL: &[&str] = &[];
const TREES: &[&str] = &["get", "put", "mirror"];

const FOREIGN_FLAGS: &[ForeignFlag] = &[
    // TLS
    of(
        ALL,
        &["--cacert", "--capath", "--ca-certificate", "--ca-cert", "--ca-file", "--ca-directory"],
        "--tls-ca FILE trusts the certificate, or the certificate authority, in FILE",
    ),
    of(
        ALL,
        &["--cert", "--certificate", "--client-cert", "--key", "--private-key", "--client-key", "-E"],
        "--tls-cert FILE and --tls-key FILE send a client certificate",
    ),
    of(
        ALL,
        &["--pinnedpubkey", "--fingerprint"],
        "--tls-pin sha256:HEX trusts exactly one certificate; oxftp probe URL prints it",
    ),
    of(
        ALL,
        &[
            "-k",
            "--no-check-certificate",
            "--no-check-certificates",
            "--ftp-no-check-certificate",
            "--no-verify",
            "--no-verify-ssl",
        ],
        "--tls-pin or --tls-ca trusts this server only; --insecure accepts any certificate, even an attacker's",
    ),
    of(
        ALL,
        &[
            "--ssl",
            "--ssl-reqd",
            "--ftp-ssl",
            "--ftp-ssl-reqd",
            "--ftp-ssl-control",
            "--ftp-tls",
            "--ftp-explicit-tls",
            "--ftps-implicit",
            "--starttls",
            "--tls",
            "--ssl-allow",
            "--ssl-force",
        ],
        "the scheme of the URL selects TLS: ftpes:// on port 21, ftps:// on port 990; with ftp://, --tls-if-offered uses TLS if \
         the server offers it",
    ),
    of(
        ALL,
        &["--tlsv1", "--tlsv1.0", "--tlsv1.1", "--tlsv1.2", "--tlsv1.3", "--secure-protocol"],
        "--tls-min 1.2 and --tls-max 1.3 set the versions of TLS",
    ),
    // Login
    of(
        ALL,
        &["-u", "--username", "--ftp-user", "--login"],
        "--user NAME sets the user, as does ftp://NAME@host/; the password comes from a prompt, --password-file, \
         --password-command, --netrc or OXFTP_PASSWORD",
    ),
    of(
        ALL,
        &["--password", "--pass", "--ftp-pass", "--ftp-password", "--ask-password"],
        "passwords come from a prompt, --password-file, --password-command, --netrc or OXFTP_PASSWORD",
    ),
    of(
        &["shell", "cat", "stat"],
        &["-p"],
        "a port is part of the URL, as in ftp://host:2121/; passwords come from a prompt, --password-file or --netrc",
    ),
    of(ALL, &["--netrc-optional"], "--netrc reads ~/.netrc, and hosts without an entry are no error"),
    of(ALL, &["-n"], "--netrc reads ~/.netrc, as -n of curl does; -n is --dry-run, of mirror, mv and rm"),
    of(
        ALL,
        &["--port", "--ftp-port", "--host", "--ftp-host", "--hostname"],
        "host and port are part of the URL, as in ftp://host:2121/; --active is active mode (PORT)",
    ),
    // Network
    of(
        ALL,
        &["--interface", "--bind-address", "--local-address"],
        "--bind ADDR connects from this local address",
    ),
    of(
        ALL,
        &["--no-passive", "--no-passive-ftp", "--port-mode", "--active-ftp", "--ftp-active"],
        "--active uses active mode",
    ),
    of(
        ALL,
        &["--passive", "--passive-ftp", "--ftp-pasv", "--pasv"],
        "passive mode is the default: leave this flag out",
    ),
    of(ALL, &["--disable-epsv", "--ftp-disable-epsv"], "--no-epsv uses PASV only"),
    of(ALL, &["--ftp-disable-mlsd", "--disable-mlsd"], "--list-by list uses LIST only"),
    of(
        ALL,
        &["--ftp-encoding", "--remote-encoding", "--charset"],
        "--encoding LABEL sets the encoding of names, such as latin1",
    ),
    of(
        ALL,
        &["-x", "--socks5", "--socks5-hostname", "--socks4", "--socks4a", "--proxy-user", "--preproxy"],
        "--proxy URL connects through a proxy, as in socks5://user:password@host:1080 or http://host:3128",
    ),
    of(
        ALL,
        &["--max-time", "--read-timeout", "--dns-timeout", "--contimeout"],
        "--timeout SECONDS limits the wait for a response, --connect-timeout that for a connection",
    ),
    of(
        ALL,
        &["--retry", "--tries", "--retry-connrefused", "--low-level-retries", "--max-retries"],
        "--retries N sets how often a temporary failure is retried",
    ),
    of(
        ALL,
        &["--bwlimit", "--rate", "--max-rate", "--max-speed", "--speed-limit", "--limit"],
        "--limit-rate RATE limits the transfer rate, as in 500k or 2M",
    ),
    of(
        ALL,
        &["-Q", "--quote", "--prequote", "--postquote"],
        "--on-login, --before and --after send FTP commands around transfers; oxftp raw URL COMMAND sends them alone",
    ),
    // Transfers
    of(
        TREES,
        &["--parallel", "--parallel-max", "--transfers", "--checkers", "--use-pget-n", "--max-connections"],
        "-j N uses at most N connections",
    ),
    of(
        &["get"],
        &["--multi-thread-streams", "--max-connection-per-server", "--split"],
        "--segments N downloads a large file over N connections",
    ),
    of(
        TREES,
        &["-P"],
        "-j N uses N connections, -d DIR sets the directory, --progress always shows progress; a port is part of the URL",
    ),
    of(ALL, &["-P"], "a port is part of the URL, as in ftp://host:2121/"),
    of(
        &["get"],
        &[
            "-O",
            "--remote-name",
            "--remote-name-all",
            "--output-document",
            "--output-dir",
            "--directory-prefix",
        ],
        "a download keeps its name; -d DIR sets its directory, -o FILE its name, and -o - writes to stdout",
    ),
    of(
        &["put", "get"],
        &["-T", "--upload-file"],
        "oxftp put FILE URL uploads; --timeout SECONDS sets a timeout",
    ),
    of(ALL, &["-T", "--upload-file"], "oxftp put FILE URL uploads; --timeout SECONDS sets a timeout"),
    of(
        &["put", "mirror", "rcat", "get"],
        &["--create-dirs", "--ftp-create-dirs", "--make-dirs"],
        "missing directories are created: leave this flag out",
    ),
    of(
        &["put", "get"],
        &["-m"],
        "missing directories are created without a flag; oxftp mirror SRC DST copies only changed files",
    ),
    of(
        &["get", "put", "mirror"],
        &["-C", "--continue-at", "-z", "--resume", "--partial", "--inplace"],
        "-c resumes an interrupted transfer",
    ),
    of(
        &["put", "rcat"],
        &["--append"],
        "oxftp has no command that appends; put -c resumes an interrupted upload",
    ),
    of(
        &["get", "put"],
        &["-B", "--use-ascii", "--data-type"],
        "--ascii transfers text; files are binary by default",
    ),
    of(
        &["put", "mirror"],
        &["--delay-updates", "--use-temp-file", "--xfer-temp"],
        "--temp-name uploads under a temporary name",
    ),
    of(
        TREES,
        &["--dont-compress", "--compressed", "--mode-z"],
        "--compress compresses data in transit (MODE Z)",
    ),
    of(
        &["get"],
        &["-nH", "--no-host-directories", "-np", "--no-parent", "--no-host", "--adjust-extension"],
        "only the last directory of the path is created, and no parent is entered: leave this flag out",
    ),
    of(
        &["mirror"],
        &["-nH", "--no-host-directories", "-np", "--no-parent", "--cut-dirs", "--no-host"],
        "the contents of SRC go into DST, without further directories: leave this flag out",
    ),
    of(
        &["get"],
        &["--cut-dirs"],
        "only the last directory of the path is created; -o NAME sets another name for it",
    ),
    of(
        &["get"],
        &["-nd", "--no-directories", "--flatten"],
        "get -d DIR 'URL/**/*' downloads the files of a tree into one directory",
    ),
    of(&["get", "put"], &["-nc"], "--ignore-existing skips files that exist at the destination"),
    of(
        &["get", "put"],
        &["-N", "--timestamping", "--update", "--only-newer"],
        "oxftp mirror --update SRC DST transfers only newer files",
    ),
    of(
        &["mirror"],
        &["-N", "--timestamping", "--only-newer"],
        "--update transfers only files that are newer in SRC",
    ),
    of(&["get", "put", "ls"], &["--mirror"], "oxftp mirror SRC DST copies new and changed files"),
    of(
        &["get", "put", "mirror", "find", "rm"],
        &["--level", "--depth", "-maxdepth"],
        "--max-depth N enters N levels of a tree",
    ),
    of(
        &["mirror", "get", "put"],
        &["-L", "--dereference", "--copy-links", "--follow"],
        "--links follow transfers what symbolic links point to",
    ),
    of(&["mirror", "get", "put"], &["--delete-excluded"], "what --exclude excludes is never deleted"),
    of(&["get", "mirror", "put"], &["-l", "--preserve-links"], "--links copy creates symbolic links"),
    of(
        &["mirror"],
        &["-R", "--reverse"],
        "the order of the words decides: mirror DIR URL uploads, mirror URL DIR downloads",
    ),
    of(
        &["mirror"],
        &["-r", "--recursive", "--recurse"],
        "mirror always enters directories: leave this flag out",
    ),
    of(&["get", "put", "rm", "chmod"], &["--recurse", "--recursion"], "-r enters directories"),
    of(&["get", "put", "rm"], &["-R"], "-r enters directories"),
    of(&["find", "du", "stat", "cat"], &["-R"], "oxftp find URL lists a whole tree"),
    of(
        &["mirror"],
        &[
            "-e",
            "--delete-first",
            "--delete-before",
            "--delete-during",
            "--delete-after",
            "--del",
            "--delete-delay",
        ],
        "--delete deletes what SRC does not have, after the transfers; --delete=before deletes first",
    ),
    of(
        &["get", "put", "mirror"],
        &["-DD", "--remove-source-files", "--Remove-source-files", "-E"],
        "--move removes each source when its copy is complete and verified",
    ),
    of(
        &["get", "put"],
        &["--delete-after"],
        "--move removes each source when its copy is complete and verified",
    ),
    of(
        &["get", "put"],
        &["-e", "--delete", "--del"],
        "oxftp mirror --delete SRC DST deletes what SRC does not have",
    ),
    of(&["mirror"], &["--ignore-time", "--ignore-times"], "--size-only compares sizes only"),
    of(&["mirror"], &["--ignore-size"], "--update compares times only"),
    of(
        &["mirror"],
        &["-t", "--times", "--preserve", "--no-times"],
        "mirror keeps modification times without a flag",
    ),
    of(
        &["get"],
        &["-t", "--times"],
        "get keeps modification times without a flag; --retries N sets the number of retries",
    ),
    of(
        &["mirror", "get", "put"],
        &["-a", "--archive"],
        "-p keeps permissions, --links copy keeps symbolic links, and mirror keeps times",
    ),
    of(
        &["mirror", "get"],
        &["--no-perms", "--no-umask"],
        "permissions are kept only with --perms: leave this flag out",
    ),
    of(
        &["get", "put", "mirror"],
        &["--chmod"],
        "--file-mode and --dir-mode set permissions, as in --file-mode 644",
    ),
    of(
        &["mirror", "get", "put"],
        &["--checkfirst", "--check-first"],
        "oxftp mirror --dry-run shows what would be done",
    ),
    of(
        &["mirror"],
        &["--compare-dest", "--copy-dest", "--link-dest"],
        "oxftp has no flag for this: it compares with DST only",
    ),
    // Selection
    of(ALL, &["-I", "--include-glob", "--accept", "-A"], "--include GLOB selects files"),
    of(ALL, &["--exclude-glob", "--reject", "-X"], "--exclude GLOB skips files"),
    of(
        ALL,
        &["--include-rx", "--accept-regex", "--include-rx-from"],
        "--include-re RE selects files by a regular expression",
    ),
    of(
        ALL,
        &["--exclude-rx", "--reject-regex", "--exclude-rx-from"],
        "--exclude-re RE skips files by a regular expression",
    ),
    of(
        &["mirror", "get", "put"],
        &["-x"],
        "--exclude GLOB or --exclude-re RE skips files; --proxy URL uses a proxy",
    ),
    of(
        &["get", "put", "mirror"],
        &["-i", "--input-file", "--file-list", "--from-file"],
        "--files-from FILE reads names from a file (get and put); --include-re RE selects by a regular expression",
    ),
    of(
        ALL,
        &["--filter", "--filter-from", "--rules-from"],
        "--include and --exclude are rules, and the first that matches wins; --exclude-from FILE reads '+ GLOB' and '- GLOB'",
    ),
    of(ALL, &["--max-filesize", "--size-limit"], "--max-size SIZE selects by size"),
    of(ALL, &["--newer-than", "--max-mtime"], "--max-age AGE selects newer files, as in 7d or 2024-05-01"),
    of(
        ALL,
        &["--older", "--older-than", "--min-mtime"],
        "--min-age AGE selects older files, as in 30d or 2024-05-01",
    ),
    // Output
    of(
        ALL,
        &["-d", "--debug", "-D", "--trace", "--trace-ascii", "--log-level", "-vv", "-S", "--server-response"],
        "-v prints the commands and the replies, -v -v also the log",
    ),
    of(
        ALL,
        &[
            "--stats",
            "--stats-one-line",
            "--progress-bar",
            "--show-progress",
            "-#",
            "--no-progress-meter",
            "--no-progress",
        ],
        "--progress always or never decides about progress",
    ),
    of(
        ALL,
        &["-s", "--silent", "-nv", "--no-verbose", "--no-show-progress"],
        "-q hides progress and summaries",
    ),
    of(ALL, &["--human-readable", "--si"], "--human shows sizes as 1.5 MiB, in ls and du"),
    of(ALL, &["--head", "--spider"], "oxftp stat URL shows type, size and time"),
    of(ALL, &["--list-only"], "oxftp ls URL lists the names"),
    of(
        ALL,
        &["--background", "-b"],
        "the shell of your system runs a command in the background: oxftp ... &",
    ),
    // Listings and changes
    of(&["ls"], &["-A", "--almost-all"], "names that begin with a dot are listed: leave this flag out"),
    of(&["ls"], &["-d", "--directory"], "oxftp stat URL shows the directory itself"),
    of(&["ls"], &["-F", "-p", "--classify"], "-l shows which entries are directories"),
    of(&["ls"], &["--full-time", "--time-style"], "--json shows times to the second"),
    of(
        &["find"],
        &["-mtime", "-mmin", "-newermt"],
        "--newer AGE and --older AGE select by time, as in --older 30d",
    ),
    of(&["find"], &["-size"], "--larger SIZE and --smaller SIZE select by size, as in --larger 10M"),
    of(
        &["find"],
        &["-path", "-ipath", "--path"],
        "--include GLOB selects by path, as in --include 'a/*.log'",
    ),
    of(&["find"], &["-not", "-prune"], "--exclude GLOB skips what matches"),
    of(&["find"], &["-ls", "--ls"], "--json prints everything that is known of each entry"),
    of(&["rm"], &["-i", "-I", "--interactive"], "rm asks nothing; -n shows what would be removed"),
    of(&["rm"], &["-d", "--dir"], "oxftp rmdir URL removes empty directories"),
    of(&["mkdir"], &["-m", "--mode"], "oxftp chmod MODE URL sets permissions"),
    of(
        &["mv", "cp"],
        &["-t", "--target-directory", "-T"],
        "the last word is the new path; end it with / for a directory",
    ),
    of(&["mv", "cp"], &["-f", "--force", "-i"], "no question is asked: leave this flag out"),
    of(&["cp"], &["-a", "--archive", "-R"], "-r copies directories, with the times of their files"),
    of(&["cp"], &["-p", "--preserve"], "cp keeps modification times without a flag"),
    of(
        &["mv"],
        &["--backup", "-b"],
        "mv keeps no backups: --ignore-existing leaves the files that are there",
    ),
    of(&["touch"], &["-t", "--time", "-a", "-m"], "-d TIME sets the time, as in -d 2024-05-01T12:00Z"),
    of(&["chmod"], &["-c", "--changes", "-f", "--silent"], "chmod prints failures only: leave this flag out"),
    of(&["chmod"], &["-r", "-w", "-x", "-X"], "name the users as well, as in a-x; -R enters directories"),
    of(
        &["du"],
        &["-k", "-m", "-b", "--bytes", "--apparent-size"],
        "du counts bytes; -h shows them as 1.5 MiB",
    ),
    of(&["du"], &["-a", "--all"], "oxftp find --json URL shows the size of each file"),
    of(&["cat", "head", "tail"], &["-O", "--output-document"], "oxftp get -o FILE URL writes to a file"),
    of(&["shell", ""], &["-e"], "oxftp shell -c 'COMMANDS' URL runs commands; without -c it reads them"),
    of(&["shell", ""], &["-f"], "oxftp shell URL < FILE runs the commands of a file"),
    of(&[""], &["-c"], "oxftp shell -c 'COMMANDS' URL runs commands"),
    of(
        ALL,
        &["-f", "--fail"],
        "failures have exit codes without a flag; --netrc-file FILE names a file with logins",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Command, CommandFactory};

    use super::*;
    use crate::commands::Cli;

    fn has_flag(verb: &Command, flag: &str) -> bool {
        let long = flag.strip_prefix("--");
        let short =
            flag.strip_prefix('-').filter(|rest| rest.len() == 1).and_then(|rest| rest.chars().next());
        verb.get_arguments().any(|arg| {
            let longs = arg.get_long().into_iter().chain(arg.get_all_aliases().into_iter().flatten());
            long.is_some_and(|name| longs.clone().any(|known| known == name))
                || short.is_some_and(|letter| arg.get_short() == Some(letter))
        })
    }

    /// Returns the flags that a hint names.
    fn advised(hint: &str) -> impl Iterator<Item = &str> {
        let words = hint.split([' ', ',', ';', '\'']);
        words
            .map(|word| word.split('=').next().unwrap().trim_end_matches(['.', ':']))
            .filter(|word| word.starts_with('-') && word.len() > 1)
    }

    #[test]
    fn every_foreign_flag_leads_to_existing_flags() {
        let mut cli = Cli::command();
        cli.build();
        let verbs: Vec<_> = cli.get_subcommands().collect();
        let mut wrong = Vec::new();
        for entry in FOREIGN_FLAGS {
            let named = verbs.iter().find(|verb| entry.hint.contains(&format!("oxftp {} ", verb.get_name())));
            for flag in advised(entry.hint) {
                let applies = match entry.verbs {
                    _ if named.is_some_and(|verb| has_flag(verb, flag)) => true,
                    [] | [""] => verbs.iter().any(|verb| has_flag(verb, flag)),
                    names => {
                        verbs.iter().any(|verb| names.contains(&verb.get_name()) && has_flag(verb, flag))
                    }
                };
                if !applies {
                    wrong.push(format!("{flag} of {:?}", entry.hint));
                }
            }
            for name in entry.verbs.iter().filter(|name| !name.is_empty()) {
                let verb = cli.find_subcommand(name).unwrap();
                wrong.extend(
                    entry
                        .flags
                        .iter()
                        .filter(|flag| has_flag(verb, flag))
                        .map(|flag| format!("{name} has {flag}")),
                );
            }
            for flag in entry.flags.iter().filter(|_| entry.verbs.is_empty()) {
                let unknown = verbs.iter().any(|verb| !has_flag(verb, flag));
                wrong.extend((!unknown).then(|| format!("every command has {flag}")));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_foreign_flag_has_one_hint() {
        let mut seen = BTreeSet::new();
        let mut twice = Vec::new();
        for entry in FOREIGN_FLAGS {
            let verbs = if entry.verbs.is_empty() { &["any"] } else { entry.verbs };
            for (verb, flag) in
                verbs.iter().flat_map(|verb| entry.flags.iter().map(move |flag| (*verb, *flag)))
            {
                if !seen.insert((verb, flag)) {
                    twice.push(format!("{verb} {flag}"));
                }
            }
        }
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn foreign_flag_is_found_by_word_then_letter() {
        assert!(find("get", "-n", "-nH").unwrap().contains("last directory"));
        assert!(find("get", "-n", "-nv").unwrap().contains("-q"));
        assert!(find("get", "-n", "-n").unwrap().contains("--netrc"));
        assert!(find("mirror", "-P", "-P4").unwrap().contains("-j N"));
        assert!(find("ls", "-P", "-P").unwrap().contains("port"));
        assert!(find("get", "--cut-dirs", "--cut-dirs=2").unwrap().contains("-o NAME"));
        assert_eq!(find("get", "--frobnicate", "--frobnicate"), None);
    }
}
