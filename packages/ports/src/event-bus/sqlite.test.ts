// The embedded bus passes the suite, and keeps what is special to it: one file for several processes, death
// at any moment, full disks, damaged files, retention, and reading beside a running program.
import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { memoryLog } from '@assay/kernel/telemetry/log';
import { SimulatedClock, systemClock } from '@assay/kernel/time/clock';
import { eventBusSuite, numbered, numbersOf, until } from './event-bus.conformance.ts';
import type { BusRecord, EventBus } from './event-bus.ts';
import { createSqliteBus, type SqliteBusOptions } from './sqlite.ts';
import { readSqliteLog } from './sqlite-log.ts';
import { LogStore } from './sqlite-store.ts';

eventBusSuite('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-log-'));
  const clients: EventBus[] = [];
  return {
    isDurable: true,
    async open() {
      const bus = busAt(join(folder, 'events.sqlite'), { partitions: { wide: 4 } });
      clients.push(bus);
      await bus.start();
      return bus;
    },
    async close() {
      for (const bus of clients) await bus.stop();
      await rm(folder, { recursive: true });
    },
  };
});

let folder: string;
let path: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-sqlite-log-'));
});
after(() => rm(folder, { recursive: true }));
let fileCount = 0;
beforeEach(() => {
  path = join(folder, `${++fileCount}.sqlite`);
});

function busAt(file: string, more: Partial<SqliteBusOptions> = {}): EventBus {
  return createSqliteBus({ path: file, namespace: 'node0', clock: systemClock, ...more });
}

function startAppending(name: string): { child: ChildProcess; acknowledged: () => [number, number][] } {
  const script = join(import.meta.dirname, 'appending-process.ts');
  const child = spawn(process.execPath, [script, path, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  // A line that was cut off by the death of the process was not reported.
  const lines = () =>
    text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean);
  return {
    child,
    acknowledged: () => lines().map((line) => line.split(' ').map(Number) as [number, number]),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}

describe('several processes on one log', () => {
  test('write in turn without gaps, and each sees what the others publish, in one order', async () => {
    const bus = busAt(path);
    await bus.start();
    const seen: BusRecord[] = [];
    await bus.subscribe({ topic: 'prices', from: 'earliest' }, (records) => void seen.push(...records));
    const others = [startAppending('a'), startAppending('b')];
    for (let n = 0; n < 300; n++) await bus.publish('prices', numbered(1, n, 'own'));
    await until('both other processes', () =>
      others.every(({ acknowledged }) => acknowledged().length > 300),
    );
    for (const { child } of others) await kill(child);
    const next = (await bus.positions('prices'))[0]!.nextOffset;
    await until('all of it', () => seen.length === next);
    await bus.stop();
    deepStrictEqual(
      seen.map(({ offset }) => offset),
      Array.from({ length: next }, (_, i) => i),
    );
    ok(seen.every(({ at }, i) => i === 0 || at >= seen[i - 1]!.at));
    for (const key of ['own', 'a', 'b']) {
      const numbers = numbersOf(seen.filter((record) => record.key === key));
      deepStrictEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
        `${key} in its own order`,
      );
    }
    for (const [i, { acknowledged }] of others.entries()) {
      for (const [offset, n] of acknowledged()) {
        const record = seen[offset];
        strictEqual(`${record?.key} ${record?.value}`, `${'ab'[i]} {"n":${n}}`);
      }
    }
  });

  test('take over the partitions of a killed member at once, from its last saved position', async () => {
    const bus = busAt(path);
    await bus.start();
    await bus.publish('prices', numbered(10));
    await bus.stop();
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'close');
    const store = new LogStore(path);
    const [{ id } = { id: 0 }] = store.partitions();
    const beat = {
      group: 'g',
      topic: 'node0.prices',
      member: 'dead',
      from: 'earliest' as const,
      partitionIds: [id],
    };
    const identity = { host: hostname(), pid: dead.pid!, nowMs: systemClock.now() };
    store.transaction(() =>
      store.consumers.beat({ ...beat, host: identity.host, pid: process.pid, nowMs: identity.nowMs }),
    );
    const held = { group: 'g', partitionId: id, member: 'dead', generation: 1, nextOffset: 4 };
    deepStrictEqual(store.commit({ appends: [], positions: [held] }).fenced, []);
    const file = new DatabaseSync(path);
    file.prepare('UPDATE members SET pid = ?').run(dead.pid!);
    file.close();
    const successor = store.transaction(() =>
      store.consumers.beat({ ...beat, ...identity, pid: process.pid, member: 'new' }),
    );
    deepStrictEqual(successor.held, [{ partitionId: id, generation: 2, nextOffset: 4 }]);
    // Fencing: what the dead one still sends does not move the position.
    deepStrictEqual(store.commit({ appends: [], positions: [{ ...held, nextOffset: 9 }] }).fenced.length, 1);
    store.close();
  });
});

describe('a process killed at any moment', () => {
  test('loses nothing that it had acknowledged, and leaves no gap', async () => {
    let known: [number, number][] = [];
    for (let round = 0; round < 3; round++) {
      const { child, acknowledged } = startAppending(`round${round}`);
      await until('some acknowledgements', () => acknowledged().length > 200 * (round + 1));
      await kill(child);
      known = known.concat(acknowledged());
      const log = readSqliteLog(path, 'node0');
      const [{ nextOffset, firstOffset } = { nextOffset: 0, firstOffset: -1 }] = log.positions('prices');
      const records = log.read('prices', 0, 0, nextOffset + 1);
      log.close();
      strictEqual(firstOffset, 0);
      deepStrictEqual(
        records.map(({ offset }) => offset),
        Array.from({ length: nextOffset }, (_, i) => i),
      );
      for (const [offset, n] of known) strictEqual(records[offset]?.value, `{"n":${n}}`);
    }
  });
});

describe('a full disk', () => {
  const mount = join(tmpdir(), `assay-full-disk-${process.pid}`);
  let canMount = false;
  before(() => {
    mkdirSync(mount, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount], { stdio: 'ignore' });
      canMount = true;
    } catch {
      // Not allowed here: the test says so.
    }
  });
  after(() => {
    if (canMount) execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  });

  test('refuses records while it lasts, takes them again when there is room, and loses none', async (t) => {
    if (!canMount) return t.skip('a small file system cannot be mounted here');
    const filler = join(mount, 'filler');
    writeFileSync(filler, Buffer.alloc(900_000));
    const bus = busAt(join(mount, 'events.sqlite'));
    await bus.start();
    const accepted: number[] = [];
    const large = (n: number) => [{ key: 'k', value: JSON.stringify({ n, text: 'x'.repeat(20_000) }) }];
    await rejects(
      async () => {
        for (let n = 0; n < 500; n++) {
          await bus.publish('prices', large(n));
          accepted.push(n);
        }
      },
      (error: unknown) => isAssayError(error, 'BUS_UNAVAILABLE') && error.isTransient,
    );
    ok(accepted.length > 0);
    await rejects(
      busAt(join(mount, 'another.sqlite')).start(),
      (error) => isAssayError(error, 'BUS_UNAVAILABLE') && error.message.startsWith('no room is left'),
    );
    rmSync(filler);
    await bus.publish('prices', large(1_000));
    deepStrictEqual(numbersOf(await bus.read('prices', 0, 0, 1_000)), [...accepted, 1_000]);
    await bus.stop();
  });
});

describe('a file that is not ours', () => {
  const isInvalid = (error: unknown) =>
    isAssayError(error, 'DATA_FILE_INVALID') && error.message.includes(path);

  test('is refused with its name and left as it is', async () => {
    const foreign = new DatabaseSync(path);
    foreign.exec('CREATE TABLE t (x)');
    foreign.close();
    const bus = busAt(path);
    await rejects(bus.start(), isInvalid);
    await bus.stop();
    writeFileSync(path, 'not a database at all, but long enough to look like one'.repeat(50));
    await rejects(bus.start(), isInvalid);
    throws(() => readSqliteLog(path, 'node0'), isInvalid);
  });

  test('is refused when it is damaged, and when its folder does not exist', async () => {
    const bus = busAt(path);
    await bus.start();
    for (let n = 0; n < 50; n++) await bus.publish('prices', [{ key: 'k', value: 'x'.repeat(5_000) }]);
    await bus.stop();
    writeFileSync(path, Buffer.alloc(statSync(path).size - 4096, 0xab), { flag: 'r+', flush: true });
    await rejects(bus.start(), isInvalid);
    const nowhere = busAt(join(folder, 'no', 'such', 'folder.sqlite'));
    await rejects(nowhere.start(), (error) => isAssayError(error, 'DATA_FOLDER_UNUSABLE'));
  });
});

describe('retention', () => {
  test('by size deletes the oldest instants, keeps offsets, and a lagging subscriber goes on with what is left', async () => {
    const log = memoryLog();
    const bus = busAt(path, { retention: { prices: { maxBytes: 200_000 } }, log });
    await bus.start();
    for (let n = 0; n < 100; n++) await bus.publish('prices', [{ key: 'k', value: 'x'.repeat(9_999) }]);
    const firstOffset = async () => (await bus.positions('prices'))[0]!.firstOffset;
    let first = await firstOffset();
    while (first !== 80) {
      await systemClock.sleep(20);
      first = await firstOffset();
      ok(first <= 80, 'not more than what is too much');
    }
    const seen: number[] = [];
    await bus.subscribe({ topic: 'prices', from: { 0: 0 } }, (records) => {
      seen.push(...records.map(({ offset }) => offset));
    });
    await until('what is left', () => seen.length === 20);
    strictEqual(seen[0], 80);
    strictEqual(log.lines.find(({ level }) => level === 'warn')?.fields.to, 80);
    await bus.stop();
  });

  test('by age deletes in small steps, and always leaves the last instant, so that offsets go on', () => {
    const clock = new SimulatedClock(1_000_000);
    const store = new LogStore(path, clock);
    const [{ id } = { id: 0 }] = store.topic('node0.prices', 1);
    for (let nowMs = 1_000_000; nowMs < 1_000_600; nowMs++) {
      store.commit({ appends: [{ partitionId: id, count: 1, records: 'k\x1fv\x1e' }], positions: [], nowMs });
    }
    void clock.advance(10_000_000);
    let steps = 1;
    while (store.expire(id, { maxAgeMs: 60_000 })) steps++;
    strictEqual(steps, 4, 'three with work, one that finds none');
    deepStrictEqual(store.range(id), { firstOffset: 599, nextOffset: 600 });
    strictEqual(store.expire(id, { maxAgeMs: 60_000, maxBytes: 0 }), false);
    store.close();
  });
});

describe('reading a log for tools', () => {
  test('works beside a running program, and after its end without leaving a trace', async () => {
    const bus = busAt(path);
    await bus.start();
    await bus.publish('prices', numbered(3));
    await bus.publish('answers', numbered(2));
    const beside = readSqliteLog(path, 'node0');
    await bus.publish('prices', numbered(1, 3));
    deepStrictEqual(beside.topics(), ['answers', 'prices']);
    deepStrictEqual(numbersOf(beside.read('prices', 0, 1, 10)), [1, 2, 3]);
    beside.close();
    await bus.stop();
    const quiet = readSqliteLog(path, 'node0');
    deepStrictEqual(quiet.positions('prices'), [{ partition: 0, firstOffset: 0, nextOffset: 4 }]);
    throws(
      () => quiet.read('orders', 0, 0, 1),
      (error) => isAssayError(error, 'NOT_FOUND'),
    );
    const name = path.split('/').at(-1)!;
    deepStrictEqual(
      readdirSync(folder).filter((file) => file.startsWith(name)),
      [name],
    );
    quiet.close();
    deepStrictEqual(readSqliteLog(path, 'other').topics(), []);
  });
});
