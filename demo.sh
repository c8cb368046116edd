#!/usr/bin/env bash
# Relevo in one command: a database cluster, a proxy, a load, a killed primary,
# and the ledger that shows what it cost.
#
#   ./demo.sh [postgres]    run the demonstration; exit code 0 only if all was right
#   ./demo.sh mysql         the same with MariaDB, as Debian has it
#   ./demo.sh --stay        leave everything running afterwards, to try it yourself
#   ./demo.sh --help
#
# Needs Debian 12 or newer (bash and apt). It installs the packages it lacks,
# builds in release mode, and keeps all else in one directory under /tmp, on
# loopback. It leaves nothing running, also on Ctrl-C, unless told to --stay.

# shellcheck disable=SC2317 # functions are also called through trap and await
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"

writers=16 readers=8 idle=20
writes_per_second=1600 reads_per_second=3200
seconds_before=6 seconds_after=6
longest_gap_allowed_ms=2000

stay='' engine=postgres
for argument in "$@"; do
  case "$argument" in
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --stay) stay=1 ;;
    postgres | mysql) engine=$argument ;;
    *) echo "demo.sh: unknown argument $argument (see ./demo.sh --help)" >&2; exit 2 ;;
  esac
done

# ---- What differs between the engines ------------------------------------------

# In both a commit waits for a replica, so that the ledger must have every row.
case "$engine" in
  postgres)
    product=PostgreSQL cluster_tool=scripts/pgcluster usual_port=6432
    password_variable=PGPASSWORD
    cluster_options=()
    # Once there are replicas: before, every commit would wait for ever.
    await_acknowledgements() {
      local node
      for node in db1 db2 db3; do
        "$cluster_tool" set "$dir/cluster" "$node" 'synchronous_standby_names=ANY 1 (db1, db2, db3)'
      done
    }
    try_client() { echo "psql 'host=127.0.0.1 port=$listen user=app dbname=app'"; }
    ;;
  mysql)
    product=MariaDB cluster_tool=scripts/mycluster usual_port=6446
    password_variable=MYSQL_PWD
    cluster_options=(--semi-sync)
    await_acknowledgements() { :; }
    try_client() { echo "mariadb --protocol=tcp --host=127.0.0.1 --port=$listen --user=app -p app"; }
    ;;
esac

# ---- How it looks ------------------------------------------------------------

bold='' dim='' green='' red='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi
began=$SECONDS
chapter() { printf '\n%s%s%s %s(%d s)%s\n' "$bold" "$1" "$plain" "$dim" $((SECONDS - began)) "$plain"; }
note() { printf '  %s\n' "$*"; }
indented() { sed 's/^/  /'; }
fail() { printf '%sdemo.sh: %s%s\n' "$red" "$*" "$plain" >&2; exit 1; }

# ---- What runs, and how it ends ----------------------------------------------

dir='' relevo_pid='' workload_pid='' events_pid='' finished=''

end_process() { # PID: asks, then insists
  local pid=$1 i
  [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null || return 0
  kill -TERM "$pid" 2>/dev/null || true
  for ((i = 0; i < 50; i++)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}

clean_up() {
  local code=$?
  trap - EXIT INT TERM HUP
  end_process "$events_pid"
  end_process "$workload_pid"
  if [[ -n $stay && -n $finished ]]; then
    exit "$code"
  fi
  end_process "$relevo_pid"
  if [[ -n $dir ]]; then
    local log
    for log in "$dir"/cluster/db*/log; do # what tells why, if it went wrong
      [[ ! -e $log ]] || cp "$log" "$dir/$(basename "$(dirname "$log")").log"
    done
    "$root/$cluster_tool" destroy "$dir/cluster" || true
    if ((code == 0 || code == 130)); then
      rm -rf "$dir"
    else
      echo "  The logs are in $dir" >&2
    fi
  fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# ---- 1. Packages and build ---------------------------------------------------

chapter "Installing what is missing"
scripts/install-packages.sh run
note "all packages are there"

chapter "Building relevo (release)"
# On a terminal ninja rewrites its one line; elsewhere it would print thousands:
# then one line a tenth of the way, and all that isn't progress (a compiler's errors).
tenths() {
  local line tenth last=''
  while IFS= read -r line; do
    if [[ $line =~ ^\ *\[([0-9]+)\ of\ ([0-9]+), ]]; then
      tenth=$((BASH_REMATCH[1] * 10 / BASH_REMATCH[2]))
      [[ $tenth != "$last" ]] || continue
      last=$tenth
    fi
    printf '%s\n' "$line"
  done
}
build() {
  if [[ -t 1 ]]; then
    NINJA_STATUS='  [%f of %t, %e s] ' cmake --build "$@"
  else
    NINJA_STATUS='  [%f of %t, %e s] ' cmake --build "$@" | tenths
  fi
}
# A build tree that another user or checkout made is of no use: say so, don't guess.
cmake --preset release -Wno-dev >/dev/null
build build/release --target relevo relevoctl
cmake -S tests/support/workload -B build/workload -G Ninja -DCMAKE_BUILD_TYPE=Release -Wno-dev >/dev/null
build build/workload
relevo=$root/build/release/proxy/relevo
relevoctl=$root/build/release/proxy/admin/relevoctl
workload=$root/build/workload/relevo-workload

# ---- 2. The cluster ----------------------------------------------------------

# Below the ephemeral range; the usual port if nobody has it.
free_port() {
  local port
  for port in "$@" {18000..18400}; do
    [[ " ${taken_ports:-} " == *" $port "* ]] && continue
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      taken_ports="${taken_ports:-} $port"
      port_found=$port
      return
    fi
  done
  fail "no free port on loopback"
}

chapter "Starting a primary and two streaming replicas of $product"
dir=$(mktemp -d "${TMPDIR:-/tmp}/relevo-demo.XXXXXX")
chmod 711 "$dir" # as root the servers run as user postgres, who must pass through
"$cluster_tool" create "$dir/cluster" --replicas 2 ${cluster_options[@]+"${cluster_options[@]}"}
await_acknowledgements
declare -A port=()
while read -r name number; do port[$name]=$number; done <"$dir/cluster/ports"

# ---- 3. relevo ---------------------------------------------------------------

chapter "Starting relevo"
free_port "$usual_port" && listen=$port_found
free_port 8008 && http=$port_found
mkdir -p "$dir/state"
cat >"$dir/relevo.json" <<CONFIG
// What relevo needs to know: where to listen, where the servers are, and how to
// log in to them. Everything else has a default; docs/configuration.md tells all.
{
  "admin": { "socket": "$dir/admin.sock", "http": "127.0.0.1:$http" },
  "state_dir": "$dir/state",
  "clusters": [{
    "name": "demo",
    "engine": "$engine",
    "listen": ["127.0.0.1:$listen"],
    "nodes": [
      { "name": "db1", "address": "127.0.0.1:${port[db1]}" },
      { "name": "db2", "address": "127.0.0.1:${port[db2]}" },
      { "name": "db3", "address": "127.0.0.1:${port[db3]}" }
    ],
    // Watches the servers, and promotes.
    "monitor": { "user": "relevo", "password": { "file": "$dir/cluster/secrets/relevo" } },
    // What replicas log in with after a failover has given them a new primary.
    "replication": { "user": "repl", "password": { "file": "$dir/cluster/secrets/repl" } },
    // No "auth": applications log in with the passwords that $product has.
    "routing": { "reads": "replicas", "max_lag": "1s" },
    "failover": { "mode": "automatic", "durability": "quorum", "acks": 1 }
  }]
}
CONFIG
indented <"$dir/relevo.json"
"$relevo" --config "$dir/relevo.json" --check || fail "relevo does not accept its configuration"
# In a session of its own: Ctrl-C is for this script, which ends things in order.
setsid "$relevo" --config "$dir/relevo.json" >"$dir/relevo.log" 2>&1 </dev/null &
relevo_pid=$!

ctl() { "$relevoctl" --admin "$dir/admin.sock" "$@"; }
# The cluster's state as relevoctl tells it, without a JSON program: one line.
topology() { ctl topology --json 2>/dev/null | tr -d '\n'; }
primary_now() { topology | sed -nE 's/.*"primary": *"([^"]*)".*/\1/p'; }
eligible_now() { topology | grep -o '"eligible_for_reads": *true' | wc -l; }

await() { # SECONDS WHAT COMMAND...
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    kill -0 "$relevo_pid" 2>/dev/null || { tail -n 20 "$dir/relevo.log" >&2; fail "relevo ended"; }
    ((SECONDS < deadline)) || { tail -n 20 "$dir/relevo.log" >&2; fail "not within time: $what"; }
    sleep 0.1
  done
}
all_in_rotation() { [[ $(primary_now) == db1 && $(eligible_now) -ge 2 ]]; }
await 20 "a primary and two replicas that are fit for reads" all_in_rotation
ctl topology | indented

# ---- 4. The load -------------------------------------------------------------

chapter "Mixed workload: $writers writers, $readers readers, $idle idle sessions"
password=$(<"$dir/cluster/secrets/app")
export "$password_variable=$password"
servers="host=127.0.0.1,127.0.0.1,127.0.0.1 port=${port[db1]},${port[db2]},${port[db3]}"
# The ledger is verified straight at the servers, around relevo: at the one that is
# primary by then.
"$workload" --engine "$engine" --conninfo "host=127.0.0.1 port=$listen user=app dbname=app" --setup \
  --writers $writers --readers $readers --idle $idle \
  --writes-per-second $writes_per_second --reads-per-second $reads_per_second \
  --node "db1=${port[db1]}" --node "db2=${port[db2]}" --node "db3=${port[db3]}" \
  --verify "$servers user=app dbname=app target_session_attrs=read-write connect_timeout=5" \
  --json "$dir/summary.json" --ready-file "$dir/ready" </dev/null &
workload_pid=$!
workload_ready() { [[ -e $dir/ready ]] || ! kill -0 "$workload_pid" 2>/dev/null; }
await 30 "the workload runs" workload_ready
sleep "$seconds_before"
kill -0 "$workload_pid" 2>/dev/null || fail "the workload ended early"

chapter "Where it goes: writes to the primary, reads to the replicas"
ctl topology | indented
ctl pools | indented
note "${dim}relevoctl explain:${plain}"
for statement in "SELECT * FROM relevo_ledger" "UPDATE relevo_ledger SET seq = seq" \
  "SELECT * FROM relevo_ledger FOR UPDATE"; do
  printf '  %s\n' "$statement"
  ctl explain "$statement" | sed 's/^/      /'
done

# ---- 5. The failure ----------------------------------------------------------

chapter "Killing the primary with SIGKILL, under load"
last_event=$(ctl events --json 2>/dev/null | tr -d '\n' | grep -oE '"id": *[0-9]+' | grep -oE '[0-9]+' | sort -n | tail -n 1 || true)
# Not through ctl: the process to end is relevoctl itself.
"$relevoctl" --admin "$dir/admin.sock" events --follow --since "${last_event:-0}" \
  > >(sed -u "s/^/  ${bold}event${plain}  /") 2>/dev/null &
events_pid=$!
sleep 0.3
old=$(primary_now)
CLUSTER_QUIET=1 "$cluster_tool" kill "$dir/cluster" "$old"
note "${red}$old is dead${plain}"
has_new_primary() { local now; now=$(primary_now); [[ -n $now && $now != "$old" ]]; }
await 30 "a new primary" has_new_primary
new=$(primary_now)
note "${green}$new is the primary${plain}"
sleep "$seconds_after"
end_process "$events_pid"
events_pid=''

chapter "The cluster afterwards"
ctl topology | indented

# ---- 6. The ledger -----------------------------------------------------------

chapter "Checking the ledger on $new"
kill -USR1 "$workload_pid"
workload_code=0
wait "$workload_pid" || workload_code=$?
workload_pid=''
[[ -s $dir/summary.json ]] || fail "the workload left no summary"
all_events=$(ctl events 2>/dev/null || true)

# The summary in words. Python's only dependency here is itself.
verdict=0
python3 - "$dir/summary.json" "$old" "$new" "$longest_gap_allowed_ms" <<'PYTHON' || verdict=$?
import json
import sys

summary = json.load(open(sys.argv[1]))
old, new, allowed_ms = sys.argv[2], sys.argv[3], float(sys.argv[4])
ledger, errors, reads = summary["ledger"], summary["errors"], summary["reads"]["by_node"]
total_reads = sum(reads.values()) or 1
wrong = []


def line(name, value, right=True, reason=""):
    mark = " " if right else "!"
    print(f"  {mark} {name:<34} {value}")
    if not right:
        wrong.append(reason or name)


def counted(kind):
    found = errors[kind]
    if not found:
        return "0"
    return ", ".join(f"{error['count']} x {code}" for code, error in sorted(found.items()))


share = ", ".join(f"{node} {count * 100 // total_reads} %" for node, count in sorted(reads.items()))
on_replicas = sum(count for node, count in reads.items() if node != old)
gap = summary["longest_gap"]["ms"]

line("writes stood still for", f"{gap:.0f} ms", gap <= allowed_ms, f"writes stood still for more than {allowed_ms:.0f} ms")
line("errors seen by idle sessions", counted("idle"), not errors["idle"])
line("errors seen by reading sessions", counted("readers"), not errors["readers"])
line("errors seen by writing sessions", counted("writers"), not set(errors["writers"]) - {"40001", "08007"},
     "writers saw other errors than 40001 and 08007")
print("      40001: rolled back, safe to retry; 08007: COMMIT was sent, outcome not known")
line("rows acknowledged", ledger["acknowledged"], ledger["acknowledged"] > 0)
line("acknowledged rows missing", ledger["missing"], ledger["missing"] == 0)
line("rows of unknown outcome", f"{ledger['unknown']}, of which {ledger['unknown_present']} are there")
line("refused rows that are there", ledger["refused_present"], ledger["refused_present"] == 0)
line("rows that nobody wrote", ledger["alien"], ledger["alien"] == 0)
line("share of reads", share, on_replicas > 0, "no reads on replicas")
line("latency of writes", "p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms".format(**summary["writes"]))
line("latency of reads", "p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms".format(**summary["reads"]))
if ledger["error"]:
    wrong.append("the ledger could not be read: " + ledger["error"])
for reason in wrong:
    print(f"  ! not right: {reason}")
sys.exit(1 if wrong else 0)
PYTHON
# What relevo itself says about loss: with asynchronous replication a row that no
# replica had received when the primary died is gone, and relevo tells how much.
grep -E 'may be lost|the loss is not|is lost' <<<"$all_events" | indented || true
((workload_code == 0)) || verdict=1

# ---- 7. The end --------------------------------------------------------------

if [[ -n $stay ]]; then
  finished=1
  chapter "Left running, to try"
  cat <<TRY
  $(try_client)      # password: $password
  $relevoctl --admin $dir/admin.sock topology --watch
  $relevoctl --admin $dir/admin.sock events --follow
  $relevoctl --admin $dir/admin.sock explain 'SELECT 1'
  $relevoctl --admin $dir/admin.sock doctor                        # what failover needs of the servers, and does not find
  $cluster_tool rejoin $dir/cluster $old --primary $new   # bring the old primary back
  $relevoctl --admin $dir/admin.sock switchover --to $old     # and make it primary again
  curl --unix-socket $dir/admin.sock http://relevo/v1/topology
  curl http://127.0.0.1:$http/metrics

  To end it:  kill $relevo_pid; $cluster_tool destroy $dir/cluster; rm -r $dir
TRY
fi

if ((verdict == 0)); then
  chapter "${green}All was right.${plain}"
else
  chapter "${red}Not all was right; see the lines marked with !${plain}"
fi
exit "$verdict"
