// Child processes that die with us. In: a command. Out: a child that is ended when this process ends, however
// it ends, and when `stopAll` is called, even in the middle of a start.
//
// On Linux `setpriv --pdeathsig` has the kernel do it; elsewhere our own exit does, and after a kill -9 the
// next start finds what is left. As root, PostgreSQL refuses to run: the child becomes `nobody`, who keeps
// the one right to reach files under a folder that is closed to others.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';

/** "nobody" and its group on every Linux. */
const NOBODY = '65534';
const DIES_WITH_US = ['--pdeathsig', 'INT'];
const AS_NOBODY = [
  // Without this bit access(2) forgets the capability below, and initdb says "invalid binary".
  ...['--securebits', '+no_setuid_fixup'],
  ...['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups'],
  ...['--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override'],
];
/** Where setpriv is; our own environment is not handed on. */
const PATH = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** A fast shutdown takes tenths of a second; after this the child is ended without asking. */
const STOP_WITHIN_MS = 3_000;

export class GuardedChildren {
  readonly #clock: Clock;
  readonly #running = new Set<ChildProcess>();
  #prefix: string[] | undefined;
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws AssayError LEDGER_UNAVAILABLE where root cannot become another user */
  async spawn(program: string, args: string[], environment: Record<string, string>): Promise<ChildProcess> {
    this.#prefix ??= await findPrefix();
    // Whoever is in the middle of a start learns here that it is over.
    if (this.#isStopped) throw new AssayError('LEDGER_UNAVAILABLE', 'the ledger is stopping');
    const [command, ...rest] = [...this.#prefix, program, ...args];
    // A group of its own: the terminal's Ctrl-C must reach us alone, so that we stop in order.
    const child = spawn(command!, rest, {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH, LC_ALL: 'C', TZ: 'UTC', ...environment },
    });
    this.#running.add(child);
    const onExit = (): void => void child.kill('SIGINT');
    process.once('exit', onExit);
    const forget = (): void => {
      this.#running.delete(child);
      process.off('exit', onExit);
    };
    child.once('exit', forget);
    child.once('error', forget);
    return child;
  }

  /** For good: nothing is started after it. */
  async stopAll(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#running].map((child) => this.#stop(child)));
  }

  #stop(child: ChildProcess): Promise<void> {
    return new Promise((done) => {
      const kill = this.#clock.after(STOP_WITHIN_MS, () => child.kill('SIGKILL'));
      child.once('exit', () => {
        kill();
        done();
      });
      child.kill('SIGINT');
    });
  }
}

async function findPrefix(): Promise<string[]> {
  const isRoot = process.getuid?.() === 0;
  const args = [...(isRoot ? AS_NOBODY : []), ...DIES_WITH_US];
  if (process.platform === 'linux' && (await works(['setpriv', ...args]))) return ['setpriv', ...args];
  if (!isRoot) return [];
  throw new AssayError(
    'LEDGER_UNAVAILABLE',
    'the embedded PostgreSQL cannot run as root, and here root cannot become "nobody" with setpriv',
    {
      isTransient: false,
      context: { field: 'ledger.url' },
      recovery: 'Start Assay as an ordinary user, or set ledger.url to a PostgreSQL server.',
    },
  );
}

function works([command, ...args]: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command!, [...args, 'true'], { env: { PATH } }, (error) => resolve(error === null));
  });
}
