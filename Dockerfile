# docker build --build-arg VERSION=$(node -p "require('./package.json').version") -t lambent .

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No package runs a script of its own; sharp's binaries are packages themselves.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM dependencies AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
COPY edge ./edge
RUN npm run build

FROM node:24-slim
# glibc's allocator keeps what pictures of changing sizes leave in pieces. After 150 photos of 24 MP, 16 at a time, the process
# held 824 MiB with it, and 298 with jemalloc.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libjemalloc2 \
  && rm -rf /var/lib/apt/lists/*
# A bare name is looked up where Debian keeps the libraries of this architecture.
ENV LD_PRELOAD=libjemalloc.so.2
# libvips puts pictures of more than 100 MB of pixels into /tmp, which a read-only root refuses. MAX_SOURCE_PIXELS bounds them:
# at its ceiling they are 2 GB, so this limit is never met.
ENV VIPS_DISC_THRESHOLD=4g
ENV NODE_ENV=production

WORKDIR /app
COPY LICENSE package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist

# By number, because a name cannot be checked to be someone else than root (Kubernetes' runAsNonRoot). Nothing in here belongs to it.
USER 1000:1000
# Images, and what only the platform may see: probes and metrics.
EXPOSE 3000 9464
STOPSIGNAL SIGTERM
# There is no curl in here. An address that does not answer is a rejection, which ends Node.js with 1.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MANAGEMENT_PORT || 9464}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1))"]
# As `npm start`, but without npm between the platform and the process: npm passes signals on late and makes its own exit code.
CMD ["node", "--require", "./dist/preload.cjs", "dist/server.js"]

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Lambent" \
  org.opencontainers.image.description="A self-hosted image origin: resizes pictures from a folder, S3 or a web server behind a CDN." \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION"
