//! Invariants of netrc files, which people write by hand.

use oxftp::Netrc;

/// Checks that a text is parsed, or rejected with the number of an existing line, that a login is found for
/// its own user only, and that no password is displayed.
pub fn check_netrc(text: &str) {
    let netrc: Netrc = match text.parse() {
        Ok(netrc) => netrc,
        Err(error) => {
            assert!((1..=text.split('\n').count()).contains(&error.line), "{error}");
            return;
        }
    };
    for host in text.split_whitespace().chain(["ftp.example.org"]).take(MOST_HOSTS) {
        let Some(login) = netrc.find(host, None) else { continue };
        let user = login.user.as_deref().expect("a login that is found names its user");
        let same = netrc.find(host, Some(user)).expect("a user who is found is found by name");

        assert_eq!(same.user.as_deref(), Some(user));
        assert!(
            netrc
                .find(host, Some(&format!("{user}?")))
                .is_none_or(|other| other.user.as_deref() != Some(user))
        );
        let shown = format!("{:?}", (&login.password, &login.account));
        assert!(!shown.contains(|it: char| it.is_ascii_digit()), "{shown}");
    }
}

const MOST_HOSTS: usize = 16;
