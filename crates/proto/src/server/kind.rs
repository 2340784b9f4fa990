//! Server software, identified by its greeting and its reply to `SYST`.

/// Server software whose deviations from the RFCs are known; see [`ServerKind::quirks`].
///
/// ```
/// use oxftp_proto::server::ServerKind;
///
/// assert_eq!(ServerKind::identify("(vsFTPd 3.0.5)", None), ServerKind::Vsftpd);
/// assert_eq!(ServerKind::identify("Welcome", Some("Windows_NT")), ServerKind::Iis);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ServerKind {
    /// vsftpd.
    Vsftpd,
    /// ProFTPD.
    ProFtpd,
    /// Pure-FTPd.
    PureFtpd,
    /// pyftpdlib.
    Pyftpdlib,
    /// Microsoft's server, IIS.
    Iis,
    /// Any other server, or one that does not reveal its name.
    #[default]
    Other,
}

impl ServerKind {
    /// Identifies a server by its greeting and, where known, its reply to `SYST`.
    ///
    /// Servers whose administrator has replaced the greeting are [`ServerKind::Other`].
    #[must_use]
    pub fn identify(greeting: &str, system: Option<&str>) -> Self {
        let (greeting, system) =
            (greeting.to_ascii_lowercase(), system.unwrap_or_default().to_ascii_lowercase());
        let named =
            |names: &[&str]| names.iter().any(|name| greeting.contains(name) || system.contains(name));
        NAMES.iter().find(|(_, names)| named(names)).map_or(Self::Other, |(kind, _)| *kind)
    }
}

/// Names of servers in their greetings, in lower case. IIS comes first, because it tolerates least.
const NAMES: [(ServerKind, &[&str]); 5] = [
    (ServerKind::Iis, &IIS_NAMES),
    (ServerKind::Vsftpd, &["vsftpd"]),
    (ServerKind::ProFtpd, &["proftpd"]),
    (ServerKind::PureFtpd, &["pure-ftpd"]),
    (ServerKind::Pyftpdlib, &["pyftpdlib"]),
];

/// Names of IIS, in lower case: in the greeting, and in the reply to `SYST`.
pub(crate) const IIS_NAMES: [&str; 2] = ["microsoft ftp", "windows_nt"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_kind_follows_from_greeting() {
        for (greeting, kind) in [
            ("(vsFTPd 3.0.3)", ServerKind::Vsftpd),
            ("(vsFTPd 3.0.5)", ServerKind::Vsftpd),
            ("ProFTPD Server ready", ServerKind::ProFtpd),
            ("ProFTPD 1.3.8 Server (Debian) [::ffff:127.0.0.1]", ServerKind::ProFtpd),
            ("---------- Welcome to Pure-FTPd [privsep] [TLS] ----------", ServerKind::PureFtpd),
            ("Microsoft FTP Service", ServerKind::Iis),
            ("host Microsoft FTP Service (Version 5.0).", ServerKind::Iis),
            ("pyftpdlib 2.0 ready.", ServerKind::Pyftpdlib),
            ("FileZilla Server 1.8.2", ServerKind::Other),
            ("", ServerKind::Other),
        ] {
            assert_eq!(ServerKind::identify(greeting, None), kind, "{greeting}");
        }
    }

    #[test]
    fn server_kind_follows_from_syst() {
        assert_eq!(ServerKind::identify("Welcome", Some("Windows_NT")), ServerKind::Iis);
        assert_eq!(ServerKind::identify("Welcome", Some("UNIX Type: L8")), ServerKind::Other);
        assert_eq!(ServerKind::identify("(vsFTPd 3.0.3)", Some("UNIX Type: L8")), ServerKind::Vsftpd);
    }

    proptest::proptest! {
        #[test]
        fn server_kind_ignores_letter_case(greeting: String, system: Option<String>) {
            let lower = ServerKind::identify(&greeting.to_ascii_lowercase(), system.as_deref());
            proptest::prop_assert_eq!(ServerKind::identify(&greeting, system.as_deref()), lower);
        }
    }
}
