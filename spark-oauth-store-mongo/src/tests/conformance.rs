//! The suite of the ports.

use spark_oauth_core::store_conformance;

store_conformance!(mongo, crate::tests::fresh().await);
