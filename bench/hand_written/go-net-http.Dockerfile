FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=secret,id=shipway-ca,target=/ca.pem \
    SSL_CERT_FILE=/ca.pem go mod download
COPY main.go .
RUN CGO_ENABLED=0 go build -ldflags="-s -w" -o /quotes .

FROM debian:stable-slim
ENV PORT=8080
WORKDIR /app
COPY --from=build /quotes /usr/local/bin/quotes
COPY templates templates
USER 1000
EXPOSE 8080
CMD ["quotes"]
