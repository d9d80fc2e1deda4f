//! Clients that ask for as long as they are let: people who consent, admins who look
//! at the list, people who hand a token over, and a balancer that asks for readiness.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::seen::{Answer, Diary, Seen, Sights};
use crate::harness::{Browser, Site};

/// How many people consent at once.
const GRANTING: usize = 4;
/// How many tabs of admins look at the list.
const LISTING: usize = 2;
/// How many people hand tokens over.
const HANDING_OVER: usize = 2;

/// The clients at work.
#[derive(Debug)]
pub(super) struct Load {
    sights: watch::Receiver<Sights>,
    stop: watch::Sender<bool>,
    clients: JoinSet<()>,
}

impl Load {
    pub(super) async fn start(site: &Site, admin: &Browser) -> Self {
        let (sender, sights) = watch::channel(Sights::default());
        let (sender, stop) = (Arc::new(sender), watch::Sender::new(false));
        let diary = || (Diary::new(sender.clone()), stop.subscribe());
        let mut clients = JoinSet::new();
        for client in 0..GRANTING {
            let (diary, stop) = diary();
            clients.spawn(consent(site.clone(), client, diary, stop));
        }
        for _ in 0..LISTING {
            let (diary, stop) = diary();
            clients.spawn(look_at_the_list(admin.clone(), diary, stop));
        }
        for client in 0..HANDING_OVER {
            let (diary, stop) = diary();
            let browser = site.browser();
            let receipt = browser
                .grant(&format!("handing_{client}@example.com"))
                .await;
            assert_eq!(receipt.heading(), "Access granted", "{receipt:?}");
            clients.spawn(hand_over(browser, diary, stop));
        }
        let (diary, stopped) = diary();
        clients.spawn(ask_for_readiness(site.browser(), diary, stopped));
        Self {
            sights,
            stop,
            clients,
        }
    }

    /// Waits until this is so of every client.
    pub(super) async fn until(&mut self, every: impl Fn(&Seen) -> bool) {
        let all = |sights: &Sights| sights.clients.iter().all(&every);
        let reached = self.sights.wait_for(all);
        let failed = async {
            while let Some(client) = self.clients.join_next().await {
                client.unwrap();
            }
        };
        tokio::select! {
            reached = reached => drop(reached.unwrap()),
            () = failed => panic!("the clients ended"),
        }
    }

    /// Lets every client finish what it is at.
    pub(super) async fn end(mut self) -> Sights {
        self.stop.send_replace(true);
        while let Some(client) = self.clients.join_next().await {
            client.unwrap();
        }
        let sights = self.sights.borrow();
        Sights {
            clients: sights.clients.clone(),
            confirmed: sights.confirmed.clone(),
        }
    }
}

/// One person after the other; one whose callback is refused comes back to it.
async fn consent(site: Site, client: usize, diary: Diary, stop: watch::Receiver<bool>) {
    for n in 0.. {
        let email = format!("person_{client}_{n}@example.com");
        let browser = site.browser();
        // The first page needs no store.
        let home = browser.open("/").await;
        assert_eq!(home.status, 200, "{home:?}");
        let asking = browser.submit_only(home.form("/auth/spark"));
        let (answer, begun) = diary.ask(asking, 303).await;
        if answer == Answer::Served {
            let asked = browser.get(begun.location()).await;
            let accepted = asked.form("/v1/authorize").by_person(&email);
            let sent = browser.submit_only(accepted.press("decision", "accept"));
            let callback = sent.await.location().to_owned();
            let mut answer = Some(Answer::Refused);
            while answer == Some(Answer::Refused) {
                answer = diary.grant(browser.get(&callback)).await;
            }
            if answer == Some(Answer::Served) {
                diary.confirm(email, browser);
            }
        }
        if *stop.borrow() {
            return;
        }
    }
}

/// Is never sent to sign in again: an outage ends no session.
async fn look_at_the_list(admin: Browser, diary: Diary, stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        diary.ask(admin.get("/admin/tokens"), 200).await;
    }
}

/// Each hand-over checks the token out.
async fn hand_over(browser: Browser, diary: Diary, stop: watch::Receiver<bool>) {
    let fields = [("roomName", "Under load")];
    while !*stop.borrow() {
        let handed = browser.post("/actions/createAndJoinRoom", &fields);
        diary.ask(handed, 303).await;
    }
}

async fn ask_for_readiness(browser: Browser, diary: Diary, stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        diary.ask_for_readiness(browser.get("/readyz")).await;
    }
}
