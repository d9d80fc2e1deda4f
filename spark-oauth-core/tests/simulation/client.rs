//! The provider at the end of a line: what is asked may not arrive, and what was
//! done may not be heard of.

use std::time::Duration;

use async_trait::async_trait;
use spark_oauth_core::consent::CodeVerifier;
use spark_oauth_core::ports::{
    AuthorizationRequest, MembershipId, MessageId, Revocation, RoomId, SparkClient, SparkError,
    SparkErrorKind, TokenAnswer,
};
use spark_oauth_core::{
    AccessToken, AuthorizationCode, ClientId, EmailAddress, Integration, Person, PersonId,
    RefreshToken,
};
use tokio::time::sleep;
use url::Url;

use super::actors;
use super::dice::Dice;
use super::line::{Line, Step};
use super::provider::{End, Name, Refreshed};
use super::world::World;

/// A call ends after this, as the port demands.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The client of one process.
#[derive(Clone, Debug)]
pub(crate) struct DistantProvider {
    pub(crate) line: Line,
}

/// What happens to one call.
#[derive(Clone, Copy, Debug)]
struct Call {
    /// It leads to nothing.
    refused: Option<SparkErrorKind>,
    /// It is carried out, and the answer is lost.
    unheard: Option<SparkErrorKind>,
    there: Duration,
    back: Duration,
}

impl DistantProvider {
    fn draw(&self, is_refresh: bool) -> Call {
        let world = &self.line.world;
        let (is_stormy, trouble) = {
            let weather = &world.state().weather;
            (weather.is_stormy, weather.provider)
        };
        // A pause never stops a consent, and what stops a refresh need not either.
        let trouble = trouble.error().filter(|_| is_refresh);
        world.roll(|dice| {
            let (failures, lost) = if is_stormy {
                (
                    world.plan.provider_failures,
                    world.plan.provider_answers_lost,
                )
            } else {
                (0, 0)
            };
            Call {
                there: draw_delay(dice, failures > 0),
                back: draw_delay(dice, failures > 0),
                refused: trouble.or(dice.chance(failures).then(|| dice.pick(&REFUSALS))),
                unheard: dice.chance(lost).then(|| dice.pick(&LOSSES)),
            }
        })
    }

    /// A call that leaves nothing behind which a law looks at.
    async fn ask<T>(
        &self,
        work: impl FnOnce(&World) -> Result<T, SparkErrorKind> + Send,
    ) -> Result<T, SparkError> {
        let call = self.draw(false);
        let trip = self.line.begin(Step::Call).await;
        self.line.send(Step::Call, &trip).await;
        sleep(call.there.min(TIME_LIMIT)).await;
        if call.there >= TIME_LIMIT {
            return Err(SparkError::of(SparkErrorKind::TimedOut));
        }
        if let Some(kind) = call.refused {
            return Err(SparkError::of(kind));
        }
        let done = work(&self.line.world);
        self.line.come_back(Step::Call, &trip).await;
        match call.unheard {
            Some(kind) => Err(SparkError::of(kind)),
            None => done.map_err(SparkError::of),
        }
    }
}

const REFUSALS: [SparkErrorKind; 4] = [
    SparkErrorKind::Unreachable,
    SparkErrorKind::Unreadable,
    SparkErrorKind::Unexpected,
    SparkErrorKind::Unavailable { retry_after: None },
];

const LOSSES: [SparkErrorKind; 3] = [
    SparkErrorKind::Unreachable,
    SparkErrorKind::Unreadable,
    SparkErrorKind::TimedOut,
];

fn draw_delay(dice: &mut Dice, may_be_slow: bool) -> Duration {
    let is_slow = may_be_slow && dice.chance(30);
    let most = if is_slow { 40_000 } else { 300 };
    Duration::from_millis(5 + dice.below(most))
}

/// The refresh reaches the provider.
fn carry_out(world: &World, request: usize, token: Name) -> Result<TokenAnswer, SparkErrorKind> {
    let now = world.now();
    let mut state = world.state();
    let refreshed = state.provider.refresh(token, &world.plan, now);
    match refreshed {
        Refreshed::Done(answer) => {
            let current = state.provider.grants[token.grant].current;
            state.coverage.count("refreshed");
            if current != token.number {
                state.coverage.count("rotated");
                state.ledger.handed_out(request, current);
            }
            drop(state);
            Ok(with_odd_date(world, answer))
        }
        Refreshed::Dead => Err(SparkErrorKind::GrantRefused),
        Refreshed::Reused => {
            state.coverage.count("reuse");
            let is_explained = state.ledger.explains_reuse(token);
            drop(state);
            if !is_explained {
                world.violate(format!(
                    "{token:?} was presented twice without a crash or a lost answer"
                ));
            }
            Err(SparkErrorKind::GrantRefused)
        }
    }
}

/// The same answer, which may tell a wrong time or none.
fn with_odd_date(world: &World, mut answer: TokenAnswer) -> TokenAnswer {
    if !world.roll(|dice| dice.chance(world.plan.wrong_dates)) {
        return answer;
    }
    world.count("wrong date");
    let odd = world.roll(|dice| dice.pick(&ODD_DATES));
    answer.provider_time = answer.provider_time.and_then(|told| {
        let off = Duration::from_secs(odd?.unsigned_abs());
        let is_ahead = odd > Some(0);
        Some(if is_ahead { told + off } else { told - off })
    });
    answer
}

/// How many seconds a date is ahead; `None` for no date.
const ODD_DATES: [Option<i64>; 6] = [
    None,
    Some(3_600),
    Some(-21_600),
    Some(86_400),
    Some(-86_400),
    Some(3_155_760_000),
];

#[async_trait]
impl SparkClient for DistantProvider {
    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        let state = request.state.expose_secret();
        Url::parse_with_params("https://provider.example/authorize", [("state", state)]).unwrap()
    }

    async fn exchange_code(
        &self,
        _: &Integration,
        code: &AuthorizationCode,
        _: &CodeVerifier,
    ) -> Result<TokenAnswer, SparkError> {
        let person = usize::try_from(Name::read(code.expose_secret()).number).unwrap();
        self.ask(|world| {
            let now = world.now();
            let answer = world.state().provider.grant(person, &world.plan, now);
            Ok(with_odd_date(world, answer))
        })
        .await
    }

    async fn refresh(
        &self,
        _: &Integration,
        refresh_token: &RefreshToken,
    ) -> Result<TokenAnswer, SparkError> {
        let (line, world) = (&self.line, &self.line.world);
        let token = Name::read(refresh_token.expose_secret());
        let call = self.draw(true);
        let trip = line.begin(Step::Ask).await;
        let (request, broken) = {
            let now = world.now();
            world.state().ledger.present(line.process, token, now)
        };
        world.note(|| format!("process {} presents {token:?}: {call:?}", line.process));
        if let Some(law) = broken {
            world.violate(law);
        }
        let person = world.state().provider.grants[token.grant].person;
        actors::interfere(world, person, request);
        line.send(Step::Ask, &trip).await;
        if call.there >= TIME_LIMIT {
            let world = world.clone();
            tokio::spawn(async move {
                // Nobody waits for it any more when it arrives.
                sleep(call.there).await;
                if call.refused.is_none() {
                    world.note(|| format!("{token:?} arrives late"));
                    drop(carry_out(&world, request, token));
                }
            });
            sleep(TIME_LIMIT).await;
            line.power.needed().await;
            return self.give_up(request);
        }
        sleep(call.there).await;
        if let Some(kind) = call.refused {
            line.come_back(Step::Ask, &trip).await;
            world.state().ledger.answered(request);
            world.count("provider failed");
            return Err(SparkError::of(kind));
        }
        let done = carry_out(world, request, token);
        if world.plan.store_outages && world.roll(|dice| dice.chance(100)) {
            // In the worst moment: the answer is on its way.
            actors::cut_off(world, line.replica);
        }
        world.note(|| format!("{token:?}: {done:?}"));
        sleep(call.back.min(TIME_LIMIT.saturating_sub(call.there))).await;
        line.come_back(Step::Ask, &trip).await;
        if call.there + call.back >= TIME_LIMIT {
            return self.give_up(request);
        }
        if let Some(kind) = call.unheard {
            world.state().ledger.lost(request);
            world.count("answer lost");
            let mut error = SparkError::of(kind);
            error.answer_lost = true;
            return Err(error);
        }
        world.state().ledger.answered(request);
        done.map_err(SparkError::of)
    }

    async fn me(&self, access_token: &AccessToken) -> Result<Person, SparkError> {
        let grant = Name::read(access_token.expose_secret()).grant;
        self.ask(|world| {
            let number = world.state().provider.grants[grant].person;
            Ok(person(number))
        })
        .await
    }

    async fn revoke(
        &self,
        _: &ClientId,
        access_token: &AccessToken,
    ) -> Result<Revocation, SparkError> {
        let token = Name::read(access_token.expose_secret());
        self.ask(|world| {
            let now = world.now();
            if world.roll(|dice| dice.chance(200)) {
                return Ok(Revocation::NotPermitted);
            }
            let mut state = world.state();
            let grant = &state.provider.grants[token.grant];
            let is_dead = grant.end.is_some_and(|end| end != End::Expired);
            if is_dead || state.provider.access_end(token).has_passed(now) {
                return Err(SparkErrorKind::Unauthorized);
            }
            let person = state.provider.grants[token.grant].person;
            state.provider.end_all(person, End::Revoked);
            Ok(Revocation::Confirmed)
        })
        .await
    }

    async fn create_room(&self, _: &AccessToken, _: &str) -> Result<RoomId, SparkError> {
        Err(SparkError::of(SparkErrorKind::NotFound))
    }

    async fn delete_room(&self, _: &AccessToken, _: &RoomId) -> Result<(), SparkError> {
        Err(SparkError::of(SparkErrorKind::NotFound))
    }

    async fn add_member(
        &self,
        _: &AccessToken,
        _: &RoomId,
        _: &EmailAddress,
    ) -> Result<MembershipId, SparkError> {
        Err(SparkError::of(SparkErrorKind::NotFound))
    }

    async fn post_message(
        &self,
        _: &AccessToken,
        _: &RoomId,
        _: &str,
    ) -> Result<MessageId, SparkError> {
        Err(SparkError::of(SparkErrorKind::NotFound))
    }

    async fn message_person(
        &self,
        _: &AccessToken,
        _: &EmailAddress,
        _: &str,
    ) -> Result<MessageId, SparkError> {
        Err(SparkError::of(SparkErrorKind::NotFound))
    }
}

impl DistantProvider {
    fn give_up(&self, request: usize) -> Result<TokenAnswer, SparkError> {
        self.line.world.state().ledger.lost(request);
        self.line.world.count("timed out");
        Err(SparkError::of(SparkErrorKind::TimedOut))
    }
}

pub(crate) fn person(number: usize) -> Person {
    Person {
        id: PersonId::new(format!("person-{number}")),
        email: EmailAddress::parse(&format!("person{number}@example.com")).unwrap(),
        display_name: None,
    }
}
