// The embedded event log: how many records it makes durable, how soon it says so, and how soon a subscriber
// has them. The control of the same run is a bare file: append the same bytes, wait for the disk, nothing
// else.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@assay/kernel/time/clock';
import type { EventBus, NewRecord } from '@assay/ports/event-bus/event-bus';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';
import type { BenchRow } from './bench-row.ts';

const RECORD_BYTES = 130;
const KEY = 'BTC/USD';
const VALUE: string = JSON.stringify({ type: 'price', text: 'x'.repeat(RECORD_BYTES - KEY.length - 26) });
const RATE_TARGET = 300_000;
const ACK_TARGET_MS = 5;
const BURST_MS = 4_000;
const STEADY_MS = 4_000;
/** As many as one publisher may have unacknowledged, handed in as a busy service does. */
const PUBLISHERS = 80;
const RECORDS_AT_ONCE = 100;

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-log-'));
  const bus = busIn(folder);
  const beside = busIn(folder);
  await bus.start();
  await beside.start();
  try {
    // Latencies first: after the burst the disk is still busy with it.
    const latencies = [...(await acknowledgements(bus, folder)), ...(await deliveries(bus, beside))];
    await appendFor(bus, 500);
    return [...(await appends(bus, folder)), await catchUp(bus), ...latencies];
  } finally {
    await beside.stop();
    await bus.stop();
    rmSync(folder, { recursive: true });
  }
}

function busIn(folder: string): EventBus {
  return createSqliteBus({ path: join(folder, 'events.sqlite'), namespace: 'bench', clock: systemClock });
}

async function appends(bus: EventBus, folder: string): Promise<BenchRow[]> {
  const { perSecond, cpuMicros } = await appendFor(bus, BURST_MS);
  const bare = bareAppends(folder, PUBLISHERS * RECORDS_AT_ONCE, BURST_MS / 2);
  return [
    {
      what: 'durable appends of 130 B (control: groups of 8,000 to a bare file, fdatasync each)',
      value: perSecond,
      unit: 'records/s',
      control: bare.perSecond,
      ratio: perSecond / bare.perSecond,
      target: `>= ${RATE_TARGET}`,
      met: perSecond >= RATE_TARGET,
    },
    { what: 'CPU per appended record, both threads', value: cpuMicros, unit: 'us', control: bare.cpuMicros },
  ];
}

async function appendFor(bus: EventBus, ms: number): Promise<{ perSecond: number; cpuMicros: number }> {
  const records: NewRecord[] = Array.from({ length: RECORDS_AT_ONCE }, () => ({ key: KEY, value: VALUE }));
  const startMs = systemClock.monotonic();
  const startCpu = process.cpuUsage();
  let count = 0;
  const publisher = async () => {
    while (systemClock.monotonic() - startMs < ms) {
      await bus.publish('appends', records);
      count += records.length;
    }
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
  const { user, system } = process.cpuUsage(startCpu);
  const perSecond = (count / (systemClock.monotonic() - startMs)) * 1_000;
  return { perSecond, cpuMicros: (user + system) / count };
}

function bareAppends(
  folder: string,
  recordsAtOnce: number,
  ms: number,
): { perSecond: number; cpuMicros: number } {
  const bytes = Buffer.alloc(RECORD_BYTES * recordsAtOnce, 'x');
  const file = openSync(join(folder, 'bare'), 'w');
  const startMs = systemClock.monotonic();
  const startCpu = process.cpuUsage();
  let count = 0;
  for (; systemClock.monotonic() - startMs < ms; count += recordsAtOnce) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  const { user, system } = process.cpuUsage(startCpu);
  const perSecond = (count / (systemClock.monotonic() - startMs)) * 1_000;
  closeSync(file);
  return { perSecond, cpuMicros: (user + system) / count };
}

async function catchUp(bus: EventBus): Promise<BenchRow> {
  const startMs = systemClock.monotonic();
  const startCpu = process.cpuUsage();
  const [{ firstOffset, nextOffset } = { firstOffset: 0, nextOffset: 0 }] = await bus.positions('appends');
  const count = Math.min(nextOffset - firstOffset, 1_000_000);
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    const from = { 0: nextOffset - count };
    const subscribing = bus.subscribe({ topic: 'appends', from }, (records) => {
      seen += records.length;
      if (seen >= count) subscribing.then((subscription) => subscription.close()).then(resolve, reject);
    });
    subscribing.catch(reject);
  });
  const { user, system } = process.cpuUsage(startCpu);
  const perSecond = (seen / (systemClock.monotonic() - startMs)) * 1_000;
  return {
    what: `catching up from the file (${((user + system) / seen).toFixed(2)} us CPU each)`,
    value: perSecond,
    unit: 'records/s',
  };
}

async function acknowledgements(bus: EventBus, folder: string): Promise<BenchRow[]> {
  const bare = sorted(await bareSteady(folder, 1_000));
  const latencies = sorted((await steady(bus, 1_000)).acknowledged);
  const p99 = quantile(latencies, 0.99);
  const row = { unit: 'ms' };
  return [
    {
      ...row,
      what: 'acknowledged at 1,000/s, p50 (control: a bare file off the event loop)',
      value: quantile(latencies, 0.5),
      control: quantile(bare, 0.5),
    },
    {
      ...row,
      what: 'acknowledged at 1,000/s, p99',
      value: p99,
      control: quantile(bare, 0.99),
      target: `<= ${ACK_TARGET_MS}`,
      met: p99 <= ACK_TARGET_MS,
    },
  ];
}

/**
 * The least that a log off the event loop can do: what waits is appended together, fdatasync, all at the same
 * pace.
 */
async function bareSteady(folder: string, perSecond: number): Promise<number[]> {
  const file = await open(join(folder, 'bare'), 'w');
  const latencies: number[] = [];
  let waiting: number[] = [];
  let writing: Promise<void> | undefined;
  const write = async () => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await file.write(VALUE.repeat(group.length));
      await file.datasync();
      const nowMs = systemClock.monotonic();
      for (const atMs of group) latencies.push(nowMs - atMs);
    }
    writing = undefined;
  };
  const startMs = systemClock.monotonic();
  for (let next = 0, passedMs = 0; passedMs < STEADY_MS; ) {
    passedMs = systemClock.monotonic() - startMs;
    for (; next < (passedMs / 1_000) * perSecond; next++) waiting.push(systemClock.monotonic());
    writing ??= write();
    await systemClock.sleep(1);
  }
  await writing;
  await file.close();
  return latencies;
}

/** From handing a record in to its subscriber, in the same process and through another client of the file. */
async function deliveries(bus: EventBus, beside: EventBus): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [what, reader] of [
    ['same process', bus],
    ['another client of the file', beside],
  ] as const) {
    const { delivered, cpuMicros } = await steady(bus, 10_000, reader);
    const latencies = sorted(delivered);
    for (const [name, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      rows.push({
        what: `delivered at 10,000/s, ${what}, ${name}`,
        value: quantile(latencies, share),
        unit: 'ms',
      });
    }
    rows.push({ what: `CPU per record at 10,000/s, ${what}`, value: cpuMicros, unit: 'us' });
  }
  return rows;
}

async function steady(
  bus: EventBus,
  perSecond: number,
  reader: EventBus = bus,
): Promise<{ acknowledged: number[]; delivered: number[]; cpuMicros: number }> {
  const acknowledged: number[] = [];
  const delivered: number[] = [];
  const sentMs: number[] = [];
  const subscription = await reader.subscribe({ topic: 'steady' }, (records) => {
    const nowMs = systemClock.monotonic();
    for (const { key } of records) delivered.push(nowMs - sentMs[Number(key)]!);
  });
  const startMs = systemClock.monotonic();
  const startCpu = process.cpuUsage();
  const publish = async (key: number) => {
    const atMs = systemClock.monotonic();
    sentMs[key] = atMs;
    await bus.publish('steady', [{ key: String(key), value: VALUE }]);
    acknowledged.push(systemClock.monotonic() - atMs);
  };
  for (let next = 0, passedMs = 0; passedMs < STEADY_MS; ) {
    passedMs = systemClock.monotonic() - startMs;
    for (; next < (passedMs / 1_000) * perSecond; next++) void publish(next);
    await systemClock.sleep(1);
  }
  while (delivered.length < sentMs.length) await systemClock.sleep(5);
  const { user, system } = process.cpuUsage(startCpu);
  await subscription.close();
  return { acknowledged, delivered, cpuMicros: (user + system) / sentMs.length };
}

function sorted(values: number[]): number[] {
  return values.sort((a, b) => a - b);
}

function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}
