// `assay prices [feed...]`: what the running program serves now; with --watch, as it changes.
import type { PriceRecord } from '@assay/oracle/model/answer';
import { CLIENT_FLAGS, clientOf } from './client.ts';
import type { Command, Invocation } from './command.ts';
import { priceLine } from './price-lines.ts';

export const prices: Command = {
  name: 'prices',
  usage: 'prices [feed...] [--watch]',
  about: 'Current prices, all or of the feeds named',
  flags: { watch: { about: 'Keep printing them as they change' }, ...CLIENT_FLAGS },
  examples: ['assay prices', 'assay prices BTC/USD ETH/USD --watch', 'assay prices --json'],
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const client = clientOf(invocation);
  const { operands, flags, print } = invocation;
  const query = operands.length === 0 ? '' : `?feeds=${encodeURIComponent(operands.join(','))}`;
  const asJson = flags.json === true;
  if (flags.watch !== true) {
    const records = await client.get<PriceRecord[]>(`/v1/prices${query}`);
    if (asJson) print(JSON.stringify(records));
    else if (records.length === 0) print('No price yet: `assay sources` says what each source is doing.');
    else for (const record of records) print(priceLine(record));
    return 0;
  }
  const ended = new AbortController();
  process.once('SIGINT', () => ended.abort());
  process.stdout.on('error', () => ended.abort());
  try {
    const response = await client.open(`/v1/stream${query}`, ended.signal);
    for await (const record of priceEvents(response))
      print(asJson ? JSON.stringify(record) : priceLine(record));
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  return 0;
}

/** The `price` events of a server-sent stream (WHATWG HTML, section 9.2). */
async function* priceEvents(response: Response): AsyncGenerator<PriceRecord> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    const events = rest.split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      const data = event
        .split('\n')
        .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trim()] : []));
      if (data.length > 0) yield JSON.parse(data.join('\n')) as PriceRecord;
    }
  }
}
