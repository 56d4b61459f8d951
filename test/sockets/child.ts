// A process that answers questions: how benches and long runs talk to servers and to thousands of clients
// that must not share a processor core with what measures them. In: a script. Out: `ask`, one question at a
// time.
import { spawn } from 'node:child_process';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { pinned } from '../bench/http-load.ts';

export type Child<Q, A> = { ask(question: Q): Promise<A>; stop(): Promise<void> };

/** An answer that takes longer never comes; connecting 5,000 clients takes seconds. */
const ANSWER_WITHIN_MS = 60_000;

export function startChild<Q extends object, A>(script: string, core: number): Child<Q, A> {
  const command = pinned(core, [process.execPath, '--expose-gc', script]);
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    ask(question) {
      return new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          child.off('message', onMessage);
          child.off('exit', onExit);
        };
        const fail = (why: string): void => {
          end();
          reject(new AssayError('ASSERTION_FAILED', `${script} ${why}`));
        };
        const onMessage = (answer: unknown): void => {
          end();
          resolve(answer as A);
        };
        const onExit = (code: number | null): void => fail(`ended with code ${code}`);
        const timer = setTimeout(() => fail('did not answer'), ANSWER_WITHIN_MS);
        child.once('message', onMessage);
        child.once('exit', onExit);
        child.send(question);
      });
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Called by the script: answers every question, and ends with whoever asks. */
export function answerWith<Q, A extends object>(answer: (question: Q) => Promise<A> | A): void {
  process.on('message', (question) => {
    Promise.resolve(answer(question as Q)).then((given) => process.send!(given));
  });
  process.on('disconnect', () => process.exit(0));
}

/** The same in all processes of a machine, ms. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
