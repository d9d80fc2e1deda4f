"""promtool reads the real metrics, and the alert rules of `conf` with their unit tests."""

import re
import subprocess
import time

import requests

from scene import PERSON, consent

# What a selector of a rule names: a metric, and the labels that it asks for.
SELECTOR = re.compile(r"\b((?:spark_oauth|http)_[a-z_]+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"([a-z_]+)\s*=\s*\"([^\"]*)\"")


def judge(scene):
    rules = scene.repository / "conf" / "alerts.yml"
    tests = scene.repository / "spark-oauth-web" / "tests" / "tools" / "alerts_test.yml"
    scene.run(["promtool", "check", "rules", rules])
    scene.run(["promtool", "test", "rules", tests])
    with scene.emulator() as provider, scene.server({"provider.apiBase": provider}) as server:
        check(metrics(server))
        names_exist(rules.read_text(), metrics(server))
        consent(server.base)
        key = scene.make_key(server.config)
        server.call(key, f"/people/{PERSON}/access-token").raise_for_status()
        server.call(key, "/people/nobody@example.com/access-token")
        check(metrics(server))


def metrics(server):
    """What a process answers; it counts what is in the store a moment after its start."""
    deadline = time.monotonic() + 30
    while True:
        answer = requests.get(f"{server.management}/metrics", timeout=30)
        answer.raise_for_status()
        if re.search("^spark_oauth_tokens_due ", answer.text, re.M):
            return answer.text
        assert time.monotonic() < deadline, "the store was not counted"
        time.sleep(0.05)


def check(text):
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True
    )
    assert done.returncode == 0 and not done.stdout and not done.stderr, (
        f"promtool check metrics: {done.stdout}{done.stderr}"
    )


def names_exist(rules, text):
    """Each series that a rule asks for is there right after the start: `increase()` does
    not see the first step of a counter that begins at 1."""
    expressions = re.findall(r"expr:\s*(.*)", rules)
    assert len(expressions) >= 5, expressions
    for expression in expressions:
        selectors = SELECTOR.findall(expression)
        assert selectors, f"no metric in {expression}"
        for name, labels in selectors:
            wanted = set(LABEL.findall(labels))
            series = re.findall(rf"^{name}(?:\{{(.*)\}})? ", text, re.M)
            found = [one for one in series if wanted <= set(LABEL.findall(one))]
            assert found, f"no series {name}{{{labels}}} after the start, for {expression}"
