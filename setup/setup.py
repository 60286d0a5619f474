"""Sets the lessons up inside this checkout: setup, env, exec COMMAND …, peers, classroom (see Makefile).

Everything goes into .venv, .cache and .jupyter, which git ignores, and into Go's own caches. uv keeps the Python packages and
Go what it built: a step that was interrupted is done again, and one that is done costs next to nothing. Standard library only;
the Python that runs this file need not be the one of the lessons.
"""

import contextlib
import fcntl
import fnmatch
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
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SETUP = os.path.join(ROOT, "setup")
VENV, CACHE, JUPYTER, BUNDLE = (os.path.join(ROOT, name) for name in (".venv", ".cache", ".jupyter", "bundle"))
BIN = os.path.join(VENV, "bin")
PYTHON = os.path.join(BIN, "python")
UV_FOLDER = os.path.join(CACHE, "uv")
UV = os.path.join(UV_FOLDER, "bin", "uv")

# Environments beside that of the lessons, each with a lock of its command's name: what it holds, and its folder.
EXTRA = {
    "peers": ("JAX and PyTorch (about 3 GB)", ".venv-peers"),
    "classroom": ("nbgrader, JupyterHub and Node", ".venv-classroom"),
}

# What the user's environment may change here, and what not, with the reason. The first row that fits a name holds; a name
# without a row stays as it is. What is dropped is empty for the kernel as well, whoever starts it. For pip's names see PIP.
ENVIRONMENT = (
    ("keep", "GOPROXY GONOPROXY GOPRIVATE GOSUMDB GONOSUMDB GOINSECURE GOAUTH", "where modules come from is a matter of the network; from `go env -w` too"),
    ("keep", "GOCACHE GOMODCACHE GOPATH GOTMPDIR", "where there is room; from `go env -w` too"),
    ("keep", "CC", "the user's compiler, if it compiles"),
    ("drop", "GOENV", "of what `go env -w` wrote the rows above are taken: the rest would change what is built"),
    ("drop", "GOROOT GOTOOLDIR", "of another release: its compiler does not match the go that runs"),
    ("drop", "GO111MODULE GOWORK GOFLAGS GOBIN GOVCS", "another way to build than the one that is tested"),
    ("drop", "GOOS GOARCH GOAMD64 GOARM64 GOEXPERIMENT GOFIPS140 GOCACHEPROG", "programs for another machine, or of another compiler"),
    ("drop", "CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS CXX AR", "flags for somebody's C library: ours needs none, and each set builds everything anew"),
    ("drop", "XLA_FLAGS TF_XLA_FLAGS NVIDIA_TF32_OVERRIDE", "other numbers than the lessons'; and at a flag that it does not know XLA ends the process"),
    ("keep", "LD_LIBRARY_PATH LD_PRELOAD", "Python itself may need them; where XLA does not bear them, cells get none (checkPlugin in setup/tools)"),
    ("drop", "PYTHON?*", "modules, homes and warnings of another Python (this file runs with -I)"),
    ("drop", "VIRTUAL_ENV CONDA_PREFIX", "an environment that happens to be active is not ours"),
    ("drop", "PIP_*", "PIP_USER or PIP_TARGET would install elsewhere; what is of the network goes through PIP"),
    ("keep", "UV_HTTP_TIMEOUT UV_HTTP_RETRIES UV_LINK_MODE UV_KEYRING_PROVIDER UV_INSECURE_HOST UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL", "of the network and the disk; pip's own come first"),
    ("drop", "UV_*", "another Python, another folder, other versions than the lock's"),
    ("keep", "JUPYTER_TOKEN", "the server's token may be chosen"),
    ("drop", "JUPYTER*", "the user's own JupyterLab stays out of the lessons, and they out of it"),
)  # fmt: skip

# The settings of pip that are handed on to the pip that brings uv, and to uv; from pip.conf and from PIP_ variables.
PIP = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_EXTRA_INDEX_URL", "find-links": "UV_FIND_LINKS", "no-index": "UV_NO_INDEX",
       "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE", "client-cert": "SSL_CLIENT_CERT", "proxy": "ALL_PROXY",
       "timeout": "UV_HTTP_TIMEOUT", "default-timeout": "UV_HTTP_TIMEOUT", "keyring-provider": "UV_KEYRING_PROVIDER"}  # fmt: skip

# What the output of a command that failed says of the cause, and what to do. The first that fits holds.
CAUSES = (
    ("[Nn]o space left|os error 28|quota exceeded|os error 122", "no room left (the disk is full, or a quota is): the lessons take 3 GB, in this folder and in Go's caches; make room, then run it again"),
    ("signal: killed|[Cc]annot allocate memory|MemoryError|out of memory", "the machine is out of memory: end other programs, then run it again"),
    ("failed to symlink|symbolic link", "the file system of this folder keeps no symbolic links: move the checkout to a folder of Linux's own"),
    ("[Rr]ead-only file system|os error 30|[Pp]ermission denied|os error 13|[Oo]peration not permitted", "you may not write there: {line}"),
    ("[Hh]ash mismatch|DO NOT MATCH THE HASHES|checksum mismatch|SECURITY ERROR", "what came is not what is pinned: a mirror or a proxy changed it, or cut it off; run it again, or use another index"),
    ("[Cc]ertificate|UnknownIssuer|x509", "the certificate of {host} is not trusted here: install ca-certificates, or let SSL_CERT_FILE name that of your proxy"),
    ("4(01|03|07) [A-Z]|Proxy Authentication", "{host} refuses: check its address, name and password in the settings of pip, Go or the proxy"),
    ("disabled by GOPROXY=off|module lookup disabled", "GOPROXY=off forbids Go's downloads: name a proxy in GOPROXY for the first set-up"),
    ("dns error|no such host|name resolution|unreachable|[Cc]onnection (refused|reset)|[Tt]imed out|timeout|dial tcp|Failed to fetch|error sending request|proxyconnect", "{host} cannot be reached: check the network, and the index or proxy that is set; then run it again, it continues"),
    ("No interpreter found", "no Python here is one that the lessons take (CPython 3.10 to 3.15): apt-get install python3, or dnf install python3.12"),
    ("no usable wheels|no wheels with a matching|No matching distribution|not a supported wheel", "there is no wheel for Python {python} on {machine}: install CPython 3.10 to 3.15 (Linux with glibc, x86_64 or aarch64), or name one, as in make lab PYTHON=python3.12"),
)  # fmt: skip


class Stop(Exception):
    """What went wrong and what to do, in one line."""


def say(text):
    print("setup: " + text, file=sys.stderr, flush=True)


def read(path, default=""):
    with contextlib.suppress(OSError), open(path, encoding="utf-8") as f:
        return f.read()
    return default


def write(path, text):
    """Writes text to path in one step, and only if it differs."""
    if read(path, None) == text:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".part", path)


def ask(argv, env):
    """The status of a command, -1 if it cannot be run, and its output without the last newline."""
    try:
        done = subprocess.run(argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return -1, ""
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def output(argv, env):
    return ask(argv, env)[1]


def run(what, argv, env, cwd=ROOT):
    """Runs a command between two lines; its output is shown only if it fails, and then its cause."""
    start = time.time()
    say(what + " ...")
    done = subprocess.run(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 0:
        return say("%s: done in %.0f s" % (what, time.time() - start))
    text = done.stdout.decode("utf-8", "replace").strip()
    print(text[-4000:], file=sys.stderr)
    raise Stop("%s failed: %s" % (what, cause(text) or "its own words stand above"))


def cause(text):
    """The cause of a failure and what to do, in a line; or "" if the text does not say."""
    for pattern, hint in CAUSES:
        lines = [line.strip() for line in text.splitlines() if re.search(pattern, line)]
        if lines:
            hosts = re.findall(r"https?://(?:[^/@\s]*@)?([^/\s`)\"',]+)", text) or re.findall(r"(?:tcp|lookup|host=') ?([\w.\[\]:-]*[\w\]])", text) or ["the network"]
            return hint.format(line=lines[-1], host=hosts[-1], python=platform.python_version(), machine=platform.machine())
    return ""


@contextlib.contextmanager
def once(stamp, whole, *inputs):
    """Yields None if what these inputs lead to is there, True if what others led to is, and else False. A kill leaves no stamp."""
    value = hashlib.sha256("\0".join(map(str, inputs)).encode("utf-8", "surrogateescape")).hexdigest()
    before = read(stamp)
    if whole and before == value:
        yield None
        return
    with contextlib.suppress(FileNotFoundError):
        os.remove(stamp)
    yield bool(whole and before)
    write(stamp, value)


# --- the machine and its environment ---


def foreign(path):
    """The line for a file or folder that the user may not write, or its nearest folder that exists."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    if os.stat(path).st_uid == os.geteuid() or os.geteuid() == 0:
        return Stop("%s is read-only: move the checkout to a disk that can be written to" % path)
    owner = output(["stat", "-c", "%U", path], None) or "somebody else"
    return Stop("%s is %s's, and you may not write there: use that account, or git clone %s into a folder of your own" % (path, owner, ROOT))


def check_machine():
    """Stops at what no step could mend: the checkout's name, its owner, its file system."""
    bad = [c for c in ",:\\\"'\n" if c in ROOT]
    if bad:
        raise Stop("the folder %s has %r in its name, which Go workspaces and PATH cannot carry: rename it" % (ROOT, bad[0]))
    if sys.platform != "linux":
        say("made for Linux; on %s there is no pinned XLA plugin, so the pure Go backend is used" % platform.system())
    for folder in (ROOT, VENV, CACHE, JUPYTER):
        if os.path.exists(folder) and not os.access(folder, os.W_OK):
            raise foreign(folder)
    if os.statvfs(ROOT).f_flag & getattr(os, "ST_NOEXEC", 0):
        raise Stop("%s is on a disk whose programs may not run (noexec): move the checkout to another" % ROOT)
    os.makedirs(CACHE, exist_ok=True)


def kept(name):
    rows = (what for what, names, _ in ENVIRONMENT for pattern in names.split() if fnmatch.fnmatchcase(name, pattern))
    return next(rows, "keep") == "keep"


def listed(what):
    """The names of the table's rows that keep or drop, but for the patterns."""
    return [name for row in ENVIRONMENT if row[0] == what for name in row[1].split() if "*" not in name]


def jupyter_env(env):
    """JupyterLab's folders, in the checkout; the one that holds its token where nobody else can read it."""
    runtime = os.path.join(JUPYTER, "runtime")
    os.makedirs(runtime, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=runtime) as f:
        if os.stat(f.name).st_mode & 0o077:  # a file system without modes: a share, a disk of Windows
            runtime = env.get("XDG_RUNTIME_DIR") or os.path.expanduser("~/.local/share/jupyter/runtime")
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython"}
    return dict({name: os.path.join(JUPYTER, folder) for name, folder in folders.items()}, JUPYTER_RUNTIME_DIR=runtime)


def chosen(name, meaning):
    """Whether the user has set this variable, now or for an earlier set-up of this checkout."""
    path = os.path.join(CACHE, name.lower())
    if os.environ.get(name):
        write(path, meaning + "\n")
    return os.path.exists(path)


def bundled(folder):
    """The address of a folder of make bundle's archive, which holds all that would be fetched. An address has no blanks."""
    return "file://" + urllib.parse.quote(os.path.join(BUNDLE, folder))


def base_env():
    """What every command of ours runs in: nothing outside the checkout is written but Go's caches."""
    env = {name: value for name, value in os.environ.items() if kept(name)}
    ours = {"GOPATH": os.path.join(CACHE, "go"), "GOCACHE": os.path.join(CACHE, "go-build")}
    if chosen("SHARED", "Go's caches are in this folder, for all who use this set-up."):
        env.update(ours, GOMODCACHE=os.path.join(CACHE, "go", "pkg", "mod"))
    elif not os.access(env.get("HOME", ""), os.W_OK):
        env = dict(ours, **env)
    if os.path.isdir(BUNDLE):
        env["GOPROXY"] = bundled("modules")
    tmp = env.get("TMPDIR") or "/tmp"
    if not os.access(tmp, os.W_OK) or os.statvfs(tmp).f_flag & getattr(os, "ST_NOEXEC", 0):
        tempfile.tempdir = env["TMPDIR"] = os.path.join(CACHE, "tmp")  # go run and GoNB build there, and run what they built
        os.makedirs(env["TMPDIR"], exist_ok=True)
    env.update(PATH=BIN + os.pathsep + env.get("PATH", os.defpath), CGO_ENABLED="1", GOFLAGS="-buildvcs=false", PYTHONNOUSERSITE="1",
               XDG_CONFIG_HOME=os.path.join(CACHE, "config"), npm_config_cache=os.path.join(CACHE, "npm"))  # fmt: skip
    write(os.path.join(CACHE, "config", "go", "telemetry", "mode"), "off")
    return dict(env, **jupyter_env(env))


# --- Python ---


def pip(env):
    """A pip of this machine, and what it knows of the network from its files and variables, as far as PIP hands it on."""
    own = os.path.join(CACHE, "pip", "bin", "python")
    pythons = [sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin") or own, own]
    argv = next(([p, "-I", "-m", "pip"] for p in pythons if ask([p, "-I", "-m", "pip", "--version"], env)[0] == 0), None)
    if not argv:
        argv = [own, "-I", "-m", "pip"]
        if not any(ask([p, "-I", "-m", "venv", "--clear", os.path.join(CACHE, "pip")], env)[0] == 0 for p in pythons[:2]):
            raise Stop("Python has neither pip nor venv here: apt-get install python3-venv, or dnf install python3-pip")
    lines = output(argv + ["config", "list"], dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")).splitlines()
    found = {}
    for section in ("global", "install", ":env:"):  # the last one holds
        for name, _, value in (line.partition("=") for line in lines):
            if name.rpartition(".")[0] == section and name.rpartition(".")[2] in PIP:
                found[name.rpartition(".")[2]] = " ".join(value.strip("'\"").replace("\\n", " ").split())
    if os.path.isdir(BUNDLE):
        return argv, {"find-links": bundled("wheels"), "no-index": "1"}
    links = found.get("find-links", "").split()  # uv takes a folder that is missing for an error
    found["find-links"] = " ".join(p for p in links if "://" in p or os.path.isdir(p))
    return argv, {key: value for key, value in found.items() if value}


def bring_uv(env):
    """Brings uv, by hash, with a pip of this machine."""
    lock = os.path.join(SETUP, "uv-itself.lock")
    with once(os.path.join(CACHE, "uv.done"), os.path.exists(UV), read(lock), platform.machine()) as before:
        if before is not None:
            argv, settings = pip(env)
            own = {"PIP_" + key.upper().replace("-", "_"): value for key, value in settings.items()}
            own.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_CACHE_DIR="1", PIP_RETRIES="2")  # at none pip does not say why
            own.update(dict.fromkeys(("RUSTUP_HOME", "CARGO_HOME"), os.path.join(CACHE, "rust")))  # pip asks rustc for its version; rustup's makes a folder
            shutil.rmtree(UV_FOLDER, ignore_errors=True)
            run("uv", argv + ["install", "--require-hashes", "--only-binary=:all:", "--no-deps", "--target", UV_FOLDER, "-r", lock], dict(env, **own))


def python_packages(what, locks, env, folder=VENV, oldest=(3, 10), newest=(3, 15)):
    """Brings an environment to just what the locks name, from what is here already if it can. It may be moved afterwards."""
    python = os.path.join(folder, "bin", "python")
    env = dict(env, VIRTUAL_ENV=folder, PATH=env["PATH"].replace(BIN + os.pathsep, "", 1), UV_CACHE_DIR=os.path.join(CACHE, "uv-cache"), UV_NO_CONFIG="1",
               UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1", UV_COMPILE_BYTECODE="1", UV_SYSTEM_CERTS="1",
               UV_INDEX_STRATEGY="unsafe-best-match")  # fmt: skip  (whichever index answers: hashes hold)
    version = output([python, "-I", "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"], env)
    whole = bool(version) and os.path.isdir(os.path.join(folder, "lib", version, "site-packages"))
    paths = [os.path.join(SETUP, name + ".lock") for name in locks]
    with once(os.path.join(folder, "done"), whole, *map(read, paths)) as before:
        if before is None:
            return
        if not before:
            fits = oldest <= sys.version_info[:2] <= newest and sys.implementation.name == "cpython" and "t" not in sys.abiflags
            other = "cpython>=%d.%d,<%d.%d" % (oldest + (newest[0], newest[1] + 1))
            run("Python environment", [UV, "venv", "--clear", "--relocatable", "--python", sys.executable if fits else other, folder], env)
        argv = [UV, "pip", "sync", "--require-hashes", "--only-binary=:all:"] + paths
        if ask(argv + ["--offline"], env)[0] != 0:
            settings = pip(env)[1]
            run(what, argv + ["--no-index"] * ("no-index" in settings), dict(env, **{PIP[key]: value for key, value in settings.items()}))


def version(text):
    """(1, 26, 5) of go1.26.5, (580, 65, 6) of 580.65.06."""
    return tuple(([int(n) for n in re.findall(r"\d+", text)[:3]] + [0] * 3)[:3])


# --- Go, the C compiler and XLA ---


def find_go(env):
    """Puts a Go of go.mod's release, or a later patch of it, on env's PATH. False: there is none, the pinned wheel is needed.

    Not a later release: gopls and the linters that are pinned cannot read what its compiler writes. Such a Go, as one that is
    too old, fetches the toolchain that go.mod names.
    """
    line = dict(line.split() for line in read(os.path.join(ROOT, "go.mod")).splitlines() if line.startswith(("go ", "toolchain ")))
    need = version(line["go"])
    path = [p for p in env["PATH"].split(os.pathsep) + ["/usr/local/go/bin"] if p != BIN]
    env["GOTOOLCHAIN"] = "local"
    go = shutil.which("go", path=os.pathsep.join(path))
    if not go:
        return False
    have = version(output([go, "env", "GOVERSION"], env))
    found = dict(env, PATH=os.pathsep.join([BIN, os.path.dirname(go)] + path))
    if have[:2] != need[:2] or have < need:
        found["GOTOOLCHAIN"] = line["toolchain"]
        say("%s, since here is %s ..." % (line["toolchain"], output([go, "env", "GOVERSION"], env) or "none that runs"))
    if have < (1, 21, 0) or version(output([go, "env", "GOVERSION"], found))[:2] != need[:2]:
        return False
    env.update(found)
    return True


def go_settings(env):
    """Takes from `go env -w` what the table keeps, and settles Go's folders. From then on the user's configuration is out of sight."""
    theirs = os.environ.get("GOENV") or os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "go", "env")
    found = json.loads(output(["go", "env", "-json"] + [name for name in listed("keep") if name.startswith("GO")], dict(env, GOENV=theirs)) or "{}")
    if not found:
        raise Stop("Go does not run here: install the Go that go.mod names from go.dev/dl")
    env.update({name: value for name, value in found.items() if value}, GOENV="off", XDG_CACHE_HOME=os.path.join(CACHE, "xdg"))


def find_cc(env):
    """Sets CC to a C compiler that can compile and link. False: there is none, the pinned zig is needed."""
    wanted, zig = env.pop("CC", ""), "python -m ziglang cc"
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "a.c")
        write(source, "#include <stdlib.h>\n#include <dlfcn.h>\nint main(void) { return abs(0); }\n")
        for cc in [wanted] * (wanted not in ("", zig)) + ["gcc", "clang", "cc"]:
            if ask(shlex.split(cc) + [source, "-o", os.path.join(folder, "a")], env)[0] == 0:
                env["CC"] = cc
                return True
            if cc == wanted:
                say("CC=%s does not compile here: another compiler is taken" % cc)
    env.update(CC=zig, ZIG_GLOBAL_CACHE_DIR=os.path.join(CACHE, "zig"), ZIG_LOCAL_CACHE_DIR=os.path.join(CACHE, "zig"))
    return False


def has_nvidia_driver():
    """Whether CUDA 13 runs here. nvidia-smi and libcuda.so.1 alone say little: images carry them without a GPU."""
    text = output(["nvidia-smi", "--query-gpu=driver_version,compute_cap", "--format=csv,noheader"], None)
    if not text[:1].isdigit():
        if not os.path.exists("/dev/nvidia0"):
            return False
        text = "".join(re.findall(r" (\d+\.[\d.]+) ", read("/proc/driver/nvidia/version"))[:1])
    driver, _, capability = text.partition("\n")[0].partition(",")
    if version(driver) < (580, 0, 0):
        say("the NVIDIA driver %s is older than CUDA 13 takes (580): using the CPU" % (driver or "here"))
    elif capability and version(capability) < (7, 5, 0):
        say("the GPU's compute capability %s is below what CUDA 13 takes (7.5): using the CPU" % capability.strip())
    else:
        return True
    return False


def choose_backend():
    """The backend, cpu or cuda, and whether the CUDA wheels are wanted: BACKEND if given, else as before, else what the machine
    has. BACKEND=cuda brings the wheels even without a driver, for an image that is built on one machine and runs on another."""
    memory = os.path.join(CACHE, "backend")
    wanted = os.environ.get("BACKEND", "").strip() or read(memory).strip()
    if wanted not in ("", "cpu", "cuda"):
        raise Stop("BACKEND=%s is unknown: use BACKEND=cuda or BACKEND=cpu" % wanted)
    if wanted:
        write(memory, wanted)
    driver = has_nvidia_driver()
    cuda = wanted == "cuda" or (driver and not wanted)
    if cuda and platform.machine() != "x86_64":
        say("go-xla runs CUDA on x86_64 only: using the CPU")
        return "cpu", False
    if cuda and not driver:
        say("no NVIDIA driver that CUDA 13 takes (580 or newer): using the CPU until there is one")
    return ("cuda" if cuda and driver else "cpu"), cuda


def go_part(backend, env):
    """What Go does itself, with the program in setup/tools: the kernel, its tools, kernel.json, what cells import, and the
    program that copies the lessons. Returns what the backend needs in the environment."""
    tools = os.path.join(SETUP, "tools")
    files = [os.path.join(folder, name) for folder in (ROOT, SETUP, tools, os.path.join(SETUP, "gonb"), os.path.join(SETUP, "export")) for name in sorted(os.listdir(folder))]
    inputs = [read(path) for path in files if path.endswith((".mod", ".sum", ".go", ".patch", ".json", ".css", ".j2", "_export.py")) and not path.endswith("_test.go")]
    inputs += [env.get(name) for name in listed("keep") + ["TMPDIR", "GOTOOLCHAIN"]] + [shutil.which("go", path=env["PATH"]), ROOT, backend]
    kernel = os.path.join(VENV, "share", "jupyter", "kernels", "autoencoders", "kernel.json")  # written last
    with once(os.path.join(CACHE, "go.done"), os.path.exists(kernel), output(["go", "version"], env), *inputs) as before:
        if before is None:  # after a change in our packages the next cell is as quick
            ask(["go", "build", "./autoencoder/...", "./course"], dict(env, GOPROXY="off"))
        else:
            run("Go modules", ["go", "mod", "download"], env)
            run("Go tools: gonb, gopls, goimports", ["go", "run", ".", "-out", BIN, "gonb", "gopls", "goimports"], env, cwd=tools)
            run("kernel, and the packages that cells import", ["go", "run", ".", "-kernel", backend, "-drop", " ".join(listed("drop"))], env, cwd=tools)
    if ask(["go", "build", "-o", os.path.join(BIN, "lessons"), "./classroom/lessons"], dict(env, GOPROXY="off"))[0]:
        say("the program that copies the lessons into work/ does not build: go build ./classroom/lessons says why; the lessons to read are in notebooks/")
    return json.loads(read(os.path.join(CACHE, "backend.json")))


def set_up(command="setup"):
    """Does what is missing. Returns the environment for our commands, the backend's part of it included."""
    start, fresh = time.time(), not os.path.exists(os.path.join(CACHE, "go.done"))
    env = base_env()
    if fresh:
        say("first run: a few minutes, about 3 GB; everything goes into this folder and Go's caches")
    bring_uv(env)
    backend, cuda = choose_backend()
    hub = chosen("HUB", "JupyterHub's part of a student's server is in .venv.")
    locks = ["requirements"] + ["hub"] * hub + ["cuda"] * cuda + ["go"] * (not find_go(env)) + ["cc"] * (not find_cc(env))
    python_packages("JupyterLab and XLA" + " for NVIDIA (2 GB)" * cuda, locks, env)
    if command in EXTRA:
        what, folder = EXTRA[command]
        python_packages(what, [command], env, os.path.join(ROOT, folder), oldest=(3, 11), newest=(3, 14))
    go_settings(env)
    variables = go_part(backend, env)
    if fresh:
        say("ready in %.0f s: %s, C compiler %s, backend %s" % (time.time() - start, output(["go", "env", "GOVERSION"], env), env["CC"], variables["GOMLX_BACKEND"].split(":")[0] + " on " + backend))
    return dict(env, **variables)


@contextlib.contextmanager
def alone():
    """Waits until no other set-up is at work in this checkout."""
    with open(os.path.join(CACHE, "lock"), "w") as lock:
        with contextlib.suppress(OSError):  # a file system without locks
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another set-up is at work here: waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def print_env(env):
    """Shell lines for `eval "$(make -s env)"`: what go test and go run need by hand."""
    names = listed("drop") + ["GOMLX_BACKEND", "GOMLX_NO_AUTO_INSTALL", "LD_LIBRARY_PATH", "XLA_FLAGS", "CC", "CGO_ENABLED", "GOFLAGS", "GOTOOLCHAIN", "GOCACHE", "GOMODCACHE"]
    for name in dict.fromkeys(names + sorted(jupyter_env(env))):
        if name in env and env[name] != os.environ.get(name):
            print("export %s=%s" % (name, shlex.quote(env[name])))
        elif name not in env and name in os.environ:
            print("unset " + name)
    print('export PATH=%s:"$PATH"' % shlex.quote(os.pathsep.join(dict.fromkeys([BIN, os.path.dirname(shutil.which("go", path=env["PATH"]))]))))


def main(command, *arguments):
    if command not in ("setup", "env", "exec", *EXTRA):
        raise Stop("no such command: %s; use setup, env, exec, peers or classroom" % command)
    check_machine()
    with alone():
        env = set_up(command)
    if command == "env":
        print_env(env)
    elif command == "exec":
        os.chdir(ROOT)
        os.execvpe(arguments[0], arguments, env)


if __name__ == "__main__":
    try:
        main(*(sys.argv[1:] or ["setup"]))
    except Stop as problem:
        sys.exit("setup: %s" % problem)
    except KeyboardInterrupt:
        sys.exit("\nsetup: stopped; run it again to continue")
    except PermissionError as problem:
        sys.exit("setup: %s" % foreign(problem.filename or ROOT))
    except OSError as problem:
        sys.exit("setup: %s" % (cause(str(problem)) or problem))
