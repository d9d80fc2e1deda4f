//! The web adapter of spark-oauth: pages for people and admins.

pub mod config;
pub mod pages;
