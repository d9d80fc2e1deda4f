//! Scopes in plain words.
//!
//! The texts complete the sentence "With your consent, they can …". The names
//! are those of the [integration scopes] that Webex lists, with the older ones
//! that stored records may still carry.
//!
//! [integration scopes]: https://developer.webex.com/docs/integration-scopes

/// A scope with what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeView {
    /// Technical name, for instance `spark:rooms_read`.
    pub name: String,
    /// Plain words, where they are known.
    pub words: Option<&'static str>,
}

impl ScopeView {
    /// Looks the words of one scope up.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            words: describe(&name),
            name,
        }
    }

    /// Looks the words of several scopes up, keeping their order.
    pub fn list<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Vec<Self> {
        names.into_iter().map(Self::new).collect()
    }
}

/// Says what a scope allows, or `None` for a scope we do not know.
pub fn describe(scope: &str) -> Option<&'static str> {
    WORDS
        .iter()
        .find(|(name, _)| *name == scope)
        .map(|(_, words)| *words)
}

/// Grouped as Webex groups them: a person's own things, meetings, an
/// organisation's administration, compliance, identity.
static WORDS: &[(&str, &str)] = &[
    ("openid", "know who you are when you sign in"),
    ("email", "see your e-mail address"),
    ("profile", "see your name and picture"),
    ("phone", "see your phone number"),
    ("address", "see your postal address"),
    ("spark:all", "use your whole Webex account in your name"),
    (
        "spark:kms",
        "open the encryption keys of your messages and rooms",
    ),
    (
        "spark:mcp",
        "use Webex tools for AI assistants in your name",
    ),
    (
        "spark:applications_token",
        "obtain tokens for your service apps",
    ),
    ("spark:calls_read", "see your calls and their history"),
    ("spark:calls_write", "place and control calls in your name"),
    ("spark:devices_read", "see your devices"),
    ("spark:devices_write", "change your devices"),
    ("spark:memberships_read", "see who is in your rooms"),
    (
        "spark:memberships_write",
        "add people to rooms and remove them in your name",
    ),
    ("spark:messages_read", "read the messages in your rooms"),
    (
        "spark:messages_write",
        "send and delete messages in your name",
    ),
    (
        "spark:people_read",
        "read your profile and your company’s directory",
    ),
    (
        "spark:people_write",
        "change your profile and your settings",
    ),
    ("spark:places_read", "see the places you may use"),
    ("spark:places_write", "change the places you may use"),
    ("spark:recordings_read", "see and play your call recordings"),
    (
        "spark:recordings_write",
        "change and delete your call recordings",
    ),
    ("spark:rooms_read", "read the list of your rooms"),
    (
        "spark:rooms_write",
        "create, change and delete rooms in your name",
    ),
    ("spark:team_memberships_read", "see who is in your teams"),
    (
        "spark:team_memberships_write",
        "add people to teams and remove them in your name",
    ),
    ("spark:teams_read", "read the list of your teams"),
    (
        "spark:teams_write",
        "create, change and delete teams in your name",
    ),
    ("spark:telephony_config_read", "see your calling settings"),
    (
        "spark:telephony_config_write",
        "change your calling settings",
    ),
    (
        "spark:webhooks_read",
        "see which events in your account are reported elsewhere",
    ),
    (
        "spark:webhooks_write",
        "have events in your account reported elsewhere",
    ),
    ("spark:xapi_commands", "send commands to your devices"),
    ("spark:xapi_statuses", "see the state of your devices"),
    (
        "spark:xsi",
        "use your calling line with call-control software",
    ),
    (
        "meeting:controls_read",
        "see the state of meetings in progress",
    ),
    (
        "meeting:controls_write",
        "control meetings in progress, such as lock and record",
    ),
    (
        "meeting:participants_read",
        "see who takes part in your meetings",
    ),
    (
        "meeting:participants_write",
        "admit, mute and remove participants of your meetings",
    ),
    ("meeting:preferences_read", "see your meeting preferences"),
    (
        "meeting:preferences_write",
        "change your meeting preferences",
    ),
    (
        "meeting:recordings_read",
        "see and play the recordings of your meetings",
    ),
    (
        "meeting:recordings_write",
        "change and delete the recordings of your meetings",
    ),
    ("meeting:schedules_read", "see your scheduled meetings"),
    (
        "meeting:schedules_write",
        "schedule, change and cancel meetings in your name",
    ),
    (
        "meeting:summaries_read",
        "read the AI summaries of your meetings",
    ),
    (
        "meeting:summaries_write",
        "change and delete the AI summaries of your meetings",
    ),
    (
        "meeting:transcripts_read",
        "read the transcripts of your meetings",
    ),
    (
        "meeting:transcripts_write",
        "change the transcripts of your meetings",
    ),
    (
        "meeting:admin_config_read",
        "see the meeting settings of your organisation",
    ),
    (
        "meeting:admin_config_write",
        "change the meeting settings of your organisation",
    ),
    (
        "meeting:admin_participants_read",
        "see who takes part in your organisation’s meetings",
    ),
    (
        "meeting:admin_preferences_read",
        "see the meeting preferences of your organisation’s people",
    ),
    (
        "meeting:admin_preferences_write",
        "change the meeting preferences of your organisation’s people",
    ),
    (
        "meeting:admin_recordings_read",
        "see and play your organisation’s meeting recordings",
    ),
    (
        "meeting:admin_recordings_write",
        "change and delete your organisation’s meeting recordings",
    ),
    (
        "meeting:admin_schedule_read",
        "see your organisation’s scheduled meetings",
    ),
    (
        "meeting:admin_schedule_write",
        "schedule and cancel meetings for your organisation’s people",
    ),
    (
        "meeting:admin_transcripts_read",
        "read your organisation’s meeting transcripts",
    ),
    (
        "spark-admin:broadworks_billing_read",
        "read your organisation’s BroadWorks billing reports",
    ),
    (
        "spark-admin:broadworks_billing_write",
        "create BroadWorks billing reports",
    ),
    (
        "spark-admin:broadworks_subscribers_read",
        "see your BroadWorks subscribers",
    ),
    (
        "spark-admin:broadworks_subscribers_write",
        "manage your BroadWorks subscribers",
    ),
    (
        "spark-admin:call_qualities_read",
        "see the quality of your organisation’s calls and meetings",
    ),
    (
        "spark-admin:calling_cdr_read",
        "read your organisation’s call records",
    ),
    ("spark-admin:calls_read", "see your organisation’s calls"),
    (
        "spark-admin:calls_write",
        "control your organisation’s calls",
    ),
    (
        "spark-admin:devices_read",
        "see your organisation’s devices",
    ),
    (
        "spark-admin:devices_write",
        "change and delete your organisation’s devices",
    ),
    (
        "spark-admin:hybrid_clusters_read",
        "see your organisation’s hybrid clusters",
    ),
    (
        "spark-admin:hybrid_connectors_read",
        "see your organisation’s hybrid connectors",
    ),
    (
        "spark-admin:licenses_read",
        "see your organisation’s licences",
    ),
    (
        "spark-admin:locations_read",
        "see your organisation’s locations",
    ),
    (
        "spark-admin:locations_write",
        "manage your organisation’s locations",
    ),
    (
        "spark-admin:messages_write",
        "delete messages in your organisation’s rooms",
    ),
    (
        "spark-admin:organizations_read",
        "see the details of your organisation",
    ),
    (
        "spark-admin:organizations_write",
        "change the details of your organisation",
    ),
    (
        "spark-admin:people_read",
        "see all people of your organisation",
    ),
    (
        "spark-admin:people_write",
        "create, change and delete people of your organisation",
    ),
    ("spark-admin:places_read", "see your organisation’s places"),
    (
        "spark-admin:places_write",
        "manage your organisation’s places",
    ),
    (
        "spark-admin:recordings_read",
        "see your organisation’s call recordings",
    ),
    (
        "spark-admin:recordings_write",
        "change and delete your organisation’s call recordings",
    ),
    (
        "spark-admin:reports_read",
        "read your organisation’s reports",
    ),
    (
        "spark-admin:reports_write",
        "create your organisation’s reports",
    ),
    (
        "spark-admin:resource_group_memberships_read",
        "see who belongs to your resource groups",
    ),
    (
        "spark-admin:resource_group_memberships_write",
        "change who belongs to your resource groups",
    ),
    (
        "spark-admin:resource_groups_read",
        "see your organisation’s resource groups",
    ),
    (
        "spark-admin:roles_read",
        "see the roles in your organisation",
    ),
    (
        "spark-admin:telephony_config_read",
        "see your organisation’s calling settings",
    ),
    (
        "spark-admin:telephony_config_write",
        "change your organisation’s calling settings",
    ),
    (
        "spark-admin:telephony_pstn_read",
        "see your organisation’s phone-network settings",
    ),
    (
        "spark-admin:telephony_pstn_write",
        "change your organisation’s phone-network settings",
    ),
    (
        "spark-admin:workspace_locations_read",
        "see where your organisation’s workspaces are",
    ),
    (
        "spark-admin:workspace_locations_write",
        "change where your organisation’s workspaces are",
    ),
    (
        "spark-admin:workspace_metrics_read",
        "see how your organisation’s workspaces are used",
    ),
    (
        "spark-admin:workspaces_read",
        "see your organisation’s workspaces",
    ),
    (
        "spark-admin:workspaces_write",
        "manage your organisation’s workspaces",
    ),
    (
        "spark-compliance:events_read",
        "see all events in your organisation",
    ),
    (
        "spark-compliance:meetings_read",
        "see all meetings of your organisation",
    ),
    (
        "spark-compliance:meetings_write",
        "change all meetings of your organisation",
    ),
    (
        "spark-compliance:memberships_read",
        "see who is in any room of your organisation",
    ),
    (
        "spark-compliance:memberships_write",
        "add and remove people in any room of your organisation",
    ),
    (
        "spark-compliance:messages_read",
        "read all messages of your organisation",
    ),
    (
        "spark-compliance:messages_write",
        "post and delete messages anywhere in your organisation",
    ),
    (
        "spark-compliance:recordings_read",
        "see and play all recordings of your organisation",
    ),
    (
        "spark-compliance:recordings_write",
        "change and delete all recordings of your organisation",
    ),
    (
        "spark-compliance:rooms_read",
        "see all rooms of your organisation",
    ),
    (
        "spark-compliance:rooms_write",
        "change and delete any room of your organisation",
    ),
    (
        "spark-compliance:team_memberships_read",
        "see who is in any team of your organisation",
    ),
    (
        "spark-compliance:team_memberships_write",
        "add and remove people in any team of your organisation",
    ),
    (
        "spark-compliance:teams_read",
        "see all teams of your organisation",
    ),
    (
        "spark-compliance:webhooks_read",
        "see which of your organisation’s events are reported elsewhere",
    ),
    (
        "spark-compliance:webhooks_write",
        "have your organisation’s events reported elsewhere",
    ),
    (
        "audit:events_read",
        "read your organisation’s admin audit log",
    ),
    (
        "Identity:Config",
        "manage your organisation’s sign-in settings",
    ),
    (
        "Identity:Organization",
        "manage the identity settings of your organisation",
    ),
    (
        "Identity:SCIM",
        "manage your organisation’s people and groups through SCIM",
    ),
    ("identity:contacts_read", "see your organisation’s contacts"),
    (
        "identity:contacts_rw",
        "manage your organisation’s contacts",
    ),
    ("identity:groups_read", "see your organisation’s groups"),
    ("identity:groups_rw", "manage your organisation’s groups"),
    (
        "identity:organizations_read",
        "see the identity settings of your organisation",
    ),
    (
        "identity:organizations_rw",
        "change the identity settings of your organisation",
    ),
    (
        "identity:people_read",
        "see your organisation’s people in its identity directory",
    ),
    (
        "identity:people_rw",
        "manage your organisation’s people in its identity directory",
    ),
    (
        "identity:tokens_read",
        "see which authorisations your organisation’s people gave",
    ),
    (
        "identity:tokens_write",
        "end authorisations of your organisation’s people",
    ),
    ("cjp:config", "manage your contact centre’s settings"),
    ("cjp:config_read", "see your contact centre’s settings"),
    ("cjp:config_write", "change your contact centre’s settings"),
    ("cjp:task_read", "see your contact centre’s tasks"),
    ("cjp:task_write", "handle your contact centre’s tasks"),
    ("cjp:user", "work as a contact-centre agent in your name"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_scopes_of_the_sample_configuration_have_words() {
        for scope in [
            "spark:all",
            "spark:kms",
            "spark:people_read",
            "spark:rooms_read",
            "spark:rooms_write",
            "spark:memberships_read",
            "spark:memberships_write",
            "spark:messages_read",
            "spark:messages_write",
            "spark:teams_read",
            "spark:team_memberships_write",
            "spark:webhooks_write",
            "spark-admin:people_read",
            "spark-compliance:events_read",
            "meeting:schedules_read",
        ] {
            assert!(describe(scope).is_some(), "{scope}");
        }
        assert_eq!(
            describe("spark:rooms_read"),
            Some("read the list of your rooms")
        );
    }

    #[test]
    fn unknown_scopes_and_other_spellings_have_none() {
        for scope in ["", "spark:", "spark:rooms_reads", "SPARK:ALL", "spark:all "] {
            assert_eq!(describe(scope), None, "{scope:?}");
        }
        let view = ScopeView::new("acme:fly");
        assert_eq!((view.name.as_str(), view.words), ("acme:fly", None));
    }

    #[test]
    fn every_scope_is_named_once_and_every_text_completes_the_sentence() {
        let mut names = HashSet::new();
        let mut texts = HashSet::new();
        for (name, words) in WORDS {
            assert!(names.insert(name), "{name} stands twice");
            assert!(texts.insert(words), "two scopes say {words:?}");
            assert!(
                words.starts_with(|c: char| c.is_ascii_lowercase()),
                "{words:?}"
            );
            assert!(!words.ends_with('.'), "{words:?}");
        }
    }
}
