"""An independent OAuth server, `oidc-provider`, that rotates refresh tokens and revokes a
grant when one is used twice."""

import html
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urljoin, urlparse

import requests

from scene import PERSON, configuration, fields, free_port

SECRET = "secret:with%25,+,&,=,~and*"
ACCESS_TTL = 3


def judge(scene):
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    settings = {
        "provider.apiBase": origin,
        "provider.authorizeUrl": f"{origin}/auth?prompt=consent",
        "provider.tokenUrl": f"{origin}/token",
        "provider.tokenAuth": "basic",
        "provider.issuer": origin,
        "oauth.clientSecret": SECRET,
        "oauth.scope": "spark:people_read spark:rooms_read",
    }
    config = configuration(scene.folder, settings)
    public = redirect_origin(config)
    command = ["node", str(scene.tools / "npm" / "oauth_server.mjs"), str(port)]
    command += [f"{public}/auth/spark/callback", str(ACCESS_TTL)]
    with scene.process(command), scene.server({}, config) as server:
        wrong_issuer(server.base)
        consent(server.base)
        key = scene.make_key(server.config)
        # A second process on the same store takes part in the refreshes.
        with scene.server({**settings, **shared(config)}) as second:
            rotate(origin, [server, second], key)
        reuse(origin, server, key)
        consent(server.base)
        assert me(origin, access_token(server, key)) == PERSON


def redirect_origin(config):
    redirect = json.loads(config.read_text())["oauth"]["redirectURIUnencoded"]
    return redirect[: -len("/auth/spark/callback")]


def shared(config):
    values = json.loads(config.read_text())
    names = {"store": values["store"], "keyFile": values["keyFile"]}
    redirect = values["oauth"]["redirectURIUnencoded"]
    return {**names, "oauth.redirectURIUnencoded": redirect}


def begin(base):
    browser = requests.Session()
    browser.get(base, timeout=30).raise_for_status()
    page = browser.post(f"{base}/auth/spark", timeout=30)
    page.raise_for_status()
    return browser, page


def at_the_provider(browser, page):
    """Through the provider's own pages of sign-in and consent; answers the callback."""
    for _ in range(4):
        action, named = fields(page.text)
        named.update({"login": PERSON, "password": "any"} if "login" in page.text else {})
        answer = browser.post(
            urljoin(page.url, html.unescape(action)), data=named, timeout=30, allow_redirects=False
        )
        while answer.is_redirect:
            location = urljoin(answer.url, answer.headers["Location"])
            if "/auth/spark/callback" in location:
                return location
            answer = browser.get(location, timeout=30, allow_redirects=False)
        answer.raise_for_status()
        page = answer
    raise AssertionError(f"no end at the provider: {page.url}")


def consent(base):
    browser, page = begin(base)
    callback = at_the_provider(browser, page)
    assert "iss" in parse_qs(urlparse(callback).query), callback
    receipt = browser.get(callback, timeout=30)
    receipt.raise_for_status()
    assert "/granted" in receipt.url, f"the consent ended at {receipt.url}: {receipt.text}"


def wrong_issuer(base):
    """A code that another issuer sent is not exchanged (RFC 9207 section 2.4)."""
    for iss in ("&iss=https%3A%2F%2Fother.example", ""):
        browser, page = begin(base)
        callback = at_the_provider(browser, page)
        changed = re.sub(r"&iss=[^&]*", iss, callback)
        assert changed != callback, callback
        refused = browser.get(changed, timeout=30)
        assert refused.status_code == 502, f"{refused.url}: {refused.text}"


def access_token(server, key):
    answer = server.call(key, f"/people/{PERSON}/access-token", params={"min_ttl": 0})
    answer.raise_for_status()
    return answer.json()["access_token"]


def me(origin, token):
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{origin}/people/me", headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()["emails"][0]


def state(origin):
    return requests.get(f"{origin}/judge/state", timeout=30).json()


def rotate(origin, servers, key):
    """Many callers at two processes, while tokens expire within seconds: each process
    refreshes, every access token works, and no refresh token is used twice."""
    deadline = time.monotonic() + 90
    with ThreadPoolExecutor(16) as pool:
        while min(map(refreshes, servers)) < 2:
            assert time.monotonic() < deadline, [refreshes(server) for server in servers]
            list(pool.map(lambda n: use(origin, servers[n % 2], key), range(16)))
    seen = state(origin)
    refresh_tokens = [body["refresh_token"] for body in seen["granted"]]
    assert len(set(refresh_tokens)) == len(refresh_tokens) >= 5, seen
    assert not seen["revoked"], "the provider saw a refresh token twice"


def use(origin, server, key):
    """A service calls the provider with its token, which the API says is not expired."""
    asked = time.monotonic()
    answer = server.call(key, f"/people/{PERSON}/access-token", params={"min_ttl": 0})
    assert answer.status_code == 200, answer.text
    token = answer.json()
    assert token["expires_in"] >= 1, "the API answered a token that is about to expire"
    try:
        assert me(origin, token["access_token"]) == PERSON
    except requests.HTTPError:
        # On a slow machine the token can expire on its way.
        assert time.monotonic() > asked + token["expires_in"], "the provider rejected the token"


def refreshes(server):
    """How many refreshes this process made."""
    text = requests.get(f"{server.management}/metrics", timeout=30).text
    series = r"^spark_oauth_refreshes_total\{.*outcome=\"refreshed\".*\} (\d+)$"
    counts = re.findall(series, text, re.M)
    assert counts, text
    return sum(map(int, counts))


def reuse(origin, server, key):
    """A thief uses a refresh token that was used before: the provider revokes the grant,
    and the server says that the person must consent again."""
    stolen = state(origin)["granted"][0]["refresh_token"]
    answer = requests.post(
        f"{origin}/token",
        data={"grant_type": "refresh_token", "refresh_token": stolen},
        auth=requests.auth.HTTPBasicAuth("C0ffee", requests.utils.quote(SECRET, safe="")),
        timeout=30,
    )
    assert answer.json()["error"] == "invalid_grant", answer.text
    assert state(origin)["revoked"], "the provider did not notice"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = server.call(key, f"/people/{PERSON}/access-token", params={"min_ttl": 60})
        if answer.status_code == 409:
            break
        assert answer.status_code == 200, answer.text
    problem = answer.json()
    assert problem["code"] == "needs_consent" and problem["consent_url"], problem
