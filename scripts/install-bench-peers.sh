#!/bin/sh
# Installs what the benchmark compares with and measures by, where this is root on Debian: nginx with libmodsecurity, haproxy,
# caddy, wrk, h2load. Does nothing when all are there, and starts none of them as a service.
set -eu
module=/usr/lib/nginx/modules/ngx_http_modsecurity_module.so

complete() {
  for program in nginx haproxy caddy wrk h2load taskset; do
    command -v "$program" >/dev/null || return 1
  done
  [ -f "$module" ]
}

if complete; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "The benchmark's peers could not be installed: it takes root on Debian" \
    "(apt-get install nginx libnginx-mod-http-modsecurity haproxy caddy wrk nghttp2-client)" >&2
  exit 1
fi

# Debian's packages start a service when they are installed, unless this file forbids it.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
apt-get update -qq
for package in nginx-light libnginx-mod-http-modsecurity haproxy caddy wrk nghttp2-client util-linux; do
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
    echo "$package could not be installed" >&2
done
complete
