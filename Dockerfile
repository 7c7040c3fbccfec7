# SPDX-License-Identifier: Apache-2.0
# bingo-top in an image that holds nothing else: the static program, descriptions of terminals, a UTF-8 locale.
#
#   docker build -t bingo-top .
#   docker run --rm -it --pid=host --cap-add=SYS_PTRACE bingo-top PID
#
# docs/containers.md has the rest: rights, other containers, Kubernetes.
FROM debian:bookworm-slim AS build
COPY . /src
WORKDIR /src
RUN ./bootstrap.sh build && make image

FROM scratch
COPY --from=build /src/build/image/ /
ENV LC_ALL=C.UTF-8 TERM=xterm-256color
ENTRYPOINT ["/usr/bin/bingo-top"]
