//! The samples that are part of the program, so that it answers without any configuration.

use crate::DomainUuid;
use uuid::Uuid;

/// The domain of the samples.
pub const SAMPLE_DOMAIN: DomainUuid =
    DomainUuid::new(Uuid::from_u128(0x11111111_2222_4333_8444_555555555555));

/// The name of the samples' domain.
pub const SAMPLE_DOMAIN_NAME: &str = "pbx.example.com";

/// The sample that answers where none is named.
pub const SAMPLE_DEFAULT: &str = "provedor";

/// The embedded secretaries, each with its file's name.
pub(crate) const SAMPLES: [(&str, &str); 2] = [
    (
        "samples/provedor.toml",
        include_str!("../../../samples/provedor.toml"),
    ),
    ("samples/isp.toml", include_str!("../../../samples/isp.toml")),
];
