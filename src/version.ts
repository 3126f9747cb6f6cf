import packageJson from "../package.json" with { type: "json" };

/** As released: the one in package.json. */
export const { version } = packageJson;
