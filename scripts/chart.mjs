// What the chart takes from the code: the environment of the caches, and what the config may say.
import { stringify } from "yaml";
import { configJsonSchema } from "../src/config/json-schema.ts";
import { cacheEnvText } from "../src/volume/cache-env-command.ts";

/** What `afk cache-env` prints; the chart puts the volume's path in. */
export function cacheEnvValues() {
  const env = JSON.parse(cacheEnvText("{volume}", "json"));
  return `# By npm run generate: what \`afk cache-env\` prints.\n${stringify(env, { lineWidth: 0 })}`;
}

/** The chart's schema as it is, with the config's rules of today; what the chart fills in may be left out. */
export function valuesSchema(text) {
  const schema = JSON.parse(text);
  const { $schema, required, properties, ...config } = configJsonSchema();
  for (const section of ["github", "slack", "t3"]) {
    const { required, oneOf, anyOf, ...open } = properties[section];
    properties[section] = open;
  }
  schema.properties.config = { ...config, properties };
  return schema;
}
