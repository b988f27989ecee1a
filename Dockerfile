# Rowloom as a container: `docker run rowloom --help`. docker-compose.yml runs its worker beside Temporal.

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY . .
# npm builds the package after it has installed what that needs.
RUN npm ci && npm prune --omit=dev

FROM node:22-bookworm-slim
WORKDIR /app
COPY --from=build /app/package.json /app/rowloom ./
COPY --from=build /app/dist ./dist
COPY --from=build /app/node_modules ./node_modules
RUN ln -s /app/rowloom /usr/local/bin/rowloom && mkdir -p /rowloom/artifacts && chown -R node /rowloom
# Datasets are in the folder "artifacts" of the working folder.
WORKDIR /rowloom
USER node
ENTRYPOINT ["rowloom"]
CMD ["--help"]
