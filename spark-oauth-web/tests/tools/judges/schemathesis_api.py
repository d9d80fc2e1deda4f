"""Schemathesis calls everything that the OpenAPI document describes."""

import os
import random
import subprocess

from scene import consent


def judge(scene):
    with scene.emulator() as provider, scene.server({"provider.apiBase": provider}) as server:
        consent(server.base)
        key = scene.make_key(server.config)
        schemathesis(scene, server.base, key)
        schemathesis(scene, server.base, None)


def schemathesis(scene, base, key):
    seed = os.environ.get("API_TOOLS_SEED") or str(random.randrange(2**31))
    examples = os.environ.get("API_TOOLS_EXAMPLES") or "25"
    command = [scene.program("schemathesis"), "run", f"{base}/api/v1/openapi.json"]
    command += ["--checks", "all", "--max-examples", examples, "--seed", seed, "--no-color"]
    if key:
        command += ["--header", f"Authorization: Bearer {key}"]
    print(f"schemathesis {'with a key' if key else 'without a key'}, seed {seed}", flush=True)
    # It leaves files where it runs.
    subprocess.run(command, check=True, cwd=scene.folder)
