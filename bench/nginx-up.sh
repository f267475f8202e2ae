#!/bin/bash
# nginx-up.sh DATADIR PORT [workers]   - nginx serving and taking files of one folder: the floor that a server without
# encryption, signatures and durability costs. No log, no limit on requests a connection. Stop: kill $(cat DATADIR/nginx.pid)
set -euo pipefail
D=$(realpath -m "$1"); P=$2; W=${3:-2}; mkdir -p "$D/data/bench" "$D/tmp"
alive() { [ -s "$D/nginx.pid" ] && kill -0 "$(cat "$D/nginx.pid")" 2>/dev/null; }
if ! alive; then
  chmod 711 "$D" "$D/data"
  cat > "$D/nginx.conf" <<C
worker_processes $W;
pid $D/nginx.pid;
error_log $D/log crit;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on; tcp_nodelay on;
  keepalive_requests 1000000000; keepalive_timeout 300s;
  client_max_body_size 0; client_body_buffer_size 64k; client_body_temp_path $D/tmp;
  open_file_cache max=100000 inactive=300s;
  server {
    listen 127.0.0.1:$P;
    root $D/data;
    dav_methods PUT DELETE MKCOL; create_full_put_path on;
  }
}
C
  [ "$(id -u)" = 0 ] && sed -i '1i user root;' "$D/nginx.conf"
  nginx -p "$D" -c "$D/nginx.conf"
fi
for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$P/" && break; sleep .1; done
echo "nginx http://127.0.0.1:$P pid $(cat "$D/nginx.pid")"
