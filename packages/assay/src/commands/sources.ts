// `assay sources`: what each source does right now; `assay sources coverage`: which source serves which feed,
// live or not and why; with --configured what feeds.yaml says, without a running program.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { aggregationConfigOf } from '../config/feeds.ts';
import { loadConfiguredSources } from '../configured-sources.ts';
import { CLIENT_FLAGS, clientOf } from './client.ts';
import type { Command, Invocation } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const sources: Command = {
  name: 'sources',
  usage: 'sources [coverage]',
  about: 'Sources with state, confidence and reason; or the table of feeds by source',
  flags: {
    ...CLIENT_FLAGS,
    configured: { about: 'coverage: as feeds.yaml has it, without asking the running program' },
    offers: { about: 'coverage: also what a venue trades that no feed uses' },
  },
  run,
};

/** As the API gives it; everything beyond the names used here is printed with --json only. */
type Status = {
  source: string;
  state: string;
  sentence?: string;
  confidence?: number;
  latencyMs?: number;
  pairsLive?: number;
  pairs?: number;
};

async function run(invocation: Invocation): Promise<number> {
  const [what] = invocation.operands;
  if (what === 'coverage')
    return invocation.flags.configured === true ? await configured(invocation) : await coverage(invocation);
  if (what !== undefined) throw new AssayError('USAGE', `sources takes "coverage" or nothing, not "${what}"`);
  const statuses = await clientOf(invocation).get<Status[]>('/v1/sources');
  if (invocation.flags.json === true) invocation.print(JSON.stringify(statuses));
  else {
    for (const { source, state, sentence, confidence } of statuses) {
      const score = confidence === undefined ? '' : `confidence ${confidence.toFixed(3)}`;
      invocation.print(
        `${source.padEnd(16)}${state.padEnd(14)}${score.padEnd(20)}${sentence ?? ''}`.trimEnd(),
      );
    }
  }
  return 0;
}

type Covered = {
  feed: string;
  source: string;
  pair: string;
  isLive: boolean;
  isConfigured: boolean;
  reason: string;
};

/** The table of feeds by source, a mark at what is not live; beneath it the reasons in words. */
async function coverage(invocation: Invocation): Promise<number> {
  const { print, flags } = invocation;
  const rows = await clientOf(invocation).get<Covered[]>('/v1/sources/coverage');
  if (flags.json === true) {
    print(JSON.stringify(rows));
    return 0;
  }
  const used = rows.filter(({ isConfigured }) => isConfigured);
  printTable(used, print);
  const reasons = used.filter(({ isLive }) => !isLive);
  if (reasons.length > 0) print('\n! not live:');
  for (const { feed, source, pair, reason } of reasons)
    print(`  ${feed.padEnd(10)}${source.padEnd(18)}${pair.padEnd(12)}${reason}`);
  if (flags.offers !== true) return 0;
  print('\ntraded there, not configured:');
  for (const { feed, source, pair } of rows.filter(({ isConfigured }) => !isConfigured))
    print(`  ${feed.padEnd(10)}${source.padEnd(18)}${pair}`);
  return 0;
}

function printTable(rows: readonly Covered[], print: (line: string) => void): void {
  const ids = [...new Set(rows.map(({ source }) => source))];
  const columns = ids.map((id) => ({ id, width: Math.max(id.length, 14) + 2 }));
  print(`${'feed'.padEnd(10)}${columns.map(({ id, width }) => id.padStart(width)).join('')}   live`);
  for (const feed of new Set(rows.map((row) => row.feed))) {
    const its = rows.filter((row) => row.feed === feed);
    const cells = columns.map(({ id, width }) => {
      const marks = its
        .filter(({ source }) => source === id)
        .map(({ pair, isLive }) => `${isLive ? '' : '!'}${pair.slice(pair.indexOf('/') + 1)}`);
      return (marks.join(' ') || '-').padStart(width);
    });
    print(
      `${feed.padEnd(10)}${cells.join('')}   ${its.filter(({ isLive }) => isLive).length} of ${its.length}`,
    );
  }
}

async function configured(invocation: Invocation): Promise<number> {
  const settings = settingsOf(invocation);
  const config = aggregationConfigOf(settings, await loadConfiguredSources(settings));
  const ids = config.sources.map(({ source }) => source);
  const rows = config.feeds.map(({ feed, sources: its }) => ({
    feed,
    pairs: Object.fromEntries(
      ids.map((id) => [id, its.filter(({ source }) => source === id).map(({ pair }) => pair)]),
    ),
  }));
  if (invocation.flags.json === true) {
    invocation.print(JSON.stringify(rows));
    return 0;
  }
  invocation.print(`${'feed'.padEnd(10)}${ids.map((id) => id.padStart(15)).join('')}`);
  for (const { feed, pairs } of rows) {
    const cells = ids.map((id) =>
      (pairs[id]!.map((pair) => pair.slice(pair.indexOf('/') + 1)).join(' ') || '-').padStart(15),
    );
    invocation.print(`${feed.padEnd(10)}${cells.join('')}`);
  }
  return 0;
}
