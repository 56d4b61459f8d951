// API3's signed-api serving one signed value of one Airnode, as its documentation runs it: a configuration file in the
// working folder, the value pushed and verified over HTTP. It listens on every interface, so `listen` is narrowed first.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveBench } from '../http-load.ts';
import { freePort } from './free-port.ts';

const load = createRequire(import.meta.url);
const entry = join(import.meta.dirname, 'node_modules', '@api3', 'signed-api', 'dist', 'src', 'index.js');
const manifest = join(import.meta.dirname, 'node_modules', '@api3', 'signed-api', 'package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

const folder = mkdtempSync(join(tmpdir(), 'assay-signed-api-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'config'));
writeFileSync(
  join(folder, 'config', 'signed-api.json'),
  JSON.stringify({
    endpoints: [{ urlPath: '/real-time', authTokens: null, delaySeconds: 0, isOev: false }],
    allowedAirnodes: '*',
    stage: 'bench',
    version,
  }),
);
writeFileSync(join(folder, 'config', 'secrets.env'), '');
process.chdir(folder);

const port = await freePort();
Object.assign(process.env, { SERVER_PORT: String(port), LOG_LEVEL: 'warn' });
const listen = Server.prototype.listen;
Server.prototype.listen = function (this: Server, where: number, ...rest: unknown[]): Server {
  return Reflect.apply(listen, this, [where, '127.0.0.1', ...rest]) as Server;
} as typeof listen;
load(entry);

// A well-known key of a test chain: it signs a constant here and nothing else.
const { ethers } = load('ethers');
const { utils } = ethers;
const wallet = new ethers.Wallet(`0x${'11'.repeat(32)}`);
const templateId = `0x${'22'.repeat(32)}`;
const timestamp = String(Math.floor(Date.now() / 1_000));
const encodedValue = utils.defaultAbiCoder.encode(['int256'], ['67012340000000000000000']);
const digest = utils.solidityKeccak256(
  ['bytes32', 'uint256', 'bytes'],
  [templateId, timestamp, encodedValue],
);
const signed = {
  airnode: wallet.address,
  templateId,
  beaconId: utils.solidityKeccak256(['address', 'bytes32'], [wallet.address, templateId]),
  timestamp,
  encodedValue,
  signature: await wallet.signMessage(utils.arrayify(digest)),
};

const base = `http://127.0.0.1:${port}`;
const push = async (): Promise<boolean> => {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify([signed]);
  const response = await fetch(`${base}/${wallet.address}`, { method: 'POST', headers, body }).catch(
    () => undefined,
  );
  return response?.status === 201;
};
while (!(await push())) await new Promise((done) => setTimeout(done, 200));
serveBench({ url: `${base}/real-time/${wallet.address}` });
