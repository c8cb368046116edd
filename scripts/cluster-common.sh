# shellcheck shell=bash disable=SC2154 # self, server_user, accounts, image: see below
# cluster-common.sh: what pgcluster and mycluster have in common: a directory
# that is ours by its marker, its secrets, its ports, its certificates. Sourced,
# never run. How one engine's server is made and ended stands in the script named
# after it.
#
# Whoever sources this sets first:
#   self         the program's name; DIR/.SELF marks a directory as made by it
#   server_user  whom the servers run as when we are root; they refuse to be root
#   accounts     each with its password in DIR/secrets/ACCOUNT; the first is the
#                administrator's
#   image        the container image that the servers run from; '' for the host's own
# and defines pid_of NODE (the process id of a running server, else failure) and
# end_by_force NODE (SIGKILL to all of a server's processes).
#
# In DIR: .SELF, ports, cluster.json, secrets/, tls/, and per node dbN/node.conf
# (its settings), dbN/data, dbN/log.

dir='' # the cluster's directory; set by use_dir or claim_dir

die() { echo "$self: $*" >&2; exit 1; }
misuse() { echo "$self: $* (see $self --help)" >&2; exit 2; }
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
say() { [[ ${CLUSTER_QUIET:-} == 1 ]] || printf '  %s\n' "$*"; }

# Runs "$@" until it succeeds, for at most $1 seconds.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

# ---- Who owns what ---------------------------------------------------------
# As root the servers and their files belong to their own user; else to the caller.

as_server() {
  if ((EUID == 0)); then
    # From a directory that the user may enter, and with no terminal to lose.
    (cd / && exec runuser -u "$server_user" -- "$@")
  else
    "$@"
  fi
}

give_to_server() { ((EUID != 0)) || chown -R "$server_user": "$@"; }

# ---- Containers ------------------------------------------------------------
# On the host's network and among its processes: what a server listens on and the
# process id that it writes down are the host's.

# `docker run` of "$@" as the servers' own user, with DIR where it is. The password
# of a client program is handed on, and who the user is: initdb asks for its name.
in_container() { # [docker's options] IMAGE COMMAND...
  local user
  user=$EUID:$(id -g)
  if ((EUID == 0)); then user=$(id -u "$server_user"):$(id -g "$server_user"); fi
  docker run --rm --network host --pid host --ipc host --user "$user" --volume "$dir:$dir" \
    --volume /etc/passwd:/etc/passwd:ro --label "relevo.cluster=$dir" --log-driver none \
    --env MYSQL_PWD --env PGPASSWORD "$@"
}

# One that is being born when its cluster goes has no process to be found by.
end_containers() {
  local ids
  [[ -n $image ]] || return 0
  ids=$(docker ps --all --quiet --filter "label=relevo.cluster=$dir")
  # shellcheck disable=SC2086 # one word each
  [[ -z $ids ]] || docker rm --force $ids >/dev/null 2>&1 || true
}

# ---- The directory ---------------------------------------------------------

use_dir() {
  [[ -n ${1:-} ]] || misuse "which DIR?"
  [[ -f $1/.$self ]] || die "$1 was not made by $self; leaving it alone"
  dir=$(cd "$1" && pwd -P)
}

# A new directory of ours. From here on an error or a signal leaves nothing
# behind, until keep_dir.
claim_dir() {
  local target=$1 account
  if [[ -e $target/.$self ]]; then
    die "$target holds a cluster already; '$self destroy $target' removes it"
  fi
  [[ ! -e $target || -z $(ls -A "$target") ]] || die "$target is not empty; leaving it alone"
  mkdir -p "$target"
  dir=$(cd "$target" && pwd -P)
  touch "$dir/.$self"
  trap destroy_all EXIT
  trap 'exit 130' INT TERM HUP

  chmod 711 "$dir" # the servers' user must pass through; the secrets stay the caller's
  mkdir -m 700 "$dir/secrets"
  for account in "${accounts[@]}"; do
    (umask 077 && openssl rand -hex 16 | tr -d '\n' >"$dir/secrets/$account")
  done
}

keep_dir() { trap - EXIT INT TERM HUP; }

# Each node's directory and settings, once the ports are known.
make_node_dirs() {
  local node
  for node in $(nodes); do
    mkdir -m 711 "$dir/$node"
    touch "$dir/$node/log"
    write_node_conf "$node"
    give_to_server "$dir/$node"
  done
  ((EUID != 0)) || as_server test -x "$dir/db1" ||
    die "user $server_user cannot reach $dir: a directory above it is closed to others (chmod o+x)"
}

destroy_all() {
  local node pid
  [[ -n $dir && -f $dir/.$self ]] || return 0
  end_containers
  if [[ -f $dir/ports ]]; then
    for node in $(nodes); do
      if pid=$(pid_of "$node"); then
        end_by_force "$node"
        await 10 gone "$pid" || echo "$self: $node (process $pid) survived SIGKILL" >&2
      fi
    done
  fi
  # A process that was being born when its parent died may write for a last time.
  await 5 rm -rf "${dir:?}" || die "could not remove $dir"
}

nodes() { local node; while read -r node _; do echo "$node"; done <"$dir/ports"; }

port_of() {
  local node port
  while read -r node port; do
    [[ $node == "$1" ]] && { echo "$port"; return; }
  done <"$dir/ports"
  return 1
}

check_node() {
  [[ -n ${1:-} ]] || misuse "which NODE?"
  port_of "$1" >/dev/null || die "no node $1 in $dir; there are: $(nodes | tr '\n' ' ')"
}

secret() { cat "$dir/secrets/$1"; }

# What other programs need to know, in one file. "$@": further lines of JSON.
write_description() {
  local account node port line separator=
  {
    printf '{\n  "dir": "%s",\n  "host": "127.0.0.1",\n  "database": "app",\n' "$dir"
    for line in "$@"; do printf '  %s,\n' "$line"; done
    printf '  "passwords": {'
    for account in "${accounts[@]}"; do
      printf '%s "%s": "%s"' "$separator" "$account" "$(secret "$account")"
      separator=,
    done
    printf ' },\n'
    if [[ -d $dir/tls ]]; then printf '  "ca": "%s/tls/ca.crt",\n' "$dir"; fi
    printf '  "nodes": ['
    separator=
    while read -r node port; do
      printf '%s\n    { "name": "%s", "port": %s }' "$separator" "$node" "$port"
      separator=,
    done <"$dir/ports"
    printf '\n  ]\n}\n'
  } >"$dir/cluster.json"
  chmod 600 "$dir/cluster.json"
}

# ---- Processes -------------------------------------------------------------

is_paused() { [[ $(ps -o stat= -p "$1" 2>/dev/null) == T* ]]; }

# A zombie is gone too: it awaits only its parent's notice. But while others of its
# threads still end, its sockets are open, and take what nobody will read.
gone() {
  local threads=("/proc/$1/task"/*)
  [[ $(ps -o stat= -p "$1" 2>/dev/null) =~ ^(Z.*)?$ ]] && ((${#threads[@]} <= 1))
}

# The process id in a pid file, if it is still that server's. A pid file outlives
# a killed server and its number may meanwhile be somebody else's: only a process
# whose command line names the node's own directory counts. (Where a process works
# would say the same, but in a container not even root may ask it of another user's.)
# A zombie has no command line any more.
pid_in() { # FILE DATA_DIRECTORY
  local pid arguments
  [[ -r $1 ]] || return 1
  read -r pid 2>/dev/null <"$1" || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  mapfile -d '' -t arguments 2>/dev/null <"/proc/$pid/cmdline" || return 1
  [[ "${arguments[*]}" == *"${2%/*}/"* ]] || return 1
  echo "$pid"
}

# ---- Ports -----------------------------------------------------------------
# Below the ephemeral range, so that no outgoing connection takes the port of a
# server that is down for a moment.

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port try
  for try in {1..200}; do
    port=$((12000 + (RANDOM << 4 ^ RANDOM ^ try) % 20000))
    if port_is_free "$port"; then
      echo "$port"
      return
    fi
  done
  die "found no free port on loopback"
}

# Writes DIR/ports for $1 nodes: BASE, BASE+1, ... or, with BASE 0, free ones.
allot_ports() { # COUNT BASE
  local i
  for ((i = 1; i <= $1; i++)); do
    if (($2 > 0)); then
      port_is_free $(($2 + i - 1)) || die "port $(($2 + i - 1)) is in use"
      echo "db$i $(($2 + i - 1))"
    else
      echo "db$i $(free_port)"
    fi
  done | sort -u -k2,2 | sort -V >"$dir/ports"
  (($(wc -l <"$dir/ports") == $1)) || die "could not find $1 free ports"
}

# ---- TLS -------------------------------------------------------------------
# One authority and one certificate for all nodes: they share their address.

make_tls() {
  local tls=$dir/tls
  mkdir -p "$tls"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj "/CN=$self authority" -keyout "$tls/ca.key" -out "$tls/ca.crt" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=localhost' \
    -keyout "$tls/server.key" -out "$tls/server.csr" 2>/dev/null
  openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -CAcreateserial \
    -days 30 -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') \
    -out "$tls/server.crt" 2>/dev/null
  rm -f "$tls/server.csr"
  chmod 600 "$tls"/*.key
  chmod 644 "$tls"/*.crt
  give_to_server "$tls"
}
