// `assay explain <feed>`: why the price is what it is, in words.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { type Explanation, explanationText } from '@assay/oracle/model/explanation';
import { pairInPath } from '@assay/oracle/model/pair';
import { CLIENT_FLAGS, clientOf } from './client.ts';
import { type Command, type Invocation, text } from './command.ts';

export const explain: Command = {
  name: 'explain',
  usage: 'explain <feed> [--at TIME]',
  about: 'Why this number? Each source in words, the crosses, the state and its reason',
  flags: {
    at: { value: 'TIME', about: 'The answer served at a time (ISO 8601 or milliseconds)' },
    round: {
      value: 'N',
      about: 'The answer certified in a round (there are none before a network of three nodes)',
    },
    ...CLIENT_FLAGS,
  },
  examples: ['assay explain BTC/USD', 'assay explain ETH/EUR --at 2026-11-20T10:00:00Z --json'],
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const [feed, ...more] = invocation.operands;
  if (feed === undefined || more.length > 0) {
    throw new AssayError('USAGE', 'explain takes one feed, such as BTC/USD', {
      recovery: '`assay feeds` lists them.',
    });
  }
  if (text(invocation.flags, 'round') !== undefined) {
    throw new AssayError(
      'NOT_FOUND',
      `no round of ${feed} exists: this program runs without a network of nodes`,
      {
        recovery: 'Use --at TIME for the live answer of a time.',
      },
    );
  }
  const at = text(invocation.flags, 'at');
  const client = clientOf(invocation);
  const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`;
  const explanation = await client.get<Explanation>(
    `/v1/prices/${encodeURIComponent(pairInPath(feed))}/explain${query}`,
  );
  invocation.print(
    invocation.flags.json === true ? JSON.stringify(explanation) : explanationText(explanation).trimEnd(),
  );
  return 0;
}
