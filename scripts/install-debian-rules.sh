#!/bin/sh
# Installs Debian's modsecurity-crs: version 3 of the Core Rule Set, which has to load as it is. Does nothing when it is there.
set -eu

found() { [ -d /usr/share/modsecurity-crs/rules ]; }

if found; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  install="apt-get install -y -qq --no-install-recommends modsecurity-crs"
  $install || { apt-get update -qq && $install; } || true
fi
if found; then exit 0; fi
echo "modsecurity-crs could not be installed: it takes root on Debian (apt-get install modsecurity-crs)" >&2
exit 1
