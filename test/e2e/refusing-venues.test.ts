// The real program on venues that refuse, each in its own way, and on none that can be reached at all: each
// source says what is wrong with it, the others go on, and nothing grows.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { loadSources } from '@assay/assay/source-folder';
import { TEST_CERTIFICATE, TEST_CERTIFICATE_KEY } from '@assay/ports/outbound/test-certificate';
import { eventually, type RunningProgram, startAssay, temporaryFolder } from './program.ts';

type SourceLine = { source: string; state: string; sentence: string; pairsLive?: number };

/** How a venue refuses, and what its source says then. */
const REFUSALS = {
  403: { state: 'refused', words: /refuses us: .*403/ },
  429: { state: 'rate-limited', words: /asked us to wait until .* UTC: .*429/ },
  451: { state: 'refused', words: /refuses us: .*451/ },
  503: { state: 'unreachable', words: /503/ },
  tls: { state: 'unreachable', words: /tls|certificate/i },
  dns: { state: 'unreachable', words: /dns|ENOTFOUND|EAI_AGAIN/ },
  refused: { state: 'unreachable', words: /refused|ECONNREFUSED/ },
} as const;
type Refusal = keyof typeof REFUSALS;

/** Answers every request and every upgrade with the status that its path begins with: /403/... */
function refusing(server: Server): Server {
  server.on('request', (request, response) => {
    const status = Number(request.url?.split('/')[1]) || 404;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"msg":"not for you"}');
  });
  server.on('upgrade', (request, socket) => {
    socket.end(`HTTP/1.1 ${Number(request.url?.split('/')[1]) || 404} No\r\nconnection: close\r\n\r\n`);
  });
  return server;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('venues that refuse', { timeout: 180_000 }, () => {
  const plain = refusing(createServer());
  const secure = refusing(createSecure({ key: TEST_CERTIFICATE_KEY, cert: TEST_CERTIFICATE }) as Server);
  let address: (refusal: Refusal, scheme: 'http' | 'ws') => string;
  let folder: ReturnType<typeof temporaryFolder>;
  let assay: RunningProgram | undefined;

  before(async () => {
    const [port, securePort] = [await listening(plain), await listening(secure)];
    const gone = createServer();
    const closedPort = await listening(gone);
    gone.close();
    folder = temporaryFolder('refusing');
    address = (refusal, scheme) => {
      if (refusal === 'tls') return `${scheme}s://127.0.0.1:${securePort}`;
      if (refusal === 'dns') return `${scheme}://venue.invalid`;
      if (refusal === 'refused') return `${scheme}://127.0.0.1:${closedPort}`;
      return `${scheme}://127.0.0.1:${port}/${refusal}`;
    };
  });
  after(async () => {
    await assay?.stop();
    for (const server of [plain, secure]) {
      server.closeAllConnections();
      server.close();
    }
    folder.remove();
  });

  const directed = (source: string, refusal: Refusal): string[] => [
    ...['--set', `sources.${source}.endpoints.rest=${address(refusal, 'http')}`],
    ...['--set', `sources.${source}.endpoints.stream=${address(refusal, 'ws')}`],
  ];
  const sources = async (): Promise<SourceLine[]> =>
    (await (await assay!.get('/v1/sources')).json()) as SourceLine[];

  test('some of them: each is named for what it does, and the others make the price', async () => {
    const chosen: [string, Refusal][] = [
      ['coinbase', 403],
      ['kraken', 429],
      ['okx', 451],
      ['bybit', 503],
      ['coingecko', 'tls'],
      ['coinmarketcap', 'dns'],
    ];
    assay = await startAssay(
      folder.path,
      chosen.flatMap(([source, refusal]) => directed(source, refusal)),
    );
    for (const [source, refusal] of chosen) {
      const { state, words } = REFUSALS[refusal];
      let last: SourceLine | undefined;
      await eventually(`${source} is ${state}`, 60_000, async () => {
        last = (await sources()).find((one) => one.source === source);
        return last?.state === state ? true : undefined;
      }).catch((error) => assert.fail(`${error.message}; it is ${last?.state}: ${last?.sentence}`));
      assert.match(last!.sentence, words, source);
      assert.equal(last!.pairsLive, 0);
    }
    for (const { source, state } of (await sources()).filter(
      (one) => !chosen.some(([id]) => id === one.source) && one.source !== 'submitted',
    )) {
      assert.ok(['live', 'degraded', 'unknown', 'standby'].includes(state), `${source} is ${state}`);
    }
    const explained = (await (await assay.get('/v1/prices/BTC-USD/explain')).json()) as {
      sources: { used: boolean }[];
    };
    const used = explained.sources.filter((one) => one.used);
    assert.ok(used.length >= 2, JSON.stringify(explained.sources));
    await assay.stop();
    assay = undefined;
  });

  test('all of them, with every source that there is configured: each is unreachable, and nothing grows', async (t) => {
    const ids = [...(await loadSources()).keys()].filter((id) => id !== 'submitted');
    // Without the last prices of another run, which would be served as stale.
    const fresh = temporaryFolder('unreachable');
    t.after(() => fresh.remove());
    assay = await startAssay(
      fresh.path,
      ids.flatMap((id, index) => directed(id, index % 2 === 0 ? 'refused' : 'dns')),
    );
    const configured = new Set((await sources()).map(({ source }) => source));
    let others: SourceLine[] = [];
    await eventually('each is unreachable', 60_000, async () => {
      others = (await sources()).filter(({ source, state }) => {
        return source !== 'submitted' && state !== 'unreachable';
      });
      return others.length === 0 ? true : undefined;
    }).catch((error) => assert.fail(`${error.message}: ${JSON.stringify(others)}`));
    const ready = await fetch(`${assay.facts.health}/ready`);
    assert.equal(ready.status, 503);
    const before = usageOf(assay.facts.pid);
    await new Promise((next) => setTimeout(next, 10_000));
    const then = usageOf(assay.facts.pid);
    // A process that retries without a pause would fill a core.
    const share = (then.cpuSeconds - before.cpuSeconds) / 10;
    t.diagnostic(`${configured.size} sources, ${then.memoryMb} MB, ${(100 * share).toFixed(1)} % of a core`);
    assert.ok(then.memoryMb < 700, `${then.memoryMb} MB`);
    const asked = await assay.get('/v1/prices/BTC-USD');
    assert.equal(asked.status, 404);
    assert.match(((await asked.json()) as { detail: string }).detail, /BTC\/USD has no price yet/);
  });
});

/** Of the process, from the kernel's own books. */
function usageOf(pid: number): { cpuSeconds: number; memoryMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    // User and system time in hundredths of a second.
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    memoryMb: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024),
  };
}
