"""The copy that the README recommends, made while the server runs, is whole: another server
starts on it and has every token, and nobody else can read it."""

import json
import re
import stat
import threading

import requests

from scene import PERSON, consent


def judge(scene):
    with scene.emulator() as provider:
        settings = {"provider.apiBase": provider}
        with scene.server(settings) as server:
            consent(server.base)
            key = scene.make_key(server.config)
            copy = copy_while_it_works(scene, server, key)
        check = scene.run(["sqlite3", str(copy), "PRAGMA integrity_check"])
        assert check.strip() == "ok", check
        # Restore: the copy under the configuration of another server, with the same key file.
        values = json.loads(server.config.read_text())
        restored = {**settings, "store": f"sqlite:{copy}", "keyFile": values["keyFile"]}
        with scene.server(restored) as again:
            answer = again.call(key, f"/people/{PERSON}/access-token")
            assert answer.status_code == 200, answer.text
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            requests.get(f"{provider}/people/me", headers=headers, timeout=30).raise_for_status()


def copy_while_it_works(scene, server, key):
    """Runs the README's command on the database of a server that is written to."""
    readme = (scene.repository / "README.md").read_text()
    found = re.search(r"^\s*(\S.*sqlite3 data/spark-oauth\.db .*)$", readme, re.M)
    assert found, "the README has no command that copies the database"
    command = found[1].replace("data/spark-oauth.db", str(server.folder / "spark-oauth.db"))
    copies = scene.folder / "copies"
    copies.mkdir()
    stop = threading.Event()
    failures = []

    def work():
        while not stop.is_set():
            answer = server.call(key, "/tokens")
            link = server.call(key, "/consent-links", "POST", json={"note": "a write"})
            failures.extend(a.text for a in (answer, link) if a.status_code >= 400)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        scene.run(["sh", "-c", f"umask 022; {command}"], cwd=copies)
    finally:
        stop.set()
        worker.join()
    assert not failures, failures[:3]
    (copy,) = copies.iterdir()
    mode = stat.S_IMODE(copy.stat().st_mode)
    assert mode == 0o600, f"the copy is readable by others: {mode:o}"
    return copy
