"""Programs that the tests start themselves: Redis, PostgreSQL and a Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from steps import StepError, run, step

# Debian and Ubuntu package: names of the program, any of which will do.
PROGRAMS = {
    "redis-server": ("redis-server", "valkey-server"),
    "postgresql": ("initdb",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
}
APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120")
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def services() -> None:
    """Have all programs; only root installs them, everyone else is told what to do."""
    missing = [
        package
        for package, names in PROGRAMS.items()
        if not any(map(find_program, names))
    ]
    if not missing:
        return
    wanted = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise StepError(
            f"The tests need programs that are not installed: {wanted}.\n"
            f"On Debian and Ubuntu: sudo apt-get install {wanted}\n"
            "Elsewhere install Redis (or Valkey), PostgreSQL and Chromium (or Chrome)\n"
            "so that redis-server, initdb and chromium are found in PATH, then run\n"
            "make again."
        )
    with step(f"Install {wanted} with apt (the first time takes a minute)"):
        install = [*APT, "install", "-y", "--no-install-recommends", *missing]
        try:
            run(install, env=QUIET)
        except StepError:
            # Package lists that are missing or old are the usual reason.
            run([*APT, "update"], env=QUIET)
            run(install, env=QUIET)


def find_program(name: str) -> str | None:
    """In PATH, or where Debian keeps what belongs to one version of PostgreSQL."""
    debian = map(str, Path("/usr/lib/postgresql").glob("*/bin"))
    return shutil.which(name, path=os.pathsep.join([*os.get_exec_path(), *debian]))
