//! Test suite: one test for each server and protection.

use std::env;
use std::io::Write;

use super::{Protection, ServerKind, TestServer, Unavailable};

/// Returns the server, or prints that it is skipped.
///
/// # Panics
///
/// If it is unavailable while `OXFTP_REQUIRE_SERVERS=1`.
pub fn available(server: Result<TestServer, Unavailable>) -> Option<TestServer> {
    match server {
        Ok(server) => Some(server),
        Err(unavailable) if env::var_os("OXFTP_REQUIRE_SERVERS").is_some_and(|value| value == "1") => {
            panic!("{unavailable}")
        }
        Err(unavailable) => {
            // Directly to stderr: the test runner hides the captured output of passing tests.
            let _ = writeln!(std::io::stderr(), "skipped: {unavailable}");
            None
        }
    }
}

/// Runs the body of a test against one server, and prints the log of the server if the body panics.
///
/// Called by [`server_tests!`](crate::server_tests).
///
/// # Panics
///
/// As [`available`] does.
pub async fn run<Body>(kind: ServerKind, protection: Protection, body: Body)
where
    Body: AsyncFnOnce(&TestServer),
{
    if let Some(server) = available(kind.start(protection).await) {
        let shown = ShowLogOnPanic(server);
        body(&shown.0).await;
    }
}

struct ShowLogOnPanic(TestServer);

impl Drop for ShowLogOnPanic {
    #[expect(clippy::print_stderr, reason = "the test runner shows it with the panic")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of {}, {:?}:\n{}---", self.0.name(), self.0.protection(), self.0.log());
        }
    }
}

/// Defines one test per body, server and protection.
///
/// A body is an `async fn(server: &TestServer)` in the same module; the tests have names like
/// `vsftpd_explicit::uploads_a_tree`. The calling crate needs tokio with its macros.
///
/// ```
/// use oxftp_testing::servers::TestServer;
///
/// async fn has_a_loopback_address(server: &TestServer) {
///     assert!(server.address().ip().is_loopback());
/// }
///
/// oxftp_testing::server_tests! { has_a_loopback_address }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! server_tests {
    ($($body:ident),+ $(,)?) => {
        $crate::server_tests!(@server vsftpd_plain, Vsftpd, Plain, [$($body),+]);
        $crate::server_tests!(@server vsftpd_explicit, Vsftpd, Explicit, [$($body),+]);
        $crate::server_tests!(@server vsftpd_implicit, Vsftpd, Implicit, [$($body),+]);
        $crate::server_tests!(@server proftpd_plain, ProFtpd, Plain, [$($body),+]);
        $crate::server_tests!(@server proftpd_explicit, ProFtpd, Explicit, [$($body),+]);
        $crate::server_tests!(@server proftpd_implicit, ProFtpd, Implicit, [$($body),+]);
        $crate::server_tests!(@server pure_ftpd_plain, PureFtpd, Plain, [$($body),+]);
        $crate::server_tests!(@server pure_ftpd_explicit, PureFtpd, Explicit, [$($body),+]);
        $crate::server_tests!(@server pyftpdlib_plain, Pyftpdlib, Plain, [$($body),+]);
        $crate::server_tests!(@server pyftpdlib_explicit, Pyftpdlib, Explicit, [$($body),+]);
        $crate::server_tests!(@server pyftpdlib_implicit, Pyftpdlib, Implicit, [$($body),+]);
        $crate::server_tests!(@server embedded_plain, Embedded, Plain, [$($body),+]);
        $crate::server_tests!(@server embedded_explicit, Embedded, Explicit, [$($body),+]);
        $crate::server_tests!(@server embedded_implicit, Embedded, Implicit, [$($body),+]);
    };
    (@server $module:ident, $kind:ident, $protection:ident, [$($body:ident),+]) => {
        mod $module {
            use $crate::servers::{Protection, ServerKind, TestServer, run};
            $(
                #[tokio::test]
                async fn $body() {
                    let body = async |server: &TestServer| super::$body(server).await;
                    run(ServerKind::$kind, Protection::$protection, body).await;
                }
            )+
        }
    };
}
