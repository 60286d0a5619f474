# make bundle-check: the archive of make bundle on a bare Debian with Python and make, for a user who is not root, in a folder with
# a blank in its name, without a network: from unpacking to the first plot. As root; DEBIAN may name a folder with a Debian in root/.
set -euo pipefail
archive=${1:-$(ls -t artifacts/autoencoders-*.tar.gz 2>/dev/null | head -1)}
[ -f "$archive" ] || { echo "bundle-check: no archive: make bundle first" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "bundle-check: only root may enter another root" >&2; exit 1; }
work=$(mktemp -d)
root=$work/root
finish() {
  if mountpoint -q "$root/proc"; then umount -l "$root/proc"; fi
  if ! grep -qF "$work" /proc/self/mounts; then rm -rf "$work"; fi
}
trap finish EXIT
if [ -n "${DEBIAN:-}" ]; then
  cp -a "$DEBIAN/root" "$root"
else
  debootstrap --variant=minbase --include=ca-certificates,make,python3,python3-venv bookworm "$root" >"$work/log" 2>&1 ||
    { tail -5 "$work/log"; echo "bundle-check: debootstrap failed" >&2; exit 1; }
fi
mount -t proc proc "$root/proc"
echo "127.0.0.1 localhost" >"$root/etc/hosts"
rm -f "$root/etc/resolv.conf"
chroot "$root" useradd --create-home --shell /bin/bash student
mkdir "$root/home/student/USB stick" && cp "$archive" "$root/home/student/USB stick/course.tar.gz"
cat >"$root/home/student/first-plot.py" <<'PY'
import base64, sys
import nbformat
from nbclient import NotebookClient

lesson = nbformat.read("work/01-linear-autoencoder.ipynb", as_version=4)
for last, cell in enumerate(lesson.cells):
    if "The first 40 training images" in cell.source:
        break
lesson.cells = lesson.cells[: last + 1]
NotebookClient(lesson, kernel_name="autoencoders", timeout=600, resources={"metadata": {"path": "work"}}).execute()
png = [o["data"]["image/png"] for o in lesson.cells[-1].outputs if "image/png" in o.get("data", {})]
assert len(png) == 1 and base64.b64decode(png[0]).startswith(b"\x89PNG"), lesson.cells[-1].outputs
PY
chroot "$root" chown -R student: /home/student

# as COMMAND: the student's, in a login environment of their own, where there is no network but the loopback.
as() {
  unshare --net bash -c 'ip link set lo up && exec chroot --userspec=student:student "$1" /usr/bin/env -i HOME=/home/student USER=student \
    LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin bash -c "cd \"/home/student/USB stick\" && $2"' - "$root" "$1"
}
start=$SECONDS
as 'tar xzf course.tar.gz'
echo "bundle-check: unpacked in $((SECONDS - start)) s: $(du -shm "$root/home/student/USB stick/autoencoders" | cut -f1) MB from $(du -shm "$archive" | cut -f1) MB"
as 'cd autoencoders && make setup' 2>"$work/log" || { tail -20 "$work/log"; echo "bundle-check: the set-up failed" >&2; exit 1; }
grep 'done in\|ready' "$work/log"
as 'cd autoencoders && eval "$(make -s env)" && .venv/bin/lessons && .venv/bin/python ~/first-plot.py' >"$work/log" 2>&1 ||
  { tail -20 "$work/log"; echo "bundle-check: no plot" >&2; exit 1; }
echo "bundle-check: the first plot $((SECONDS - start)) s after the archive was there; $(du -shm "$root/home/student" | cut -f1) MB in the home"
