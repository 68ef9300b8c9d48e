FROM node:20.11.0-slim AS build
WORKDIR /app
RUN --mount=type=secret,id=shipway-ca,target=/ca.pem \
    NODE_EXTRA_CA_CERTS=/ca.pem npm install --global pnpm@9.15.4
COPY package.json pnpm-lock.yaml ./
RUN --mount=type=secret,id=shipway-ca,target=/ca.pem \
    NODE_EXTRA_CA_CERTS=/ca.pem pnpm install --frozen-lockfile
COPY tsconfig.json .
COPY src src
RUN pnpm run build && CI=true pnpm prune --prod

FROM node:20.11.0-slim
ENV NODE_ENV=production PORT=8080
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json .
USER 1000
EXPOSE 8080
CMD ["node", "dist/main.js"]
