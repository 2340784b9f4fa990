//! Command names of other programs, and the command to use instead.

/// Returns a hint for the command name of another program.
pub(super) fn find(word: &str) -> Option<&'static str> {
    let (_, hint) = SYNONYMS.iter().find(|(words, _)| words.contains(&word))?;
    Some(hint)
}

const SYNONYMS: &[(&[&str], &str)] = &[
    (&["copy", "copyto"], "cp copies on a server or to another one; get downloads, put uploads"),
    (
        &["download", "fetch", "mget", "pget", "wget", "ncftpget"],
        "get downloads files, get -r directory trees",
    ),
    (&["upload", "store", "send", "mput", "ncftpput"], "put uploads files, put -r directory trees"),
    (&["sync", "rsync", "update"], "mirror copies new and changed files of a directory tree"),
    (
        &["dir", "list", "nlist", "lsd", "lsl", "lsjson", "nlst"],
        "ls lists a directory, ls -l with details and ls --json for programs",
    ),
    (
        &["del", "delete", "deletefile", "mrm", "mdelete", "purge", "unlink"],
        "rm removes files, rm -r directory trees",
    ),
    (&["rename", "ren", "move", "moveto"], "mv renames and moves"),
    (&["md", "mkd"], "mkdir creates directories"),
    (&["rd"], "rmdir removes empty directories"),
    (&["type", "more", "less"], "cat writes files to stdout"),
    (&["quote", "site", "rhelp"], "raw sends FTP commands"),
    (
        &["wc", "grep", "zcat", "sort", "strings", "hexdump", "xxd", "diff"],
        "cat writes files to stdout, for another program: oxftp cat URL | wc",
    ),
    (&["edit", "vi", "vim", "nano"], "get downloads the file, and put uploads it after you edited it"),
    (&["chown", "chgrp", "umask"], "chmod sets permissions, and raw sends commands such as SITE UMASK"),
    (
        &["ln", "link", "symlink", "readlink"],
        "raw sends commands such as SITE SYMLINK, if the server has them",
    ),
    (&["df", "quota", "about"], "raw sends commands such as SITE QUOTA, if the server has them"),
    (
        &["md5sum", "sha1sum", "sha256sum", "hashsum", "cksum", "md5"],
        "check --sums compares files with their checksums; for the checksum of one file: oxftp cat URL | sha256sum",
    ),
    (&["size", "modtime"], "stat shows type, size and time, and du sums up sizes"),
    (&["open", "connect", "ftp", "lftp", "sftp", "cd"], "shell URL stays connected, and has cd"),
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::commands::Cli;

    #[test]
    fn every_synonym_leads_to_an_existing_verb() {
        let cli = Cli::command();
        for (words, verb) in SYNONYMS {
            let verb = verb.split_whitespace().next().unwrap();
            assert!(cli.find_subcommand(verb).is_some(), "{verb}");
            assert!(words.iter().all(|word| cli.find_subcommand(word).is_none()), "{words:?}");
        }
        assert!(find("sync").unwrap().starts_with("mirror"));
        assert_eq!(find("gett"), None);
    }
}
