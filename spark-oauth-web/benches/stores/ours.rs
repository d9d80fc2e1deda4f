//! A store of ours, as the services see it.

use std::num::NonZeroU16;
use std::sync::Arc;

use spark_oauth_core::ports::{
    Clock as _, Cursor, PageRequest, SystemClock, SystemRandom, TokenFilter, TokenStore,
};
use spark_oauth_core::token::Token;
use spark_oauth_core::{EmailAddress, PersonId, TokenId};

use crate::Outcome;
use crate::side::{Operation, PAGE, PAGES, Side};
use crate::walk::Walk;

/// How many tokens are changed in turn.
const CHANGED: usize = 500;

/// A store with tokens in it.
#[derive(Debug)]
pub(crate) struct Ours {
    store: Arc<dyn TokenStore>,
    known: Vec<(TokenId, EmailAddress)>,
    walk: Walk,
    /// The tokens that are changed, as they are stored.
    changed: Vec<Token>,
    after: Option<Cursor>,
    pages: usize,
    inserted: usize,
}

/// How many tokens a caller may insert.
const INSERTED: usize = 10_000_000;

impl Ours {
    /// The store, with what was put in.
    pub(crate) async fn on(
        store: Arc<dyn TokenStore>,
        known: Vec<(TokenId, EmailAddress)>,
    ) -> Outcome<Self> {
        let mut changed = Vec::new();
        for (id, _) in known.iter().take(CHANGED) {
            changed.push(store.get(*id).await?.ok_or("a token is missing")?);
        }
        Ok(Self {
            store,
            walk: Walk::through(known.len()),
            known,
            changed,
            after: None,
            pages: 0,
            inserted: 0,
        })
    }

    async fn page(&mut self) -> Outcome {
        let request = PageRequest {
            after: self.after.take(),
            limit: const { NonZeroU16::new(PAGE).unwrap() },
        };
        let page = self.store.list(&TokenFilter::default(), &request).await?;
        if page.items.len() != usize::from(PAGE) {
            return Err("a page is not full".into());
        }
        self.pages = (self.pages + 1) % PAGES;
        self.after = page.next.filter(|_| self.pages > 0);
        Ok(())
    }

    /// A token like the others, of somebody else.
    fn next_token(&mut self) -> Outcome<Token> {
        self.inserted += 1;
        let number = self.inserted;
        Ok(Token {
            id: TokenId::generate(SystemClock.now(), &SystemRandom),
            person: Some(PersonId::new(format!("another-{number:032}"))),
            email: EmailAddress::parse(&format!("another.{number}@example.com"))?,
            ..self.changed[0].clone()
        })
    }
}

impl Side for Ours {
    fn split(self, callers: usize) -> Vec<Self> {
        let share = self.changed.len() / callers;
        let callers = self.changed.chunks_exact(share).take(callers).enumerate();
        let callers = callers.map(|(caller, changed)| Self {
            store: self.store.clone(),
            known: self.known.clone(),
            walk: self.walk.clone(),
            changed: changed.to_vec(),
            after: None,
            pages: 0,
            inserted: (caller + 1) * INSERTED,
        });
        callers.collect()
    }

    async fn run(&mut self, operation: Operation) -> Outcome {
        match operation {
            Operation::ById => {
                let (id, _) = &self.known[self.walk.step()];
                let found = self.store.get(*id).await?;
                found.ok_or("a token is missing")?;
            }
            Operation::ByEmail => {
                let (_, email) = &self.known[self.walk.step()];
                let found = self.store.find_by_email(email).await?;
                if found.len() != 1 {
                    return Err("not one token has the address".into());
                }
            }
            Operation::Page => self.page().await?,
            Operation::Insert => {
                let token = self.next_token()?;
                self.store.insert(&token).await?;
            }
            Operation::CompareAndSet => {
                let place = self.walk.step() % self.changed.len();
                let token = &mut self.changed[place];
                token.generation += 1;
                token.version = self.store.update(token).await?;
            }
        }
        Ok(())
    }
}
