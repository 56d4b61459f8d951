// An API with a ledger for tests: what clients leave with it (submissions, price requests, webhooks), on real
// sockets and a real PostgreSQL, with a clock that tests move.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { createEmbeddedLedger } from '@assay/ports/ledger/embedded';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import { ApiRig, answerOf, feedOf, type Got } from './api-rig.ts';

/** A PostgreSQL for the tests of one file; the function ends it. */
export async function startTestLedger(): Promise<{ ledger: Ledger; end: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-desks-'));
  const ledger = createEmbeddedLedger({ path: join(folder, 'postgres'), clock: systemClock, log: silentLog });
  await ledger.start();
  return {
    ledger,
    async end() {
      await ledger.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Client = {
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Got>;
  key: string;
};

export class DeskRig extends ApiRig {
  constructor(ledger: Ledger, more: ConstructorParameters<typeof ApiRig>[0] = {}) {
    const btc = feedOf('BTC/USD');
    const submitted = { source: 'submitted', pair: 'BTC/USD', weight: 1 };
    const feeds = [{ ...btc, sources: [...btc.sources, submitted] }, feedOf('ETH/USD')];
    super({
      ledger,
      outbound: createNetworkOutbound({ clock: systemClock }),
      feeds,
      allowPrivateWebhooks: true,
      ...more,
    });
  }

  async client(scopes: ('prices:read' | 'prices:submit' | 'admin')[], name = 'client'): Promise<Client> {
    const { key } = await this.keys.create({ name, scopes });
    const post: Client['post'] = async (path, body, headers = {}) => {
      const response = await fetch(`${this.api().addresses().api}${path}`, {
        method: 'POST',
        headers: { 'x-api-key': key, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
    };
    return { post, key };
  }

  /** Lets what waits for the clock and for the ledger happen. */
  async settle(ms = 300): Promise<void> {
    for (let i = 0; i < 10; i++) {
      await this.clock.advance(ms / 10);
      await new Promise((next) => setTimeout(next, 15));
    }
  }

  submission(more: object = {}): Record<string, unknown> {
    const timestamp = new Date(this.clock.now()).toISOString();
    return { symbol: 'BTC', price_usd: 100.5, timestamp, submitted_by: 'ClientX', ...more };
  }
}

export async function withDesks(
  ledger: Ledger,
  body: (rig: DeskRig) => Promise<void>,
  more = {},
): Promise<void> {
  const rig = new DeskRig(ledger, more);
  try {
    await rig.start();
    await rig.answer(answerOf('BTC/USD', '100.00', rig.clock.now()));
    await body(rig);
  } finally {
    await rig.stop();
  }
}
