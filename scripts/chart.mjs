// What the chart takes from the code: the environment of the caches, and what the config may say.
import { stringify } from "yaml";
import { configJsonSchema } from "../src/config/json-schema.ts";
import { cacheEnv, caches } from "../src/volume/caches.ts";
import { layoutOf } from "../src/volume/layout.ts";

/** T3's environment for the caches; the chart puts the volume's path in. */
export function cacheEnvValues() {
  const shared = caches.filter(({ setupOnly }) => setupOnly !== true);
  const env = cacheEnv(shared, (tool) => layoutOf("{volume}").cache(tool));
  return `# By npm run generate, of src/volume/caches.ts.\n${stringify(env, { lineWidth: 0 })}`;
}

/** The chart's schema as it is, with the config's rules of today; what the chart fills in may be left out. */
export function valuesSchema(text) {
  const schema = JSON.parse(text);
  const { $schema, required, properties, ...config } = configJsonSchema();
  for (const section of ["github", "slack", "t3"]) {
    const { required, oneOf, ...open } = properties[section];
    properties[section] = open;
  }
  schema.properties.config = { ...config, properties };
  return schema;
}
