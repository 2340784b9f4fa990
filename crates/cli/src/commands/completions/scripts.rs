//! Completion scripts: those of clap, with bookmarks and paths on servers.

use clap::Command;
use clap_complete::Shell;

/// Returns the script for a shell.
pub(super) fn script(shell: Shell, program: &mut Command) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, program, "oxftp", &mut bytes);
    let script = String::from_utf8_lossy(&bytes).into_owned();
    match shell {
        Shell::Bash => script + BASH,
        Shell::Fish => script + FISH,
        Shell::Zsh => with_zsh_words(&script),
        _ => script,
    }
}

/// Puts the function before the last statement, which calls or registers `_oxftp`.
fn with_zsh_words(script: &str) -> String {
    let renamed = script.replacen("\n_oxftp() {", "\n_oxftp_flags() {", 1);
    match renamed.rfind("\nif [ \"$funcstack[1]\"") {
        Some(at) if renamed != script => format!("{}{ZSH}{}", &renamed[..at], &renamed[at..]),
        _ => script.to_owned(),
    }
}

const BASH: &str = r#"
# Bookmarks and paths on servers.
_oxftp_words() {
    local line=${COMP_LINE:0:COMP_POINT} word kept='' candidate
    word=${line##*[[:space:]]}
    case $word in
        @*|*://*) ;;
        *) _oxftp "$@"; return ;;
    esac
    COMPREPLY=()
    # readline replaces what follows the last colon, or begins with the last @ after it.
    if [[ $COMP_WORDBREAKS == *:* ]]; then
        kept=${word%"${word##*:}"}
    fi
    if [[ $COMP_WORDBREAKS == *@* && ${word#"$kept"} == *@* ]]; then
        kept=${word%@*}
    fi
    while IFS= read -r candidate; do
        candidate=${candidate#"$kept"}
        [[ $candidate == */ ]] || candidate+=' '
        COMPREPLY+=("$candidate")
    done < <(OXFTP_COMPLETE=$line "${COMP_WORDS[0]:-oxftp}" completions --words </dev/null 2>/dev/null)
    compopt -o nospace 2>/dev/null
}
complete -F _oxftp_words -o bashdefault -o default oxftp
"#;

const ZSH: &str = r#"
# Bookmarks and paths on servers.
_oxftp() {
    case $PREFIX in
        @*|*://*)
            local -a candidates
            candidates=("${(@f)$(OXFTP_COMPLETE=$LBUFFER oxftp completions --words </dev/null 2>/dev/null)}")
            candidates=(${candidates:#})
            compadd -Q -S '' -- ${(M)candidates:#*/}
            compadd -Q -- ${candidates:#*/}
            ;;
        *)
            _oxftp_flags "$@"
            ;;
    esac
}
"#;

const FISH: &str = r#"
# Bookmarks and paths on servers.
complete -c oxftp -f -n 'string match -qr "^@|://" -- (commandline -ct)' -a '(OXFTP_COMPLETE=(commandline -cp) oxftp completions --words </dev/null 2>/dev/null)'
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_complete_words_of_servers() {
        let mut command = Command::new("oxftp").subcommand(Command::new("get").arg(clap::arg!([URL])));
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell, &mut command);
            assert!(
                script.contains("oxftp completions --words") || script.contains("completions --words"),
                "{shell}"
            );
        }
        let zsh = script(Shell::Zsh, &mut command);
        assert_eq!(zsh.matches("\n_oxftp() {").count(), 1);
        assert!(zsh.contains("\n_oxftp_flags() {"));
        let registration = zsh.find("if [ \"$funcstack[1]\"").unwrap();
        assert!(zsh.find("\n_oxftp() {").unwrap() < registration);
    }
}
