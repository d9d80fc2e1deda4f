//! `import URI_OR_FOLDER`: moving in from the Node.js sample.

mod call;
mod export;
mod first_refresh;
mod moving;
mod records;
mod server;
