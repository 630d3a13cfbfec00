#!/bin/sh
# Installs h2load, which tests put edges under load with, where this is root on Debian. Does nothing when it is there.
set -eu

found() { command -v h2load >/dev/null; }

if found; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  install="apt-get install -y -qq --no-install-recommends nghttp2-client"
  $install || { apt-get update -qq && $install; } || true
fi
if found; then exit 0; fi
echo "h2load could not be installed: it takes root on Debian (apt-get install nghttp2-client)" >&2
exit 1
