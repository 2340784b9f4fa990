//! Verbs that other programs have, and what they are here.

/// Says which verb does what this one does elsewhere.
pub(super) fn verb_for(word: &str) -> Option<&'static str> {
    let (_, verb) = HABITS.iter().find(|(words, _)| words.contains(&word))?;
    Some(verb)
}

const HABITS: &[(&[&str], &str)] = &[
    (&["cp", "copy", "copyto"], "get downloads, put uploads, and fxp copies from one server to another"),
    (&["download", "fetch", "mget", "pget", "wget", "ncftpget"], "get downloads, with -r trees"),
    (&["upload", "store", "send", "mput", "ncftpput"], "put uploads, with -r trees"),
    (&["sync", "rsync", "update"], "mirror makes one tree like another"),
    (
        &["dir", "list", "nlist", "lsd", "lsl", "lsjson", "nlst"],
        "ls lists, with -l in full and with --json for programs",
    ),
    (&["del", "delete", "deletefile", "mrm", "mdelete", "purge", "unlink"], "rm removes, with -r trees"),
    (&["rename", "ren", "move", "moveto"], "mv renames"),
    (&["md", "mkd"], "mkdir makes directories"),
    (&["rd"], "rmdir removes empty directories"),
    (&["type", "more", "less"], "cat writes files to stdout"),
    (&["quote", "site", "rhelp"], "raw sends commands"),
    (&["size", "modtime"], "stat says what something is, and du adds sizes up"),
    (&["open", "connect", "ftp", "lftp", "sftp", "cd"], "shell URL stays connected, and has cd"),
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn a_habit_leads_to_a_verb_that_there_is_and_is_none_itself() {
        let cli = Cli::command();
        for (words, verb) in HABITS {
            let verb = verb.split_whitespace().next().unwrap();
            assert!(cli.find_subcommand(verb).is_some(), "{verb}");
            assert!(words.iter().all(|word| cli.find_subcommand(word).is_none()), "{words:?}");
        }
        assert!(verb_for("sync").unwrap().starts_with("mirror"));
        assert_eq!(verb_for("gett"), None);
    }
}
