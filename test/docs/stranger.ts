// An empty folder on a machine where Assay runs: what somebody has who knows only the guide. In: a running
// program.
// Out: a folder with the packed client installed, `npx assay` as in the checkout, and blocks run in it.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

const CHECKOUT = resolve(import.meta.dirname, '../..');

export type Ran = { code: number | null; out: string; error: string };

/** The client as it would be published. Returns the path of its tarball. */
export async function packClient(folder: string): Promise<string> {
  const { code, out, error } = await run(process.execPath, [join(CHECKOUT, 'scripts/release.ts'), folder]);
  if (code !== 0) throw new TypeError(error);
  return out.trim();
}

export class Stranger {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'assay-stranger-'));

  /** An empty project with nothing but the tarball in it, installed without a network. */
  async install(tarball: string): Promise<void> {
    writeFileSync(join(this.folder, 'package.json'), '{"private":true,"type":"module"}\n');
    const args = ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball];
    const { code, error } = await this.run('npm', args);
    if (code !== 0) throw new TypeError(`npm install failed: ${error}`);
  }

  /** What `npm ci` in the checkout, or a further `npm install`, would have put here. */
  link(name: string): void {
    const at = join(this.folder, 'node_modules', name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(CHECKOUT, 'node_modules', name), at);
  }

  async run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    return await run(command, args, { cwd: this.folder, env });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A block may wait for a stream, and the machine may be busy. */
const BLOCK_LIMIT_MS = 60_000;

function run(
  command: string,
  args: readonly string[],
  { cwd, env }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const path = `${join(CHECKOUT, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(command, args, {
    cwd: cwd ?? CHECKOUT,
    env: { ...process.env, PATH: path, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: BLOCK_LIMIT_MS,
  });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ code, out, error }));
  });
}
