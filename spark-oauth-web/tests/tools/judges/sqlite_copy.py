"""The README's commands that back up and restore the database, run by a shell: the copy is
made while the server writes, is whole, and cannot be read by others. The server is killed and
starts on the copy, which has every record of before the backup and none of after it."""

import re
import stat
import threading
import time

import requests

from scene import PERSON, consent

WRITERS = 4
# So many that part of the log is already in the database: a log that is left over then
# damages a restored copy.
LINKS_BEFORE = 500
NOTE = "n" * 500


def judge(scene):
    readme = (scene.repository / "README.md").read_text()
    with scene.emulator() as provider:
        with scene.server({"provider.apiBase": provider}) as server:
            consent(server.base)
            key = scene.make_key(server.config)
            copy, links = copy_under_writes(scene, server, key, readme)
            # What is newer than the copy is in the log beside the database.
            newest = new_link(server, key)
            server.process.kill()
        check = scene.run(["sqlite3", str(copy), "PRAGMA integrity_check"])
        assert check.strip() == "ok", check
        restore(scene, server, copy, readme)
        with scene.server({}, server.config) as again:
            token = again.call(key, f"/people/{PERSON}/access-token")
            assert token.status_code == 200, token.text
            headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
            requests.get(f"{provider}/people/me", headers=headers, timeout=30).raise_for_status()
            for link in links:
                answer = again.call(key, f"/consent-links/{link}")
                assert answer.status_code == 200, answer.text
            assert again.call(key, f"/consent-links/{newest}").status_code == 404
            new_link(again, key)
        database = server.folder / "spark-oauth.db"
        check = scene.run(["sqlite3", str(database), "PRAGMA integrity_check"])
        assert check.strip() == "ok", check


def copy_under_writes(scene, server, key, readme):
    """Answers the copy, and the links that were created before the backup began."""
    command = line(readme, r".*sqlite3 data/spark-oauth\.db .*", server)
    copies = scene.folder / "copies"
    copies.mkdir()
    stop = threading.Event()
    created, failures = [], []

    def write():
        while not stop.is_set():
            try:
                created.append(new_link(server, key))
            except Exception as failure:
                failures.append(failure)
                return

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        until(lambda: failures or len(created) >= LINKS_BEFORE)
        links = list(created)
        scene.run(["sh", "-c", f"umask 022; {command}"], cwd=copies, timeout=60)
        # Writes during the backup and after it succeed too.
        until(lambda: failures or len(created) >= len(links) + 2 * WRITERS)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not failures, failures[:3]
    (copy,) = copies.iterdir()
    mode = stat.S_IMODE(copy.stat().st_mode)
    assert mode == 0o600, f"the copy is readable by others: {mode:o}"
    return copy, links


def restore(scene, server, copy, readme):
    remove = line(readme, r"rm .*data/spark-oauth\.db-wal.*", server)
    install = line(readme, r"install .* data/spark-oauth\.db", server)
    install, count = re.subn(r"\bspark-oauth-\d{4}-\d\d-\d\d\.db", copy.name, install)
    assert count == 1, install
    assert (server.folder / "spark-oauth.db-wal").stat().st_size, "no log was left"
    for command in (remove, install):
        scene.run(["sh", "-c", command], cwd=copy.parent)


def line(readme, pattern, server):
    """The command of the README, with the path of this server's database."""
    found = re.search(rf"^\s*({pattern})$", readme, re.M)
    assert found, f"the README has no line {pattern}"
    return found[1].replace("data/spark-oauth.db", str(server.folder / "spark-oauth.db"))


def new_link(server, key):
    answer = server.call(key, "/consent-links", "POST", json={"note": NOTE})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the writers are stuck"
        time.sleep(0.02)
