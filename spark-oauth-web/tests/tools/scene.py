"""What every judge needs: the binaries, a folder, processes that listen, a person who consents."""

import json
import re
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

PERSON = "alice@example.com"
READER = "bob@example.com"
KEY_SCOPES = ["tokens:read", "tokens:use", "tokens:write", "consents:request"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass
class Server:
    """A server of the product that runs."""

    base: str
    management: str
    config: Path
    folder: Path
    process: subprocess.Popen

    def call(self, key, path, method="GET", **more):
        headers = {"Authorization": f"Bearer {key}"}
        return requests.request(
            method, f"{self.base}/api/v1{path}", headers=headers, timeout=60, **more
        )


@dataclass
class Scene:
    """Where one judge works. Its folder is deleted afterwards."""

    binaries: Path
    tools: Path
    folder: Path
    repository: Path
    log: object
    servers: int = field(default=0)

    def program(self, name):
        """A program of the target folder's Python environment."""
        return str(self.tools / "bin" / name)

    def run(self, command, **more):
        """Runs a program that succeeds, and answers what it printed."""
        print("$", " ".join(str(word) for word in command)[:200], flush=True)
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
        )
        assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout[-20_000:]}"
        return done.stdout

    def start(self, command):
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=self.folder
        )

    def stop(self, process):
        process.terminate()
        process.wait(timeout=60)

    def until_it_listens(self, port):
        deadline = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, f"nothing listens on port {port}"
                time.sleep(0.05)

    @contextmanager
    def process(self, command):
        """A process that says on standard output when it listens."""
        process = self.start(command)
        try:
            line = process.stdout.readline()
            assert "http" in line, f"{command[0]} did not start: {line!r}; see its log"
            yield process
        finally:
            self.stop(process)

    @contextmanager
    def emulator(self, *flags):
        """The emulator, with a person who accepts at once. Answers the base of its API."""
        port = free_port()
        command = [str(self.binaries / "webex-emulator"), "--port", str(port)]
        with self.process(command + ["--auto-approve", PERSON, *flags]):
            yield f"http://127.0.0.1:{port}/v1"

    @contextmanager
    def server(self, settings, config=None):
        """A server of the product with these settings beside the usual ones."""
        self.servers += 1
        folder = self.folder / f"server-{self.servers}"
        folder.mkdir()
        config = config or configuration(folder, settings)
        with self.process([*self.command(config), "serve"]) as process:
            values = json.loads(config.read_text())["server"]
            yield Server(
                f"http://127.0.0.1:{values['port']}",
                f"http://{values['management']}",
                config,
                folder,
                process,
            )

    def command(self, config):
        return [str(self.binaries / "spark-oauth-web"), "--config", str(config)]

    def make_key(self, config, *scopes):
        command = [*self.command(config), "api-key", "create", "--name", "judge"]
        for scope in scopes or KEY_SCOPES:
            command += ["--scope", scope]
        made = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=self.folder
        )
        key = made.stdout.strip()
        assert key and "\n" not in key, "standard output holds the key alone"
        return key


def configuration(folder, settings):
    """Writes a configuration whose files are all in one folder."""
    port = free_port()
    values = {
        "server": {
            "host": "127.0.0.1",
            "port": port,
            "management": f"127.0.0.1:{free_port()}",
        },
        "oauth": {
            "clientID": "C0ffee",
            "clientSecret": "the-secret-of-the-tools",
            "contactEmail": "requester@example.com",
            "redirectURIUnencoded": f"http://127.0.0.1:{port}/auth/spark/callback",
            "scope": "spark:people_read spark:messages_write",
        },
        "store": f"sqlite:{folder / 'spark-oauth.db'}",
        "keyFile": str(folder / "spark-oauth.keys"),
        "refresh": {"journalDirectory": str(folder / "journal")},
        "log": {"directory": "off"},
        "superAdminAccount": {"username": "admin"},
    }
    for path, value in settings.items():
        section = values
        *parents, name = path.split(".")
        for parent in parents:
            section = section.setdefault(parent, {})
        section[name] = value
    path = folder / "config.json"
    path.write_text(json.dumps(values))
    return path


def consent(base, **more):
    """The person consents in a browser; the emulator accepts at once."""
    browser = requests.Session()
    for name, value in more.items():
        setattr(browser, name, value)
    browser.get(base, timeout=30).raise_for_status()
    receipt = browser.post(f"{base}/auth/spark", timeout=30)
    receipt.raise_for_status()
    assert receipt.url.startswith(f"{base}/granted"), f"the consent ended at {receipt.url}"
    return browser


def control(provider, method, path, **body):
    """A call of the emulator's control API."""
    base = provider[: -len("/v1")]
    answer = requests.request(method, f"{base}/_emulator{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer


def fields(page):
    """The hidden fields and the action of the first form of a page."""
    form = re.search(r"<form[^>]*action=\"([^\"]*)\"[^>]*>(.*?)</form>", page, re.S)
    assert form, page
    inputs = re.findall(r"<input[^>]*>", form[2])
    named = {}
    for tag in inputs:
        name = re.search(r"name=\"([^\"]*)\"", tag)
        value = re.search(r"value=\"([^\"]*)\"", tag)
        if name:
            named[name[1]] = value[1] if value else ""
    return form[1], named
