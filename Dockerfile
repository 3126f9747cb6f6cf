# No build step: Node 24 runs the TypeScript as it is. `npm install` rather than `npm ci`: see scripts/run.mjs.
FROM node:24-slim

RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git tini \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --omit=dev --omit=optional --no-progress && npm cache clean --force
COPY src ./src
COPY handlers ./handlers
COPY views ./views

ENV NODE_ENV=production
# The image's own user `node`, by number: Kubernetes' runAsNonRoot does not look names up.
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["tini", "--", "node", "src/main.ts"]
CMD ["serve", "--config", "/config/afk.yaml"]
