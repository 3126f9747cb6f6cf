/**
 * Every button there is. Old messages keep their buttons for ever, so an id is never given another meaning: a changed
 * button gets the next version. Each has its file in handlers/, or it does not compile.
 */
export type ActionId = "open-session.v1" | "open-issue.v1";
