#!/bin/sh
# Starts the kernel. In a class one account has set the checkout up, and another one may not read that account's caches: then
# the user's own take their place. make setup SHARED=1 keeps them in the checkout, where all can read them.
own=${HOME:-/tmp}/.cache/autoencoders
usable() { [ -r "$1" ] && [ -x "$1" ]; }
if [ -n "$GOCACHE" ] && ! usable "$GOCACHE"; then export GOCACHE="$own/go-build"; fi
if [ -n "$GOMODCACHE" ] && ! usable "$GOMODCACHE"; then
  export GOMODCACHE="$own/go-mod"
  unset GOPROXY # what the other account has downloaded cannot be read: this one does it once more
fi
for name in XDG_CONFIG_HOME XDG_CACHE_HOME TMPDIR; do
  eval "folder=\$$name"
  if [ -n "$folder" ] && ! [ -w "$folder" ]; then
    mkdir -p "$own/$name" && export "$name=$own/$name"
  fi
done
exec "$@"
