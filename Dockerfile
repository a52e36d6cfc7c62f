# The connector in one small image: built with everything, shipped with production dependencies only.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: the only one fetches a Node for development machines, and this image has its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# Sources, types and maps are half of it, and nothing reads them at run time.
RUN find node_modules -type f \( -name "*.ts" -o -name "*.mts" -o -name "*.cts" -o -name "*.map" \) -delete

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="binance-kafka-connector" \
      org.opencontainers.image.description="Streams Binance market data into Apache Kafka" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# HTTP_HOST: inside a container the loopback address reaches nobody.
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
RUN install -d -o node -g node /data
VOLUME /data
# The image's user `node`, by number: Kubernetes' runAsNonRoot cannot judge a name.
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
# Alive, not ready: while Kafka is away a restart would not help. HTTP_PORT=0 turns the endpoint off, and this with it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "const port = process.env.HTTP_PORT || '8080'; if (port !== '0') fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself receives the signals; arguments after the image's name go to the program.
ENTRYPOINT ["node", "dist/Main.js"]
