# For those who build with Docker. It makes what `make image` makes, but for the
# digest: that one is reproducible, and is what CI checks. Pin the image of Go by its
# digest where you rely on this one.
ARG GO=1.26
FROM golang:${GO} AS build
WORKDIR /source
COPY go.mod go.sum ./
RUN go mod download
# With .git, out of which the Go command reads the commit that `rescind version` says.
COPY . .
RUN CGO_ENABLED=0 GOFLAGS= GOWORK=off go build -trimpath -buildvcs=true "-ldflags=-s -w -buildid=" -o /out/rescind ./cmd/rescind \
 && echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' > /out/passwd && mkdir -m 1777 /out/tmp

FROM scratch
COPY --from=build /out/passwd /etc/passwd
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/rescind /usr/local/bin/rescind
COPY --from=build /out/tmp /tmp
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/rescind"]
