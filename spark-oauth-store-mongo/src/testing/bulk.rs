//! Many tokens at once.

use mongodb::bson::{RawDocumentBuf, serialize_to_raw_document_buf};
use mongodb::options::InsertManyOptions;
use spark_oauth_core::token::Token;

use crate::MongoStore;
use crate::token_document::{TOKENS, TokenDocument};

/// Puts tokens in as so many insertions would leave them, the first with the number
/// `first` in the order of insertion. For stores with so many records that inserting
/// them one by one takes too long; nobody else may insert meanwhile.
pub async fn insert_together(store: &MongoStore, tokens: &[Token], first: i64) {
    let [database, _] = &store.0.databases;
    let collection = store.0.client.database(database);
    let collection = collection.collection::<RawDocumentBuf>(TOKENS);
    let documents = (first..).zip(tokens).map(|(seq, token)| {
        let document = TokenDocument::new(token, seq, token.version).unwrap();
        serialize_to_raw_document_buf(&document).unwrap()
    });
    let unordered = InsertManyOptions::builder().ordered(false).build();
    let inserting = collection.insert_many(documents).with_options(unordered);
    inserting.await.unwrap();
}
