# Sourced by ./run, ./test and the tools: where things lie, and how they speak.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${BASCULE_CACHE:-$ROOT/.cache}
BUILD=${BASCULE_BUILD:-$ROOT/build}
JOBS=${BASCULE_JOBS:-$(nproc)}
# The compiler's cache also serves builds with precompiled headers, and several build folders.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_NOHASHDIR=1
DEV_ACCOUNT=devstoreaccount1
DEV_KEY='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# dev_connection_string HOST:PORT
dev_connection_string() {
  printf 'DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=http://%s/%s;\n' \
    "$DEV_ACCOUNT" "$DEV_KEY" "$1" "$DEV_ACCOUNT"
}

# configure FOLDER CMAKE_ARGS...: once per folder and set of arguments; CMake itself notices later changes.
configure() {
  local dir=$1 wanted
  shift
  wanted="$*"
  if [ ! -f "$dir/build.ninja" ] || [ "$(cat "$dir/.configured" 2>/dev/null)" != "$wanted" ]; then
    local log=$dir/configure.log
    mkdir -p "$dir"
    if ! cmake -S "$ROOT" -B "$dir" -G Ninja -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
        -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@" >"$log" 2>&1; then
      cat "$log" >&2
      return 1
    fi
    printf '%s' "$wanted" >"$dir/.configured"
  fi
}

# How far the build is, from its log, a line now and then, until it or this shell ends.
report_build() {
  local far
  while sleep 20 >/dev/null 2>&1 </dev/null && kill -0 $$ 2>/dev/null; do
    far=$(tail -n 1 "$1" | sed -nE 's/^\[([0-9]+)\/([0-9]+)\].*/\1 of \2/p')
    [ -z "$far" ] || say "building: $far"
  done
}

# compile FOLDER TARGETS...: how far it is, and the compiler's own words where something is wrong.
compile() {
  local dir=$1 log=$1/build.log reporter status=0
  shift
  if [ -t 2 ]; then
    ninja -C "$dir" -j "$JOBS" "$@" >&2
    return
  fi
  : >"$log"
  report_build "$log" &
  reporter=$!
  ninja -C "$dir" -j "$JOBS" "$@" >"$log" 2>&1 || status=$?
  kill "$reporter" 2>/dev/null || true
  wait "$reporter" 2>/dev/null || true
  [ $status -eq 0 ] || tail -n 150 "$log" >&2
  return $status
}
