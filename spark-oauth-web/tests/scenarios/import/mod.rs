//! `import URI_OR_FOLDER`: moving in from the Node.js sample.

mod call;
mod export;
mod moving;
mod records;
mod server;
