//! How a session begins: TLS 1.3 only, a certificate from both sides, nothing remembered from one connection to the next.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection,
    client::Resumption,
    crypto::CryptoProvider,
    pki_types::{DnsName, ServerName},
    server::NoServerSessionStorage,
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};

use crate::model::device_key::DeviceKey;

use super::{error::CryptoError, identity::Identity, provider::provider, session::Session, verifier::Verifier};

/// What both sides must agree on (RFC 7301), so that no other protocol's bytes are ever taken for ours.
pub(super) const ALPN: &[u8] = b"sealdrop";

/// rustls wants a name to call by. It is neither sent nor compared with anything.
const NO_NAME: &str = "sealdrop";

/// Makes sessions for one identity. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    provider: Arc<CryptoProvider>,
    certified: Arc<CertifiedKey>,
    server: Arc<ServerConfig>,
    own_key: DeviceKey,
}

impl Tls {
    pub fn new(identity: &Identity) -> Result<Self, CryptoError> {
        let provider = provider();
        let certified = Arc::clone(identity.certified());
        let server = server_config(&provider, &certified)?;
        Ok(Self { provider, certified, server: Arc::new(server), own_key: identity.key() })
    }

    /// What this device is known by.
    pub fn own_key(&self) -> DeviceKey {
        self.own_key
    }

    /// The listener's side of a new connection.
    pub fn answer(&self) -> Result<Session, CryptoError> {
        Ok(Session::over(Connection::Server(ServerConnection::new(Arc::clone(&self.server))?)))
    }

    /// The dialer's side. Another key than `expect` is refused before our certificate or any data leaves.
    pub fn call(&self, expect: Option<DeviceKey>) -> Result<Session, CryptoError> {
        Self::dial(self.client_config(expect)?)
    }

    /// The dialer's side of a call that only is to show whether `key` is there: somebody else does not learn who was looked
    /// for, and has nothing to tell a person of.
    pub fn look_for(&self, key: DeviceKey) -> Result<Session, CryptoError> {
        Self::dial(self.config(Verifier::discreet(self.provider.signature_verification_algorithms, key))?)
    }

    fn dial(config: ClientConfig) -> Result<Session, CryptoError> {
        let name = DnsName::try_from(NO_NAME).map_err(|error| rustls::Error::General(error.to_string()))?;
        let connection = ClientConnection::new(Arc::new(config), ServerName::DnsName(name))?;
        Ok(Session::over(Connection::Client(connection)))
    }

    /// For one call, since what is expected stands in its verifier.
    pub(super) fn client_config(&self, expect: Option<DeviceKey>) -> Result<ClientConfig, CryptoError> {
        self.config(Verifier::new(self.provider.signature_verification_algorithms, expect))
    }

    fn config(&self, verifier: Verifier) -> Result<ClientConfig, CryptoError> {
        let certificate = Arc::new(SingleCertAndKey::from(Arc::clone(&self.certified)));
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(certificate);
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        config.enable_sni = false;
        Ok(config)
    }
}

/// For all who call.
pub(super) fn server_config(
    provider: &Arc<CryptoProvider>,
    certified: &Arc<CertifiedKey>,
) -> Result<ServerConfig, CryptoError> {
    let verifier = Verifier::new(provider.signature_verification_algorithms, None);
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(certified))));
    config.alpn_protocols = vec![ALPN.to_vec()];
    // A resumed handshake shows no certificate, so the verifier would not be asked. rustls resumes unless it is told not to.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.max_early_data_size = 0;
    config.send_half_rtt_data = false;
    Ok(config)
}
