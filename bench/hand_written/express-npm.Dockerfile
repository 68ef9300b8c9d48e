FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=shipway-ca,target=/ca.pem \
    NODE_EXTRA_CA_CERTS=/ca.pem npm ci --omit=dev --ignore-scripts

FROM node:20-slim
ENV NODE_ENV=production PORT=8080
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY package.json .
COPY src src
USER 1000
EXPOSE 8080
CMD ["node", "src/server.js"]
