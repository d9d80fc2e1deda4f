"""Runs the judges that are named, or all of them: each is a file of `judges`."""

import importlib
import sys
import tempfile
import time
import traceback
from pathlib import Path

from scene import Scene

HERE = Path(__file__).parent
# Schemathesis is last, since it takes the longest.
JUDGES = [
    "dependencies",
    "openapi_lint",
    "generated_client",
    "webex_sdks",
    "webhook_verifier",
    "oauth_server",
    "nginx_tls",
    "metrics_and_alerts",
    "sqlite_copy",
    "schemathesis_api",
]


def run(name, binaries, tools):
    """Whether the judge is satisfied. The log of the processes is shown where it is not."""
    print(f"--- {name}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with open(folder / "stderr.log", "w+") as log:
            try:
                judge = importlib.import_module(f"judges.{name}").judge
                judge(Scene(binaries, tools, folder, HERE.parents[2], log))
            except BaseException:
                log.seek(0)
                print(log.read()[-20_000:])
                traceback.print_exc(file=sys.stdout)
                return False
    print(f"--- {name}: satisfied after {time.monotonic() - began:.1f} s", flush=True)
    return True


def main(binaries, tools, names):
    unknown = set(names) - set(JUDGES)
    assert not unknown, f"no such judge: {unknown}; there are {JUDGES}"
    failed = [name for name in names or JUDGES if not run(name, binaries, tools)]
    print(f"judges: {len(names or JUDGES) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise SystemExit(f"not satisfied: {', '.join(failed)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute(), sys.argv[3:])
