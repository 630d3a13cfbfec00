#!/bin/sh
# Installs Redis 7 or newer, which the tests of `store: redis://…` start servers of, where this is root on Debian. Does nothing
# when it is there, and leaves no service running.
set -eu

found() { command -v redis-server >/dev/null; }

if found; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # Debian's package starts a service when it is installed, unless this file forbids it.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  install="apt-get install -y -qq --no-install-recommends redis-server"
  $install || { apt-get update -qq && $install; } || true
fi
if found; then exit 0; fi
echo "Redis could not be installed: it takes root on Debian (apt-get install redis-server)" >&2
exit 1
