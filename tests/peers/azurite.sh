#!/bin/bash
# Azurite's blob service, Azure's stand-in, with the development account. BASCULE_AZURITE_FLAGS: more of its flags, such as
# --inMemoryPersistence (then nothing is kept in DIR).
. "$(dirname "$0")/lib.sh"

install_peer() { "$ROOT/tools/clients" azurite; }

start_peer() {
  local dir=$1 port=$2 scheme=$3 cert=$4 key=$5
  local flags=(--silent --skipApiVersionCheck --disableTelemetry)
  # shellcheck disable=SC2206  # several words on purpose
  [ -z "${BASCULE_AZURITE_FLAGS:-}" ] || flags+=($BASCULE_AZURITE_FLAGS)
  [[ " ${flags[*]} " == *" --inMemoryPersistence "* ]] || flags+=(--location "$dir/data")
  [ -z "$cert" ] || flags+=(--cert "$cert" --key "$key")
  launch "$dir" azurite "$CACHE/bin/node" "$CACHE/azurite/node_modules/azurite/dist/src/blob/main.js" \
    --blobHost 127.0.0.1 --blobPort "$port" "${flags[@]}"
  await 60 answers "$scheme://127.0.0.1:$port/"
}

main "$@"
