# For the scripts of this folder: programs that run beside a test, as the other side of it.
# Every script: SCRIPT install | start DIR PORT [CERT KEY] | stop DIR. Starting what runs already changes nothing.
# With CERT and KEY (PEM) the server speaks TLS. Keys are test / testsecret; hosts are BUCKET.localhost or the path.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

usage() { die "usage: $0 install | start DIR PORT [CERT KEY] | stop DIR"; }

# is_up DIR NAME: the program of DIR/NAME.pid lives.
is_up() { [ -s "$1/$2.pid" ] && kill -0 "$(cat "$1/$2.pid")" 2>/dev/null; }

# launch DIR NAME COMMAND…: in the background, output to DIR/NAME.log, pid to DIR/NAME.pid.
launch() {
  local dir=$1 name=$2; shift 2
  is_up "$dir" "$name" && return
  setsid "$@" >>"$dir/$name.log" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
}

# await SECONDS COMMAND…: until it succeeds.
await() {
  local until=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || die "$0: gave up waiting for: $*"
    sleep 0.1
  done
}

answers() { curl -sk -o /dev/null --max-time 2 "$1"; }     # any HTTP status
healthy() { curl -skf -o /dev/null --max-time 2 "$1"; }    # 2xx

# stop_programs DIR: ends each by its pid, and waits.
stop_programs() {
  local file pid
  for file in "$1"/*.pid; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
    rm -f "$file"
  done
}

# go_program NAME MODULE@VERSION: built once into the cache.
go_program() {
  local stamp="$CACHE/stamps/$1"
  [ -x "$CACHE/bin/$1" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$2" ] && return
  "$ROOT/tools/clients" go
  mkdir -p "$CACHE/bin" "$CACHE/stamps"
  say "building $1 (some minutes)"
  GOBIN="$(realpath "$CACHE/bin")" CGO_ENABLED=0 nice "$CACHE/bin/go" install "$2"
  echo "$2" >"$stamp"
}

# main ARGUMENTS…: dispatches to install_peer and start_peer DIR PORT SCHEME CERT KEY.
main() {
  case ${1:-}:$# in
    install:1) install_peer ;;
    start:3 | start:5)
      mkdir -p "$2"
      if [ $# = 3 ]; then start_peer "$(realpath "$2")" "$3" http "" ""; else
        start_peer "$(realpath "$2")" "$3" https "$(realpath "$4")" "$(realpath "$5")"; fi ;;
    stop:2) stop_programs "$2" ;;
    *) usage ;;
  esac
}
