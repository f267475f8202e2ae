#!/bin/bash
# One Versity S3 gateway over a folder (whose file system must have extended attributes), region us-east-1.
. "$(dirname "$0")/lib.sh"

install_peer() { go_program versitygw github.com/versity/versitygw/cmd/versitygw@v1.8.0; }

start_peer() {
  local dir=$1 port=$2 scheme=$3 cert=$4 key=$5
  local tls=()
  [ -z "$cert" ] || tls=(--cert "$cert" --key "$key")
  mkdir -p "$dir/data"
  ROOT_ACCESS_KEY=test ROOT_SECRET_KEY=testsecret \
    launch "$dir" versitygw "$CACHE/bin/versitygw" --port "127.0.0.1:$port" --region us-east-1 --health /healthz \
    --virtual-domain "localhost:$port" "${tls[@]}" posix "$dir/data"
  await 60 healthy "$scheme://127.0.0.1:$port/healthz"
}

main "$@"
