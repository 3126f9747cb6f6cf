// Several T3 servers behind one executor port: each run and session is asked of at its own server, by the name in it. What
// has no name is the first one's. A name that the config has no more is unknown: nothing is sent, nothing is concluded.

import { known, type Observed, unknown } from "../domain/observed.ts";
import type { Run, Session } from "../domain/run.ts";
import { AfkError } from "../errors.ts";
import type { Executor } from "../ports.ts";

export type Member = { readonly name: string; readonly executor: Executor };

/** `members` in the config's order; there is at least one. */
export function routed(members: readonly Member[]): Executor {
  function at(name: string | undefined): Executor {
    const one = name === undefined ? members[0] : members.find((member) => member.name === name);
    return one?.executor ?? gone(name ?? "");
  }
  const of = (run: Run, session: Session): Executor => at(session.executor ?? run.executor);

  return {
    /** Of a run that the state has lost nobody knows where it was: it is nowhere only where all servers say so. */
    async findSession(run) {
      let unsure: Observed<never> | undefined;
      for (const { name, executor } of members) {
        const seen = await executor.findSession(run);
        if (!seen.known) unsure = seen;
        else if (seen.value !== null)
          return known(members.length === 1 ? seen.value : { ...seen.value, executor: name });
      }
      return unsure ?? known(null);
    },
    async openSession(run, workspaceRoot, refusals) {
      const session = await at(run.executor).openSession(run, workspaceRoot, refusals);
      return run.executor === undefined ? session : { ...session, executor: run.executor };
    },
    sendTurn: (run, session, ...rest) => of(run, session).sendTurn(run, session, ...rest),
    findTurn: (run, session, ...rest) => of(run, session).findTurn(run, session, ...rest),
    interrupt: (run, session, ...rest) => of(run, session).interrupt(run, session, ...rest),
    endSession: (run, session, ...rest) => of(run, session).endSession(run, session, ...rest),
    answer: (run, session, ...rest) => of(run, session).answer(run, session, ...rest),
    approve: (run, session, ...rest) => of(run, session).approve(run, session, ...rest),
    observeTurn: (session, ...rest) => at(session.executor).observeTurn(session, ...rest),
    fetchLastMessages: (session) => at(session.executor).fetchLastMessages(session),
    observeSpend: (session) => at(session.executor).observeSpend(session),
  };
}

/** The executor, with each outcome told to whoever keeps whether its server answers. */
export function noted(
  executor: Executor,
  told: { watch<T>(call: () => Promise<T>): Promise<T>; note(observed: Observed<unknown>): void },
): Executor {
  const { watch } = told;
  async function seen<T>(read: Promise<Observed<T>>): Promise<Observed<T>> {
    const observed = await read;
    told.note(observed);
    return observed;
  }
  return {
    findSession: (run) => seen(executor.findSession(run)),
    openSession: (...args) => watch(() => executor.openSession(...args)),
    sendTurn: (...args) => watch(() => executor.sendTurn(...args)),
    findTurn: (...args) => seen(executor.findTurn(...args)),
    interrupt: (...args) => watch(() => executor.interrupt(...args)),
    endSession: (...args) => watch(() => executor.endSession(...args)),
    answer: (...args) => watch(() => executor.answer(...args)),
    approve: (...args) => watch(() => executor.approve(...args)),
    observeTurn: (...args) => seen(executor.observeTurn(...args)),
    fetchLastMessages: (session) => seen(executor.fetchLastMessages(session)),
    observeSpend: (session) => executor.observeSpend(session),
  };
}

function gone(name: string): Executor {
  const why = `The config names no T3 server ${name}, where this session is: put it back until nothing is left there.`;
  const refuse = async (): Promise<never> => {
    throw new AfkError("conflict", why);
  };
  const unsure = async () => unknown(why);
  return {
    findSession: unsure,
    openSession: refuse,
    sendTurn: refuse,
    findTurn: unsure,
    interrupt: refuse,
    endSession: refuse,
    answer: refuse,
    approve: refuse,
    observeTurn: unsure,
    fetchLastMessages: unsure,
    observeSpend: async () => ({ usd: null, source: "unknown", tokens: null }),
  };
}
