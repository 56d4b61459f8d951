// `assay feeds`: every feed with its parameters and sources, from the configuration; nothing needs to run.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { FeedDefinition } from '@assay/oracle/model/feed';
import { aggregationConfigOf } from '../config/feeds.ts';
import { loadConfiguredSources } from '../configured-sources.ts';
import type { Command, Invocation } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const feeds: Command = {
  name: 'feeds',
  usage: 'feeds [feed...]',
  about: 'Feeds with their parameters and sources, as configured',
  flags: {},
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const settings = settingsOf(invocation);
  const config = aggregationConfigOf(settings, await loadConfiguredSources(settings));
  const names = invocation.operands;
  const unknown = names.find((name) => !config.feeds.some(({ feed }) => feed === name));
  if (unknown !== undefined) throw new AssayError('NOT_FOUND', `there is no feed "${unknown}"`);
  const chosen = config.feeds.filter(({ feed }) => names.length === 0 || names.includes(feed));
  if (invocation.flags.json === true) invocation.print(JSON.stringify(chosen));
  else for (const line of chosen.flatMap(describe)) invocation.print(line);
  return 0;
}

function describe(feed: FeedDefinition): string[] {
  const bySource = Map.groupBy(feed.sources, ({ source }) => source);
  const sources = [...bySource].map(
    ([source, pairs]) => `${source} (${pairs.map(({ pair }) => pair).join(', ')})`,
  );
  return [
    `${feed.feed}   ${feed.method}, ${feed.decimals} decimals, at least ${feed.minimumVenues} venues, ` +
      `heartbeat ${feed.heartbeatMs / 1000} s, deviation ${feed.deviationThresholdPpb / 1e7} %, stale after ${feed.staleAfterMs / 1000} s`,
    `    ${sources.join('  ')}`,
  ];
}
