"""make demo: prepare frontdesk, serve it, and say where it is and what to try.

``make demo PORT=8001 BIND=0.0.0.0`` serves elsewhere.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time

from bootstrap import bootstrap
from node_env import FRONTDESK
from steps import VENV, StepError, plain_errors, run, step

START_TIMEOUT = 30.0

TRY = """
Frontdesk is open at {url}

  1. Sign in as one of the agents with one click, open a conversation and write.
  2. Open {url} in a private window too, sign in as the customer
     of that conversation and answer: each sees the other's messages at once.
  3. Take one window offline (developer tools, Network, Offline), write in the other,
     go online again: the missed messages appear, in order.

Ctrl-C stops the server.
"""


def check_free(host: str, port: int) -> None:
    """Fail before the server does, with the remedy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StepError(
                f"Cannot listen on {host} port {port}: {error.strerror}.\n"
                f"Choose another port: make demo PORT={port + 1}"
            ) from None


def prepare() -> None:
    python = VENV / "bin/python"
    with step("Migrate the demo database"):
        run([python, "manage.py", "migrate", "--verbosity", "0"], cwd=FRONTDESK)
    with step("Seed it with agents and conversations"):
        run([python, "manage.py", "seed"], cwd=FRONTDESK)


def wait_until_healthy(server: subprocess.Popen[bytes], host: str, port: int) -> bool:
    """Whether the server answered on /health before it ended or time ran out."""
    deadline = time.monotonic() + START_TIMEOUT
    while server.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == http.client.OK:
                return True
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    return False


def serve(bind: str, port: int) -> int:
    host = f"[{bind}]" if ":" in bind else bind
    # A session of its own: this script alone passes signals on, each exactly once.
    server = subprocess.Popen(
        [VENV / "bin/python", "manage.py", "serve", "--bind", f"{host}:{port}"],
        cwd=FRONTDESK,
        start_new_session=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: server.send_signal(received))
    # 0.0.0.0 and :: mean every address; a browser wants one.
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104
    if wait_until_healthy(server, local, port):
        shown = f"[{local}]" if ":" in local else local
        print(TRY.format(url=f"http://{shown}:{port}/"), flush=True)
    elif server.poll() is None:
        server.terminate()
        server.wait()
        raise StepError(f"The server did not answer within {START_TIMEOUT:.0f} s.")
    return server.wait()


def main(bind: str, port: str) -> int:
    if not port.isdecimal():
        raise StepError(f"PORT must be a number, not {port!r}.")
    check_free(bind, int(port))
    bootstrap(["app", "browser"])
    prepare()
    return serve(bind, int(port))


if __name__ == "__main__":
    with plain_errors():
        code = main(
            os.environ.get("BIND") or "127.0.0.1", os.environ.get("PORT") or "8000"
        )
        # Ending by Ctrl-C or SIGTERM is how a demo ends, not an error.
        stopped = (-signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP)
        raise SystemExit(0 if code in stopped else code)
