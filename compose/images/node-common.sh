# shellcheck shell=bash
# What the nodes of all engines do alike. Sourced by `node`.
#
# NODE, PEERS ("db1=ADDRESS ..."), FIRST_PRIMARY and RELEVO_ADMIN come from the Compose
# file.

# Made by whoever kills the server and wants its machine to go on without it.
stay_down=/tmp/stay-down

say() { printf '%s node %s: %s\n' "$(date -u +%H:%M:%S.%3N)" "$NODE" "$*"; }
die() { say "$*"; exit 1; }

peers() { # ADDRESS of each other node
  local peer
  for peer in $PEERS; do
    [[ ${peer%%=*} == "$NODE" ]] || echo "${peer#*=}"
  done
}

# Runs "$@" until it succeeds, for at most $1 seconds.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

# What Relevo holds of this node: online, fenced, diverged, ...; empty if it doesn't answer.
state_by_relevo() {
  curl -fsS --max-time 2 "http://$RELEVO_ADMIN/v1/topology" 2>/dev/null |
    jq -r --arg node "$NODE" '.clusters[0].nodes[] | select(.name == $node) | .state' 2>/dev/null || true
}

# The address of the primary that Relevo has, if it has one and it is another node.
primary_by_relevo() {
  local name peer
  name=$(curl -fsS --max-time 2 "http://$RELEVO_ADMIN/v1/topology" 2>/dev/null |
    jq -r '.clusters[0].primary // empty' 2>/dev/null) || true
  [[ -n $name && $name != "$NODE" ]] || return 1
  for peer in $PEERS; do
    [[ ${peer%%=*} != "$name" ]] || { echo "${peer#*=}"; return; }
  done
  return 1
}

# The server's end was not asked for: the container ends, too, and is started anew.
end_with_server() {
  local code=0
  wait "$1" || code=$?
  while [[ -e $stay_down ]]; do
    sleep 0.2 &
    wait $! || true
  done
  sleep 2 # not in a busy loop
  die "the server ended with $code"
}
