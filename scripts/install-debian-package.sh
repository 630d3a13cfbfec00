#!/bin/sh
# PACKAGE COMMAND…: installs a package where this is root on Debian, unless the command, which looks for what it brings, succeeds
# already. Leaves no service running.
set -eu
package=$1
shift

found() { "$@" >/dev/null; }

if found "$@"; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # Debian starts the services of a package when it is installed, unless this file forbids it.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  install="apt-get install -y -qq --no-install-recommends $package"
  $install || { apt-get update -qq && $install; } || true
fi
if found "$@"; then exit 0; fi
echo "$package could not be installed: it takes root on Debian (apt-get install $package)" >&2
exit 1
