# MySQL's server, its clients, and a data directory that is initialised already:
# every node of every test begins with a copy of it.
ARG BASE
FROM ${BASE}
RUN apt-get -o Acquire::Check-Valid-Until=false update \
 && apt-get install -y --no-install-recommends mysql-server-core mysql-client-core \
 && rm -rf /var/lib/apt/lists/*
# As root here; whoever runs a server later owns a copy. The redo log is as small as
# may be, since it is copied too; a server makes it as large as its settings say.
RUN mysqld --no-defaults --initialize-insecure --user=root --datadir=/var/lib/initialised \
      --innodb-redo-log-capacity=8M \
 && rm -f /var/lib/initialised/auto.cnf \
 && chmod -R a+rX /var/lib/initialised
