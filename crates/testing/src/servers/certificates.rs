//! Certificates of the servers and of clients.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxftp_serve::certificates::{Authority, Identity};

use super::{ServerOptions, TlsVersions};

/// The certificate authority of one server, and a client certificate that it accepts.
#[derive(Debug)]
pub(crate) struct Certificates {
    pub(crate) authority: Arc<Authority>,
    pub(crate) client: Identity,
}

impl Certificates {
    pub(crate) fn create() -> Self {
        let authority = Authority::new("oxftp test authority").expect("generating a key succeeds");
        let client = authority.client("tester").expect("generating a key succeeds");
        Self { authority: Arc::new(authority), client }
    }

    /// Writes the files for servers that use OpenSSL.
    pub(crate) fn write(&self, directory: &Path) -> CertificateFiles {
        let server =
            self.authority.server(&["localhost", "127.0.0.1", "::1"]).expect("loopback names are valid");
        let file = |name: &str, contents: &str| {
            let path = directory.join(name);
            fs::write(&path, contents).expect("the directory of the server is writable");
            path
        };
        let (certificate, key, authority) =
            (server.certificate_pem(), server.key_pem(), self.authority.pem());
        CertificateFiles {
            certificate: file("certificate.pem", certificate),
            key: file("key.pem", key),
            authority: file("authority.pem", authority),
            all: file("all.pem", &format!("{key}\n{certificate}\n{authority}")),
        }
    }
}

#[derive(Debug)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) authority: PathBuf,
    /// Key, certificate and authority in one file.
    pub(crate) all: PathBuf,
}

/// Writes an OpenSSL configuration that sets the TLS versions, for servers without such an option.
///
/// Servers read it through the environment variable `OPENSSL_CONF`.
pub(crate) fn openssl_configuration(directory: &Path, options: &ServerOptions) -> PathBuf {
    let (lowest, highest) = match options.tls {
        TlsVersions::Any => ("TLSv1.2", "TLSv1.3"),
        TlsVersions::Only12 => ("TLSv1.2", "TLSv1.2"),
        TlsVersions::Only13 => ("TLSv1.3", "TLSv1.3"),
    };
    let path = directory.join("openssl.cnf");
    let text = format!(
        "openssl_conf = main\n[main]\nssl_conf = modules\n[modules]\nsystem_default = versions\n\
         [versions]\nMinProtocol = {lowest}\nMaxProtocol = {highest}\n"
    );
    fs::write(&path, text).expect("the directory of the server is writable");
    path
}
