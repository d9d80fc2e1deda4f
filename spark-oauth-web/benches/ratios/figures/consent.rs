//! The processor time of a whole consent: page, redirect, callback, receipt.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use url::Url;

use crate::Outcome;
use crate::bare::Role;
use crate::connection::Connection;
use crate::database::Database;
use crate::figures::Plan;
use crate::load::{By, get, post};
use crate::pairs::Pairs;
use crate::report::{Aim, Row};
use crate::server::Server;

/// How many people consent in one turn.
const PEOPLE: u32 = 40;

pub(crate) async fn measure(plan: &Plan, database: &Database) -> Outcome<Vec<Row>> {
    let folder = database.folder();
    let emulator = Server::bare(Role::Emulator, "", folder)?;
    let ours = Server::ours(database, Some(&emulator))?;
    let bare = Server::bare(Role::Flow, emulator.address.to_string(), folder)?;
    let mut number = 0;
    let mut cost = async |server: &Server| -> Outcome<f64> {
        let before = server.cpu()?;
        for _ in 0..PEOPLE {
            number += 1;
            consent(server.address, emulator.address, number).await?;
        }
        let spent = server.cpu()?.saturating_sub(before);
        Ok(spent.as_secs_f64() * 1e3 / f64::from(PEOPLE))
    };
    // The first one connects and caches.
    cost(&ours).await?;
    cost(&bare).await?;
    let mut pairs = Pairs::default();
    for _ in 0..plan.rounds {
        let our_cost = cost(&ours).await?;
        pairs.push(our_cost, cost(&bare).await?);
    }
    Ok(vec![
        Row::ratio(
            "processor time of a consent against axum and reqwest alone",
            &pairs,
            ("ours_ms", "bare_ms"),
            Aim::None,
        ),
        Row::new("processor time of a consent", pairs.ours(), "ms", Aim::None),
    ])
}

/// One person consents, in a browser of its own.
async fn consent(server: SocketAddr, emulator: SocketAddr, number: usize) -> Outcome {
    let mut provider = Connection::open(emulator).await?;
    let settings = format!(r#"{{"auto_approve":"new.{number}@example.com"}}"#);
    let request = format!(
        "PATCH /_emulator/settings HTTP/1.1\r\nhost: {emulator}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{settings}",
        settings.len()
    );
    provider.status_of(request.as_bytes()).await?;

    let mut browser = Browser {
        address: server,
        connection: Connection::open(server).await?,
        cookies: BTreeMap::new(),
    };
    browser.get("/", 200).await?;
    let authorize = browser.post("/auth/spark").await?;
    let request = get(emulator, &path_of(&authorize)?, By::Nobody);
    let answer = provider.answer_to(&request).await?;
    let callback = answer.fields("location").next();
    let callback = path_of(callback.ok_or("the provider did not send the browser back")?)?;
    let receipt = browser.get(&callback, 303).await?;
    browser.get(&path_of(&receipt)?, 200).await?;
    Ok(())
}

struct Browser {
    address: SocketAddr,
    connection: Connection,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn get(&mut self, path: &str, status: u16) -> Outcome<String> {
        let request = get(self.address, path, By::Cookie(&self.cookie()));
        self.send(&request, status).await
    }

    async fn post(&mut self, path: &str) -> Outcome<String> {
        let request = post(self.address, path, Some(&self.cookie()), "");
        self.send(&request, 303).await
    }

    /// Answers where it leads, if anywhere.
    async fn send(&mut self, request: &[u8], status: u16) -> Outcome<String> {
        let answer = self.connection.answer_to(request).await?;
        if answer.status != status {
            return Err(format!("a consent was answered with {}", answer.status).into());
        }
        for cookie in answer.fields("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer
            .fields("location")
            .next()
            .unwrap_or_default()
            .to_owned())
    }

    fn cookie(&self) -> String {
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }
}

/// The path and query of a link, which may be complete.
fn path_of(link: &str) -> Outcome<String> {
    let url = Url::parse("http://127.0.0.1/")?.join(link)?;
    Ok(url[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
}
