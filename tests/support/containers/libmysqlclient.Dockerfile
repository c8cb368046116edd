# Oracle's client library, and what it takes to compile those parts of Relevo that
# use it in place of MariaDB's.
ARG BASE
FROM ${BASE}
RUN apt-get -o Acquire::Check-Valid-Until=false update \
 && apt-get install -y --no-install-recommends g++ cmake ninja-build pkg-config mold \
      libmysqlclient-dev libpq-dev libasio-dev libexpected-dev libssl-dev libgtest-dev \
 && rm -rf /var/lib/apt/lists/*
