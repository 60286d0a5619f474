"""Sets the lessons up inside this checkout, and runs them: lab, test, env, notebooks, data, bench, parity, gpu-check, clean (see Makefile).

Everything goes into .venv, .cache and .jupyter, which git ignores, and into Go's own caches. A step is done again only
when what it depends on has changed; a step that was interrupted has left no stamp and is done again. Standard library only.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SETUP = os.path.join(ROOT, "setup")
VENV = os.path.join(ROOT, ".venv")
CACHE = os.path.join(ROOT, ".cache")
JUPYTER = os.path.join(ROOT, ".jupyter")
PATCHES = os.path.join(SETUP, "gonb")
PEERS = os.path.join(ROOT, ".venv-peers")
ARTIFACTS = os.path.join(ROOT, "artifacts")
BIN = os.path.join(VENV, "bin")
PYTHON = os.path.join(BIN, "python")
KERNEL = "autoencoders"
TOOLS = {
    "gonb": "github.com/janpfeifer/gonb",
    "gopls": "golang.org/x/tools/gopls",
    "goimports": "golang.org/x/tools/cmd/goimports",
}
STATICCHECK = {"staticcheck": "honnef.co/go/tools/cmd/staticcheck"}


class Stop(Exception):
    """What went wrong and what to do, in one line."""


def say(text):
    print("setup: " + text, file=sys.stderr, flush=True)


# --- small tools ---


def read(path, default=""):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except OSError:
        return default


def write(path, text, mode=0o666):
    """Writes text to path in one step, and only if it differs. The mode is what the user's umask leaves of it."""
    if read(path, None) == text:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w", encoding="utf-8") as f:
        f.write(text)
    umask = os.umask(0)
    os.umask(umask)
    os.chmod(path + ".part", mode & ~umask)
    os.replace(path + ".part", path)


def remove(folder):
    """Removes a folder, also one with Go's modules in it, which Go makes read-only: a user who is not root cannot else."""
    if os.path.isdir(folder):
        subprocess.call(["chmod", "-R", "u+w", folder])
        shutil.rmtree(folder)


def digest(*parts):
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def done(name, stamp, folder=None):
    return read(os.path.join(folder or VENV, "stamps", name)) == stamp


def stamp_done(name, stamp, folder=None):
    write(os.path.join(folder or VENV, "stamps", name), stamp)


def run(what, argv, env, cwd=ROOT, hint=""):
    """Runs a command behind one progress line; its output is shown only if it fails."""
    start = time.time()
    tty = sys.stderr.isatty()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            if not tty:
                say(what + " ...")
            while True:
                try:
                    code = process.wait(1)
                    break
                except subprocess.TimeoutExpired:
                    if tty:
                        print("\rsetup: %s ... %d s " % (what, time.time() - start), end="", file=sys.stderr, flush=True)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if tty:
            print("\r\033[K", end="", file=sys.stderr)
        if code == 0:
            say("%s: done in %.0f s" % (what, time.time() - start))
            return
        out.seek(0)
        text = out.read().decode("utf-8", "replace").strip()
    print(text[-4000:], file=sys.stderr)
    raise Stop("%s failed (above)%s" % (what, ": " + hint if hint else ""))


def output(argv, env):
    """The command's output without its last newline, or "" if it cannot be run."""
    try:
        return subprocess.run(
            argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ).stdout.decode("utf-8", "replace").strip()
    except OSError:
        return ""


def version(text):
    """(1, 26, 5) of go1.26.5 or 1.26."""
    numbers = []
    for field in text.strip().replace("go", "", 1).split(".")[:3]:
        digits = ""
        for c in field:
            if not c.isdigit():
                break
            digits += c
        numbers.append(int(digits or 0))
    return tuple(numbers + [0] * (3 - len(numbers)))


# --- environments ---


def base_env():
    """What every command of ours runs in: nothing outside the checkout is written but Go's caches."""
    env = dict(os.environ)
    home = env.get("HOME", "")
    config = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    go_env = os.path.join(config, "go", "env")
    if "GOENV" not in env and os.path.exists(go_env):
        env["GOENV"] = go_env  # the user's `go env -w`, which moving XDG_CONFIG_HOME would hide
    if not (home and os.path.isdir(home) and os.access(home, os.W_OK)):
        env.setdefault("GOPATH", os.path.join(CACHE, "go"))
        env.setdefault("GOCACHE", os.path.join(CACHE, "go-build"))
    if "GOCACHE" not in env:
        env["GOCACHE"] = os.path.join(env.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"), "go-build")
    for name in ("GOFLAGS", "GOWORK", "PYTHONHOME", "PYTHONPATH", "JUPYTER_PATH", "VIRTUAL_ENV"):
        env.pop(name, None)
    env.update(
        PATH=BIN + os.pathsep + env.get("PATH", os.defpath),
        GOTOOLCHAIN="local",
        CGO_ENABLED="1",
        XDG_CONFIG_HOME=os.path.join(CACHE, "config"),
        XDG_CACHE_HOME=os.path.join(CACHE, "xdg"),
        npm_config_cache=os.path.join(CACHE, "npm"),
        PIP_CACHE_DIR=os.path.join(CACHE, "pip"),
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PYTHONNOUSERSITE="1",
    )
    env.update(jupyter_env())
    return env


def jupyter_env():
    return {
        "JUPYTER_CONFIG_DIR": os.path.join(JUPYTER, "config"),
        "JUPYTER_DATA_DIR": os.path.join(JUPYTER, "data"),
        "JUPYTER_RUNTIME_DIR": os.path.join(JUPYTER, "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": os.path.join(JUPYTER, "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": os.path.join(JUPYTER, "workspaces"),
        "IPYTHONDIR": os.path.join(JUPYTER, "ipython"),
    }


# --- the steps ---


def check_machine():
    bad = [c for c in ",:\\\"'\n" if c in ROOT]
    if bad:
        raise Stop("the folder %s has %r in its name, which Go workspaces and PATH cannot carry: rename it" % (ROOT, bad[0]))
    if sys.platform != "linux":
        say("made for Linux; on %s there is no pinned XLA plugin, so the pure Go backend is used" % platform.system())
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Stop("Python's venv module is missing: apt-get install python3-venv, or dnf install python3")


def make_venv(env, folder=None):
    folder = folder or VENV
    python = os.path.realpath(sys.executable)  # the base, should this be some environment's
    stamp = digest(folder, "%d.%d" % sys.version_info[:2], python)
    if done("venv", stamp, folder) and os.path.exists(os.path.join(folder, "bin", "python")):
        return
    shutil.rmtree(folder, ignore_errors=True)
    run("Python environment", [python, "-m", "venv", folder], env)
    stamp_done("venv", stamp, folder)


def pip_install(name, what, env, folder=None):
    folder = folder or VENV
    lock = os.path.join(SETUP, name + ".lock")
    stamp = digest(read(lock))
    if done(name, stamp, folder):
        return
    argv = [os.path.join(folder, "bin", "python"), "-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--no-deps", "-r", lock]
    run(what, argv, env, hint="is the network up? then run it again, it continues")
    shutil.rmtree(env["PIP_CACHE_DIR"], ignore_errors=True)
    stamp_done(name, stamp, folder)


def site_packages():
    lib = os.path.join(VENV, "lib")
    for name in sorted(os.listdir(lib)) if os.path.isdir(lib) else []:
        if os.path.isdir(os.path.join(lib, name, "site-packages")):
            return os.path.join(lib, name, "site-packages")
    return os.path.join(lib, "python3", "site-packages")


def find_go(env):
    """Puts a Go of go.mod's release, or a later patch of it, on env's PATH: the machine's own, or the pinned wheel.

    Not a later release: gopls and staticcheck, which go.mod pins, cannot read what its compiler writes.
    """
    need = "1"
    for line in read(os.path.join(ROOT, "go.mod")).splitlines():
        if line.startswith("go "):
            need = line[3:]
    for folder in env["PATH"].split(os.pathsep) + ["/usr/local/go/bin"]:
        go = os.path.join(folder, "go")
        if folder == BIN or not os.access(go, os.X_OK):
            continue
        have = version(output([go, "env", "GOVERSION"], env))
        if have >= version(need) and have[:2] == version(need)[:2]:
            env["PATH"] = os.pathsep.join([BIN, folder, env["PATH"][len(BIN) + 1 :]])
            wheel = os.path.join(BIN, "go")
            if os.path.exists(wheel):
                os.remove(wheel)  # venv/bin comes first on PATH
            break
    else:
        pip_install("go", "Go toolchain (none here of version %s or a later patch)" % need.strip(), env)
        if version(output([os.path.join(BIN, "go"), "env", "GOVERSION"], env)) < version(need):
            try:
                os.remove(os.path.join(VENV, "stamps", "go"))
            except OSError:
                pass
            raise Stop("the Go wheel does not run here: install Go %s, or a later patch of it, from go.dev/dl" % need.strip())
    env["GOMODCACHE"] = output(["go", "env", "GOMODCACHE"], env)
    env["GOCACHE"] = output(["go", "env", "GOCACHE"], env)
    write(os.path.join(env["XDG_CONFIG_HOME"], "go", "telemetry", "mode"), "off")
    return output(["go", "env", "GOVERSION"], env)


def find_cc(env):
    """Sets CC to a C compiler that can compile and link: the machine's own, or the pinned zig."""
    wrapper = os.path.join(BIN, "cc-zig")
    if env.get("CC") == "cc-zig":
        del env["CC"]  # ours, from `make env`
    candidates = [env["CC"]] if env.get("CC") else ["gcc", "clang", "cc"]
    stamp = digest(*["%s=%s" % (c, shutil.which(shlex.split(c)[0], path=env["PATH"])) for c in candidates])
    if not done("cc", stamp):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "a.c")
            write(source, "#include <stdlib.h>\n#include <dlfcn.h>\nint main(void) { return abs(0); }\n")
            for cc in candidates:
                try:
                    argv = shlex.split(cc) + [source, "-o", os.path.join(folder, "a")]
                    code = subprocess.call(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                except OSError:
                    continue
                if code == 0:
                    write(os.path.join(VENV, "cc"), cc)
                    break
            else:
                pip_install("cc", "C compiler (none works here)", env)
                zig = os.path.join(site_packages(), "ziglang", "zig")
                cache = os.path.join(CACHE, "zig")
                script = "#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR=%s ZIG_LOCAL_CACHE_DIR=%s\nexec %s cc \"$@\"\n"
                write(wrapper, script % tuple(map(shlex.quote, (cache, cache, zig))), 0o777)
                write(os.path.join(VENV, "cc"), "cc-zig")
        stamp_done("cc", stamp)
    cc = read(os.path.join(VENV, "cc"))
    if cc == "cc-zig" or env.get("CC"):
        env["CC"] = cc  # cc-zig lies in .venv/bin, on PATH: a path in CC could not hold spaces
    return cc


def has_nvidia_driver():
    """Whether CUDA 13 runs here. nvidia-smi and libcuda.so.1 alone say little: images carry them without a GPU."""
    text = output(["nvidia-smi", "--query-gpu=driver_version,compute_cap", "--format=csv,noheader"], dict(os.environ))
    if not text[:1].isdigit():
        if not os.path.exists("/dev/nvidia0"):
            return False
        text = "".join(re.findall(r" (\d+\.[\d.]+) ", read("/proc/driver/nvidia/version"))[:1])
    driver, _, capability = text.partition("\n")[0].partition(",")
    if version(driver) < (580, 0, 0):
        say("the NVIDIA driver %s is older than CUDA 13 takes (580): using the CPU" % (driver or "here"))
        return False
    if capability and version(capability) < (7, 5, 0):
        say("the GPU's compute capability %s is below what CUDA 13 takes (7.5): using the CPU" % capability.strip())
        return False
    return True


def choose_backend(env):
    """"cpu" or "cuda": BACKEND if given, else what was asked for before, else what the machine has.

    BACKEND=cuda brings the wheels even without a driver, for an image that is built on one machine and runs on another.
    """
    memory = os.path.join(VENV, "backend")
    wanted = os.environ.get("BACKEND", "").strip() or read(memory).strip()
    if wanted not in ("", "cpu", "cuda"):
        raise Stop("BACKEND=%s is unknown: use BACKEND=cuda or BACKEND=cpu" % wanted)
    driver = has_nvidia_driver()
    if wanted == "cpu" or not (wanted or driver):
        chosen = "cpu"
    elif platform.machine() != "x86_64":
        say("go-xla runs CUDA on x86_64 only: using the CPU")
        chosen = "cpu"
    else:
        pip_install("cuda", "XLA for NVIDIA (about 2 GB)", env)
        chosen = "cuda" if driver else "cpu"
        if not driver:
            say("no NVIDIA driver that CUDA 13 takes (580 or newer): using the CPU until there is one")
    if wanted:
        write(memory, wanted)
    return chosen


def backend_env(chosen, packages, get=os.path.exists):
    """GOMLX_BACKEND and what CUDA needs beside it, for the plugins in this site-packages folder."""
    env = {"GOMLX_NO_AUTO_INSTALL": "1"}
    cuda = os.path.join(packages, "jax_plugins", "xla_cuda13", "xla_cuda_plugin.so")
    cpu = os.path.join(packages, "xla_plugins", "xla_cpu_pjrt", "xla_cpu_pjrt.so")
    if chosen == "cuda" and get(cuda):
        nvidia = os.path.join(packages, "nvidia")
        folders = [os.path.join(nvidia, name, "lib") for name in sorted(os.listdir(nvidia))] if os.path.isdir(nvidia) else []
        folders = [f for f in folders if os.path.isdir(f)]
        data = os.path.join(nvidia, "cu13")
        env["GOMLX_BACKEND"] = "xla:%s,preallocate=false,tf32=false" % cuda
        env["LD_LIBRARY_PATH"] = os.pathsep.join(folders)
        env["XLA_FLAGS"] = "--xla_gpu_cuda_data_dir=" + ('"%s"' % data if " " in data else data)
        # go-xla warns unless it sees the libraries beside the plugin's folder, although the plugin finds them one above.
        link = os.path.join(packages, "jax_plugins", "nvidia")
        if not os.path.lexists(link):
            os.symlink(os.path.join("..", "nvidia"), link)
    elif get(cpu):
        env["GOMLX_BACKEND"] = "xla:%s,shared_buffers" % cpu
    else:
        env["GOMLX_BACKEND"] = "go"
    return env


def patched(patch, source):
    """The files of source that a unified diff changes, changed: {path: text}. Every line of context must match."""
    files, path, old, out, at = {}, None, [], [], 0

    def finish():
        if path:
            files[path] = "".join(out + old[at:])

    lines = patch.splitlines(True)
    i = 0
    while i < len(lines):
        line = lines[i]
        if line.startswith("--- ") and i + 1 < len(lines) and lines[i + 1].startswith("+++ "):
            finish()
            path = lines[i + 1].split()[1].split("/", 1)[1]
            old, out, at = [] if line.startswith("--- /dev/null") else read(os.path.join(source, path)).splitlines(True), [], 0
            i += 2
        elif line.startswith("@@ ") and path:
            before, after = line.split()[1:3]
            start, want, give = int(before[1:].split(",")[0]) - 1, int((before + ",1").split(",")[1]), int((after + ",1").split(",")[1])
            out += old[at:start]
            at = start
            i += 1
            while want > 0 or give > 0:
                kind, text = lines[i][0], lines[i][1:]
                if kind != "+":
                    if at >= len(old) or old[at] != text:
                        raise Stop("setup/gonb does not fit %s line %d: its patches are made for another GoNB than go.mod's" % (path, at + 1))
                    at += 1
                    want -= 1
                if kind != "-":
                    out.append(text)
                    give -= 1
                i += 1
        else:
            i += 1  # a comment
    finish()
    return files


def patches():
    """Our changes to GoNB, one file a fault, in the order in which they apply."""
    return [os.path.join(PATCHES, name) for name in sorted(os.listdir(PATCHES)) if name.endswith(".patch")]


def patched_gonb(source, copy):
    """Copies GoNB's module to the folder copy, and applies our patches there."""
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("docs", "examples", "nbtests", "*_test.go"), copy_function=shutil.copyfile)
    subprocess.check_call(["chmod", "-R", "u+w", copy])
    for patch in patches():
        for path, text in patched(read(patch), copy).items():
            write(os.path.join(copy, path), text)


def fetch_modules(env):
    stamp = digest(read(os.path.join(ROOT, "go.mod")), read(os.path.join(ROOT, "go.sum")), env["GOMODCACHE"])
    if done("modules", stamp):
        return
    run("Go modules", ["go", "mod", "download"], env, hint="is the network up? then run it again, it continues")
    stamp_done("modules", stamp)


def build_tools(env, tools, name, what):
    """Builds Go programs of go.mod's tool lines into .venv/bin, gonb from a patched copy of its module.

    (go build -overlay would do without the copy, but refuses files of the module cache.)
    """
    sums = [read(os.path.join(ROOT, f)) for f in ("go.mod", "go.sum")]
    stamp = digest(*(sums + [read(patch) for patch in patches()] + [output(["go", "env", "GOVERSION"], env)]))
    if done(name, stamp) and all(os.path.exists(os.path.join(BIN, tool)) for tool in tools):
        return
    work = os.path.join(CACHE, "tools")
    remove(work)
    os.makedirs(work)
    mod = sums[0]
    if "gonb" in tools:
        source = output(["go", "list", "-m", "-f", "{{.Dir}}", TOOLS["gonb"]], env)
        if not source:
            raise Stop("go.mod names no %s" % TOOLS["gonb"])
        copy = os.path.join(work, "gonb")
        patched_gonb(source, copy)
        mod += "\nreplace %s => %s\n" % (TOOLS["gonb"], json.dumps(copy, ensure_ascii=False))
    write(os.path.join(work, "go.mod"), mod)
    write(os.path.join(work, "go.sum"), sums[1])
    out = os.path.join(work, "bin")
    os.makedirs(out)
    argv = ["go", "build", "-modfile=" + os.path.join(work, "go.mod"), "-trimpath", "-ldflags=-s -w", "-o", out + os.sep]
    run(what, argv + sorted(tools.values()), env)
    for tool in tools:
        os.replace(os.path.join(out, tool), os.path.join(BIN, tool))
    shutil.rmtree(work, ignore_errors=True)
    stamp_done(name, stamp)


def kernel_spec(env, backend, template=os.path.join(SETUP, "kernel.json")):
    """kernel.json as a value: the template with this checkout's paths and environment."""
    spec = json.loads(read(template))
    spec["argv"] = [a.replace("@VENV@", VENV).replace("@ROOT@", ROOT) for a in spec["argv"]]
    go = os.path.dirname(shutil.which("go", path=env["PATH"]) or BIN)
    ours = {"PATH": os.pathsep.join(dict.fromkeys([BIN, go]))}
    for name in ("GOCACHE", "GOMODCACHE", "GOPATH", "GOENV", "CC", "CGO_ENABLED", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        if env.get(name):
            ours[name] = env[name]
    if os.statvfs(tempfile.gettempdir()).f_flag & getattr(os, "ST_NOEXEC", 0):
        ours["TMPDIR"] = os.path.join(CACHE, "tmp")  # GoNB builds and runs there
        os.makedirs(ours["TMPDIR"], exist_ok=True)
    ours.update(backend)
    ours = {k: v.replace("$", "$$") for k, v in ours.items()}  # Jupyter expands ${NAME} in these values
    ours["PATH"] += os.pathsep + "${PATH}"
    spec["env"].update(ours)
    return spec


def write_settings(env, backend):
    os.makedirs(JUPYTER, exist_ok=True)  # IPython complains of a parent that is not there
    share = os.path.join(VENV, "share", "jupyter")
    spec = kernel_spec(env, backend)
    write(os.path.join(share, "kernels", KERNEL, "kernel.json"), json.dumps(spec, indent=1, ensure_ascii=False) + "\n")
    for name in ("overrides.json", "page_config.json"):
        write(os.path.join(share, "lab", "settings", name), read(os.path.join(SETUP, name)))


def cell_env(env, backend):
    """The environment that a cell's go build sees, for warming its cache."""
    spec = kernel_spec(env, backend)["env"]
    return dict(env, **{k: v.replace("${PATH}", env["PATH"]).replace("$$", "$") for k, v in spec.items()})


CELL = """package main

import (
%s)

func main() { fmt.Println(strings.ToUpper("ready")) }
"""
STANDARD = ["bytes", "context", "errors", "fmt", "image", "image/color", "image/png", "io", "iter", "maps", "math",
            "math/rand", "math/rand/v2", "os", "os/signal", "path/filepath", "slices", "sort", "strconv", "strings",
            "sync", "time"]  # fmt: skip


def cell_imports(env):
    """What the lessons' cells import: our packages, GoMLX's graph, gonbui, and common parts of the standard library."""
    ours = ["autoencoders/autoencoder", "autoencoders/autoencoder/nn", "autoencoders/datasets", "autoencoders/measure", "autoencoders/plots"]
    ours = [p for p in ours if os.path.isdir(os.path.join(ROOT, *p.split("/")[1:]))]
    theirs = ["github.com/gomlx/gomlx/" + p for p in ("core/graph", "core/tensors", "ml/layers", "ml/layers/norm", "ml/model", "ml/train", "ml/train/optimizer")]
    theirs += ["github.com/janpfeifer/gonb/gonbui", "gonum.org/v1/gonum/stat"]
    listed = output(["go", "list", "-e", "-f", "{{if and .GoFiles (not .Error)}}{{.ImportPath}}{{end}}"] + ours + theirs, env)
    return listed.split()


def warm_build(env, backend):
    """Builds what cells import, so that the first cell answers in about a second. A second run takes half a second."""
    env = cell_env(env, backend)
    stamp = digest(env["GOCACHE"], env["GOFLAGS"], env.get("CC", ""), read(os.path.join(ROOT, "go.mod")), read(os.path.join(ROOT, "go.sum")), output(["go", "env", "GOVERSION"], env))
    if done("warm", stamp):
        packages = ["./autoencoder/...", "./datasets", "./plots", "github.com/janpfeifer/gonb/gonbui"]
        start = time.time()
        subprocess.call(["go", "build"] + packages, env=env, cwd=ROOT, stdin=subprocess.DEVNULL)
        if time.time() - start > 2:
            say("packages that cells import: built in %.0f s" % (time.time() - start))
        return
    with tempfile.TemporaryDirectory() as folder:  # where GoNB works too: a module beside the checkout, in a workspace
        used = {"fmt", "strings"}
        imports = ['\t%s"%s"\n' % ("" if p in used else "_ ", p) for p in STANDARD + cell_imports(env)]
        write(os.path.join(folder, "main.go"), CELL % "".join(imports))
        write(os.path.join(folder, "go.mod"), "module warm\n\ngo %s\n" % output(["go", "env", "GOVERSION"], env).split()[0][2:])
        write(os.path.join(folder, "go.work"), "go %s\n\nuse (\n\t.\n\t%s\n)\n" % (
            output(["go", "env", "GOVERSION"], env).split()[0][2:], json.dumps(ROOT, ensure_ascii=False)))
        run("packages that cells import", ["go", "build", "-o", "warm", "."], env, cwd=folder)
        # goimports indexes the module cache once, for names that a cell uses without importing them.
        write(os.path.join(folder, "b.go"), "package main\n\nfunc f() { graph.Add() }\n")
        subprocess.call(["goimports", "-l", "b.go"], env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stamp_done("warm", stamp)


def check_plugin(backend):
    """Opens the plugin once, so that a missing system library is named here and not in a cell."""
    name, _, rest = backend["GOMLX_BACKEND"].partition(":")
    if name != "xla":
        return
    path = rest.split(",")[0]
    stamp = digest(path)
    if done("plugin", stamp):
        return
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    result = subprocess.run([PYTHON, "-c", code, path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if result.returncode != 0:
        why = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise Stop("the XLA plugin does not load (%s): install what is missing, as a rule apt-get install libstdc++6" % "".join(why))
    stamp_done("plugin", stamp)


@contextlib.contextmanager
def alone():
    """Waits until no other set-up is at work in this checkout."""
    with contextlib.ExitStack() as stack:
        try:
            os.makedirs(CACHE, exist_ok=True)
            lock = stack.enter_context(open(os.path.join(CACHE, "lock"), "w"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another set-up is at work here: waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            pass  # a checkout that is read-only, or on a file system without locks
        yield


def set_up():
    """Does what is missing. Returns the environment for our commands, the backend's part of it included."""
    start = time.time()
    check_machine()
    env = base_env()
    fresh = not os.path.exists(os.path.join(VENV, "stamps", "warm"))
    if fresh:
        say("first run: a few minutes, about 1 GB; everything goes into this folder and Go's caches")
    make_venv(env)
    pip_install("requirements", "JupyterLab and XLA for the CPU", env)
    chosen = choose_backend(env)
    go = find_go(env)
    cc = find_cc(env)
    fetch_modules(env)
    build_tools(env, TOOLS, "tools", "Go tools: gonb, gopls, goimports")
    backend = backend_env(chosen, site_packages())
    check_plugin(backend)
    write_settings(env, backend)
    warm_build(env, backend)
    env.update(backend)
    if fresh:
        say("ready in %.0f s: %s, C compiler %s, backend %s" % (time.time() - start, go, cc, backend["GOMLX_BACKEND"].split(":")[0] + " on " + chosen))
    return env


# --- the commands ---


def first_view():
    """Lays out JupyterLab for the first start: the README, beside the notebooks. Later starts show what was open last."""
    path = os.path.join(JUPYTER, "workspaces", "default-37a8.jupyterlab-workspace")  # JupyterLab's name for /lab
    if not os.path.exists(path):
        write(path, read(os.path.join(SETUP, "workspace.json")))


def lab(env):
    first_view()
    argv = [PYTHON, "-m", "jupyterlab", "--config=" + os.path.join(SETUP, "jupyter_server_config.py")]
    if os.geteuid() == 0:
        argv.append("--allow-root")
    os.chdir(ROOT)
    os.execve(PYTHON, argv + shlex.split(os.environ.get("LAB_ARGS", "")), env)


def print_env(env):
    """Shell lines for `eval "$(make -s env)"`: what go test and go run need by hand."""
    names = ["GOMLX_BACKEND", "GOMLX_NO_AUTO_INSTALL", "LD_LIBRARY_PATH", "XLA_FLAGS", "CC", "CGO_ENABLED", "GOTOOLCHAIN", "GOCACHE", "GOMODCACHE"]
    for name in names + sorted(jupyter_env()):
        if env.get(name) and env[name] != os.environ.get(name):
            print("export %s=%s" % (name, shlex.quote(env[name])))
    go = os.path.dirname(shutil.which("go", path=env["PATH"]) or BIN)
    print('export PATH=%s:"$PATH"' % shlex.quote(os.pathsep.join(dict.fromkeys([BIN, go]))))


def offline(env):
    return dict(env, GOPROXY="off", GOFLAGS="")


def fault_table(rows):
    """The rows that tests gave to internal/faults: each fault, the very line that a user sees of it, what is kept."""
    lines = ["", "| fault | what the user sees | what is kept | |", "|---|---|---|---|"]
    for (fault, seen, kept), green in sorted(rows):
        lines.append("| %s | %s | %s | %s |" % (fault, "`%s`" % seen if seen else "nothing", kept, "ok" if green else "FAIL"))
    return "\n".join(lines + ["%d faults, %d green" % (len(rows), sum(green for _, green in rows)), ""])


def go_test(env, args):
    """go test, with one line for each package and each skipped test, the output of what failed, the table of the faults
    that were tried, and a count at the end. Nothing comes from Go's cache of test results: it does not notice what changed
    outside the module, and would go on skipping what a browser or a package installed since makes possible. RACE=1 turns
    Go's race detector on, which needs gcc or clang."""
    # Without checkptr, which -race brings along and which GoMLX's matrix products in pure Go do not pass.
    race = ["-race", "-gcflags=all=-d=checkptr=0"] if os.environ.get("RACE") else []
    process = subprocess.Popen(["go", "test", "-json", "-count=1"] + race + args, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8", errors="replace")
    outputs, count = {}, {"pass": 0, "fail": 0, "skip": 0}
    broken = 0
    faults, rows = {}, []  # of tests that go on; of those that ended
    skipped = []
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            print(line, end="")
            continue
        action, test = event.get("Action"), event.get("Test", "")
        key = (event.get("Package") or event.get("ImportPath", ""), test)
        if action in ("output", "build-output"):
            outputs.setdefault(key, []).append(event["Output"])
        elif action == "attr" and event["Key"] == "fault":
            faults.setdefault(key, []).append(json.loads(event["Value"]))
        elif action in count and test:
            count[action] += 1
            rows += [(row, action == "pass") for row in faults.pop(key, [])]
            if action == "fail":
                print("".join(outputs.get(key, [])), end="", flush=True)
            elif action == "skip":
                reason = [o.strip() for o in outputs.get(key, []) if not o.startswith(("===", "---")) and "--- SKIP" not in o]
                skipped.append("skip %s: %s" % (test, " ".join(reason)))
                print(skipped[-1], flush=True)
            outputs.pop(key, None)
        elif action in ("pass", "fail", "skip"):
            if action == "fail" and not any(o.startswith("FAIL") and "build failed" not in o for o in outputs.get(key, [])):
                broken += 1
            print("".join(outputs.get(key, [])), end="", flush=True)
        elif action == "build-fail":
            print("".join(outputs.get(key, [])), end="", flush=True)
    code = process.wait()
    if code and not count["fail"]:
        broken = max(broken, 1)
    if rows:
        print(fault_table(rows), flush=True)
    if skipped and os.environ.get("FORBID_SKIPS"):
        print("FAIL: FORBID_SKIPS is set, and tests were skipped:\n" + "\n".join(skipped), flush=True)
        code = code or 1
    print("%d passed, %d failed, %d skipped%s" % (count["pass"], count["fail"] + broken, count["skip"], " (a package did not build or run)" if broken else ""), flush=True)
    return code


def test(env):
    build_tools(env, STATICCHECK, "staticcheck", "staticcheck")
    env = offline(env)
    failed = 0
    files = output(["git", "ls-files", "-co", "--exclude-standard", "*.go"], env).splitlines()
    files = files or [os.path.join(d, f) for d, _, names in os.walk(ROOT) if "/." not in d[len(ROOT):] for f in names if f.endswith(".go")]
    files = [f for f in files if os.path.exists(os.path.join(ROOT, f))]
    checks = {"gofmt": ["go", "run", "cmd/gofmt", "-l"] + files, "go vet": ["go", "vet", "./..."], "staticcheck": ["staticcheck", "./..."]}
    for name, argv in checks.items():  # the Go wheel brings no gofmt of its own
        result = subprocess.run(argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = result.stdout.decode("utf-8", "replace")
        bad = result.returncode != 0 or (name == "gofmt" and text)
        failed += bool(bad)
        print("%s: %s" % (name, "\n" + text.rstrip() if bad else "clean"), flush=True)
    args = shlex.split(os.environ.get("TEST_ARGS", "")) or ["-timeout=85m", "./..."]
    code = go_test(env, args)
    if failed and not code:
        print("FAIL: tests pass, but the checks above do not", flush=True)
    return 1 if code or failed else 0


def notebooks(env):
    """Runs every notebook from its first cell and writes its outputs back, each only if all of its cells ran. They run
    as copies in a folder of their own, so that no model trained before is found, or lost."""
    folder = os.path.join(ROOT, "notebooks")
    names = sorted(n for n in os.listdir(folder) if n.endswith(".ipynb"))
    failed = 0
    for name in names:
        start = time.time()
        with tempfile.TemporaryDirectory(dir=CACHE) as out:
            copy = shutil.copy(os.path.join(folder, name), out)
            argv = [PYTHON, "-m", "nbconvert", "--to=notebook", "--execute", "--inplace", "--log-level=ERROR",
                    "--ExecutePreprocessor.kernel_name=" + KERNEL, "--ExecutePreprocessor.timeout=600",
                    "--ExecutePreprocessor.startup_timeout=120", "--ExecutePreprocessor.record_timing=False", copy]  # fmt: skip
            code = subprocess.call(argv, env=offline(env), cwd=out, stdin=subprocess.DEVNULL)
            if code:
                failed += 1
                say("%s: a cell failed (above); the file is left as it was" % name)
                continue
            notebook = json.loads(read(copy))
        strip(notebook)
        write(os.path.join(folder, name), json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        say("%s: done in %.0f s" % (name, time.time() - start))
    return 1 if failed else 0


def strip(notebook):
    """Removes what differs from run to run, or from machine to machine, and says nothing to a reader."""
    for cell in notebook["cells"]:
        for key in ("execution", "ExecuteTime", "collapsed", "scrolled"):
            cell.get("metadata", {}).pop(key, None)
    metadata = notebook["metadata"]
    metadata["kernelspec"] = {"display_name": json.loads(read(os.path.join(SETUP, "kernel.json")))["display_name"], "language": "go", "name": KERNEL}


def data(env):
    return subprocess.call(["go", "run", "./datasets/download"], env=env, cwd=ROOT)


def peers(env):
    """An environment of its own for what the lessons are measured against, JAX and PyTorch. Returns its Python."""
    if sys.version_info < (3, 11):
        raise Stop("JAX and PyTorch are pinned for Python 3.11 or newer, this is %s" % platform.python_version())
    make_venv(env, PEERS)
    pip_install("peers", "JAX and PyTorch (about 3 GB)", env, PEERS)
    return os.path.join(PEERS, "bin", "python")


def artifacts(name):
    os.makedirs(ARTIFACTS, exist_ok=True)
    return os.path.join(ARTIFACTS, name)


def bench(env):
    """Our epoch beside JAX's and PyTorch's first, while nothing else runs; then the Go benchmarks of each package."""
    program = artifacts("bench-program")
    python = peers(env)
    env = offline(env)
    code = subprocess.call(["go", "build", "-o", program, "./bench"], env=env, cwd=ROOT)
    code = code or subprocess.call([program, "-python", python, "-out", ARTIFACTS], env=env, cwd=ROOT, stdin=subprocess.DEVNULL)
    argv = ["go", "test", "-run=^$", "-bench=.", "-benchmem", "./..."]
    return subprocess.call(argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL) or code


def parity(env):
    argv = [peers(env), os.path.join(ROOT, "parity", "check.py"), artifacts("parity.txt")]
    return subprocess.call(argv, env=offline(env), cwd=ROOT, stdin=subprocess.DEVNULL)


def gpu_check(env):
    """One program with the golden files and MNIST inside, that compares a GPU with PyTorch's numbers and times epochs on
    it. It needs a PJRT plugin and the driver, neither Go nor this checkout. Where the set-up found a GPU, it is run."""
    program = artifacts("gpu-check")
    code = subprocess.call(["go", "test", "-c", "-o", program, "./autoencoder"], env=offline(env), cwd=ROOT)
    if code:
        return code
    argv = [program, "-test.v", "-test.run=EqualPyTorch|EqualsPyTorch", "-test.bench=Epoch"]
    backend = env["GOMLX_BACKEND"]
    if "tf32=" not in backend:
        say("no NVIDIA driver here. Where there is one and a CUDA plugin of PJRT:")
        for tf32 in ("false", "true"):
            print("GOMLX_BACKEND=xla:/path/to/plugin.so,preallocate=false,tf32=%s ./%s" % (tf32, " ".join(map(shlex.quote, [os.path.basename(program)] + argv[1:]))))
        return 0
    for tf32 in ("false", "true"):
        say("TF32 " + {"false": "off", "true": "on"}[tf32])
        code = subprocess.call(argv, env=dict(env, GOMLX_BACKEND=re.sub("tf32=[a-z]*", "tf32=" + tf32, backend)), cwd=ARTIFACTS) or code
    return code


def clean():
    """Removes what the set-up made. Notebooks and data are never touched; trained models only after a yes."""
    for folder in (VENV, PEERS, CACHE, JUPYTER):
        if os.path.isdir(folder):
            say("removing " + os.path.relpath(folder, ROOT))
            remove(folder)
    models = [os.path.join(d, n) for d, names, _ in os.walk(ROOT) for n in names if n == "checkpoints"]
    if models and sys.stdin.isatty():
        for folder in models:
            if input("setup: remove the trained models in %s? [y/N] " % os.path.relpath(folder, ROOT)).strip().lower() in ("y", "yes"):
                shutil.rmtree(folder)
    elif models:
        say("kept the trained models in " + ", ".join(os.path.relpath(m, ROOT) for m in models))
    return 0


def newer_python():
    """Starts this script again with a Python that is new enough, if there is one."""
    for minor in (13, 12, 11, 10):
        found = shutil.which("python3.%d" % minor)
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found] + sys.argv)
    raise Stop("Python 3.10 or newer is needed, this is %s: apt-get install python3 python3-venv, or dnf install python3.12" % platform.python_version())


def main(command):
    commands = {"setup": lambda env: 0, "lab": lab, "test": test, "env": print_env, "notebooks": notebooks, "data": data, "bench": bench, "parity": parity, "gpu-check": gpu_check}
    if sys.version_info < (3, 10):
        newer_python()
    if command == "clean":
        return clean()
    if command not in commands:
        raise Stop("no such command: %s; use one of %s, clean" % (command, ", ".join(commands)))
    with alone():
        env = set_up()
    return commands[command](env)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "setup") or 0)
    except Stop as problem:
        sys.exit("setup: %s" % problem)
    except KeyboardInterrupt:
        sys.exit("\nsetup: stopped; run it again to continue")
