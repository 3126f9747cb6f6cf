// How an image is named: `[host/]name[:tag]@sha256:…`, as the distribution reference grammar has it.

import { AfkError } from "../errors.ts";

export type ImageName = {
  /** As the config lists it; `docker.io` where the image names none. */
  readonly host: string;
  /** The repository within the registry. */
  readonly name: string;
  readonly digest: string;
};

const NAME = /^([a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Throws `invalid` where the image is no such name, or names no digest: a tag may be of something else by now. */
export function parseImage(image: string): ImageName {
  const [tagged = "", digest] = image.split("@");
  if (digest === undefined)
    throw new AfkError("invalid", `${image} is named by tag, and its label is looked up by digest`);
  const [first = "", ...rest] = tagged.split("/");
  // As Docker tells a registry from the first part of a name.
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const path = (named ? rest.join("/") : tagged).replace(/:[\w][\w.-]{0,127}$/, "");
  const name = named || path.includes("/") ? path : `library/${path}`;
  if (!DIGEST.test(digest) || !NAME.test(name)) throw new AfkError("invalid", `${image} is not the name of an image`);
  return { host: named ? first : "docker.io", name, digest };
}
