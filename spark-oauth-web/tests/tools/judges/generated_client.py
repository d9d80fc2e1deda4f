"""A client that `openapi-python-client` generates sees every error as a model of its own."""

import os
import sys

from scene import PERSON, consent, control


def judge(scene):
    document = scene.repository / "spark-oauth-web" / "openapi.json"
    # The generator formats what it wrote with a tool of its own environment.
    path = f"{scene.tools / 'bin'}{os.pathsep}{os.environ['PATH']}"
    printed = scene.run(
        [
            scene.program("openapi-python-client"),
            *("generate", "--path", document, "--meta", "none"),
            *("--output-path", scene.folder / "generated_spark_oauth"),
        ],
        env={**os.environ, "PATH": path},
    )
    assert "WARNING" not in printed, printed
    sys.path.insert(0, str(scene.folder))
    with scene.emulator() as provider, scene.server({"provider.apiBase": provider}) as server:
        consent(server.base)
        key = scene.make_key(server.config)
        use(server, key, provider)


def use(server, key, provider):
    from generated_spark_oauth import AuthenticatedClient
    from generated_spark_oauth.api.access_tokens import fetch_access_token, fetch_access_token_of
    from generated_spark_oauth.api.consent_links import create_consent_link
    from generated_spark_oauth.api.tokens import list_tokens, refresh_token
    from generated_spark_oauth.models import (
        AccessToken,
        Code,
        ConsentLink,
        NewConsentLink,
        Problem,
        TokenList,
    )

    client = AuthenticatedClient(base_url=server.base, token=key, raise_on_unexpected_status=True)
    token = fetch_access_token_of.sync(PERSON, client=client)
    assert isinstance(token, AccessToken), token
    tokens = list_tokens.sync(client=client)
    assert isinstance(tokens, TokenList) and len(tokens.items) == 1, tokens
    link = create_consent_link.sync(client=client, body=NewConsentLink(expected_email=PERSON))
    assert isinstance(link, ConsentLink), link

    unknown = fetch_access_token_of.sync("nobody@example.com", client=client)
    assert isinstance(unknown, Problem) and unknown.code == Code.PERSON_NOT_FOUND, unknown
    missing = fetch_access_token.sync("01JZZZZZZZZZZZZZZZZZZZZZZZ", client=client)
    assert isinstance(missing, Problem) and missing.status == 404, missing
    wrong = create_consent_link.sync(client=client, body=NewConsentLink(expected_email="alice"))
    assert isinstance(wrong, Problem) and wrong.code == Code.INVALID_VALUE, wrong
    stranger = AuthenticatedClient(base_url=server.base, token="wrong")
    refused = list_tokens.sync(client=stranger)
    assert isinstance(refused, Problem) and refused.status == 401, refused

    control(provider, "POST", "/revoke", email=PERSON)
    needed = refresh_token.sync(tokens.items[0].id, client=client)
    assert isinstance(needed, Problem), needed
    assert needed.code == Code.NEEDS_CONSENT and needed.consent_url, needed
    again = fetch_access_token_of.sync(PERSON, client=client)
    assert isinstance(again, Problem) and again.code == Code.NEEDS_CONSENT, again
    # A code that a later server adds is a text, and no exception.
    later = Problem.from_dict({**again.to_dict(), "code": "added_later"})
    assert later.code == "added_later", later
