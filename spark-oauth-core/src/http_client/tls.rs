//! TLS with the roots of this machine.
//!
//! The roots are read at the first handshake, not when a client is made: a
//! machine without any still talks http to an emulator, start-up stays fast,
//! and roots that are installed later are found.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

type Load = fn(Arc<CryptoProvider>) -> Result<Verifier, Error>;

/// The TLS set-up of one client. It names its cryptography (ring), so that it
/// depends on no default of the process.
///
/// # Errors
/// Those of rustls, where it does not know the protocol versions.
pub(super) fn client_config() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = PlatformRoots::new(Arc::clone(&provider), Verifier::new);
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(roots))
        .with_no_client_auth();
    Ok(config)
}

/// The verifier of the platform, made when it is first needed.
#[derive(Debug)]
struct PlatformRoots {
    provider: Arc<CryptoProvider>,
    load: Load,
    verifier: OnceLock<Verifier>,
}

impl PlatformRoots {
    const fn new(provider: Arc<CryptoProvider>, load: Load) -> Self {
        Self {
            provider,
            load,
            verifier: OnceLock::new(),
        }
    }

    fn verifier(&self) -> Result<&Verifier, Error> {
        if let Some(verifier) = self.verifier.get() {
            return Ok(verifier);
        }
        let verifier = (self.load)(Arc::clone(&self.provider)).map_err(|error| {
            Error::General(format!(
                "the server's certificate cannot be checked: {error}; \
                 install the CA certificates of this system (package ca-certificates)"
            ))
        })?;
        Ok(self.verifier.get_or_init(|| verifier))
    }
}

impl ServerCertVerifier for PlatformRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verifier()?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_machine_without_roots_says_what_to_install() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = PlatformRoots::new(provider, |_| Err(Error::General("no roots".to_owned())));
        let refusal = roots
            .verify_server_cert(
                &CertificateDer::from(vec![0x30, 0x00]),
                &[],
                &ServerName::try_from("webexapis.com").unwrap(),
                &[],
                UnixTime::since_unix_epoch(Duration::ZERO),
            )
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("no roots"), "{refusal}");
        assert!(refusal.contains("ca-certificates"), "{refusal}");
    }

    #[test]
    fn making_a_client_reads_no_roots() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = PlatformRoots::new(provider, Verifier::new);
        assert!(!roots.supported_verify_schemes().is_empty());
        assert!(roots.verifier.get().is_none());
        client_config().unwrap();
    }
}
