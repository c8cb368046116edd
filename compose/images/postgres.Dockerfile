# One PostgreSQL server of a replicated cluster: the version of a Debian suite, and
# `node`, which makes a primary or a replica of it and keeps it one.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
ARG POSTGRES_VERSION=15
# Check-Valid-Until: a mirror may be an old snapshot.
RUN apt-get -o Acquire::Check-Valid-Until=false update \
 && mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
 && apt-get install -y --no-install-recommends postgresql-${POSTGRES_VERSION} curl jq iptables procps \
 && rm -rf /var/lib/apt/lists/*
ENV PATH=/usr/lib/postgresql/${POSTGRES_VERSION}/bin:/usr/local/bin:/usr/bin:/bin
COPY node-common.sh /usr/local/lib/node-common.sh
COPY postgres-node /usr/local/bin/node
VOLUME /var/lib/postgresql
USER postgres
EXPOSE 5432
ENTRYPOINT ["node"]
