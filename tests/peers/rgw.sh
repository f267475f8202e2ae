#!/bin/bash
# The smallest Ceph with a RADOS Gateway: one monitor, one OSD, one gateway, in a folder, without systemd or cephx.
# The monitor listens on PORT+1. BASCULE_CEPH_STORE: memstore (default) or bluestore.
. "$(dirname "$0")/lib.sh"

install_peer() {
  command -v radosgw ceph-mon ceph-osd ceph >/dev/null || "$ROOT/tools/install" slow
}

write_configuration() {
  local dir=$1 port=$2 cert=$3 key=$4 frontend="endpoint=127.0.0.1:$2"
  [ -z "$cert" ] || frontend="ssl_endpoint=127.0.0.1:$port ssl_certificate=$cert ssl_private_key=$key"
  cat >"$dir/ceph.conf" <<CONF
[global]
  fsid = $(cat /proc/sys/kernel/random/uuid)
  mon_host = [v2:127.0.0.1:$((port + 1))/0]
  public_addr = 127.0.0.1
  cluster_addr = 127.0.0.1
  ms_bind_ipv6 = false
  auth_cluster_required = none
  auth_service_required = none
  auth_client_required = none
  ms_mon_client_mode = crc
  # Everything stays in this folder.
  keyring = $dir/keyring
  run_dir = $dir
  crash_dir = $dir
  admin_socket = $dir/\$name.asok
  pid_file = $dir/\$name.pid
  log_file = $dir/\$name.log
  # One copy on one disk that need not be empty.
  osd_pool_default_size = 1
  osd_pool_default_min_size = 1
  osd_pool_default_pg_num = 8
  osd_pool_default_pg_autoscale_mode = off
  osd_crush_chooseleaf_type = 0
  mon_allow_pool_size_one = true
  mon_data_avail_crit = 1
  mon_max_pg_per_osd = 1000
[mon]
  mon_data = $dir/mon
[osd]
  osd_data = $dir/osd
  osd_objectstore = ${BASCULE_CEPH_STORE:-memstore}
  osd_class_update_on_start = true
  memstore_device_bytes = 4294967296
  bluestore_block_size = 21474836480
[client.rgw]
  rgw_frontends = beast $frontend tcp_nodelay=1
  rgw_dns_name = localhost
  rgw_enable_usage_log = false
CONF
}

prepare_monitor() {
  local dir=$1 port=$2 fsid
  fsid=$(awk '$1 == "fsid" { print $3 }' "$dir/ceph.conf")
  mkdir -p "$dir/mon"
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$((port + 1))]" "$dir/monmap"
  ceph-mon -i a --mkfs --monmap "$dir/monmap"
}

prepare_osd() {
  local dir=$1 uuid
  uuid=$(cat /proc/sys/kernel/random/uuid)
  mkdir -p "$dir/osd"
  ceph-osd -i "$(timeout 60 ceph osd new "$uuid")" --mkfs --osd-uuid "$uuid"
}

osd_is_in() { timeout 5 ceph osd stat | grep -q '1 up'; }
has_user() { timeout 30 radosgw-admin -n client.admin user info --uid bascule; }

start_peer() {
  local dir=$1 port=$2 scheme=$3
  touch "$dir/keyring"
  [ -e "$dir/ceph.conf" ] || write_configuration "$dir" "$port" "$4" "$5"
  export CEPH_CONF="$dir/ceph.conf"
  # The daemons go to the background by themselves and write their pid files.
  [ -e "$dir/mon/store.db" ] || prepare_monitor "$dir" "$port" >>"$dir/prepare.log" 2>&1
  is_up "$dir" mon.a || ceph-mon -i a
  [ -e "$dir/osd/whoami" ] || prepare_osd "$dir" >>"$dir/prepare.log" 2>&1
  is_up "$dir" osd.0 || ceph-osd -i 0 >>"$dir/prepare.log" 2>&1
  await 60 osd_is_in
  is_up "$dir" client.rgw || timeout 60 radosgw -n client.rgw
  await 90 answers "$scheme://127.0.0.1:$port/"
  has_user >/dev/null 2>&1 || radosgw-admin -n client.admin user create --uid bascule --display-name bascule \
    --access-key test --secret testsecret >>"$dir/prepare.log" 2>&1
}

main "$@"
