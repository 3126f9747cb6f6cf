# Made in two steps: the program in a few files (scripts/build.ts), and an image with nothing but that and what it calls.
# `npm install` rather than `npm ci`: see scripts/run.mjs.
FROM node:24-slim AS build

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-progress
COPY scripts ./scripts
COPY src ./src
COPY handlers ./handlers
COPY views ./views
RUN npm run build

FROM node:24-slim

RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git tini \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY --from=build /app/dist ./
RUN ln -s /app/main.mjs /usr/local/bin/afk

# Two of glibc's arenas, not eight for each core, as what a thread frees stays in its own. And a large buffer goes back to the
# system with its end: left alone, glibc keeps ever larger ones.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072
# The image's own user `node`, by number: Kubernetes' runAsNonRoot does not look names up.
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["tini", "--", "afk"]
CMD ["serve", "--config", "/config/afk.yaml"]
