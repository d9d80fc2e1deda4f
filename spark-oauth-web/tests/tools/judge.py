"""Starts the binary beside the emulator, and lets other people's tools judge its API."""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
from webexpythonsdk import WebexAPI

PERSON = "alice@example.com"
READER = "bob@example.com"
KEY_SCOPES = ["tokens:read", "tokens:use", "tokens:write", "consents:request"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A server that says on standard output when it listens."""

    def __init__(self, command, log):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True
        )
        line = self.process.stdout.readline()
        if "http://" not in line:
            raise SystemExit(f"{command[0]} did not start: {line!r}; see its log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)


def configuration(folder, port, provider):
    path = folder / "config.json"
    path.write_text(
        json.dumps(
            {
                "server": {"host": "127.0.0.1", "port": port},
                "oauth": {
                    "clientID": "C0ffee",
                    "clientSecret": "the-secret-of-the-tools",
                    "contactEmail": "requester@example.com",
                    "redirectURIUnencoded": f"http://127.0.0.1:{port}/auth/spark/callback",
                    "scope": "spark:people_read spark:messages_write",
                },
                "provider": {"apiBase": provider},
                "store": f"sqlite:{folder / 'spark-oauth.db'}",
                "keyFile": str(folder / "spark-oauth.keys"),
                "refresh": {"journalDirectory": str(folder / "journal")},
                "superAdminAccount": {"username": "admin"},
            }
        )
    )
    return path


def consent(base):
    """The person consents in a browser; the emulator accepts at once."""
    browser = requests.Session()
    browser.get(base, timeout=30).raise_for_status()
    receipt = browser.post(f"{base}/auth/spark", timeout=30)
    receipt.raise_for_status()
    assert receipt.url.endswith("/granted"), f"the consent ended at {receipt.url}"


def make_key(binary, config):
    command = [binary, "--config", config, "api-key", "create", "--name", "tools"]
    for scope in KEY_SCOPES:
        command += ["--scope", scope]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    key = made.stdout.strip()
    assert key and "\n" not in key, "standard output holds the key alone"
    return key


def post_by_sdk(base, key, provider):
    """A token of the API is good for the public SDK, and its message arrives."""
    answer = requests.get(
        f"{base}/api/v1/people/{PERSON}/access-token",
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
    )
    answer.raise_for_status()
    webex = WebexAPI(access_token=answer.json()["access_token"], base_url=f"{provider}/")
    text = "sent by the SDK"
    message = webex.messages.create(toPersonEmail=READER, text=text)
    assert message.personEmail == PERSON, message
    rooms = requests.get(f"{provider[: -len('/v1')]}/_emulator/rooms", timeout=30).text
    assert text in rooms, "the emulator has no such message"
    print(f"the SDK posted {message.id}")


def schemathesis(program, base, key, folder):
    seed = os.environ.get("API_TOOLS_SEED") or str(random.randrange(2**31))
    examples = os.environ.get("API_TOOLS_EXAMPLES") or "25"
    command = [program, "run", f"{base}/api/v1/openapi.json", "--checks", "all"]
    command += ["--max-examples", examples, "--seed", seed, "--no-color"]
    if key:
        command += ["--header", f"Authorization: Bearer {key}"]
    print(f"schemathesis {'with a key' if key else 'without a key'}, seed {seed}", flush=True)
    # It leaves files where it runs.
    subprocess.run(command, check=True, cwd=folder)


def main(binaries, program):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = open(folder / "stderr.log", "w+")
        try:
            judge(folder, log, binaries, program)
        except BaseException:
            log.seek(0)
            print(log.read()[-20_000:], file=sys.stderr)
            raise


def judge(folder, log, binaries, program):
    emulator_port, port = free_port(), free_port()
    provider = f"http://127.0.0.1:{emulator_port}/v1"
    base = f"http://127.0.0.1:{port}"
    config = configuration(folder, port, provider)
    binary = str(binaries / "spark-oauth-web")
    emulator = [str(binaries / "webex-emulator"), "--port", str(emulator_port)]
    with (
        Process(emulator + ["--auto-approve", PERSON], log),
        Process([binary, "--config", str(config), "serve"], log),
    ):
        consent(base)
        key = make_key(binary, str(config))
        post_by_sdk(base, key, provider)
        schemathesis(program, base, key, folder)
        schemathesis(program, base, None, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute())
