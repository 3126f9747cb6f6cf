// What the coding agent and the server that started it say to each other: one JSON object a line, on stdio.
//
//   server → agent   turn · answer · approval · interrupt
//   agent → server   ready · text · tool · tool-result · ask · approve · plan · usage · result
//
// An agent runs one turn at a time; a turn that arrives meanwhile waits and is begun after the running one's result.
// Every turn ends in exactly one `result`, an interrupted one too. What an agent says after a result and before the
// next turn is a turn of its own, begun in the background. The process ends when its stdin closes.

export type Question = {
  readonly question: string;
  readonly header: string;
  readonly options: readonly { readonly label: string; readonly description: string }[];
  readonly multiSelect: boolean;
};

export type ToAgent =
  | {
      readonly type: "turn";
      readonly text: string;
      readonly model: string;
      readonly runtimeMode: string;
      readonly interactionMode: string;
    }
  /** Keyed by the question's text; an option's label, several for a multi-select, or free text. */
  | { readonly type: "answer"; readonly requestId: string; readonly answers: Readonly<Record<string, unknown>> }
  | { readonly type: "approval"; readonly requestId: string; readonly allow: boolean }
  | { readonly type: "interrupt" };

export type FromAgent =
  /** Said once, when the process takes turns. */
  | { readonly type: "ready"; readonly sessionId: string }
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "tool";
      readonly id: string;
      readonly name: string;
      readonly input: Readonly<Record<string, unknown>>;
    }
  | { readonly type: "tool-result"; readonly id: string; readonly content: string; readonly isError: boolean }
  | { readonly type: "ask"; readonly requestId: string; readonly questions: readonly Question[] }
  /** May the tool be used? Asked always; whether a person gets to see it is the server's business. */
  | {
      readonly type: "approve";
      readonly requestId: string;
      readonly name: string;
      readonly input: Readonly<Record<string, unknown>>;
    }
  | { readonly type: "plan"; readonly markdown: string }
  | { readonly type: "usage"; readonly inputTokens: number; readonly outputTokens: number }
  | {
      readonly type: "result";
      readonly outcome: "success" | "error" | "max-turns" | "interrupted";
      /** With `success`: the provider's API failed and the last text says how. */
      readonly isError: boolean;
      readonly message: string;
      readonly costUsd: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
    };
