use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxftp_serve::certificates::{Authority, Identity};

use super::{ServerOptions, TlsVersions};

/// One server's own authority, and a client that it lets in.
#[derive(Debug)]
pub(crate) struct Certificates {
    pub(crate) authority: Arc<Authority>,
    pub(crate) client: Identity,
}

impl Certificates {
    pub(crate) fn make() -> Self {
        let authority = Authority::new("oxftp test authority").expect("a key can be made");
        let client = authority.client("tester").expect("a key can be made");
        Self { authority: Arc::new(authority), client }
    }

    /// Writes what an OpenSSL server reads.
    pub(crate) fn write(&self, directory: &Path) -> CertificateFiles {
        let server =
            self.authority.server(&["localhost", "127.0.0.1", "::1"]).expect("loopback names are valid");
        let file = |name: &str, contents: &str| {
            let path = directory.join(name);
            fs::write(&path, contents).expect("the server's directory takes files");
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
    /// Key, certificate and authority in one.
    pub(crate) all: PathBuf,
}

/// Writes an OpenSSL configuration that fixes the TLS version, for servers without an option for it.
///
/// It is given in the environment variable `OPENSSL_CONF`.
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
    fs::write(&path, text).expect("the server's directory takes files");
    path
}
