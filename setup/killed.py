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


def put(path, text):
    """Writes as a command does that knows nothing of kills: half, then the whole."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for part in (text[: len(text) // 2], text):
        pass_moment()
        with open(path, "w") as f:
            f.write(part)
    pass_moment()


def run(what, argv, env, cwd=s.ROOT, hint=""):
    if "venv" in argv:
        put(s.PYTHON, "python")
        put(os.path.join(s.VENV, "lib", "python3", "site-packages", "pip"), "pip")
    elif "pip" in argv:
        put(os.path.join(s.site_packages(), os.path.basename(argv[-1])), s.read(argv[-1]))
        put(os.path.join(s.site_packages(), "xla_plugins", "xla_cpu_pjrt", "xla_cpu_pjrt.so"), "plugin")
    elif argv[:3] == ["go", "mod", "download"]:
        put(os.path.join(s.CACHE, "modules"), "modules")
    elif argv[:2] == ["go", "build"]:
        out = argv[argv.index("-o") + 1]
        for name in s.TOOLS if out.endswith(os.sep) else [out]:
            put(os.path.join(cwd, out, name) if out.endswith(os.sep) else os.path.join(cwd, out), "program " + name)
    else:
        raise AssertionError("nobody plays %s" % argv)


def output(argv, env):
    return {"GOVERSION": "go1.99.0", "GOMODCACHE": os.path.join(s.CACHE, "mod"), "GOCACHE": os.path.join(s.CACHE, "build"),
            s.TOOLS["gonb"]: os.environ["GONB"]}.get(argv[-1], "")  # fmt: skip


def call(argv, real=subprocess.call, **options):
    pass_moment()
    return real(argv, **options) if argv[0] == "chmod" else 0


def replace(a, b, real=os.replace):
    pass_moment()
    real(a, b)
    pass_moment()


def in_checkout(root):
    """Points the set-up at a checkout in root."""
    s.ROOT = root
    s.VENV, s.CACHE, s.JUPYTER = (os.path.join(root, name) for name in (".venv", ".cache", ".jupyter"))
    s.BIN = os.path.join(s.VENV, "bin")
    s.PYTHON = os.path.join(s.BIN, "python")


def set_up(kill):
    """Runs the set-up in a process of its own. Returns how that ended."""
    global moment
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    moment = kill
    code = 1
    try:
        with open(os.devnull, "w") as sys.stderr, s.alone():
            s.set_up()
        code = 0
    finally:
        os._exit(code)


def tree(root):
    return {os.path.relpath(os.path.join(d, name), root): s.read(os.path.join(d, name)) for d, _, names in os.walk(root) for name in names}


def main():
    s.run, s.output, s.has_nvidia_driver = run, output, lambda: False
    subprocess.call, os.replace = call, replace
    subprocess.run = lambda *_, **__: subprocess.CompletedProcess([], 0, b"", b"")
    os.environ.pop("BACKEND", None)
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = os.path.join(folder, "tmp")
        os.makedirs(tempfile.tempdir)
        root = os.path.join(folder, "checkout")
        in_checkout(root)
        kill, want = 0, None
        while True:
            s.remove(root)
            os.makedirs(root)
            for name in ("go.mod", "go.sum"):
                shutil.copyfile(os.path.join(os.path.dirname(s.SETUP), name), os.path.join(root, name))
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
