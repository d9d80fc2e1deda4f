//! What the sample calls its databases and collections.

use spark_oauth_core::import::Kind;

use crate::MongoOptions;

/// The names of the sample's databases, which name its collections too: `tokenCenter`
/// holds `tokenCenterCollection`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleCollections {
    /// The database of the tokens (`dbConfig.tokenDBName`).
    pub token_db: String,
    /// The database of the admins (`dbConfig.adminDBName`).
    pub admin_db: String,
}

impl Default for SampleCollections {
    fn default() -> Self {
        Self {
            token_db: MongoOptions::TOKEN_DB.to_owned(),
            admin_db: MongoOptions::ADMIN_DB.to_owned(),
        }
    }
}

impl SampleCollections {
    /// The collection of a database.
    pub(super) fn collection_of(database: &str) -> String {
        format!("{database}Collection")
    }

    /// What the file with this name, without its ending, is an export of; `None` where
    /// the name does not tell.
    pub(super) fn kind_of_file(&self, stem: &str) -> Option<Kind> {
        let names = |database: &str| {
            let collection = Self::collection_of(database);
            let with_database = format!("{database}.{collection}");
            let names = [database, &collection, &with_database];
            names.iter().any(|name| name.eq_ignore_ascii_case(stem))
        };
        match (names(&self.token_db), names(&self.admin_db)) {
            (true, false) => Some(Kind::Token),
            (false, true) => Some(Kind::Admin),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_what_is_in_it() {
        let sample = SampleCollections::default();
        for (stem, kind) in [
            ("tokenCenterCollection", Some(Kind::Token)),
            ("tokenCenter.tokenCenterCollection", Some(Kind::Token)),
            ("tokencenter", Some(Kind::Token)),
            ("adminUsersCollection", Some(Kind::Admin)),
            ("adminUsers.adminUsersCollection", Some(Kind::Admin)),
            ("tokens", None),
            ("tokenCenterCollection.metadata", None),
        ] {
            assert_eq!(sample.kind_of_file(stem), kind, "{stem}");
        }
        let one = SampleCollections {
            token_db: "one".to_owned(),
            admin_db: "one".to_owned(),
        };
        assert_eq!(one.kind_of_file("oneCollection"), None);
    }
}
