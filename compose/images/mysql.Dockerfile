# One MySQL or MariaDB server of a replicated cluster: the version of a Debian suite,
# and `node`, which makes a primary or a replica of it and keeps it one. FLAVOUR:
# mariadb (10.11 on bookworm, 11.8 on trixie) or mysql (9.7 on sid).
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
ARG FLAVOUR=mariadb
# Check-Valid-Until: a mirror may be an old snapshot.
RUN apt-get -o Acquire::Check-Valid-Until=false update \
 && apt-get install -y --no-install-recommends ${FLAVOUR}-server-core ${FLAVOUR}-client curl jq procps \
 && rm -rf /var/lib/apt/lists/* \
 && (getent passwd mysql >/dev/null || useradd --system --home-dir /var/lib/mysql --shell /bin/false mysql) \
 && install -d -o mysql -g mysql /var/lib/mysql /run/mysqld
ENV FLAVOUR=${FLAVOUR} PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin
COPY node-common.sh /usr/local/lib/node-common.sh
COPY mysql-node /usr/local/bin/node
VOLUME /var/lib/mysql
USER mysql
EXPOSE 3306
ENTRYPOINT ["node"]
