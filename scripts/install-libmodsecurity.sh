#!/bin/sh
# Installs the real ModSecurity, which the differential tests compare with, as a Python package in an environment of its own
# in the user's cache. Does nothing when it is there. The last line of the output is the Python to run.
set -eu
version=3.0.15.post2
place="${XDG_CACHE_HOME:-$HOME/.cache}/acme-edge/libmodsecurity-$version"

found() { "$place/bin/python" -c 'import libmodsecurity' 2>/dev/null; }

if ! found; then
  # The environment is built aside and moved: two test runs may begin at once.
  building="$place.$$"
  mkdir -p "$(dirname "$place")"
  trap 'rm -rf "$building"' EXIT
  if ! { python3 -m venv "$building" && "$building/bin/python" -m pip install -q "libmodsecurity==$version"; } >&2; then
    echo "libmodsecurity could not be installed: it takes Python 3.9 or newer with venv, and a package index" >&2
    exit 1
  fi
  [ -e "$place" ] || mv "$building" "$place"
  found || { echo "libmodsecurity is installed but cannot be loaded" >&2; exit 1; }
fi
echo "$place/bin/python"
