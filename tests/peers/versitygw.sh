#!/bin/bash
# One Versity S3 gateway over a folder, whose file system must have extended attributes. Keys test / testsecret, region
# us-east-1.
. "$(dirname "$0")/lib.sh"
module=github.com/versity/versitygw/cmd/versitygw@v1.8.0

start() {
  local dir=$1 port=$2
  mkdir -p "$dir/data"
  ROOT_ACCESS_KEY=test ROOT_SECRET_KEY=testsecret \
    launch "$dir" versitygw "$cache/bin/versitygw" --port "127.0.0.1:$port" --region us-east-1 --health /healthz posix "$dir/data"
  await 60 healthy "http://127.0.0.1:$port/healthz"
}

case ${1:-} in
  install) go_program versitygw "$module" ;;
  start) [ $# = 3 ] || usage; start "$(realpath -m "$2")" "$3" ;;
  stop) [ $# = 2 ] || usage; stop_programs "$2" ;;
  *) usage ;;
esac
