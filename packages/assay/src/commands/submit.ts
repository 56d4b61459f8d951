// `assay submit BTC 67000`: offers a price to the running program and shows what became of it.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import { CLIENT_FLAGS, clientOf } from './client.ts';
import { type Command, type Invocation, text } from './command.ts';

export const submit: Command = {
  name: 'submit',
  usage: 'submit <symbol> <price in dollars> [--by NAME] [--time ISO]',
  about: 'Offers a price, waits for its fate and shows it',
  flags: {
    by: { value: 'NAME', about: 'Who says so; default "assay submit"' },
    time: { value: 'ISO', about: 'When it was so; default now, at most five minutes ago' },
    'no-wait': { about: 'Do not wait for its fate' },
    ...CLIENT_FLAGS,
  },
  examples: ['assay submit BTC 67000', 'assay submit ETH 3500.10 --by desk-2 --time 2026-11-21T10:00:00Z'],
  run,
};

type Submission = {
  id: string;
  feed: string;
  price_usd: string;
  status: string;
  detail: string;
  events: { at: string; status: string; detail: string }[];
};

/** Taken within a quarter of a second, decided with the next answer. */
const WAIT_MS = 5_000;
const LOOK_EVERY_MS = 200;

async function run(invocation: Invocation): Promise<number> {
  const { operands, flags, print } = invocation;
  const [symbol, price] = operands;
  if (symbol === undefined || price === undefined || operands.length > 2) {
    throw new AssayError('USAGE', 'submit takes a symbol and a price, such as "submit BTC 67000"');
  }
  const client = clientOf(invocation);
  const body = {
    symbol,
    price_usd: price,
    timestamp: text(flags, 'time') ?? new Date(systemClock.now()).toISOString(),
    submitted_by: text(flags, 'by') ?? 'assay submit',
  };
  let submission = await client.post<Submission>('/v1/submissions', body);
  const untilMs = systemClock.monotonic() + WAIT_MS;
  const isWaiting = flags['no-wait'] !== true;
  while (isWaiting && submission.status === 'accepted' && systemClock.monotonic() < untilMs) {
    await systemClock.sleep(LOOK_EVERY_MS);
    submission = await client.get<Submission>(`/v1/submissions/${submission.id}`);
  }
  if (flags.json === true) print(JSON.stringify(submission));
  else {
    const { id, feed, price_usd, status, events } = submission;
    print(`${id}   ${feed} ${price_usd}   ${status}`);
    for (const event of events) print(`  ${event.at}   ${event.status.padEnd(9)}${event.detail}`);
  }
  return submission.status === 'rejected' ? 1 : 0;
}
