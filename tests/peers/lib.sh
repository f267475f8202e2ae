# For the scripts of this folder: where things are kept, and programs that run beside the test.
# Every script: SCRIPT install | start DIR PORT | stop DIR. Starting what runs already changes nothing.
set -euo pipefail
cache=${BASCULE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bascule-tests}

usage() { echo "usage: $0 install | start DIR PORT | stop DIR" >&2; exit 2; }

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
    if [ $SECONDS -ge $until ]; then echo "$0: gave up waiting for: $*" >&2; return 1; fi
    sleep 0.1
  done
}

answers() { curl -s -o /dev/null --max-time 2 "$1"; }     # any HTTP status
healthy() { curl -sf -o /dev/null --max-time 2 "$1"; }    # 2xx

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
  local stamp="$cache/bin/$1.version"
  [ -x "$cache/bin/$1" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$2" ] && return
  mkdir -p "$cache/bin"
  GOBIN="$cache/bin" nice go install "$2"
  echo "$2" >"$stamp"
}
