// An independent OAuth 2.0 server: rotating refresh tokens with detection of their reuse,
// client authentication by `client_secret_basic`, PKCE, and `iss` in the redirect
// (RFC 9207). A shim answers the one REST call that a consent needs.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [port, redirectUri, accessTtl] = process.argv.slice(2);
const origin = `http://127.0.0.1:${port}`;
const scopes = ['spark:people_read', 'spark:rooms_read'];
const granted = [];
const revoked = [];

const provider = new Provider(origin, {
  clients: [
    {
      client_id: 'C0ffee',
      // RFC 6749 section 2.3.1: both parts are form-encoded before base64.
      client_secret: 'secret:with%25,+,&,=,~and*',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      scope: scopes.join(' '),
    },
  ],
  scopes,
  claims: {},
  pkce: { required: () => true },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  features: {
    devInteractions: { enabled: true },
    revocation: { enabled: true },
    userinfo: { enabled: false },
  },
  ttl: {
    AccessToken: Number(accessTtl),
    AuthorizationCode: 60,
    Grant: 3600,
    Interaction: 600,
    RefreshToken: 3600,
    Session: 600,
  },
  cookies: { keys: ['for the tests alone'] },
});
provider.on('grant.success', (ctx) => granted.push(ctx.body));
provider.on('grant.revoked', (_, id) => revoked.push(id));
provider.on('grant.error', (_, { message, error_detail }) => console.error(message, error_detail));
provider.on('server_error', (_, error) => console.error(error));

const json = (response, status, body) => {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
};

async function me(request, response) {
  const value = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const token = await provider.AccessToken.find(value);
  if (!token) {
    json(response, 401, { message: 'The access token is unknown.', errors: [], trackingId: 'SHIM' });
    return;
  }
  json(response, 200, {
    id: `person-${token.accountId}`,
    emails: [token.accountId],
    displayName: 'Alice Anderson',
    type: 'person',
  });
}

const handle = provider.callback();
createServer((request, response) => {
  const { pathname } = new URL(request.url, origin);
  if (pathname === '/people/me') me(request, response);
  else if (pathname === '/judge/state') json(response, 200, { granted, revoked });
  else handle(request, response);
}).listen(Number(port), '127.0.0.1', () => console.log(`listens on ${origin}`));
