#!/usr/bin/env bash
# Installs the Debian packages that Relevo needs: the one place where they are
# listed, each with why it is there.
#
#   scripts/install-packages.sh [build|run|test|containers]     default: build
#
# `build` compiles relevo; `run` adds the database server that the demo runs;
# `test` adds what ./test.sh needs on top; `containers` alone is what makes and runs
# servers of other versions than this Debian's, and the drills. Debian 12 or newer, Ubuntu 24.04 or
# newer. When all is there already it asks nothing of the network and takes well
# under a second. Works as root, or through sudo.
set -euo pipefail

build=(
  g++                    # C++20
  cmake ninja-build      # the build
  pkg-config             # finds libpq, libmariadb, libsystemd
  ccache mold            # rebuilds and links in seconds
  libasio-dev            # sockets and timers
  libpq-dev              # probes and failover actions speak to PostgreSQL through libpq
  libmariadb-dev         # and to MySQL and MariaDB through Connector/C
  libssl-dev             # TLS, SCRAM, caching_sha2_password
  libsodium-dev          # client_ed25519: MariaDB signs with a scalar that OpenSSL won't take
  zlib1g-dev libzstd-dev # the compressed protocol of MySQL clients
  nlohmann-json3-dev     # configuration, admin API
  libcli11-dev           # command lines
  libspdlog-dev          # logging
  prometheus-cpp-dev     # /metrics
  libcpp-httplib-dev     # the admin API's HTTP server and relevoctl's client
  libexpected-dev        # Result<T>
  libsystemd-dev         # sd_notify
  dpkg-dev file          # cpack -G DEB: which libraries the package depends on
)
run=(
  postgresql             # the servers of the demo and of the tests; psql
  mariadb-server         # the same for the second engine; mariadb, mariadb-dump
  procps                 # pgrep: which processes belong to one server
  util-linux             # runuser, setpriv: database servers refuse to run as root
  openssl                # passwords and test certificates
  curl                   # the admin API, as the demo and the manual show it
  python3                # reads the demo's summary; integration tests
)
test=(
  libgtest-dev libgmock-dev  # unit tests
  libbenchmark-dev           # micro-benchmarks
  libpg-query-dev            # PostgreSQL's own parser: the oracle for our classifier
  python3-psycopg2 python3-psycopg python3-asyncpg  # drivers under test
  libpostgresql-jdbc-java default-jdk-headless      # the JDBC driver and a compiler for its test
  python3-pymysql python3-mysqldb libmariadb-java   # likewise for MySQL: pure Python, C, JDBC,
  python3-cryptography       # caching_sha2_password without TLS, in PyMySQL and in our own hands
  php-cli php-mysql                                 # PHP's mysqli and PDO (mysqlnd),
  libdbd-mysql-perl libdbd-mariadb-perl             # Perl's DBI,
  golang-go golang-github-go-sql-driver-mysql-dev   # Go's database/sql
  python3-zstandard          # no client of Debian's speaks zstd: the wire-level tests do
  sysbench                   # a load of prepared statements
  valgrind                   # counts the instructions of a query
  pgbouncer haproxy          # what CPU per query is compared with
)
containers=(
  docker.io                  # the engine; never started by this script
  docker-compose             # the clusters of the drills
  debootstrap                # base images where none can be pulled
  debian-archive-keyring     # whom debootstrap trusts, on Ubuntu, too
)

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }

case "${1:-build}" in
  build) wanted=("${build[@]}") ;;
  run) wanted=("${build[@]}" "${run[@]}") ;;
  test) wanted=("${build[@]}" "${run[@]}" "${test[@]}") ;;
  containers) wanted=("${containers[@]}") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install-packages: this needs Debian or Ubuntu (apt); install by hand: ${wanted[*]}" >&2
  exit 1
fi

# One dpkg-query for all: it lists what it knows and complains about the rest.
# A virtual package counts as installed when one that provides it is.
declare -A installed=()
while read -r status name provides; do
  [[ $status == installed ]] || continue
  installed[$name]=1
  for provided in ${provides//,/ }; do installed[$provided]=1; done
done < <(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null)

missing=()
for package in "${wanted[@]}"; do
  [[ -n ${installed[$package]:-} ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "install-packages: run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
  # Ask for the password now, in the foreground, saying what for. Who needs none
  # is not asked: `sudo -v` alone would insist where one rule of several wants it.
  if ! sudo -n true 2>/dev/null; then
    echo "install-packages: sudo, to install ${#missing[@]} packages"
    sudo -v
  fi
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
policy_is_ours=
cleanup() {
  [[ -z $policy_is_ours ]] || "${as_root[@]}" rm -f "$policy"
  rm -f "$log"
}
trap cleanup EXIT

# A server package starts its service when it is installed. We want the
# programs only: nothing on ports 5432, 3306 and 6432.
services=() # by package, as they are called
for package in "${missing[@]}"; do
  case $package in
    postgresql | pgbouncer | haproxy) services+=("$package") ;;
    mariadb-server) services+=(mariadb) ;;
    docker.io) services+=(docker docker.socket) ;;
  esac
done
if ((${#services[@]} > 0)); then
  if [[ ! -e $policy ]]; then
    policy_is_ours=1
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
  fi
  if [[ " ${services[*]} " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' |
      "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
fi

# Runs a long command quietly: a dot every two seconds, its output only if it fails.
quietly() {
  local what=$1 code=0
  shift
  printf '  %s ' "$what"
  "$@" >"$log" 2>&1 </dev/null &
  local pid=$! ticks=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    ((++ticks % 10)) || printf '.'
  done
  wait "$pid" || code=$?
  if ((code != 0)); then
    printf ' failed\n' && tail -n 30 "$log" >&2
    return "$code"
  fi
  printf ' done\n'
}

echo "Installing ${#missing[@]} packages: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q
  -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
quietly "apt-get update" "${apt[@]}" update
quietly "apt-get install" "${apt[@]}" install --no-install-recommends "${missing[@]}"

for service in ${services[@]+"${services[@]}"}; do # nor at the next boot
  [[ $service != postgresql ]] || continue # it starts clusters only, and there is none
  if [[ -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl disable --now "$service" >/dev/null 2>&1 || true
  elif command -v update-rc.d >/dev/null; then
    "${as_root[@]}" update-rc.d "$service" disable >/dev/null 2>&1 || true
  fi
done
