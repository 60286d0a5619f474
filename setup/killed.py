"""The set-up, with its slow commands played, killed by SIGKILL at every moment in turn and run again.

Prints the number of moments, and a line for each after which the second run did not come to the same end.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

import setup as s

moment = 0  # counts down to the kill; below 1: none comes


def pass_moment():
    global moment
    moment -= 1
    if moment == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def put(*path):
    """Writes as a command does that knows nothing of kills: half, then the whole."""
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for text in ("ha", "half and whole"):
        pass_moment()
        with open(path, "w") as f:
            f.write(text)
    pass_moment()


def run(what, argv, env, cwd=s.ROOT):
    packages = os.path.join(s.VENV, "lib", "python3.11", "site-packages")
    if argv[1] == "venv":
        shutil.rmtree(s.VENV, ignore_errors=True)
        put(packages, "here")
        put(s.PYTHON)
    elif "install" in argv:
        put(s.UV)
    elif "sync" in argv:
        for lock in argv[5:]:
            put(packages, os.path.basename(lock))
    elif argv[:3] == ["go", "mod", "download"]:
        put(s.CACHE, "modules")
    elif "-out" in argv:
        for name in ("gonb", "gopls", "goimports"):
            put(s.BIN, name)
    elif "-kernel" in argv:
        put(s.CACHE, "cells")
        s.write(os.path.join(s.CACHE, "backend.json"), '{"GOMLX_BACKEND": "xla:plugin.so"}')  # as the Go program does, by a rename
        s.write(os.path.join(s.VENV, "share", "jupyter", "kernels", "autoencoders", "kernel.json"), "{}")
    else:
        raise AssertionError("nobody plays %s" % argv)


def ask(argv, env):
    answers = {"--version": "pip 26", "GOVERSION": "go1.99.0", "version": "go version go1.99.0"}
    if argv[0] == s.PYTHON:
        return 0, "python3.11" * os.path.exists(s.PYTHON)
    if argv[1] == "build":
        pass_moment()
        return 0, ""
    if argv[-1] == "--offline":
        return 1, ""
    if argv[1:3] == ["env", "-json"]:
        return 0, '{"GOCACHE": "/cache"}'
    return 0, answers.get(argv[-1], "")


def replace(a, b, real=os.replace):
    pass_moment()
    real(a, b)
    pass_moment()


def remove(path, real=os.remove):
    pass_moment()
    real(path)
    pass_moment()


def in_checkout(root):
    """Points the set-up at a checkout in root."""
    s.ROOT = root
    s.VENV, s.CACHE, s.JUPYTER = (os.path.join(root, name) for name in (".venv", ".cache", ".jupyter"))
    s.BIN = os.path.join(s.VENV, "bin")
    s.PYTHON = os.path.join(s.BIN, "python")
    s.UV_FOLDER = os.path.join(s.CACHE, "uv")
    s.UV = os.path.join(s.CACHE, "uv", "bin", "uv")


def set_up(kill):
    """Runs the set-up in a process of its own. Returns how that ended."""
    global moment
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    moment = kill
    code = 1
    try:
        s.check_machine()
        with open(os.devnull, "w") as sys.stderr, s.alone():
            s.set_up()
        code = 0
    finally:
        os._exit(code)


def tree(root):
    return {os.path.relpath(os.path.join(d, name), root): s.read(os.path.join(d, name)) for d, _, names in os.walk(root) for name in names}


def main():
    s.run, s.ask, s.has_nvidia_driver = run, ask, lambda: False
    os.replace, os.remove = replace, remove
    os.environ.pop("BACKEND", None)
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "checkout")
        in_checkout(root)
        s.python_packages.__defaults__ = (s.VENV,) + s.python_packages.__defaults__[1:]
        kill, want, line = 0, None, s.read(os.path.join(os.path.dirname(s.SETUP), "go.mod"))
        while True:
            shutil.rmtree(root, ignore_errors=True)
            os.makedirs(root)
            s.write(os.path.join(root, "go.mod"), line)
            first = set_up(kill)
            second = set_up(0) if kill else first
            if second != 0 and not kill:
                sys.exit("the set-up does not come to its end, killed or not")
            want = want or tree(root)
            if second != 0 or tree(root) != want:
                differ = sorted(set(want.items()) ^ set(tree(root).items()))
                print("killed at moment %d: the next run ended with %d; different: %s" % (kill, second, [path for path, _ in differ][:5]))
            if kill and first == 0:
                break  # past the last moment
            kill += 1
    print(kill - 1, "moments,", len(want), "files")


main()
