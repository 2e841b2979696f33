# shellcheck shell=sh
# Real services for tests and the demo: start_postgres, start_kafka, stop_services.
# Sourced by ./dev (POSIX sh). Everything lives in one temporary folder and listens on free ports
# of 127.0.0.1; stop_services ends by pid what was started, and is safe to call twice.
# Sets SKALD_TEST_POSTGRES (URL of a superuser) and SKALD_TEST_KAFKA (host:port).

service_folder=
postgres_pid=
kafka_pid=

service_say() { printf '%s\n' "dev: $*" >&2; }

make_service_folder() {
  [ -n "$service_folder" ] && return
  service_folder=$(mktemp -d "${TMPDIR:-/tmp}/skald-services.XXXXXX")
  chmod 755 "$service_folder"  # the server may run as another user
}

free_port() {
  python3 -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])'
}

# until_listening PORT PID SECONDS: true when PORT accepts a connection before PID ends.
until_listening() {
  python3 - "$1" "$2" "$3" <<'PYTHON'
import os, socket, sys, time
port, pid, seconds = map(int, sys.argv[1:])
end = time.monotonic() + seconds
while time.monotonic() < end:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        sys.exit(0)
    except OSError:
        time.sleep(0.1)
    try:
        os.kill(pid, 0)
    except OSError:
        break
sys.exit(1)
PYTHON
}

# The folder of initdb and postgres; they are not on PATH in Debian.
postgres_binaries() {
  for folder in "$(pg_config --bindir 2>/dev/null || true)" \
    $(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -rV); do
    if [ -x "$folder/initdb" ]; then
      printf '%s\n' "$folder"
      return
    fi
  done
  service_say 'initdb was not found: install the package postgresql (./dev setup does)'
  return 1
}

# PostgreSQL refuses to run as root: drop to postgres, else to nobody.
set_postgres_user() {
  postgres_user=
  [ "$(id -u)" -eq 0 ] || return 0
  if id postgres >/dev/null 2>&1; then postgres_user=postgres; else postgres_user=nobody; fi
}

as_postgres() {
  if [ -n "$postgres_user" ]; then
    exec setpriv --reuid="$postgres_user" --regid="$(id -g "$postgres_user")" --clear-groups "$@"
  fi
  exec "$@"
}

# start_postgres [on [OPTION...]]: with "on" it writes to the disk as a real one does.
start_postgres() {
  durable=${1:-off}
  [ $# -eq 0 ] || shift
  make_service_folder
  set_postgres_user
  binaries=$(postgres_binaries) || return 1
  data=$service_folder/postgres
  log=$service_folder/postgres.log
  mkdir "$data"
  [ -z "$postgres_user" ] || chown "$postgres_user" "$data"
  if ! (cd / && as_postgres "$binaries/initdb" --no-sync -A trust -U postgres -E UTF8 \
    --locale=C -D "$data") >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  port=$(free_port)
  (cd / && as_postgres "$binaries/postgres" -D "$data" -p "$port" -k "$data" \
    -c listen_addresses=127.0.0.1 -c max_connections=200 -c max_prepared_transactions=8 \
    -c fsync="$durable" -c full_page_writes="$durable" "$@") >>"$log" 2>&1 &
  postgres_pid=$!
  if ! until_listening "$port" "$postgres_pid" 60; then
    service_say 'PostgreSQL did not start; its log:'
    tail -n 30 "$log" >&2
    return 1
  fi
  SKALD_TEST_POSTGRES=postgresql://postgres@127.0.0.1:$port/postgres
  export SKALD_TEST_POSTGRES
}

# start_kafka JARS: Apache Kafka, one node, KRaft, from a folder of jars.
start_kafka() {
  make_service_folder
  jars=$1
  log=$service_folder/kafka.log
  port=$(free_port)
  controller=$(free_port)
  cat >"$service_folder/kafka.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
log.dirs=$service_folder/kafka
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
PROPERTIES
  # 22 characters of base64url; a leading '-' would be taken for an option
  cluster=S$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)
  if ! java -cp "$jars/*" -Dlog4j2.level=warn kafka.tools.StorageTool format \
    -t "$cluster" -c "$service_folder/kafka.properties" >"$log" 2>&1; then
    service_say 'Kafka could not format its storage; its log:'
    tail -n 30 "$log" >&2
    return 1
  fi
  java -Xmx640m -cp "$jars/*" -Dlog4j2.level=warn kafka.Kafka \
    "$service_folder/kafka.properties" >>"$log" 2>&1 &
  kafka_pid=$!
  if ! until_listening "$port" "$kafka_pid" 90; then
    service_say 'Kafka did not start; its log:'
    tail -n 30 "$log" >&2
    return 1
  fi
  SKALD_TEST_KAFKA=127.0.0.1:$port
  export SKALD_TEST_KAFKA
}

# Nothing of theirs is kept, so they are not asked to tidy up: PostgreSQL ends its own children
# on QUIT, Kafka has none.
stop_services() {
  for pid in $postgres_pid; do kill -QUIT "$pid" 2>/dev/null || true; done
  for pid in $kafka_pid; do kill -KILL "$pid" 2>/dev/null || true; done
  for pid in $postgres_pid $kafka_pid; do wait "$pid" 2>/dev/null || true; done
  postgres_pid=
  kafka_pid=
  [ -z "$service_folder" ] || rm -rf "$service_folder"
  service_folder=
}
