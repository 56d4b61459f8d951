// `assay sources`: what each source does right now; `assay sources coverage`: which source serves which feed.
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
  flags: CLIENT_FLAGS,
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
  if (what === 'coverage') return await coverage(invocation);
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

async function coverage(invocation: Invocation): Promise<number> {
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
