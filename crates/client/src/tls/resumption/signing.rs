//! Signing key of the client certificate, with recorded signatures.

use std::sync::Arc;

use rustls::{
    SignatureAlgorithm, SignatureScheme,
    pki_types::SubjectPublicKeyInfoDer,
    sign::{CertifiedKey, Signer, SigningKey},
};

use super::transcript;

/// Records the signatures of a certificate in the transcript: most signature schemes are randomised, and a replay
/// needs the same signatures.
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
