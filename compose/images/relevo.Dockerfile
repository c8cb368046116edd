# Relevo and the client with its load generator, built from source: two targets.
# The context is the repository. compose/images/relevo-package.Dockerfile makes the
# same two from a package that was built already.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
COPY scripts/install-packages.sh scripts/
RUN scripts/install-packages.sh build && rm -rf /var/lib/apt/lists/*
# Only what is compiled: a new sentence in the documentation, another drill, a report
# that one has left, and all that is here is still as it was.
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY cmake cmake
COPY packaging packaging
COPY topology topology
COPY failover failover
COPY proxy proxy
RUN cmake --preset release -Wno-dev && cmake --build build/release --target relevo relevoctl
COPY tests/support/workload tests/support/workload
RUN cmake -S tests/support/workload -B build/workload -G Ninja -DCMAKE_BUILD_TYPE=Release -Wno-dev \
 && cmake --build build/workload
RUN cd build/release && cpack -G DEB && mkdir /built && mv *.deb /built/relevo.deb \
 && mv ../workload/relevo-workload /built/

FROM ${BASE_IMAGE} AS client
COPY --from=build /built/relevo-workload /usr/local/bin/
# skip-ssl: a drill's Relevo has no certificate, and MariaDB's client would send a password in clear text.
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-client mariadb-client libpq5 libmariadb3 \
      iptables iproute2 procps python3-minimal \
 && rm -rf /var/lib/apt/lists/* \
 && printf '[client]\nskip-ssl\n' >/etc/mysql/conf.d/relevo.cnf
COPY compose/images/slow-link /usr/local/bin/

FROM ${BASE_IMAGE} AS relevo
COPY --from=build /built/relevo.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/relevo.deb \
 && rm -rf /tmp/relevo.deb /var/lib/apt/lists/* \
 && install -d -o relevo -g relevo -m 700 /var/lib/relevo && install -d -o relevo -g relevo /run/relevo
VOLUME /var/lib/relevo
USER relevo
EXPOSE 6432 8008
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 \
  CMD ["relevoctl", "--admin", "/run/relevo/admin.sock", "topology"]
CMD ["relevo", "--config", "/etc/relevo/relevo.json"]
