//! Every contract of the ports, on the store of this example.

use custom_store::CustomStore;
use spark_oauth_core::ports::Stores;
use spark_oauth_core::store_conformance;

fn fresh_store() -> Stores {
    Stores::of(CustomStore::new())
}

store_conformance!(custom_store_in_memory, fresh_store());
