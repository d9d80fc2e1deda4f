"""cargo-deny checks licenses, duplicate and unwanted crates, and where they come from.

The database of advisories is left out: it is not in a package registry.
"""


def judge(scene):
    command = [scene.program("cargo-deny"), "--locked", "check", "bans", "licenses", "sources"]
    scene.run(command, cwd=scene.repository)
