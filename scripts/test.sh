#!/bin/sh
# Types, lint and all tests; the last line is "N passed, N failed" (", N skipped" when some were), the exit code 1 when
# any failed. `full` as first argument: long property runs. Further arguments: test files instead of all.
set -eu
cd "$(dirname "$0")/.."

case $(uname -m) in x86_64 | amd64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) arch=none ;; esac
PATH="$PWD/node_modules/node-linux-$arch/bin:$PWD/node_modules/.bin:$PATH:$HOME/go/bin"
export PATH

if [ "${1:-}" = full ]; then
  shift
  export ACME_EDGE_TEST_FULL=1
fi

# Without Pebble its tests are skipped by name; with CI=true they fail.
sh scripts/install-pebble.sh || echo "going on without Pebble"
# So with Redis 7 or newer, which the tests of `store: redis://…` start servers of.
sh scripts/install-debian-package.sh redis-server command -v redis-server >/dev/null || echo "going on without Redis"
# So with the Core Rule Set of Debian: version 3, which has to load as it is.
sh scripts/install-debian-package.sh modsecurity-crs test -d /usr/share/modsecurity-crs/rules || echo "going on without Debian's modsecurity-crs"
# And with the real ModSecurity, which the differential tests compare with.
sh scripts/install-libmodsecurity.sh >/dev/null || echo "going on without libmodsecurity"
# With the client that puts edges under load.
sh scripts/install-debian-package.sh nghttp2-client command -v h2load >/dev/null || echo "going on without h2load"
# And with the clients that the local CA is tested with.
sh scripts/install-lego.sh >/dev/null || echo "going on without lego"
sh scripts/install-certbot.sh >/dev/null || echo "going on without certbot"
[ -d .tap/plugins ] || tap build

exec node scripts/run-tests.ts "$@"
