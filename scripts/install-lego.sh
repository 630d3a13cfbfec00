#!/bin/sh
# Builds the client that uses lego's library (bench/acme/lego), which the benchmark compares with and the local CA is tested
# with, into the user's cache. Does nothing when it is there. The last line of the output is the program to run.
set -eu
source="$(cd "$(dirname "$0")/../bench/acme/lego" && pwd)"
sum=$(cat "$source/main.go" "$source/go.mod" "$source/go.sum" | cksum | cut -d ' ' -f 1)
program="${XDG_CACHE_HOME:-$HOME/.cache}/acme-edge/lego-client-$sum"

if ! [ -x "$program" ]; then
  if ! command -v go >/dev/null; then
    echo "lego could not be built: it takes Go 1.24 or newer" >&2
    exit 1
  fi
  # Built aside and moved: two test runs may begin at once.
  mkdir -p "$(dirname "$program")"
  trap 'rm -f "$program.$$"' EXIT
  (cd "$source" && go build -o "$program.$$" .) >&2
  mv "$program.$$" "$program"
fi
echo "$program"
