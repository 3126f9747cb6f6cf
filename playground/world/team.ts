// Who and what is there when the world begins. Tokens are those of a world that lives on loopback for minutes.

export const repo = "acme/parcel-rates";

export const github = [
  { login: "acme", type: "User", token: "ghp_playground-owner" },
  { login: "maintainer", type: "User", token: "ghp_playground-maintainer" },
  { login: "triager", type: "User", token: "ghp_playground-triager" },
  { login: "outsider", type: "User", token: "ghp_playground-outsider" },
  { login: "afk-bot", type: "User", token: "ghp_playground-afk-bot" },
  { login: "coding-agent", type: "User", token: "ghp_playground-coding-agent" },
] as const;

export const tokens = {
  githubBot: "ghp_playground-afk-bot",
  githubAgent: "ghp_playground-coding-agent",
  githubMaintainer: "ghp_playground-maintainer",
  clusterDeployer: "deployer-token",
  clusterBot: "afk-bot-token",
} as const;

export const channel = { id: "C0AFK", name: "afk" } as const;

export const slackUsers = [
  { id: "U0OPERATOR", name: "operator", realName: "Operator" },
  { id: "U0VIEWER", name: "viewer", realName: "Viewer" },
  { id: "U0GUEST", name: "guest", realName: "Guest" },
] as const;

export const cluster = {
  namespace: "parcel",
  deployment: "parcel-rates",
  image: "registry.example/acme/parcel-rates:first",
} as const;
