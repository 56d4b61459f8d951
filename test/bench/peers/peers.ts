// The oracles that are measured beside Assay. They have a manifest and lockfile of their own, so that nothing of them is
// ever installed with the product; their install scripts do not run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { type BenchServer, startServer } from '../http-load.ts';

export type Peer = { name: string; script: string };

export const PEERS_FOLDER: string = import.meta.dirname;

export const PEERS: readonly Peer[] = [
  { name: 'Chainlink external-adapter-framework 2.18.1', script: 'chainlink-adapter.ts' },
  { name: 'API3 signed-api 3.3.0', script: 'api3-signed-api.ts' },
];

/** @throws AssayError OUTBOUND_FAILED when npm cannot install them */
export function installPeers(): void {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PEERS_FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new AssayError('OUTBOUND_FAILED', '`npm ci` of the peers failed');
}

export async function startPeer(peer: Peer): Promise<BenchServer> {
  return await startServer(join(PEERS_FOLDER, peer.script), { cwd: PEERS_FOLDER });
}
