#!/bin/bash
# The S3 provider and the providers' conformance suite against real servers: plain and TLS, path and virtual-host style.
# real.sh [SERVER…]   default: rgw minio versitygw. BASCULE_PROVIDER_TEST: the test program; default: the one ./test builds.
# The last line: "N passed, N failed", counting tests.
set -euo pipefail
. "$(dirname "$0")/../../tools/common.sh"
peers=$ROOT/tests/peers
program=${BASCULE_PROVIDER_TEST:-$BUILD/sanitize/src/provider/provider_test}
[ -x "$program" ] || die "no test program at $program: build provider_test, or set BASCULE_PROVIDER_TEST"
servers=("$@")
[ $# -gt 0 ] || servers=(rgw minio versitygw)

work=$(mktemp -d)
trap 'for dir in "$work"/*/; do "$peers/${servers[0]}.sh" stop "$dir"; done; rm -rf "$work"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
  -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1 2>/dev/null

# Two free ports side by side.
free_port() {
  python3 - <<'PYTHON'
import random, socket
while True:
    port = random.randrange(20000, 32000)
    try:
        for p in (port, port + 1):
            with socket.socket() as s:
                s.bind(("127.0.0.1", p))
    except OSError:
        continue
    print(port)
    break
PYTHON
}

passed=0 failed=0
# check SERVER SCHEME ENDPOINT STYLE
check() {
  local log=$work/$1-$2-$4.log good bad
  BASCULE_S3_ENDPOINT=$3 BASCULE_S3_STYLE=$4 "$program" --gtest_filter='*S3Real*' >"$log" 2>&1 || true
  good=$(grep -c '^\[       OK \]' "$log" || true)
  bad=$(grep -cE '^\[  FAILED  \] [^ ]+ .*\([0-9]+ ms\)$' "$log" || true)
  if [ "$good" = 0 ] || ! grep -q '^\[  PASSED  \]' "$log"; then bad=$((bad > 0 ? bad : 1)); fi  # nothing ran, or it died
  echo "$1, $2, $4 style: $good passed, $bad failed"
  [ "$bad" = 0 ] || tail -n 25 "$log"
  passed=$((passed + good)) failed=$((failed + bad))
}

for server in "${servers[@]}"; do
  "$peers/$server.sh" install
  for scheme in http https; do
    dir=$work/$server-$scheme
    port=$(free_port)
    tls=()
    unset BASCULE_S3_CA_FILE
    if [ $scheme = https ]; then
      tls=("$work/cert.pem" "$work/key.pem")
      export BASCULE_S3_CA_FILE=$work/cert.pem
    fi
    if ! timeout 180 "$peers/$server.sh" start "$dir" "$port" "${tls[@]}" ||
       ! python3 "$ROOT/tests/s3/bucket.py" "$scheme://localhost:$port" bascule-test; then
      echo "$server, $scheme: did not start"
      failed=$((failed + 1))
      continue
    fi
    check "$server" $scheme "$scheme://localhost:$port" path
    check "$server" $scheme "$scheme://localhost:$port" virtual_host
    "$peers/$server.sh" stop "$dir"
  done
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
