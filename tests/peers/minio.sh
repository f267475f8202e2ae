#!/bin/bash
# One MinIO server on one folder, region us-east-1.
. "$(dirname "$0")/lib.sh"

install_peer() { go_program minio github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c; }

start_peer() {
  local dir=$1 port=$2 scheme=$3 cert=$4 key=$5
  mkdir -p "$dir/data" "$dir/certs"
  if [ -n "$cert" ]; then
    cp "$cert" "$dir/certs/public.crt"
    cp "$key" "$dir/certs/private.key"
  fi
  MINIO_ROOT_USER=test MINIO_ROOT_PASSWORD=testsecret MINIO_DOMAIN=localhost \
    MINIO_BROWSER=off MINIO_UPDATE=off MINIO_CALLHOME_ENABLE=off \
    launch "$dir" minio "$CACHE/bin/minio" server "$dir/data" --certs-dir "$dir/certs" --address "127.0.0.1:$port"
  await 60 healthy "$scheme://127.0.0.1:$port/minio/health/ready"
}

main "$@"
