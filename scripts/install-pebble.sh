#!/bin/sh
# Installs Pebble, the ACME server that the tests issue from: 2.10.1 through Go, else the distribution's older package
# (the tests that need the newer one then skip by name). Does nothing when both programs are there.
set -eu
version=v2.10.1
PATH="$PATH:$HOME/go/bin"

found() { command -v pebble >/dev/null && command -v pebble-challtestsrv >/dev/null; }

if found; then exit 0; fi
if command -v go >/dev/null; then
  go install "github.com/letsencrypt/pebble/v2/cmd/pebble@$version" \
    "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@$version" || true
fi
if found; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends pebble || true
fi
if found; then exit 0; fi
echo "Pebble could not be installed: it takes Go (go install) or root on Debian (apt-get install pebble)" >&2
exit 1
