//! MD5 of one stream.

use md5::{Digest, Md5};

use crate::model::seal::Md5Digest;

/// A running MD5 (RFC 1321).
#[derive(Clone, Default)]
pub struct Hasher(Md5);

impl Hasher {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> Md5Digest {
        Md5Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_rfc_1321() {
        let of = |text: &str| {
            let mut hasher = Hasher::new();
            hasher.update(text.as_bytes());
            hasher.finish().to_string()
        };
        assert_eq!(of(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(of("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }
}
