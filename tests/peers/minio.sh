#!/bin/bash
# One MinIO server on one folder. Keys test / testsecret, region us-east-1. Buckets are made by tests/s3/bucket.py.
. "$(dirname "$0")/lib.sh"
module=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

start() {
  local dir=$1 port=$2
  mkdir -p "$dir/data"
  MINIO_ROOT_USER=test MINIO_ROOT_PASSWORD=testsecret MINIO_BROWSER=off MINIO_UPDATE=off MINIO_CALLHOME_ENABLE=off \
    launch "$dir" minio "$cache/bin/minio" server "$dir/data" --address "127.0.0.1:$port"
  await 60 healthy "http://127.0.0.1:$port/minio/health/ready"
}

case ${1:-} in
  install) go_program minio "$module" ;;
  start) [ $# = 3 ] || usage; start "$(realpath -m "$2")" "$3" ;;
  stop) [ $# = 2 ] || usage; stop_programs "$2" ;;
  *) usage ;;
esac
