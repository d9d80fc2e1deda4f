//! The routes, as DESIGN names them.

/// Every route that changes something.
pub(crate) const STATE_CHANGES: [&str; 24] = [
    "/auth/spark",
    "/granted/reveal",
    "/granted/withdraw",
    "/actions/createAndJoinRoom",
    "/actions/deleteRoom",
    "/admin/initialize",
    "/admin/sign-in",
    "/admin/sign-out",
    "/admin/profile",
    "/admin/tokens/{id}/refresh",
    "/admin/tokens/{id}/revoke",
    "/admin/tokens/{id}/remove",
    "/admin/tokens/{id}/reveal",
    "/admin/admins",
    "/admin/admins/{id}",
    "/admin/admins/{id}/remove",
    "/admin/keys",
    "/admin/keys/{id}/revoke",
    "/admin/audit/export",
    "/admin/links",
    "/admin/links/{id}/message",
    "/admin/links/{id}/end",
    "/admin/tokens/{id}/message",
    "/admin/webhooks/resume",
];

/// Every page that only an admin sees.
pub(crate) const ADMIN_PAGES: [&str; 12] = [
    "/admin/tokens",
    "/admin/tokens/{id}",
    "/admin/profile",
    "/admin/admins",
    "/admin/admins/{id}",
    "/admin/keys",
    "/admin/keys/new",
    "/admin/keys/{id}",
    "/admin/audit",
    "/admin/links",
    "/admin/links/new",
    "/admin/links/{id}",
];

/// What only the super admin may do.
pub(crate) const SUPER_ADMIN_ROUTES: [(&str, &str); 5] = [
    ("GET", "/admin/admins"),
    ("POST", "/admin/admins"),
    ("GET", "/admin/admins/{id}"),
    ("POST", "/admin/admins/{id}"),
    ("POST", "/admin/admins/{id}/remove"),
];

/// The path with an ID that nobody has, but that is well formed.
pub(crate) fn path_of(route: &str) -> String {
    route.replace("{id}", "01JZZZZZZZZZZZZZZZZZZZZZZZ")
}
