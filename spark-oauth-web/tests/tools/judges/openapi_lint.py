"""Redocly lints the OpenAPI document of the repository and the one that is served.

Its ruleset is `recommended-strict`: a warning of `recommended` is an error.
"""

import json
import os

import requests


def judge(scene):
    document = scene.repository / "spark-oauth-web" / "openapi.json"
    lint(scene, document)
    with scene.emulator() as provider, scene.server({"provider.apiBase": provider}) as server:
        served = requests.get(f"{server.base}/api/v1/openapi.json", timeout=30)
        assert served.json() == json.loads(document.read_text())


def lint(scene, document):
    program = scene.tools / "npm" / "node_modules" / ".bin" / "redocly"
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    scene.run(
        [str(program), "lint", "--extends", "recommended-strict", "--max-problems", "200", document],
        cwd=scene.folder,
        env={**os.environ, **quiet},
    )
