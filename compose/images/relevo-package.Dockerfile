# As relevo.Dockerfile, from what stands in build/package: relevo.deb, made by
# `cpack -G DEB` in a build directory of this Debian, and relevo-workload. For those
# who have built it already, as CI has: a minute instead of fifteen.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS client
ARG MORE_PACKAGES=
# skip-ssl: a drill's Relevo has no certificate, and MariaDB's client would send a password in clear text.
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-client mariadb-client libpq5 libmariadb3 \
      iptables iproute2 procps python3-minimal ${MORE_PACKAGES} \
 && rm -rf /var/lib/apt/lists/* \
 && printf '[client]\nskip-ssl\n' >/etc/mysql/conf.d/relevo.cnf
COPY build/package/relevo-workload compose/images/slow-link /usr/local/bin/

FROM ${BASE_IMAGE} AS relevo
COPY build/package/relevo.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/relevo.deb \
 && rm -rf /tmp/relevo.deb /var/lib/apt/lists/* \
 && install -d -o relevo -g relevo -m 700 /var/lib/relevo && install -d -o relevo -g relevo /run/relevo
VOLUME /var/lib/relevo
USER relevo
EXPOSE 6432 8008
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 \
  CMD ["relevoctl", "--admin", "/run/relevo/admin.sock", "topology"]
CMD ["relevo", "--config", "/etc/relevo/relevo.json"]
