use serde::{Deserialize, Serialize};

use super::assets;

/// What stands around the content of every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of the page, as in `Tokens · spark-oauth`.
    pub title: String,
    /// Whom the page is for; decides header and footer.
    pub audience: Audience,
    /// What the previous request achieved, said once.
    pub flash: Option<Flash>,
}

/// Whom a page is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Someone who was asked for consent.
    People,
    /// An admin who has not signed in yet.
    SignedOut,
    /// A signed-in admin.
    Admin(Navigation),
}

/// Header of the admin centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Navigation {
    /// Username of the signed-in admin.
    pub admin: String,
    /// Whether the entry "Admins" is shown.
    pub super_admin: bool,
    /// Which entry is the current one; `None` marks none of them.
    pub section: Option<Section>,
    /// A lasting trouble that concerns every admin, for instance an integration
    /// that the provider refuses. Shown on all pages until it is solved.
    pub alert: Option<String>,
}

/// Parts of the admin centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `/admin/overview`
    Overview,
    /// `/admin/tokens`
    Tokens,
    /// `/admin/links`
    Links,
    /// `/admin/keys`
    Keys,
    /// `/admin/audit`
    Audit,
    /// `/admin/admins`
    Admins,
    /// `/admin/profile`
    Profile,
}

/// A message about the previous request. The session keeps it until it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Colour and role of the message.
    pub kind: FlashKind,
    /// One or two sentences.
    pub text: String,
}

/// How a [`Flash`] is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlashKind {
    /// It worked.
    Success,
    /// Good to know.
    Info,
    /// It worked, with a reservation.
    Warning,
    /// It did not work.
    Error,
}

impl Layout {
    /// A page for someone who was asked for consent.
    pub fn people(title: impl Into<String>) -> Self {
        Self::new(title, Audience::People)
    }

    /// A page of the admin centre that needs no session.
    pub fn signed_out(title: impl Into<String>) -> Self {
        Self::new(title, Audience::SignedOut)
    }

    /// A page of the admin centre.
    pub fn admin(title: impl Into<String>, navigation: Navigation) -> Self {
        Self::new(title, Audience::Admin(navigation))
    }

    /// A page for the given audience.
    pub fn new(title: impl Into<String>, audience: Audience) -> Self {
        Self {
            title: title.into(),
            audience,
            flash: None,
        }
    }

    /// Adds the message about the previous request, if there is one.
    #[must_use]
    pub fn with_flash(mut self, flash: Option<Flash>) -> Self {
        self.flash = flash;
        self
    }

    pub(super) fn navigation(&self) -> Option<&Navigation> {
        match &self.audience {
            Audience::Admin(navigation) => Some(navigation),
            Audience::People | Audience::SignedOut => None,
        }
    }

    pub(super) fn is_for_people(&self) -> bool {
        self.audience == Audience::People
    }

    /// Where the product's mark leads.
    pub(super) fn home(&self) -> &'static str {
        match self.audience {
            Audience::People => "/",
            Audience::SignedOut => "/admin",
            Audience::Admin(_) => "/admin/tokens",
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "templates reach it through their layout"
    )]
    pub(super) fn stylesheet(&self) -> &'static str {
        assets::stylesheet()
    }

    #[expect(
        clippy::unused_self,
        reason = "templates reach it through their layout"
    )]
    pub(super) fn script(&self) -> &'static str {
        assets::script()
    }

    #[expect(
        clippy::unused_self,
        reason = "templates reach it through their layout"
    )]
    pub(super) fn icon(&self) -> &'static str {
        assets::icon()
    }
}

impl Navigation {
    pub(super) fn is_current(&self, section: Section) -> bool {
        self.section == Some(section)
    }
}

impl Flash {
    /// A message of the given kind.
    pub fn new(kind: FlashKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }
}

impl FlashKind {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Word for those who do not see the colour.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Success => "Done",
            Self::Info => "Note",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }

    /// ARIA role: errors and warnings interrupt, the rest waits its turn.
    pub(super) fn role(self) -> &'static str {
        match self {
            Self::Success | Self::Info => "status",
            Self::Warning | Self::Error => "alert",
        }
    }
}
