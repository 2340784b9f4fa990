//! Invariants of URLs, which users and generated lists contain.

use oxftp::FtpUrl;

/// Checks that an accepted URL is displayed as one that is accepted, with the same meaning, and without its
/// password.
pub fn check_url(text: &str) {
    let url = match text.parse::<FtpUrl>() {
        Ok(url) => url,
        Err(error) => {
            assert!(!error.to_string().contains(char::is_control), "{error}");
            return;
        }
    };
    let shown: FtpUrl = url.to_string().parse().expect("what is shown is a URL");

    assert_eq!((shown.scheme(), shown.host(), shown.user()), (url.scheme(), url.host(), url.user()));
    assert!(shown.password().is_none());
    assert_ne!(url.host().port, Some(0));
    let _ = (url.path().to_string(), url.names_directory(), url.credentials());
}
