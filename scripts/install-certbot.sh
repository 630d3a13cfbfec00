#!/bin/sh
# Installs certbot, an ACME client that the local CA is tested with, in an environment of its own in the user's cache. Does
# nothing when it is there. The last line of the output is the program to run.
set -eu
version=5.8.0
place="${XDG_CACHE_HOME:-$HOME/.cache}/acme-edge/certbot-$version"

found() { "$place/bin/certbot" --version >/dev/null 2>&1; }

if ! found; then
  # Built where it stays, since programs of such an environment name their place; a lock keeps two test runs apart.
  mkdir -p "$(dirname "$place")"
  if ! mkdir "$place.lock" 2>/dev/null; then
    echo "certbot is being installed by somebody else ($place.lock)" >&2
    exit 1
  fi
  trap 'rmdir "$place.lock"' EXIT
  if ! { python3 -m venv "$place" && "$place/bin/python" -m pip install -q "certbot==$version"; } >&2; then
    echo "certbot could not be installed: it takes Python 3.10 or newer with venv, and a package index" >&2
    exit 1
  fi
  found || { echo "certbot is installed but does not run" >&2; exit 1; }
fi
echo "$place/bin/certbot"
