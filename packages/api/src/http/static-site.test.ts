// Files of a folder over HTTP: what is found, what is not, and that no address leads out of it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createStaticSite } from './static-site.ts';

type Got = { status: number; headers: Record<string, unknown>; text: string };

describe('a static site', () => {
  const root = mkdtempSync(join(tmpdir(), 'assay-static-'));
  const folder = join(root, 'site');
  const site = createStaticSite({ base: '/guide', folder, absence: 'build it' });
  let current = site;
  let server: Server;

  before(async () => {
    writeFileSync(join(root, 'secret.html'), 'secret');
    server = createServer((incoming, response) => {
      if (!current.handle(incoming, response)) response.writeHead(418).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });

  after(() => {
    server.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('says how to build it while it is not there, and is found once it is', async () => {
    assert.deepEqual(short(await get('/guide/')), [503, 'build it']);
    mkdirSync(join(folder, 'assets'), { recursive: true });
    writeFileSync(join(folder, 'index.html'), '<script>let a = 1;</script><script src="/x.js"></script>');
    writeFileSync(join(folder, 'page.html'), 'page');
    writeFileSync(join(folder, '404.html'), 'nothing here');
    writeFileSync(join(folder, 'assets/app.Be14qDY7.js'), 'js');
    const { status, headers } = await get('/guide/');
    assert.equal(status, 200);
    assert.match(
      String(headers['content-security-policy']),
      /script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='; style/,
      'one script is written in the page',
    );
  });

  it('finds pages by their clean names, and everything else only by its own', async () => {
    assert.deepEqual(short(await get('/guide/page')), [200, 'page']);
    assert.deepEqual(short(await get('/guide/page.html?x=1')), [200, 'page']);
    assert.equal((await get('/guide')).headers.location, '/guide/');
    const script = await get('/guide/assets/app.Be14qDY7.js');
    assert.match(String(script.headers['cache-control']), /immutable/);
    const { etag } = (await get('/guide/page')).headers;
    assert.equal((await get('/guide/page', { 'if-none-match': String(etag) })).status, 304);
    assert.deepEqual(short(await get('/guide/none')), [404, 'nothing here']);
    assert.equal((await get('/guides/page')).status, 418);
    assert.equal((await get('/guide/page', {}, 'POST')).status, 405);
  });

  it('never leaves its folder', async () => {
    const ways = [
      '../secret.html',
      '..%2fsecret.html',
      '%2e%2e/secret',
      '....//secret.html',
      '/../../secret',
    ];
    for (const way of [...ways, `..\\secret.html`, `assets/../../secret`, `${folder}/../secret.html`, '\0']) {
      const { status, text } = await get(`/guide/${encodeURI(way).replaceAll('%25', '%')}`);
      assert.deepEqual([status, text], [404, 'nothing here'], way);
    }
  });

  it('is one page for many addresses where that is said, and leaves all others alone', async () => {
    const many = createStaticSite({
      base: '',
      folder,
      absence: 'build it',
      pages: ['/', '/feeds', '/feeds/*'],
      isStrict: true,
    });
    current = many;
    for (const path of ['/', '/feeds', '/feeds/BTC-USD', '/feeds?find=x']) {
      const { status, text, headers } = await get(path);
      assert.deepEqual([status, text.slice(0, 7)], [200, '<script'], path);
      assert.match(String(headers['content-security-policy']), /style-src 'self';/);
    }
    assert.equal((await get('/assets/app.Be14qDY7.js')).text, 'js');
    for (const path of ['/v1/prices', '/feeds/', '/feeds/a/b', '/../secret.html', '/secret.html']) {
      assert.equal((await get(path)).status, 418, path);
    }
    writeFileSync(join(folder, 'assets/app.Ce25rEZ8.js'), 'built anew');
    utimesSync(join(folder, 'index.html'), 1, 1);
    await get('/');
    assert.equal((await get('/assets/app.Ce25rEZ8.js')).text, 'built anew');
    current = site;
  });

  it('packs what never changes for those who read it packed', async () => {
    const text = 'let a = 1;'.repeat(1_000);
    writeFileSync(join(folder, 'assets/big-Be14qDY7.js'), text);
    current = createStaticSite({ base: '/guide', folder, absence: 'build it' });
    const path = '/guide/assets/big-Be14qDY7.js';
    const packed = await get(path, { 'accept-encoding': 'gzip, br' });
    assert.deepEqual([packed.headers['content-encoding'], packed.headers.vary], ['gzip', 'accept-encoding']);
    assert.ok(Number(packed.headers['content-length']) < text.length / 10);
    assert.equal((await get(path)).text, text);
    current = site;
  });

  /** `fetch` would tidy the address up. */
  function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
    const { port } = server.address() as AddressInfo;
    return new Promise((done, fail) => {
      const outgoing = request({ host: '127.0.0.1', port, path, headers, method }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => done({ status: response.statusCode!, headers: response.headers, text }));
      });
      outgoing.on('error', fail).end();
    });
  }
});

function short({ status, text }: Got): [number, string] {
  return [status, text];
}
