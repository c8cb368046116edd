# MariaDB's server, its clients, the plugin for ed25519 accounts, and a data
# directory that is initialised already: every node of every test begins with a
# copy of it.
ARG BASE
FROM ${BASE}
# The plugin is in the package that also starts a service: only its file is taken.
RUN apt-get -o Acquire::Check-Valid-Until=false update \
 && apt-get install -y --no-install-recommends mariadb-server-core mariadb-client-core \
 && cd /tmp && apt-get download mariadb-server \
 && dpkg-deb --fsys-tarfile mariadb-server_*.deb | tar -x -C / ./usr/lib/mysql/plugin/auth_ed25519.so \
 && rm -rf /tmp/*.deb /var/lib/apt/lists/*
RUN mariadb-install-db --no-defaults --user=root --datadir=/var/lib/initialised --skip-test-db \
      --auth-root-authentication-method=normal --skip-name-resolve --innodb-log-file-size=16M \
 && chmod -R a+rX /var/lib/initialised
