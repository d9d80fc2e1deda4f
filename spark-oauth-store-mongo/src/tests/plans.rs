//! No query reads more of a collection than its answer needs.

use mongodb::Database;
use mongodb::bson::{Bson, Document, doc};
use spark_oauth_core::PersonId;
use spark_oauth_core::conformance::samples::{self, NOW, later};
use spark_oauth_core::ports::{AuditFilter, PageRequest, TokenStore as _};
use spark_oauth_core::token::{Token, Upkeep};

use super::{Fresh, fresh};
use crate::collection::Selection;
use crate::{admins, audit, consents, outbox, sequence, sessions, token_list, tokens, upkeep};

/// What the server says it does.
pub(super) struct Plan {
    stages: Vec<String>,
    pub(super) indexes: Vec<String>,
    documents: i64,
    pub(super) answers: i64,
}

pub(super) async fn explain(database: &Database, command: Document) -> Plan {
    let explain = doc! { "explain": command, "verbosity": "executionStats" };
    let plan = database.run_command(explain).await.unwrap();
    let planned: Bson = plan.get_document("queryPlanner").unwrap().clone().into();
    let (mut stages, mut indexes) = (Vec::new(), Vec::new());
    collect("stage", &planned, &mut stages);
    collect("indexName", &planned, &mut indexes);
    let stats = plan.get_document("executionStats").unwrap();
    let number = |name| match stats.get(name) {
        Some(Bson::Int32(number)) => i64::from(*number),
        Some(Bson::Int64(number)) => *number,
        other => panic!("{name} is no number: {other:?}"),
    };
    Plan {
        stages,
        indexes,
        documents: number("totalDocsExamined"),
        answers: number("nReturned"),
    }
}

/// The texts that the plan which won holds under a name, whatever the server nests
/// them in.
fn collect(name: &str, part: &Bson, texts: &mut Vec<String>) {
    match part {
        Bson::Document(document) => {
            for (key, value) in document {
                match value {
                    Bson::String(text) if key == name => texts.push(text.clone()),
                    _ if key == "rejectedPlans" => {}
                    _ => collect(name, value, texts),
                }
            }
        }
        Bson::Array(parts) => parts.iter().for_each(|part| collect(name, part, texts)),
        _ => {}
    }
}

pub(super) fn assert_by_index(name: &str, plan: &Plan) {
    let stages = &plan.stages;
    let by_index = ["IXSCAN", "IDHACK", "EXPRESS"];
    assert!(
        stages
            .iter()
            .any(|stage| by_index.iter().any(|by| stage.contains(by))),
        "{name} uses an index: {stages:?}"
    );
    assert!(
        !stages
            .iter()
            .any(|stage| stage == "COLLSCAN" || stage == "SORT"),
        "{name} neither reads the whole collection nor sorts it: {stages:?}"
    );
    assert!(
        plan.documents <= plan.answers + 1,
        "{name} reads {} documents for {} answers",
        plan.documents,
        plan.answers
    );
}

pub(super) async fn filled() -> Option<Fresh> {
    let fresh = fresh().await?;
    for number in 0..200 {
        fresh.store.insert(&samples::token(number)).await.unwrap();
    }
    for number in 0..40 {
        let stores = &fresh.stores;
        stores.admins.insert(&samples::admin(number)).await.unwrap();
        stores
            .audit
            .append(&samples::audit_entry(number))
            .await
            .unwrap();
        stores
            .sessions
            .create(&samples::session(number))
            .await
            .unwrap();
        stores
            .consents
            .insert(&samples::consent(number))
            .await
            .unwrap();
    }
    Some(fresh)
}

pub(super) fn page() -> PageRequest {
    PageRequest::first(10.try_into().unwrap())
}

pub(super) fn find(collection: &str, filter: Document) -> Document {
    doc! { "find": collection, "filter": filter }
}

pub(super) fn list(collection: &str, selection: Selection) -> Document {
    doc! {
        "find": collection,
        "filter": selection.filter,
        "sort": selection.sort,
        "projection": selection.fields,
        "limit": selection.limit,
    }
}

#[tokio::test]
async fn every_query_of_tokens_goes_by_an_index() {
    let Some(fresh) = filled().await else { return };
    let database = fresh.store.0.client.database(&fresh.options.token_db);
    let token: Token = samples::token(7);
    let (integration, person) = (samples::integration(), PersonId::new("person-7"));
    let listed = |filter| list("tokens", token_list::selection(filter, 11));
    let numbers = || doc! { "$lte": 150, "$gt": 0 };
    let of_status = |status: &str| doc! { "seq": numbers(), "status.kind": status };
    let with_piece = |piece: &str| doc! { "email_grams": piece, "seq": numbers() };
    let both = doc! { "email_grams": "n-7", "seq": numbers(), "status.kind": "revoked" };
    for (name, command) in [
        ("get", find("tokens", tokens::by_id(token.id))),
        (
            "find",
            find(
                "tokens",
                tokens::by_consent(&integration, &person, &token.consented_scopes),
            ),
        ),
        (
            "find_by_person",
            find("tokens", tokens::by_person(&integration, &person)),
        ),
        (
            "find_by_email",
            find("tokens", tokens::by_email(&token.email)),
        ),
        ("list", listed(doc! { "seq": numbers() })),
        ("list by status", listed(of_status("active"))),
        (
            "list by a status that none has",
            listed(of_status("revoked")),
        ),
        ("list by part", listed(with_piece("n-1"))),
        ("list by part and status", listed(both)),
        ("highest number", list("tokens", sequence::newest_from(100))),
        (
            "open consents",
            find("consents", consents::open_from(samples::ADDRESS, NOW)),
        ),
        ("expired consents", find("consents", sessions::expired(NOW))),
    ] {
        assert_by_index(name, &explain(&database, command).await);
    }
}

/// Of 200 active tokens, 20 are due sooner or later, 5 of which have events.
async fn with_upkeep() -> Option<Fresh> {
    let fresh = filled().await?;
    for number in 300..320 {
        let events = if number < 305 {
            samples::every_event(number)
        } else {
            Vec::new()
        };
        let token = Token {
            access_expires_at: later(u64::from(number)),
            upkeep: Upkeep {
                due_at: Some(later(u64::from(number))),
                events,
                ..Upkeep::default()
            },
            ..samples::token(number)
        };
        fresh.store.insert(&token).await.unwrap();
        let entry = samples::outbox_entry(number);
        fresh.stores.outbox.add_to_outbox(&entry).await.unwrap();
    }
    Some(fresh)
}

#[tokio::test]
async fn every_query_of_the_worker_goes_by_an_index() {
    let Some(fresh) = with_upkeep().await else {
        return;
    };
    let database = fresh.store.0.client.database(&fresh.options.token_db);
    let integration = samples::integration();
    let limit = 5.try_into().unwrap();
    for (name, answers, command) in [
        (
            "due",
            5,
            list("tokens", upkeep::due(&integration, later(310), 5)),
        ),
        (
            "nothing due",
            0,
            list("tokens", upkeep::due(&integration, later(299), 5)),
        ),
        (
            "with events",
            5,
            list("tokens", upkeep::with_events(100.try_into().unwrap())),
        ),
        (
            "expiring",
            3,
            find(
                "tokens",
                upkeep::ending(&integration, later(310), later(313)),
            ),
        ),
        (
            "outbox",
            5,
            list("outbox", outbox::due(later(9), limit, &[])),
        ),
        (
            "nothing in the outbox",
            0,
            list("outbox", outbox::due(NOW, limit, &[])),
        ),
    ] {
        let plan = explain(&database, command).await;
        assert_by_index(name, &plan);
        assert_eq!(plan.answers, answers, "{name}");
    }
}

/// The stages of an aggregation, as far as they lead to documents.
async fn explain_aggregation(database: &Database, stages: Vec<Document>) -> Bson {
    let command = doc! { "aggregate": "tokens", "pipeline": stages, "cursor": {} };
    let explain = doc! { "explain": command, "verbosity": "queryPlanner" };
    database.run_command(explain).await.unwrap().into()
}

#[tokio::test]
async fn the_census_goes_by_an_index() {
    let Some(fresh) = with_upkeep().await else {
        return;
    };
    let database = fresh.store.0.client.database(&fresh.options.token_db);
    let integration = samples::integration();
    for (name, aggregation, index) in [
        ("by status", upkeep::by_status(&integration), "expiring"),
        ("due", upkeep::overdue(&integration, later(310)), "due"),
    ] {
        let plan = explain_aggregation(&database, aggregation).await;
        let mut stages = Vec::new();
        collect("stage", &plan, &mut stages);
        assert!(
            stages.iter().any(|stage| stage.contains("IXSCAN")),
            "{name}: {plan}"
        );
        assert!(!stages.contains(&"COLLSCAN".to_owned()), "{name}: {plan}");
        let mut indexes = Vec::new();
        collect("indexName", &plan, &mut indexes);
        assert!(indexes.iter().all(|name| name == index), "{name}: {plan}");
    }
}

#[tokio::test]
async fn every_query_of_the_other_records_goes_by_an_index() {
    let Some(fresh) = filled().await else { return };
    let database = fresh.store.0.client.database(&fresh.options.admin_db);
    for (name, command) in [
        (
            "find_by_username",
            find(
                "admins",
                admins::by_username(&samples::username("Admin_007")),
            ),
        ),
        ("super_admin", find("admins", admins::the_super_admin())),
        ("admins", list("admins", admins::selection(&page()))),
        (
            "audit",
            list(
                "audit",
                audit::selection(&AuditFilter::default(), &page()).unwrap(),
            ),
        ),
        ("expired sessions", find("sessions", sessions::expired(NOW))),
    ] {
        assert_by_index(name, &explain(&database, command).await);
    }
}
