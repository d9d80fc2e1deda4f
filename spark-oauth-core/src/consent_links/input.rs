//! What a link is made of, and what can be wrong with it.

use std::time::Duration;

use crate::consent_links::{Note, ReturnAddress};
use crate::email::EmailAddress;
use crate::integration::Integration;
use crate::scopes::Scopes;

/// Every consent is asked for one of these: without them nobody can tell whose token
/// it is.
const READ_OWN_PROFILE: [&str; 2] = ["spark:people_read", "spark:all"];

/// What a new link is made of.
#[derive(Clone, Debug, Default)]
pub struct LinkInput {
    /// What the person is asked for; `None` for what the integration asks for.
    /// `spark:people_read` is added where it is missing.
    pub scopes: Option<Scopes>,
    /// What the person reads beside it.
    pub note: Option<Note>,
    /// Who is to consent; `None` for whoever opens it.
    pub expected_email: Option<EmailAddress>,
    /// Where the browser goes when it is done.
    pub return_to: Option<ReturnAddress>,
    /// Whether it ends with the first consent.
    pub single_use: bool,
    /// How long it holds; `None` for [`LinkInput::USUAL_LIFE`].
    pub life: Option<Duration>,
}

impl LinkInput {
    /// The shortest life of a link: a minute.
    pub const SHORTEST_LIFE: Duration = Duration::from_mins(1);
    /// The longest: 90 days.
    pub const LONGEST_LIFE: Duration = Duration::from_hours(90 * 24);
    /// The usual: 7 days.
    pub const USUAL_LIFE: Duration = Duration::from_hours(7 * 24);
}

/// What is wrong with the input for a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkProblem {
    /// The list of scopes is empty.
    #[error("name at least one scope, or leave the scopes out to ask for those of the integration")]
    NoScope,
    /// The provider would refuse these.
    #[error("the integration is not registered for: {unknown} (it is for: {registered})")]
    NotRegistered {
        /// The scopes that are asked for in vain.
        unknown: Scopes,
        /// The integration's own.
        registered: Scopes,
    },
    /// No rule allows this place to return to.
    #[error(
        "consentLinks.returnTo of the configuration does not allow to return to {}",
        .0.url().origin().ascii_serialization()
    )]
    ReturnNotAllowed(ReturnAddress),
    /// It would hold too short or too long.
    #[error("a link holds for 1 minute to 90 days")]
    Life,
}

/// The scopes of a new link.
pub(super) fn scopes_of(
    asked: Option<&Scopes>,
    integration: &Integration,
) -> Result<Scopes, LinkProblem> {
    let registered = &integration.scopes;
    let Some(asked) = asked else {
        return Ok(registered.clone());
    };
    if asked.is_empty() {
        return Err(LinkProblem::NoScope);
    }
    if !registered.covers(asked) {
        return Err(LinkProblem::NotRegistered {
            unknown: asked.without(registered),
            registered: registered.clone(),
        });
    }
    let tells_who = READ_OWN_PROFILE.iter().any(|scope| asked.contains(scope));
    let added = READ_OWN_PROFILE
        .into_iter()
        .find(|scope| !tells_who && registered.contains(scope));
    Ok(added.map_or_else(|| asked.clone(), |scope| asked.with(scope)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scene::integration;

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    #[test]
    fn the_integrations_scopes_are_the_usual_ones() {
        let integration = integration();
        assert_eq!(
            scopes_of(None, &integration),
            Ok(integration.scopes.clone())
        );
    }

    #[test]
    fn fewer_may_be_asked_for_but_for_the_one_that_tells_who() {
        let asked = scopes_of(Some(&scopes("spark:rooms_read")), &integration());
        assert_eq!(asked, Ok(scopes("spark:people_read spark:rooms_read")));
        let mut all = integration();
        all.scopes = scopes("spark:all spark:kms");
        let asked = scopes_of(Some(&scopes("spark:all")), &all);
        assert_eq!(asked, Ok(scopes("spark:all")));
    }

    #[test]
    fn what_the_integration_is_not_registered_for_is_named() {
        let asked = scopes("spark:rooms_read spark:rooms_write meeting:x");
        let refused = scopes_of(Some(&asked), &integration()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the integration is not registered for: meeting:x spark:rooms_write (it is for: \
             spark:people_read spark:rooms_read)"
        );
        let none = scopes_of(Some(&Scopes::default()), &integration());
        assert_eq!(none, Err(LinkProblem::NoScope));
    }
}
