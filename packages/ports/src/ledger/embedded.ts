// The ledger on a PostgreSQL of this machine that several of our processes share. In: a folder. Out: the
// port; the server runs while one of the processes does.
//
// One of them owns the server: whoever holds the lock of the folder, which the operating system takes from a
// dead process. The others connect to its address and look every second whether the lock is free; then one of
// them becomes the owner and starts the server again, on the same port if it can. Meanwhile, about a second,
// statements fail with LEDGER_UNAVAILABLE. Invariant: one server per folder, none without an owner.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import { GuardedChildren } from './guarded-children.ts';
import type { Ledger, Queries, Row, SqlValue, TransactionOptions } from './ledger.ts';
import { startLocalServer } from './local-server.ts';
import { createPostgresLedger, type MovingLedger } from './postgres.ts';

export type EmbeddedOptions = {
  /** A folder of its own. */
  path: string;
  clock: Clock;
  log: Log;
};

export function createEmbeddedLedger(options: EmbeddedOptions): Ledger {
  return new EmbeddedLedger(options);
}

type Address = { url: string; port: number };

const LOOK_EVERY_MS = 1_000;
/** The owner may be making the database at this moment. */
const JOIN_WITHIN_MS = 40_000;
const JOIN_RETRY_MS = 100;
/** A server that ends this often by itself does not live from being started again. */
const RESTARTS_MAX = 10;

class EmbeddedLedger implements Ledger {
  readonly #options: EmbeddedOptions;
  #children: GuardedChildren;
  #ledger: MovingLedger | undefined;
  #lock: DatabaseSync | undefined;
  #isStopping = false;
  #cancelLook: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #restarts = 0;

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.#children = new GuardedChildren(options.clock);
  }

  async start(): Promise<void> {
    if (this.#ledger !== undefined) return;
    this.#isStopping = false;
    this.#children = new GuardedChildren(this.#options.clock);
    try {
      makeFolder(this.#options.path);
      this.#ledger = await this.#ownOrJoin();
      this.#lookLater();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelLook?.();
    await this.#looking?.catch(() => undefined);
    await this.#ledger?.stop();
    this.#ledger = undefined;
    await this.#children.stopAll();
    this.#lock?.close();
    this.#lock = undefined;
  }

  address(): string {
    return this.#running().address();
  }

  query<R extends Row>(text: string, params?: readonly SqlValue[]): Promise<R[]> {
    return this.#running().query<R>(text, params);
  }

  transaction<T>(work: (queries: Queries) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.#running().transaction(work, options);
  }

  migrate(name: string, steps: readonly string[]): Promise<void> {
    return this.#running().migrate(name, steps);
  }

  #running(): MovingLedger {
    if (this.#ledger !== undefined) return this.#ledger;
    throw new AssayError('LEDGER_UNAVAILABLE', 'the ledger is not started');
  }

  async #ownOrJoin(): Promise<MovingLedger> {
    const { clock, log } = this.#options;
    const endMs = clock.monotonic() + JOIN_WITHIN_MS;
    for (;;) {
      const isOwner = this.#takeLock();
      const address = isOwner ? await this.#serve() : readAddress(this.#options.path);
      if (address !== undefined) {
        const ledger = createPostgresLedger({ url: address.url, clock, log });
        try {
          await ledger.start();
          return ledger;
        } catch (error) {
          if (isOwner || clock.monotonic() > endMs) throw error;
        }
      } else if (clock.monotonic() > endMs) {
        throw new AssayError(
          'LEDGER_UNAVAILABLE',
          `another process holds ${this.#options.path} and does not serve`,
        );
      }
      await clock.sleep(JOIN_RETRY_MS);
    }
  }

  /** Starts the server and tells the others where it is. */
  async #serve(): Promise<Address> {
    const { path, clock, log } = this.#options;
    const port = readAddress(path)?.port;
    const server = await startLocalServer({ path, port, children: this.#children, clock, log });
    const address = { url: server.url, port: server.port };
    writeFileSync(addressFile(path, '.new'), JSON.stringify(address), { mode: 0o600 });
    renameSync(addressFile(path, '.new'), addressFile(path));
    void server.ended.then(() => this.#serveAgain());
    return address;
  }

  #serveAgain(): void {
    if (this.#isStopping) return;
    this.#restarts += 1;
    this.#options.log.error('PostgreSQL ended by itself', { restarts: this.#restarts });
    if (this.#restarts > RESTARTS_MAX) return;
    this.#options.clock.after(LOOK_EVERY_MS, () => {
      if (this.#isStopping) return;
      this.#looking = this.#serve().then(
        ({ url }) => this.#ledger?.moveTo(url),
        (error: unknown) => {
          this.#complain(error);
          this.#lookLater();
        },
      );
    });
  }

  #lookLater(): void {
    if (this.#isStopping || this.#lock !== undefined) return;
    this.#cancelLook = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => this.#complain(error))
        .finally(() => this.#lookLater());
    });
  }

  /** Is the owner gone, or has it moved? */
  async #look(): Promise<void> {
    const address = this.#takeLock() ? await this.#serve() : readAddress(this.#options.path);
    if (address !== undefined && address.url !== this.#ledger?.address()) this.#ledger?.moveTo(address.url);
  }

  #complain(error: unknown): void {
    this.#lock?.close();
    this.#lock = undefined;
    this.#options.log.error('PostgreSQL could not be started again', { reason: messageOf(error) });
  }

  #takeLock(): boolean {
    if (this.#lock !== undefined) return true;
    const lock = new DatabaseSync(join(this.#options.path, 'owner.lock'), { timeout: 0 });
    try {
      lock.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch {
      lock.close(); // another process is the owner
      return false;
    }
    this.#lock = lock;
    return true;
  }
}

function addressFile(path: string, suffix = ''): string {
  return join(path, `address.json${suffix}`);
}

function readAddress(path: string): Address | undefined {
  try {
    return JSON.parse(readFileSync(addressFile(path), 'utf8')) as Address;
  } catch {
    return undefined; // not written yet
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new AssayError('DATA_FOLDER_UNUSABLE', `the folder ${path} cannot be made: ${messageOf(cause)}`, {
      cause,
      context: { path },
    });
  }
}
