// `Status` objects: how the API says no. Sentences and reasons as in k8s.io/apimachinery's errors package.

import { qualified, type Resource } from "./objects/resources.ts";

export type Cause = { readonly reason: string; readonly message: string; readonly field?: string };

export type Details = {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
};

export type Status = {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly continue?: string };
  readonly status: "Failure" | "Success";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: Details;
  readonly code?: number;
};

export class ApiError extends Error {
  readonly body: Status;
  readonly code: number;

  constructor(code: number, reason: string, message: string, details?: Details, next?: string) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.body = {
      kind: "Status",
      apiVersion: "v1",
      metadata: next === undefined ? {} : { continue: next },
      status: "Failure",
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

type Named = Pick<Resource, "group" | "plural">;

function about(resource: Named, name: string): Details {
  return {
    ...(name === "" ? {} : { name }),
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.plural,
  };
}

export function unauthorized(): ApiError {
  return new ApiError(401, "Unauthorized", "Unauthorized");
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}

/** `why` is the sentence after the name, as RBAC or an admission plugin words it. */
export function forbidden(resource: Named, name: string, why: string): ApiError {
  const subject = name === "" ? qualified(resource) : `${qualified(resource)} "${name}"`;
  return new ApiError(403, "Forbidden", `${subject} is forbidden: ${why}`, about(resource, name));
}

export function notFound(resource: Named, name: string): ApiError {
  return new ApiError(404, "NotFound", `${qualified(resource)} "${name}" not found`, about(resource, name));
}

export function noSuchResource(): ApiError {
  return new ApiError(404, "NotFound", "the server could not find the requested resource", {});
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}

export function alreadyExists(resource: Named, name: string): ApiError {
  return new ApiError(409, "AlreadyExists", `${qualified(resource)} "${name}" already exists`, about(resource, name));
}

export function conflict(resource: Named, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new ApiError(409, "Conflict", message, about(resource, name));
}

export const modified = "the object has been modified; please apply your changes to the latest version and try again";

export function expired(message: string, next?: string): ApiError {
  return new ApiError(410, "Expired", message, undefined, next);
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return new ApiError(415, "UnsupportedMediaType", message);
}

export function invalid(resource: Resource, name: string, causes: readonly Cause[]): ApiError {
  const told = causes.map((cause) => `${cause.field ?? ""}: ${cause.message}`);
  const list = told.length === 1 ? (told[0] ?? "") : `[${told.join(", ")}]`;
  const subject = resource.group === "" ? resource.kind : `${resource.kind}.${resource.group}`;
  return new ApiError(422, "Invalid", `${subject} "${name}" is invalid: ${list}`, {
    name,
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.kind,
    causes,
  });
}

export function tooLarge(asked: number, current: number): ApiError {
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  return new ApiError(504, "Timeout", message, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}
