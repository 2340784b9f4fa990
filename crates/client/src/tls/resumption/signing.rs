//! The key of a client's certificate, whose signatures can be recorded.

use std::sync::Arc;

use rustls::{
    SignatureAlgorithm, SignatureScheme,
    pki_types::SubjectPublicKeyInfoDer,
    sign::{CertifiedKey, Signer, SigningKey},
};

use super::transcript;

/// Makes a certificate's signatures part of the transcript: most are random, and a handshake is
/// read again with the same ones.
pub(crate) fn recorded(mut identity: CertifiedKey) -> CertifiedKey {
    identity.key = Arc::new(RecordedKey(identity.key));
    identity
}

#[derive(Debug)]
struct RecordedKey(Arc<dyn SigningKey>);

impl SigningKey for RecordedKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let real = self.0.choose_scheme(offered)?;
        Some(Box::new(RecordedSigner(real)))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.0.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

#[derive(Debug)]
struct RecordedSigner(Box<dyn Signer>);

impl Signer for RecordedSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        transcript::signature(|| self.0.sign(message))
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }
}
