# syntax=docker/dockerfile:1

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The image has its own Node: the packaged one, an optional dependency, is left out.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY rules ./rules
COPY src ./src
# The config is mounted at /etc/acme-edge; store and logs are volumes, so that the root file system can be read-only:
# docker run --read-only --tmpfs /tmp -v ./edge.yaml:/etc/acme-edge/edge.yaml:ro -v certs:/var/lib/acme-edge …
RUN mkdir -p /etc/acme-edge /var/lib/acme-edge /var/log/acme-edge \
  && chown node:node /var/lib/acme-edge /var/log/acme-edge \
  && chmod 0700 /var/lib/acme-edge
ENV NODE_ENV=production
USER node
VOLUME ["/var/lib/acme-edge", "/var/log/acme-edge"]
# Any ports may be configured; above 1024 no capability is needed.
EXPOSE 8080 8443 9180
STOPSIGNAL SIGTERM
# The admin listener of the config; another address than the usual one: -e ACME_EDGE_ADMIN=http://…
ENV ACME_EDGE_ADMIN=http://127.0.0.1:9180
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(process.env.ACME_EDGE_ADMIN + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/app/bin/acme-edge"]
CMD ["run", "--config", "/etc/acme-edge/edge.yaml"]
