// Two `api` processes on one data folder: what one learns counts at the other, and the ledger survives the
// one that owned it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  eventually,
  isAlive,
  postgresPid,
  type RunningProgram,
  runAssay,
  startAssay,
  temporaryFolder,
} from './program.ts';

describe('two api processes on one data folder', { timeout: 120_000 }, () => {
  const folder = temporaryFolder('replicas');
  const limits = ['--set', 'auth.tiers.standard.requestsPerMinute=100'];
  let first: RunningProgram;
  let second: RunningProgram;
  const ask = async (at: RunningProgram, key: string, path = '/v1/feeds') =>
    (await fetch(`${at.facts.api}${path}`, { headers: { 'x-api-key': key } })).status;
  const create = async (name: string) =>
    JSON.parse((await runAssay(['keys', 'create', name, '--json', '--data', folder.path])).out) as {
      key: string;
      id: string;
    };

  before(async () => {
    first = await startAssay(folder.path, ['archive', 'aggregation', 'auth', 'api', ...limits]);
    second = await startAssay(folder.path, ['api', ...limits]);
  });
  after(async () => {
    await second?.stop('SIGKILL');
    await first?.stop('SIGKILL');
    folder.remove();
  });

  it('a revoked key is refused by both within five seconds', async () => {
    const { key, id } = await create('visitor');
    for (const each of [first, second]) assert.equal(await ask(each, key), 200);
    assert.equal((await runAssay(['keys', 'revoke', id, '--data', folder.path])).code, 0);
    await eventually('both refuse it', 5_000, async () => {
      const answers = await Promise.all([ask(first, key), ask(second, key)]);
      return answers.every((status) => status === 401) ? true : undefined;
    });
  });

  it('a rotated key has a new secret, and the old one ends', async () => {
    const { key, id } = await create('rotating');
    assert.equal(await ask(second, key), 200);
    const rotated = await runAssay(['keys', 'rotate', id, '--json', '--data', folder.path]);
    const next = (JSON.parse(rotated.out) as { key: string }).key;
    assert.equal(await ask(first, next), 200);
    await eventually('the old secret ends', 5_000, async () =>
      (await ask(second, key)) === 401 ? true : undefined,
    );
  });

  it('together they give one key no more than its limit', async () => {
    const { key } = await create('busy');
    // A window must not end in the middle of counting.
    await eventually('a young minute', 61_000, async () => (Date.now() % 60_000 < 40_000 ? true : undefined));
    let served = 0;
    for (let i = 0; i < 160; i++) if ((await ask(i % 2 ? first : second, key)) === 200) served += 1;
    assert.ok(served >= 96 && served <= 100, `${served} of 160`);
    const refused = await fetch(`${first.facts.api}/v1/feeds`, { headers: { 'x-api-key': key } });
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
  });

  it('a ticket of one opens a stream at the other, once', async () => {
    const headers = { 'x-api-key': first.key };
    const made = await fetch(`${first.facts.api}/v1/tickets`, { method: 'POST', headers });
    const { ticket } = (await made.json()) as { ticket: string };
    const url = `${second.facts.api}/v1/stream?ticket=${ticket}`;
    const stream = await fetch(url);
    assert.equal(stream.status, 200);
    await stream.body?.cancel();
    assert.equal((await fetch(url)).status, 401);
  });

  it('when the owner of the ledger is killed the other carries on, and nothing is left in the end', async () => {
    const pid = postgresPid(folder.path);
    await first.stop('SIGKILL');
    await eventually('its PostgreSQL ends', 10_000, async () => (isAlive(pid) ? undefined : true));
    const { key } = await eventually('a key is made at the new one', 20_000, () =>
      create('later').catch(() => undefined),
    );
    await eventually('the other serves it', 10_000, async () =>
      (await ask(second, key)) === 200 ? true : undefined,
    );
    const next = postgresPid(folder.path);
    assert.notEqual(next, pid);
    assert.equal(await second.stop('SIGINT'), 0);
    assert.equal(isAlive(next), false);
  });
});
